// What comes out of a pool is as new, whatever was done with it before; and how the pool behaves.
#include "arris/instance_pool.h"

#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::compile;
using testing::full_config;

// Everything an embedder can see of an instance: sizes and contents of what it exports.
std::string describe(const Instance& instance) {
  std::string out;
  auto add = [&](auto value) { out += std::to_string(value) + " "; };
  auto add_ref = [&](const Ref& ref) {
    if (ref.is_null()) return (void)(out += "null ");
    if (ref.is_i31()) return (void)(out += "i31 " + std::to_string(ref.i31_s()) + " ");
    if (ref.is_func()) return (void)(out += "func ");
    out += "object(";
    for (uint32_t i = 0; i < ref.length(); ++i) add(ref.get(i)->u64());
    out += ") ";
  };
  for (uint32_t i = 0; i < instance.export_count(); ++i) {
    Extern value = instance.export_at(i);
    if (const auto* memory = std::get_if<Memory>(&value.variant())) {
      uint64_t hash = 14695981039346656037u;
      for (uint8_t byte : memory->data()) hash = (hash ^ byte) * 1099511628211u;
      out += "memory ", add(memory->size_pages()), add(hash);
    } else if (const auto* table = std::get_if<Table>(&value.variant())) {
      out += "table ", add(table->size());
      for (uint64_t k = 0; k < table->size(); ++k) add_ref(*table->get(k));
    } else if (const auto* global = std::get_if<Global>(&value.variant())) {
      Val now = global->get();
      out += "global ";
      if (now.type().is_ref()) {
        add_ref(now.ref());
      } else {
        auto halves = std::bit_cast<std::array<uint64_t, 2>>(now.v128());
        add(halves[0]), add(halves[1]);
      }
    }
  }
  return out;
}

class InstancePoolTest : public ::testing::Test {
 protected:
  explicit InstancePoolTest(const Config& config = every_feature()) : engine(config), linker(engine) {}
  static Config every_feature() {
    Config config = full_config();
    config.features = config.features.with(Feature::custom_page_sizes);
    return config;
  }

  InstancePool pool(std::string_view text, const PoolOptions& options = {}) {
    return InstancePool(linker, compile(engine, text), options);
  }
  static PooledInstance acquire(const InstancePool& pool) {
    auto lease = pool.acquire();
    if (!lease) {
      std::fprintf(stderr, "%s\n", lease.error().to_string().c_str());
      std::abort();
    }
    return std::move(*lease);
  }
  static std::expected<std::vector<Val>, Trap> call(const PooledInstance& lease, std::string_view name,
                                                    std::vector<Val> arguments = {}) {
    return lease.instance().func(name)->call(arguments);
  }
  static int32_t result(const PooledInstance& lease, std::string_view name, std::vector<Val> arguments = {}) {
    auto results = call(lease, name, std::move(arguments));
    EXPECT_TRUE(results) << results.error().to_string();
    return results && !results->empty() ? (*results)[0].i32() : -1;
  }

  // `spoil` does its worst to an instance; the next one must be one that was used, and look and behave like the first.
  void expect_as_new(
      std::string_view text, const std::function<void(const PooledInstance&)>& spoil,
      const std::function<void(const PooledInstance&)>& inspect = [](const PooledInstance&) {},
      const PoolOptions& options = {}) {
    InstancePool instances = pool(text, options);
    std::string fresh;
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(instances.idle(), round == 0 ? 0u : 1u) << "round " << round;
      PooledInstance lease = acquire(instances);
      if (round == 0) fresh = describe(lease.instance());
      EXPECT_EQ(describe(lease.instance()), fresh) << "round " << round;
      inspect(lease);
      spoil(lease);
    }
    EXPECT_EQ(instances.idle(), 1u) << "it was not reused at all";
  }

  Engine engine;
  Linker linker;
};

// --- as new ---

