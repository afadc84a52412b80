#include "interp/metering.h"

#include <cstring>

#include "interp/handlers.h"
#include "runtime/store.h"

namespace arris::interp {

void meter(std::span<uint8_t> body, std::span<const uint32_t> starts, uint8_t* unmetered) {
  std::memcpy(unmetered, body.data(), body.size());
  for (uint32_t start : starts) body[start] = kMeteredCode;
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
