// The driver: prologue, the loop over the instructions, the end; and every other part of FunctionCompiler, for those who
// instantiate it.
#pragma once

#include "jit/allocation.h"
#include "jit/cold_paths.h"

namespace arris::jit {

template <class Masm>
void FunctionCompiler<Masm>::fail(const char* message) {
  if (failed_) return;
  failed_ = true;
  error_.wasm_offset = offset_;
  error_.message = message;
}

template <class Masm>
std::expected<void, CompileError> FunctionCompiler<Masm>::compile(const Module& module, FuncIndex func,
                                                                  const CompileOptions& options,
                                                                  CompiledFunction& out) {
  start(module, func, options, out);
  note_position();
  prologue();
  if (options.clear_frames) clear_frame();
  compile_body();
  if (!failed_) finish();
  if (failed_) return std::unexpected(std::move(error_));
  return {};
}

template <class Masm>
void FunctionCompiler<Masm>::start(const Module& module, FuncIndex func, const CompileOptions& options,
                                   CompiledFunction& out) {
  const uint32_t own_index = func.value - module.imported_funcs;
  const FuncBody& body = module.bodies[own_index];
  module_ = &module;
  func_ = &module.func_codes[own_index];
  type_ = &module.types[module.funcs[func.value].value].func;
  options_ = options;
  out_ = &out;
  out.clear();
  out.landing_pads.assign(func_->handlers.size(), kNoLandingPad);
  code_ = module.bytes.data() + body.code_offset;
  p_ = code_;
  offset_ = 0;
  unreachable_ = failed_ = false;
  error_ = {};
  masm_.reset();

  local_count_ = func_->local_count;
  height_ = 0;
  first_operand_slot_ = static_cast<int32_t>(func_->frame_offset + runtime::kFrameRecordSlots);
  next_slot_ = first_operand_slot_;
  const size_t values = size_t{local_count_} + func_->max_operand_slots + 4;
  if (values_.size() < values) values_.resize(values);
  if (preference_.size() < local_count_) preference_.resize(local_count_, kNoReg);
  if (scan_counts_.size() < local_count_) scan_counts_.resize(local_count_, 0);
  if (stamp_ > UINT32_MAX / 2) {  // marks of earlier functions are below; none is ever reached again
    stamp_ = 0;
    for (Value& v : values_) v.mark = 0;
  }
  used_ = locked_ = preferred_ = victim_turn_ = 0;
  plain_offsets_ = module.memories.empty() || needs_check(0) ? 0 : kMaxFoldedOffset + 1;
  const_locals_.clear();
  flushed_constants_.clear();
  settled_ = 0;
  zero_locals_pending_ = false;
  for (const SavedPreference& saved : saved_preferences_) preference_[saved.local] = kNoReg;
  saved_preferences_.clear();
  controls_.clear();
  merge_count_ = 0;
  scanned_loops_.clear();
  next_scanned_loop_ = 0;
  try_depth_ = next_handler_ = 0;
  trap_paths_.clear();
  interrupt_paths_.clear();
  osr_paths_.clear();
  bounds_paths_.clear();
  other_call_paths_.clear();
  subtype_paths_.clear();
  allocation_paths_.clear();
  allocation_constants_.clear();
  landing_pads_.clear();
  table_turn_ = 0;

  // Locals: where they live.
  int32_t vector_slot = 0;
  uint32_t next = 0;
  auto add_local = [&](ValType type) {
    Value& v = values_[next];
    v.kind = kind_of(type);
    v.flags = kStored;
    v.bits = 0;
    v.slot = v.kind == Kind::v128 ? vector_slot -= 2 : static_cast<int32_t>(next);
    ++next;
  };
  for (ValType type : type_->params) add_local(type);
  const uint32_t params = next;
  for (const LocalGroup& group : body.locals) {
    for (uint32_t i = 0; i < group.count; ++i) add_local(group.type);
  }
  for (uint32_t i = params; i < local_count_; ++i) {
    values_[i].flags = kConst;
    const_locals_.push_back(i);
    zero_locals_pending_ = true;
  }

  Control& control = controls_.emplace_back();
  control.kind = BlockKind::func;
  control.slot = next_slot_;
  control.result_types = type_->results.data();
  control.result_count = static_cast<uint32_t>(type_->results.size());
  if (control.result_types == nullptr) control.result_types = &control.single;
}

// ---- Prologue ----------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::prologue() {
  const uint64_t frame_slots = uint64_t{func_->v128_local_slots} + func_->frame_offset + runtime::kFrameRecordSlots +
                               func_->max_operand_slots + (func_->has_v128_params ? func_->param_slots : 0);
  out_->entry_offset = masm_.offset();
  masm_.push(Masm::kLocals);
  masm_.lea(Width::w64, Masm::kLocals,
            masm::at(Masm::kArgumentBase, static_cast<int32_t>(func_->v128_local_slots * 8)));
  entry_stack_label_ = masm_.new_label();
  masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, context)));
  masm_.lea(Width::w64, Masm::kArgumentBase, masm::at(Masm::kArgumentBase, static_cast<int32_t>(frame_slots * 8)));
  masm_.branch_mem(
      Width::w64, Cond::gt_u, Masm::kArgumentBase,
      masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(runtime::ExecutionContext, machine_stack_limit))),
      entry_stack_label_);
  place_params();
  entry_interrupt_label_ = Label{};
  if (options_.interrupt_checks) {
    entry_interrupt_label_ = masm_.new_label();
    entry_interrupt_back_ = masm_.new_label();
    if (func_->v128_local_slots != 0)  // moving the parameters took the scratch register
      masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, context)));
    branch_if_called_upon(entry_interrupt_label_);
    masm_.bind(entry_interrupt_back_);
  }
}