TEST_F(InstancePoolTest, MemoryHasItsFirstSizeAndContents) {
  constexpr std::string_view kText = R"((module
    (memory (export "m") 3 20)
    (data (i32.const 10) "ten") (data (i32.const 131080) "beyond what is kept")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))))";
  auto spoil = [](const PooledInstance& lease) {
    EXPECT_EQ(result(lease, "grow", {5}), 3);
    for (uint8_t& byte : lease.instance().memory("m")->data()) byte ^= 0xA5;
  };
  auto inspect = [](const PooledInstance& lease) { EXPECT_EQ(result(lease, "size"), 3); };
  expect_as_new(kText, spoil, inspect);
  expect_as_new(kText, spoil, inspect, {.keep_memory_bytes = 0});
  expect_as_new(kText, spoil, inspect, {.keep_memory_bytes = 70'000});
  expect_as_new(kText, spoil, inspect, {.keep_memory_bytes = ~uint64_t{0}});
}

TEST_F(InstancePoolTest, MemoryThatWasGrownCanGrowAgainAndIsZeroThere) {
  expect_as_new(
      R"((module (memory (export "m") 0 4)
           (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
           (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))))",
      [](const PooledInstance& lease) {
        EXPECT_EQ(result(lease, "grow", {4}), 0);
        EXPECT_EQ(result(lease, "grow", {1}), -1);
        EXPECT_EQ(result(lease, "peek", {200'000}), 0);
        for (uint8_t& byte : lease.instance().memory("m")->data()) byte = 0xFF;
      },
      [](const PooledInstance& lease) {
        auto beyond = call(lease, "peek", {0});
        ASSERT_FALSE(beyond);
        EXPECT_EQ(beyond.error().code(), TrapCode::out_of_bounds_memory_access);
      });
}

TEST_F(InstancePoolTest, MuchDataComesBackFromItsImage) {
  std::string text = "(module (memory (export \"m\") 8 9) (data (i32.const 65530) \"";
  for (int i = 0; i < 20'000; ++i) text += "0123456789";
  text += R"(") (data (i32.const 70000) "later segments overwrite earlier ones") (data $p "passive")
    (func (export "init") (memory.init $p (i32.const 0) (i32.const 0) (i32.const 7)))
    (func (export "init_active") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "drop") (data.drop $p))))";
  for (uint64_t keep : {uint64_t{0}, uint64_t{64} << 10, uint64_t{300'000}, ~uint64_t{0}}) {
    expect_as_new(
        text,
        [](const PooledInstance& lease) {
          EXPECT_TRUE(call(lease, "init"));
          EXPECT_TRUE(call(lease, "drop"));
          EXPECT_EQ(result(lease, "grow", {1}), 8);
          for (uint8_t& byte : lease.instance().memory("m")->data()) byte ^= 0xA5;
        },
        [](const PooledInstance& lease) {
          Memory memory = *lease.instance().memory("m");
          EXPECT_EQ(memory.load<uint8_t>(65529), 0);
          EXPECT_EQ(memory.text(65530, 12), "012345678901");
          EXPECT_EQ(memory.text(70000, 5), "later");
          EXPECT_EQ(memory.load<uint8_t>(265529), '9');
          EXPECT_EQ(memory.load<uint8_t>(265530), 0);
          EXPECT_FALSE(call(lease, "init_active")) << "an active segment is dropped";
        },
        {.keep_memory_bytes = keep});
  }
}

TEST_F(InstancePoolTest, MemoriesOfAllKinds) {
  expect_as_new(
      R"((module (memory (export "a") i64 1 5) (memory (export "b") 2) (memory (export "c") 70000 90000 (pagesize 1))
           (data (memory 0) (i64.const 5) "sixty-four") (data (memory 1) (i32.const 65536) "second")
           (data (memory 2) (i32.const 69990) "0123456789")
           (func (export "grow") (drop (memory.grow 0 (i64.const 1))) (drop (memory.grow 2 (i32.const 12345))))))",
      [](const PooledInstance& lease) {
        EXPECT_TRUE(call(lease, "grow"));
        for (const char* name : {"a", "b", "c"}) {
          for (uint8_t& byte : lease.instance().memory(name)->data()) byte = 0x5A;
        }
      });
}

TEST_F(InstancePoolTest, TablesHaveTheirFirstSizeAndElements) {
  expect_as_new(
      R"((module
        (table $t (export "t") 4 100 funcref) (elem (table $t) (i32.const 1) func $f $g)
        (table (export "u") 3 (ref null i31) (ref.i31 (i32.const 7)))
        (func $f (export "f") (result i32) (i32.const 1)) (func $g (result i32) (i32.const 2))
        (func (export "call") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
        (func (export "spoil")
          (table.set $t (i32.const 1) (ref.null func)) (table.set $t (i32.const 0) (ref.func $g))
          (drop (table.grow $t (ref.func $f) (i32.const 50)))
          (drop (table.grow 1 (ref.i31 (i32.const 9)) (i32.const 1000)))
          (table.set 1 (i32.const 2) (ref.null i31)))))",
      [](const PooledInstance& lease) { EXPECT_TRUE(call(lease, "spoil")); },
      [](const PooledInstance& lease) {
        EXPECT_EQ(result(lease, "call", {1}), 1);
        EXPECT_EQ(result(lease, "call", {2}), 2);
        EXPECT_EQ(call(lease, "call", {0}).error().code(), TrapCode::uninitialized_element);
        EXPECT_FALSE(call(lease, "call", {4}));
      });
}

