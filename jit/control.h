// Structured control: blocks, branches, select, return.
#pragma once

#include "jit/merges.h"

namespace arris::jit {

// What a branch, if or select tests: a comparison that has not been computed yet, or a value that is not zero.
template <class Masm>
struct FunctionCompiler<Masm>::Condition {
  Opcode compare = Opcode::nop;  // nop: is `a` not zero?
  Operand a;
  Operand b;

  bool is_compare() const { return compare != Opcode::nop; }
};

// ---- Conditions --------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::load_condition(Condition& c) {
  use(c.a);
  if (c.is_compare() && is_fp(c.b.kind) && c.b.is_const()) use(c.b);
}

// Jumps to `target` if the condition holds (negate: if it does not). The condition is loaded.
template <class Masm>
void FunctionCompiler<Masm>::branch_on(Condition& c, Label target, bool negate) {
  if (!c.is_compare()) {
    masm_.branch_zero(width_of(c.a.kind), gp_of(c.a.reg), target, !negate);
  } else if (c.b.in_reg()) {
    masm_.compare_and_branch(c.compare, reg_of(c.a.reg), reg_of(c.b.reg), target, negate);
  } else if (c.b.is_const()) {
    masm_.compare_and_branch_imm(c.compare, gp_of(c.a.reg), c.b.bits, target, negate);
  } else {
    masm_.compare_and_branch_mem(c.compare, reg_of(c.a.reg), slot_address(c.b.slot), target, negate);
  }
}

// If what follows is a branch, if or select on this condition, perhaps after some i32.eqz, compiles that and says true.
template <class Masm>
bool FunctionCompiler<Masm>::fuse(Condition& c, bool negate) {
  const uint8_t* q = p_;
  while (*q == info(Opcode::i32_eqz).code) {
    ++q;
    negate = !negate;
  }
  switch (find_opcode(0, *q)) {
    case Opcode::br_if: {
      p_ = q + 1;
      Control& target = control_at(read_uleb<uint32_t>(p_));
      branch_to(target, c, negate);
      return true;
    }
    case Opcode::if_:
      p_ = q + 1;
      begin_if(c, negate);
      return true;
    case Opcode::select:
      p_ = q + 1;
      select_on(c, negate);
      return true;
    default: return false;
  }
}

// ---- Labels and branches -----------------------------------------------------------------------------------------------------

template <class Masm>
Label& FunctionCompiler<Masm>::label_of(Control& control) {
  if (!control.label.valid()) control.label = masm_.new_label();
  return control.label;
}

// Branches to `target` if the condition holds (negate: does not), and goes on otherwise.
template <class Masm>
void FunctionCompiler<Masm>::branch_to(Control& target, Condition& c, bool negate) {
  load_condition(c);
  if (target.kind == BlockKind::func) {
    const Label skip = masm_.new_label();
    branch_on(c, skip, !negate);
    emit_return();
    masm_.bind(skip);
    return;
  }
  if (!reach(target)) {
    branch_on(c, label_of(target), negate);
    return;
  }
  const Label skip = masm_.new_label();
  branch_on(c, skip, !negate);
  emit_collected_edge(target.height, target.label_arity());
  masm_.jump(label_of(target));
  masm_.bind(skip);
}

template <class Masm>
void FunctionCompiler<Masm>::jump_to(Control& target) {
  if (target.kind == BlockKind::func) {
    emit_return();
  } else {
    if (reach(target)) emit_collected_edge(target.height, target.label_arity());
    masm_.jump(label_of(target));
  }
}

template <class Masm>
void FunctionCompiler<Masm>::on_br() {
  jump_to(control_at(read_uleb<uint32_t>(p_)));
  set_unreachable();
}

template <class Masm>
void FunctionCompiler<Masm>::on_br_if() {
  Control& target = control_at(read_uleb<uint32_t>(p_));
  Condition c;
  c.a = pop();
  if (c.a.is_const()) {
    if (static_cast<uint32_t>(c.a.bits) == 0) return;
    jump_to(target);
    return set_unreachable();
  }
  branch_to(target, c, false);
}

