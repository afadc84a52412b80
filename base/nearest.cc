#include "base/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace arris {
namespace {

constexpr size_t kMaxNameBytes = 256;  // longer names are not typed by hand; bounds the quadratic work

// Levenshtein distance, one row at a time.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

// At most a third of the name may differ.
Nearest::Nearest(std::string_view wanted) : wanted_(wanted), distance_(std::max<size_t>(wanted.size() / 3, 1) + 1) {}

void Nearest::consider(std::string_view candidate) {
  if (wanted_.size() > kMaxNameBytes || candidate.size() > kMaxNameBytes || candidate.empty()) return;
  size_t distance = edit_distance(wanted_, candidate);
  if (distance < distance_ || (distance == distance_ && !found_.empty() && candidate < found_)) {
    found_ = candidate;
    distance_ = distance;
  }
}

}  // namespace arris