TEST_F(InstancePoolTest, GlobalsHaveTheirFirstValues) {
  expect_as_new(
      R"((module
        (global $base i32 (i32.const 41)) (global (export "d") i32 (i32.add (global.get $base) (i32.const 1)))
        (global $a (export "a") (mut i32) (i32.const 7)) (global $b (export "b") (mut i64) (i64.const -1))
        (global $c (export "c") (mut f64) (f64.const 2.5)) (global $v (export "v") (mut v128) (v128.const i64x2 3 4))
        (func (export "spoil")
          (global.set $a (i32.const 8)) (global.set $b (i64.const 0)) (global.set $c (f64.const nan))
          (global.set $v (v128.const i64x2 0 -1)))))",
      [](const PooledInstance& lease) {
        EXPECT_TRUE(call(lease, "spoil"));
        EXPECT_TRUE(lease.instance().global("a")->set(Val(99)));
      });
}

TEST_F(InstancePoolTest, DroppedSegmentsAreThereAgain) {
  expect_as_new(
      R"((module (memory (export "m") 1) (table (export "t") 3 funcref)
        (data $d "data") (elem $e func $f $f) (elem declare func $f)
        (func $f)
        (func (export "use") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4))
                             (table.init $e (i32.const 0) (i32.const 0) (i32.const 2)))
        (func (export "drop") (data.drop $d) (elem.drop $e))))",
      [](const PooledInstance& lease) {
        EXPECT_TRUE(call(lease, "drop"));
        EXPECT_FALSE(call(lease, "use"));
      },
      [](const PooledInstance& lease) {
        EXPECT_TRUE(call(lease, "use"));
        for (uint64_t i = 0; i < 2; ++i) {
          EXPECT_TRUE(lease.instance().table("t")->set(i, Ref()));
          EXPECT_TRUE(lease.instance().memory("m")->store<uint32_t>(0, 0));
        }
      });
}

TEST_F(InstancePoolTest, GarbageCollectedObjectsAreMadeAnew) {
  expect_as_new(
      R"((module
        (type $s (struct (field (mut i32)) (field i32))) (type $a (array (mut i32)))
        (global $g (export "g") (mut (ref null $s)) (struct.new $s (i32.const 1) (i32.const 2)))
        (table $t (export "t") 2 (ref null $a) (array.new $a (i32.const 5) (i32.const 3)))
        (elem $e (ref null $s) (struct.new $s (i32.const 8) (i32.const 9)))
        (func (export "spoil")
          (struct.set $s 0 (global.get $g) (i32.const 100))
          (array.set $a (table.get $t (i32.const 0)) (i32.const 0) (i32.const 100))
          (drop (array.new_default $a (i32.const 100000)))
          (table.set $t (i32.const 1) (ref.null $a)) (elem.drop $e))
        (func (export "set_null") (global.set $g (ref.null $s)))))",
      [](const PooledInstance& lease) {
        Ref held = lease.instance().global("g")->get().ref();
        EXPECT_TRUE(call(lease, "spoil"));
        EXPECT_TRUE(call(lease, "set_null"));
        lease.store().set_data(&held);
        EXPECT_EQ(held.get(0)->i32(), 100);
      },
      [](const PooledInstance& lease) {
        EXPECT_EQ(lease.store().heap_stats().collections, 0u);
        EXPECT_EQ(lease.store().heap_stats().allocated_objects, 3u);
        EXPECT_EQ(lease.store().data<Ref>(), nullptr);
      });
}

TEST_F(InstancePoolTest, ReferencesThatOutliveTheirLeaseAreHarmless) {
  InstancePool instances = pool(R"((module (type $s (struct (field i32)))
    (global (export "g") (mut (ref null $s)) (struct.new $s (i32.const 1)))))");
  std::vector<Ref> held;
  for (int i = 0; i < 3; ++i) {
    PooledInstance lease = acquire(instances);
    held.push_back(lease.instance().global("g")->get().ref());
    held.push_back(*Ref::host(lease.store(), 7));
    lease.store().collect();
    EXPECT_EQ(lease.instance().global("g")->get().ref().get(0)->i32(), 1);
  }
  EXPECT_EQ(instances.idle(), 1u);
}

