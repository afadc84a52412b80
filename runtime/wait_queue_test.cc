#include "runtime/wait_queue.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/memory.h"
#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int64_t kForever = -1;

class Waits : public testing::Test {
 protected:
  std::shared_ptr<Memory> memory_ = Memory::create(test::memory_type(1, 4, true));
  MemoryInstance& instance_ = memory_->instance();
  ExecutionContext context_{};

  void store32(uint64_t address, uint32_t value) {
    __atomic_store_n(reinterpret_cast<uint32_t*>(instance_.base + address), value, __ATOMIC_SEQ_CST);
  }
  void await_waiters(uint32_t count) {
    while (memory_->wait_queue().waiter_count() != count) std::this_thread::sleep_for(milliseconds(1));
  }
  uint32_t notify(uint64_t address, uint32_t count) { return memory_atomic_notify(instance_, address, count).woken; }
};

TEST_F(Waits, ReturnAtOnceIfTheValueDiffers) {
  WaitResult r = memory_atomic_wait32(context_, instance_, 8, 1, kForever);
  EXPECT_EQ(r.trap, TrapCode::none);
  EXPECT_EQ(r.outcome, WaitOutcome::not_equal);
  r = memory_atomic_wait64(context_, instance_, 8, uint64_t{1} << 40, kForever);
  EXPECT_EQ(r.outcome, WaitOutcome::not_equal);
}

TEST_F(Waits, TimeOut) {
  auto begin = Clock::now();
  WaitResult r = memory_atomic_wait32(context_, instance_, 8, 0, 20'000'000);
  EXPECT_EQ(r.outcome, WaitOutcome::timed_out);
  EXPECT_GE(Clock::now() - begin, milliseconds(20));
  EXPECT_EQ(memory_atomic_wait64(context_, instance_, 8, 0, 0).outcome, WaitOutcome::timed_out);
  EXPECT_EQ(memory_->wait_queue().waiter_count(), 0u);
}

TEST_F(Waits, TrapOnBadAccess) {
  EXPECT_EQ(memory_atomic_wait32(context_, instance_, 2, 0, 0).trap, TrapCode::unaligned_atomic);
  EXPECT_EQ(memory_atomic_wait64(context_, instance_, 4, 0, 0).trap, TrapCode::unaligned_atomic);
  EXPECT_EQ(memory_atomic_wait32(context_, instance_, 65'536, 0, 0).trap, TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_atomic_wait64(context_, instance_, ~uint64_t{7}, 0, 0).trap, TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_atomic_notify(instance_, 1, 0).trap, TrapCode::unaligned_atomic);
  EXPECT_EQ(memory_atomic_notify(instance_, 65'536, 0).trap, TrapCode::out_of_bounds_memory_access);
}

TEST_F(Waits, NeedASharedMemoryButNotifyDoesNot) {
  auto plain = Memory::create(test::memory_type(1, 1));
  EXPECT_EQ(memory_atomic_wait32(context_, plain->instance(), 0, 0, 0).trap, TrapCode::expected_shared_memory);
  NotifyResult r = memory_atomic_notify(plain->instance(), 0, 5);
  EXPECT_EQ(r.trap, TrapCode::none);
  EXPECT_EQ(r.woken, 0u);
}

TEST_F(Waits, EndWhenNotified) {
  WaitResult r{};
  std::thread waiter([&] { r = memory_atomic_wait32(context_, instance_, 16, 0, kForever); });
  await_waiters(1);
  EXPECT_EQ(notify(20, 1), 0u);  // another address
  EXPECT_EQ(notify(16, 0), 0u);
  EXPECT_EQ(notify(16, 1), 1u);
  waiter.join();
  EXPECT_EQ(r.trap, TrapCode::none);
  EXPECT_EQ(r.outcome, WaitOutcome::ok);
  EXPECT_EQ(notify(16, 1), 0u);
}

TEST_F(Waits, AreNotifiedInTheOrderTheyCameAndAtMostCount) {
  std::vector<std::thread> waiters;
  std::atomic<int> woken[3] = {};
  for (uint32_t i = 0; i < 3; ++i) {
    waiters.emplace_back([&, i] {
      memory_atomic_wait64(context_, instance_, 32, 0, kForever);
      woken[i] = 1;
    });
    await_waiters(i + 1);
  }
  EXPECT_EQ(notify(32, 1), 1u);
  waiters[0].join();
  EXPECT_EQ(woken[0], 1);
  EXPECT_EQ(woken[1] + woken[2], 0);
  EXPECT_EQ(notify(32, ~0u), 2u);
  waiters[1].join();
  waiters[2].join();
}

TEST_F(Waits, StopSoonAfterAnInterruption) {
  WaitResult r{};
  std::thread waiter([&] { r = memory_atomic_wait32(context_, instance_, 0, 0, kForever); });
  await_waiters(1);
  auto begin = Clock::now();
  context_.interrupt.store(kInterruptStop);
  waiter.join();
  EXPECT_LT(Clock::now() - begin, milliseconds(500));  // generous: the machine may be busy
  EXPECT_EQ(r.trap, TrapCode::interrupted);
  EXPECT_EQ(memory_->wait_queue().waiter_count(), 0u);
  static_assert(kInterruptPollNs <= 10'000'000);
}

TEST_F(Waits, IgnoreOtherInterruptBits) {
  context_.interrupt.store(~kInterruptStop);
  EXPECT_EQ(memory_atomic_wait32(context_, instance_, 0, 0, 1'000'000).outcome, WaitOutcome::timed_out);
}

TEST_F(Waits, WithTheLongestTimeoutAreNotCutShort) {
  WaitResult r{};
  std::thread waiter([&] { r = memory_atomic_wait32(context_, instance_, 0, 0, INT64_MAX); });
  await_waiters(1);
  std::this_thread::sleep_for(milliseconds(15));
  EXPECT_EQ(memory_->wait_queue().waiter_count(), 1u);
  notify(0, 1);
  waiter.join();
  EXPECT_EQ(r.outcome, WaitOutcome::ok);
}

// A mutex of the guest's: no wake-up may be lost between its store and our parking.
TEST_F(Waits, LoseNoNotification) {
  constexpr int kRounds = 2000;
  uint64_t counter = 0;
  auto* lock_word = reinterpret_cast<uint32_t*>(instance_.base + 64);
  auto work = [&] {
    for (int i = 0; i < kRounds; ++i) {
      uint32_t expected = 0;
      if (!__atomic_compare_exchange_n(lock_word, &expected, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        while (__atomic_exchange_n(lock_word, 2, __ATOMIC_SEQ_CST) != 0) {
          memory_atomic_wait32(context_, instance_, 64, 2, kForever);
        }
      }
      ++counter;
      if (__atomic_exchange_n(lock_word, 0, __ATOMIC_SEQ_CST) == 2) notify(64, 1);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(counter, uint64_t{4} * kRounds);
  EXPECT_EQ(memory_->wait_queue().waiter_count(), 0u);
}

}  // namespace
}  // namespace arris::runtime
