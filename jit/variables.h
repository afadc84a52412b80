// Locals, globals and tables.
#pragma once

#include "jit/memory_access.h"

namespace arris::jit {

// ---- Locals ------------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_local_get(uint32_t index) {
  Value& v = values_[index];
  if (v.is_const()) return push_const(v.kind, v.bits);
  if (!v.in_reg()) bring_local(v, index);
  push_copy(v);
}

template <class Masm>
void FunctionCompiler<Masm>::set_constant(uint32_t index, uint64_t bits) {
  Value& local = values_[index];
  if (local.in_reg()) unlink(local);
  local.flags = kConst;
  local.bits = bits;
  const_locals_.push_back(index);
}

// Setting has a short way for what is mostly the case, a value in a register.
template <class Masm>
void FunctionCompiler<Masm>::on_local_set(uint32_t index) {
  const Value& top = operand(0);
  if (!top.is_variable_in_reg()) return set_otherwise(index);
  Value& local = values_[index];
  if (local.in_reg()) unlink(local);
  --height_;
  next_slot_ = top.slot;
  attach_instead(local, top);
}

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::set_otherwise(uint32_t index) {
  Operand value = pop();
  if (value.is_const()) return set_constant(index, value.bits);
  Value& local = values_[index];
  if (local.in_reg()) detach(local);
  const RegCode wanted = preference_[index];
  if (wanted != kNoReg && ((used_ | locked_) & bit_of(wanted)) == 0) {
    emit_load(value.kind, wanted, value.slot);
    value.flags |= kInReg;
    value.reg = wanted;
  }
  local.flags = 0;
  attach(local, use(value));
}

template <class Masm>
void FunctionCompiler<Masm>::on_local_tee(uint32_t index) {
  const Value& top = operand(0);
  if (!top.is_variable_in_reg()) return tee_otherwise(index);
  Value& local = values_[index];
  if (local.in_reg()) unlink(local);
  attach_beside(local, top);
}

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::tee_otherwise(uint32_t index) {
  Value& top = operand(0);
  if (top.is_const()) return set_constant(index, top.bits);
  const RegCode reg = allocate(file_bits(top.kind));
  emit_load(top.kind, reg, top.slot);
  attach_alone(top, reg);
  on_local_tee(index);
}

// Locals that are zero since the start get their slots, in pairs where they are neighbours.
template <class Masm>
void FunctionCompiler<Masm>::store_zero_locals() {
  zero_locals_pending_ = false;
  RegCode zero = kNoReg;
  auto is_pending = [this](uint32_t local) {
    const Value& v = values_[local];
    return (v.flags & (kConst | kStored)) == kConst && v.bits == 0;
  };
  auto store_pair = [&](int32_t slot) {
    if (zero == kNoReg) {
      const uint32_t free = kAllocatableBits & kFpBits & ~used_ & ~locked_;
      if (free == 0) return emit_store_const(Kind::v128, slot, 0);
      zero = static_cast<RegCode>(std::countr_zero(free));
      emit_const(Kind::v128, zero, 0);
    }
    emit_store(Kind::v128, slot, zero);
  };
  for (uint32_t i = static_cast<uint32_t>(type_->params.size()); i < local_count_; ++i) {
    if (!is_pending(i)) continue;
    Value& v = values_[i];
    v.flags |= kStored;
    if (v.kind == Kind::v128) {
      store_pair(v.slot);
    } else if (i + 1 < local_count_ && values_[i + 1].kind != Kind::v128 && is_pending(i + 1)) {
      store_pair(v.slot);
      values_[++i].flags |= kStored;
    } else {
      emit_store_const(v.kind, v.slot, 0);
    }
  }
}

// ---- Globals -----------------------------------------------------------------------------------------------------------------

// Element `index` of an array of pointers in the instance.
template <class Masm>
Gp FunctionCompiler<Masm>::load_from_array(size_t array_offset, uint32_t index) {
  const Gp r = temp();
  masm_.load_gp(Width::w64, r, instance_field(array_offset));
  masm_.load_gp(Width::w64, r, masm::at(r, static_cast<int32_t>(index * sizeof(void*))));
  return r;
}

template <class Masm>
Gp FunctionCompiler<Masm>::load_table(uint32_t index) {
  if (index != 0) return load_from_array(offsetof(runtime::InstanceData, tables), index);
  const Gp r = temp();
  masm_.load_gp(Width::w64, r, instance_field(offsetof(runtime::InstanceData, table0)));
  return r;
}

