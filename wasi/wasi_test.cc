// WASI linked to real stores: import names, ends of guests, interruption, tracing, threads, leaks.
#include "wasi/wasi.h"

#include <gtest/gtest.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include "arris/arris.h"
#include "wasi/context_testing.h"
#include "wasi/signature.h"

namespace arris::wasi {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kHello = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "hello\n")
  (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)) (unreachable))))";

// A guest in a store of its own.
struct World {
  explicit World(WasiConfig config = {}, const api::Config& engine_config = {})
      : engine(engine_config), wasi(*Wasi::create(std::move(config))), store(engine), linker(engine) {
    Wasi::add_to_linker(linker);
    wasi.attach(store);
  }
  api::Module compile(std::string_view text) {
    auto module = api::Module::compile_text(engine, text);
    EXPECT_TRUE(module.has_value()) << (module ? "" : module.error().to_string());
    return *module;
  }
  api::Instance instantiate(const api::Module& module) {
    auto instance = linker.instantiate(store, module);
    EXPECT_TRUE(instance.has_value()) << (instance ? "" : instance.error().to_string());
    return *instance;
  }
  // The trap, if there was one.
  std::optional<api::Trap> run(const api::Instance& instance, const char* name = "_start") {
    auto result = instance.func(name)->call({});
    if (result) return std::nullopt;
    return result.error();
  }

  api::Engine engine;
  Wasi wasi;
  api::Store store;
  api::Linker linker;
};

WasiConfig with_output(const std::shared_ptr<OutputBuffer>& out) {
  WasiConfig config;
  config.stdout_stream = Stdio::from_stream(out);
  return config;
}

TEST(Wasi, AGuestWrites) {
  auto out = std::make_shared<OutputBuffer>();
  World world(with_output(out));
  EXPECT_FALSE(world.run(world.instantiate(world.compile(kHello))));
  EXPECT_EQ(out->text(), "hello\n");
}

TEST(Wasi, ExitCodesAreHandedOn) {
  World world;
  auto instance = world.instantiate(world.compile(kHello));
  for (int32_t code : {0, 1, 42, -1}) {
    auto result = instance.func("exit")->call({api::Val(code)});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().exit_status(), code);
  }
}

TEST(Wasi, AStoreWithoutGuestTraps) {
  World world;
  api::Store other(world.engine);
  auto instance = world.linker.instantiate(other, world.compile(kHello));
  ASSERT_TRUE(instance.has_value());
  auto trap = world.run(*instance);
  ASSERT_TRUE(trap);
  EXPECT_EQ(trap->message(), "WASI is not set up for this store");
}

TEST(Wasi, OneLinkerServesManyGuests) {
  auto first_out = std::make_shared<OutputBuffer>(), second_out = std::make_shared<OutputBuffer>();
  World world(with_output(first_out));
  api::Module module = world.compile(kHello);
  auto second = Wasi::create(with_output(second_out));
  api::Store second_store(world.engine);
  second->attach(second_store);
  auto instance = world.linker.instantiate(second_store, module);
  ASSERT_TRUE(instance.has_value());
  EXPECT_FALSE(world.run(*instance));
  EXPECT_EQ(first_out->text(), "");
  EXPECT_EQ(second_out->text(), "hello\n");
}

TEST(Wasi, AModuleWithoutMemoryGetsFaults) {
  World world;
  auto instance = world.instantiate(world.compile(R"((module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (func (export "f") (result i32) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"));
  auto result = instance.func("f")->call({});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ((*result)[0].i32(), static_cast<int32_t>(Errno::fault));
}

