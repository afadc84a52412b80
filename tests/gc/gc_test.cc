// The garbage collector under real programs (gc.wat): bounded, exact, without native recursion, and its end a clean trap.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

struct World {
  explicit World(uint64_t max_heap_bytes, bool zeal = false)
      : engine(make_config(max_heap_bytes, zeal)),
        store(engine),
        instance(instantiate(api::Linker(engine), store, compile_file(engine, "gc/gc.wat"))) {}
  static api::Config make_config(uint64_t max_heap_bytes, bool zeal) {
    api::Config config = base_config();
    config.limits.max_heap_bytes = max_heap_bytes;
    config.heap_zeal = zeal;
    return config;
  }
  std::expected<std::vector<api::Val>, api::Trap> call(const char* name, std::vector<api::Val> arguments = {}) {
    return func(instance, name).call(arguments);
  }
  // The only result, as an i32; fails the test when it trapped.
  int64_t number(const char* name, std::vector<api::Val> arguments = {}) {
    auto results = call(name, std::move(arguments));
    if (!results) {
      ADD_FAILURE() << name << ": " << results.error().message();
      return -1;
    }
    if (results->empty()) return 0;
    const api::Val& result = results->front();
    return result.type() == api::kI64 ? result.i64() : result.i32();
  }

  api::Engine engine;
  api::Store store;
  api::Instance instance;
};

