// Numeric literals: what is one lexically, and its exact value. Spec: text/values, integers and floating-point.
// The parse functions take text that classify_number accepted; nothing else is checked twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace arris::text {

enum class NumberKind : uint8_t { none, integer, real };

// integer: sign? digits, decimal or 0x, single underscores between digits. real: fractions, exponents, inf, nan, nan:0x...
NumberKind classify_number(std::string_view text);

// A literal without sign, at most `max`; nullopt if signed or out of range.
std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t max);

// A literal of an N-bit type (8 to 64): from -2^(N-1) to 2^N-1, as N bits of two's complement.
std::optional<uint64_t> parse_integer(std::string_view text, unsigned bits);

// The bits of a float literal (integer literals are float literals too), correctly rounded to nearest even.
// nullopt: rounds to infinity, or a NaN payload out of range.
std::optional<uint32_t> parse_f32(std::string_view text);
std::optional<uint64_t> parse_f64(std::string_view text);

}  // namespace arris::text
