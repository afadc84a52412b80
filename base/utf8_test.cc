#include "base/utf8.h"

#include <gtest/gtest.h>

namespace arris {
namespace {

TEST(Utf8, AcceptsEveryLengthAndRoundTripsEdges) {
  for (uint32_t c : {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string s;
    append_utf8(s, c);
    EXPECT_TRUE(is_valid_utf8(s)) << c;
    EXPECT_EQ(utf8_sequence_length(reinterpret_cast<const uint8_t*>(s.data()),
                                   reinterpret_cast<const uint8_t*>(s.data() + s.size())),
              s.size());
  }
  EXPECT_TRUE(is_valid_utf8("plain ASCII text longer than eight bytes, then \xC3\xA9"));
}

TEST(Utf8, RejectsSurrogatesOverlongAndTruncated) {
  for (const char* s : {"\xED\xA0\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                        "\xF5\x80\x80\x80", "\x80", "\xE2\x82", "\xC3", "abcdefgh\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(s)) << s;
  }
}

}  // namespace
}  // namespace arris