// Imports every function by the signature in the table.
TEST(Wasi, EveryFunctionOfBothSnapshotsLinks) {
  std::string text = "(module";
  int count = 0;
  auto import = [&](std::string_view module, std::string_view name, std::string_view signature) {
    ++count;
    text += "\n(import \"" + std::string(module) + "\" \"" + std::string(name) + "\" (func (param";
    while (!signature.empty()) {
      SignatureParam param = next_param(signature);
      text += param.is_pair() ? " i32 i32" : param.is_64() ? " i64" : " i32";
    }
    text += name == "proc_exit" ? ")))" : ") (result i32)))";
  };
#define WASI_FUNCTION(name, old_name, signature)      \
  import("wasi_snapshot_preview1", #name, signature); \
  import("wasi_unstable", #name, signature);
#include "wasi/preview1.def"
  EXPECT_EQ(count, 2 * 46);
  World world;
  world.instantiate(world.compile(text + ")"));
}

TEST(Wasi, OnlyWhatAModuleImportsMayBeDefined) {
  auto out = std::make_shared<OutputBuffer>();
  World world(with_output(out));
  api::Linker linker(world.engine);
  api::Module module = world.compile(kHello);
  Wasi::add_to_linker(linker, module);
  EXPECT_TRUE(linker.get(world.store, "wasi_snapshot_preview1", "proc_exit").has_value());
  EXPECT_FALSE(linker.get(world.store, "wasi_snapshot_preview1", "fd_read").has_value());
  auto instance = linker.instantiate(world.store, module);
  ASSERT_TRUE(instance.has_value());
  EXPECT_FALSE(world.run(*instance));
  EXPECT_EQ(out->text(), "hello\n");
  // With a name that does not exist, the error still knows the one that was meant.
  api::Linker other(world.engine);
  api::Module misspelt = world.compile(
      "(module (import \"wasi_snapshot_preview1\" \"fd_wirte\" (func (param i32 i32 i32 i32) (result i32))))");
  Wasi::add_to_linker(other, misspelt);
  auto failed = other.instantiate(world.store, misspelt);
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().to_string().find("did you mean \"fd_write\""), std::string::npos)
      << failed.error().to_string();
}

// Whatever the arguments: an errno, never a crash. Every function with every combination of a few hostile values.
TEST(Wasi, HostileArgumentsAreErrors) {
  WasiConfig config;
  TempDir temp;
  config.preopens = {{"/", temp.path(), false}};
  config.stdin_stream = Stdio::null();
  config.stdout_stream = Stdio::null();
  config.stderr_stream = Stdio::null();
  World world(std::move(config));
  std::string text = "(module (memory 1 1)";
  std::string bodies;
  std::vector<std::pair<std::string, std::string>> functions;
  auto declare = [&](std::string_view module, std::string_view name, std::string_view signature) {
    if (name == "proc_exit" || name == "poll_oneoff") return;  // would end, would wait
    std::string params;
    while (!signature.empty()) {
      SignatureParam param = next_param(signature);
      params += param.is_pair() ? "ii" : param.is_64() ? "l" : "i";
    }
    std::string wasm;
    std::string id = std::string(module) + "." + std::string(name);
    std::string args;
    for (size_t i = 0; i < params.size(); ++i) {
      wasm += params[i] == 'l' ? " i64" : " i32";
      args += " (local.get " + std::to_string(i) + ")";
    }
    text += " (import \"" + std::string(module) + "\" \"" + std::string(name) + "\" (func $" + id + " (param" + wasm +
            ") (result i32)))";
    bodies += " (func (export \"" + id + "\") (param" + wasm + ") (result i32) (call $" + id + args + "))";
    functions.emplace_back(id, params);
  };
#define WASI_FUNCTION(name, old_name, signature)       \
  declare("wasi_snapshot_preview1", #name, signature); \
  declare("wasi_unstable", #name, signature);
#include "wasi/preview1.def"
  // Imports come first.
  text = "(module" + text.substr(std::string("(module (memory 1 1)").size()) + " (memory 1 1)" + bodies + ")";
  auto instance = world.instantiate(world.compile(text));
  std::mt19937 random(1);
  const uint32_t values32[] = {0, 1, 3, 8, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF};
  const uint64_t values64[] = {0, 1, 0x3FFFFFFF, uint64_t{1} << 62, uint64_t{1} << 63, ~uint64_t{0}};
  for (auto& [name, params] : functions) {
    auto func = instance.func(name);
    for (int round = 0; round < 300; ++round) {
      std::vector<api::Val> args;
      for (char kind : params) {
        if (kind == 'l') {
          args.emplace_back(static_cast<int64_t>(values64[random() % std::size(values64)]));
        } else {
          args.emplace_back(static_cast<int32_t>(values32[random() % std::size(values32)]));
        }
      }
      auto result = func->call(args);
      ASSERT_TRUE(result.has_value()) << name;
      ASSERT_LE(static_cast<uint32_t>((*result)[0].i32()), 76u) << name;
    }
  }
}

TEST(Wasi, CallsAreTraced) {
  std::vector<std::string> lines;
  auto out = std::make_shared<OutputBuffer>();
  WasiConfig config = with_output(out);
  config.trace = [&](std::string_view line) { lines.emplace_back(line); };
  World world(std::move(config));
  auto instance = world.instantiate(world.compile(kHello));
  world.run(instance);
  EXPECT_FALSE(instance.func("exit")->call({api::Val(7)}).has_value());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "fd_write(fd: 1, iovs: [\"hello\\n\"]) = SUCCESS, nwritten: 6");
  EXPECT_EQ(lines[1], "proc_exit(code: 7)");
}

// --- interruption ---

constexpr std::string_view kBlocking = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 0) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\10")
  (data (i32.const 100) "\80\00\00\00\10\00\00\00")
  (func (export "sleep") (drop (call $poll (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300))))
  (func (export "read") (drop (call $read (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 300))))
  (func (export "spin") (loop (br 0)))))";

