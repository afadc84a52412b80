#include "runtime/store.h"

#include <pthread.h>

#include <thread>

#include <gtest/gtest.h>

#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using test::func_type;

Outcome add_host(void* environment, Store&, InstanceData* caller, uint64_t* slots) {
  EXPECT_EQ(caller, nullptr);
  slots[0] = slots[0] + slots[1] + *static_cast<uint64_t*>(environment);
  return Outcome::ok;
}

TEST(StoreCalls, HostFunctionGetsArgumentsAndLeavesResults) {
  Store store(test::test_options());
  uint64_t ten = 10;
  FuncInstance* add = store.new_host_func(func_type(store, {kI64, kI64}, {kI64}), add_host, &ten, nullptr);
  uint64_t args[] = {1, 2};
  uint64_t results[1] = {};
  EXPECT_EQ(store.invoke(*add, args, results), Outcome::ok);
  EXPECT_EQ(results[0], 13u);
  EXPECT_EQ(store.context().stack_top, store.context().stack_base);
  EXPECT_EQ(store.context().entry_frame, nullptr);
  EXPECT_EQ(store.context().host_depth, 0u);
}

TEST(StoreCalls, ResultAreaStartsZeroed) {
  Store store(test::test_options());
  auto leave_it = [](void*, Store&, InstanceData*, uint64_t*) { return Outcome::ok; };
  FuncInstance* func = store.new_host_func(func_type(store, {}, {kI64, kI64}), leave_it, nullptr, nullptr);
  store.context().stack_top[1] = 0xDEAD;
  uint64_t results[2] = {1, 1};
  EXPECT_EQ(store.invoke(*func, {}, results), Outcome::ok);
  EXPECT_EQ(results[0] | results[1], 0u);
}

TEST(StoreCalls, EnvironmentIsDroppedWithTheStore) {
  int drops = 0;
  {
    Store store(test::test_options());
    store.new_host_func(func_type(store, {}, {}), nullptr, &drops, [](void* e) { ++*static_cast<int*>(e); });
    EXPECT_EQ(drops, 0);
  }
  EXPECT_EQ(drops, 1);
}

TEST(StoreCalls, WasmFunctionsGoToTheTier) {
  StoreOptions options = test::test_options();
  options.execute = [](Store& store, const FuncInstance& func, uint64_t* slots) {
    EXPECT_EQ(slots, store.context().stack_base);
    EXPECT_GE(store.context().stack_top, slots + 2);
    slots[0] = slots[0] * 2 + func.index.value;
    return Outcome::ok;
  };
  Store store(options);
  FuncCode code;
  FuncInstance func{&func_type(store, {kI32}, {kI32, kI32}), &code, nullptr, nullptr, nullptr, FuncIndex(5), nullptr};
  uint64_t args[] = {20};
  uint64_t results[2] = {};
  EXPECT_EQ(store.invoke(func, args, results), Outcome::ok);
  EXPECT_EQ(results[0], 45u);
}

TEST(StoreCalls, HostTrapCarriesItsMessage) {
  Store store(test::test_options());
  auto fail = [](void*, Store& s, InstanceData*, uint64_t*) {
    return s.set_trap(TrapCode::host_error, "no such file");
  };
  FuncInstance* func = store.new_host_func(func_type(store, {}, {}), fail, nullptr, nullptr);
  EXPECT_EQ(store.invoke(*func, {}, {}), Outcome::trap);
  EXPECT_EQ(store.trap().code, TrapCode::host_error);
  TrapState trap = store.take_trap();
  EXPECT_EQ(trap.message, "no such file");
  ASSERT_EQ(trap.backtrace.size(), 1u);
  EXPECT_EQ(trap.backtrace[0].module, nullptr);
  EXPECT_EQ(store.trap().code, TrapCode::none);
}

