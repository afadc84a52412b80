#include "cli/values.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "text/number.h"
#include "text/shortest_decimal.h"

namespace arris::cli {
namespace {

using uint128 = unsigned __int128;

struct Magnitude {
  bool negative;
  uint128 value;
};

// [+-] decimal | 0x hexadecimal, with '_' as a separator.
std::optional<Magnitude> parse_integer(std::string_view text) {
  Magnitude result{false, 0};
  if (text.starts_with('-') || text.starts_with('+')) {
    result.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  unsigned base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  if (text.empty()) return std::nullopt;
  constexpr uint128 kMax = ~uint128{0};
  for (char c : text) {
    if (c == '_') continue;
    unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                     : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                            : 99u;
    if (digit >= base || result.value > (kMax - digit) / base) return std::nullopt;
    result.value = result.value * base + digit;
  }
  return result;
}

// The bits of an integer of `bits` width, given signed or unsigned.
std::optional<uint64_t> parse_bits(std::string_view text, unsigned bits) {
  auto number = parse_integer(text);
  if (!number) return std::nullopt;
  uint128 limit = number->negative ? uint128{1} << (bits - 1) : (uint128{1} << bits) - 1;
  if (number->value > limit) return std::nullopt;
  uint64_t value = static_cast<uint64_t>(number->value);
  if (number->negative) value = ~value + 1;
  return bits == 32 ? static_cast<uint32_t>(value) : value;
}

// A float as the text format writes it, and some more of what C reads: ".5", "Infinity", "NaN".
std::optional<std::string> float_literal(std::string_view text) {
  std::string literal(text);
  for (char& c : literal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  size_t sign = literal.starts_with('-') || literal.starts_with('+') ? 1 : 0;
  if (literal.substr(sign) == "infinity") literal.resize(sign + 3);
  if (literal.substr(sign).starts_with('.')) literal.insert(sign, "0");
  if (text::classify_number(literal) == text::NumberKind::none) return std::nullopt;
  return literal;
}

// `digits` as shortest_decimal writes them, in plain form unless it would be long.
std::string readable(std::string digits) {
  size_t e = digits.find('e');
  if (e == digits.npos) return digits;
  int exponent = std::atoi(digits.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) return digits;
  digits.resize(e);
  std::erase(digits, '.');
  if (exponent < 0) return "0." + std::string(static_cast<size_t>(-exponent) - 1, '0') + digits;
  size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return digits + std::string(whole - digits.size(), '0');
  return digits.insert(whole, ".");
}

// fmt would do it with 20 KB of tables and big numbers of its own.
template <class T>
std::string print_float(T value) {
  std::string sign = std::signbit(value) ? "-" : "";
  if (std::isnan(value)) return sign + "nan";
  if (std::isinf(value)) return sign + "inf";
  return sign + readable(text::shortest_decimal(std::abs(value)));
}

std::string print_u128(uint128 value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<unsigned>(value % 10)));
    value /= 10;
  } while (value != 0);
  return digits;
}

struct Halves {
  uint64_t low, high;
};

}  // namespace

std::expected<api::Val, std::string> parse_value(std::string_view text, api::ValType type) {
  if (type == api::kI32) {
    if (auto bits = parse_bits(text, 32)) return api::Val(static_cast<uint32_t>(*bits));
  } else if (type == api::kI64) {
    if (auto bits = parse_bits(text, 64)) return api::Val(*bits);
  } else if (type == api::kF32) {
    auto literal = float_literal(text);
    if (auto bits = literal ? text::parse_f32(*literal) : std::nullopt) return api::Val(std::bit_cast<float>(*bits));
  } else if (type == api::kF64) {
    auto literal = float_literal(text);
    if (auto bits = literal ? text::parse_f64(*literal) : std::nullopt) return api::Val(std::bit_cast<double>(*bits));
  } else if (type == api::kV128) {
    auto number = parse_integer(text);
    if (number && !number->negative) {
      Halves halves{static_cast<uint64_t>(number->value), static_cast<uint64_t>(number->value >> 64)};
      return api::Val(std::bit_cast<api::V128>(halves));
    }
  } else if (text == "null" && type.is_defaultable()) {
    return api::Val::zero(type);
  }
  return std::unexpected(fmt::format("expected {}", api::to_string(type)));
}

std::string print_value(const api::Val& value) {
  api::ValType type = value.type();
  if (type == api::kI32) return fmt::format("{}", value.i32());
  if (type == api::kI64) return fmt::format("{}", value.i64());
  if (type == api::kF32) return print_float(value.f32());
  if (type == api::kF64) return print_float(value.f64());
  if (type == api::kV128) {
    Halves halves = std::bit_cast<Halves>(value.v128());
    return print_u128(uint128{halves.high} << 64 | halves.low);
  }
  const api::Ref& ref = value.ref();
  const char* kind = ref.is_func() ? "funcref" : ref.is_exn() ? "exnref" : ref.is_extern() ? "externref" : "anyref";
  if (ref.is_null()) return fmt::format("<null {}>", api::to_string(type));
  if (ref.is_i31()) return fmt::format("<i31 {}>", ref.i31_s());
  return fmt::format("<{}>", kind);
}

}  // namespace arris::cli
