#include "base/joined.h"

#include <gtest/gtest.h>

namespace arris {
namespace {

TEST(Joined, PutsPiecesTogether) {
  std::string name = "x";
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a ", name, "", " b"}), "a x b");
}

TEST(Joined, AppendsTimeAndAgain) {
  std::string text, expected;
  for (int i = 0; i < 100; ++i) {
    append(text, {"<", std::to_string(i), ">"});
    expected += "<" + std::to_string(i) + ">";
  }
  EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace arris
