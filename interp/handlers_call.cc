// Calls in all forms. The fast path (a function of the same instance without v128 locals) builds the frame in line; everything
// else goes through cold handlers with the callee in tos.
//
// Before a call the operands are spilled, so the arguments are in memory where they become the callee's locals. A host function
// runs on the native stack, with the value stack's end and the calling frame published; its results come back where the
// arguments were. A tail call moves the arguments down to the frame's base, keeps the frame record, and builds the new frame
// there: constant space in any combination of instances, v128 and arities.
#include "interp/calls.h"
#include "interp/exceptions.h"
#include "interp/handlers.h"
#include "interp/metering.h"

namespace arris::interp {

using runtime::TableInstance;

constinit const uint8_t kExitCode[1] = {0x00};

// ---- Frames --------------------------------------------------------------------------------------------------------------

bool frame_fits(const ExecutionContext& context, const FuncCode& callee, const uint64_t* base) {
  // With v128 parameters, the prologue keeps a copy of the arguments above the frame.
  const uint64_t slots = uint64_t{callee.v128_local_slots} + callee.frame_offset + kFrameRecordSlots +
                         callee.max_operand_slots + callee.param_slots;
  return base <= context.stack_limit && slots <= static_cast<uint64_t>(context.stack_limit - base);
}

// The arguments come in one row, in order. v128 ones go below `locals`, the others to their indices above it. `row` is out of the
// way of both.
static void scatter_arguments(const CanonicalType& type, const uint64_t* row, uint64_t* locals) {
  uint64_t* vector = locals;
  uint64_t* scalar = locals;
  for (ValType param : type.func.params) {
    if (param.is_vec()) {
      vector -= 2;
      vector[0] = *row++;
      vector[1] = *row++;
      *scalar++ = 0;
    } else {
      *scalar++ = *row++;
    }
  }
}

// Zeroes [from, to), perhaps one slot more. The barrier keeps the compiler from calling memset, whose spills every call would pay.
INTERP_INLINE void zero_slots(uint64_t* from, const uint64_t* to) {
  uint64_t zero = 0;
  for (; from < to; from += 2) {
    __asm__("" : "+r"(zero));
    from[0] = zero;
    from[1] = zero;
  }
}

uint64_t* build_frame(const FuncInstance& callee, uint64_t* base, const FrameRecord& record) {
  const FuncCode& code = *callee.code;
  uint64_t* locals = base + code.v128_local_slots;
  if (code.has_v128_params) {
    uint64_t* row = locals + code.frame_offset;
    std::memcpy(row, base, code.param_slots * sizeof(uint64_t));
    std::memset(base, 0, code.v128_local_slots * sizeof(uint64_t));
    scatter_arguments(*callee.type, row, locals);
  } else if (code.v128_local_slots != 0) {
    std::memmove(locals, base, code.param_slots * sizeof(uint64_t));
    std::memset(base, 0, code.v128_local_slots * sizeof(uint64_t));
  }
  zero_slots(locals + code.param_count, locals + code.frame_offset);
  *record_of(locals, code.frame_offset) = record;
  return locals;
}

// May the fast path build the frame of `callee` with its record at `record`? A function with v128 locals or parameters is the
// slow path's business.
INTERP_INLINE bool can_enter(const FuncCode* callee, const uint64_t* record, const InstanceData* inst) {
  const ExecutionContext& context = *inst->context;
  return callee->v128_local_slots == 0 && !is_called_upon(inst) &&
         record + kFrameRecordSlots + callee->max_operand_slots <= context.stack_limit;
}

// Calls `callee`, a function of the same instance: the arguments are spilled and end at *sp. Or has `slow` do it.
#define ENTER(callee, next_ip, slow)                                                     \
  do {                                                                                   \
    uint64_t* base_ = sp + 1 - (callee)->param_slots;                                    \
    uint64_t* record_ = base_ + (callee)->frame_offset;                                  \
    if (!can_enter((callee), record_, inst)) [[unlikely]]                                \
      GOTO(slow);                                                                        \
    zero_slots(sp + 1, record_);                                                         \
    *reinterpret_cast<FrameRecord*>(record_) = FrameRecord{(next_ip), st, locals, inst}; \
    locals = base_;                                                                      \
    sp = record_ + (kFrameRecordSlots - 1);                                              \
    tos = reinterpret_cast<uint64_t>(inst);                                              \
    st = (callee)->side_table;                                                           \
    ip = (callee)->entry();                                                              \
    NEXT();                                                                              \
  } while (0)

// ---- Slow calls: tos holds the FuncInstance, the arguments end at *sp, ip is at the call -------------------------------------

// One past the call instruction at `ip`.
static const uint8_t* after_call(const uint8_t* ip, const InstanceData* inst) {
  uint8_t code = *ip;
  if (code == kMeteredCode) code = inst->module->unmetered_code[static_cast<size_t>(ip - inst->module->code.get())];
  const bool two_indices = code == info(Opcode::call_indirect).code;
  ++ip;
  skip_leb(ip);
  if (two_indices) skip_leb(ip);
  return ip;
}

static FuncInstance* callee_in(uint64_t tos) { return reinterpret_cast<FuncInstance*>(tos); }

// A host function did not return: a trap ends the invocation, an exception may have a handler here.
static COLD_HANDLER(host_failed) {
  if (static_cast<Outcome>(tos) == Outcome::trap) return Outcome::trap;
  tos = reinterpret_cast<uint64_t>(inst->store->take_exception());
  GOTO(throw_in_tos);
}

static COLD_HANDLER(call_host) {
  const FuncInstance& callee = *callee_in(tos);
  uint64_t* base = sp + 1 - callee.type->param_slots;
  const Outcome outcome = inst->store->call_host(callee, inst, base, ip, locals);
  if (outcome != Outcome::ok) {
    tos = static_cast<uint64_t>(outcome);
    GOTO(host_failed);
  }
  sp = base + callee.type->result_slots - 1;
  tos = *sp;
  ip = after_call(ip, inst);
  NEXT();
}

static COLD_HANDLER(call_slow) {
  const FuncInstance& callee = *callee_in(tos);
  if (callee.code == nullptr) GOTO(call_host);
  uint64_t* base = sp + 1 - callee.code->param_slots;
  if (inst->context->watch != 0) {
    if (const void* code = inst->store->find_machine_code(callee)) {
      const Outcome outcome = inst->store->call_machine(callee, code, inst, base, ip, locals);
      if (outcome != Outcome::ok) {
        tos = static_cast<uint64_t>(outcome);
        GOTO(host_failed);
      }
      sp = base + callee.code->result_slots - 1;
      tos = *sp;
      ip = after_call(ip, inst);
      NEXT();
    }
  }
  if (is_interrupted(inst)) TRAP_IF_ANY(answer_interrupt(*inst->context));
  if (!frame_fits(*inst->context, *callee.code, base)) TRAP_NOW(call_stack_exhausted);
  locals = build_frame(callee, base, {after_call(ip, inst), st, locals, inst});
  sp = locals + callee.code->frame_offset + kFrameRecordSlots - 1;
  tos = *sp;
  st = callee.code->side_table;
  ip = callee.code->entry();
  inst = callee.instance;
  mem = inst->memory0_base;
  NEXT();
}

// ---- call ----------------------------------------------------------------------------------------------------------------

// The operands are spilled already.
static COLD_HANDLER(call_slow_by_index) {
  const uint8_t* p = ip + 1;
  tos = reinterpret_cast<uint64_t>(inst->funcs[read_index(p)]);
  GOTO(call_slow);
}

HANDLER(op_call) {
  *sp = tos;
  const uint8_t* next = ip + 1;
  const uint32_t index = read_index(next);
  if (index < inst->imported_funcs) [[unlikely]]
    GOTO(call_slow_by_index);
  const FuncCode* callee = inst->func_codes + (index - inst->imported_funcs);
  ENTER(callee, next, call_slow_by_index);
}

// ---- call_indirect, call_ref ---------------------------------------------------------------------------------------------

INTERP_INLINE bool has_type(const CanonicalType* type, const CanonicalType* wanted) {
  return type == wanted || (wanted->depth <= type->depth && type->display[wanted->depth] == wanted);
}

// The function a call_indirect or return_call_indirect at `ip` with table index `index` calls; or the trap.
struct IndirectCallee {
  FuncInstance* func;
  const uint8_t* next;
  TrapCode trap;
};
INTERP_INLINE IndirectCallee find_indirect_callee(const uint8_t* ip, uint64_t index, const InstanceData* inst) {
  const uint8_t* p = ip + 1;
  const CanonicalType* wanted = inst->types[read_index(p)];
  const TableInstance& table = *inst->tables[read_index(p)];
  if (index >= table.size) [[unlikely]]
    return {nullptr, p, TrapCode::undefined_element};
  auto* func = reinterpret_cast<FuncInstance*>(table.elements[index]);
  if (func == nullptr) [[unlikely]]
    return {nullptr, p, TrapCode::uninitialized_element};
  if (!has_type(func->type, wanted)) [[unlikely]]
    return {nullptr, p, TrapCode::indirect_call_type_mismatch};
  return {func, p, TrapCode::none};
}

HANDLER(op_call_indirect) {
  const IndirectCallee callee = find_indirect_callee(ip, tos, inst);
  if (callee.func == nullptr) [[unlikely]] {
    tos = static_cast<uint64_t>(callee.trap);
    GOTO(trap_in_tos);
  }
  --sp;  // the index; what is below it is in memory
  tos = reinterpret_cast<uint64_t>(callee.func);
  const FuncCode* code = callee.func->code;
  if (code == nullptr || callee.func->instance != inst) [[unlikely]]
    GOTO(call_slow);
  ENTER(code, callee.next, call_slow);
}

HANDLER(op_call_ref) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_function_reference);
  --sp;
  const FuncInstance* callee = callee_in(tos);
  const FuncCode* code = callee->code;
  if (code == nullptr || callee->instance != inst) [[unlikely]]
    GOTO(call_slow);
  const uint8_t* next = ip + 1;
  skip_leb(next);
  ENTER(code, next, call_slow);
}