// CompileOptions::clear_frames.
template <class Masm>
void FunctionCompiler<Masm>::clear_frame() {
  if (zero_locals_pending_) store_zero_locals();
  for (auto slot = static_cast<int32_t>(local_count_); slot < first_operand_slot_; ++slot)
    emit_store_const(Kind::i64, slot, 0);
}

// Parameters in registers stay there; those in the row go to their homes, which differ from the row if there are v128 locals.
template <class Masm>
void FunctionCompiler<Masm>::place_params() {
  ParamRegisters<Masm> registers;
  const uint32_t count = static_cast<uint32_t>(type_->params.size());
  int32_t row = -static_cast<int32_t>(func_->v128_local_slots);
  // Homes and row overlap, so through the space above the frame.
  const int32_t copy = static_cast<int32_t>(func_->frame_offset);
  const bool must_move = func_->v128_local_slots != 0;
  auto copy_value = [this](Kind kind, int32_t to, int32_t from) {
    if (kind == Kind::v128) {
      masm_.copy_slot_pair(slot_address(to), slot_address(from));
    } else {
      masm_.copy_slot(slot_address(to), slot_address(from));
    }
  };
  param_state_.first = merge_count_;
  for (uint32_t i = 0; i < count; ++i) {
    Value& v = values_[i];
    const RegCode reg = registers.next(v.kind);
    if (reg != kNoReg) {
      v.flags = 0;
      attach(v, reg);
      add_entry(v.kind, 0, reg, i, v.slot);
    } else if (must_move) {
      copy_value(v.kind, copy + (row + static_cast<int32_t>(func_->v128_local_slots)), row);
    }
    row += static_cast<int32_t>(slots_of(v.kind));
  }
  param_state_.count = merge_count_ - param_state_.first;
  if (!must_move) return;
  row = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Value& v = values_[i];
    if (!v.in_reg()) copy_value(v.kind, v.slot, copy + row);
    row += static_cast<int32_t>(slots_of(v.kind));
  }
}

// ---- The body ----------------------------------------------------------------------------------------------------------------

template <class Masm>
Opcode FunctionCompiler<Masm>::read_opcode(uint8_t prefix) {
  return find_opcode(prefix, read_uleb<uint32_t>(p_));
}

template <class Masm>
void FunctionCompiler<Masm>::compile_body() {
  for (;;) {
    go_on_to(p_);
    locked_ = 0;
    const uint8_t byte = *p_++;
    const FirstByte first = kFirstBytes[byte];
    if (unreachable_) [[unlikely]] {
      compile_dead_instruction(first.shape == Shape::prefixed ? read_opcode(byte) : first.op);
      if (controls_.empty()) return;
      continue;
    }
    switch (first.shape) {
      case Shape::local_get: compile_local_get(read_uleb<uint32_t>(p_)); break;
      case Shape::local_set: on_local_set(read_uleb<uint32_t>(p_)); break;
      case Shape::local_tee: on_local_tee(read_uleb<uint32_t>(p_)); break;
      case Shape::i32_const: compile_constant(Kind::i32, static_cast<uint32_t>(read_constant<int32_t>())); break;
      case Shape::i64_const: compile_constant(Kind::i64, static_cast<uint64_t>(read_constant<int64_t>())); break;
      case Shape::integer: on_integer(first.op); break;
      case Shape::load: on_load(first.op, pop()); break;
      case Shape::store: on_store(first.op, pop()); break;
      case Shape::br_if: on_br_if(); break;
      case Shape::block: on_block(); break;
      case Shape::call: on_call(read_uleb<uint32_t>(p_)); break;
      case Shape::end:
        on_end();
        if (controls_.empty()) return;
        break;
      case Shape::prefixed: {
        const Opcode op = read_opcode(byte);
        compile_instruction(op, shape(op).shape);
        if (failed_) return;
        break;
      }
      default: compile_instruction(first.op, first.shape); break;
    }
  }
}

