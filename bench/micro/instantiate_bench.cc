// instantiate/: a Store and an instance in it, made and dropped: what a request costs before its first instruction.
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
  return "(module (memory 32) (data (i32.const 0) \"" + repeat("0123456789abcdef", (1 << 20) / 16) + "\"))";
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

// Many at once in one process: the time is that of one of them.
void live(benchmark::State& state) {
  constexpr int kInstances = 10000;
  api::Engine engine;
  auto module = must(api::Module::compile_text(engine, kSmall), "module");
  while (state.KeepRunningBatch(kInstances)) {
    std::vector<api::Store> stores;
    stores.reserve(kInstances);
    for (int i = 0; i < kInstances; ++i) {
      auto store = api::Store::create(engine);
      if (!store) return state.SkipWithError(store.error().to_string().c_str());
      stores.push_back(std::move(*store));
      if (auto instance = api::Instance::create(stores.back(), module, {}); !instance)
        return state.SkipWithError(instance.error().to_string().c_str());
    }
  }
}

}  // namespace

void register_instantiate_benchmarks() {
  benchmark::RegisterBenchmark("instantiate/small", [](benchmark::State& s) { instantiate(s, kSmall); });
  benchmark::RegisterBenchmark("instantiate/no_memory", [](benchmark::State& s) { instantiate(s, kNoMemory); });
  benchmark::RegisterBenchmark("instantiate/1MB_of_data",
                               [](benchmark::State& s) { instantiate(s, megabyte_of_data()); });
  benchmark::RegisterBenchmark("instantiate/small_and_call", instantiate_and_call);
  benchmark::RegisterBenchmark("instantiate/10000_live", live);
}

}  // namespace arris::bench