// ---- Tail calls ----------------------------------------------------------------------------------------------------------

// A host function in tail position: runs on top of the frame, then the frame returns its results.
static COLD_HANDLER(tail_call_host) {
  const FuncInstance& callee = *callee_in(tos);
  uint64_t* base = sp + 1 - callee.type->param_slots;
  const Outcome outcome = inst->store->call_host(callee, inst, base, ip, locals);
  const Branch frame = read_branch(st);  // the return entry
  const FrameRecord record = *record_of(locals, static_cast<uint32_t>(frame.delta_ip));
  if (outcome != Outcome::ok) {
    // The frame counts as gone, and so do its handlers.
    tos = static_cast<uint64_t>(outcome);
    ip = record.return_ip;
    locals = record.caller_locals;
    inst = record.caller_instance;
    GOTO(resume_caller);
  }
  sp = locals - frame.delta_entry;
  std::memmove(sp, base, callee.type->result_slots * sizeof(uint64_t));
  if (record.caller_instance == nullptr) return Outcome::ok;
  sp += callee.type->result_slots;
  tos = *--sp;
  ip = record.return_ip;
  st = record.return_side_table;
  locals = record.caller_locals;
  inst = record.caller_instance;
  mem = inst->memory0_base;
  NEXT();
}

COLD_HANDLER(resume_caller) {
  const auto outcome = static_cast<Outcome>(tos);
  if (inst == nullptr || outcome == Outcome::trap) return outcome;
  mem = inst->memory0_base;
  if (outcome == Outcome::exception) {
    ip -= 1;  // within the calling instruction
    tos = reinterpret_cast<uint64_t>(inst->store->take_exception());
    GOTO(throw_in_tos);
  }
  tos = *--sp;
  NEXT();
}

