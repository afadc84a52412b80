#include "text/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

namespace arris::text {
namespace {

TEST(Numbers, IntegersAtTheirBounds) {
  EXPECT_EQ(parse_integer("0xffffffff", 32), 0xffffffffu);
  EXPECT_EQ(parse_integer("-0x80000000", 32), 0x80000000u);
  EXPECT_EQ(parse_integer("-1", 8), 0xffu);
  EXPECT_EQ(parse_integer("+255", 8), 0xffu);
  EXPECT_EQ(parse_integer("-9_223_372_036_854_775_808", 64), uint64_t{1} << 63);
  EXPECT_EQ(parse_integer("18446744073709551615", 64), ~uint64_t{0});
  for (const char* text : {"4294967296", "-2147483649", "0x1_0000_0000", "99999999999999999999999"})
    EXPECT_FALSE(parse_integer(text, 32)) << text;
  EXPECT_FALSE(parse_integer("18446744073709551616", 64));
  EXPECT_FALSE(parse_integer("-0x8000000000000001", 64));
  EXPECT_FALSE(parse_integer("256", 8));
  EXPECT_FALSE(parse_unsigned("-1", 10));
  EXPECT_FALSE(parse_unsigned("11", 10));
}

TEST(Numbers, ClassifiesLexically) {
  for (const char* text : {"0", "-1", "+0x1_2", "00"}) EXPECT_EQ(classify_number(text), NumberKind::integer) << text;
  for (const char* text :
       {"1.", "1.5", "1e5", "1.e5", "0x1.", "0x1.8p1", "0x1p-5", "-inf", "+nan", "nan:0x1_0", "1_0.0_1e1_0"})
    EXPECT_EQ(classify_number(text), NumberKind::real) << text;
  for (const char* text : {"",    "-",    "+",    "1_",   "_1",     "1__1",   "0x",    "0xg",           "1.5.",
                           ".5",  "1e",   "1e+",  "0x1p", "0x1e+1", "nan:0x", "nan:1", "nan:canonical", "infinity",
                           "0X1", "1._5", "1.5_", "0x.8", "1e_1",   "- 1"})
    EXPECT_EQ(classify_number(text), NumberKind::none) << text;
}

// Halfway cases, subnormals and overflow, each against the exact value.
TEST(Numbers, HexFloatsRoundToNearestEven) {
  EXPECT_EQ(parse_f32("0x1p0"), 0x3F800000u);
  EXPECT_EQ(parse_f32("-0x0p0"), 0x80000000u);
  EXPECT_EQ(parse_f32("0x1.000001p0"), 0x3F800000u);                   // halfway, down to even
  EXPECT_EQ(parse_f32("0x1.000003p0"), 0x3F800002u);                   // halfway, up to even
  EXPECT_EQ(parse_f32("0x1.00000100000000000000001p0"), 0x3F800001u);  // sticky bit far below
  EXPECT_EQ(parse_f32("0x1.fffffefffffffffffffffp127"), 0x7F7FFFFFu);
  EXPECT_FALSE(parse_f32("0x1.ffffffp127"));  // halfway to 2^128
  EXPECT_EQ(parse_f32("0x1.fffffep127"), 0x7F7FFFFFu);
  EXPECT_FALSE(parse_f32("0x1p128"));
  EXPECT_EQ(parse_f32("0x1p-149"), 1u);
  EXPECT_EQ(parse_f32("0x1p-150"), 0u);  // halfway to the least subnormal: even is zero
  EXPECT_EQ(parse_f32("0x1.0000000001p-150"), 1u);
  EXPECT_EQ(parse_f32("0x1.8p-149"), 2u);
  EXPECT_EQ(parse_f32("0x1.fffffcp-127"), 0x007FFFFFu);
  EXPECT_EQ(parse_f32("0x1.fffffep-127"), 0x00800000u);  // halfway, carries into the normal range
  EXPECT_EQ(parse_f64("0x1p-1074"), 1u);
  EXPECT_EQ(parse_f64("0x1p-1075"), 0u);
  EXPECT_EQ(parse_f64("0x1.00000000000000000000000000001p-1075"), 1u);
  EXPECT_EQ(parse_f64("0x0.0000000000001p-1022"), 1u);
  EXPECT_EQ(parse_f64("0x1.fffffffffffffp1023"), 0x7FEFFFFFFFFFFFFFu);
  EXPECT_FALSE(parse_f64("0x1.fffffffffffff8p1023"));
  EXPECT_EQ(parse_f64("0x1p-99999999999999999999999"), 0u);
  EXPECT_FALSE(parse_f64("0x1p99999999999999999999999"));
  EXPECT_EQ(parse_f64("0x0p99999999999999999999999"), 0u);
}

TEST(Numbers, LongHexMantissasKeepTheirExponent) {
  std::string tiny = "0x0." + std::string(1000, '0') + "1p4004";
  EXPECT_EQ(parse_f64(tiny), std::bit_cast<uint64_t>(1.0));
  std::string large = "0x1" + std::string(1000, '0') + "p-4000";
  EXPECT_EQ(parse_f64(large), std::bit_cast<uint64_t>(1.0));
}

TEST(Numbers, HexFloatsAgreeWithTheLibraryOnRandomInput) {
  uint64_t state = 0x9E3779B97F4A7C15u;
  auto random = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  };
  for (int i = 0; i < 20'000; ++i) {
    char text[64];
    std::snprintf(text, sizeof text, "0x%llx.%llxp%d", static_cast<unsigned long long>(random() >> (random() % 64)),
                  static_cast<unsigned long long>(random()), static_cast<int>(random() % 2300) - 1200);
    double expected64 = std::strtod(text, nullptr);
    auto actual64 = parse_f64(text);
    ASSERT_EQ(actual64.has_value(), !std::isinf(expected64)) << text;
    if (actual64) ASSERT_EQ(*actual64, std::bit_cast<uint64_t>(expected64)) << text;
    float expected32 = std::strtof(text, nullptr);
    auto actual32 = parse_f32(text);
    ASSERT_EQ(actual32.has_value(), !std::isinf(expected32)) << text;
    if (actual32) ASSERT_EQ(*actual32, std::bit_cast<uint32_t>(expected32)) << text;
  }
}

TEST(Numbers, DecimalFloats) {
  EXPECT_EQ(parse_f32("1_000.5e+1"), std::bit_cast<uint32_t>(10005.0f));
  EXPECT_EQ(parse_f32("+1."), std::bit_cast<uint32_t>(1.0f));
  EXPECT_EQ(parse_f32("16777217"), std::bit_cast<uint32_t>(16777216.0f));
  // Rounding twice, through double, would give another answer here.
  EXPECT_EQ(parse_f32("1.00000017881393432617187501"), 0x3F800002u);
  EXPECT_EQ(parse_f32("1.00000017881393432617187499"), 0x3F800001u);
  EXPECT_EQ(parse_f32("340282346638528859811704183484516925440"), 0x7F7FFFFFu);
  EXPECT_EQ(parse_f32("340282356779733661637539395458142568447"), 0x7F7FFFFFu);
  EXPECT_FALSE(parse_f32("340282356779733661637539395458142568448"));
  EXPECT_FALSE(parse_f32("1e39"));
  EXPECT_EQ(parse_f32("1e-99999999999999"), 0u);
  EXPECT_EQ(parse_f32("0e99999999999999"), 0u);
  EXPECT_EQ(parse_f32("-0.0"), 0x80000000u);
  EXPECT_EQ(parse_f64("4.9406564584124654e-324"), 1u);
  EXPECT_EQ(parse_f64("2.4703282292062327e-324"), 0u);
  EXPECT_EQ(parse_f64("2.4703282292062328e-324"), 1u);
  EXPECT_EQ(parse_f64("2.2250738585072011e-308"), 0x000FFFFFFFFFFFFFu);
  EXPECT_EQ(parse_f64("1.7976931348623157e308"), 0x7FEFFFFFFFFFFFFFu);
  EXPECT_FALSE(parse_f64("1.7976931348623159e308"));
  EXPECT_FALSE(parse_f64("1" + std::string(400, '0')));
  EXPECT_EQ(parse_f64("0." + std::string(400, '0') + "1e401"), std::bit_cast<uint64_t>(1.0));
}

TEST(Numbers, NansAndInfinities) {
  EXPECT_EQ(parse_f32("nan"), 0x7FC00000u);
  EXPECT_EQ(parse_f32("-nan"), 0xFFC00000u);
  EXPECT_EQ(parse_f32("nan:0x7f_ffff"), 0x7FFFFFFFu);
  EXPECT_EQ(parse_f32("-nan:0x1"), 0xFF800001u);
  EXPECT_FALSE(parse_f32("nan:0x0"));
  EXPECT_FALSE(parse_f32("nan:0x80_0000"));
  EXPECT_EQ(parse_f32("-inf"), 0xFF800000u);
  EXPECT_EQ(parse_f64("nan"), 0x7FF8000000000000u);
  EXPECT_EQ(parse_f64("nan:0xfffffffffffff"), 0x7FFFFFFFFFFFFFFFu);
  EXPECT_FALSE(parse_f64("nan:0x10000000000000"));
  EXPECT_FALSE(parse_f64("nan:0x100000000000000000000"));
}

}  // namespace
}  // namespace arris::text