template <class Masm>
void FunctionCompiler<Masm>::on_br_table() {
  const uint32_t count = read_uleb<uint32_t>(p_);
  Operand index = pop();
  if (index.is_const() || count == 0) {
    const uint32_t chosen = index.is_const() ? std::min(static_cast<uint32_t>(index.bits), count) : 0;
    uint32_t depth = 0;
    for (uint32_t i = 0; i <= count; ++i) {
      const uint32_t target = read_uleb<uint32_t>(p_);
      if (i == chosen) depth = target;
    }
    jump_to(control_at(depth));
    return set_unreachable();
  }
  Gp reg = use_gp(index);
  if (!is_free(index.reg)) {
    reg = temp();
    masm_.move(Width::w32, reg, gp_of(index.reg));
  }
  settle_constants();
  // First, every label's state is defined, which may still emit code; then each gets a way, through an edge of its own if needed.
  const uint8_t* targets = p_;
  ++table_turn_;
  table_targets_.clear();
  for (uint32_t i = 0; i <= count; ++i) {
    Control& target = control_at(read_uleb<uint32_t>(p_));
    if (target.table_stamp == table_turn_) continue;
    target.table_stamp = table_turn_;
    table_targets_.push_back(static_cast<uint32_t>(&target - controls_.data()));
    if (target.kind != BlockKind::func && !target.state.is_defined())
      define_state(target.state, target.height, target.label_arity());
  }
  for (uint32_t i : table_targets_) {
    Control& target = controls_[i];
    const bool is_direct =
        target.kind != BlockKind::func && !collect_edge(target.state, target.height, target.label_arity());
    target.table_label = is_direct ? label_of(target) : masm_.new_label();
  }
  table_labels_.clear();
  for (uint32_t i = 0; i < count; ++i) table_labels_.push_back(control_at(read_uleb<uint32_t>(targets)).table_label);
  masm_.branch_imm(Width::w32, Cond::ge_u, reg, count, control_at(read_uleb<uint32_t>(targets)).table_label);
  masm_.jump_table(reg, table_labels_);
  for (uint32_t i : table_targets_) {
    Control& target = controls_[i];
    if (target.label.valid() && target.table_label.id == target.label.id) continue;
    masm_.bind(target.table_label);
    if (target.kind == BlockKind::func) {
      emit_return();
    } else {
      if (reach(target)) emit_collected_edge(target.height, target.label_arity());
      masm_.jump(label_of(target));
    }
  }
  set_unreachable();
}

template <class Masm>
void FunctionCompiler<Masm>::on_unreachable() {
  masm_.jump(trap_label(TrapCode::unreachable));
  set_unreachable();
}

// ---- Blocks ------------------------------------------------------------------------------------------------------------------

template <class Masm>
Control& FunctionCompiler<Masm>::push_control(BlockKind kind, const BlockType& type) {
  Control& control = controls_.emplace_back();
  control.kind = kind;
  control.is_dead = unreachable_;
  if (type.kind == BlockType::Kind::value) {
    control.single = type.value;
    control.result_count = 1;
  } else if (type.kind == BlockType::Kind::type_index) {
    const FuncType& func = module_->types[type.type_index].func;
    control.param_types = func.params.data();
    control.param_count = static_cast<uint32_t>(func.params.size());
    control.result_types = func.results.data();
    control.result_count = static_cast<uint32_t>(func.results.size());
  }
  if (!unreachable_) {
    control.height = height_ - control.param_count;
    control.slot = control.param_count == 0 ? next_slot_ : values_[local_count_ + control.height].slot;
  }
  return control;
}

template <class Masm>
void FunctionCompiler<Masm>::on_block() {
  push_control(BlockKind::block, read_block_type(p_));
}

template <class Masm>
void FunctionCompiler<Masm>::on_loop() {
  Control& loop = push_control(BlockKind::loop, read_block_type(p_));
  loop.outer_preferred = preferred_;
  define_loop_state(loop);
  masm_.align(kLoopAlignment);
  masm_.bind(label_of(loop));
  if (options_.osr_entries) osr_paths_.push_back({offset_, loop.state, loop.label});
  if (options_.interrupt_checks) check_interrupt(loop.state);
  if (options_.described_loop == offset_) [[unlikely]]
    describe_operands();
}

template <class Masm>
void FunctionCompiler<Masm>::describe_operands() {
  for (uint32_t i = local_count_; i < local_count_ + height_; ++i) {
    const Value& v = values_[i];
    const bool is_const = v.is_const() && !v.is_stored();
    if (is_const || v.kind == Kind::f32) out_->fixups.push_back({v.slot, is_const, v.kind == Kind::v128, v.bits});
  }
}

template <class Masm>
void FunctionCompiler<Masm>::on_if() {
  Condition c;
  c.a = pop();
  begin_if(c, false);
}

template <class Masm>
void FunctionCompiler<Masm>::begin_if(Condition& c, bool negate) {
  load_condition(c);
  Control& control = push_control(BlockKind::if_, read_block_type(p_));
  control.else_label = masm_.new_label();
  if (!reach(control.else_state, control.height, control.param_count)) {
    branch_on(c, control.else_label, !negate);
    return;
  }
  const Label then = masm_.new_label();
  branch_on(c, then, negate);
  emit_collected_edge(control.height, control.param_count);
  masm_.jump(control.else_label);
  masm_.bind(then);
}

