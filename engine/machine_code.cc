// Module::machine_code: one function compiled to be looked at.
#include "engine/tiers.h"
#include "jit/compiler.h"
#include "wasm/trap.h"

namespace arris::api::detail {

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
        Error{ErrorCode::limit_exceeded, code_offset + made.error().wasm_offset, std::move(made.error().message)});
  MachineCode code;
  code.bytes = std::move(compiled.bytes);
  code.code_size = compiled.code_size;
  uint32_t last = 0;
  for (const arris::runtime::PcEntry& at : compiled.positions) {
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