TEST(Wasi, InterruptedWaitsEndAtOnce) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  OwnedFd writer(pipe[1]);
  WasiConfig config;
  config.stdin_stream = Stdio::from_fd(pipe[0]);
  World world(std::move(config));
  auto instance = world.instantiate(world.compile(kBlocking));
  for (const char* name : {"sleep", "read", "spin"}) {
    world.store.clear_interrupt();
    auto handle = world.store.interrupt_handle();
    Clock::time_point asked;
    std::thread other([&] {
      std::this_thread::sleep_for(30ms);
      asked = Clock::now();
      handle.interrupt();
    });
    auto trap = world.run(instance, name);
    auto ended = Clock::now();
    other.join();
    ASSERT_TRUE(trap) << name;
    EXPECT_EQ(trap->code(), api::TrapCode::interrupted) << name;
    EXPECT_LT(ended - asked, 500ms) << name;  // the machine may be busy
  }
}

// --- leaks ---

size_t count_entries(const char* directory) {
  size_t count = 0;
  if (DIR* dir = ::opendir(directory)) {
    while (::readdir(dir)) ++count;
    ::closedir(dir);
  }
  return count;
}
size_t count_mappings() {
  size_t lines = 0;
  if (FILE* file = std::fopen("/proc/self/maps", "r")) {
    for (int c; (c = std::fgetc(file)) != EOF;) lines += c == '\n';
    std::fclose(file);
  }
  return lines;
}

// A guest that opens files and directories, lists, waits, grows its memory, and somewhere on the way traps, exits, or is
// interrupted; now and then with threads that do the same.
constexpr std::string_view kRestless = R"((module
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "env" "memory" (memory 1 100 shared))
    (data (i32.const 0) "file")
    (func $run (export "run") (param $steps i32) (param $end i32)
      (loop $next
        (if (i32.eqz (local.get $steps))
          (then
            (if (i32.eq (local.get $end) (i32.const 1)) (then (call $exit (i32.const 3))))
            (if (i32.eq (local.get $end) (i32.const 2)) (then (drop (i32.load (i32.const -1)))))
            (unreachable)))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
        (drop (call $readdir (i32.const 3) (i32.const 1000) (i32.const 500) (i64.const 0) (i32.const 16)))
        (i32.store (i32.const 2016) (i32.const 1))
        (drop (call $poll (i32.const 2000) (i32.const 2100) (i32.const 1) (i32.const 16)))
        (if (i32.eq (local.get $end) (i32.const 3))
          (then (drop (call $spawn (local.get $steps)))))
        (drop (memory.grow (i32.const 1)))
        (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
        (br $next)))
    (func (export "wasi_thread_start") (param i32) (param $steps i32)
      (call $run (local.get $steps) (i32.const 0)))))";