template <class Masm>
void FunctionCompiler<Masm>::on_else() {
  Control& control = controls_.back();
  if (control.is_dead) return;
  if (!unreachable_) jump_to(control);
  control.kind = BlockKind::else_;
  masm_.bind(control.else_label);
  load_state(control.else_state, control, control.params());
  unreachable_ = false;
}

template <class Masm>
void FunctionCompiler<Masm>::on_end() {
  Control& control = controls_.back();
  if (controls_.size() == 1) return end_function();
  if (control.kind == BlockKind::try_table) end_try_table(control);
  if (control.kind == BlockKind::try_ && !control.is_dead) --try_depth_;
  if (!control.is_dead) end_block(control);
  controls_.pop_back();
}

template <class Masm>
void FunctionCompiler<Masm>::end_block(Control& control) {
  if (control.kind == BlockKind::loop) return end_loop(control);
  if (control.kind == BlockKind::if_) {
    // No else: the condition's other way brings the parameters, which are the results.
    if (!unreachable_ && !control.state.is_defined()) {
      control.state = control.else_state;
      control.label = control.else_label;
    } else if (!unreachable_) {
      jump_to(control);
    }
    if (!control.label.valid() || control.label.id != control.else_label.id) {
      masm_.bind(control.else_label);
      load_state(control.else_state, control, control.params());
      unreachable_ = false;
    }
  }
  land_at(control);
  if (!control.state.is_defined()) return;  // nothing branches here
  if (!unreachable_ && reach(control)) emit_collected_edge(control.height, control.result_count);
  masm_.bind(label_of(control));
  load_state(control.state, control, control.results());
  unreachable_ = false;
}

template <class Masm>
void FunctionCompiler<Masm>::end_loop(Control& control) {
  land_at(control);
  // What the loop preferred is forgotten, what the one around it prefers is back.
  for (size_t i = saved_preferences_.size(); i > control.first_preference; --i) {
    const SavedPreference& saved = saved_preferences_[i - 1];
    preference_[saved.local] = saved.reg;
  }
  saved_preferences_.resize(control.first_preference);
  preferred_ = control.outer_preferred;
}