TEST_F(InstancePoolTest, StartFunctionRunsAtEveryUse) {
  int started = 0;
  linker.define_func("host", "started", [&started] { ++started; });
  expect_as_new(
      R"((module (import "host" "started" (func $s)) (memory (export "m") 1) (global $n (export "n") (mut i32) (i32.const 1))
      (func $start (call $s) (global.set $n (i32.add (global.get $n) (i32.const 1))) (i32.store (i32.const 4) (i32.const 77)))
      (start $start)))",
      [](const PooledInstance& lease) { lease.instance().memory("m")->data()[4] = 0; },
      [](const PooledInstance& lease) { EXPECT_EQ(lease.instance().global("n")->get().i32(), 2); });
  EXPECT_EQ(started, 3);
}

TEST_F(InstancePoolTest, TrapsExceptionsAndExhaustionLeaveNoTrace) {
  linker.define_func("host", "fail", []() -> std::expected<void, Trap> { return std::unexpected(Trap("refused")); });
  expect_as_new(
      R"((module (import "host" "fail" (func $fail)) (memory (export "m") 1) (tag $t (param i32))
        (global $depth (export "depth") (mut i32) (i32.const 0))
        (func (export "trap") (i32.store (i32.const 0) (i32.const -1)) (unreachable))
        (func (export "host") (i32.store (i32.const 0) (i32.const -1)) (call $fail))
        (func (export "throw") (i32.store (i32.const 9) (i32.const -1)) (throw $t (i32.const 3)))
        (func $deep (export "deep") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $deep))
        (func (export "works") (result i32) (i32.load (i32.const 0)))))",
      [](const PooledInstance& lease) {
        for (const char* name : {"trap", "host", "throw", "deep"}) EXPECT_FALSE(call(lease, name)) << name;
      },
      [](const PooledInstance& lease) { EXPECT_EQ(result(lease, "works"), 0); });
}

TEST_F(InstancePoolTest, ATrapInTheStartFunctionIsTheErrorAndTheNextUseIsClean) {
  bool fail = true;
  linker.define_func("host", "fail", [&fail]() -> std::expected<void, Trap> {
    if (fail) return std::unexpected(Trap("not now"));
    return {};
  });
  InstancePool instances = pool(R"((module (import "host" "fail" (func $fail)) (memory (export "m") 1)
             (func $s (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (call $fail)) (start $s)))");
  auto check = [&] {
    auto lease = instances.acquire();
    if (fail) {
      ASSERT_FALSE(lease);
      ASSERT_NE(lease.error().trap(), nullptr);
      EXPECT_EQ(lease.error().trap()->message(), "not now");
      EXPECT_FALSE(lease.error().trap()->frames().empty());
    } else {
      ASSERT_TRUE(lease);
      EXPECT_EQ(lease->instance().memory("m")->load<uint32_t>(0), 1u);
    }
  };
  check();
  fail = false;
  check();
  EXPECT_EQ(instances.idle(), 1u);
  fail = true;
  check();  // one that is reused
  EXPECT_EQ(instances.idle(), 0u);
  fail = false;
  check();
}

TEST_F(InstancePoolTest, AnExceptionOutOfTheStartFunctionCanBeLookedAt) {
  InstancePool instances = pool("(module (tag $t (param i32)) (func $s (throw $t (i32.const 3))) (start $s))");
  for (int i = 0; i < 2; ++i) {
    auto lease = instances.acquire();
    ASSERT_FALSE(lease);
    ASSERT_NE(lease.error().trap(), nullptr);
    EXPECT_TRUE(lease.error().trap()->is_exception());
    EXPECT_FALSE(lease.error().to_string().empty());
  }
}

// --- the store ---

class FueledPoolTest : public InstancePoolTest {
 protected:
  static Config fueled() {
    Config config = full_config();
    config.fuel = true;
    return config;
  }
  FueledPoolTest() : InstancePoolTest(fueled()) {}
};

TEST_F(FueledPoolTest, FuelBelongsToOneUse) {
  InstancePool instances = pool("(module (func (export \"f\")) (func $s) (start $s))");
  auto first = instances.acquire([](StoreRef store) { store.set_fuel(1000); });
  ASSERT_TRUE(first);
  EXPECT_GT(*first->store().fuel(), 900u);
  EXPECT_TRUE(call(*first, "f"));
  { PooledInstance gone = std::move(*first); }
  ASSERT_EQ(instances.idle(), 1u);
  auto empty = instances.acquire();
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().trap()->code(), TrapCode::out_of_fuel);
}