// Constants and locals that the next instruction takes at once are not pushed.
template <class Masm>
void FunctionCompiler<Masm>::compile_constant(Kind kind, uint64_t bits) {
  const FirstByte next = kFirstBytes[*p_];
  if (next.shape == Shape::integer && !operand(0).is_const()) {
    go_on_to(p_++);
    return on_integer_imm(next.op, pop(), bits);
  }
  if (next.shape == Shape::local_set) {
    go_on_to(p_++);
    return set_constant(read_uleb<uint32_t>(p_), bits);
  }
  push_const(kind, bits);
}

template <class Masm>
[[gnu::always_inline]] inline void FunctionCompiler<Masm>::compile_local_get(uint32_t index) {
  const Value& v = values_[index];
  if (may_take_local(kFirstBytes[*p_].shape) || !v.is_variable_in_reg()) return get_for_next(index);
  push_copy(v);
}

template <class Masm>
void FunctionCompiler<Masm>::get_for_next(uint32_t index) {
  const uint8_t* const p = p_;
  const FirstByte next = kFirstBytes[*p];
  switch (next.shape) {
    case Shape::i32_const: {
      if (p[1] >= 0x80 || values_[index].is_const()) break;
      const FirstByte last = kFirstBytes[p[2]];
      if (last.shape != Shape::integer) break;
      const Operand a = operand_of_local(index);
      go_on_to(p);
      go_on_to(p + 2);
      p_ = p + 3;
      return on_integer_imm(last.op, a, static_cast<uint32_t>(static_cast<int8_t>(p[1] << 1) >> 1));
    }
    case Shape::integer: {
      if (shape(next.op).clobbers || values_[index].is_const() || !operand(0).is_variable_in_reg()) break;
      const Operand b = operand_of_local(index);
      if (!operand(0).in_reg()) return push_copy(values_[index]);  // evicted for it
      go_on_to(p_++);
      return on_integer_reg(next.op, pop().reg, b.reg);
    }
    case Shape::load: {
      const Operand address = operand_of_local(index);
      go_on_to(p_++);
      return on_load(next.op, address);
    }
    case Shape::store: {
      const Operand value = operand_of_local(index);
      go_on_to(p_++);
      return on_store(next.op, value);
    }
    default: break;
  }
  on_local_get(index);
}

