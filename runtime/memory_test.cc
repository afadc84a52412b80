#include "runtime/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using test::memory_type;
using test::unbounded_memory_type;

constexpr uint64_t kPage = limits::kWasmPageBytes;

uint64_t size_of(Memory& memory) { return memory.instance().size_bytes.load(); }

TEST(Memory, StartsAtItsMinimumZeroedAndWritable) {
  auto memory = Memory::create(memory_type(2, 10));
  ASSERT_TRUE(memory);
  EXPECT_EQ(size_of(*memory), 2 * kPage);
  uint8_t* base = memory->instance().base;
  EXPECT_EQ(base[0], 0);
  base[2 * kPage - 1] = 7;
  EXPECT_EQ(base[2 * kPage - 1], 7);
}

TEST(Memory, GrowsInPlaceUpToItsMaximum) {
  auto memory = Memory::create(memory_type(1, 4));
  uint8_t* base = memory->instance().base;
  base[kPage - 1] = 42;
  EXPECT_EQ(memory->grow(2), 1u);
  EXPECT_EQ(memory->instance().base, base);
  EXPECT_EQ(base[kPage - 1], 42);
  EXPECT_EQ(base[3 * kPage - 1], 0);
  base[3 * kPage - 1] = 1;
  EXPECT_EQ(memory->grow(2), kGrowFailed);
  EXPECT_EQ(memory->grow(0), 3u);
  EXPECT_EQ(memory->grow(1), 3u);
  EXPECT_EQ(memory->grow(1), kGrowFailed);
  EXPECT_EQ(memory->grow(0), 4u);
}

