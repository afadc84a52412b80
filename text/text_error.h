// TextError: why a WAT or WAST source was refused, and where. For cli, spectest and tests.
// Messages begin with the reference interpreter's words, which the official suite quotes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace arris::text {

struct TextError {
  std::string message;
  uint32_t line = 1;        // 1-based
  uint32_t column = 1;      // 1-based, in bytes
  std::string source_line;  // the line at fault, shortened around the column if very long
  uint32_t caret = 0;       // 0-based byte position of the column within source_line

  // "file:3:7: error: unknown local $x", the source line and a caret beneath. No final newline.
  std::string format(std::string_view file) const;
};

// An error at byte `offset` of `source`: computes line and column, which nothing else ever stores.
TextError make_text_error(std::string_view source, size_t offset, std::string message);

struct Position {
  uint32_t line;
  uint32_t column;
};
Position position_at(std::string_view source, size_t offset);

}  // namespace arris::text
