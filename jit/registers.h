// The register cache: which value is in which register, allocation, spilling, and the abstract operand stack.
#pragma once

#include <bit>
#include <utility>

#include "jit/function_compiler.h"

namespace arris::jit {

// ---- Code for one value ------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::emit_move(Kind kind, RegCode to, RegCode from) {
  if (is_fp(kind)) {
    masm_.move_fp(fp_kind_of(kind), fp_of(to), fp_of(from));
  } else {
    masm_.move(width_of(kind), gp_of(to), gp_of(from));
  }
}

template <class Masm>
void FunctionCompiler<Masm>::emit_load(Kind kind, RegCode to, int32_t slot) {
  if (is_fp(kind)) {
    masm_.load_fp(fp_kind_of(kind), fp_of(to), slot_address(slot));
  } else {
    masm_.load_gp(width_of(kind), gp_of(to), slot_address(slot));
  }
}

// A slot of an i32 holds it zero-extended, as the register does.
template <class Masm>
void FunctionCompiler<Masm>::emit_store(Kind kind, int32_t slot, RegCode from) {
  if (is_fp(kind)) {
    masm_.store_fp(fp_kind_of(kind), slot_address(slot), fp_of(from));
  } else {
    masm_.store_gp(Width::w64, slot_address(slot), gp_of(from));
  }
}

