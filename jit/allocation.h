// Allocation of objects of constant size in line: a cell off the buffer of its size class (runtime/heap.h, AllocationBuffers), the
// type, the fields that are not zero. An empty buffer (always, under GC zeal) leads to the builtin, behind the function's code: it may
// collect, so everything alive goes to its slot and comes back.
#pragma once

#include "jit/references.h"
#include "runtime/heap.h"

namespace arris::jit {

// Is an object of so many bytes, made of the `operands` topmost ones, allocated in line?
template <class Masm>
bool FunctionCompiler<Masm>::is_allocated_in_line(uint64_t bytes, uint32_t operands) {
  constexpr uint64_t kMostBytes = 256;
  constexpr int kMostRegisters = 6;  // of operands: the allocation needs some, too
  constexpr uint32_t kMostOperands = 16;
  if (bytes > kMostBytes || operands > kMostOperands) return false;
  uint32_t registers = 0;
  for (uint32_t i = 0; i < operands; ++i) {
    if (operand(i).in_reg()) registers |= bit_of(operand(i).reg);
  }
  return std::popcount(registers & kGpBits) <= kMostRegisters;
}

// Fast way up to the object with its type, in a register; everything else of it is zero. The `operands` topmost operands are still
// there, with their registers locked. Between this and finish_allocation nothing may move or change values of the frame.
template <class Masm>
Gp FunctionCompiler<Masm>::begin_allocation(uint64_t bytes, const CanonicalType& type, uint32_t operands) {
  const uint32_t first = local_count_ + height_ - operands;
  for (uint32_t i = first; i < local_count_ + height_; ++i) {
    if (values_[i].in_reg()) lock(values_[i].reg);
  }
  const Gp cursor = gp_of(result(Kind::ref));
  const Gp end = temp();
  AllocationPath path;
  path.label = masm_.new_label();
  path.back = masm_.new_label();
  path.offset = offset_;
  path.object = cursor;
  path.top_slot = next_slot_;
  path.slots = operands == 0 ? next_slot_ : values_[first].slot;
  path.live = write_down(0, first);
  path.operands = write_down(first, local_count_ + height_);
  path.first_constant = static_cast<uint32_t>(allocation_constants_.size());
  for (uint32_t i = first; i < local_count_ + height_; ++i) {
    const Value& v = values_[i];
    if (!v.in_reg() && !v.is_stored()) allocation_constants_.push_back({v.slot, v.kind, v.bits});
  }
  path.constants = static_cast<uint32_t>(allocation_constants_.size()) - path.first_constant;
  allocation_paths_.push_back(path);

  const uint32_t size_class = runtime::size_class_of(static_cast<uint32_t>(bytes));
  using Buffer = runtime::AllocationBuffers::Buffer;
  const auto buffer = static_cast<int32_t>(size_class * sizeof(Buffer));
  const Address cursor_field = masm::at(Masm::kScratch, buffer + static_cast<int32_t>(offsetof(Buffer, cursor)));
  const Address end_field = masm::at(Masm::kScratch, buffer + static_cast<int32_t>(offsetof(Buffer, end)));
  masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, heap)));
  masm_.load_gp(Width::w64, cursor, cursor_field);
  masm_.lea(Width::w64, end, masm::at(cursor, runtime::kCellBytes[size_class]));
  masm_.branch_mem(Width::w64, Cond::gt_u, end, end_field, path.label);
  masm_.store_gp(Width::w64, cursor_field, end);
  masm_.move_imm(Width::w64, end, reinterpret_cast<uint64_t>(&type));
  masm_.store_gp(Width::w64, masm::at(cursor), end);
  return cursor;
}

// Pops the operands and pushes the object.
template <class Masm>
void FunctionCompiler<Masm>::finish_allocation(Gp object, uint32_t operands, MachineIndex builtin, uint64_t a,
                                               uint64_t b) {
  AllocationPath& path = allocation_paths_.back();
  path.builtin = builtin;
  path.a = a;
  path.b = b;
  for (uint32_t i = 0; i < operands; ++i) drop();
  masm_.bind(path.back);
  push_reg(Kind::ref, code_of(object));
}

// What is in registers of the values [first, end).
template <class Masm>
MergeState FunctionCompiler<Masm>::write_down(uint32_t first, uint32_t end) {
  MergeState state;
  state.first = merge_count_;
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
    const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
    for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
      const Value& v = values_[i];
      if (i < first || i >= end) continue;
      add_entry(v.kind, v.flags, reg, i, v.slot);
    }
  }
  state.count = merge_count_ - state.first;
  return state;
}

