#include "arris/store.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

constexpr std::string_view kLoop = "(module (func (export \"f\") (loop $l (br $l))))";

TEST(Interrupt, StopsALoopFromAnotherThread) {
  World world;
  Func func = world.func(kLoop);
  InterruptHandle handle = world.store.interrupt_handle();
  std::jthread other([handle] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    handle.interrupt();
  });
  auto result = func.call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), TrapCode::interrupted);
  EXPECT_TRUE(world.store.interrupted());
}

TEST(Interrupt, StaysUntilClearedAndThenLeavesNoTrace) {
  World world;
  Func func = world.func(
      "(module (func (export \"f\") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const "
      "1)))))))");
  world.store.interrupt_handle().interrupt();
  EXPECT_EQ(func.call({100}).error().code(), TrapCode::interrupted);
  EXPECT_EQ(func.call({100}).error().code(), TrapCode::interrupted);
  world.store.clear_interrupt();
  EXPECT_FALSE(world.store.interrupted());
  EXPECT_TRUE(func.call({100}));
}

TEST(Interrupt, StopsEndlessRecursionAndTailCalls) {
  World world;
  Func func = world.func("(module (func $f (export \"f\") (return_call $f)))");
  InterruptHandle handle = world.store.interrupt_handle();
  std::jthread other([handle] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    handle.interrupt();
  });
  EXPECT_EQ(func.call({}).error().code(), TrapCode::interrupted);
}

TEST(Interrupt, WakesAHostFunctionThatWaits) {
  World world;
  std::atomic<bool> woken = false;
  world.store.set_waker([](void* flag) { static_cast<std::atomic<bool>*>(flag)->store(true); }, &woken);
  world.linker.define_func("h", "sleep", [&woken](Caller& caller) -> std::expected<void, Trap> {
    while (!woken) std::this_thread::yield();
    EXPECT_TRUE(caller.store().interrupted());
    return std::unexpected(Trap(TrapCode::interrupted));
  });
  Func func = world.func("(module (import \"h\" \"sleep\" (func $sleep)) (func (export \"f\") (call $sleep)))");
  std::jthread other([handle = world.store.interrupt_handle()] { handle.interrupt(); });
  EXPECT_EQ(func.call({}).error().code(), TrapCode::interrupted);
  other.join();
  woken = false;
  world.store.set_waker(nullptr, nullptr);
  world.store.interrupt_handle().interrupt();
  EXPECT_FALSE(woken);
}

TEST(Interrupt, HandleOutlivesItsStore) {
  Engine engine;
  std::optional<InterruptHandle> handle;
  {
    Store store(engine);
    handle = store.interrupt_handle();
  }
  handle->interrupt();
}

TEST(Interrupt, RacesWithTheStoresEnd) {
  Engine engine;
  for (int i = 0; i < 50; ++i) {
    auto store = std::make_unique<Store>(engine);
    std::jthread other([handle = store->interrupt_handle()] {
      for (int n = 0; n < 100; ++n) handle.interrupt();
    });
    store.reset();
  }
}

std::optional<InterruptHandle>* signal_target;

TEST(Interrupt, WorksInASignalHandler) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer delivers signals at calls of the system only, and the guest makes none";
#endif
  World world;
  Func func = world.func(kLoop);
  std::optional<InterruptHandle> handle = world.store.interrupt_handle();
  signal_target = &handle;
  auto* old = std::signal(SIGUSR1, [](int) { (*signal_target)->interrupt(); });
  pthread_t self = pthread_self();
  std::jthread other([self] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    pthread_kill(self, SIGUSR1);
  });
  EXPECT_EQ(func.call({}).error().code(), TrapCode::interrupted);
  other.join();
  std::signal(SIGUSR1, old);
}

TEST(Fuel, RunsOutAndCanBeRefilled) {
  Config config = testing::full_config();
  config.fuel = true;
  World world(config);
  world.store.set_fuel(1'000'000);
  Func func = world.func(
      "(module (func (export \"f\") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const "
      "1)))))))");
  ASSERT_TRUE(func.call({10}));
  uint64_t few = world.store.fuel_consumed();
  EXPECT_GT(few, 0u);
  EXPECT_EQ(*world.store.fuel() + few, 1'000'000u);
  world.store.set_fuel(1'000'000);
  ASSERT_TRUE(func.call({1000}));
  EXPECT_GT(world.store.fuel_consumed(), 10 * few);
  world.store.set_fuel(100);
  EXPECT_EQ(func.call({1'000'000}).error().code(), TrapCode::out_of_fuel);
  EXPECT_EQ(*world.store.fuel(), 0u);
  world.store.set_fuel(1'000'000);
  EXPECT_TRUE(func.call({1}));
}

