#include "engine/tiers.h"

#include <algorithm>
#include <string>
#include <thread>

#include "engine/state.h"
#include "interp/interpreter.h"
#include "jit/module_code.h"

namespace arris::api::detail {
namespace {

using arris::runtime::FuncInstance;
using arris::runtime::Outcome;
using arris::runtime::Store;

constexpr unsigned kMaxCompileThreads = 8;

unsigned compile_threads() { return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxCompileThreads); }

Outcome execute_compiled(Store& store, const FuncInstance& func, uint64_t* slots) {
  if (const void* code = jit::find_code(func)) return jit::run(store, func, code, slots);
  const Outcome outcome = interp::execute(store, func, slots);
  if (outcome != Outcome::tail_call) return outcome;
  const arris::runtime::TailCall call = store.tail_call();
  return jit::run(store, *call.func, call.code, slots);
}

Error describe(const arris::Module& module, const jit::ModuleCompileError& error) {
  if (!error.func.valid()) return {ErrorCode::out_of_memory, kNoOffset, error.message};
  std::string name(module.func_name(error.func));
  return {ErrorCode::limit_exceeded, error.offset,
          "function " + std::to_string(error.func.value) + (name.empty() ? "" : " (" + name + ")") +
              " cannot be compiled: " + error.message};
}

}  // namespace

void create_tiers(EngineState& engine) {
  const Config& config = engine.config;
  if (config.tier == Tier::interp || config.count_instructions) return;
  jit::MachineOptions options;
  options.adaptive = config.tier == Tier::auto_;
  options.lazy = config.lazy;
  options.baseline_cpu = config.baseline_cpu;
  options.count_fuel = config.fuel;
  options.mixed_tiers_seed = config.mixed_tiers_seed;
  options.tier_down_every = config.tier_down_every;
  options.explicit_bounds_checks = config.explicit_bounds_checks;
  options.perf_map = config.profile == Profile::perf_map;
  options.jitdump = config.profile == Profile::jitdump;
  options.gdb = config.debug_jit;
  if (config.tier_up_threshold != 0) {
    options.threshold = config.tier_up_threshold;
    options.loop_sample = std::min(config.tier_up_threshold, jit::kDefaultLoopSample);
  }
  if (config.tier_up_seed != 0) {
    options.threshold_seed = config.tier_up_seed;
    options.loop_sample = 1 + config.tier_up_seed % 4;
  }
  engine.machine = std::make_shared<jit::Machine>(options);
}

std::string_view profile_error(const EngineState& engine) {
  return engine.machine ? std::string_view(engine.machine->observer_error()) : std::string_view();
}

void set_tiers(const EngineState& engine, arris::runtime::StoreOptions& options) {
  if (!engine.machine) {
    options.execute = &interp::execute;
    return;
  }
  options.execute = &execute_compiled;
  options.interpret = &interp::execute;
  options.resume = &interp::resume;
  options.machine = &engine.machine->support();
}

void start_tiers(const EngineState& engine, arris::runtime::Store& store) {
  if (!engine.machine) return;
  store.context().watch = 1;
  if (engine.machine->options().tier_down_every != 0)
    store.context().interrupt.fetch_or(arris::runtime::kInterruptLeave, std::memory_order_relaxed);
  store.context().loop_ticks = engine.machine->options().adaptive ? engine.machine->options().loop_sample : 0;
}

std::expected<void, Error> prepare_module(const EngineState& engine, const arris::Module& module) {
  if (!engine.machine) return {};
  jit::ModuleCode* code = jit::ModuleCode::attach(module, engine.machine);
  if (engine.machine->options().adaptive || engine.config.lazy) return {};
  if (auto made = code->compile_all(compile_threads()); !made) return std::unexpected(describe(module, made.error()));
  return {};
}

}  // namespace arris::api::detail