// An initial value, to a place that is zero.
template <class Masm>
void FunctionCompiler<Masm>::initialize(ValType storage, const Address& to, const Value& v) {
  const bool is_narrow = storage.code() == TypeCode::i8 || storage.code() == TypeCode::i16;
  const Opcode narrow_store = storage.code() == TypeCode::i8 ? Opcode::i32_store8 : Opcode::i32_store16;
  if (v.is_const()) {
    if (v.bits == 0) return;
    if (is_narrow) return (void)masm_.store_imm(narrow_store, to, v.bits);
    const bool is_32 = v.kind == Kind::i32 || v.kind == Kind::f32;
    return (void)masm_.store_imm(is_32 ? Opcode::i32_store : Opcode::i64_store, to, v.bits);
  }
  if (!v.in_reg()) {
    if (v.kind == Kind::v128) return masm_.copy_slot_pair(to, slot_address(v.slot));
    masm_.load_gp(Width::w64, Masm::kScratch, slot_address(v.slot));
  } else if (is_fp(v.kind)) {
    return (void)masm_.store_fp(fp_kind_of(v.kind), to, fp_of(v.reg));
  }
  const Gp from = v.in_reg() ? gp_of(v.reg) : Masm::kScratch;
  if (is_narrow) return (void)masm_.store(narrow_store, to, from);
  masm_.store_gp(v.kind == Kind::i32 || v.kind == Kind::f32 ? Width::w32 : Width::w64, to, from);
}

template <class Masm>
void FunctionCompiler<Masm>::on_struct_new(bool is_default) {
  const uint32_t index = read_uleb<uint32_t>(p_);
  const CanonicalType& type = type_at(index);
  const uint32_t fields = is_default ? 0 : static_cast<uint32_t>(type.fields.size());
  const MachineIndex builtin = is_default ? MachineIndex::struct_new_default : MachineIndex::struct_new;
  if (!is_allocated_in_line(type.object_size, fields)) return call_builtin(builtin, fields, index, 0, Kind::ref);
  const Gp object = begin_allocation(type.object_size, type, fields);
  for (uint32_t i = 0; i < fields; ++i)
    initialize(type.fields[i].storage, masm::at(object, static_cast<int32_t>(type.field_offsets[i])),
               operand(fields - 1 - i));
  finish_allocation(object, fields, builtin, index, 0);
}

// array.new, array.new_default and array.new_fixed. The length is an immediate of the last, of the former two the topmost operand.
template <class Masm>
void FunctionCompiler<Masm>::on_array_new(MachineIndex builtin) {
  const bool is_fixed = builtin == MachineIndex::array_new_fixed;
  const uint32_t index = read_uleb<uint32_t>(p_);
  const uint32_t b = is_fixed ? read_uleb<uint32_t>(p_) : 0;
  const uint32_t operands = is_fixed ? b : builtin == MachineIndex::array_new ? 2 : 1;
  const CanonicalType& type = type_at(index);
  const bool is_known = is_fixed || (operand(0).is_const() && !operand(0).in_reg());
  const uint64_t length = is_fixed ? b : is_known ? static_cast<uint32_t>(operand(0).bits) : 0;
  const uint64_t bytes = kArrayElementsOffset + length * uint64_t{type.element_size};
  if (!is_known || length > 256 || !is_allocated_in_line(bytes, operands))
    return call_builtin(builtin, operands, index, b, Kind::ref);
  const Gp object = begin_allocation(bytes, type, operands);
  if (length != 0)
    masm_.store_imm(Opcode::i32_store, masm::at(object, static_cast<int32_t>(kArrayLengthOffset)), length);
  const uint32_t initialized = builtin == MachineIndex::array_new_default ? 0 : static_cast<uint32_t>(length);
  for (uint32_t i = 0; i < initialized; ++i)
    initialize(type.fields[0].storage,
               masm::at(object, static_cast<int32_t>(kArrayElementsOffset + i * type.element_size)),
               operand(is_fixed ? operands - 1 - i : 1));
  finish_allocation(object, operands, builtin, index, b);
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::emit_allocation_paths() {
  for (size_t i = 0; i < allocation_paths_.size(); ++i) {
    const AllocationPath path = allocation_paths_[i];
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    save_entries(path.live);
    save_entries(path.operands);
    for (uint32_t c = path.first_constant; c < path.first_constant + path.constants; ++c)
      emit_store_const(allocation_constants_[c].kind, allocation_constants_[c].slot, allocation_constants_[c].bits);
    emit_builtin_call(path.builtin, path.slots, path.top_slot, path.a, path.b);
    masm_.branch_zero(Width::w32, Masm::kGpResult, trap_label(TrapCode::none), true);
    load_entries(path.live);
    masm_.load_gp(Width::w64, path.object, slot_address(path.slots));
    masm_.jump(path.back);
  }
}

}  // namespace arris::jit
