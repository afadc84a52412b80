// Values on the command line: arguments of an invoked function, and results printed one per line.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arris/arris.h"

namespace arris::cli {

// Decimal or 0x-hexadecimal integers (signed or unsigned), floating-point numbers, v128 as an unsigned 128-bit integer. Empty
// if the text is not a value of the type, or the type has no text form.
std::expected<api::Val, std::string> parse_value(std::string_view text, api::ValType type);

// Integers signed, floats in the shortest form that reads back, v128 unsigned decimal, references as <funcref>, <null externref>.
std::string print_value(const api::Val& value);

}  // namespace arris::cli