// Goes on in compiled code at `code` in the place of a frame that returns as `record` says; the arguments are at its base. The
// outermost frame leaves that to whoever began it.
static Outcome tail_call_compiled(const FuncInstance& callee, const void* code, uint64_t* base,
                                  const FrameRecord& record) {
  runtime::Store& store = *callee.instance->store;
  if (record.caller_instance == nullptr) return store.leave_tail_call({&callee, code});
  return store.call_machine(callee, code, record.caller_instance, base, record.return_ip - 1, record.caller_locals);
}

static COLD_HANDLER(tail_call) {
  const FuncInstance& callee = *callee_in(tos);
  if (callee.code == nullptr) GOTO(tail_call_host);
  const void* code = inst->context->watch != 0 ? inst->store->find_machine_code(callee) : nullptr;
  // Compiled code asks itself.
  if (code == nullptr && is_interrupted(inst)) TRAP_IF_ANY(answer_interrupt(*inst->context));
  // And pays; but if it cannot, that is a trap of this instruction, whose frame it would no longer find.
  if (code != nullptr && inst->context->fuel_enabled && inst->context->fuel <= 0) TRAP_NOW(out_of_fuel);
  const Branch frame = read_branch(st);  // the return entry
  const FrameRecord record = *record_of(locals, static_cast<uint32_t>(frame.delta_ip));
  uint64_t* base = locals - frame.delta_entry;
  if (!frame_fits(*inst->context, *callee.code, base)) TRAP_NOW(call_stack_exhausted);
  std::memmove(base, sp + 1 - callee.code->param_slots, callee.code->param_slots * sizeof(uint64_t));
  if (code != nullptr) {
    tos = static_cast<uint64_t>(tail_call_compiled(callee, code, base, record));
    sp = base + callee.code->result_slots;
    ip = record.return_ip;
    st = record.return_side_table;
    locals = record.caller_locals;
    inst = record.caller_instance;
    GOTO(resume_caller);
  }
  locals = build_frame(callee, base, record);
  sp = locals + callee.code->frame_offset + kFrameRecordSlots - 1;
  tos = *sp;
  st = callee.code->side_table;
  ip = callee.code->entry();
  inst = callee.instance;
  mem = inst->memory0_base;
  NEXT();
}

