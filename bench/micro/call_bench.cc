// call/: one call of each kind. entry: from C++ into WebAssembly and back; the others from a loop in WebAssembly, loop included; in the
// interpreter and, as call/jit_..., in compiled code.
#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

constexpr std::string_view kEntry = R"((module
  (func (export "nothing"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "many") (param i32 i64 f32 f64 i32 i64) (result i64) (i64.add (local.get 1) (local.get 5)))))";

void entry_nothing(benchmark::State& state, api::Tier tier) {
  Fixture fixture(kEntry, tier);
  auto nothing = fixture.func<void()>("nothing");
  for (auto _ : state)
    if (!nothing()) return state.SkipWithError("trap");
}

void entry_add(benchmark::State& state, api::Tier tier) {
  Fixture fixture(kEntry, tier);
  auto add = fixture.func<int32_t(int32_t, int32_t)>("add");
  int32_t sum = 0;
  for (auto _ : state) {
    auto result = add(sum, 1);
    if (!result) return state.SkipWithError("trap");
    sum = *result;
  }
  benchmark::DoNotOptimize(sum);
}

void entry_many(benchmark::State& state, api::Tier tier) {
  Fixture fixture(kEntry, tier);
  auto many = fixture.func<int64_t(int32_t, int64_t, float, double, int32_t, int64_t)>("many");
  for (auto _ : state)
    if (!many(1, 2, 3, 4, 5, 6)) return state.SkipWithError("trap");
}

void entry_untyped(benchmark::State& state, api::Tier tier) {
  Fixture fixture(kEntry, tier);
  auto add = *fixture.instance->func("add");
  for (auto _ : state)
    if (!add.call({api::Val(1), api::Val(2)})) return state.SkipWithError("trap");
}

constexpr int kCalls = 16;

void from_wasm(benchmark::State& state, api::Tier tier, std::string_view fields, std::string_view call) {
  Fixture fixture(
      loop_module(fields, "", repeat(call, kCalls)),
      [](api::Linker& linker) {
        linker.define_func("host", "nothing", [] {});
        linker.define_func("host", "add", [](int32_t a, int32_t b) { return a + b; });
        linker.define_func("host", "memory", [](api::Caller& caller, int32_t address) {
          return caller.memory()->load<int32_t>(static_cast<uint32_t>(address)).value_or(0);
        });
        FuncType type;
        type.params = {kI32, kI32};
        type.results = {kI32};
        linker.define_func("host", "untyped", type,
                           [](api::Caller&, std::span<const api::Val> args,
                              std::span<api::Val> results) -> std::expected<void, api::Trap> {
                             results[0] = args[0].i32() + args[1].i32();
                             return {};
                           });
      },
      tier);
  run_loop(state, fixture, kCalls);
}

template <class Run>
void add_row(const std::string& name, Run run) {
  for (auto [prefix, tier] : {std::pair("call/", api::Tier::interp), std::pair("call/jit_", api::Tier::jit)})
    benchmark::RegisterBenchmark((prefix + name).c_str(), [run, tier](benchmark::State& s) { run(s, tier); });
}

void add_row(const std::string& name, std::string_view fields, std::string_view call) {
  add_row(name, [=](benchmark::State& s, api::Tier tier) { from_wasm(s, tier, fields, call); });
}

}  // namespace

void register_call_benchmarks() {
  add_row("typed_entry_nothing", entry_nothing);
  add_row("typed_entry", entry_add);
  add_row("typed_entry_6_params", entry_many);
  add_row("untyped_entry", entry_untyped);
  add_row("direct", "(func $f)", "(call $f)");
  add_row("direct_2_params", "(func $f (param i32 i32) (result i32) (local.get 0))",
          "(drop (call $f (local.get $n) (i32.const 1)))");
  add_row(
      "indirect",
      "(type $t (func (param i32 i32) (result i32))) (table funcref (elem $f $f)) (func $f (type $t) (local.get 0))",
      "(drop (call_indirect (type $t) (local.get $n) (i32.const 1) (i32.const 1)))");
  add_row("ref",
          "(type $t (func (param i32 i32) (result i32))) (elem declare func $f) (func $f (type $t) (local.get 0))",
          "(drop (call_ref $t (local.get $n) (i32.const 1) (ref.func $f)))");
  add_row("tail",
          "(func $g (param i32 i32) (result i32) (local.get 0)) (func $f (param i32 i32) (result i32) (return_call $g "
          "(local.get 0) (local.get 1)))",
          "(drop (call $f (local.get $n) (i32.const 1)))");
  add_row("host_nothing", "(import \"host\" \"nothing\" (func $f))", "(call $f)");
  add_row("host", "(import \"host\" \"add\" (func $f (param i32 i32) (result i32)))",
          "(drop (call $f (local.get $n) (i32.const 1)))");
  add_row("host_memory", "(import \"host\" \"memory\" (func $f (param i32) (result i32))) (memory 1)",
          "(drop (call $f (i32.const 64)))");
  add_row("host_untyped", "(import \"host\" \"untyped\" (func $f (param i32 i32) (result i32)))",
          "(drop (call $f (local.get $n) (i32.const 1)))");
  add_row("host_indirect",
          "(type $t (func (param i32 i32) (result i32))) (import \"host\" \"add\" (func $f (type $t))) (table funcref "
          "(elem $f))",
          "(drop (call_indirect (type $t) (local.get $n) (i32.const 1) (i32.const 0)))");
}

}  // namespace arris::bench
