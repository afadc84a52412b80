#include "base/nearest.h"

#include <gtest/gtest.h>

#include <string>

namespace arris {
namespace {

TEST(Nearest, FindsTheLeastDifferentName) {
  Nearest nearest("fd_wrte");
  for (auto name : {"fd_read", "fd_write", "proc_exit"}) nearest.consider(name);
  EXPECT_EQ(nearest.found(), "fd_write");
}

TEST(Nearest, FindsNothingUnlike) {
  Nearest nearest("environ_get");
  for (auto name : {"fd_read", "proc_exit", ""}) nearest.consider(name);
  EXPECT_EQ(nearest.found(), "");
}

TEST(Nearest, OfEqualsTakesTheFirstInTheAlphabetWhateverTheOrder) {
  for (bool turned : {false, true}) {
    Nearest nearest("path_ope");
    nearest.consider(turned ? "path_oper" : "path_open");
    nearest.consider(turned ? "path_open" : "path_oper");
    EXPECT_EQ(nearest.found(), "path_open");
  }
}

TEST(Nearest, IgnoresNamesTooLongToBeTyped) {
  std::string longest(100'000, 'a');
  Nearest nearest(longest);
  nearest.consider(longest);
  EXPECT_EQ(nearest.found(), "");
}

}  // namespace
}  // namespace arris
