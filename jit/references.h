// References, casts, structs, arrays, i31. Fields, elements and type tests are in line; what moves many elements is
// a builtin (runtime/gc_ops.h); allocation is in allocation.h.
#pragma once

#include "jit/variables.h"

namespace arris::jit {

template <class T>
constexpr int32_t offset_in(size_t offset) {
  return static_cast<int32_t>(offset);
}

// ---- Null, equality, i31 -----------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_reference(Opcode op) {
  switch (op) {
    case Opcode::ref_null: read_heap_type(p_); return push_const(Kind::ref, 0);
    case Opcode::ref_func: {
      const Gp r = load_from_array(offsetof(runtime::InstanceData, funcs), read_uleb<uint32_t>(p_));
      return push_reg(Kind::ref, code_of(r));
    }
    case Opcode::ref_is_null: {
      Condition c;
      c.a = pop();
      if (c.a.is_const()) return push_const(Kind::i32, c.a.bits == 0);
      if (fuse(c, true)) return;
      use(c.a);
      const RegCode d = result(Kind::i32, &c.a);
      masm_.unary(Opcode::i64_eqz, reg_of(d), reg_of(c.a.reg), *this);
      return push_reg(Kind::i32, d);
    }
    case Opcode::ref_eq: return on_binary(Opcode::i64_eq, shape(Opcode::i64_eq));
    case Opcode::ref_as_non_null: {
      Operand a = pop();
      masm_.branch_zero(Width::w64, use_gp(a), trap_label(TrapCode::null_reference));
      return push_reg(Kind::ref, a.reg);
    }
    case Opcode::ref_i31: {
      Operand a = pop();
      if (a.is_const()) return push_const(Kind::ref, runtime::make_i31(static_cast<uint32_t>(a.bits)));
      use(a);
      const RegCode d = result(Kind::ref, &a);
      masm_.binary_imm(Opcode::i32_shl, reg_of(d), reg_of(a.reg), 1, *this);
      masm_.binary_imm(Opcode::i32_or, reg_of(d), reg_of(d), 1, *this);
      return push_reg(Kind::ref, d);
    }
    case Opcode::i31_get_s:
    case Opcode::i31_get_u: {
      Operand a = pop();
      masm_.branch_zero(Width::w64, use_gp(a), trap_label(TrapCode::null_i31_reference));
      const RegCode d = result(Kind::i32, &a);
      masm_.binary_imm(op == Opcode::i31_get_s ? Opcode::i32_shr_s : Opcode::i32_shr_u, reg_of(d), reg_of(a.reg), 1,
                       *this);
      return push_reg(Kind::i32, d);
    }
    default: return;  // any.convert_extern, extern.convert_any: one representation
  }
}

template <class Masm>
void FunctionCompiler<Masm>::on_br_on_null(bool branch_if_null) {
  Control& target = control_at(read_uleb<uint32_t>(p_));
  Condition c;
  c.a = pop();
  use(c.a);
  if (branch_if_null) {
    branch_to(target, c, true);
    return push_reg(Kind::ref, c.a.reg);
  }
  // The reference, not null, is the label's last value.
  push_reg(Kind::ref, c.a.reg);
  branch_to(target, c, false);
  drop();
}

// ---- Type tests --------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::branch_unless_matches_concrete(Gp reference, Gp temp, const CanonicalType& type,
                                                            Label mismatch, Label match) {
  if (type.kind != CompositeKind::func) masm_.branch_bits(reference, 1, mismatch, false);
  masm_.move_imm(Width::w64, temp, reinterpret_cast<uint64_t>(&type));
  if (type.is_final) {
    masm_.branch_mem(Width::w64, Cond::ne, temp, masm::at(reference), mismatch);
    return;
  }
  masm_.load_gp(Width::w64, Masm::kScratch, masm::at(reference));
  masm_.branch(Width::w64, Cond::eq, Masm::kScratch, temp, match);
  masm_.branch_mem_imm(Width::w32, Cond::lt_u,
                       masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(CanonicalType, depth))),
                       static_cast<int32_t>(type.depth), mismatch);
  masm_.load_gp(Width::w64, Masm::kScratch,
                masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(CanonicalType, display))));
  masm_.branch_mem(Width::w64, Cond::ne, temp,
                   masm::at(Masm::kScratch, static_cast<int32_t>(type.depth * sizeof(void*))), mismatch);
}

