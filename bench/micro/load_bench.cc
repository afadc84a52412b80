// load/: bytes to a module that can be instantiated: decoding, validation, side tables; load/jit: and to an instance of it whose
// functions are all machine code. bytes_per_second is of the binary.
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

// 10^5 functions that do next to nothing: what a function costs that is declared, named by an export and checked.
Bytes many_declarations() {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  auto uleb = [](Bytes& to, size_t value) {
    for (; value >= 0x80; value >>= 7) to.push_back(static_cast<uint8_t>(value | 0x80));
    to.push_back(static_cast<uint8_t>(value));
  };
  auto section = [&](uint8_t id, const Bytes& body) {
    out.push_back(id);
    uleb(out, body.size());
    out.insert(out.end(), body.begin(), body.end());
  };
  constexpr size_t kFunctions = 100'000;
  Bytes funcs, exports, bodies;
  for (Bytes* list : {&funcs, &exports, &bodies}) uleb(*list, kFunctions);
  for (size_t i = 0; i < kFunctions; ++i) {
    funcs.push_back(0);
    const std::string name = "function_" + std::to_string(i);
    uleb(exports, name.size());
    exports.insert(exports.end(), name.begin(), name.end());
    exports.push_back(0);
    uleb(exports, i);
    bodies.insert(bodies.end(), {6, 1, 1, 0x7F, 0x20, 0, 0x0B});  // (local i32) local.get 0
  }
  section(1, {1, 0x60, 1, 0x7F, 1, 0x7F});
  section(3, funcs);
  section(7, exports);
  section(10, bodies);
  return out;
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

// Imports do nothing: no function is called.
void define_imports(api::Linker& linker, const api::Module& module) {
  for (const api::ImportType& import : module.imports()) {
    if (const api::FuncType* type = import.type.func())
      linker.define_func(import.module, import.name, *type,
                         [](auto&, auto, auto) { return std::expected<void, api::Trap>(); });
  }
}

void compile_to_machine_code(benchmark::State& state, const Bytes& bytes) {
  api::Config config;
  config.tier = api::Tier::jit;
  config.features = Features::all();
  api::Engine engine(config);
  for (auto _ : state) {
    const api::Module module = must(api::Module::compile(engine, bytes), "module");
    api::Linker linker(engine);
    define_imports(linker, module);
    api::Store store(engine);
    if (auto made = linker.instantiate(store, module); !made)
      return state.SkipWithError(made.error().to_string().c_str());
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
  // Processor time of all threads, so per core; and until it is done.
  benchmark::RegisterBenchmark("load/jit", [big](benchmark::State& s) { compile_to_machine_code(s, big()); })
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime();
  benchmark::RegisterBenchmark("load/jit_parallel", [big](benchmark::State& s) { compile_to_machine_code(s, big()); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  benchmark::RegisterBenchmark("load/validate", [big](benchmark::State& s) {
    validate(s, big());
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/declarations", [](benchmark::State& s) {
    compile(s, many_declarations(), 1);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/text", [](benchmark::State& s) {
    compile_text(s, many_functions());
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/hello", [](benchmark::State& s) { compile(s, binary_of(kHello), 1); });
}

}  // namespace arris::bench
