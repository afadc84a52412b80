#include "cli/quantity.h"

#include <charconv>
#include <optional>
#include <span>

namespace arris::cli {
namespace {

using uint128 = unsigned __int128;

struct Unit {
  std::string_view name;  // lower case
  uint64_t factor;
};

constexpr Unit kSizes[] = {
    {"", 1},
    {"b", 1},
    {"k", uint64_t{1} << 10},
    {"kb", uint64_t{1} << 10},
    {"kib", uint64_t{1} << 10},
    {"m", uint64_t{1} << 20},
    {"mb", uint64_t{1} << 20},
    {"mib", uint64_t{1} << 20},
    {"g", uint64_t{1} << 30},
    {"gb", uint64_t{1} << 30},
    {"gib", uint64_t{1} << 30},
    {"t", uint64_t{1} << 40},
    {"tb", uint64_t{1} << 40},
    {"tib", uint64_t{1} << 40},
};

constexpr uint64_t kSecond = 1'000'000'000;
constexpr Unit kTimes[] = {
    {"", 1'000'000}, {"ns", 1},           {"us", 1000},          {"ms", 1'000'000},
    {"s", kSecond},  {"m", 60 * kSecond}, {"h", 3600 * kSecond},
};
constexpr uint64_t kLongest = 100 * uint64_t{365} * 24 * 3600 * kSecond;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool same_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// The decimal digits at the front of `text`, which loses them; empty beyond 10^18.
std::optional<uint64_t> take_digits(std::string_view& text) {
  uint64_t value = 0;
  while (!text.empty() && is_digit(text[0])) {
    if (value > 100'000'000'000'000'000) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(text[0] - '0');
    text.remove_prefix(1);
  }
  return value;
}

// DIGITS[.DIGITS]UNIT as a multiple of the smallest unit, rounded down; empty if it is not that or does not fit 64 bits.
std::optional<uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  auto whole = take_digits(text);
  if (!whole) return std::nullopt;
  uint64_t fraction = 0, scale = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text[0])) return std::nullopt;
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
      if (scale > 100'000'000) continue;  // the tenth digit of a fraction counts for nothing
      fraction = fraction * 10 + static_cast<uint64_t>(text[0] - '0');
      scale *= 10;
    }
  }
  for (const Unit& unit : units) {
    if (!same_ignoring_case(text, unit.name)) continue;
    uint128 value = uint128{*whole} * unit.factor + uint128{fraction} * unit.factor / scale;
    if (value > ~uint64_t{0}) return std::nullopt;
    return static_cast<uint64_t>(value);
  }
  return std::nullopt;
}

}  // namespace

std::expected<uint64_t, std::string> parse_count(std::string_view text, uint64_t most) {
  int base = 10;
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size() || value > most)
    return std::unexpected("expected a whole number from 0 to " + std::to_string(most));
  return value;
}

std::expected<uint64_t, std::string> parse_size(std::string_view text) {
  if (auto size = parse_with_unit(text, kSizes)) return *size;
  return std::unexpected("expected a number of bytes, such as 65536, 64KB, 1.5MB or 2GB");
}

std::expected<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text) {
  auto time = parse_with_unit(text, kTimes);
  if (time && *time <= kLongest) return std::chrono::nanoseconds(static_cast<int64_t>(*time));
  return std::unexpected("expected a time of at most a hundred years, such as 500ms, 5s, 1.5m or 2h");
}

std::string print_milliseconds(std::chrono::nanoseconds time) {
  std::string digits = std::to_string((time.count() + 500) / 1000);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits.insert(digits.size() - 3, ".");
}

}  // namespace arris::cli
