#include "engine/tiers.h"

#include <algorithm>
#include <string>
#include <thread>

#include "engine/state.h"
#include "interp/interpreter.h"
#include "jit/module_code.h"
#include "wasm/trap.h"

namespace arris::api::detail {
namespace {

using arris::runtime::FuncInstance;
using arris::runtime::Outcome;
using arris::runtime::Store;

constexpr unsigned kMaxCompileThreads = 8;

unsigned compile_threads() { return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxCompileThreads); }

Outcome execute_compiled(Store& store, const FuncInstance& func, uint64_t* slots) {
  if (const void* code = jit::find_code(func)) return jit::run(store, func, code, slots);
  return interp::execute(store, func, slots);
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
  options.machine = &engine.machine->support();
}

void start_tiers(const EngineState& engine, arris::runtime::Store& store) {
  if (!engine.machine) return;
  store.context().watch = 1;
  store.context().loop_ticks = engine.machine->options().adaptive ? engine.machine->options().loop_sample : 0;
}

std::expected<void, Error> prepare_module(const EngineState& engine, const arris::Module& module) {
  if (!engine.machine) return {};
  jit::ModuleCode* code = jit::ModuleCode::attach(module, engine.machine);
  if (engine.machine->options().adaptive || engine.config.lazy) return {};
  if (auto made = code->compile_all(compile_threads()); !made) return std::unexpected(describe(module, made.error()));
  return {};
}

std::expected<MachineCode, Error> machine_code(const Config& config, const arris::Module& module, uint32_t func) {
  constexpr std::string_view kTableNames[] = {
#define STUB(name) #name,
#define BUILTIN(name, kind) #name,
#include "jit/builtins.def"
  };
  jit::CompileOptions options;
  options.osr_entries = config.tier == Tier::auto_;
  options.baseline_cpu = config.baseline_cpu;
  options.positions = true;
  jit::CompiledFunction compiled;
  const arris::FuncIndex index(func);
  const uint32_t code_offset = module.bodies[func - module.imported_funcs].code_offset;
  if (auto made = jit::Compiler().compile(module, index, options, compiled); !made)
    return std::unexpected(
        describe(module, {index, code_offset + made.error().wasm_offset, std::move(made.error().message)}));
  MachineCode code;
  code.bytes = std::move(compiled.bytes);
  code.code_size = compiled.code_size;
  uint32_t last = 0;
  for (const jit::PcMapEntry& at : compiled.positions) {
    // Up to there the positions follow the instructions.
    if (at.wasm_offset < last && code.out_of_line == 0) code.out_of_line = code.positions.size();
    last = at.wasm_offset;
    code.positions.push_back({at.native_offset, code_offset + at.wasm_offset});
  }
  for (const jit::TableUse& use : compiled.table_uses) {
    const bool is_trap = use.trap != TrapCode::none;
    code.targets.push_back(
        {use.native_offset, is_trap, std::string(is_trap ? message_of(use.trap) : kTableNames[use.index])});
  }
  return code;
}

}  // namespace arris::api::detail
