// Calls: of compiled functions by the register convention, of anything through FuncInstance::entry_slot, of builtins.
// The convention is in README.md.
#pragma once

#include "jit/numeric.h"

namespace arris::jit {

// Which register each parameter travels in, in order; kNoReg: its slot of the row.
template <class Masm>
class ParamRegisters {
 public:
  RegCode next(Kind kind) {
    if (is_fp(kind)) return fp_ < std::size(Masm::kFpArguments) ? code_of(Masm::kFpArguments[fp_++]) : kNoReg;
    return gp_ < std::size(Masm::kGpArguments) ? code_of(Masm::kGpArguments[gp_++]) : kNoReg;
  }

 private:
  size_t gp_ = 0;
  size_t fp_ = 0;
};

// ---- Arguments and results ---------------------------------------------------------------------------------------------------

// Moves the topmost operands where the callee wants them, and the callee, if it is a value, to its register. Those that travel in
// slots are in their own slots then, which are the row.
template <class Masm>
void FunctionCompiler<Masm>::place_arguments(const FuncType& type, const Operand* callee) {
  const uint32_t count = static_cast<uint32_t>(type.params.size());
  const uint32_t first = local_count_ + height_ - count;
  ParamRegisters<Masm> registers;
  move_count_ = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Value& v = values_[first + i];
    const RegCode reg = registers.next(v.kind);
    if (reg != kNoReg) {
      add_move(reg, v);
    } else if (!v.is_stored()) {
      emit_store_value(v.slot, v);
    }
  }
  if (callee != nullptr)
    add_move(code_of(Masm::kCallee), callee->kind, callee->flags, callee->reg, callee->slot, callee->bits);
  emit_moves();
}

template <class Masm>
void FunctionCompiler<Masm>::prepare_call(const FuncType& type, const Operand* callee) {
  const uint32_t count = static_cast<uint32_t>(type.params.size());
  const uint32_t first = local_count_ + height_ - count;
  const int32_t base = count == 0 ? next_slot_ : values_[first].slot;
  if (try_depth_ != 0) flush_constants();
  // All but the arguments leave the registers; these do when they are placed.
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
    for (uint32_t i = head_[std::countr_zero(rest)]; i != kNoIndex; i = values_[i].next) {
      if (i >= first) continue;
      Value& v = values_[i];
      store_if_dirty(v);
      leave_register(v, i);
    }
  }
  place_arguments(type, callee);
  used_ = 0;
  height_ -= count;
  next_slot_ = base;
  masm_.lea(Width::w64, Masm::kArgumentBase, slot_address(base));
  call_base_ = base;
}

template <class Masm>
void FunctionCompiler<Masm>::finish_call(const FuncType& type) {
  masm_.lea(Width::w64, Masm::kLocals, slot_address(-call_base_));
  bool has_gp = false, has_fp = false;
  for (ValType result_type : type.results) {
    const Kind kind = kind_of(result_type);
    bool& has = is_fp(kind) ? has_fp : has_gp;
    if (has) {
      push_stored(kind);
    } else {
      push_reg(kind, is_fp(kind) ? code_of(Masm::kFpResult) : code_of(Masm::kGpResult));
      has = true;
    }
  }
}

// ---- Calls by index ----------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_call(uint32_t func) {
  const FuncType& type = module_->types[module_->funcs[func].value].func;
  prepare_call(type, nullptr);
  if (func >= module_->imported_funcs) {
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, entries)));
    note_call(masm_.call_mem(
        masm::at(Masm::kScratch, static_cast<int32_t>((func - module_->imported_funcs) * sizeof(void*)))));
  } else {
    masm_.load_gp(Width::w64, Masm::kCallee, instance_field(offsetof(runtime::InstanceData, funcs)));
    masm_.load_gp(Width::w64, Masm::kCallee, masm::at(Masm::kCallee, static_cast<int32_t>(func * sizeof(void*))));
    load_machine_table();
    note_call(masm_.call_mem(machine_entry(MachineIndex::call_other)));
    note_table_use(MachineIndex::call_other);
  }
  finish_call(type);
}

template <class Masm>
void FunctionCompiler<Masm>::prepare_tail_call(const FuncType& type, const Operand* callee) {
  const uint32_t count = static_cast<uint32_t>(type.params.size());
  const uint32_t first = local_count_ + height_ - count;
  place_arguments(type, callee);
  // What travels in slots goes down to the row at the frame's base; upwards, so that nothing is overwritten before it is read.
  const int32_t base = -static_cast<int32_t>(func_->v128_local_slots);
  ParamRegisters<Masm> registers;
  int32_t slot = base;
  for (uint32_t i = first; i < first + count; ++i) {
    const Value& v = values_[i];
    if (registers.next(v.kind) == kNoReg) {
      if (v.kind == Kind::v128) {
        masm_.copy_slot_pair(slot_address(slot), slot_address(v.slot));
      } else {
        masm_.copy_slot(slot_address(slot), slot_address(v.slot));
      }
    }
    slot += static_cast<int32_t>(slots_of(v.kind));
  }
}

