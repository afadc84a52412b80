// Accesses of linear memory: addresses, bounds, loads and stores, atomics, bulk operations.
//
// A 32-bit memory 0 with 64 KiB pages needs no check: base, zero-extended index and offset stay within the reservation and its
// guard, whose fault is the trap. All other accesses compare index + offset + width with the size first.
#pragma once

#include "jit/calls.h"

namespace arris::jit {

template <class Masm>
MemArg FunctionCompiler<Masm>::read_long_mem_arg() {
  MemArg arg;
  const uint32_t flags = read_uleb<uint32_t>(p_);
  arg.align_log2 = flags & 0x3F;
  if (flags & 0x40) arg.memory = read_uleb<uint32_t>(p_);
  arg.offset = read_uleb<uint64_t>(p_);
  return arg;
}

template <class Masm>
bool FunctionCompiler<Masm>::needs_check(uint32_t memory) const {
  const MemoryType& type = module_->memories[memory];
  return memory != 0 || options_.explicit_bounds_checks || type.limits.address == AddressType::i64 ||
         type.page_size_log2 != 16;
}

template <class Masm>
Address FunctionCompiler<Masm>::guest_address(Operand& index, const MemArg& arg, uint32_t width) {
  if (!is_plain(arg)) [[unlikely]]
    return checked_address(index, arg, width);
  if (index.is_const() && !index.in_reg() && index.bits + arg.offset <= kMaxFoldedOffset)
    return masm::at(Masm::kMemoryBase, static_cast<int32_t>(index.bits + arg.offset));
  return plain_address(use(index), arg);
}

template <class Masm>
Address FunctionCompiler<Masm>::checked_address(Operand& index, const MemArg& arg, uint32_t width) {
  const Label trap = trap_label(TrapCode::out_of_bounds_memory_access);
  const Gp base_index = use_gp(index);
  uint64_t end;  // of the access, from index
  if (__builtin_add_overflow(arg.offset, uint64_t{width}, &end)) {
    masm_.jump(trap);
    return masm::at(Masm::kMemoryBase);
  }
  const bool is_64 = address_kind(arg.memory) == Kind::i64;
  const bool is_short = end <= kMaxFoldedOffset;
  Gp base = Masm::kMemoryBase;
  if (arg.memory != 0) base = load_from_array(offsetof(runtime::InstanceData, memories), arg.memory);
  // The end of the access in a register: scratch if the index will do for the access itself.
  Gp sum = is_short ? Masm::kScratch : temp();
  Label again;
  if (arg.memory == 0) {
    again = masm_.new_label();
    masm_.bind(again);
  }
  if (is_64 || !is_short) {
    if (is_short && !is_64) {
      masm_.lea(Width::w64, sum, masm::at(base_index, static_cast<int32_t>(end)));
    } else {
      masm_.add_imm_branch_carry(sum, base_index, end, trap);
    }
  } else {
    masm_.lea(Width::w64, sum, masm::at(base_index, static_cast<int32_t>(end)));
  }
  if (arg.memory == 0) {
    const Label slow = masm_.new_label();
    bounds_paths_.push_back({slow, again, offset_});
    masm_.branch_mem(Width::w64, Cond::gt_u, sum, instance_field(offsetof(runtime::InstanceData, memory0_size)), slow);
  } else {
    masm_.branch_mem(Width::w64, Cond::gt_u, sum,
                     masm::at(base, static_cast<int32_t>(offsetof(runtime::MemoryInstance, size_bytes))), trap);
    masm_.load_gp(Width::w64, base, masm::at(base, static_cast<int32_t>(offsetof(runtime::MemoryInstance, base))));
  }
  if (is_short) return masm::at(base, base_index, 0, static_cast<int32_t>(arg.offset));
  return masm::at(base, sum, 0, -static_cast<int32_t>(width));
}

// Both have a short way for what is mostly the case: no check, and operands in registers.
template <class Masm>
void FunctionCompiler<Masm>::on_load(Opcode op, Operand index) {
  const MemArg arg = read_mem_arg();
  if (!is_plain(arg) || !index.is_variable_in_reg()) return load_otherwise(op, index, arg);
  const Kind kind = shape(op).result;
  const RegCode d = result(kind, index.reg, kNoReg);
  note_fault(masm_.load(op, reg_of(d), plain_address(index.reg, arg)));
  push_result(kind, d);
}

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::load_otherwise(Opcode op, Operand index, MemArg arg) {
  const OpcodeShape& s = shape(op);
  const Address address = guest_address(index, arg, 1u << s.width_log2);
  const RegCode d = result(s.result, reg_if_any(&index), kNoReg);
  note_fault(masm_.load(op, reg_of(d), address));
  push_result(s.result, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_store(Opcode op, Operand value) {
  const MemArg arg = read_mem_arg();
  const Operand index = pop();
  if (!is_plain(arg) || !index.is_variable_in_reg() || !value.is_variable_in_reg())
    return store_otherwise(op, index, value, arg);
  note_fault(masm_.store(op, plain_address(index.reg, arg), reg_of(value.reg)));
}

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::store_otherwise(Opcode op, Operand index, Operand value, MemArg arg) {
  const uint32_t width = 1u << shape(op).width_log2;
  if (value.is_const() && !value.in_reg() && value.kind != Kind::v128) {
    if (op == Opcode::f32_store) op = Opcode::i32_store;
    if (op == Opcode::f64_store) op = Opcode::i64_store;
    const Address address = guest_address(index, arg, width);
    return note_fault(masm_.store_imm(op, address, value.bits));
  }
  use(value);
  const Address address = guest_address(index, arg, width);
  note_fault(masm_.store(op, address, reg_of(value.reg)));
}

template <class Masm>
void FunctionCompiler<Masm>::on_memory_lane(Opcode op, const OpcodeShape& shape) {
  const MemArg arg = read_mem_arg();
  const uint32_t width = 1u << shape.width_log2;
  switch (shape.shape) {
    case Shape::load_lane: {
      const uint8_t lane = *p_++;
      Operand v = pop();
      Operand index = pop();
      use(v);
      const Address address = guest_address(index, arg, width);
      const RegCode d = result(Kind::v128, &v);
      note_fault(masm_.load_lane(op, fp_of(d), address, fp_of(v.reg), lane));
      return push_reg(Kind::v128, d);
    }
    default: {
      const uint8_t lane = *p_++;
      Operand v = pop();
      Operand index = pop();
      use(v);
      const Address address = guest_address(index, arg, width);
      return note_fault(masm_.store_lane(op, address, fp_of(v.reg), lane));
    }
  }
}

// ---- Atomics -----------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::check_alignment(Operand& index, const MemArg& arg, uint32_t width) {
  if (width == 1) return;
  const uint32_t mask = width - 1;
  const Label trap = trap_label(TrapCode::unaligned_atomic);
  Gp address = use_gp(index);
  if (arg.offset & mask) {
    masm_.lea(Width::w64, Masm::kScratch, masm::at(address, static_cast<int32_t>(arg.offset & mask)));
    address = Masm::kScratch;
  }
  masm_.branch_bits(address, mask, trap, false);
}

// An operand that must outlive the overwriting of `clobbered` gets a register elsewhere.
template <class Masm>
void FunctionCompiler<Masm>::keep_out(Operand& operand, masm::GpSet clobbered) {
  if (operand.in_reg() && (clobbered.bits() & bit_of(operand.reg)) == 0) return;
  if (!operand.in_reg() || clobbered.bits() != 0) {
    const RegCode reg = allocate(kAllocatableBits & kGpBits & ~clobbered.bits());
    if (operand.in_reg()) {
      emit_move(operand.kind, reg, operand.reg);
    } else if (operand.is_const()) {
      emit_const(operand.kind, reg, operand.bits);
    } else {
      emit_load(operand.kind, reg, operand.slot);
    }
    operand.flags |= kInReg;
    operand.reg = reg;
  }
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_atomic(Opcode op, const OpcodeShape& shape) {
  const MemArg arg = read_mem_arg();
  const uint32_t width = 1u << shape.width_log2;
  const masm::GpSet clobbered = masm_.clobbers(op);
  Operand replacement, value;
  const bool has_value = shape.shape != Shape::atomic_load;
  if (shape.shape == Shape::atomic_cmpxchg) replacement = pop();
  if (has_value) value = pop();
  Operand index = pop();
  make_room(clobbered);
  keep_out(index, clobbered);
  if (shape.shape == Shape::atomic_rmw) keep_out(value, clobbered);
  locked_ |= clobbered.bits();
  if (has_value) use(value);
  if (shape.shape == Shape::atomic_cmpxchg) use(replacement);
  check_alignment(index, arg, width);
  const Address address = guest_address(index, arg, width);
  if (shape.shape == Shape::atomic_store) return note_fault(masm_.atomic_store(op, address, gp_of(value.reg)));
  const RegCode d = plain_result(shape.result);
  switch (shape.shape) {
    case Shape::atomic_load: note_fault(masm_.atomic_load(op, gp_of(d), address)); break;
    case Shape::atomic_rmw: note_fault(masm_.atomic_rmw(op, gp_of(d), address, gp_of(value.reg))); break;
    default: note_fault(masm_.atomic_cmpxchg(op, gp_of(d), address, gp_of(value.reg), gp_of(replacement.reg))); break;
  }
  push_reg(shape.result, d);
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_wait_or_notify(Opcode op) {
  const MemArg arg = read_mem_arg();
  if (op == Opcode::memory_atomic_notify)
    return call_builtin(MachineIndex::memory_atomic_notify, 2, arg.memory, arg.offset, Kind::i32);
  const MachineIndex wait =
      op == Opcode::memory_atomic_wait32 ? MachineIndex::memory_atomic_wait32 : MachineIndex::memory_atomic_wait64;
  call_builtin(wait, 3, arg.memory, arg.offset, Kind::i32);
}

// ---- Sizes and bulk ----------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::on_memory_size() {
  const uint32_t memory = read_uleb<uint32_t>(p_);
  const Kind kind = address_kind(memory);
  const Gp instance = load_from_array(offsetof(runtime::InstanceData, memories), memory);
  masm_.load_gp(Width::w64, instance,
                masm::at(instance, static_cast<int32_t>(offsetof(runtime::MemoryInstance, size_bytes))));
  const uint32_t shift = module_->memories[memory].page_size_log2;
  if (shift != 0) masm_.binary_imm(Opcode::i64_shr_u, instance, instance, shift, *this);
  if (kind == Kind::i32) masm_.move(Width::w32, instance, instance);
  push_reg(kind, code_of(instance));
}

// memory.copy and memory.fill of a few bytes, a constant number, in line: in pieces that may overlap (a copy reads all of them before it
// writes). The last piece is written first: it faults if the end is out of bounds, and then nothing has been written.
template <class Masm>
bool FunctionCompiler<Masm>::is_bulk_in_line(Opcode op, uint32_t memory) const {
  if (memory != 0 || needs_check(0)) return false;
  const Value& size = values_[local_count_ + height_ - 1];
  if (!size.is_const() || size.in_reg()) return false;
  const auto bytes = static_cast<uint32_t>(size.bits);
  return bytes != 0 && bytes <= (op == Opcode::memory_copy ? 4 : 8) * kMostPieceBytes;
}

// Bytes of a piece of something of `bytes` bytes.
constexpr uint32_t piece_bytes(uint32_t bytes) { return std::min(std::bit_floor(bytes), uint32_t{16}); }

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::copy_in_line() {
  const auto bytes = static_cast<uint32_t>(pop().bits);
  Operand from = pop(), to = pop();
  const Gp source = use_gp(from), destination = use_gp(to);
  const uint32_t piece = piece_bytes(bytes);
  constexpr Opcode kLoads[] = {Opcode::i32_load8_u, Opcode::i32_load16_u, Opcode::i32_load, Opcode::i64_load,
                               Opcode::v128_load};
  constexpr Opcode kStores[] = {Opcode::i32_store8, Opcode::i32_store16, Opcode::i32_store, Opcode::i64_store,
                                Opcode::v128_store};
  const int log2 = std::countr_zero(piece);
  uint32_t offsets[4];
  RegCode pieces[4];
  uint32_t count = 0;
  for (uint32_t done = 0; done < bytes; done += piece) {
    offsets[count] = std::min(done, bytes - piece);
    const RegCode reg = allocate(kAllocatableBits & (piece == 16 ? kFpBits : kGpBits));
    const Address address = masm::at(Masm::kMemoryBase, source, 0, static_cast<int32_t>(offsets[count]));
    note_fault(masm_.load(kLoads[log2], reg_of(reg), address));
    pieces[count++] = reg;
  }
  while (count-- > 0) {
    const Address address = masm::at(Masm::kMemoryBase, destination, 0, static_cast<int32_t>(offsets[count]));
    note_fault(masm_.store(kStores[log2], address, reg_of(pieces[count])));
  }
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::fill_in_line() {
  const auto bytes = static_cast<uint32_t>(pop().bits);
  Operand value = pop(), to = pop();
  const uint32_t piece = piece_bytes(bytes);
  const Gp destination = use_gp(to);
  constexpr uint64_t kEachByte = 0x0101'0101'0101'0101;
  const uint64_t pattern = (value.bits & 0xFF) * kEachByte;
  Reg filler;
  if (piece == 16) {
    const Fp v = fp_of(allocate(kAllocatableBits & kFpBits));
    if (value.is_const()) {
      masm_.fp_const(FpKind::v128, v, pattern, pattern);
    } else {
      masm_.unary(Opcode::i8x16_splat, v, use_gp(value), *this);
    }
    filler = v;
  } else if (value.is_const()) {
    const Gp g = temp();
    masm_.move_imm(Width::w64, g, pattern);
    filler = g;
  } else {
    const Gp byte = use_gp(value), g = temp();
    masm_.binary_imm(Opcode::i32_and, g, byte, 0xFF, *this);
    if (piece > 1) {
      const Gp each = temp();
      masm_.move_imm(Width::w64, each, kEachByte);
      masm_.binary(Opcode::i64_mul, g, g, each, *this);
    }
    filler = g;
  }
  constexpr Opcode kStores[] = {Opcode::i32_store8, Opcode::i32_store16, Opcode::i32_store, Opcode::i64_store,
                                Opcode::v128_store};
  const Opcode store = kStores[std::countr_zero(piece)];
  const auto at_offset = [&](uint32_t offset) {
    return masm::at(Masm::kMemoryBase, destination, 0, static_cast<int32_t>(offset));
  };
  note_fault(masm_.store(store, at_offset(bytes - piece), filler));
  for (uint32_t done = 0; done + piece < bytes; done += piece) note_fault(masm_.store(store, at_offset(done), filler));
}

template <class Masm>
void FunctionCompiler<Masm>::on_memory_bulk(Opcode op) {
  const uint32_t first = read_uleb<uint32_t>(p_);
  if (op == Opcode::memory_fill && is_bulk_in_line(op, first)) return fill_in_line();
  if (op == Opcode::memory_copy && *p_ == 0 && is_bulk_in_line(op, first)) return ++p_, copy_in_line();
  switch (op) {
    case Opcode::memory_grow: return call_builtin(MachineIndex::memory_grow, 1, first, 0, address_kind(first));
    case Opcode::memory_fill: return call_builtin(MachineIndex::memory_fill, 3, first, 0);
    case Opcode::memory_copy: return call_builtin(MachineIndex::memory_copy, 3, first, read_uleb<uint32_t>(p_));
    case Opcode::memory_init: return call_builtin(MachineIndex::memory_init, 3, first, read_uleb<uint32_t>(p_));
    default: return call_builtin(MachineIndex::data_drop, 0, first, 0);
  }
}

}  // namespace arris::jit
