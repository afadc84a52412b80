#include "base/os/thread_stack.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstdint>
#include <thread>

namespace arris::os {
namespace {

uintptr_t here() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); }

void expect_own_stack() {
  StackRange range = current_thread_stack();
  EXPECT_LT(range.low, here());
  EXPECT_GT(range.high, here());
#if defined(__linux__)
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  void* address = nullptr;
  size_t size = 0;
  ASSERT_EQ(pthread_attr_getstack(&attributes, &address, &size), 0);
  pthread_attr_destroy(&attributes);
  // The library rounds the limit to pages, and does not count what lies above the first frame (arguments and environment).
  auto low = reinterpret_cast<uintptr_t>(address);
  EXPECT_LE(range.low > low ? range.low - low : low - range.low, uintptr_t{1} << 16);
  EXPECT_GE(range.high, low + size);
#endif
}

TEST(ThreadStack, OfTheFirstThreadIsWhatTheLibrarySays) { expect_own_stack(); }

TEST(ThreadStack, OfAnotherThreadIsItsOwn) {
  std::thread other(expect_own_stack);
  other.join();
}

TEST(ThreadStack, EachThreadHasAnother) {
  StackRange mine = current_thread_stack();
  StackRange other{0, 0};
  std::thread([&] { other = current_thread_stack(); }).join();
  EXPECT_TRUE(other.high <= mine.low || other.low >= mine.high);
}

}  // namespace
}  // namespace arris::os
