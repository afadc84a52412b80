#include "text/text_error.h"

#include <algorithm>

#include "base/printable.h"

namespace arris::text {

namespace {
// Longest part of a source line an error shows; minified text can have lines of megabytes.
constexpr size_t kMaxShownBytes = 120;
}  // namespace

Position position_at(std::string_view source, size_t offset) {
  offset = std::min(offset, source.size());
  uint32_t line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < offset; ++i) {
    bool lone_return = source[i] == '\r' && !(i + 1 < source.size() && source[i + 1] == '\n');
    if (source[i] == '\n' || lone_return) {
      ++line;
      line_start = i + 1;
    }
  }
  return {line, static_cast<uint32_t>(offset - line_start + 1)};
}

TextError make_text_error(std::string_view source, size_t offset, std::string message) {
  offset = std::min(offset, source.size());
  Position position = position_at(source, offset);
  size_t begin = offset - (position.column - 1);
  size_t end = source.find_first_of("\r\n", begin);
  if (end == std::string_view::npos) end = source.size();
  end = std::max(end, offset);
  if (end - begin > kMaxShownBytes) {
    begin = offset - begin > kMaxShownBytes / 2 ? offset - kMaxShownBytes / 2 : begin;
    end = std::min(end, begin + kMaxShownBytes);
  }
  TextError error;
  error.message = std::move(message);
  error.line = position.line;
  error.column = position.column;
  error.caret = static_cast<uint32_t>(offset - begin);
  error.source_line = std::string(source.substr(begin, end - begin));
  // The line goes to a terminal: nothing of the source may act as a control sequence there.
  for (char& c : error.source_line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return error;
}

std::string TextError::format(std::string_view file) const {
  std::string out(file);
  out += ":" + std::to_string(line) + ":" + std::to_string(column) + ": error: " + printable_message(message) + "\n";
  // Marks that turn text around are in the source, too.
  out += printable_message(source_line) + "\n";
  out += std::string(printable_message(std::string_view(source_line).substr(0, caret)).size(), ' ') + "^";
  return out;
}

}  // namespace arris::text
