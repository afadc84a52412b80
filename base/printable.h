// printable: text that somebody else chose (names in a module, paths of a guest), made safe to show. For messages and reports.
//
// What could act on a terminal or deceive a reader is written as an escape: control characters, marks that change the direction
// of text or take no space, line separators, bytes that are not UTF-8. `\` and `"` are escaped too, so that nothing can be
// confused with an escape or the end of a quotation: the result, in quotes, is a string of the WebAssembly text format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arris {

inline constexpr size_t kPrintableBytes = 256;  // longer names are cut, and end with "..."

std::string printable(std::string_view text, size_t max_bytes = kPrintableBytes);
// The same between quotes.
std::string quoted(std::string_view text, size_t max_bytes = kPrintableBytes);
// For text that is a message already (of several lines, with quotes): only what could act on a terminal is escaped, nothing is cut.
std::string printable_message(std::string_view text);

}  // namespace arris
