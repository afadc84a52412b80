#include "base/joined.h"

#include <algorithm>

namespace arris {

void append(std::string& text, std::initializer_list<std::string_view> pieces) {
  size_t size = text.size();
  for (std::string_view piece : pieces) size += piece.size();
  if (size > text.capacity()) text.reserve(std::max(size, 2 * text.capacity()));
  for (std::string_view piece : pieces) text += piece;
}

std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string text;
  append(text, pieces);
  return text;
}

}  // namespace arris
