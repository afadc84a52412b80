// Memories, tables and globals as the host sees them.
#include <thread>

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

TEST(Memory, IsReadWrittenAndGrownByBothSides) {
  World world;
  Instance instance = world.instantiate(R"((module (memory (export "m") 1 3)
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))");
  Memory memory = *instance.memory("m");
  EXPECT_EQ(memory.size_bytes(), 65536u);
  EXPECT_EQ(memory.size_pages(), 1u);
  ASSERT_TRUE((*instance.typed<void(int32_t, int32_t)>("store"))(100, 77));
  EXPECT_EQ(memory.load<int32_t>(100), 77);
  ASSERT_TRUE(memory.store<int32_t>(104, -2));
  EXPECT_EQ(*(*instance.typed<int32_t(int32_t)>("load"))(104), -2);
  EXPECT_EQ(*(*instance.typed<int32_t(int32_t)>("grow"))(1), 1);
  EXPECT_EQ(memory.size_pages(), 2u);
  EXPECT_EQ(*memory.grow(1), 2u);
  ASSERT_TRUE((*instance.typed<void(int32_t, int32_t)>("store"))(3 * 65536 - 4, 5));
  auto refused = memory.grow(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(memory.type().limits.min, 3u);
  EXPECT_EQ(memory.type().limits.max, 3u);
}

TEST(Memory, AccessOutOfBoundsIsRefused) {
  World world;
  Memory memory = *Memory::create(world.store, {.limits = {.min = 1}});
  EXPECT_TRUE(memory.load<uint32_t>(65532));
  EXPECT_FALSE(memory.load<uint32_t>(65533));
  EXPECT_FALSE(memory.load<uint32_t>(~uint64_t{0}));
  EXPECT_FALSE(memory.store<uint64_t>(65529, 0));
  EXPECT_EQ(memory.slice(65536, 1).data(), nullptr);
  EXPECT_NE(memory.slice(65536, 0).data(), nullptr);
  EXPECT_EQ(memory.slice(65537, 0).data(), nullptr);
  EXPECT_FALSE(memory.text(65530, 7));
}

TEST(Memory, SharedByStoresOnSeveralThreads) {
  World world;
  auto shared = SharedMemory::create(world.engine, {.limits = {.min = 1, .max = 4, .has_max = true}, .shared = true});
  ASSERT_TRUE(shared) << shared.error().to_string();
  world.linker.define("env", "memory", *shared);
  Module module = testing::compile(world.engine, R"((module (import "env" "memory" (memory 1 4 shared))
    (func (export "add") (param i32)
      (loop $l (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        Store store(world.engine);
        auto instance = world.linker.instantiate(store, module);
        ASSERT_TRUE(instance) << instance.error().to_string();
        ASSERT_TRUE((*instance->typed<void(int32_t)>("add"))(5000));
      });
    }
  }
  uint32_t total;
  std::memcpy(&total, shared->data().data(), sizeof total);
  EXPECT_EQ(total, 20000u);
  EXPECT_EQ(*shared->grow(1), 1u);
  EXPECT_EQ(shared->size_pages(), 2u);
  EXPECT_FALSE(shared->grow(3));
  Memory seen = *Memory::from_shared(world.store, *shared);
  EXPECT_EQ(seen.size_pages(), 2u);
  EXPECT_EQ(seen.shared(), *shared);
}

TEST(Memory, SharedNeedsAMaximum) {
  World world;
  EXPECT_EQ(SharedMemory::create(world.engine, {.limits = {.min = 1}, .shared = true}).error().code,
            ErrorCode::shared_memory_without_maximum);
}

TEST(Table, IsReadWrittenAndGrown) {
  World world;
  Instance instance = world.instantiate(R"((module (table (export "t") 2 5 funcref) (elem (i32.const 0) $f)
    (type $r (func (result i32))) (func $f (result i32) (i32.const 11))
    (func (export "call") (param i32) (result i32) (call_indirect (type $r) (local.get 0)))))");
  Table table = *instance.table("t");
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ((*table.get(0)->as_func()->call({}))[0].i32(), 11);
  EXPECT_TRUE(table.get(1)->is_null());
  EXPECT_FALSE(table.get(2));
  ASSERT_TRUE(table.set(1, Ref::func(Func::wrap(world.store, [] { return 22; }))));
  auto call = *instance.typed<int32_t(int32_t)>("call");
  EXPECT_EQ(*call(1), 22);
  EXPECT_EQ(table.set(1, Ref::i31(1)).error().code, ErrorCode::type_mismatch);
  EXPECT_EQ(*table.grow(2, *table.get(0)), 2u);
  EXPECT_EQ(*call(3), 11);
  EXPECT_FALSE(table.grow(2));
  EXPECT_EQ(table.type().limits.min, 4u);
}

TEST(Global, IsReadAndWrittenIfMutable) {
  World world;
  Global global = *Global::create(world.store, {kI64, true}, Val(int64_t{5}));
  world.linker.define("h", "g", global);
  Instance instance = world.instantiate(R"((module (import "h" "g" (global $g (mut i64)))
    (global (export "c") v128 (v128.const i32x4 1 2 3 4))
    (func (export "inc") (global.set $g (i64.add (global.get $g) (i64.const 1))))))");
  ASSERT_TRUE((*instance.typed<void()>("inc"))());
  EXPECT_EQ(global.get().i64(), 6);
  ASSERT_TRUE(global.set(Val(int64_t{-1})));
  ASSERT_TRUE((*instance.typed<void()>("inc"))());
  EXPECT_EQ(global.get().i64(), 0);
  EXPECT_EQ(global.set(Val(1)).error().code, ErrorCode::type_mismatch);
  Global constant = *instance.global("c");
  EXPECT_EQ(constant.get().v128(), arris::v128_from_lanes<uint32_t>({1, 2, 3, 4}));
  EXPECT_EQ(constant.set(constant.get()).error().code, ErrorCode::immutable_global);
}

TEST(Global, KeepsReferencesAlive) {
  World world;
  Global global = *Global::create(world.store, {kExternRef, true}, Val(*Ref::host(world.store, uint64_t{99})));
  world.store.collect();
  EXPECT_EQ(global.get().ref().host_value(), 99u);
}

}  // namespace
}  // namespace arris::api
