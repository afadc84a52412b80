#include "interp/metering.h"

#include <cstring>

#include "interp/handlers.h"
#include "runtime/store.h"
#include "wasm/instruction_reader.h"

namespace arris::interp {

void meter_module(Module& module) {
  const size_t size = module.code_end - module.code_begin;
  module.unmetered_code = std::make_unique_for_overwrite<uint8_t[]>(size);
  std::memcpy(module.unmetered_code.get(), module.code.get(), size);
  for (const FuncCode& func : module.func_codes) {
    // The pristine bytes tell the lengths; the copy may hold internal opcodes.
    const uint8_t* const start = module.bytes.data() + module.offset_of(func.code);
    uint8_t* const code = module.code.get() + (func.code - module.code.get());
    for (const uint8_t* p = start; p < start + func.code_size;) {
      code[p - start] = kMeteredCode;
      read_instruction(p);
    }
  }
}

static COLD_HANDLER(limit_reached) {
  if (!inst->store->raise_instruction_limit()) TRAP_NOW(out_of_gas);
  GOTO(op_metered);
}

HANDLER(op_metered) {
  runtime::ExecutionContext& context = *inst->context;
  if (context.instructions >= context.instruction_limit) [[unlikely]]
    GOTO(limit_reached);
  ++context.instructions;
  const Module& module = *inst->module;
  GOTO(kOpcodeTable[module.unmetered_code[static_cast<size_t>(ip - module.code.get())]]);
}

}  // namespace arris::interp