template <class Masm>
void FunctionCompiler<Masm>::compile_dead_instruction(Opcode op) {
  switch (op) {
    case Opcode::block: push_control(BlockKind::block, read_block_type(p_)); return;
    case Opcode::loop: push_control(BlockKind::loop, read_block_type(p_)); return;
    case Opcode::if_: push_control(BlockKind::if_, read_block_type(p_)); return;
    case Opcode::try_: push_control(BlockKind::try_, read_block_type(p_)); return;
    case Opcode::try_table: return on_try_table();
    case Opcode::else_: return on_else();
    case Opcode::catch_: return on_catch(false);
    case Opcode::catch_all: return on_catch(true);
    case Opcode::delegate: return on_delegate();
    case Opcode::end: return on_end();
    default: return skip_immediates(op, p_);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::compile_instruction(Opcode op, Shape how) {
  switch (how) {
    case Shape::constant: return on_constant(op);
    case Shape::unary: return on_unary(op, shape(op));
    case Shape::integer:
    case Shape::binary: return on_binary(op, shape(op));
    case Shape::ternary: return on_ternary(op);
    case Shape::extract_lane:
    case Shape::replace_lane: return on_lane(op, shape(op));
    case Shape::shuffle: return on_shuffle();
    case Shape::load: return on_load(op, pop());
    case Shape::store: return on_store(op, pop());
    case Shape::load_lane:
    case Shape::store_lane: return on_memory_lane(op, shape(op));
    case Shape::atomic_load:
    case Shape::atomic_store:
    case Shape::atomic_rmw:
    case Shape::atomic_cmpxchg: return on_atomic(op, shape(op));
    default: return compile_by_hand(op);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::compile_by_hand(Opcode op) {
  switch (op) {
    case Opcode::nop: return;
    case Opcode::unreachable: return on_unreachable();
    case Opcode::loop: return on_loop();
    case Opcode::if_: return on_if();
    case Opcode::else_: return on_else();
    case Opcode::br: return on_br();
    case Opcode::br_table: return on_br_table();
    case Opcode::return_: emit_return(); return set_unreachable();
    case Opcode::call_indirect: return on_call_indirect(false);
    case Opcode::call_ref: return on_call_ref(false);
    case Opcode::return_call: return on_return_call(read_uleb<uint32_t>(p_));
    case Opcode::return_call_indirect: return on_call_indirect(true);
    case Opcode::return_call_ref: return on_call_ref(true);
    case Opcode::drop: return drop();
    case Opcode::select: return on_select();
    case Opcode::select_t: skip_immediates(op, p_); return on_select();
    case Opcode::global_get: return on_global_get(read_uleb<uint32_t>(p_));
    case Opcode::global_set: return on_global_set(read_uleb<uint32_t>(p_));
    case Opcode::table_get: return on_table_get();
    case Opcode::table_set: return on_table_set();
    case Opcode::table_size: return on_table_size();
    case Opcode::table_grow:
    case Opcode::table_fill:
    case Opcode::table_copy:
    case Opcode::table_init:
    case Opcode::elem_drop: return on_table_bulk(op);
    case Opcode::memory_size: return on_memory_size();
    case Opcode::memory_grow:
    case Opcode::memory_fill:
    case Opcode::memory_copy:
    case Opcode::memory_init:
    case Opcode::data_drop: return on_memory_bulk(op);
    case Opcode::memory_atomic_notify:
    case Opcode::memory_atomic_wait32:
    case Opcode::memory_atomic_wait64: return on_wait_or_notify(op);
    case Opcode::atomic_fence: ++p_; return masm_.fence();
    case Opcode::i64_add128:
    case Opcode::i64_sub128:
    case Opcode::i64_mul_wide_s:
    case Opcode::i64_mul_wide_u: return on_wide_arithmetic(op);
    case Opcode::ref_null:
    case Opcode::ref_is_null:
    case Opcode::ref_func:
    case Opcode::ref_eq:
    case Opcode::ref_as_non_null:
    case Opcode::ref_i31:
    case Opcode::i31_get_s:
    case Opcode::i31_get_u:
    case Opcode::any_convert_extern:
    case Opcode::extern_convert_any: return on_reference(op);
    case Opcode::br_on_null: return on_br_on_null(true);
    case Opcode::br_on_non_null: return on_br_on_null(false);
    case Opcode::br_on_cast: return on_br_on_cast(true);
    case Opcode::br_on_cast_fail: return on_br_on_cast(false);
    case Opcode::ref_test: return on_ref_test(false);
    case Opcode::ref_test_null: return on_ref_test(true);
    case Opcode::ref_cast: return on_ref_cast(false);
    case Opcode::ref_cast_null: return on_ref_cast(true);
    case Opcode::throw_: return on_throw();
    case Opcode::throw_ref: return on_throw_ref();
    case Opcode::rethrow: return on_rethrow();
    case Opcode::try_: return on_try();
    case Opcode::try_table: return on_try_table();
    case Opcode::catch_: return on_catch(false);
    case Opcode::catch_all: return on_catch(true);
    case Opcode::delegate: return on_delegate();
    default: break;
  }
  if (info(op).prefix == kPrefixGc) return on_aggregate(op);
  error_.message = "not compiled yet: ";
  error_.message += info(op).mnemonic;
  error_.wasm_offset = offset_;
  failed_ = true;
}

// ---- The end -----------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::finish() {
  offset_ = 0;
  note_position();
  // The entry's rare ways. The stack's end: as if this function had not been called yet.
  masm_.bind(entry_stack_label_);
  masm_.lea(Width::w64, Masm::kArgumentBase,
            masm::at(Masm::kLocals, -static_cast<int32_t>(func_->v128_local_slots * 8)));
  masm_.pop(Masm::kLocals);
  masm_.load_gp(Width::w64, Masm::kCallee, instance_field(offsetof(runtime::InstanceData, funcs)));
  const auto own_index = static_cast<size_t>(func_ - module_->func_codes.data());
  masm_.load_gp(Width::w64, Masm::kCallee,
                masm::at(Masm::kCallee, static_cast<int32_t>((module_->imported_funcs + own_index) * sizeof(void*))));
  load_machine_table();
  masm_.jump_mem(machine_entry(MachineIndex::beyond_stack));
  note_table_use(MachineIndex::beyond_stack);
  // A trap here is the caller's: its frame is restored and the stub finds its return address.
  if (entry_interrupt_label_.valid()) {
    masm_.bind(entry_interrupt_label_);
    save_entries(param_state_);
    // Parameters in the row are where they came; everything of them lies below the frame's end.
    emit_interrupt_call(MachineIndex::interrupt_entry, first_operand_slot_);
    load_entries(param_state_);
    masm_.jump(entry_interrupt_back_);
  }
  emit_cold_paths();
  offset_ = 0;
  if (!masm_.finish()) {
    error_.message = masm_.error();
    failed_ = true;
    return;
  }
  const std::span<const uint8_t> code = masm_.code();
  out_->bytes.assign(code.begin(), code.end());
  out_->code_size = masm_.instruction_bytes();
}

}  // namespace arris::jit