TEST_F(InstancePoolTest, InterruptsAndWakersBelongToOneUse) {
  InstancePool instances = pool("(module (func (export \"f\") (result i32) (loop) (i32.const 1)))");
  std::optional<InterruptHandle> old;
  int woken = 0;
  {
    PooledInstance lease = acquire(instances);
    old = lease.store().interrupt_handle();
    lease.store().set_waker([](void* n) { ++*static_cast<int*>(n); }, &woken);
    old->interrupt();
    EXPECT_FALSE(call(lease, "f"));
    EXPECT_EQ(woken, 1);
  }
  PooledInstance lease = acquire(instances);
  EXPECT_FALSE(lease.store().interrupted());
  old->interrupt();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(result(lease, "f"), 1);
  lease.store().interrupt_handle().interrupt();
  EXPECT_FALSE(call(lease, "f"));
}

TEST_F(InstancePoolTest, PreparationComesBeforeTheGuest) {
  struct Request {
    int number;
  };
  linker.define_func("host", "number", [](Caller& caller) { return caller.data<Request>()->number; });
  InstancePool instances = pool(R"((module (import "host" "number" (func $n (result i32)))
    (global $g (export "g") (mut i32) (i32.const 0)) (func $s (global.set $g (call $n))) (start $s)))");
  for (int i = 1; i <= 3; ++i) {
    Request request{i};
    auto lease = instances.acquire([&request](StoreRef store) { store.set_data(&request); });
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->instance().global("g")->get().i32(), i);
  }
}

TEST_F(InstancePoolTest, AStoreInWhichMoreWasMadeIsNotReused) {
  InstancePool instances = pool("(module (memory (export \"m\") 1) (func (export \"f\")))");
  Module other = compile(engine, "(module (memory 1))");
  std::vector<std::function<void(StoreRef)>> makers = {
      [](StoreRef store) { ASSERT_TRUE(Memory::create(store, {.limits = {1, 1, true}})); },
      [](StoreRef store) { Func::wrap(store, [] {}); },
      [&](StoreRef store) { ASSERT_TRUE(Instance::create(store, other, {})); },
      [](StoreRef store) { ASSERT_TRUE(Global::create(store, {kI32, true}, Val(1))); },
  };
  for (const auto& make : makers) {
    make(acquire(instances).store());
    EXPECT_EQ(instances.idle(), 0u);
    { ASSERT_TRUE(instances.acquire(make)); }
    EXPECT_EQ(instances.idle(), 0u);
  }
}

TEST_F(InstancePoolTest, SharedMemoryOfItsOwnIsNeverReusedAndAnImportedOneStays) {
  InstancePool own = pool("(module (memory (export \"m\") 1 2 shared))");
  { PooledInstance lease = acquire(own); }
  EXPECT_EQ(own.idle(), 0u);

  auto shared = SharedMemory::create(engine, {.limits = {1, 3, true}, .shared = true});
  ASSERT_TRUE(shared);
  linker.define("host", "memory", *shared);
  InstancePool importing = pool(R"((module (import "host" "memory" (memory 1 3 shared))
    (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "add") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))))");
  for (int i = 0; i < 3; ++i) {
    PooledInstance lease = acquire(importing);
    EXPECT_EQ(result(lease, "peek", {0}), i);
    EXPECT_TRUE(call(lease, "add"));
    if (i == 1) EXPECT_TRUE(shared->grow(2));  // seen by the next use at once
    if (i == 2) EXPECT_EQ(result(lease, "peek", {3 * 65536 - 4}), 0);
  }
  EXPECT_EQ(importing.idle(), 1u);
}

TEST_F(InstancePoolTest, WhatCannotBeLinkedIsTheErrorAtEachUse) {
  InstancePool instances = pool("(module (import \"nowhere\" \"nothing\" (func)))");
  for (int i = 0; i < 2; ++i) {
    auto lease = instances.acquire();
    ASSERT_FALSE(lease);
    ASSERT_NE(lease.error().error(), nullptr);
    EXPECT_EQ(lease.error().error()->code, ErrorCode::unknown_import);
  }
}

// --- other tiers ---

class CompiledPoolTest : public InstancePoolTest {
 protected:
  static Config compiled() {
    Config config = every_feature();
    config.tier = Tier::jit;
    return config;
  }
  CompiledPoolTest() : InstancePoolTest(compiled()) {}
};