template <class Masm>
void FunctionCompiler<Masm>::emit_const(Kind kind, RegCode to, uint64_t bits) {
  if (is_fp(kind)) {
    masm_.fp_const(fp_kind_of(kind), fp_of(to), bits);
  } else {
    masm_.move_imm(width_of(kind), gp_of(to), bits);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::emit_store_const(Kind kind, int32_t slot, uint64_t bits) {
  masm_.store_slot_imm(slot_address(slot), bits);
  if (kind == Kind::v128) masm_.store_slot_imm(slot_address(slot + 1), 0);
}

// ---- Registers ---------------------------------------------------------------------------------------------------------------

template <class Masm>
void FunctionCompiler<Masm>::attach(Value& v, RegCode reg) {
  const uint32_t index = index_of(v);
  v.flags |= kInReg;
  v.reg = reg;
  v.previous = kNoIndex;
  v.next = kNoIndex;
  if (used_ & bit_of(reg)) {
    v.next = head_[reg];
    values_[v.next].previous = index;
  }
  head_[reg] = index;
  used_ |= bit_of(reg);
}

template <class Masm>
void FunctionCompiler<Masm>::attach_alone(Value& v, RegCode reg) {
  v.flags |= kInReg;
  v.reg = reg;
  v.previous = v.next = kNoIndex;
  head_[reg] = index_of(v);
  used_ |= bit_of(reg);
}

// Of a value whose register is not asked for again.
template <class Masm>
void FunctionCompiler<Masm>::unlink(const Value& v) {
  if (v.next != kNoIndex) values_[v.next].previous = v.previous;
  if (v.previous != kNoIndex) {
    values_[v.previous].next = v.next;
  } else if (v.next != kNoIndex) {
    head_[v.reg] = v.next;
  } else {
    used_ &= ~bit_of(v.reg);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::detach(Value& v) {
  v.flags &= ~kInReg;
  unlink(v);
}

// `v` takes the place of `other` among the values of its register.
template <class Masm>
void FunctionCompiler<Masm>::attach_instead(Value& v, const Value& other) {
  const uint32_t index = index_of(v);
  static_cast<Place&>(v) = in_register(other);
  v.next = other.next;
  v.previous = other.previous;
  if (other.next != kNoIndex) values_[other.next].previous = index;
  if (other.previous != kNoIndex) {
    values_[other.previous].next = index;
  } else {
    head_[other.reg] = index;
  }
}

// `v` joins the values of a register.
template <class Masm>
void FunctionCompiler<Masm>::attach_beside(Value& v, const Place& other) {
  const uint32_t index = index_of(v);
  static_cast<Place&>(v) = in_register(other);
  v.previous = kNoIndex;
  v.next = std::exchange(head_[other.reg], index);
  values_[v.next].previous = index;
}

template <class Masm>
void FunctionCompiler<Masm>::store_if_dirty(Value& v) {
  if (!v.is_dirty()) return;
  emit_store(v.kind, v.slot, v.reg);
  v.flags |= kStored;
}

template <class Masm>
void FunctionCompiler<Masm>::spill(RegCode reg) {
  while (!is_free(reg)) {
    Value& v = values_[head_[reg]];
    store_if_dirty(v);
    detach(v);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::evict(RegCode reg) {
  if (is_free(reg)) return;
  const uint32_t file = is_fp_code(reg) ? kFpBits : kGpBits;
  uint32_t free = kAllocatableBits & file & ~used_ & ~locked_;
  if (free == 0) return spill(reg);
  const RegCode to = static_cast<RegCode>(std::countr_zero(free));
  emit_move(values_[head_[reg]].kind, to, reg);
  // The whole list goes along.
  head_[to] = head_[reg];
  for (uint32_t i = head_[to]; i != kNoIndex; i = values_[i].next) values_[i].reg = to;
  used_ = (used_ & ~bit_of(reg)) | bit_of(to);
}

// Empties the registers that an operation is about to overwrite, except where only its own operands were in them.
template <class Masm>
void FunctionCompiler<Masm>::make_room(masm::GpSet clobbered) {
  uint32_t bits = clobbered.bits();
  if ((bits & used_) == 0) return;
  const uint32_t locked = locked_;
  locked_ |= bits;  // no good as a refuge
  for (uint32_t rest = bits & used_; rest != 0; rest &= rest - 1) evict(static_cast<RegCode>(std::countr_zero(rest)));
  locked_ = locked;
}

// Prefers what costs least to lose: values that are stored anyway, locals that no loop wants to keep, operands deep in the stack.
template <class Masm>
RegCode FunctionCompiler<Masm>::choose_victim(uint32_t candidates) {
  RegCode best = kNoReg;
  unsigned best_cost = ~0u;
  victim_turn_ = (victim_turn_ + 5) % kRegCodes;
  const uint32_t recent = local_count_ + (height_ > 4 ? height_ - 4 : 0);
  for (uint32_t rest = std::rotr(candidates, static_cast<int>(victim_turn_)); rest != 0; rest &= rest - 1) {
    const RegCode reg =
        static_cast<RegCode>((static_cast<unsigned>(std::countr_zero(rest)) + victim_turn_) % kRegCodes);
    const uint32_t user = head_[reg];
    const Value& v = values_[user];
    unsigned cost = v.is_dirty() ? 2 : 0;
    if (v.next != kNoIndex) cost += 1;
    if (preferred_ & bit_of(reg)) cost += 4;
    if (user >= recent) cost += 8;
    if (cost < best_cost) {
      best = reg;
      best_cost = cost;
      if (cost == 0) break;
    }
  }
  return best;
}

template <class Masm>
RegCode FunctionCompiler<Masm>::allocate(uint32_t file) {
  uint32_t free = file & ~used_ & ~locked_;
  if (free == 0) [[unlikely]]
    return take_from_values(file);
  if (free & ~preferred_) free &= ~preferred_;
  return lock(static_cast<RegCode>(std::countr_zero(free)));
}

template <class Masm>
[[gnu::noinline]] RegCode FunctionCompiler<Masm>::take_from_values(uint32_t file) {
  const RegCode victim = choose_victim(file & used_ & ~locked_);
  spill(victim);
  return lock(victim);
}

template <class Masm>
void FunctionCompiler<Masm>::flush() {
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) spill(static_cast<RegCode>(std::countr_zero(rest)));
  if (try_depth_ != 0) flush_constants();
}

template <class Masm>
void FunctionCompiler<Masm>::flush_constants() {
  settle_constants();
  for (uint32_t i = local_count_; i < local_count_ + height_; ++i) {
    Value& v = values_[i];
    if ((v.flags & (kConst | kStored)) != kConst) continue;
    emit_store_const(v.kind, v.slot, v.bits);
    v.flags |= kStored;
    flushed_constants_.push_back(i);
  }
}

// Other ways to a label may not have stored what this one did.
template <class Masm>
void FunctionCompiler<Masm>::forget_flushed_constants() {
  for (uint32_t i : flushed_constants_) {
    if (i < local_count_ + height_ && values_[i].is_const()) values_[i].flags &= ~kStored;
  }
  flushed_constants_.clear();
}

template <class Masm>
void FunctionCompiler<Masm>::empty_registers() {
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
    const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
    for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) { leave_register(values_[i], i); }
  }
  used_ = 0;
}

// ---- The operand stack -------------------------------------------------------------------------------------------------------

// Room for an operand, of which only the slot is filled in.
template <class Masm>
[[gnu::always_inline]] inline Value& FunctionCompiler<Masm>::push_room(Kind kind) {
  Value& v = values_[local_count_ + height_++];
  v.slot = next_slot_;
  next_slot_ += static_cast<int32_t>(slots_of(kind));
  return v;
}

template <class Masm>
Value& FunctionCompiler<Masm>::push_value(Kind kind) {
  Value& v = push_room(kind);
  static_cast<Place&>(v) = {kind, 0, kNoReg};
  return v;
}

template <class Masm>
void FunctionCompiler<Masm>::push_reg(Kind kind, RegCode reg) {
  attach(push_value(kind), reg);
}

template <class Masm>
void FunctionCompiler<Masm>::push_const(Kind kind, uint64_t bits) {
  Value& v = push_room(kind);
  static_cast<Place&>(v) = {kind, kConst, kNoReg};
  v.bits = bits;
}

template <class Masm>
Operand FunctionCompiler<Masm>::pop() {
  Value& v = values_[local_count_ + --height_];
  next_slot_ = v.slot;
  if (v.in_reg()) {
    lock(v.reg);
    unlink(v);
  }
  return v;
}

template <class Masm>
void FunctionCompiler<Masm>::drop() {
  Value& v = values_[local_count_ + --height_];
  next_slot_ = v.slot;
  if (v.in_reg()) unlink(v);
}

template <class Masm>
RegCode FunctionCompiler<Masm>::bring(Kind kind, bool is_const, uint64_t bits, int32_t slot) {
  const RegCode reg = allocate(file_bits(kind));
  if (is_const) {
    emit_const(kind, reg, bits);
  } else {
    emit_load(kind, reg, slot);
  }
  return reg;
}

// What a local.get pushes, as if popped at once.
template <class Masm>
Operand FunctionCompiler<Masm>::operand_of_local(uint32_t index) {
  Value& v = values_[index];
  if (v.is_const()) return {v.bits, v.slot, v.kind, kConst, kNoReg};
  if (!v.in_reg()) bring_local(v, index);
  lock(v.reg);
  return v;
}

template <class Masm>
void FunctionCompiler<Masm>::bring_local(Value& local, uint32_t index) {
  const RegCode wanted = preference_[index];
  const RegCode reg =
      wanted != kNoReg && ((used_ | locked_) & bit_of(wanted)) == 0 ? wanted : allocate(file_bits(local.kind));
  emit_load(local.kind, reg, local.slot);
  attach_alone(local, reg);
}

// A register for a result that may overwrite an operand nobody else needs, which is in `a` or `b` if anywhere.
template <class Masm>
RegCode FunctionCompiler<Masm>::plain_result(Kind kind, RegCode a, RegCode b) {
  const uint32_t file = file_bits(kind);
  const uint32_t free = file & ~used_;
  if (a != kNoReg && (free & bit_of(a)) != 0) return a;
  if (b != kNoReg && (free & bit_of(b)) != 0) return b;
  return allocate(file);
}

// The same for the last thing an instruction does; if a local.set or local.tee follows, the register that local is in, or that
// the loop wants it in.
template <class Masm>
RegCode FunctionCompiler<Masm>::result(Kind kind, RegCode a, RegCode b) {
  if (is_set_next()) {
    const uint8_t* p = p_ + 1;
    const uint32_t local = read_uleb<uint32_t>(p);
    Value& v = values_[local];
    if (v.in_reg() && (v.next & v.previous) == kNoIndex) {  // alone in it
      const RegCode reg = v.reg;
      v.flags = (v.flags & ~kInReg) | kStored;  // dead: about to be set
      used_ &= ~bit_of(reg);
      return lock(reg);
    }
    const RegCode wanted = preference_[local];
    if (wanted != kNoReg && ((used_ | locked_) & bit_of(wanted)) == 0) return lock(wanted);
  }
  return plain_result(kind, a, b);
}

// The local that the local.set or local.tee at p_ names gets a result, which is in a register of its own.
template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::set_result(Kind kind, RegCode reg) {
  go_on_to(p_);
  const bool is_tee = *p_++ == info(Opcode::local_tee).code;
  const uint32_t index = read_uleb<uint32_t>(p_);
  Value& local = values_[index];
  if (local.in_reg()) unlink(local);
  uint32_t beside = kNoIndex;
  if (is_tee) {
    beside = local_count_ + height_;
    Value& v = push_room(kind);
    static_cast<Place&>(v) = {kind, kInReg, reg};
    v.next = kNoIndex;
    v.previous = index;
  }
  static_cast<Place&>(local) = {kind, kInReg, reg};
  local.next = beside;
  local.previous = kNoIndex;
  head_[reg] = index;
  used_ |= bit_of(reg);
}

// What is in a register that is free.
template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::push_alone(Kind kind, RegCode reg) {
  const uint32_t index = local_count_ + height_;
  Value& v = push_room(kind);
  static_cast<Place&>(v) = {kind, kInReg, reg};
  v.next = v.previous = kNoIndex;
  head_[reg] = index;
  used_ |= bit_of(reg);
}

}  // namespace arris::jit
