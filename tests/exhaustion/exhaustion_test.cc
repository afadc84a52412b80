// The stack's end: endless recursion traps in every call form, from any depth, on any thread; tail calls never get there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

constexpr uint64_t kKiB = 1024;

// The functions of recursion.wat that recurse without end, each in its way.
constexpr const char* kForms[] = {
    "direct",       "with_result",  "indirect",   "by_reference", "mutual",       "call_arguments",       "half_tail",
    "many_results", "growing_tail", "wide_frame", "in_try",       "through_host", "through_host_indirect"};
constexpr int32_t kDownForms = 9;  // of them in the table that "down" calls

// recursion.wat with a host that calls it back. Engine and Module may be shared by several.
struct World {
  World(const api::Engine& engine, const api::Module& module, const api::StoreLimits& limits)
      : store(engine, limits), instance(link(engine, module)) {}
  api::Instance link(const api::Engine& engine, const api::Module& module) {
    api::Linker linker(engine);
    auto call_back = [](api::Caller& caller, const char* name, std::vector<api::Val> arguments) {
      return func(*caller.instance(), name).call(arguments);
    };
    linker.define_func("host", "reenter", [call_back](api::Caller& caller) -> std::expected<void, api::Trap> {
      auto result = call_back(caller, "through_host", {});
      if (!result) return std::unexpected(result.error());
      return {};
    });
    linker.define_func("host", "reenter_depth",
                       [call_back](api::Caller& caller, int32_t n) -> std::expected<int32_t, api::Trap> {
                         auto result = call_back(caller, "count_down_host", {n});
                         if (!result) return std::unexpected(result.error());
                         return result->front().i32();
                       });
    return instantiate(linker, store, module);
  }
  std::expected<std::vector<api::Val>, api::Trap> call(const std::string& name, std::vector<api::Val> arguments = {}) {
    return func(instance, name).call(arguments);
  }
  // "" when the call exhausts the stack as it should, and another call works afterwards; else what happened.
  std::string exhausts(const std::string& name, std::vector<api::Val> arguments = {}) {
    auto result = call(name, std::move(arguments));
    if (result) return name + " returned";
    if (result.error().code() != api::TrapCode::call_stack_exhausted)
      return name + ": " + std::string(result.error().message());
    if (result.error().message() != "call stack exhausted") return name + ": " + std::string(result.error().message());
    return "";
  }
  // Plain calls still work.
  std::string works() {
    auto result = call("count_down", {10});
    if (!result) return "afterwards: " + result.error().to_string();
    return result->front().i32() == 10 ? "" : "afterwards: a wrong result";
  }

  api::Store store;
  api::Instance instance;
};

class Exhaustion : public ::testing::Test {
 protected:
  Exhaustion() : module_(compile_file(engine_, "exhaustion/recursion.wat")) {}
  static api::StoreLimits stack_of(uint64_t bytes) {
    api::StoreLimits limits;
    limits.max_stack_bytes = bytes;
    return limits;
  }
  api::Engine engine_{base_config()};
  api::Module module_;
};

TEST_F(Exhaustion, EveryCallFormTraps) {
  World world(engine_, module_, {});
  for (const char* form : kForms) {
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(world.exhausts(form), "");
      EXPECT_EQ(world.works(), "");
    }
  }
}

TEST_F(Exhaustion, EveryCallFormTrapsOnASmallHostThread) {
  on_thread_with_stack(kSmallStack, [&] {
    World world(engine_, module_, {});
    for (const char* form : kForms) {
      EXPECT_EQ(world.exhausts(form), "");
      EXPECT_EQ(world.works(), "");
    }
  });
}

TEST_F(Exhaustion, FromAnyDepth) {
  World world(engine_, module_, stack_of(64 * kKiB));
  for (int32_t which = 0; which < kDownForms; ++which) {
    for (int32_t depth = 0; depth < 2000; depth += 1 + depth / 8) {
      EXPECT_EQ(world.exhausts("down", {depth, which}), "");
    }
    EXPECT_EQ(world.works(), "");
  }
}

TEST_F(Exhaustion, FromAnyRemainingStackByTheByte) {
  for (uint64_t bytes = 4 * kKiB; bytes < 4 * kKiB + 512; bytes += 8) {
    World world(engine_, module_, stack_of(bytes));
    for (const char* form : kForms) EXPECT_EQ(world.exhausts(form), "") << bytes << " bytes of stack";
  }
}

TEST_F(Exhaustion, StacksTooSmallForAnythingTrap) {
  api::Module module =
      compile_text(engine_, "small", "(module (func $f (export \"direct\") (call $f)) (func (export \"leaf\")))");
  for (uint64_t bytes = 0; bytes < 4 * kKiB; bytes += 8) {
    auto store = api::Store::create(engine_, stack_of(bytes));
    if (!store) continue;  // refused with an error: fine
    auto instance = api::Linker(engine_).instantiate(*store, module);
    if (!instance) continue;
    auto result = func(*instance, "direct").call({});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), api::TrapCode::call_stack_exhausted) << bytes << " bytes of stack";
    auto leaf = func(*instance, "leaf").call({});
    if (!leaf) EXPECT_EQ(leaf.error().code(), api::TrapCode::call_stack_exhausted) << bytes << " bytes of stack";
  }
}

