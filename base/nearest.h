// Nearest: of the names considered, the one most like a wanted name, for "did you mean". Edit distance; names too unlike to be
// a misspelling are never found.
#pragma once

#include <string_view>

namespace arris {

class Nearest {
 public:
  explicit Nearest(std::string_view wanted);
  void consider(std::string_view candidate);
  // Empty if nothing came near. Of equally near names the alphabetically first, so that messages do not vary.
  std::string_view found() const { return found_; }

 private:
  std::string_view wanted_;
  std::string_view found_;
  size_t distance_;
};

}  // namespace arris
