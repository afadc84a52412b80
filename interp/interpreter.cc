#include "interp/interpreter.h"

#include "base/check.h"
#include "interp/calls.h"
#include "interp/handlers.h"

namespace arris::interp {

namespace {

Outcome trap_at_entry(runtime::Store& store, TrapCode code) {
  const Outcome outcome = store.set_trap(code);
  store.capture_backtrace(nullptr, nullptr, nullptr);  // only what lies below, across the host function that called
  return outcome;
}

}  // namespace

// Returning from the outermost frame leaves the interpreter. Kept in memory: what was just stored in halves is slow to load as a whole.
static constinit const FrameRecord kExitRecord{kExitCode, nullptr, nullptr, nullptr};

runtime::Outcome execute(runtime::Store& store, const runtime::FuncInstance& func, uint64_t* slots) {
  DCHECK(func.code != nullptr);
  ExecutionContext& context = store.context();
  if (context.fuel_enabled) context.interrupt.fetch_or(runtime::kInterruptFuel, std::memory_order_relaxed);
  InstanceData* inst = func.instance;
  if (is_interrupted(inst)) {
    if (TrapCode trap = answer_interrupt(context); trap != TrapCode::none) return trap_at_entry(store, trap);
  }
  if (!frame_fits(context, *func.code, slots)) return trap_at_entry(store, TrapCode::call_stack_exhausted);
  uint64_t* locals = build_frame(func, slots, kExitRecord);
  uint64_t* sp = locals + func.code->frame_offset + kFrameRecordSlots - 1;
  const uint8_t* ip = func.code->entry();
  return kOpcodeTable[*ip](ip, sp, locals, func.code->side_table, inst->memory0_base, *sp, inst, {});
}

COLD_HANDLER(invalid_opcode) {
  CHECK(!"an opcode that validation cannot have passed");
  return Outcome::trap;
}

COLD_HANDLER(trap_in_tos) {
  inst->store->set_trap(static_cast<TrapCode>(tos));
  inst->store->capture_backtrace(ip, locals, inst);
  return Outcome::trap;
}

}  // namespace arris::interp
