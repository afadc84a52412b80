// The shortest decimal that reads back as the same number, for the printer: what std::to_chars writes (but for some powers of two,
// which take a digit more). Its tables and its printing of long doubles are a sixteenth of a static program, so the digits come from
// the C library instead, and std::from_chars (which the parser needs anyway) says whether they suffice.
#pragma once

#include <string>

namespace arris::text {

// Positive and finite, or zero.
std::string shortest_decimal(float value);
std::string shortest_decimal(double value);

}  // namespace arris::text