// Gives the frame up: the callee, in kCallee unless it is the module's own function, goes on in its place.
template <class Masm>
void FunctionCompiler<Masm>::leave_for_tail_call(bool is_own) {
  if (options_.count_fuel) {
    // The callee pays, and if it cannot, that is a trap of this instruction, whose frame the callee would no longer find. A host
    // function pays nothing.
    const Label is_host = masm_.new_label();
    if (!is_own)
      masm_.branch_mem_imm(Width::w64, Cond::eq,
                           masm::at(Masm::kCallee, static_cast<int32_t>(offsetof(runtime::FuncInstance, code))), 0,
                           is_host);
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, context)));
    masm_.branch_mem_imm(Width::w64, Cond::le_s,
                         masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(runtime::ExecutionContext, fuel))), 0,
                         trap_label(TrapCode::out_of_fuel));
    masm_.bind(is_host);
  }
  masm_.lea(Width::w64, Masm::kArgumentBase, slot_address(-static_cast<int32_t>(func_->v128_local_slots)));
  masm_.pop(Masm::kLocals);
  set_unreachable();
}

template <class Masm>
void FunctionCompiler<Masm>::on_return_call(uint32_t func) {
  const FuncType& type = module_->types[module_->funcs[func].value].func;
  prepare_tail_call(type, nullptr);
  if (func >= module_->imported_funcs) {
    leave_for_tail_call(true);
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, entries)));
    masm_.jump_mem(masm::at(Masm::kScratch, static_cast<int32_t>((func - module_->imported_funcs) * sizeof(void*))));
    return;
  }
  masm_.load_gp(Width::w64, Masm::kCallee, instance_field(offsetof(runtime::InstanceData, funcs)));
  masm_.load_gp(Width::w64, Masm::kCallee, masm::at(Masm::kCallee, static_cast<int32_t>(func * sizeof(void*))));
  leave_for_tail_call(false);
  load_machine_table();
  masm_.jump_mem(machine_entry(MachineIndex::tail_call_other));
  note_table_use(MachineIndex::tail_call_other);
}

// ---- Calls of references -----------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::call_callee(const FuncType& type, const Operand& callee, bool may_be_null) {
  prepare_call(type, &callee);
  if (may_be_null)
    check_not_null(Masm::kCallee, offsetof(runtime::FuncInstance, instance), TrapCode::null_function_reference);
  const Label other = masm_.new_label(), back = masm_.new_label();
  masm_.branch_mem(Width::w64, Cond::ne, Masm::kInstance,
                   masm::at(Masm::kCallee, static_cast<int32_t>(offsetof(runtime::FuncInstance, instance))), other);
  masm_.load_gp(Width::w64, Masm::kScratch,
                masm::at(Masm::kCallee, static_cast<int32_t>(offsetof(runtime::FuncInstance, entry_slot))));
  note_call(masm_.call_mem(masm::at(Masm::kScratch)));
  masm_.bind(back);
  other_call_paths_.push_back({other, back, offset_});
  finish_call(type);
}

template <class Masm>
void FunctionCompiler<Masm>::tail_call_callee(const FuncType& type, const Operand& callee) {
  prepare_tail_call(type, &callee);
  leave_for_tail_call(false);
  const Label other = masm_.new_label();
  masm_.branch_mem(Width::w64, Cond::ne, Masm::kInstance,
                   masm::at(Masm::kCallee, static_cast<int32_t>(offsetof(runtime::FuncInstance, instance))), other);
  masm_.load_gp(Width::w64, Masm::kScratch,
                masm::at(Masm::kCallee, static_cast<int32_t>(offsetof(runtime::FuncInstance, entry_slot))));
  masm_.jump_mem(masm::at(Masm::kScratch));
  other_call_paths_.push_back({other, Label{}, offset_});
}

