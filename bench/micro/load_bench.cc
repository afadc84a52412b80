// load/: bytes to a module that can be instantiated: decoding, validation, side tables. bytes_per_second is of the binary.
#include <cstdlib>
#include <fstream>
#include <vector>

#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.empty()) die(path, "cannot be read");
  return bytes;
}

// What hello is made of: an import, a memory, a string, a function.
constexpr std::string_view kHello = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
  (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))))";

// Text of some thousand functions, for the text format and where no big module is given.
std::string many_functions() {
  std::string text = "(module (memory 1) (func $f (param i32 i32) (result i32) (local.get 0))";
  for (int i = 0; i < 20000; ++i) {
    text += R"((func (param $a i32) (param $b i32) (result i32) (local $sum i32)
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $a) (local.get $b)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=16 (local.get $a))))
        (i32.store offset=8 (local.get $a) (call $f (local.get $sum) (i32.const 12345)))
        (local.set $a (i32.add (local.get $a) (i32.const 4)))
        (br $next)))
      (if (result i32) (i32.eqz (local.get $sum)) (then (i32.const -1)) (else (local.get $sum)))))";
  }
  return text + ")";
}

void compile(benchmark::State& state, const Bytes& bytes, unsigned threads) {
  api::Config config;
  config.validation_threads = threads;
  config.features = Features::all();
  api::Engine engine(config);
  for (auto _ : state) {
    auto module = api::Module::compile(engine, bytes);
    if (!module) return state.SkipWithError(module.error().to_string().c_str());
    benchmark::DoNotOptimize(module->func_count());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void validate(benchmark::State& state, const Bytes& bytes) {
  api::Config config;
  config.validation_threads = 1;
  config.features = Features::all();
  api::Engine engine(config);
  for (auto _ : state) {
    auto result = api::Module::validate(engine, bytes);
    if (!result) return state.SkipWithError(result.error().to_string().c_str());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void compile_text(benchmark::State& state, const std::string& text) {
  api::Engine engine;
  for (auto _ : state) {
    auto module = api::Module::compile_text(engine, text);
    if (!module) return state.SkipWithError(module.error().to_string().c_str());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

Bytes binary_of(std::string_view text) {
  auto module = must(api::Module::compile_text(api::Engine(), text), "module");
  return Bytes(module.bytes().begin(), module.bytes().end());
}

}  // namespace

void register_load_benchmarks() {
  const char* path = std::getenv("ARRIS_BENCH_MODULE");
  auto big = [path] { return path != nullptr ? read_file(path) : binary_of(many_functions()); };
  // Made when a row runs, not now: --benchmark_filter should start at once.
  benchmark::RegisterBenchmark("load/compile", [big](benchmark::State& s) {
    compile(s, big(), 1);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/compile_parallel", [big](benchmark::State& s) { compile(s, big(), 0); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  benchmark::RegisterBenchmark("load/validate", [big](benchmark::State& s) {
    validate(s, big());
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/text", [](benchmark::State& s) {
    compile_text(s, many_functions());
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/hello", [](benchmark::State& s) { compile(s, binary_of(kHello), 1); });
}

}  // namespace arris::bench
