// Eight host threads, a Store each, one shared memory (threads.wat): exact, over a hundred runs. Meant for ThreadSanitizer, too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

constexpr int kThreads = 8;
constexpr int kRuns = 100;

class Threads : public ::testing::Test {
 protected:
  Threads() : engine_(make_config()), module_(compile_file(engine_, "threads/threads.wat")) {}
  static api::Config make_config() {
    api::Config config = base_config();
    config.features = api::Features::command_line_default();
    return config;
  }
  api::SharedMemory fresh_memory() const {
    auto type = std::get<api::MemoryType>(module_.imports().at(0).type.variant());
    auto memory = api::SharedMemory::create(engine_, type);
    if (!memory) give_up(memory.error().to_string());
    return *memory;
  }
  // Calls `work(thread, instance)` on every thread at once, each with the module instantiated in a Store of its own.
  template <class Work>
  void run(const api::SharedMemory& memory, Work work) const {
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        api::Store store(engine_);
        api::Linker linker(engine_);
        linker.define("env", "memory", memory);
        api::Instance instance = instantiate(linker, store, module_);
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        work(i, instance);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  template <class T>
  static T at(const api::SharedMemory& memory, size_t address) {
    T value;
    std::memcpy(&value, memory.data().data() + address, sizeof value);
    return value;
  }

  api::Engine engine_;
  api::Module module_;
};

TEST_F(Threads, CountersLoseNothing) {
  constexpr int32_t kTimes = 1000 / (kSanitized ? 4 : 1);
  constexpr int32_t kAll = kTimes * kThreads;
  for (int r = 0; r < kRuns; ++r) {
    auto memory = fresh_memory();
    run(memory, [](int, const api::Instance& instance) { EXPECT_TRUE(func(instance, "count").call({kTimes})); });
    ASSERT_EQ(at<uint32_t>(memory, 0), uint32_t{kAll});
    ASSERT_EQ(at<int64_t>(memory, 8), -3 * int64_t{kAll});
    ASSERT_EQ(at<uint8_t>(memory, 16), kAll & 0xFF);
    ASSERT_EQ(at<uint8_t>(memory, 17), 0);
    ASSERT_EQ(at<uint16_t>(memory, 18), kAll & 0xFFFF);
    ASSERT_EQ(at<uint32_t>(memory, 20), 0u);
    ASSERT_EQ(at<int64_t>(memory, 24), 7 * int64_t{kAll});
  }
}

TEST_F(Threads, TheMutexKeepsPlainAccessesApart) {
  constexpr int32_t kTimes = 500 / (kSanitized ? 4 : 1);
  constexpr int32_t kAll = kTimes * kThreads;
  for (int r = 0; r < kRuns; ++r) {
    auto memory = fresh_memory();
    run(memory,
        [](int, const api::Instance& instance) { EXPECT_TRUE(func(instance, "count_under_mutex").call({kTimes})); });
    ASSERT_EQ(at<int32_t>(memory, 128), kAll);
    ASSERT_EQ(at<int64_t>(memory, 136), kAll * 0x1'0000'0001);
    ASSERT_EQ(at<int32_t>(memory, 64), 0);
  }
}

TEST_F(Threads, TheQueueDeliversEachItemOnce) {
  constexpr int32_t kItems = 200;  // per producer
  constexpr int kProducers = kThreads / 2;
  for (int r = 0; r < kRuns; ++r) {
    auto memory = fresh_memory();
    std::atomic<int64_t> sum = 0;
    run(memory, [&](int thread, const api::Instance& instance) {
      if (thread < kProducers) {
        EXPECT_TRUE(func(instance, "produce").call({thread * kItems, kItems}));
      } else {
        auto mine = func(instance, "consume").call({kItems});
        ASSERT_TRUE(mine);
        sum += mine->front().i64();
      }
    });
    constexpr int64_t kAll = int64_t{kItems} * kProducers;
    ASSERT_EQ(sum, kAll * (kAll - 1) / 2);
    for (size_t item = 0; item < kAll; ++item) ASSERT_EQ(at<int32_t>(memory, 4096 + 4 * item), 1) << item;
    ASSERT_EQ(at<uint32_t>(memory, 196), kAll);
    ASSERT_EQ(at<uint32_t>(memory, 200), kAll);
  }
}

TEST_F(Threads, BarriersLetNobodyAhead) {
  constexpr int32_t kRounds = 20;
  for (int r = 0; r < kRuns / 4; ++r) {
    auto memory = fresh_memory();
    run(memory, [](int, const api::Instance& instance) {
      auto wrong = func(instance, "barriers").call({kThreads, kRounds});
      ASSERT_TRUE(wrong);
      EXPECT_EQ(wrong->front().i32(), 0);
    });
    ASSERT_EQ(at<int32_t>(memory, 232), kThreads * kRounds);
  }
}

TEST_F(Threads, AMemoryGrowsUnderRunningThreads) {
  for (int r = 0; r < kRuns; ++r) {
    auto memory = fresh_memory();
    constexpr int32_t kTimes = 300;
    run(memory, [](int thread, const api::Instance& instance) {
      if (thread < 3) {  // two of three growths fit the maximum
        EXPECT_TRUE(func(instance, "grow").call({}));
      } else {
        auto smaller = func(instance, "touch_end").call({kTimes});
        ASSERT_TRUE(smaller);
        EXPECT_EQ(smaller->front().i32(), 0);
      }
    });
    ASSERT_EQ(memory.size_pages(), 4u);
    int32_t touches = 0;
    for (size_t page = 2; page <= 4; ++page) touches += at<int32_t>(memory, page * 65536 - 4);
    ASSERT_EQ(touches, kTimes * (kThreads - 3));
  }
}

}  // namespace
}  // namespace arris::test