TEST(StoreCalls, ValueStackExhaustionTraps) {
  StoreOptions options = test::test_options();
  options.max_stack_bytes = 64;  // one page in fact
  Store store(options);
  ResultType many(600, kI64);
  FuncInstance* func = store.new_host_func(
      func_type(store, many, {}), [](void*, Store&, InstanceData*, uint64_t*) { return Outcome::ok; }, nullptr,
      nullptr);
  std::vector<uint64_t> args(600);
  EXPECT_EQ(store.invoke(*func, args, {}), Outcome::trap);
  EXPECT_EQ(store.trap().code, TrapCode::call_stack_exhausted);
}

struct Recursion {
  FuncInstance* self = nullptr;
  uint32_t depth = 0;
};
Outcome recurse(void* environment, Store& store, InstanceData*, uint64_t*) {
  auto* recursion = static_cast<Recursion*>(environment);
  ++recursion->depth;
  EXPECT_EQ(store.context().host_depth, recursion->depth);
  return store.invoke(*recursion->self, {}, {});
}

void recurse_until_trap(Store& store, Recursion& recursion) {
  recursion.depth = 0;
  EXPECT_EQ(store.invoke(*recursion.self, {}, {}), Outcome::trap);
  EXPECT_EQ(store.take_trap().code, TrapCode::call_stack_exhausted);
  EXPECT_EQ(store.context().host_depth, 0u);
}

TEST(StoreCalls, NativeRecursionTrapsOnWhateverThread) {
  StoreOptions options = test::test_options();
  Store store(options);
  Recursion recursion;
  recursion.self = store.new_host_func(func_type(store, {}, {}), recurse, &recursion, nullptr);
  recurse_until_trap(store, recursion);
  uint32_t depth_here = recursion.depth;

  struct Job {
    Store* store;
    Recursion* recursion;
  } job{&store, &recursion};
  auto run = [](void* p) -> void* {
    auto* j = static_cast<Job*>(p);
    recurse_until_trap(*j->store, *j->recursion);
    return nullptr;
  };
  for (size_t stack_bytes : {size_t{64} << 10, size_t{256} << 10}) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    EXPECT_GT(recursion.depth, 0u);
    EXPECT_LT(recursion.depth, depth_here);
  }
  recurse_until_trap(store, recursion);
  EXPECT_EQ(recursion.depth, depth_here);
}

TEST(StoreExceptions, PendingOneIsRootedUntilTaken) {
  Store store(test::test_options());
  TagInstance* tag = store.new_tag(func_type(store, {kAnyRef}, {}));
  ExceptionObject* exception = store.heap().allocate_exception(tag, 1);
  exception->payload()[0] = reinterpret_cast<uint64_t>(store.heap().allocate_host_object(77));
  store.set_exception(exception);
  store.heap().collect();
  EXPECT_EQ(store.pending_exception(), exception);
  ASSERT_NE(store.heap().find_object(exception->payload()[0]), nullptr);
  EXPECT_EQ(reinterpret_cast<HostObject*>(exception->payload()[0])->value, 77u);
  EXPECT_EQ(store.take_exception(), exception);
  EXPECT_EQ(store.take_exception(), nullptr);
  store.heap().collect();
  EXPECT_EQ(store.heap().find_object(reinterpret_cast<uint64_t>(exception)), nullptr);
}

class StoreRoots : public testing::Test {
 protected:
  uint64_t make() { return reinterpret_cast<uint64_t>(store_.heap().allocate_host_object(1)); }
  bool survives(uint64_t ref) {
    store_.heap().collect();
    return store_.heap().find_object(ref) != nullptr;
  }
  Store store_{test::test_options()};
};

TEST_F(StoreRoots, HandlesKeepObjectsAndAreReused) {
  uint64_t a = make();
  uint32_t handle_a = store_.add_root(a);
  uint64_t b = make();
  uint32_t handle_b = store_.add_root(b);
  EXPECT_NE(handle_a, handle_b);
  EXPECT_EQ(store_.root(handle_a), a);
  store_.remove_root(handle_a);
  EXPECT_FALSE(survives(a));
  EXPECT_TRUE(survives(b));
  EXPECT_EQ(store_.add_root(0), handle_a);
}