// The deepest recursion that fits is found by bisection; one more traps, again and again: nothing leaks with a trap.
TEST_F(Exhaustion, TheLimitStaysWhereItIs) {
  World world(engine_, module_, stack_of(64 * kKiB));
  for (const char* name : {"count_down", "count_down_host"}) {
    int32_t fits = 0;
    int32_t too_deep = 1 << 20;
    while (too_deep - fits > 1) {
      int32_t middle = fits + (too_deep - fits) / 2;
      (world.call(name, {middle}) ? fits : too_deep) = middle;
    }
    EXPECT_GT(fits, 50) << name;
    for (int round = 0; round < 20; ++round) {
      auto result = world.call(name, {fits});
      ASSERT_TRUE(result) << name << " at " << fits << ", round " << round;
      EXPECT_EQ(result->front().i32(), fits);
      EXPECT_EQ(world.exhausts(name, {too_deep}), "");
    }
  }
}

TEST_F(Exhaustion, MoreStackAllowsMoreDepth) {
  auto depth_with = [&](uint64_t bytes) {
    World world(engine_, module_, stack_of(bytes));
    int32_t fits = 0;
    for (int32_t step = 1 << 22; step > 0; step /= 2) {
      if (world.call("count_down", {fits + step})) fits += step;
    }
    return fits;
  };
  int32_t small = depth_with(128 * kKiB);
  int32_t large = depth_with(1024 * kKiB);
  EXPECT_GT(large, 7 * small);
  EXPECT_LT(large, 9 * small);
}

TEST_F(Exhaustion, AnExceptionUnwindsADeepStack) {
  World world(engine_, module_, {});
  auto unwound = world.call("unwind", {20'000});
  ASSERT_TRUE(unwound) << unwound.error().to_string();
  EXPECT_EQ(unwound->front().i32(), 1);
  EXPECT_EQ(world.exhausts("unwind", {100'000'000}), "");
  EXPECT_EQ(world.works(), "");
}

// Entered when the host itself has used most of its own stack: `left` bytes of it remain.
__attribute__((noinline)) void with_native_stack_left(const char* lowest, size_t left,
                                                      const std::function<void()>& work) {
  volatile char filler[512];
  filler[0] = 0;
  if (static_cast<size_t>(reinterpret_cast<const volatile char*>(filler) - lowest) > left) {
    with_native_stack_left(lowest, left, work);
  } else {
    work();
  }
  filler[1] = filler[0];
}

TEST_F(Exhaustion, FromAnyRemainingNativeStack) {
  // What the test itself and the first call into the library need must fit: more under sanitizers.
  constexpr size_t kUnit = (kSanitized ? 12 : 1) * kKiB;
  constexpr size_t kStack = 128 * kUnit;
  for (size_t left = 8 * kUnit; left < 64 * kUnit; left += kUnit - 24) {
    on_thread_with_stack(kStack, [&] {
      pthread_attr_t attributes;
      pthread_getattr_np(pthread_self(), &attributes);
      void* lowest = nullptr;
      size_t size = 0;
      pthread_attr_getstack(&attributes, &lowest, &size);
      pthread_attr_destroy(&attributes);
      World world(engine_, module_, {});
      with_native_stack_left(static_cast<const char*>(lowest), left, [&] {
        for (const char* form : {"direct", "through_host", "through_host_indirect"}) {
          EXPECT_EQ(world.exhausts(form), "") << left << " bytes of native stack left";
        }
      });
      EXPECT_EQ(world.works(), "");
    });
  }
}

TEST_F(Exhaustion, AStoreMayMoveBetweenThreadsOfDifferentStacks) {
  World world(engine_, module_, {});
  for (size_t stack : {size_t{8} << 20, kSmallStack, size_t{1} << 20, kSmallStack}) {
    on_thread_with_stack(stack, [&] { EXPECT_EQ(world.exhausts("through_host"), ""); });
    EXPECT_EQ(world.exhausts("through_host"), "");
    EXPECT_EQ(world.works(), "");
  }
}

TEST_F(Exhaustion, AStartFunctionTrapsToo) {
  api::Module module = compile_text(engine_, "start", "(module (func $f (call $f)) (start $f))");
  api::Store store(engine_);
  auto instance = api::Linker(engine_).instantiate(store, module);
  ASSERT_FALSE(instance);
  ASSERT_NE(instance.error().trap(), nullptr);
  EXPECT_EQ(instance.error().trap()->code(), api::TrapCode::call_stack_exhausted);
}

// --- tail calls ---

class TailCalls : public ::testing::TestWithParam<std::pair<const char*, int64_t>> {};

TEST_P(TailCalls, AHundredMillionInConstantMemory) {
  auto [name, expected] = GetParam();
  api::Engine engine(base_config());
  api::StoreLimits limits;
  limits.max_stack_bytes = 16 * kKiB;
  api::Store store(engine, limits);
  api::Instance instance = instantiate(api::Linker(engine), store, compile_file(engine, "exhaustion/tail_calls.wat"));
  auto run = [&](int64_t steps) {
    auto result = func(instance, name).call({steps});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->front().i64(), expected);
  };
  run(1000);
  uint64_t before = resident_bytes();
  run(kSanitized ? int64_t{1'000'000} : int64_t{100'000'000});
  EXPECT_LE(resident_bytes(), before + (uint64_t{1} << 20));
}
INSTANTIATE_TEST_SUITE_P(Forms, TailCalls,
                         ::testing::Values(std::pair{"tail_direct", 42}, std::pair{"tail_indirect", 43},
                                           std::pair{"tail_ref", 44}, std::pair{"tail_mutual", 45}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace arris::test
