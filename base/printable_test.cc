#include "base/printable.h"

#include <gtest/gtest.h>

namespace arris {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("fd_write"), "fd_write");
  EXPECT_EQ(printable("größe 関数 🙂 a'b"), "größe 関数 🙂 a'b");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("\x1b[31mred\x07"), "\\1b[31mred\\07");
  EXPECT_EQ(printable("a\nb\tc\rd\0e"s), "a\\nb\\tc\\0dd\\00e");
  EXPECT_EQ(printable("\x7f"), "\\7f");
  EXPECT_EQ(printable("\u0085\u009b31m"), "\\u{85}\\u{9b}31m");
}

TEST(Printable, EscapesWhatTurnsOrHidesText) {
  EXPECT_EQ(printable("\u202Egnp.exe"), "\\u{202e}gnp.exe");
  EXPECT_EQ(printable("\u2066a\u2069"), "\\u{2066}a\\u{2069}");
  EXPECT_EQ(printable("\u200Bx\uFEFF\u061C"), "\\u{200b}x\\u{feff}\\u{61c}");
  EXPECT_EQ(printable("\u2028\u2029"), "\\u{2028}\\u{2029}");
  EXPECT_EQ(printable("\U000E0041"), "\\u{e0041}");
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xFFz"), "a\\ffz");
  EXPECT_EQ(printable("\xC0\xAF"), "\\c0\\af");
  EXPECT_EQ(printable("\xE2\x80"), "\\e2\\80");
}

TEST(Printable, EscapesItsOwnMarkup) {
  EXPECT_EQ(printable("a\\b\"c"), "a\\\\b\\\"c");
  EXPECT_EQ(quoted("a\"b"), "\"a\\\"b\"");
}

TEST(Printable, CutsLongNamesBetweenCharacters) {
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(kPrintableBytes, 'x') + "...");
  EXPECT_EQ(printable("aé" + std::string(10, 'x'), 2), "aé...");
}

TEST(Printable, MessagesKeepTheirLinesAndQuotes) {
  EXPECT_EQ(printable_message("a \"b\"\n\tc\x1b\xFF\u202E"), "a \"b\"\n\tc\\1b\\ff\\u{202e}");
  EXPECT_EQ(printable_message(std::string(1000, 'x')), std::string(1000, 'x'));
}

}  // namespace
}  // namespace arris
