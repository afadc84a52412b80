// Decimal floats go through std::from_chars, which rounds correctly. Hexadecimal floats are rounded here: the first 64
// significant bits are kept, everything below is one sticky bit, and the exponent is an exact 64-bit integer.
#include "text/number.h"

#include <bit>
#include <charconv>
#include <string>
#include <system_error>

namespace arris::text {

namespace {

constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

// Takes digits of `base` with single underscores between them off the front of `text`; false if there are none.
bool take_digits(std::string_view& text, int base) {
  size_t i = 0;
  bool after_digit = false;
  for (; i < text.size(); ++i) {
    if (digit_value(text[i]) < base) {
      after_digit = true;
    } else if (text[i] == '_' && after_digit && i + 1 < text.size() && digit_value(text[i + 1]) < base) {
      after_digit = false;
    } else {
      break;
    }
  }
  text.remove_prefix(i);
  return i > 0;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_sign(std::string_view& text) {
  if (take(text, "-")) return true;
  take(text, "+");
  return false;
}

struct FloatFormat {
  unsigned mantissa_bits;  // without the hidden bit
  unsigned exponent_bits;
  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr uint64_t infinity() const { return ((uint64_t{1} << exponent_bits) - 1) << mantissa_bits; }
};
constexpr FloatFormat kF32Format{23, 8};
constexpr FloatFormat kF64Format{52, 11};

// Rounds (mantissa + sticky/2) * 2^exponent to nearest even; nullopt if that is infinite.
std::optional<uint64_t> round_to_format(uint64_t mantissa, bool sticky, int64_t exponent, FloatFormat format) {
  if (mantissa == 0) return 0;
  int shift_up = std::countl_zero(mantissa);
  mantissa <<= shift_up;
  exponent -= shift_up;
  int64_t unbiased = exponent + 63;  // of the leading bit
  if (unbiased > format.bias()) return std::nullopt;
  int64_t min_unbiased = 1 - format.bias();
  // Bits to drop: down to the mantissa's width, and further below the normal range.
  int64_t drop = 63 - static_cast<int64_t>(format.mantissa_bits);
  if (unbiased < min_unbiased) drop += min_unbiased - unbiased;
  if (drop > 64) return 0;
  uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
  uint64_t dropped = drop == 64 ? mantissa : mantissa & ((uint64_t{1} << drop) - 1);
  uint64_t half = uint64_t{1} << (drop - 1);
  bool up = dropped > half || (dropped == half && (sticky || (kept & 1)));
  // The hidden bit adds one to the exponent field; a carry out of the mantissa does the same.
  uint64_t field = unbiased < min_unbiased ? 0 : static_cast<uint64_t>(unbiased - min_unbiased);
  uint64_t bits = (field << format.mantissa_bits) + kept + (up ? 1 : 0);
  if (bits >= format.infinity()) return std::nullopt;
  return bits;
}

// Decimal exponents and digit counts beyond this saturate: a source has fewer digits.
constexpr int64_t kHugeExponent = int64_t{1} << 40;

int64_t parse_exponent(std::string_view text) {
  bool negative = take_sign(text);
  int64_t value = 0;
  for (char c : text) {
    if (c == '_') continue;
    value = value * 10 + (c - '0');
    if (value > kHugeExponent) value = kHugeExponent;
  }
  return negative ? -value : value;
}

// After sign and "0x".
std::optional<uint64_t> parse_hex_float(std::string_view text, FloatFormat format) {
  uint64_t mantissa = 0;
  bool sticky = false;
  int64_t exponent = 0;
  bool fraction = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '_') continue;
    if (c == '.') {
      fraction = true;
    } else if (c == 'p' || c == 'P') {
      exponent += parse_exponent(text.substr(i + 1));
      break;
    } else if (mantissa >> 60) {
      sticky |= c != '0';
      if (!fraction) exponent += 4;
    } else {
      mantissa = mantissa * 16 + digit_value(c);
      if (fraction) exponent -= 4;
    }
  }
  return round_to_format(mantissa, sticky, exponent, format);
}

// True if the decimal literal's magnitude is at least 1. Only asked when from_chars found it out of range.
bool is_large_decimal(std::string_view digits) {
  int64_t magnitude = 0;  // power of ten of the digit after the first non-zero one
  bool seen_point = false, seen_digit = false;
  for (size_t i = 0; i < digits.size(); ++i) {
    char c = digits[i];
    if (c == '.') {
      seen_point = true;
    } else if (c == 'e' || c == 'E') {
      magnitude += parse_exponent(digits.substr(i + 1));
      break;
    } else {
      seen_digit |= c != '0';
      if (seen_digit && !seen_point) ++magnitude;
      if (!seen_digit && seen_point) --magnitude;
    }
  }
  return magnitude > 0;
}

template <class Float, class Bits>
std::optional<Bits> parse_decimal_float(std::string_view text, FloatFormat format) {
  std::string digits;
  digits.reserve(text.size());
  for (char c : text)
    if (c != '_') digits += c;
  Float value = 0;
  // from_chars takes no plus sign, also not in the exponent on every library: '+' only ever follows 'e' here.
  if (size_t plus = digits.find('+'); plus != std::string::npos) digits.erase(plus, 1);
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (is_large_decimal(digits)) return std::nullopt;
    return Bits{0};
  }
  Bits bits = std::bit_cast<Bits>(value);
  if (bits >= format.infinity()) return std::nullopt;
  return bits;
}

