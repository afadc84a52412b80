// instantiate/: a Store and an instance in it, made and dropped, or taken from a pool and given back: what a request costs before its
// first instruction.
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

constexpr std::string_view kSmall = R"((module
  (memory (export "memory") 1)
  (data (i32.const 16) "some bytes of data")
  (table 4 funcref) (elem (i32.const 0) $f $f)
  (global (mut i32) (i32.const 7))
  (func $f (export "f") (param i32) (result i32) (local.get 0))))";
constexpr std::string_view kNoMemory = R"((module (func (export "f") (param i32) (result i32) (local.get 0))))";

std::string megabyte_of_data() {
  return "(module (memory (export \"memory\") 32) (data (i32.const 0) \"" + repeat("0123456789", (1 << 20) / 10) +
         "\"))";
}

void instantiate(benchmark::State& state, std::string_view wat) {
  api::Engine engine;
  auto module = must(api::Module::compile_text(engine, wat), "module");
  for (auto _ : state) {
    api::Store store(engine);
    auto instance = api::Instance::create(store, module, {});
    if (!instance) return state.SkipWithError(instance.error().to_string().c_str());
  }
}

// The same, and the instance does something: touches its memory and its stack.
void instantiate_and_call(benchmark::State& state) {
  api::Engine engine;
  auto module = must(api::Module::compile_text(engine, kSmall), "module");
  for (auto _ : state) {
    api::Store store(engine);
    auto instance = must(api::Instance::create(store, module, {}), "instance");
    auto f = must(instance.typed<int32_t(int32_t)>("f"), "f");
    if (!f(7) || !instance.memory("memory")->store<uint32_t>(64, 1)) return state.SkipWithError("call failed");
  }
}

// Taken from a pool and given back; `use` is what is done in between.
void from_pool(benchmark::State& state, std::string_view wat, bool (*use)(const api::PooledInstance&)) {
  api::Engine engine;
  auto module = must(api::Module::compile_text(engine, wat), "module");
  api::InstancePool pool(api::Linker(engine), module);
  for (auto _ : state) {
    auto lease = pool.acquire();
    if (!lease || !use(*lease)) return state.SkipWithError("not as expected");
  }
}

bool nothing(const api::PooledInstance&) { return true; }

bool call(const api::PooledInstance& lease) {
  auto f = lease.instance().typed<int32_t(int32_t)>("f");
  return f && (*f)(7) && lease.instance().memory("memory")->store<uint32_t>(64, 1);
}

// Writes to four pages that hold data.
bool touch(const api::PooledInstance& lease) {
  auto memory = lease.instance().memory("memory");
  for (uint64_t at = 1000; at < 1'000'000; at += 300'000) {
    if (memory->load<uint8_t>(at) != '0' + at % 10 || !memory->store<uint32_t>(at, 1)) return false;
  }
  return true;
}

// Of this process, in physical memory.
double rss_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  long pages = 0;
  if (file == nullptr || std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  if (file != nullptr) std::fclose(file);
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Many at once in one process, each used: the time and the memory are those of one of them.
void live(benchmark::State& state) {
  constexpr int kInstances = 10000;
  api::Engine engine;
  auto module = must(api::Module::compile_text(engine, kSmall), "module");
  double bytes = 0;
  while (state.KeepRunningBatch(kInstances)) {
    double before = rss_bytes();
    std::vector<api::Store> stores;
    stores.reserve(kInstances);
    for (int i = 0; i < kInstances; ++i) {
      auto store = api::Store::create(engine);
      if (!store) return state.SkipWithError(store.error().to_string().c_str());
      stores.push_back(std::move(*store));
      auto instance = api::Instance::create(stores.back(), module, {});
      if (!instance) return state.SkipWithError(instance.error().to_string().c_str());
      auto f = instance->typed<int32_t(int32_t)>("f");
      if (!f || (*f)(i) != i) return state.SkipWithError("call failed");
    }
    bytes = std::max(bytes, rss_bytes() - before);
  }
  state.counters["rss_bytes"] = bytes / kInstances;
}

}  // namespace

void register_instantiate_benchmarks() {
  benchmark::RegisterBenchmark("instantiate/small", [](benchmark::State& s) { instantiate(s, kSmall); });
  benchmark::RegisterBenchmark("instantiate/no_memory", [](benchmark::State& s) { instantiate(s, kNoMemory); });
  benchmark::RegisterBenchmark("instantiate/1MB_of_data",
                               [](benchmark::State& s) { instantiate(s, megabyte_of_data()); });
  benchmark::RegisterBenchmark("instantiate/small_and_call", instantiate_and_call);
  benchmark::RegisterBenchmark("instantiate/pool", [](benchmark::State& s) { from_pool(s, kSmall, nothing); });
  benchmark::RegisterBenchmark("instantiate/pool_and_call", [](benchmark::State& s) { from_pool(s, kSmall, call); });
  benchmark::RegisterBenchmark("instantiate/pool_1MB_and_touch",
                               [](benchmark::State& s) { from_pool(s, megabyte_of_data(), touch); });
  benchmark::RegisterBenchmark("instantiate/10000_live", live);
}

}  // namespace arris::bench