TEST(Wasi, GuestsThatTrapLeakNothing) {
  TempDir temp;
  write_host_file(temp / "file", "x");
  api::Config engine_config;
  engine_config.features = engine_config.features.with(api::Feature::threads);
  api::Engine engine(engine_config);
  auto module = api::Module::compile_text(engine, kRestless);
  ASSERT_TRUE(module.has_value()) << module.error().to_string();
  std::mt19937 random(7);
  auto run = [&](int32_t end) {
    WasiConfig config;
    config.preopens = {{"/", temp.path(), false}};
    config.max_threads = 4;
    auto wasi = Wasi::create(std::move(config));
    api::Linker linker(engine);
    Wasi::add_to_linker(linker);
    api::Store store(engine);
    wasi->attach(store);
    ASSERT_TRUE(wasi->enable_threads(linker, *module, store).has_value());
    auto instance = linker.instantiate(store, *module);
    ASSERT_TRUE(instance.has_value()) << instance.error().to_string();
    auto result = instance->func("run")->call({api::Val(static_cast<int32_t>(random() % 20)), api::Val(end)});
    ASSERT_FALSE(result.has_value());
    auto reason = wasi->finish_threads(result.error());
    ASSERT_TRUE(reason);
    if (end == 1) {
      EXPECT_EQ(reason->exit_status(), 3);
    } else {
      EXPECT_EQ(reason->code(), end == 2 ? api::TrapCode::out_of_bounds_memory_access : api::TrapCode::unreachable);
    }
  };
  // Threads leave stacks in the C library's cache, the allocator keeps what it has: the first runs do not count.
  for (int i = 0; i < 100; ++i) run(i % 4);
  size_t fds = count_entries("/proc/self/fd"), mappings = count_mappings();
  for (int i = 0; i < 1000; ++i) run(i % 4);
  EXPECT_EQ(count_entries("/proc/self/fd"), fds);
  EXPECT_LE(count_mappings(), mappings + 16);
}

// --- threads ---

// wasi_thread_start adds 1 to the counter at 0 and wakes who waits there; its argument chooses what else it does.
constexpr std::string_view kThreads = R"((module
  (import "env" "memory" (memory 1 10 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (func (export "wasi_thread_start") (param $tid i32) (param $arg i32)
    (drop (i32.atomic.rmw.add (i32.const 4) (local.get $tid)))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 100)))
    (if (i32.eq (local.get $arg) (i32.const 1)) (then unreachable))
    (if (i32.eq (local.get $arg) (i32.const 2)) (then (call $exit (i32.const 33))))
    (if (i32.eq (local.get $arg) (i32.const 3)) (then (loop (br 0))))
    (if (i32.eq (local.get $arg) (i32.const 4))
      (then (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))))
    (if (i32.eq (local.get $arg) (i32.const 5))
      (then (i64.store (i32.const 1016) (i64.const 0)) (i32.store (i32.const 1016) (i32.const 1))
            (i64.store (i32.const 1024) (i64.const 0x1000000000000000))
            (drop (call $poll (i32.const 1000) (i32.const 1100) (i32.const 1) (i32.const 1200))))))
  (func (export "spawn") (param i32) (result i32) (call $spawn (local.get 0)))
  ;; Until the counter is $count.
  (func $await (export "await") (param $count i32) (local $now i32)
    (loop $again
      (local.set $now (i32.atomic.load (i32.const 0)))
      (if (i32.lt_u (local.get $now) (local.get $count))
        (then (drop (memory.atomic.wait32 (i32.const 0) (local.get $now) (i64.const -1))) (br $again)))))
  (func (export "tids") (result i32) (i32.atomic.load (i32.const 4)))
  (func (export "spin") (loop (br 0)))))";