TEST_F(StoreRoots, GlobalsTablesAndTheValueStack) {
  uint64_t in_global = make();
  GlobalInstance* global = store_.new_global(kExternRef, true, in_global, 0);
  uint64_t in_table = make();
  TableInstance* table = store_.new_table(test::table_type(kExternRef, 2, 4), 0);
  table->elements[1] = in_table;
  uint64_t on_stack = make();
  *store_.context().stack_top++ = on_stack;
  EXPECT_TRUE(survives(in_global));
  EXPECT_TRUE(survives(in_table));
  EXPECT_TRUE(survives(on_stack));
  global->value[0] = 0;
  table->elements[1] = 0;
  --store_.context().stack_top;
  EXPECT_FALSE(survives(in_global));
  EXPECT_FALSE(survives(in_table));
  EXPECT_FALSE(survives(on_stack));
}

TEST(StoreLimits, BoundMemoriesOneByOneAndTogether) {
  StoreOptions options = test::test_options();
  options.max_memory_pages = 5;
  options.max_memory_bytes = 8 * limits::kWasmPageBytes;
  Store store(options);
  EXPECT_FALSE(store.within_limits(test::memory_type(6, 9)));
  EXPECT_EQ(store.new_memory(test::memory_type(6, 9)), nullptr);
  MemoryInstance* a = store.new_memory(test::memory_type(3, 9));
  MemoryInstance* b = store.new_memory(test::memory_type(3, 9));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(store.new_memory(test::memory_type(3, 9)), nullptr);
  EXPECT_EQ(store.grow_memory(*a, 3), kGrowFailed);  // per memory
  EXPECT_EQ(store.grow_memory(*a, 2), 3u);
  EXPECT_EQ(store.grow_memory(*b, 1), kGrowFailed);  // in all
  EXPECT_EQ(store.grow_memory(*b, 0), 3u);
  EXPECT_EQ(store.grow_memory(*b, ~uint64_t{0}), kGrowFailed);
}

TEST(StoreLimits, BoundTables) {
  StoreOptions options = test::test_options();
  options.max_table_elements = 10;
  Store store(options);
  EXPECT_EQ(store.new_table(test::table_type(kFuncRef, 11, 20), 0), nullptr);
  TableInstance* table = store.new_table(test::table_type(kFuncRef, 9, 20), 0);
  ASSERT_TRUE(table);
  EXPECT_EQ(store.grow_table(*table, 2, 0), ~uint64_t{0});
  EXPECT_EQ(store.grow_table(*table, 1, 7), 9u);
  EXPECT_EQ(table->elements[9], 7u);
}

TEST(StoreMemories, SharedOneLivesInSeveralStores) {
  auto memory = Memory::create(test::memory_type(1, 3, true));
  auto first = std::make_unique<Store>(test::test_options());
  Store second(test::test_options());
  MemoryInstance* seen = first->adopt_memory(memory);
  EXPECT_EQ(first->adopt_memory(memory), seen);
  EXPECT_EQ(second.adopt_memory(memory), seen);
  EXPECT_EQ(second.find_shared_memory(seen), memory);
  EXPECT_EQ(second.find_shared_memory(second.new_memory(test::memory_type(1, 1))), nullptr);
  EXPECT_EQ(first->grow_memory(*seen, 1), 1u);
  first.reset();
  memory.reset();
  EXPECT_EQ(seen->size_bytes.load(), 2 * limits::kWasmPageBytes);
  seen->base[70'000] = 1;
  EXPECT_EQ(second.grow_memory(*seen, 1), 2u);
}

}  // namespace
}  // namespace arris::runtime
