// Exceptions, of both forms. Nothing is executed to prepare for one: the unwinder finds the handler by the pc map and the handler
// table and jumps to its landing pad, where every value is in its slot. So calls and throws in a covered range store everything,
// constants included.
//
// Handlers are numbered as the validator lists them: when a range ends (end of a try_table, a catch arm, a delegate), in the
// order of the bytes, dead code included.
#pragma once

#include "jit/references.h"

namespace arris::jit {

template <class Masm>
void FunctionCompiler<Masm>::on_try_table() {
  const BlockType type = read_block_type(p_);
  const uint32_t count = read_uleb<uint32_t>(p_);
  const uint32_t first = static_cast<uint32_t>(landing_pads_.size());
  for (uint32_t i = 0; i < count; ++i) {
    const CatchClause clause = read_catch_clause(p_);
    if (unreachable_) continue;
    Control& target = control_at(clause.label);
    landing_pads_.push_back({kNoIndex, target.pads});
    target.pads = first + i;
  }
  Control& control = push_control(BlockKind::try_table, type);
  control.handler_count = count;
  control.clauses = first;
  if (!unreachable_) ++try_depth_;
}

template <class Masm>
void FunctionCompiler<Masm>::end_try_table(Control& control) {
  if (!control.is_dead) {
    --try_depth_;
    for (uint32_t i = 0; i < control.handler_count; ++i) landing_pads_[control.clauses + i].handler = next_handler_ + i;
  }
  next_handler_ += control.handler_count;
}

template <class Masm>
void FunctionCompiler<Masm>::on_try() {
  push_control(BlockKind::try_, read_block_type(p_));
  if (!unreachable_) ++try_depth_;
}

template <class Masm>
void FunctionCompiler<Masm>::on_catch(bool all) {
  Control& control = controls_.back();
  const uint32_t tag = all ? 0 : read_uleb<uint32_t>(p_);
  const uint32_t handler = next_handler_++;
  if (control.is_dead) return;
  if (!unreachable_) jump_to(control);
  if (control.kind == BlockKind::try_) --try_depth_;
  control.kind = BlockKind::catch_;
  control.exception_slot = func_->handlers[handler].exception_slot;
  out_->landing_pads[handler] = masm_.offset();
  const std::span<const ValType> payload =
      all ? std::span<const ValType>() : std::span<const ValType>(module_->types[module_->tags[tag].value].func.params);
  MergeState stored;
  stored.count = 0;
  load_state(stored, control, payload);
  unreachable_ = false;
}

template <class Masm>
void FunctionCompiler<Masm>::on_delegate() {
  read_uleb<uint32_t>(p_);
  ++next_handler_;
  on_end();
}

// Constants too: a handler finds everything in its slot.
template <class Masm>
void FunctionCompiler<Masm>::flush_for_throw() {
  flush();
}

template <class Masm>
void FunctionCompiler<Masm>::throw_reference() {
  load_machine_table();
  note_call(masm_.call_mem(machine_entry(MachineIndex::throw_exception)));
  note_table_use(MachineIndex::throw_exception);
  set_unreachable();
}

template <class Masm>
void FunctionCompiler<Masm>::on_throw() {
  const uint32_t tag = read_uleb<uint32_t>(p_);
  const uint32_t count = static_cast<uint32_t>(module_->types[module_->tags[tag].value].func.params.size());
  for (uint32_t i = local_count_ + height_ - count; i < local_count_ + height_; ++i) {
    if (!values_[i].is_stored()) emit_store_value(values_[i].slot, values_[i]);
    values_[i].flags |= kStored;
  }
  flush_for_throw();
  const int32_t top = next_slot_;
  for (uint32_t i = 0; i < count; ++i) drop();
  emit_builtin_call(MachineIndex::make_exception, next_slot_, top, tag, 0);
  masm_.branch_zero(Width::w64, Masm::kGpResult, trap_label(TrapCode::gc_heap_exhausted));
  masm_.move(Width::w64, Masm::kGpArguments[0], Masm::kGpResult);
  throw_reference();
}

template <class Masm>
void FunctionCompiler<Masm>::on_throw_ref() {
  Operand exception = pop();
  use(exception);
  flush_for_throw();
  const Gp argument = Masm::kGpArguments[0];
  if (gp_of(exception.reg) != argument) masm_.move(Width::w64, argument, gp_of(exception.reg));
  masm_.branch_zero(Width::w64, argument, trap_label(TrapCode::null_exception_reference));
  throw_reference();
}

template <class Masm>
void FunctionCompiler<Masm>::on_rethrow() {
  const Control& control = control_at(read_uleb<uint32_t>(p_));
  flush_for_throw();
  masm_.load_gp(Width::w64, Masm::kGpArguments[0], slot_address(static_cast<int32_t>(control.exception_slot)));
  throw_reference();
}

}  // namespace arris::jit
