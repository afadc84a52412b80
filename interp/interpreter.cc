#include "interp/interpreter.h"

#include "base/check.h"
#include "interp/calls.h"
#include "interp/handlers.h"
#include "interp/prepare.h"
#include "wasm/instruction_reader.h"

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

namespace {

// How many side-table entries an instruction owns (wasm/side_table.h).
uint32_t entries_of(const Instruction& instruction) {
  switch (instruction.opcode) {
    case Opcode::br:
    case Opcode::br_if:
    case Opcode::br_on_null:
    case Opcode::br_on_non_null:
    case Opcode::br_on_cast:
    case Opcode::br_on_cast_fail:
    case Opcode::if_:
    case Opcode::else_:
    case Opcode::catch_:
    case Opcode::catch_all:
    case Opcode::try_table:
    case Opcode::return_:
    case Opcode::return_call:
    case Opcode::return_call_indirect:
    case Opcode::return_call_ref:
    case Opcode::rethrow: return 1;
    case Opcode::br_table: return instruction.list_count + 1;
    default: return 0;
  }
}

const SideTableEntry* side_table_at(const Module& module, const FuncCode& func, uint32_t offset) {
  const uint8_t* next = module.bytes.data() + module.offset_of(func.code);
  const uint8_t* const end = next + offset;
  const SideTableEntry* entry = func.side_table;
  while (next < end) entry += entries_of(read_instruction(next));
  DCHECK(next == end);
  return entry;
}

}  // namespace

Outcome resume(runtime::Store& store, const runtime::FuncInstance& func, uint64_t* locals, uint32_t loop_offset,
               uint64_t* stack_top) {
  const FuncCode& code = *func.code;
  InstanceData* inst = func.instance;
  *record_of(locals, code.frame_offset) = kExitRecord;
  uint64_t* const sp = stack_top - 1;
  if (loop_offset == kNoIndex) {
    const uint8_t* ip = code.entry();
    return kOpcodeTable[*ip](ip, sp, locals, code.side_table, inst->memory0_base, *sp, inst, {});
  }
  prepare(*inst->module, code);
  const SideTableEntry* st = side_table_at(*inst->module, code, loop_offset);
  return op_block(code.code + loop_offset, sp, locals, st, inst->memory0_base, *sp, inst, {});
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
