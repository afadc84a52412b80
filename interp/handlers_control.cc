// Structured control and branches. Blocks cost one step over their immediates; where a branch goes and what it moves is in
// the side table (wasm/side_table.h).
#include "interp/calls.h"
#include "interp/exceptions.h"
#include "interp/handlers.h"
#include "interp/prepare.h"
#include "wasm/instruction_reader.h"

namespace arris::interp {

// Every function begins here when it is called for the first time (wasm/module.h, FuncCode).
COLD_HANDLER(op_unreachable) {
  const FuncCode* const func = unprepared_at(*inst->module, ip);
  if (func == nullptr) TRAP_NOW(unreachable);
  prepare(*inst->module, *func);
  ip = func->code;
  NEXT();
}

HANDLER(op_nop) {
  ip += 1;
  NEXT();
}
// Not the function's final one: the validator made that a `return`.
HANDLER(op_end) {
  ip += 1;
  NEXT();
}

// A block type of more than one byte: a long type index, or (ref ht) and (ref null ht).
INTERP_INLINE bool is_long_block_type(uint8_t byte) {
  return is_long(byte) || static_cast<uint8_t>(byte - static_cast<uint8_t>(TypeCode::ref_null)) < 2;
}
static_assert(static_cast<int>(TypeCode::ref) == static_cast<int>(TypeCode::ref_null) + 1);

static COLD_HANDLER(block_long) {
  const uint8_t* p = ip + 1;
  read_block_type(p);
  ip = p;
  NEXT();
}

HANDLER(op_block) {
  if (is_long_block_type(ip[1])) [[unlikely]]
    GOTO(block_long);
  ip += 2;
  NEXT();
}
HANDLER(op_try_) { GOTO(op_block); }

static COLD_HANDLER(loop_interrupted) {
  if (is_interrupted(inst)) TRAP_IF_ANY(answer_interrupt(*inst->context));
  GOTO(op_block);
}
// In compiled code from here on, if there is any (Store::run_machine_loop): the whole rest of the function runs there, nested, and
// leaves its results at the frame's base; so what follows is the function's return to its caller, or what it has thrown.
static COLD_HANDLER(loop_in_machine_code) {
  PUBLISH_STACK();
  const FuncCode& code = current_function(inst, ip);
  const FrameRecord record = *record_of(locals, code.frame_offset);
  const runtime::LoopEntry loop = inst->store->find_machine_loop(inst, code, ip);
  if (loop.address == nullptr) GOTO(loop_interrupted);
  tos = static_cast<uint64_t>(inst->store->run_machine_loop(loop, inst, locals, record));
  sp = locals - code.v128_local_slots + code.result_slots;
  ip = record.return_ip;
  st = record.return_side_table;
  locals = record.caller_locals;
  inst = record.caller_instance;
  GOTO(resume_caller);
}

static COLD_HANDLER(loop_called_upon) {
  if (inst->context->watch != 0 && --inst->context->loop_ticks == 0) GOTO(loop_in_machine_code);
  GOTO(loop_interrupted);
}

HANDLER(op_loop) {
  if (is_called_upon(inst)) [[unlikely]]
    GOTO(loop_called_upon);
  if (is_long_block_type(ip[1])) [[unlikely]]
    GOTO(block_long);
  ip += 2;
  NEXT();
}

HANDLER(op_if_) {
  const bool condition = static_cast<uint32_t>(tos) != 0;
  POP();
  if (condition) {
    st += 1;
    if (is_long_block_type(ip[1])) [[unlikely]]
      GOTO(block_long);
    ip += 2;
    NEXT();
  }
  TAKE_BRANCH();
}

// Reached by falling out of the arm before: on to after the `end`.
HANDLER(op_else_) { TAKE_BRANCH(); }
HANDLER(op_catch_) { TAKE_BRANCH(); }
HANDLER(op_catch_all) { TAKE_BRANCH(); }
// Its entry leads to its first instruction.
HANDLER(op_try_table) { TAKE_BRANCH(); }

static COLD_HANDLER(skip_label) {
  const uint8_t* p = ip + 1;
  skip_leb(p);
  ip = p;
  NEXT();
}
// The `end` of a try that delegates.
HANDLER(op_delegate) { GOTO(skip_label); }

HANDLER(op_br) { TAKE_BRANCH(); }

HANDLER(op_br_if) {
  const bool condition = static_cast<uint32_t>(tos) != 0;
  POP();
  if (condition) TAKE_BRANCH();
  st += 1;
  if (is_long(ip[1])) [[unlikely]]
    GOTO(skip_label);
  ip += 2;
  NEXT();
}

static COLD_HANDLER(br_table_long) {
  const uint8_t* p = ip + 1;
  const uint32_t labels = read_uleb<uint32_t>(p);
  const uint32_t index = static_cast<uint32_t>(tos);
  POP();
  st += index < labels ? index : labels;
  TAKE_BRANCH();
}
HANDLER(op_br_table) {
  if (is_long(ip[1])) [[unlikely]]
    GOTO(br_table_long);
  const uint32_t labels = ip[1];
  const uint32_t index = static_cast<uint32_t>(tos);
  POP();
  st += index < labels ? index : labels;
  TAKE_BRANCH();
}

HANDLER(op_br_on_null) {
  if (tos == 0) {
    POP();
    TAKE_BRANCH();
  }
  st += 1;
  if (is_long(ip[1])) [[unlikely]]
    GOTO(skip_label);
  ip += 2;
  NEXT();
}
HANDLER(op_br_on_non_null) {
  if (tos != 0) TAKE_BRANCH();
  POP();
  st += 1;
  if (is_long(ip[1])) [[unlikely]]
    GOTO(skip_label);
  ip += 2;
  NEXT();
}

namespace {

// Moves the `keep` topmost of the slots that end with *sp (spilled) down over `drop` slots.
void move_slots(uint64_t* sp, uint64_t keep, uint64_t drop) {
  std::memmove(sp + 1 - keep - drop, sp + 1 - keep, keep * sizeof(uint64_t));
}

}  // namespace

COLD_HANDLER(branch_moving_many) {
  const Branch branch = read_branch(st);
  if (branch.drop != 0) {
    *sp = tos;
    move_slots(sp, branch.keep, branch.drop);
    sp -= branch.drop;
    tos = *sp;
  }
  ip += branch.delta_ip;
  st += branch.delta_entry;
  NEXT();
}

HANDLER(branch_moving) {
  const uint32_t keep = st->keep;
  const uint32_t drop = st->drop;
  if (keep > 1 || drop == kWideDrop) [[unlikely]]
    GOTO(branch_moving_many);
  sp -= drop;
  tos = keep ? tos : *sp;
  ip += st->delta_ip;
  st += st->delta_entry;
  NEXT();
}

// ---- Return --------------------------------------------------------------------------------------------------------------

// Several results, a wide entry, a caller in another instance, or the end of the invocation.
static COLD_HANDLER(return_slow) {
  const Branch entry = read_branch(st);  // delta_ip: frame offset; delta_entry: v128 slots; keep: results
  const FrameRecord record = *record_of(locals, static_cast<uint32_t>(entry.delta_ip));
  uint64_t* base = locals - entry.delta_entry;
  *sp = tos;
  std::memmove(base, sp + 1 - entry.keep, entry.keep * sizeof(uint64_t));
  if (record.caller_instance == nullptr) return Outcome::ok;
  sp = base + entry.keep - 1;
  tos = *sp;
  ip = record.return_ip;
  st = record.return_side_table;
  locals = record.caller_locals;
  inst = record.caller_instance;
  mem = inst->memory0_base;
  NEXT();
}

HANDLER(op_return_) {
  const uint32_t keep = st->keep;
  const FrameRecord* record = record_of(locals, static_cast<uint32_t>(st->delta_ip));
  if (keep > 1 || st->drop == kWideDrop || record->caller_instance != inst) [[unlikely]]
    GOTO(return_slow);
  sp = locals - st->delta_entry + keep - 1;
  tos = keep ? tos : *sp;
  ip = record->return_ip;
  st = record->return_side_table;
  locals = record->caller_locals;
  NEXT();
}

}  // namespace arris::interp