// Falls through if the reference is of type (ref heap), or (ref null heap).
template <class Masm>
void FunctionCompiler<Masm>::branch_unless_matches(Gp reference, Gp temp, HeapType heap, bool nullable,
                                                   Label mismatch) {
  const Label match = masm_.new_label();
  masm_.branch_zero(Width::w64, reference, nullable ? match : mismatch);
  auto branch_unless_kind = [&](Cond cond, CompositeKind kind) {
    masm_.load_gp(Width::w64, temp, masm::at(reference));
    masm_.load(Opcode::i32_load8_u, temp, masm::at(temp, static_cast<int32_t>(offsetof(CanonicalType, kind))));
    masm_.branch_imm(Width::w32, cond, temp, static_cast<uint64_t>(kind), mismatch);
  };
  if (heap.is_concrete()) {
    branch_unless_matches_concrete(reference, temp, type_at(heap.index()), mismatch, match);
  } else {
    switch (heap.abstract()) {
      case AbstractHeap::any:
      case AbstractHeap::extern_:
      case AbstractHeap::func:
      case AbstractHeap::exn: break;
      case AbstractHeap::i31: masm_.branch_bits(reference, 1, mismatch, true); break;
      case AbstractHeap::eq:
        masm_.branch_bits(reference, 1, match, false);
        branch_unless_kind(Cond::eq, CompositeKind::func);  // a host value
        break;
      case AbstractHeap::struct_:
        masm_.branch_bits(reference, 1, mismatch, false);
        branch_unless_kind(Cond::ne, CompositeKind::struct_);
        break;
      case AbstractHeap::array:
        masm_.branch_bits(reference, 1, mismatch, false);
        branch_unless_kind(Cond::ne, CompositeKind::array);
        break;
      case AbstractHeap::none:
      case AbstractHeap::nofunc:
      case AbstractHeap::noextern:
      case AbstractHeap::noexn:
      case AbstractHeap::bottom: masm_.jump(mismatch); break;
    }
  }
  masm_.bind(match);
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_ref_test(bool nullable) {
  const HeapType heap = read_heap_type(p_);
  Operand a = pop();
  const Gp reference = use_gp(a);
  const Gp d = temp();
  const Label mismatch = masm_.new_label(), done = masm_.new_label();
  branch_unless_matches(reference, d, heap, nullable, mismatch);
  masm_.move_imm(Width::w32, d, 1);
  masm_.jump(done);
  masm_.bind(mismatch);
  masm_.move_imm(Width::w32, d, 0);
  masm_.bind(done);
  push_reg(Kind::i32, code_of(d));
}

template <class Masm>
void FunctionCompiler<Masm>::on_ref_cast(bool nullable) {
  const HeapType heap = read_heap_type(p_);
  Operand a = pop();
  const Gp reference = use_gp(a);
  branch_unless_matches(reference, temp(), heap, nullable, trap_label(TrapCode::cast_failure));
  push_reg(Kind::ref, a.reg);
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_br_on_cast(bool branch_if_match) {
  const bool nullable = (*p_++ & 2) != 0;
  Control& target = control_at(read_uleb<uint32_t>(p_));
  read_heap_type(p_);
  const HeapType heap = read_heap_type(p_);
  Operand a = pop();
  const Gp reference = use_gp(a);
  const Gp spare = temp();
  push_reg(Kind::ref, a.reg);
  const bool is_return = target.kind == BlockKind::func;
  const bool has_edge = is_return || reach(target);
  auto take = [&] {
    if (is_return) return emit_return();
    if (has_edge) emit_collected_edge(target.height, target.label_arity());
    masm_.jump(label_of(target));
  };
  const Label other = masm_.new_label();
  if (branch_if_match) {
    branch_unless_matches(reference, spare, heap, nullable, other);
    take();
    masm_.bind(other);
  } else if (!has_edge) {
    branch_unless_matches(reference, spare, heap, nullable, label_of(target));
  } else {
    const Label stay = masm_.new_label();
    branch_unless_matches(reference, spare, heap, nullable, other);
    masm_.jump(stay);
    masm_.bind(other);
    take();
    masm_.bind(stay);
  }
}

// ---- Fields and elements -----------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::push_storage(ValType storage, bool sign_extend, const Address& from,
                                          const Operand* reuse) {
  const Kind kind = kind_of(storage);
  const RegCode d = result(kind, reuse);
  if (storage.code() == TypeCode::i8) {
    masm_.load(sign_extend ? Opcode::i32_load8_s : Opcode::i32_load8_u, reg_of(d), from);
  } else if (storage.code() == TypeCode::i16) {
    masm_.load(sign_extend ? Opcode::i32_load16_s : Opcode::i32_load16_u, reg_of(d), from);
  } else if (is_fp(kind)) {
    masm_.load_fp(fp_kind_of(kind), fp_of(d), from);
  } else {
    masm_.load_gp(width_of(kind), gp_of(d), from);
  }
  push_reg(kind, d);
}

template <class Masm>
void FunctionCompiler<Masm>::store_storage(ValType storage, const Address& to, Operand& value) {
  use(value);
  switch (storage.code()) {
    case TypeCode::i8: masm_.store(Opcode::i32_store8, to, reg_of(value.reg)); return;
    case TypeCode::i16: masm_.store(Opcode::i32_store16, to, reg_of(value.reg)); return;
    case TypeCode::f32:
    case TypeCode::f64:
    case TypeCode::v128: masm_.store_fp(fp_kind_of(value.kind), to, fp_of(value.reg)); return;
    default: masm_.store_gp(width_of(kind_of(storage)), to, gp_of(value.reg));
  }
}

// Before an access at `offset` behind `reference`, the next of this instruction that may fault: the fault is the check (CodeSpace), where
// faults are possible.
template <class Masm>
void FunctionCompiler<Masm>::check_not_null(Gp reference, uint64_t offset, TrapCode code) {
  constexpr uint64_t kMaxAccessBytes = 16;
  if (options_.explicit_bounds_checks || offset + kMaxAccessBytes > runtime::kNullGuardBytes) {
    masm_.branch_zero(Width::w64, reference, trap_label(code));
  } else {
    note_fault(masm_.offset());
  }
}

template <class Masm>
void FunctionCompiler<Masm>::on_struct_get(Opcode op) {
  const CanonicalType& type = type_at(read_uleb<uint32_t>(p_));
  const uint32_t field = read_uleb<uint32_t>(p_);
  Operand object = pop();
  check_not_null(use_gp(object), type.field_offsets[field], TrapCode::null_structure_reference);
  push_storage(type.fields[field].storage, op == Opcode::struct_get_s,
               masm::at(gp_of(object.reg), static_cast<int32_t>(type.field_offsets[field])), &object);
}

template <class Masm>
void FunctionCompiler<Masm>::on_struct_set() {
  const CanonicalType& type = type_at(read_uleb<uint32_t>(p_));
  const uint32_t field = read_uleb<uint32_t>(p_);
  Operand value = pop();
  Operand object = pop();
  use(value);
  check_not_null(use_gp(object), type.field_offsets[field], TrapCode::null_structure_reference);
  store_storage(type.fields[field].storage,
                masm::at(gp_of(object.reg), static_cast<int32_t>(type.field_offsets[field])), value);
}

// The address of an element, after the checks for null and bounds.
template <class Masm>
Address FunctionCompiler<Masm>::element_address(Operand& array, Operand& index, uint32_t element_size) {
  const Gp object = use_gp(array);
  const Gp i = use_gp(index);
  check_not_null(object, kArrayLengthOffset, TrapCode::null_array_reference);
  masm_.branch_mem(Width::w32, Cond::ge_u, i, masm::at(object, static_cast<int32_t>(kArrayLengthOffset)),
                   trap_label(TrapCode::out_of_bounds_array_access));
  const int32_t elements = static_cast<int32_t>(kArrayElementsOffset);
  const uint8_t shift = static_cast<uint8_t>(std::countr_zero(element_size));
  if (shift <= 3) return masm::at(object, i, shift, elements);
  masm_.move(Width::w32, Masm::kScratch, i);
  const Gp scaled = temp();
  masm_.binary_imm(Opcode::i64_shl, scaled, i, shift, *this);
  return masm::at(object, scaled, 0, elements);
}

template <class Masm>
void FunctionCompiler<Masm>::on_array_get(Opcode op) {
  const CanonicalType& type = type_at(read_uleb<uint32_t>(p_));
  Operand index = pop();
  Operand array = pop();
  const Address address = element_address(array, index, type.element_size);
  push_storage(type.fields[0].storage, op == Opcode::array_get_s, address, &index);
}

template <class Masm>
void FunctionCompiler<Masm>::on_array_set() {
  const CanonicalType& type = type_at(read_uleb<uint32_t>(p_));
  Operand value = pop();
  Operand index = pop();
  Operand array = pop();
  use(value);
  const Address address = element_address(array, index, type.element_size);
  store_storage(type.fields[0].storage, address, value);
}

template <class Masm>
void FunctionCompiler<Masm>::on_array_len() {
  Operand array = pop();
  const Gp reference = use_gp(array);
  const RegCode d = result(Kind::i32, &array);
  check_not_null(reference, kArrayLengthOffset, TrapCode::null_array_reference);
  masm_.load_gp(Width::w32, gp_of(d), masm::at(gp_of(array.reg), static_cast<int32_t>(kArrayLengthOffset)));
  push_reg(Kind::i32, d);
}

// ---- Aggregates by builtins --------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_aggregate(Opcode op) {
  const Kind ref = Kind::ref;
  if (op == Opcode::array_len) return on_array_len();
  if (op == Opcode::struct_get || op == Opcode::struct_get_s || op == Opcode::struct_get_u) return on_struct_get(op);
  if (op == Opcode::array_get || op == Opcode::array_get_s || op == Opcode::array_get_u) return on_array_get(op);
  if (op == Opcode::struct_set) return on_struct_set();
  if (op == Opcode::array_set) return on_array_set();
  switch (op) {
    case Opcode::struct_new: return on_struct_new(false);
    case Opcode::struct_new_default: return on_struct_new(true);
    case Opcode::array_new: return on_array_new(MachineIndex::array_new);
    case Opcode::array_new_default: return on_array_new(MachineIndex::array_new_default);
    case Opcode::array_new_fixed: return on_array_new(MachineIndex::array_new_fixed);
    default: break;
  }
  const uint32_t type = read_uleb<uint32_t>(p_);
  if (op == Opcode::array_fill) return call_builtin(MachineIndex::array_fill, 4, type, 0);
  const uint32_t second = read_uleb<uint32_t>(p_);
  switch (op) {
    case Opcode::array_new_data: return call_builtin(MachineIndex::array_new_data, 2, type, second, ref);
    case Opcode::array_new_elem: return call_builtin(MachineIndex::array_new_elem, 2, type, second, ref);
    case Opcode::array_copy: return call_builtin(MachineIndex::array_copy, 5, 0, 0);
    case Opcode::array_init_data: return call_builtin(MachineIndex::array_init_data, 4, second, 0);
    case Opcode::array_init_elem: return call_builtin(MachineIndex::array_init_elem, 4, second, 0);
    default: return;
  }
}

}  // namespace arris::jit