TEST(GcStress, ABillionBytesOfShortLivedStructsUnder32MiB) {
  World world(32 * kMiB);
  static constexpr int64_t kRecords = int64_t{16'000'000} / kScale;
  EXPECT_EQ(world.number("churn", {kRecords}), 0);
  api::HeapStats stats = world.store.heap_stats();
  EXPECT_GE(stats.allocated_bytes, uint64_t{1'000'000'000} / kScale);
  EXPECT_EQ(stats.allocated_objects, static_cast<uint64_t>(kRecords));
  EXPECT_GT(stats.collections, 0u);
  EXPECT_EQ(stats.limit_bytes, 32 * kMiB);
  EXPECT_LE(stats.peak_used_bytes, 32 * kMiB);
  // 1024 records of 64 bytes live: far less than the limit has to be in use after a collection.
  world.store.collect();
  EXPECT_LE(world.store.heap_stats().live_bytes, kMiB);
}

TEST(GcStress, ArraysOfEverySizeUnder4MiB) {
  World world(4 * kMiB);
  EXPECT_EQ(world.number("churn_arrays", {100'000 / kScale}), 0);
  api::HeapStats stats = world.store.heap_stats();
  EXPECT_GE(stats.allocated_bytes, uint64_t{1'000'000'000} / kScale);
  EXPECT_LE(stats.peak_used_bytes, 4 * kMiB);
}

TEST(GcStress, TheProcessDoesNotGrowWhileItAllocates) {
  World world(4 * kMiB);
  world.number("churn", {int64_t{100'000}});
  uint64_t before = resident_bytes();
  world.number("churn", {int64_t{4'000'000} / kScale});
  uint64_t after = resident_bytes();
  EXPECT_LE(after, before + (kSanitized ? 64 : 8) * kMiB);
}

TEST(GcStress, TenMillionNodesInAListSurviveOnASmallNativeStack) {
  static constexpr int32_t kNodes = 10'000'000 / kScale;
  on_thread_with_stack(kSmallStack, [&] {
    World world(1024 * kMiB);
    world.number("make_list", {kNodes});
    world.store.collect();
    EXPECT_GE(world.store.heap_stats().live_bytes, uint64_t{kNodes} * 24);
    EXPECT_EQ(world.number("good_nodes", {kNodes}), kNodes);
    world.number("drop_list");
    world.store.collect();
    EXPECT_LE(world.store.heap_stats().live_bytes, kMiB);
  });
}

TEST(GcStress, ATreeAMillionDeepSurvivesOnASmallNativeStack) {
  static constexpr int32_t kDepth = 1'000'000 / kScale;
  on_thread_with_stack(kSmallStack, [&] {
    World world(256 * kMiB);
    world.number("make_tree", {kDepth});
    world.store.collect();
    EXPECT_EQ(world.number("tree_depth"), kDepth);
    world.store.collect();
    EXPECT_EQ(world.number("tree_depth"), kDepth);
  });
}

TEST(GcStress, WideAndDeepAtOnceSurvives) {
  static constexpr int32_t kWidth = 100'000 / kScale;
  static constexpr int64_t kLength = 10;
  on_thread_with_stack(kSmallStack, [&] {
    World world(64 * kMiB);
    world.number("make_wide", {kWidth, static_cast<int32_t>(kLength)});
    world.store.collect();
    EXPECT_EQ(world.number("wide_sum"), kWidth * (kLength * (kLength + 1) / 2));
  });
}

TEST(GcStress, RootsInFramesOfADeepStack) {
  World world(4 * kMiB);
  EXPECT_EQ(world.number("deep_roots", {20'000}), 0);
  EXPECT_GT(world.store.heap_stats().collections, 0u);
}

TEST(GcStress, ExceptionPayloadsSurviveACollectionAtEveryAllocation) {
  World world(4 * kMiB, /*zeal=*/true);
  static constexpr int32_t kCount = 1000;
  EXPECT_EQ(world.number("exceptions", {kCount}), kCount * (kCount + 1) / 2);
  EXPECT_GE(world.store.heap_stats().collections, static_cast<uint64_t>(kCount));
}

TEST(GcStress, RootsInFramesUnderZeal) {
  World world(4 * kMiB, /*zeal=*/true);
  static constexpr int32_t kCount = 300;
  EXPECT_EQ(world.number("make_list", {kCount}), 0);
  EXPECT_EQ(world.number("good_nodes", {kCount}), kCount);
  EXPECT_EQ(world.number("make_tree", {kCount}), 0);
  EXPECT_EQ(world.number("tree_depth"), kCount);
  EXPECT_EQ(world.number("churn", {int64_t{5000}}), 0);
}

// --- references held by the host ---

TEST(GcHost, ReferencesSurviveAndKeepTheirIdentity) {
  World world(8 * kMiB);
  std::vector<api::Ref> held;
  for (int32_t i = 0; i < 1000; ++i) {
    auto box = world.call("box", {i});
    ASSERT_TRUE(box);
    held.push_back(box->front().ref());
    ASSERT_TRUE(world.call("box", {-1}));  // garbage beside it
  }
  std::vector<api::Ref> copies = held;
  held.clear();
  EXPECT_EQ(world.number("churn", {int64_t{1'000'000} / kScale}), 0);
  world.store.collect();
  for (int32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(world.number("unbox", {copies[i]}), i);
    EXPECT_EQ(copies[i].get(0)->i32(), i);
    ASSERT_TRUE(world.call("set_box", {copies[i], i + 1}));
  }
  world.store.collect();
  for (int32_t i = 0; i < 1000; ++i) EXPECT_EQ(copies[i].get(0)->i32(), i + 1);
  EXPECT_TRUE(copies[0] == api::Ref(copies[0]));
  EXPECT_FALSE(copies[0] == copies[1]);
}

TEST(GcHost, WhatTheHostLetsGoIsCollected) {
  World world(64 * kMiB);
  std::vector<api::Ref> held;
  for (int32_t i = 0; i < 10'000; ++i) held.push_back(world.call("box", {i})->front().ref());
  world.store.collect();
  uint64_t with_them = world.store.heap_stats().live_bytes;
  EXPECT_GE(with_them, 10'000u * 16);
  held.clear();
  world.store.collect();
  EXPECT_LE(world.store.heap_stats().live_bytes, with_them / 10);
}

TEST(GcHost, HostValuesSurvive) {
  World world(8 * kMiB);
  auto value = api::Ref::host(world.store, uint64_t{0x1234'5678'9ABC});
  ASSERT_TRUE(value);
  EXPECT_EQ(world.number("churn", {int64_t{200'000}}), 0);
  world.store.collect();
  EXPECT_EQ(value->host_value(), 0x1234'5678'9ABCu);
}

// --- exhaustion ---

class GcExhaustion : public ::testing::TestWithParam<const char*> {};

TEST_P(GcExhaustion, TrapsAndTheStoreGoesOn) {
  World world(4 * kMiB);
  auto held = world.call("box", {77})->front().ref();
  for (int round = 0; round < 3; ++round) {
    auto filled = world.call(GetParam());
    ASSERT_FALSE(filled);
    EXPECT_EQ(filled.error().code(), api::TrapCode::gc_heap_exhausted);
    EXPECT_EQ(filled.error().message(), "out of memory: garbage-collected heap exhausted");
    EXPECT_LE(world.store.heap_stats().peak_used_bytes, 4 * kMiB);
    world.number("drop_list");
    EXPECT_EQ(world.number("churn", {int64_t{200'000}}), 0);
    EXPECT_EQ(world.number("unbox", {held}), 77);
  }
}
INSTANTIATE_TEST_SUITE_P(Ways, GcExhaustion, ::testing::Values("fill_heap", "fill_heap_with_arrays", "huge_array"));

TEST(GcExhaustion, AHeapTooSmallForAnythingTraps) {
  for (uint64_t limit : {uint64_t{0}, uint64_t{1}, uint64_t{4096}, 64 * uint64_t{1024}}) {
    World world(limit);
    auto filled = world.call("fill_heap");
    ASSERT_FALSE(filled);
    EXPECT_EQ(filled.error().code(), api::TrapCode::gc_heap_exhausted);
  }
}

}  // namespace
}  // namespace arris::test