// Pops the index and finds the function: bounds, null, type. The register stays locked.
template <class Masm>
Operand FunctionCompiler<Masm>::find_indirect_callee(uint32_t type_index, uint32_t table_index) {
  Operand index = pop();
  const Gp i = use_gp(index);
  const Gp table = load_table(table_index);
  masm_.branch_mem(Width::w64, Cond::ge_u, i,
                   masm::at(table, static_cast<int32_t>(offsetof(runtime::TableInstance, size))),
                   trap_label(TrapCode::undefined_element));
  masm_.load_gp(Width::w64, table, masm::at(table, static_cast<int32_t>(offsetof(runtime::TableInstance, elements))));
  const Gp callee = is_free(index.reg) ? i : temp();
  masm_.load_gp(Width::w64, callee, masm::at(table, i, 3));
  check_not_null(callee, offsetof(runtime::FuncInstance, type), TrapCode::uninitialized_element);
  const CanonicalType& wanted = type_at(type_index);
  masm_.move_imm(Width::w64, table, reinterpret_cast<uint64_t>(&wanted));
  const Address actual = masm::at(callee, static_cast<int32_t>(offsetof(runtime::FuncInstance, type)));
  const Label mismatch = trap_label(TrapCode::indirect_call_type_mismatch);
  if (wanted.is_final) {
    masm_.branch_mem(Width::w64, Cond::ne, table, actual, mismatch);
  } else {
    const Label subtype = masm_.new_label(), back = masm_.new_label();
    masm_.branch_mem(Width::w64, Cond::ne, table, actual, subtype);
    masm_.bind(back);
    subtype_paths_.push_back({offset_, subtype, back, callee, table, &wanted, mismatch});
  }
  return Operand{0, 0, Kind::ref, kInReg, code_of(callee)};
}

template <class Masm>
void FunctionCompiler<Masm>::on_call_indirect(bool is_tail) {
  const uint32_t type = read_uleb<uint32_t>(p_);
  const uint32_t table = read_uleb<uint32_t>(p_);
  const Operand callee = find_indirect_callee(type, table);
  const FuncType& func_type = module_->types[type].func;
  if (is_tail) return tail_call_callee(func_type, callee);
  call_callee(func_type, callee, false);
}

template <class Masm>
void FunctionCompiler<Masm>::on_call_ref(bool is_tail) {
  const FuncType& type = module_->types[read_uleb<uint32_t>(p_)].func;
  Operand callee = pop();
  use(callee);
  if (!is_tail) return call_callee(type, callee, true);
  // Its frame is gone when the callee is looked at.
  masm_.branch_zero(Width::w64, gp_of(callee.reg), trap_label(TrapCode::null_function_reference));
  tail_call_callee(type, callee);
}

// ---- Builtins ----------------------------------------------------------------------------------------------------------------

// The call itself: (instance, slots, a, b). Registers are empty.
template <class Masm>
void FunctionCompiler<Masm>::emit_builtin_call(MachineIndex index, int32_t slots, int32_t top_slot, uint64_t a,
                                               uint64_t b) {
  const Gp slots_register = Masm::kGpArguments[1];
  if (kBuiltinKinds[static_cast<unsigned>(index)] == BuiltinKind::collects) {
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, context)));
    masm_.lea(Width::w64, slots_register, slot_address(top_slot));
    masm_.store_gp(Width::w64,
                   masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(runtime::ExecutionContext, stack_top))),
                   slots_register);
  }
  masm_.move(Width::w64, Masm::kGpArguments[0], Masm::kInstance);
  masm_.lea(Width::w64, slots_register, slot_address(slots));
  masm_.move_imm(Width::w64, Masm::kGpArguments[2], a);
  masm_.move_imm(Width::w64, Masm::kGpArguments[3], b);
  load_machine_table();
  note_call(masm_.call_mem(machine_entry(index)));
  note_table_use(index);
}

// Of stub interrupt or interrupt_entry. Everything is in its slot.
template <class Masm>
void FunctionCompiler<Masm>::emit_interrupt_call(MachineIndex stub, int32_t top_slot) {
  masm_.lea(Width::w64, Masm::kGpArguments[1], slot_address(top_slot));
  load_machine_table();
  note_call(masm_.call_mem(machine_entry(stub)));
  note_table_use(stub);
}

template <class Masm>
void FunctionCompiler<Masm>::call_builtin(MachineIndex index, uint32_t pops, uint64_t a, uint64_t b) {
  const uint32_t first = local_count_ + height_ - pops;
  for (uint32_t i = first; i < first + pops; ++i) {
    Value& v = values_[i];
    if (v.is_stored()) continue;
    emit_store_value(v.slot, v);
    v.flags |= kStored;
  }
  flush();
  const int32_t top = next_slot_;
  for (uint32_t i = 0; i < pops; ++i) drop();
  emit_builtin_call(index, next_slot_, top, a, b);
  masm_.branch_zero(Width::w32, Masm::kGpResult, trap_label(TrapCode::none), true);
}

}  // namespace arris::jit
