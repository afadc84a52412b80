#include "cli/values.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace arris::cli {
namespace {

std::string round_trip(std::string_view text, api::ValType type) {
  auto value = parse_value(text, type);
  return value ? print_value(*value) : "refused: " + value.error();
}

TEST(Values, IntegersAreSignedOrUnsignedDecimalOrHexadecimal) {
  EXPECT_EQ(round_trip("42", api::kI32), "42");
  EXPECT_EQ(round_trip("-1", api::kI32), "-1");
  EXPECT_EQ(round_trip("0xffffffff", api::kI32), "-1");
  EXPECT_EQ(round_trip("4294967295", api::kI32), "-1");
  EXPECT_EQ(round_trip("-0x80000000", api::kI32), "-2147483648");
  EXPECT_EQ(round_trip("0XfFfFfFfFfFfFfFfF", api::kI64), "-1");
  EXPECT_EQ(round_trip("9223372036854775807", api::kI64), "9223372036854775807");
  for (auto text : {"4294967296", "-2147483649", "", "-", "0x", "1.0", "x", "1 "})
    EXPECT_EQ(round_trip(text, api::kI32), "refused: expected i32") << text;
}

TEST(Values, FloatsPrintTheShortestFormThatReadsBack) {
  EXPECT_EQ(round_trip("1.5", api::kF32), "1.5");
  EXPECT_EQ(round_trip("0.1", api::kF32), "0.1");
  EXPECT_EQ(round_trip("0.1", api::kF64), "0.1");
  EXPECT_EQ(round_trip("1e300", api::kF64), "1e+300");
  EXPECT_EQ(round_trip("-inf", api::kF64), "-inf");
  EXPECT_EQ(round_trip("nan", api::kF64), "nan");
  EXPECT_EQ(round_trip("100000", api::kF64), "100000");
  EXPECT_EQ(round_trip("1e15", api::kF64), "1000000000000000");
  EXPECT_EQ(round_trip("1.25e15", api::kF64), "1250000000000000");
  EXPECT_EQ(round_trip("1e16", api::kF64), "1e+16");
  EXPECT_EQ(round_trip("0.0001", api::kF64), "0.0001");
  EXPECT_EQ(round_trip("0.000125", api::kF32), "0.000125");
  EXPECT_EQ(round_trip("0.00001", api::kF64), "1e-05");
  EXPECT_EQ(round_trip("-0", api::kF32), "-0");
}

TEST(Values, FloatsAreReadAsTheTextFormatWritesThemAndAsCDoes) {
  EXPECT_EQ(round_trip("0x1.8p1", api::kF32), "3");
  EXPECT_EQ(round_trip("+.5", api::kF64), "0.5");
  EXPECT_EQ(round_trip("5.", api::kF64), "5");
  EXPECT_EQ(round_trip("-Infinity", api::kF32), "-inf");
  EXPECT_EQ(round_trip("NaN", api::kF32), "nan");
  EXPECT_EQ(round_trip("nan:0x1", api::kF64), "nan");
  EXPECT_EQ(round_trip("1e-999", api::kF64), "0");
  for (auto text : {"1.5x", "", "-", "e5", " 1", "1e999"})
    EXPECT_EQ(round_trip(text, api::kF64), "refused: expected f64");
}

TEST(Values, VectorsAreOneUnsignedNumber) {
  EXPECT_EQ(round_trip("316912650112397582603894390785", api::kV128), "316912650112397582603894390785");
  EXPECT_EQ(round_trip("340282366920938463463374607431768211455", api::kV128),
            "340282366920938463463374607431768211455");
  EXPECT_EQ(round_trip("340282366920938463463374607431768211456", api::kV128), "refused: expected v128");
  EXPECT_EQ(round_trip("-1", api::kV128), "refused: expected v128");
}

TEST(Values, ReferencesCanOnlyBeNull) {
  EXPECT_EQ(round_trip("null", api::kExternRef), "<null externref>");
  EXPECT_EQ(round_trip("null", api::kFuncRef), "<null funcref>");
  EXPECT_EQ(round_trip("7", api::kExternRef), "refused: expected externref");
}

}  // namespace
}  // namespace arris::cli