// Where exceptions arrive that clauses of try_tables send to this label: with everything in its slot.
template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::land_at(Control& control) {
  if (control.pads == kNoIndex) return;
  const bool is_forward = control.kind != BlockKind::loop;
  Label over;
  if (!unreachable_) {
    if (is_forward) {
      jump_to(control);
    } else {
      over = masm_.new_label();
      masm_.jump(over);
    }
  }
  for (uint32_t pad = control.pads; pad != kNoIndex; pad = landing_pads_[pad].next) {
    out_->landing_pads[landing_pads_[pad].handler] = masm_.offset();
  }
  if (control.kind == BlockKind::func) {
    empty_registers();
    height_ = 0;
    next_slot_ = first_operand_slot_;
    for (ValType type : control.results()) push_stored(kind_of(type));
    emit_return();
    unreachable_ = true;
    return;
  }
  if (!control.state.is_defined()) {
    control.state.first = merge_count_;
    control.state.count = 0;
  }
  for (const MergeEntry& entry : entries(control.state)) emit_load(entry.kind, entry.reg, entry.slot);
  if (is_forward) {
    masm_.jump(label_of(control));
    unreachable_ = true;
  } else {
    masm_.jump(label_of(control));
    if (over.valid()) masm_.bind(over);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::end_function() {
  if (!unreachable_) emit_return();
  unreachable_ = true;
  land_at(controls_.front());
  controls_.pop_back();
}

// ---- Return ------------------------------------------------------------------------------------------------------------------

// The caller's locals pointer on the native stack is for those who walk it: the caller finds its own from the base (calls.h), without
// waiting for the store and load of every call on the way.
template <class Masm>
void FunctionCompiler<Masm>::leave() {
  const int32_t above_base = static_cast<int32_t>(func_->v128_local_slots);
  if (above_base != 0) masm_.lea(Width::w64, Masm::kLocals, slot_address(-above_base));
  masm_.pop(Masm::kScratch);
  masm_.ret();
}

// Returns the topmost operands: the first of each kind in its register, all others in the row at the frame's base. Changes no
// state.
template <class Masm>
void FunctionCompiler<Masm>::emit_return() {
  const uint32_t results = static_cast<uint32_t>(type_->results.size());
  const uint32_t first = local_count_ + height_ - results;
  move_count_ = 0;
  const int32_t base = -static_cast<int32_t>(func_->v128_local_slots);
  if (results > 2 && base + static_cast<int32_t>(func_->result_slots) > values_[first].slot) {
    emit_wide_return(first, base);
    return leave();
  }
  // The row lies below the operands' slots.
  bool has_gp = false, has_fp = false;
  int32_t slot = base;
  for (uint32_t i = first; i < first + results; ++i) {
    const Value& v = values_[i];
    bool& has = is_fp(v.kind) ? has_fp : has_gp;
    if (!has) {
      has = true;
      add_move(is_fp(v.kind) ? code_of(Masm::kFpResult) : code_of(Masm::kGpResult), v);
    } else {
      emit_store_value(slot, v);
    }
    slot += static_cast<int32_t>(slots_of(v.kind));
  }
  emit_moves();
  leave();
}

// Stores a value of any kind of place to a slot.
template <class Masm>
void FunctionCompiler<Masm>::emit_store_value(int32_t slot, const Value& v) {
  if (v.in_reg()) {
    emit_store(v.kind, slot, v.reg);
  } else if (v.is_const()) {
    emit_store_const(v.kind, slot, v.bits);
  } else if (slot == v.slot) {
    return;
  } else if (v.kind == Kind::v128) {
    masm_.copy_slot_pair(slot_address(slot), slot_address(v.slot));
  } else {
    masm_.copy_slot(slot_address(slot), slot_address(v.slot));
  }
}

// The row reaches into the operands' slots. All results go to their own slots first, then upwards into the row.
template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::emit_wide_return(uint32_t first, int32_t base) {
  const uint32_t end = local_count_ + height_;
  for (uint32_t i = first; i < end; ++i) {
    const Value& v = values_[i];
    if (!v.is_stored()) emit_store_value(v.slot, v);
  }
  bool has_gp = false, has_fp = false;
  int32_t slot = base;
  for (uint32_t i = first; i < end; ++i) {
    Value v = values_[i];
    v.flags = kStored;
    bool& has = is_fp(v.kind) ? has_fp : has_gp;
    if (!has) {
      has = true;
      emit_load(v.kind, is_fp(v.kind) ? code_of(Masm::kFpResult) : code_of(Masm::kGpResult), v.slot);
    } else {
      emit_store_value(slot, v);
    }
    slot += static_cast<int32_t>(slots_of(v.kind));
  }
}

// ---- select ------------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_select() {
  Condition c;
  c.a = pop();
  select_on(c, false);
}

template <class Masm>
void FunctionCompiler<Masm>::select_on(Condition& c, bool negate) {
  Operand b = pop();
  Operand a = pop();
  if (negate) std::swap(a, b);
  const Kind kind = a.kind;
  if (!c.is_compare() && c.a.is_const()) {
    Operand& chosen = (width_of(c.a.kind) == Width::w32 ? static_cast<uint32_t>(c.a.bits) : c.a.bits) != 0 ? a : b;
    if (chosen.is_const()) return push_const(kind, chosen.bits);
    return push_reg(kind, use(chosen));
  }
  if (!c.is_compare() && width_of(c.a.kind) == Width::w64) {
    c.compare = Opcode::i64_ne;
    c.b = Operand{0, 0, Kind::i64, kConst, kNoReg};
  }
  use(c.a);
  use(a);
  use(b);
  const bool has_imm = c.is_compare() && !c.b.in_reg() && c.b.is_const() && !is_fp(c.b.kind) && !is_fp(kind);
  if (c.is_compare() && !has_imm) use(c.b);
  const Width width = width_of(kind);
  const RegCode d = result(kind, &a, &b);
  if (is_fp(kind)) {
    const FpKind fp = fp_kind_of(kind);
    if (!c.is_compare()) {
      masm_.select_fp(fp, fp_of(d), gp_of(c.a.reg), fp_of(a.reg), fp_of(b.reg));
    } else {
      masm_.compare_and_select_fp(c.compare, reg_of(c.a.reg), reg_of(c.b.reg), fp, fp_of(d), fp_of(a.reg),
                                  fp_of(b.reg));
    }
  } else if (!c.is_compare()) {
    masm_.select(width, gp_of(d), gp_of(c.a.reg), gp_of(a.reg), gp_of(b.reg));
  } else if (has_imm) {
    masm_.compare_and_select_imm(c.compare, gp_of(c.a.reg), c.b.bits, width, gp_of(d), gp_of(a.reg), gp_of(b.reg));
  } else {
    masm_.compare_and_select(c.compare, reg_of(c.a.reg), reg_of(c.b.reg), width, gp_of(d), gp_of(a.reg), gp_of(b.reg));
  }
  push_reg(kind, d);
}

}  // namespace arris::jit
