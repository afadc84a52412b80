// A number of up to digits10 digits survives the way through its type and back, so that if one as short exists, rounding to digits10
// digits finds it; one digit more or two are enough for every other. Subnormal numbers have fewer digits: all lengths are tried.
#include "text/shortest_decimal.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace arris::text {
namespace {

struct Decimal {
  std::string digits;  // the point stands after the first
  int exponent = 0;    // of ten
};

// Without regard to the locale's decimal point.
Decimal round_to(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*e", digits - 1, value);
  Decimal out;
  const char* p = buffer;
  for (; *p != 'e'; ++p) {
    if (*p >= '0' && *p <= '9') out.digits += *p;
  }
  out.exponent = static_cast<int>(std::strtol(p + 1, nullptr, 10));
  while (out.digits.size() > 1 && out.digits.back() == '0') out.digits.pop_back();
  return out;
}

std::string scientific(const Decimal& d) {
  std::string out = d.digits.substr(0, 1);
  if (d.digits.size() > 1) out += "." + d.digits.substr(1);
  std::string exponent = std::to_string(std::abs(d.exponent));
  return out + (d.exponent < 0 ? "e-" : "e+") + (exponent.size() < 2 ? "0" : "") + exponent;
}

// Empty if longer than `limit`.
std::string fixed(const Decimal& d, double value, size_t limit) {
  size_t size = d.digits.size();
  if (d.exponent < 0) {
    size_t zeros = static_cast<size_t>(-d.exponent) - 1;
    return zeros + size + 2 > limit ? "" : "0." + std::string(zeros, '0') + d.digits;
  }
  size_t whole = static_cast<size_t>(d.exponent) + 1;
  if (whole > limit) return "";
  if (whole < size) return d.digits.substr(0, whole) + "." + d.digits.substr(whole);
  char buffer[64];  // an integer: all its digits, not zeros in the place of those that are not needed
  std::snprintf(buffer, sizeof buffer, "%.0f", value);
  return buffer;
}

template <class Float>
std::string shortest(Float value) {
  if (value == 0) return "0";
  using Numbers = std::numeric_limits<Float>;
  Decimal decimal;
  std::string text;
  for (int digits = value < Numbers::min() ? 1 : Numbers::digits10; digits <= Numbers::max_digits10; ++digits) {
    decimal = round_to(static_cast<double>(value), digits);
    text = scientific(decimal);
    std::string readable = text;
    if (size_t plus = readable.find('+'); plus != std::string::npos) readable.erase(plus, 1);
    Float back = 0;
    auto result = std::from_chars(readable.data(), readable.data() + readable.size(), back);
    if (result.ec == std::errc() && back == value) break;
  }
  std::string plain = fixed(decimal, static_cast<double>(value), text.size());
  return plain.empty() || plain.size() > text.size() ? text : plain;
}

}  // namespace

std::string shortest_decimal(float value) { return shortest(value); }
std::string shortest_decimal(double value) { return shortest(value); }

}  // namespace arris::text
