// trap/: a call that traps, until the C++ caller has the Trap (message and backtrace made, not printed).
#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

constexpr std::string_view kTraps = R"((module
  (import "host" "fail" (func $fail))
  (memory 1)
  (func (export "unreachable") unreachable)
  (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "out_of_bounds") (drop (i32.load (i32.const 0x7fffffff))))
  (func (export "host") (call $fail))
  (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else unreachable)))
  (func (export "deep") (call $deep (i32.const 100)))
  (func $endless (call $endless))
  (func (export "exhaustion") (call $endless))))";

void trap(benchmark::State& state, const char* name) {
  Fixture fixture(kTraps, [](api::Linker& linker) {
    linker.define_func("host", "fail",
                       []() -> std::expected<void, api::Trap> { return std::unexpected(api::Trap("no")); });
  });
  auto run = fixture.func<void()>(name);
  for (auto _ : state) {
    auto result = run();
    if (result) return state.SkipWithError("no trap");
    benchmark::DoNotOptimize(result.error().frames().size());
  }
}

}  // namespace

void register_trap_benchmarks() {
  benchmark::RegisterBenchmark("trap/unreachable", [](benchmark::State& s) { trap(s, "unreachable"); });
  benchmark::RegisterBenchmark("trap/divide", [](benchmark::State& s) { trap(s, "divide"); });
  benchmark::RegisterBenchmark("trap/out_of_bounds", [](benchmark::State& s) { trap(s, "out_of_bounds"); });
  benchmark::RegisterBenchmark("trap/host", [](benchmark::State& s) { trap(s, "host"); });
  benchmark::RegisterBenchmark("trap/100_frames", [](benchmark::State& s) { trap(s, "deep"); });
  benchmark::RegisterBenchmark("trap/stack_exhausted", [](benchmark::State& s) { trap(s, "exhaustion"); });
}

}  // namespace arris::bench
