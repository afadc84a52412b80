#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

struct World {
  explicit World(const api::Config& config = base_config())
      : engine(config), store(engine), instance(link(engine, store)) {}
  static api::Instance link(const api::Engine& engine, api::Store& store) {
    api::Linker linker(engine);
    linker.define_func("host", "call_back", [](api::Caller& caller, int32_t n) -> std::expected<int32_t, api::Trap> {
      auto result = func(*caller.instance(), "down").call({api::Val(n)});
      if (!result) return std::unexpected(result.error());
      return result->front().i32();
    });
    linker.define_func("host", "fail", []() -> std::expected<void, api::Trap> {
      return std::unexpected(api::Trap("the host gave up"));
    });
    const api::Tag tag = api::Tag::create(store, {.func = {{api::kI32}, {}}});
    linker.define("host", "oops", tag);
    linker.define_func("host", "throw", [tag](api::Caller& caller) -> std::expected<void, api::Trap> {
      return std::unexpected(caller.exception(tag, std::vector<api::Val>{api::Val(int32_t{42})}));
    });
    return instantiate(linker, store, compile_file(engine, "compiled/compiled.wat"));
  }
  std::expected<std::vector<api::Val>, api::Trap> call(const std::string& name, std::vector<api::Val> arguments = {}) {
    return func(instance, name).call(arguments);
  }
  int32_t fib(int32_t n) {
    auto result = call("fib", {n});
    return result ? result->front().i32() : -1;
  }
  std::string trap_of(const std::string& name, std::vector<api::Val> arguments) {
    auto result = call(name, std::move(arguments));
    return result ? "returned" : result.error().to_string();
  }

  api::Engine engine;
  api::Store store;
  api::Instance instance;
};

api::Config interpreter() {
  api::Config config;
  config.tier = api::Tier::interp;
  return config;
}

sigjmp_buf jump;
volatile sig_atomic_t fault_is_mine = 0;
void handler(int, siginfo_t*, void*) {
  if (!fault_is_mine) abort();
  siglongjmp(jump, 1);
}

bool faults_into_own_handler() {
  if (sigsetjmp(jump, 1) != 0) {
    fault_is_mine = 0;
    return true;
  }
  fault_is_mine = 1;
  *reinterpret_cast<volatile int*>(uintptr_t{64}) = 1;
  return false;
}

// The first test of the process: the handler was there before ours.
TEST(Compiled, TheEmbeddersOwnFaultsReachItsHandler) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer handles SIGSEGV itself";
  struct sigaction mine{};
  mine.sa_sigaction = &handler;
  mine.sa_flags = SA_SIGINFO;
  ASSERT_EQ(sigaction(SIGSEGV, &mine, nullptr), 0);
  EXPECT_TRUE(faults_into_own_handler());
  World world;
  for (int i = 0; i < 100; ++i) {
    auto result = world.call("load", {-1});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), api::TrapCode::out_of_bounds_memory_access);
    EXPECT_TRUE(faults_into_own_handler());
  }
}

TEST(Compiled, BacktracesAreTheInterpreters) {
  World expected(interpreter());
  World world;
  for (int round = 0; round < 30; ++round) {  // tiers change in between
    for (int32_t depth : {0, 1, 3, 7, 9, 12, 300}) {
      EXPECT_EQ(world.trap_of("trap", {depth}), expected.trap_of("trap", {depth})) << depth;
    }
  }
}

TEST(Compiled, AHostFunctionInTailPositionTakesTheFramesPlace) {
  World expected(interpreter());
  World world;
  for (int round = 0; round < 30; ++round) {
    for (int32_t form : {0, 1, 2, 3}) {
      EXPECT_EQ(world.trap_of("tail_trap", {form}), expected.trap_of("tail_trap", {form})) << form;
    }
    EXPECT_EQ(world.trap_of("tail_first", {}), expected.trap_of("tail_first", {}));
    for (World* one : {&world, &expected}) {
      auto caught = one->call("tail_caught");
      ASSERT_TRUE(caught.has_value()) << caught.error().to_string();
      EXPECT_EQ(caught->front().i32(), 42) << "the handler around the tail call must not see it";
    }
  }
  const std::string trap = expected.trap_of("tail_trap", {0});
  EXPECT_NE(trap.find("tail_trap"), std::string::npos) << trap;
  EXPECT_EQ(trap.find("$tail "), std::string::npos) << trap;
  EXPECT_EQ(expected.call("tail_first").error().frames().size(), 1u) << "the host's alone";
}

TEST(Compiled, LoopsGoOnWhereTheyAre) {
  World expected(interpreter());
  World world;
  for (int32_t n : {1, 2, 15, 16, 17, 1000, 100'000}) {
    EXPECT_EQ(world.call("sum", {n})->front().i64(), expected.call("sum", {n})->front().i64()) << n;
  }
}

TEST(Compiled, FuelIsCountedAlike) {
  const auto consumed = [](api::Config config, const std::string& name, int32_t n) {
    config.fuel = true;
    World world(config);
    world.store.set_fuel(1'000'000);
    EXPECT_TRUE(world.call(name, {n}).has_value());
    return world.store.fuel_consumed();
  };
  EXPECT_EQ(consumed(base_config(), "fib", 15), consumed(interpreter(), "fib", 15));
  EXPECT_EQ(consumed(base_config(), "sum", 1000), consumed(interpreter(), "sum", 1000));
  api::Config config = base_config();
  config.fuel = true;
  World world(config);
  world.store.set_fuel(10'000);
  auto result = world.call("forever");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), api::TrapCode::out_of_fuel);
}