// Copies `count` slots down to `to`. The barrier is there for the same reason as in zero_slots.
INTERP_INLINE void move_down(uint64_t* to, const uint64_t* from, uint32_t count) {
  for (const uint64_t* const end = from + count; from < end;) {
    uint64_t slot = *from++;
    __asm__("" : "+r"(slot));
    *to++ = slot;
  }
}

// Goes on in `callee`, a function of the same instance, in the place of the current frame: the arguments are spilled and end at *sp.
// Or has `slow` do it. The frame's measures are in the return entry at `st`.
#define ENTER_IN_PLACE(callee, slow)                                                                       \
  do {                                                                                                     \
    uint64_t* record_ = locals + (callee)->frame_offset;                                                   \
    if (st->drop == kWideDrop || st->delta_entry != 0 || !can_enter((callee), record_, inst)) [[unlikely]] \
      GOTO(slow);                                                                                          \
    const FrameRecord frame_ = *record_of(locals, static_cast<uint32_t>(st->delta_ip));                    \
    const uint32_t params_ = (callee)->param_slots;                                                        \
    move_down(locals, sp + 1 - params_, params_);                                                          \
    zero_slots(locals + params_, record_);                                                                 \
    *reinterpret_cast<FrameRecord*>(record_) = frame_;                                                     \
    sp = record_ + (kFrameRecordSlots - 1);                                                                \
    tos = reinterpret_cast<uint64_t>(frame_.caller_instance);                                              \
    st = (callee)->side_table;                                                                             \
    ip = (callee)->entry();                                                                                \
    NEXT();                                                                                                \
  } while (0)

static COLD_HANDLER(tail_call_by_index) {
  const uint8_t* p = ip + 1;
  tos = reinterpret_cast<uint64_t>(inst->funcs[read_index(p)]);
  GOTO(tail_call);
}
HANDLER(op_return_call) {
  const uint8_t* p = ip + 1;
  *sp = tos;
  const uint32_t index = read_index(p);
  if (index < inst->imported_funcs) [[unlikely]]
    GOTO(tail_call_by_index);
  const FuncCode* callee = inst->func_codes + (index - inst->imported_funcs);
  ENTER_IN_PLACE(callee, tail_call_by_index);
}

HANDLER(op_return_call_indirect) {
  const IndirectCallee callee = find_indirect_callee(ip, tos, inst);
  if (callee.func == nullptr) [[unlikely]] {
    tos = static_cast<uint64_t>(callee.trap);
    GOTO(trap_in_tos);
  }
  --sp;
  tos = reinterpret_cast<uint64_t>(callee.func);
  const FuncCode* code = callee.func->code;
  if (code == nullptr || callee.func->instance != inst) [[unlikely]]
    GOTO(tail_call);
  ENTER_IN_PLACE(code, tail_call);
}

HANDLER(op_return_call_ref) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_function_reference);
  --sp;
  const FuncInstance* callee = callee_in(tos);
  const FuncCode* code = callee->code;
  if (code == nullptr || callee->instance != inst) [[unlikely]]
    GOTO(tail_call);
  ENTER_IN_PLACE(code, tail_call);
}

}  // namespace arris::interp
