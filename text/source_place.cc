#include "text/source_place.h"

#include <algorithm>
#include <vector>

#include "base/leb128.h"
#include "text/wat.h"

namespace arris::text {
namespace {

constexpr uint8_t kCodeSection = 10;
constexpr size_t kHeaderBytes = 8;

// Offset of the first function in the code section; 0: there is none. The module is one that we wrote.
size_t first_function(const std::vector<uint8_t>& wasm) {
  for (const uint8_t* p = wasm.data() + kHeaderBytes; p < wasm.data() + wasm.size();) {
    const uint8_t id = *p++;
    const uint32_t size = read_uleb<uint32_t>(p);
    if (id == kCodeSection) {
      read_uleb<uint32_t>(p);  // how many
      return static_cast<size_t>(p - wasm.data());
    }
    p += size;
  }
  return 0;
}

}  // namespace

std::optional<size_t> find_source(std::string_view source, uint64_t offset) {
  std::vector<SourcePlace> places;
  WatOptions options;
  options.places = &places;
  const auto wasm = wat_to_wasm(source, options);
  if (!wasm || places.empty()) return std::nullopt;
  const size_t begin = first_function(*wasm);
  if (begin == 0 || offset < begin || offset >= wasm->size()) return std::nullopt;
  const auto behind = std::upper_bound(places.begin(), places.end(), offset - begin,
                                       [](uint64_t at, const SourcePlace& place) { return at < place.offset; });
  if (behind == places.begin()) return std::nullopt;
  return std::prev(behind)->source;
}

}  // namespace arris::text