TEST(Compiled, EndlessLoopsAreInterrupted) {
  World world;
  for (int i = 0; i < 3; ++i) {
    std::thread stopper([handle = world.store.interrupt_handle()] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      handle.interrupt();
    });
    auto result = world.call("forever");
    stopper.join();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), api::TrapCode::interrupted);
    world.store.clear_interrupt();
  }
}

TEST(Compiled, ConstantsStoredForAHandlerOnOneWayReachTheOther) {
  World world;
  for (const int32_t covered : {0, 1, 0}) {
    auto results = world.call("constants", {covered});
    ASSERT_TRUE(results.has_value()) << results.error().to_string();
    ASSERT_EQ(results->size(), 6u);
    EXPECT_EQ((*results)[0].i32(), 1);
    EXPECT_EQ((*results)[1].i64(), 2);
    EXPECT_EQ((*results)[2].i32(), 3);
    EXPECT_EQ((*results)[3].i64(), 4);
    EXPECT_EQ((*results)[4].i64(), 5);
    EXPECT_EQ((*results)[5].i32(), 6);
  }
}

TEST(Compiled, RunsInSmallThreadsAndSeveralEngines) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      on_thread_with_stack(kSmallStack, [] {
        World world;
        EXPECT_EQ(world.fib(15), 610);
        EXPECT_NE(world.trap_of("endless", {}).find("call stack exhausted"), std::string::npos);
        EXPECT_NE(world.trap_of("load", {-1}).find("out of bounds memory access"), std::string::npos);
        EXPECT_EQ(world.fib(15), 610);
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Compiled, GoesOnInAForkedProcess) {
  if (kSanitized) GTEST_SKIP() << "forks under sanitizers are slow";
  World world;
  EXPECT_EQ(world.fib(15), 610);
  const pid_t child = fork();
  if (child == 0) {
    const bool good = world.fib(15) == 610 && world.trap_of("load", {-1}).find("out of bounds") != std::string::npos;
    World another;
    _exit(good && another.fib(15) == 610 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// Runs `test` in a child process, which succeeds if that says true.
void in_child(const std::function<bool()>& test) {
  const pid_t child = fork();
  if (child == 0) _exit(test() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

#if defined(__linux__)
// From now on this process gets no executable memory.
bool refuse_executable_memory() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(Compiled, WithoutExecutableMemoryAutoInterpretsAndJitSaysSo) {
  in_child([] {
    if (!refuse_executable_memory()) return true;  // cannot be tried here
    if (base_config().tier != api::Tier::jit) return World().fib(20) == 6765;
    const api::Engine engine(base_config());
    api::Store store(engine);
    api::Linker linker(engine);
    auto made = linker.instantiate(store, compile_text(engine, "some", "(module (func))"));
    return base_config().lazy || (!made && made.error().to_string().find("no executable memory") != std::string::npos);
  });
}

// Address space for no memory's whole reservation.
TEST(Compiled, MemoriesWithoutGuardsAreChecked) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer takes all address space";
  in_child([] {
    const rlimit limit{3ull << 30, 3ull << 30};  // less than one takes
    if (setrlimit(RLIMIT_AS, &limit) != 0) return false;
    World world;
    for (int i = 0; i < 100; ++i) {
      if (world.fib(10) != 55 || world.call("load", {0})->front().i32() != 0) return false;
      if (world.call("sum", {1000})->front().i64() != 3 * 499'500) return false;
      if (world.trap_of("load", {-1}).find("out of bounds memory access") == std::string::npos) return false;
      if (world.trap_of("load", {65'533}).find("out of bounds memory access") == std::string::npos) return false;
    }
    return true;
  });
}
#endif

// Interpreted functions that end with calls of compiled ones, and the other way round, to no end of the stack.
TEST(Compiled, TailCallsGoBackAndForthBetweenTiers) {
  World world;
  for (const int32_t n : {1, 10, 1000, 1'000'000}) {
    auto result = world.call("bounce", {n});
    ASSERT_TRUE(result.has_value()) << result.error().to_string();
    EXPECT_EQ(result->front().i32(), 3 * n);
  }
}

TEST(Compiled, RecursionGoesAsDeepAsTheInterpreters) {
  const auto deepest = [](const api::Config& config) {
    World world(config);
    for (int i = 0; i < 20; ++i) (void)world.call("deep", {10});
    int32_t fits = 0;
    for (int32_t step = 1 << 18; step > 0; step /= 2) {
      if (world.call("deep", {fits + step})) fits += step;
    }
    return fits;
  };
  for (const size_t native_stack : {size_t{8} << 20, kSmallStack}) {
    on_thread_with_stack(native_stack, [&] { EXPECT_NEAR(deepest(base_config()), deepest(interpreter()), 2); });
  }
}

TEST(Compiled, TenThousandModulesLeaveNothingBehind) {
  api::Engine engine(base_config());
  const auto one = [&] {
    api::Store store(engine);
    api::Instance instance = World::link(engine, store);
    EXPECT_EQ(func(instance, "fib").call({api::Val(int32_t{10})})->front().i32(), 55);
  };
  for (int i = 0; i < 200; ++i) one();
  const uint64_t before = resident_bytes();
  for (int i = 0; i < 10'000 / kScale; ++i) one();
  EXPECT_LT(resident_bytes(), before + (4u << 20));
}

}  // namespace
}  // namespace arris::test