template <class Float, class Bits>
std::optional<Bits> parse_float(std::string_view text, FloatFormat format) {
  Bits sign = take_sign(text) ? Bits{1} << (sizeof(Bits) * 8 - 1) : 0;
  auto infinity = static_cast<Bits>(format.infinity());
  if (text == "inf") return sign | infinity;
  if (take(text, "nan")) {
    if (text.empty()) return sign | infinity | Bits{1} << (format.mantissa_bits - 1);
    take(text, ":");
    auto payload = parse_unsigned(text, (uint64_t{1} << format.mantissa_bits) - 1);
    if (!payload || *payload == 0) return std::nullopt;
    return sign | infinity | static_cast<Bits>(*payload);
  }
  if (take(text, "0x")) {
    auto bits = parse_hex_float(text, format);
    if (!bits) return std::nullopt;
    return sign | static_cast<Bits>(*bits);
  }
  auto bits = parse_decimal_float<Float, Bits>(text, format);
  if (!bits) return std::nullopt;
  return sign | *bits;
}

}  // namespace

NumberKind classify_number(std::string_view text) {
  take_sign(text);
  if (text == "inf" || text == "nan") return NumberKind::real;
  if (take(text, "nan:0x")) return take_digits(text, 16) && text.empty() ? NumberKind::real : NumberKind::none;
  bool hex = take(text, "0x");
  int base = hex ? 16 : 10;
  if (!take_digits(text, base)) return NumberKind::none;
  if (text.empty()) return NumberKind::integer;
  if (take(text, ".")) {
    if (!text.empty() && digit_value(text[0]) < base) take_digits(text, base);
    if (text.empty()) return NumberKind::real;
  }
  bool has_exponent = hex ? take(text, "p") || take(text, "P") : take(text, "e") || take(text, "E");
  if (!has_exponent) return NumberKind::none;
  take_sign(text);
  return take_digits(text, 10) && text.empty() ? NumberKind::real : NumberKind::none;
}

std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t max) {
  if (text.empty() || text[0] == '+' || text[0] == '-') return std::nullopt;
  unsigned base = take(text, "0x") ? 16 : 10;
  uint64_t value = 0;
  for (char c : text) {
    if (c == '_') continue;
    uint64_t digit = digit_value(c);
    if (__builtin_mul_overflow(value, uint64_t{base}, &value) || __builtin_add_overflow(value, digit, &value))
      return std::nullopt;
  }
  if (value > max) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_integer(std::string_view text, unsigned bits) {
  bool negative = take_sign(text);
  uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  auto magnitude = parse_unsigned(text, negative ? uint64_t{1} << (bits - 1) : mask);
  if (!magnitude) return std::nullopt;
  return (negative ? 0 - *magnitude : *magnitude) & mask;
}

std::optional<uint32_t> parse_f32(std::string_view text) { return parse_float<float, uint32_t>(text, kF32Format); }
std::optional<uint64_t> parse_f64(std::string_view text) { return parse_float<double, uint64_t>(text, kF64Format); }

}  // namespace arris::text