template <class Masm>
Gp FunctionCompiler<Masm>::load_global(uint32_t index) {
  if (index != 0) return load_from_array(offsetof(runtime::InstanceData, globals), index);
  const Gp r = temp();
  masm_.load_gp(Width::w64, r, instance_field(offsetof(runtime::InstanceData, global0)));
  return r;
}

template <class Masm>
void FunctionCompiler<Masm>::on_global_get(uint32_t index) {
  const Kind kind = kind_of(module_->globals[index].type.type);
  const Gp global = load_global(index);
  const Address value = masm::at(global, static_cast<int32_t>(offsetof(runtime::GlobalInstance, value)));
  if (is_fp(kind)) {
    const RegCode d = result(kind);
    masm_.load_fp(fp_kind_of(kind), fp_of(d), value);
    return push_reg(kind, d);
  }
  const Operand reuse{0, 0, Kind::i64, kInReg, code_of(global)};
  const RegCode d = result(kind, &reuse);
  masm_.load_gp(width_of(kind), gp_of(d), value);
  push_reg(kind, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_global_set(uint32_t index) {
  Operand v = pop();
  const Gp global = load_global(index);
  const int32_t offset = static_cast<int32_t>(offsetof(runtime::GlobalInstance, value));
  const Address value = masm::at(global, offset);
  if (v.is_const() && !v.in_reg()) {
    masm_.store_slot_imm(value, v.bits);
    if (v.kind == Kind::v128) masm_.store_slot_imm(masm::at(global, offset + 8), 0);
    return;
  }
  use(v);
  if (is_fp(v.kind)) {
    masm_.store_fp(fp_kind_of(v.kind), value, fp_of(v.reg));
  } else {
    masm_.store_gp(Width::w64, value, gp_of(v.reg));
  }
}

// ---- Tables ------------------------------------------------------------------------------------------------------------------

// The address of an element, after the check. An index of a 32-bit table is zero-extended in its register.
template <class Masm>
Address FunctionCompiler<Masm>::table_element(Operand& index, uint32_t table_index) {
  const Gp i = use_gp(index);
  const Gp table = load_table(table_index);
  masm_.branch_mem(Width::w64, Cond::ge_u, i,
                   masm::at(table, static_cast<int32_t>(offsetof(runtime::TableInstance, size))),
                   trap_label(TrapCode::out_of_bounds_table_access));
  masm_.load_gp(Width::w64, table, masm::at(table, static_cast<int32_t>(offsetof(runtime::TableInstance, elements))));
  return masm::at(table, i, 3);
}

template <class Masm>
void FunctionCompiler<Masm>::on_table_get() {
  const uint32_t table = read_uleb<uint32_t>(p_);
  Operand index = pop();
  const Address element = table_element(index, table);
  const RegCode d = result(Kind::ref, &index);
  masm_.load_gp(Width::w64, gp_of(d), element);
  push_reg(Kind::ref, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_table_set() {
  const uint32_t table = read_uleb<uint32_t>(p_);
  Operand value = pop();
  Operand index = pop();
  if (!value.is_const()) use(value);
  const Address element = table_element(index, table);
  if (value.is_const()) {
    masm_.store_slot_imm(element, value.bits);
  } else {
    masm_.store_gp(Width::w64, element, gp_of(value.reg));
  }
}

template <class Masm>
void FunctionCompiler<Masm>::on_table_size() {
  const uint32_t table = read_uleb<uint32_t>(p_);
  const Gp r = load_table(table);
  masm_.load_gp(Width::w64, r, masm::at(r, static_cast<int32_t>(offsetof(runtime::TableInstance, size))));
  push_reg(module_->tables[table].type.limits.address == AddressType::i64 ? Kind::i64 : Kind::i32, code_of(r));
}

template <class Masm>
void FunctionCompiler<Masm>::on_table_bulk(Opcode op) {
  const uint32_t first = read_uleb<uint32_t>(p_);
  switch (op) {
    case Opcode::table_grow:
      return call_builtin(MachineIndex::table_grow, 2, first, 0,
                          module_->tables[first].type.limits.address == AddressType::i64 ? Kind::i64 : Kind::i32);
    case Opcode::table_fill: return call_builtin(MachineIndex::table_fill, 3, first, 0);
    case Opcode::table_copy: return call_builtin(MachineIndex::table_copy, 3, first, read_uleb<uint32_t>(p_));
    case Opcode::table_init: return call_builtin(MachineIndex::table_init, 3, first, read_uleb<uint32_t>(p_));
    default: return call_builtin(MachineIndex::elem_drop, 0, first, 0);
  }
}

}  // namespace arris::jit