TEST_F(CompiledPoolTest, CompiledCodeFindsEverythingAsNew) {
  expect_as_new(
      R"((module (memory (export "m") 1 4) (data (i32.const 8) "\05") (table $t (export "t") 2 funcref) (elem (i32.const 0) $f)
        (global $g (export "g") (mut i32) (i32.const 3))
        (func $f (result i32) (i32.add (global.get $g) (i32.load8_u (i32.const 8))))
        (func (export "sum") (result i32) (call_indirect $t (result i32) (i32.const 0)))
        (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "spoil") (drop (memory.grow (i32.const 3))) (global.set $g (i32.const 70))
          (memory.fill (i32.const 0) (i32.const 9) (i32.const 200000)) (table.set $t (i32.const 0) (ref.null func)))
        (func (export "fault") (i32.store (i32.const 4000000) (i32.const 1)))))",
      [](const PooledInstance& lease) {
        EXPECT_TRUE(call(lease, "spoil"));
        EXPECT_EQ(call(lease, "fault").error().code(), TrapCode::out_of_bounds_memory_access);
        EXPECT_EQ(result(lease, "peek", {190'000}), 0x09090909);
      },
      [](const PooledInstance& lease) {
        EXPECT_EQ(result(lease, "sum"), 8);
        EXPECT_EQ(call(lease, "peek", {65536}).error().code(), TrapCode::out_of_bounds_memory_access);
      });
}

// --- the pool ---

TEST_F(InstancePoolTest, KeepsNoMoreIdleThanToldAndOutlivesItsHandle) {
  std::vector<PooledInstance> leases;
  {
    InstancePool instances = pool("(module (memory (export \"m\") 1))", {.max_idle = 2});
    for (int i = 0; i < 5; ++i) leases.push_back(acquire(instances));
    leases.pop_back();
    EXPECT_EQ(instances.idle(), 1u);
    leases.pop_back();
    leases.pop_back();
    EXPECT_EQ(instances.idle(), 2u);
    leases[0] = std::move(leases[1]);
    EXPECT_EQ(instances.idle(), 2u);
  }
  EXPECT_EQ(leases[0].instance().memory("m")->size_pages(), 1u);
}

TEST_F(InstancePoolTest, ServesSeveralThreads) {
  InstancePool instances = pool(R"((module (memory (export "m") 1)
    (func (export "add") (param i32) (result i32)
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0))) (i32.load (i32.const 8)))))");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&instances, &wrong, t] {
      for (int i = 0; i < 200; ++i) {
        auto lease = instances.acquire();
        auto add = lease ? lease->instance().typed<int32_t(int32_t)>("add") : std::unexpected(Error{});
        if (!add || (*add)(t + 1).value_or(-1) != t + 1 || (*add)(1).value_or(-1) != t + 2) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(instances.idle(), 1u);
  EXPECT_LE(instances.idle(), 4u);
}

TEST_F(InstancePoolTest, TenThousandLiveInstancesAnswer) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer leaves a program less address space than their reservations take";
#endif
  constexpr int kInstances = 10'000;
  InstancePool instances = pool(R"((module (memory (export "m") 1) (data (i32.const 16) "some data")
    (table 4 funcref) (elem (i32.const 0) $f) (global $n (mut i32) (i32.const 0))
    (func $f (export "f") (param i32) (result i32)
      (global.set $n (local.get 0)) (i32.store (i32.const 0) (local.get 0)) (i32.load8_u (i32.const 16)))
    (func (export "n") (result i32) (i32.add (global.get $n) (i32.load (i32.const 0))))))",
                                {.max_idle = kInstances});
  std::vector<PooledInstance> live;
  for (int i = 0; i < kInstances; ++i) {
    auto lease = instances.acquire();
    ASSERT_TRUE(lease) << "instance " << i << ": " << lease.error().to_string();
    live.push_back(std::move(*lease));
    ASSERT_EQ(result(live.back(), "f", {i}), 's');
  }
  for (int i = 0; i < kInstances; ++i) ASSERT_EQ(result(live[static_cast<size_t>(i)], "n"), 2 * i);
  live.clear();
  EXPECT_EQ(instances.idle(), static_cast<size_t>(kInstances));
  for (int i = 0; i < kInstances; ++i) {
    live.push_back(acquire(instances));
    ASSERT_EQ(result(live.back(), "n"), 0);
  }
}

}  // namespace
}  // namespace arris::api
