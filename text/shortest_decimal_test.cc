#include "text/shortest_decimal.h"

#include <bit>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace arris::text {
namespace {

template <class Float>
std::string reference(Float value) {
  char buffer[64];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

template <class Float>
void expect_reference(Float value) {
  EXPECT_EQ(shortest_decimal(value), reference(value));
}

TEST(ShortestDecimal, OfWellKnownNumbers) {
  for (double value : {0.0,
                       1.0,
                       0.1,
                       0.3,
                       2.5,
                       100.0,
                       1e5,
                       123456789.0,
                       1e15,
                       1e16,
                       1e21,
                       1e22,
                       1e23,
                       9223372036854775808.0,
                       0.001,
                       0.00012,
                       1e-5,
                       5e-324,
                       2.2250738585072014e-308,
                       1.7976931348623157e308,
                       3.141592653589793}) {
    expect_reference(value);
    expect_reference(static_cast<float>(value < 3e38 ? value : 3e38));
  }
  EXPECT_EQ(shortest_decimal(1e-45f), "1e-45");
  EXPECT_EQ(shortest_decimal(16777216.0f), "16777216");
}

TEST(ShortestDecimal, OfRandomBitsIsWhatTheLibrarySays) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    uint64_t bits = random() >> 1;
    if (i % 8 == 0) bits &= (uint64_t{1} << 52) - 1;     // subnormal
    if (i % 8 == 1) bits &= ~((uint64_t{1} << 40) - 1);  // few digits
    if (i % 8 == 2) bits = std::bit_cast<uint64_t>(static_cast<double>(bits >> (i % 60)));
    auto value = std::bit_cast<double>(bits);
    if (value - value == 0) expect_reference(value);
    auto low = static_cast<uint32_t>(random()) >> 1;
    if (i % 8 == 0) low &= (1u << 23) - 1;
    auto single = std::bit_cast<float>(low);
    if (single - single == 0) expect_reference(single);
  }
}

template <class Float>
void expect_reads_back(Float value) {
  std::string text = shortest_decimal(value);
  EXPECT_LE(text.size(), reference(value).size() + 1);
  Float back = 0;
  std::string readable = text;
  if (size_t plus = readable.find('+'); plus != std::string::npos) readable.erase(plus, 1);
  auto result = std::from_chars(readable.data(), readable.data() + readable.size(), back);
  EXPECT_EQ(result.ptr, readable.data() + readable.size());
  EXPECT_EQ(back, value) << text;
}

TEST(ShortestDecimal, OfPowersOfTwoReadsBack) {
  for (int e = -1074; e < 1024; ++e) expect_reads_back(std::ldexp(1.0, e));
  for (int e = -149; e < 128; ++e) expect_reads_back(std::ldexp(1.0f, e));
}

TEST(ShortestDecimal, DoesNotDependOnTheLocale) {
  std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) continue;
    EXPECT_EQ(shortest_decimal(2.5), "2.5");
    EXPECT_EQ(shortest_decimal(1.25e-30), "1.25e-30");
  }
  std::setlocale(LC_ALL, before.c_str());
}

}  // namespace
}  // namespace arris::text
