// What the micro-benchmarks share: modules from text, instances of them, and an end with a message when something fails (a
// benchmark of code that does not run would be a lie).
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "arris/arris.h"

namespace arris::bench {

// Registered by main; one function per file, so that nothing depends on the order of global constructors.
void register_load_benchmarks();
void register_instantiate_benchmarks();
void register_call_benchmarks();
void register_exec_benchmarks();
void register_trap_benchmarks();
void register_light_benchmarks();

[[noreturn]] void die(std::string_view what, std::string_view why);

template <class T, class E>
T must(std::expected<T, E> result, std::string_view what) {
  if (!result) die(what, result.error().to_string());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The rows are the interpreter's unless they say otherwise: in the default tier, what repeats would soon be compiled code.
inline api::Config in_tier(api::Tier tier) {
  api::Config config;
  config.tier = tier;
  return config;
}

// A module in a Store of its own.
struct Fixture {
  explicit Fixture(std::string_view wat, api::Tier tier = api::Tier::interp)
      : Fixture(wat, [](api::Linker&) {}, tier) {}
  template <class Define>
  Fixture(std::string_view wat, Define define, api::Tier tier = api::Tier::interp)
      : engine(in_tier(tier)),
        module(must(api::Module::compile_text(engine, wat), "module")),
        linker(engine),
        store(engine) {
    define(linker);
    instance.emplace(must(linker.instantiate(store, module), "instance"));
  }
  template <class Signature>
  api::TypedFunc<Signature> func(std::string_view name) {
    return must(instance->typed<Signature>(name), name);
  }

  api::Engine engine;
  api::Module module;
  api::Linker linker;
  api::Store store;
  std::optional<api::Instance> instance;
};

std::string repeat(std::string_view text, int times);

// (func (export "run") (param $n i32)): `body` run n times; `locals` declares what it uses.
std::string loop_module(std::string_view fields, std::string_view locals, std::string_view body);

// Measures "run" of such a module: the time of an iteration is that of one of the `per_round` things its body does.
void run_loop(benchmark::State& state, Fixture& fixture, int per_round);

}  // namespace arris::bench