struct ThreadWorld : World {
  explicit ThreadWorld(uint32_t max_threads)
      : World(with_threads(max_threads), engine_config()), module(compile(kThreads)), instance(make()) {}
  static WasiConfig with_threads(uint32_t max_threads) {
    WasiConfig config;
    config.max_threads = max_threads;
    return config;
  }
  static api::Config engine_config() {
    api::Config config;
    config.features = config.features.with(api::Feature::threads);
    return config;
  }
  api::Instance make() {
    auto enabled = wasi.enable_threads(linker, module, store);
    EXPECT_TRUE(enabled.has_value());
    return instantiate(module);
  }
  int32_t spawn(int32_t argument) { return (*instance.func("spawn")->call({api::Val(argument)}))[0].i32(); }
  std::optional<api::Trap> await(int32_t count) {
    auto result = instance.func("await")->call({api::Val(count)});
    if (result) return std::nullopt;
    return result.error();
  }

  api::Module module;
  api::Instance instance;
};

TEST(WasiThreads, ThreadsRunOnTheSharedMemory) {
  ThreadWorld world(8);
  int32_t sum = 0;
  for (int i = 0; i < 8; ++i) {
    int32_t tid = world.spawn(0);
    EXPECT_GT(tid, 0);
    sum += tid;
  }
  EXPECT_FALSE(world.await(8));
  EXPECT_EQ((*world.instance.func("tids")->call({}))[0].i32(), sum);
  EXPECT_FALSE(world.wasi.finish_threads(std::nullopt));
}

TEST(WasiThreads, TheirNumberIsLimited) {
  ThreadWorld world(2);
  EXPECT_GT(world.spawn(3), 0);
  EXPECT_GT(world.spawn(3), 0);
  EXPECT_EQ(world.spawn(3), -static_cast<int32_t>(Errno::again));
  EXPECT_FALSE(world.wasi.finish_threads(std::nullopt));
  ThreadWorld none(0);
  EXPECT_EQ(none.spawn(0), -static_cast<int32_t>(Errno::again));
}

TEST(WasiThreads, ATrapInOneEndsAll) {
  ThreadWorld world(8);
  for (int32_t argument : {3, 4, 5, 1}) EXPECT_GT(world.spawn(argument), 0);
  auto main_trap = world.run(world.instance, "spin");
  ASSERT_TRUE(main_trap);
  EXPECT_EQ(main_trap->code(), api::TrapCode::interrupted);
  auto reason = world.wasi.finish_threads(main_trap);
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code(), api::TrapCode::unreachable);
}

TEST(WasiThreads, ExitInOneEndsAllWithItsCode) {
  ThreadWorld world(8);
  for (int32_t argument : {3, 2}) EXPECT_GT(world.spawn(argument), 0);
  auto reason = world.wasi.finish_threads(world.await(100));
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->exit_status(), 33);
}

TEST(WasiThreads, TheEndOfTheFirstEndsAll) {
  ThreadWorld world(8);
  for (int32_t argument : {3, 4, 5}) EXPECT_GT(world.spawn(argument), 0);
  EXPECT_FALSE(world.await(3));
  EXPECT_FALSE(world.wasi.finish_threads(std::nullopt));
}

TEST(WasiThreads, AnInterruptOfTheFirstEndsEightSpinningThreads) {
  ThreadWorld world(8);
  for (int i = 0; i < 8; ++i) EXPECT_GT(world.spawn(3), 0);
  auto handle = world.store.interrupt_handle();
  Clock::time_point asked;
  std::thread other([&] {
    std::this_thread::sleep_for(50ms);
    asked = Clock::now();
    handle.interrupt();
  });
  auto reason = world.wasi.finish_threads(world.run(world.instance, "spin"));
  auto ended = Clock::now();
  other.join();
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code(), api::TrapCode::interrupted);
  EXPECT_LT(ended - asked, 1s);  // the machine may be busy; 50 ms on an idle one
}

}  // namespace
}  // namespace arris::wasi