TEST(Instructions, AreCountedAndLimitedExactly) {
  constexpr std::string_view kCountDown =
      "(module (func (export \"f\") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const "
      "1)))))))";
  Config config = testing::full_config();
  config.count_instructions = true;
  {
    World world(config);
    Func func = world.func(kCountDown);
    ASSERT_TRUE(func.call({10}));
    EXPECT_EQ(world.store.instructions(), 62u);  // six per iteration, two ends
  }
  config.limits.max_instructions = 1000;
  World world(config);
  Func func = world.func(kCountDown);
  EXPECT_EQ(func.call({1'000'000}).error().code(), TrapCode::out_of_gas);
  EXPECT_EQ(world.store.instructions(), 1000u);
}

// The budget is shared exactly: what a Store does not use goes back when it ends.
TEST(Instructions, ABudgetIsSharedByStores) {
  Config config = testing::full_config();
  config.count_instructions = true;
  config.instruction_budget = 200'000;
  Engine engine(config);
  auto module = Module::compile_text(engine, "(module (func (export \"f\") (loop (br 0))) (func (export \"g\")))");
  ASSERT_TRUE(module);
  {
    Store store(engine);
    auto instance = Instance::create(store, *module, {});
    ASSERT_TRUE(instance->func("g")->call({}));
  }
  EXPECT_EQ(engine.usage_of_ended_stores().instructions, 1u);
  for (uint64_t expected : {199'999u, 0u}) {
    Store store(engine);
    auto instance = Instance::create(store, *module, {});
    EXPECT_EQ(instance->func("f")->call({}).error().code(), TrapCode::out_of_gas);
    EXPECT_EQ(store.instructions(), expected);
  }
  EXPECT_EQ(engine.usage_of_ended_stores().instructions, 200'000u);
}

TEST(Instructions, AreNotCountedUnlessAskedFor) {
  World world(testing::full_config());
  ASSERT_TRUE(world.func("(module (func (export \"f\")))").call({}));
  EXPECT_EQ(world.store.instructions(), 0u);
  EXPECT_EQ(world.store.host_time().count(), 0);
}

TEST(Fuel, IsTheSameInEveryRun) {
  Config config = testing::full_config();
  config.fuel = true;
  auto consumed = [&] {
    World world(config);
    world.store.set_fuel(1'000'000);
    Func func = world.func(
        "(module (func $fib (export \"f\") (param i32) (result i32) (if (result i32) (i32.lt_s (local.get 0) "
        "(i32.const 2)) (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call "
        "$fib (i32.sub (local.get 0) (i32.const 2))))))))");
    EXPECT_EQ((*func.call({10}))[0].i32(), 55);
    return world.store.fuel_consumed();
  };
  EXPECT_EQ(consumed(), consumed());
}

TEST(Fuel, IsAbsentUnlessConfigured) {
  World world;
  world.store.set_fuel(5);
  EXPECT_FALSE(world.store.fuel());
  EXPECT_EQ(world.store.fuel_consumed(), 0u);
}

TEST(Limits, BoundMemoryTablesStackAndHeap) {
  Engine engine(testing::full_config());
  Store store(
      engine,
      {.max_stack_bytes = 64 << 10, .max_heap_bytes = 4 << 20, .max_memory_pages = 2, .max_table_elements = 10});
  Linker linker(engine);
  auto instance =
      linker.instantiate(store, testing::compile(engine, R"((module (memory 1) (table 1 funcref) (type $a (array i8))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
    (func $deep (export "deep") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
    (func (export "alloc") (param i32) (result arrayref) (array.new_default $a (local.get 0)))))"));
  ASSERT_TRUE(instance) << instance.error().to_string();
  auto grow = *instance->typed<int32_t(int32_t)>("grow");
  EXPECT_EQ(*grow(1), 1);
  EXPECT_EQ(*grow(1), -1);
  auto grow_table = *instance->typed<int32_t(int32_t)>("grow_table");
  EXPECT_EQ(*grow_table(9), 1);
  EXPECT_EQ(*grow_table(1), -1);
  auto deep = *instance->typed<int32_t(int32_t)>("deep");
  EXPECT_EQ(*deep(100), 100);
  EXPECT_EQ(deep(100'000).error().code(), TrapCode::call_stack_exhausted);
  auto alloc = *instance->typed<Ref(int32_t)>("alloc");
  EXPECT_TRUE(alloc(1000));
  EXPECT_EQ(alloc(100 << 20).error().code(), TrapCode::gc_heap_exhausted);
  auto refused = linker.instantiate(store, testing::compile(engine, "(module (memory 3))"));
  ASSERT_FALSE(refused);
  ASSERT_NE(refused.error().error(), nullptr);
  EXPECT_EQ(phase_of(refused.error().error()->code), ErrorPhase::limit);
}

TEST(Store, ManyAtOnceShareALinkerAndAModule) {
  World world;
  world.linker.define_func("h", "who", [](Caller& caller) { return *caller.data<int32_t>(); });
  Module module = testing::compile(
      world.engine,
      "(module (import \"h\" \"who\" (func $who (result i32))) (func (export \"f\") (result i32) (call $who)))");
  std::vector<Store> stores;
  std::vector<Instance> instances;
  std::vector<int32_t> numbers(1000);
  for (int32_t i = 0; i < 1000; ++i) {
    auto store = Store::create(world.engine);
    ASSERT_TRUE(store) << "store " << i << ": " << store.error().to_string();
    numbers[static_cast<size_t>(i)] = i;
    store->set_data(&numbers[static_cast<size_t>(i)]);
    auto instance = world.linker.instantiate(*store, module);
    ASSERT_TRUE(instance) << instance.error().to_string();
    stores.push_back(std::move(*store));
    instances.push_back(*instance);
  }
  for (int32_t i = 0; i < 1000; ++i) EXPECT_EQ(*(*instances[static_cast<size_t>(i)].typed<int32_t()>("f"))(), i);
}

TEST(Store, DataIsKeptPerType) {
  World world;
  int number = 1;
  double real = 2;
  EXPECT_EQ(world.store.data<int>(), nullptr);
  world.store.set_data(&number);
  world.store.set_data(&real);
  EXPECT_EQ(world.store.data<int>(), &number);
  EXPECT_EQ(world.store.data<double>(), &real);
  world.store.set_data<int>(nullptr);
  EXPECT_EQ(world.store.data<int>(), nullptr);
}

// Runs on a native stack of this many bytes.
void on_small_stack(size_t bytes, void (*body)(void*), void* argument) {
  struct Call {
    void (*body)(void*);
    void* argument;
  } call{body, argument};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
  pthread_t thread;
  auto* run = +[](void* raw) -> void* {
    auto* made = static_cast<Call*>(raw);
    made->body(made->argument);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &call), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(Store, DeepRecursionOnASmallNativeStack) {
  World world;
  world.linker.define_func("h", "nest", [](Caller& caller, int32_t n) -> std::expected<int32_t, Trap> {
    return (*caller.instance()->typed<int32_t(int32_t)>("hosted"))(n);
  });
  struct Work {
    Engine engine;
    const Linker* linker;
    Module module;
  } work{world.engine, &world.linker, testing::compile(world.engine, R"((module
    (import "h" "nest" (func $nest (param i32) (result i32)))
    (func $deep (export "deep") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
    (func (export "hosted") (param i32) (result i32) (i32.add (i32.const 1) (call $nest (local.get 0))))))")};
  on_small_stack(
      256 << 10,
      [](void* raw) {
        auto* w = static_cast<Work*>(raw);
        Store store(w->engine);
        auto instance = w->linker->instantiate(store, w->module);
        ASSERT_TRUE(instance);
        // Wasm frames are not on the native stack ...
        EXPECT_EQ(*(*instance->typed<int32_t(int32_t)>("deep"))(20'000), 20'000);
        // ... and those that are, nested through the host, are counted.
        auto nested = (*instance->typed<int32_t(int32_t)>("hosted"))(0);
        ASSERT_FALSE(nested);
        EXPECT_EQ(nested.error().code(), TrapCode::call_stack_exhausted);
      },
      &work);
}

TEST(Store, MovesBetweenThreads) {
  World world;
  Func func = world.func(R"((module (func $deep (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))))");
  EXPECT_EQ((*func.call({10}))[0].i32(), 10);
  std::jthread([&] { EXPECT_EQ((*func.call({1000}))[0].i32(), 1000); }).join();
  EXPECT_EQ((*func.call({20}))[0].i32(), 20);
}

}  // namespace
}  // namespace arris::api
