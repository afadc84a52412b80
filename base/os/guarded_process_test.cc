#include "base/os/guarded_process.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>
#include <vector>

namespace arris::os {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST(GuardedProcess, ReturnsWhatTheWorkReturned) {
  EXPECT_EQ(run_guarded([] { return std::string("a\0b", 3); }), std::string("a\0b", 3));
  EXPECT_EQ(run_guarded([] { return std::string(); }), "");
  std::string large(3'000'000, 'x');
  EXPECT_EQ(run_guarded([&] { return large; }), large);
}

TEST(GuardedProcess, SurvivesCrashes) {
  EXPECT_EQ(run_guarded([]() -> std::string { __builtin_trap(); }), std::nullopt);
  EXPECT_EQ(run_guarded([]() -> std::string { abort(); }), std::nullopt);
  EXPECT_EQ(run_guarded([]() -> std::string { _exit(0); }), std::nullopt);
}

TEST(GuardedProcess, EndsWorkThatHangs) {
  auto begin = std::chrono::steady_clock::now();
  auto result = run_guarded(
      []() -> std::string {
        for (volatile int i = 0;; i = i + 1) {}
      },
      {.time = 200ms});
  EXPECT_EQ(result, std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(GuardedProcess, LimitsMemory) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer reserves more than any limit";
  auto result = run_guarded(
      [] {
        void* volatile big = std::malloc(size_t{200} << 20);
        bool got = big != nullptr;
        std::free(big);
        return std::string(got ? "got it" : "refused");
      },
      {.memory_bytes = size_t{50} << 20});
  EXPECT_EQ(result, "refused");
}

TEST(GuardedProcess, LimitsTheResult) {
  EXPECT_EQ(run_guarded([] { return std::string(100'000, 'x'); }, {.result_bytes = 1000}), std::nullopt);
}

TEST(GuardedProcess, HasNoFilesAndNoProcesses) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer needs system calls of its own";
  auto result = run_guarded([] {
    std::string denied;
    if (open("/dev/null", O_RDONLY) < 0) denied += "open ";
    if (write(STDERR_FILENO, "", 0) < 0) denied += "write ";
    if (fork() < 0) denied += "fork ";
    if (dup(0) < 0) denied += "dup";
    return denied;
  });
  EXPECT_EQ(result, "open write fork dup");
}

}  // namespace
}  // namespace arris::os