TEST(Memory, GrowthByHugeDeltasFailsWithoutOverflow) {
  auto memory = Memory::create(unbounded_memory_type(1));
  for (uint64_t delta : {~uint64_t{0}, uint64_t{1} << 63, (uint64_t{1} << 48), uint64_t{65'536}}) {
    EXPECT_EQ(memory->grow(delta), kGrowFailed) << delta;
  }
  EXPECT_EQ(size_of(*memory), kPage);
}

TEST(Memory, GrowthRespectsTheCallersLimit) {
  auto memory = Memory::create(unbounded_memory_type(1));
  EXPECT_EQ(memory->grow(3, 3), kGrowFailed);
  EXPECT_EQ(memory->grow(2, 3), 1u);
  EXPECT_EQ(memory->grow(1, 2), kGrowFailed);  // already beyond it
}

TEST(Memory, ThirtyTwoBitMemoryReservesAllThatItsAccessesReach) {
  auto memory = Memory::create(memory_type(1, 2));
  EXPECT_EQ(memory->instance().reserved_bytes, kMemory32ReservationBytes);
  EXPECT_EQ(memory->instance().guard_bytes, kMemory32GuardBytes);
}

TEST(Memory, ReachesFourGibibytes) {
  auto memory = Memory::create(unbounded_memory_type(0));
  EXPECT_EQ(memory->grow(65'536), 0u);
  EXPECT_EQ(size_of(*memory), uint64_t{1} << 32);
  memory->instance().base[(uint64_t{1} << 32) - 1] = 9;
  EXPECT_EQ(memory->grow(1), kGrowFailed);
}

TEST(Memory, OnePageIsOneByteWithCustomPageSize) {
  auto memory = Memory::create(memory_type(3, 70'000, false, 0));
  EXPECT_EQ(size_of(*memory), 3u);
  memory->instance().base[2] = 5;
  EXPECT_EQ(memory->grow(60'000), 3u);
  EXPECT_EQ(size_of(*memory), 60'003u);
  memory->instance().base[60'002] = 5;
  EXPECT_EQ(memory->grow(10'000), kGrowFailed);
  EXPECT_EQ(memory->type().page_size_log2, 0);
}

TEST(Memory, OneBytePagesOfA32BitMemoryStayBelowFourGibibytes) {
  auto memory = Memory::create(unbounded_memory_type(0, AddressType::i32, 0));
  EXPECT_EQ(memory->grow(uint64_t{1} << 32), kGrowFailed);
  EXPECT_EQ(memory->grow(0xFFFF'FFFF), 0u);
}

TEST(Memory, SixtyFourBitMemoryGrowsToTheCap) {
  auto memory = Memory::create(unbounded_memory_type(1, AddressType::i64));
  ASSERT_TRUE(memory);
  EXPECT_TRUE(memory->instance().is_64);
  uint64_t reserved_pages = memory->instance().reserved_bytes / kPage;
  EXPECT_LE(reserved_pages, limits::kMaxMemory64Pages);
  EXPECT_EQ(memory->grow(reserved_pages - 1), 1u);
  EXPECT_EQ(memory->grow(1), kGrowFailed);
}

TEST(Memory, SixtyFourBitMaximumBeyondTheCapIsKeptForMatching) {
  auto memory = Memory::create(memory_type(0, uint64_t{1} << 40, false, 16, AddressType::i64));
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->type().limits.max, uint64_t{1} << 40);
  EXPECT_EQ(memory->grow(limits::kMaxMemory64Pages + 1), kGrowFailed);
}

TEST(Memory, RefusesMinimaBeyondTheCap) {
  EXPECT_FALSE(Memory::create(unbounded_memory_type(limits::kMaxMemory64Pages + 1, AddressType::i64)));
  EXPECT_FALSE(Memory::create(unbounded_memory_type(uint64_t{1} << 48, AddressType::i64)));
  EXPECT_FALSE(Memory::create(unbounded_memory_type(~uint64_t{0}, AddressType::i64, 0)));
}

TEST(Memory, TypeTellsCurrentSizeAndDeclaredMaximum) {
  auto bounded = Memory::create(memory_type(1, 9, true));
  bounded->grow(2);
  MemoryType type = bounded->type();
  EXPECT_EQ(type.limits, (Limits{3, 9, true, AddressType::i32}));
  EXPECT_TRUE(type.shared);
  EXPECT_FALSE(Memory::create(unbounded_memory_type(1))->type().limits.has_max);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ARRIS_SANITIZED_ADDRESS_SPACE
#endif
#endif
#ifndef ARRIS_SANITIZED_ADDRESS_SPACE
TEST(Memory, MakesDoWithLessAddressSpace) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit small = before;
  small.rlim_cur = uint64_t{1} << 30;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &small), 0);
  auto bounded = Memory::create(memory_type(1, 100));
  auto unbounded = Memory::create(unbounded_memory_type(1));
  auto too_large = Memory::create(unbounded_memory_type(65'536));
  setrlimit(RLIMIT_AS, &before);

  ASSERT_TRUE(bounded);
  EXPECT_EQ(bounded->instance().guard_bytes, 0u);
  EXPECT_EQ(bounded->grow(99), 1u);
  ASSERT_TRUE(unbounded);
  EXPECT_GE(unbounded->instance().reserved_bytes, uint64_t{128} << 20);
  EXPECT_EQ(unbounded->grow(65'535), kGrowFailed);
  EXPECT_EQ(unbounded->grow(10), 1u);
  EXPECT_FALSE(too_large);
}
#endif

TEST(Memory, ConcurrentGrowthLosesNothing) {
  auto memory = Memory::create(memory_type(0, 400, true));
  std::vector<std::thread> threads;
  std::atomic<uint64_t> grown{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      uint64_t last = 0;
      for (int i = 0; i < 150; ++i) {
        uint64_t old = memory->grow(1);
        if (old == kGrowFailed) continue;
        ++grown;
        EXPECT_GE(old, last);
        last = old;
        memory->instance().base[old * kPage] = 1;  // this page is this thread's alone
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(grown.load(), 400u);
  EXPECT_EQ(size_of(*memory), 400 * kPage);
  for (uint64_t i = 0; i < 400; ++i) EXPECT_EQ(memory->instance().base[i * kPage], 1);
}

TEST(MemoryBulk, FillIsAllOrNothing) {
  auto memory = Memory::create(memory_type(1, 1));
  MemoryInstance& m = memory->instance();
  EXPECT_EQ(memory_fill(m, kPage - 4, 0xAB, 4), TrapCode::none);
  EXPECT_EQ(m.base[kPage - 1], 0xAB);
  EXPECT_EQ(memory_fill(m, kPage - 4, 0xCD, 5), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(m.base[kPage - 4], 0xAB);
  EXPECT_EQ(memory_fill(m, kPage, 0, 0), TrapCode::none);
  EXPECT_EQ(memory_fill(m, kPage + 1, 0, 0), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_fill(m, ~uint64_t{0}, 0, 2), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_fill(m, 1, 0, ~uint64_t{0}), TrapCode::out_of_bounds_memory_access);
}

TEST(MemoryBulk, CopyHandlesOverlapAndBounds) {
  auto memory = Memory::create(memory_type(1, 1));
  MemoryInstance& m = memory->instance();
  for (int i = 0; i < 8; ++i) m.base[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(memory_copy(m, 2, m, 0, 6), TrapCode::none);
  const uint8_t forward[] = {0, 1, 0, 1, 2, 3, 4, 5};
  EXPECT_EQ(std::memcmp(m.base, forward, 8), 0);
  EXPECT_EQ(memory_copy(m, 0, m, 2, 6), TrapCode::none);
  const uint8_t back[] = {0, 1, 2, 3, 4, 5, 4, 5};
  EXPECT_EQ(std::memcmp(m.base, back, 8), 0);
  EXPECT_EQ(memory_copy(m, kPage - 1, m, 0, 2), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_copy(m, 0, m, kPage - 1, 2), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_copy(m, kPage, m, kPage, 0), TrapCode::none);
}

// Longer than a piece of the implementation, overlapping either way, and at distances shorter and longer than a piece.
TEST(MemoryBulk, LongCopiesKeepWhatTheyOverlap) {
  constexpr uint64_t kMegabyte = 1 << 20, kCount = 20 * kMegabyte;
  auto memory = Memory::create(memory_type(40 * kMegabyte / kPage, 40 * kMegabyte / kPage));
  MemoryInstance& m = memory->instance();
  auto value_at = [](uint64_t i) { return static_cast<uint32_t>(i * 2654435761u); };
  for (auto [to, from] : {std::pair<uint64_t, uint64_t>{4, 0}, {0, 4}, {12 * kMegabyte, 0}, {0, 12 * kMegabyte}}) {
    auto* source = reinterpret_cast<uint32_t*>(m.base + from);
    for (uint64_t i = 0; i < kCount / 4; ++i) source[i] = value_at(i);
    ASSERT_EQ(memory_copy(m, to, m, from, kCount), TrapCode::none);
    auto* copied = reinterpret_cast<uint32_t*>(m.base + to);
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < kCount / 4; ++i) wrong += copied[i] != value_at(i);
    EXPECT_EQ(wrong, 0u) << to << " " << from;
  }
  ASSERT_EQ(memory_fill(m, 1, 7, kCount), TrapCode::none);
  EXPECT_EQ(std::count(m.base + 1, m.base + 1 + kCount, 7), static_cast<int64_t>(kCount));
  EXPECT_NE(m.base[kCount + 1], 7);
}

TEST(MemoryBulk, LongOperationsStopWhenAsked) {
  auto memory = Memory::create(memory_type(64 << 4, 64 << 4));
  MemoryInstance& m = memory->instance();
  ExecutionContext running = {};
  running.interrupt = kInterruptStop;
  EXPECT_EQ(memory_fill(m, 0, 7, 60 << 20, &running), TrapCode::interrupted);
  EXPECT_EQ(m.base[(60 << 20) - 1], 0);
  EXPECT_EQ(memory_copy(m, 1, m, 0, 60 << 20, &running), TrapCode::interrupted);
  EXPECT_EQ(memory_fill(m, 0, 7, 100, &running), TrapCode::none);  // short ones are not asked
  running.interrupt = kInterruptFuel;
  EXPECT_EQ(memory_fill(m, 0, 7, 60 << 20, &running), TrapCode::none);
}

TEST(MemoryBulk, InitReadsTheSegmentUntilItIsDropped) {
  auto memory = Memory::create(memory_type(1, 1));
  MemoryInstance& m = memory->instance();
  const uint8_t bytes[] = {1, 2, 3};
  DataInstance data{bytes, 3};
  EXPECT_EQ(memory_init(m, 10, data, 1, 2), TrapCode::none);
  EXPECT_EQ(m.base[11], 3);
  EXPECT_EQ(memory_init(m, 10, data, 1, 3), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory_init(m, kPage - 1, data, 0, 2), TrapCode::out_of_bounds_memory_access);
  data_drop(data);
  EXPECT_EQ(memory_init(m, 10, data, 0, 0), TrapCode::none);
  EXPECT_EQ(memory_init(m, 10, data, 0, 1), TrapCode::out_of_bounds_memory_access);
}

}  // namespace
}  // namespace arris::runtime
