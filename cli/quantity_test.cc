#include "cli/quantity.h"

#include <gtest/gtest.h>

namespace arris::cli {
namespace {

using std::chrono::nanoseconds;

TEST(Quantity, CountsAreDecimalOrHexadecimalAndBounded) {
  EXPECT_EQ(parse_count("0"), 0u);
  EXPECT_EQ(parse_count("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(parse_count("0xff"), 255u);
  EXPECT_EQ(parse_count("7", 7), 7u);
  for (auto text : {"", "-1", "+1", "1.5", "1e9", "0x", "12abc", "18446744073709551616", " 1"})
    EXPECT_FALSE(parse_count(text)) << text;
  EXPECT_EQ(parse_count("8", 7).error(), "expected a whole number from 0 to 7");
}

TEST(Quantity, SizesHaveUnitsOf1024) {
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("64KB"), 65536u);
  EXPECT_EQ(parse_size("64kib"), 65536u);
  EXPECT_EQ(parse_size("1.5M"), 3u << 19);
  EXPECT_EQ(parse_size("2G"), uint64_t{2} << 30);
  for (auto text : {"", "MB", "-1", "64 KB", "64XB", "1.", ".5M", "99999999999999999999", "99999999999T", "1e9"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Quantity, DurationsHaveUnitsAndEndBeforeTheClockDoes) {
  EXPECT_EQ(parse_duration("500ms"), nanoseconds(500'000'000));
  EXPECT_EQ(parse_duration("500"), nanoseconds(500'000'000));
  EXPECT_EQ(parse_duration("1.5s"), nanoseconds(1'500'000'000));
  EXPECT_EQ(parse_duration("2m"), nanoseconds(120'000'000'000));
  EXPECT_EQ(parse_duration("0"), nanoseconds(0));
  EXPECT_EQ(parse_duration("0.0000000009999s"), nanoseconds(0));
  EXPECT_TRUE(parse_duration("876000h"));
  for (auto text : {"", "s", "1e99s", "-1", "-1s", "876001h", "99999999999999999999s", "1d", "1.s", "inf", "nan"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Quantity, MillisecondsArePrintedToTheMicrosecond) {
  EXPECT_EQ(print_milliseconds(std::chrono::nanoseconds(0)), "0.000");
  EXPECT_EQ(print_milliseconds(std::chrono::nanoseconds(1'499)), "0.001");
  EXPECT_EQ(print_milliseconds(std::chrono::nanoseconds(12'345'678)), "12.346");
  EXPECT_EQ(print_milliseconds(std::chrono::seconds(61)), "61000.000");
}

}  // namespace
}  // namespace arris::cli
