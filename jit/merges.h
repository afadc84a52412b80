// Merges: what every way to a label agrees on, and the moves that make it so.
//
// The first branch to a label defines the state there from where values are at that moment, so that it needs few moves or none;
// later ones move. A state names at most one value per register, hence at most as many as there are registers: everything else is
// in its home slot (or a constant operand, which nothing can change while it lies under an open block). So no merge costs more
// than a constant times the registers, however many locals and operands there are.
#pragma once

#include <algorithm>
#include <bit>

#include "jit/registers.h"

namespace arris::jit {

// ---- Parallel moves ----------------------------------------------------------------------------------------------------------

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::emit_in_any_order(const Move& move) {
  if (move.from != kNoReg) {
    emit_move(move.kind, move.to, move.from);
  } else if (move.is_const) {
    emit_const(move.kind, move.to, move.bits);
  } else {
    emit_load(move.kind, move.to, move.slot);
  }
}

// Emits moves_ as if all at once, and empties it. Each register is the destination of at most one.
template <class Masm>
void FunctionCompiler<Masm>::emit_pending_moves() {
  const std::span<Move> moves(moves_, move_count_);
  move_count_ = 0;
  uint32_t written = 0, read = 0;
  for (const Move& move : moves) {
    written |= bit_of(move.to);
    if (move.from != kNoReg) read |= bit_of(move.from);
  }
  if ((written & read) == 0) {
    for (const Move& move : moves) emit_in_any_order(move);
    return;
  }
  uint8_t reads[kRegCodes] = {};
  size_t pending = 0;
  for (const Move& move : moves) {
    if (move.from == kNoReg) continue;
    ++reads[move.from];
    ++pending;
  }
  while (pending != 0) {
    bool progress = false;
    for (Move& move : moves) {
      if (move.from == kNoReg || reads[move.to] != 0) continue;
      emit_move(move.kind, move.to, move.from);
      --reads[move.from];
      move.from = kNoReg;
      move.kind = Kind::ref;
      move.slot = INT32_MIN;  // done
      --pending;
      progress = true;
    }
    if (progress) continue;
    // Only cycles are left. One swap settles one move and shortens its cycle.
    for (Move& move : moves) {
      if (move.from == kNoReg) continue;
      const RegCode to = move.to;
      const RegCode from = move.from;
      if (is_fp_code(to)) {
        masm_.swap_fp(fp_of(to), fp_of(from));
      } else {
        masm_.swap(gp_of(to), gp_of(from));
      }
      move.from = kNoReg;
      move.slot = INT32_MIN;
      --pending;
      --reads[from];
      for (Move& other : moves) {
        if (other.from != to) continue;  // its value is in `from` now
        --reads[to];
        if (other.to == from) {
          other.from = kNoReg;
          other.slot = INT32_MIN;
          --pending;
        } else {
          other.from = from;
          ++reads[from];
        }
      }
      break;
    }
  }
  for (const Move& move : moves) {
    if (move.slot != INT32_MIN) emit_in_any_order(move);
  }
}

// ---- Constants of locals -----------------------------------------------------------------------------------------------------

// Before a branch, a local that is only known as a constant gets a place, since the other ways to the label may bring other values.
template <class Masm>
void FunctionCompiler<Masm>::settle_pending_constants() {
  if (zero_locals_pending_) store_zero_locals();
  for (; settled_ < const_locals_.size(); ++settled_) {
    Value& v = values_[const_locals_[settled_]];
    if ((v.flags & (kConst | kStored)) != kConst) continue;
    const uint32_t free = file_bits(v.kind) & ~used_ & ~locked_;
    const RegCode wanted = preference_[const_locals_[settled_]];
    if (try_depth_ == 0 && std::popcount(free) > 3) {
      const RegCode reg =
          wanted != kNoReg && (free & bit_of(wanted)) ? wanted : static_cast<RegCode>(std::countr_zero(free));
      emit_const(v.kind, reg, v.bits);
      v.flags = 0;
      attach(v, reg);
    } else {
      emit_store_const(v.kind, v.slot, v.bits);
      v.flags |= kStored;
    }
  }
}

template <class Masm>
void FunctionCompiler<Masm>::forget_constants() {
  for (uint32_t local : const_locals_) {
    Value& v = values_[local];
    if (v.is_const()) v.flags = (v.flags & kInReg) | kStored;
  }
  const_locals_.clear();
  settled_ = 0;
}

// ---- Forward labels ----------------------------------------------------------------------------------------------------------

// A register that holds nothing, or that is emptied here.
template <class Masm>
RegCode FunctionCompiler<Masm>::free_register(uint32_t file, uint32_t claimed) {
  const uint32_t free = file & ~used_ & ~locked_ & ~claimed;
  if (free != 0) return static_cast<RegCode>(std::countr_zero(free));
  const RegCode victim = choose_victim(file & used_ & ~locked_ & ~claimed);
  spill(victim);
  return victim;
}

// Defines `state` for a label above which `below` operands stay and to which the topmost `results` operands go. May store values
// in the code that all ways from here on run through. Constants are settled.
template <class Masm>
void FunctionCompiler<Masm>::define_state(MergeState& state, uint32_t below, uint32_t results) {
  MergeEntry* entry = begin_state(state);
  const uint32_t end = local_count_ + below;
  uint32_t claimed = 0;
  if (results <= kMaxRegisterResults) {
    for (uint32_t i = 0; i < results; ++i) {
      Value& v = values_[local_count_ + height_ - results + i];
      if (v.in_reg() && !is_shared(v.reg)) claimed |= bit_of(v.reg);
    }
    int32_t result_slot = results == 0 ? 0 : values_[end].slot;
    for (uint32_t i = 0; i < results; ++i) {
      Value& v = values_[local_count_ + height_ - results + i];
      const RegCode reg = v.in_reg() && !is_shared(v.reg) ? v.reg : free_register(file_bits(v.kind), claimed);
      claimed |= bit_of(reg);
      *entry++ = {{v.kind, kInReg, reg}, end + i, result_slot};
      result_slot += static_cast<int32_t>(slots_of(v.kind));
    }
  }
  Value* const values = values_.data();
  for (uint32_t rest = used_ & ~claimed; rest != 0; rest &= rest - 1) {
    const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
    uint32_t i = head_[reg];
    while (i >= end) {
      if (i == kNoIndex) break;
      i = values[i].next;
    }
    if (i == kNoIndex) continue;
    const Value& v = values[i];
    *entry++ = {without_constant(v), i, v.slot};
    while ((i = values[i].next) != kNoIndex) {
      if (i < end) store_if_dirty(values[i]);
    }
  }
  end_state(state, entry);
}

// Finds out what the way from here to a label with `state` must do, in moves_ and stores_. Constants are settled. False: nothing.
template <class Masm>
bool FunctionCompiler<Masm>::collect_edge(const MergeState& state, uint32_t below, uint32_t results) {
  move_count_ = 0;
  stores_.clear();
  ++stamp_;
  const uint32_t end = local_count_ + below;
  const uint32_t from_result = height_ - results - below;  // from a result's place at the label to where it is now
  Value* const values = values_.data();
  uint32_t done = 0;  // registers that hold what the state says, and nothing else
  for (const MergeEntry& entry : entries(state)) {
    const uint32_t index = entry.value >= end ? entry.value + from_result : entry.value;
    const Value& v = values[index];
    // It may be stored where the state does not ask for that.
    const uint32_t difference = word_of(v) ^ word_of(entry);
    const bool is_there = (difference & (~word_of_flag(kStored) | word_of(entry))) == 0;
    if (is_there && (v.next & v.previous) == kNoIndex) {
      done |= bit_of(entry.reg);
    } else {
      collect_value(entry, index, entry.value >= end);
    }
  }
  for (uint32_t rest = used_ & ~done; rest != 0; rest &= rest - 1) {
    for (uint32_t i = head_[std::countr_zero(rest)]; i != kNoIndex; i = values_[i].next) {
      const Value& v = values_[i];
      if (i < end && v.mark != stamp_ && v.is_dirty()) stores_.push_back(i);
    }
  }
  if (results > kMaxRegisterResults) return true;
  return move_count_ != 0 || !stores_.empty();
}

template <class Masm>
[[gnu::noinline]] void FunctionCompiler<Masm>::collect_value(const MergeEntry& entry, uint32_t index, bool is_result) {
  Value& v = values_[index];
  v.mark = stamp_;
  add_move(entry.reg, v);
  if ((entry.flags & ~v.flags & kStored) != 0 && !is_result) stores_.push_back(index);
}

// The same for a label that may have no state yet: then it is defined, as define_state does.
template <class Masm>
bool FunctionCompiler<Masm>::reach(MergeState& state, uint32_t below, uint32_t results) {
  settle_constants();
  if (state.is_defined()) return collect_edge(state, below, results);
  define_state(state, below, results);
  // All is where the state says, except for the results, its first entries.
  move_count_ = 0;
  stores_.clear();
  if (results > kMaxRegisterResults) return true;
  const Value* v = &values_[local_count_ + height_ - results];
  for (uint32_t i = 0; i < results; ++i, ++v) add_move(merge_entries_[state.first + i].reg, *v);
  return move_count_ != 0;
}

template <class Masm>
void FunctionCompiler<Masm>::emit_collected_edge(uint32_t below, uint32_t results) {
  for (uint32_t i : stores_) {
    const Value& v = values_[i];
    if (v.in_reg()) {
      emit_store(v.kind, v.slot, v.reg);
    } else {
      emit_store_const(v.kind, v.slot, v.bits);
    }
  }
  if (results > kMaxRegisterResults) {
    // Upwards: a value's slot is never above its place at the label, so nothing is overwritten before it is read.
    int32_t slot = values_[local_count_ + below].slot;
    for (uint32_t i = local_count_ + height_ - results; i < local_count_ + height_; ++i) {
      const Value& v = values_[i];
      if (v.in_reg()) {
        emit_store(v.kind, slot, v.reg);
      } else if (v.is_const()) {
        emit_store_const(v.kind, slot, v.bits);
      } else if (slot != v.slot) {
        if (v.kind == Kind::v128) {
          masm_.copy_slot_pair(slot_address(slot), slot_address(v.slot));
        } else {
          masm_.copy_slot(slot_address(slot), slot_address(v.slot));
        }
      }
      slot += static_cast<int32_t>(slots_of(v.kind));
    }
  }
  emit_moves();
}

// From here on, things are as at a label: `types` on top of the operands below `control`.
template <class Masm>
void FunctionCompiler<Masm>::load_state(const MergeState& state, const Control& control,
                                        std::span<const ValType> types) {
  empty_registers();
  forget_constants();
  height_ = control.height;
  next_slot_ = control.slot;
  forget_flushed_constants();
  for (ValType type : types) push_stored(kind_of(type));
  uint32_t used = 0;
  for (const MergeEntry& entry : entries(state)) {
    Value& v = values_[entry.value];
    static_cast<Place&>(v) = entry;
    v.next = v.previous = kNoIndex;
    head_[entry.reg] = entry.value;
    used |= bit_of(entry.reg);
  }
  used_ = used;
}

// ---- Loops -------------------------------------------------------------------------------------------------------------------

// Defines the state at the head of a loop and brings everything into it. Locals the loop uses most are in registers; nothing that
// the loop may change is known as a constant or taken to be stored.
template <class Masm>
void FunctionCompiler<Masm>::define_loop_state(Control& loop) {
  const LoopScan scan = scan_loop();
  auto may_change = [&](uint32_t local) { return !scan.is_complete || (scan_counts_[local] & kAssigned) != 0; };
  settle_constants();
  // Parameters of the loop: registers of their own.
  const uint32_t params = loop.param_count;
  const uint32_t first_param = local_count_ + height_ - params;
  if (params <= kMaxRegisterResults) {
    for (uint32_t i = first_param; i < first_param + params; ++i) {
      Value& v = values_[i];
      if (v.in_reg() && !is_shared(v.reg)) {
        lock(v.reg);
        v.flags = kInReg;
        continue;
      }
      const RegCode reg = allocate(file_bits(v.kind));
      emit_in_any_order({reg, v.in_reg() ? v.reg : kNoReg, v.kind, v.is_const(), v.slot, v.bits});
      if (v.in_reg()) detach(v);
      v.flags = 0;
      attach(v, reg);
    }
  } else {
    for (uint32_t i = first_param; i < first_param + params; ++i) {
      Value& v = values_[i];
      if (v.is_const() && !v.is_stored()) emit_store_const(v.kind, v.slot, v.bits);
      if (v.in_reg()) {
        store_if_dirty(v);
        detach(v);
      }
      v.flags = kStored;
    }
  }
  if (scan.calls) {
    // Registers do not survive the iteration.
    for (uint32_t rest = used_ & ~locked_; rest != 0; rest &= rest - 1)
      spill(static_cast<RegCode>(std::countr_zero(rest)));
  } else {
    // One value per register; locals first.
    for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
      const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
      if (!is_shared(reg)) continue;
      uint32_t keep = head_[reg];
      for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
        if (i >= first_param) keep = i;
      }
      if (keep < first_param) {
        for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
          if (is_local(i) && (!is_local(keep) || (scan_counts_[i] & ~kAssigned) > (scan_counts_[keep] & ~kAssigned)))
            keep = i;
        }
      }
      for (uint32_t i = head_[reg], next; i != kNoIndex; i = next) {
        Value& v = values_[i];
        next = v.next;
        if (i == keep) continue;
        store_if_dirty(v);
        detach(v);
      }
    }
    load_hot_locals(scan);
  }
  // What is left as a constant is stored as well; in the loop it may be something else.
  size_t kept = 0;
  for (uint32_t local : const_locals_) {
    Value& v = values_[local];
    if (!v.is_const()) continue;
    if (may_change(local)) {
      v.flags &= ~kConst;
    } else {
      const_locals_[kept++] = local;
    }
  }
  const_locals_.resize(kept);
  settled_ = static_cast<uint32_t>(kept);
  // Write it down.
  MergeEntry* entry = begin_state(loop.state);
  loop.first_preference = static_cast<uint32_t>(saved_preferences_.size());
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
    const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
    const uint32_t i = head_[reg];
    Value& v = values_[i];
    if (is_local(i)) {
      if (may_change(i)) v.flags = kInReg;  // the slot may be stale when the loop comes round
      saved_preferences_.push_back({i, preference_[i]});
      preference_[i] = reg;
      if (scan_counts_[i] != 0) preferred_ |= bit_of(reg);
    }
    *entry++ = {without_constant(v), i, v.slot};
  }
  end_state(loop.state, entry);
  locked_ = 0;
  forget_uses();
}

// Loads the locals that the loop uses most into registers that are free or hold locals it does not use, leaving some for temporaries.
template <class Masm>
void FunctionCompiler<Masm>::load_hot_locals(const LoopScan& scan) {
  auto may_change = [&](uint32_t local) { return !scan.is_complete || (scan_counts_[local] & kAssigned) != 0; };
  constexpr int kTemporaries = 4;
  for (std::vector<uint64_t>& wanted : wanted_locals_) wanted.clear();
  for (uint32_t local : scanned_locals_) {
    const Value& v = values_[local];
    if (v.in_reg()) {
      lock(v.reg);
    } else if (!v.is_const() || may_change(local)) {
      wanted_locals_[is_fp(v.kind)].push_back(uint64_t{scan_counts_[local] & ~kAssigned} << 32 | ~local);
    }
  }
  for (std::vector<uint64_t>& wanted : wanted_locals_) {
    const uint32_t file = kAllocatableBits & (&wanted == wanted_locals_ ? kGpBits : kFpBits);
    // No sort: the registers are few.
    while (!wanted.empty()) {
      uint64_t& most = *std::max_element(wanted.begin(), wanted.end());
      Value& v = values_[~static_cast<uint32_t>(most)];
      most = wanted.back();
      wanted.pop_back();
      uint32_t free = file & ~used_ & ~locked_;
      if (std::popcount(free) <= kTemporaries) {
        // Whose value is not used in the loop, if any?
        uint32_t cold = 0;
        for (uint32_t rest = file & used_ & ~locked_; rest != 0 && cold == 0; rest &= rest - 1) {
          const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
          if (!is_local(head_[reg]) || scan_counts_[head_[reg]] == 0) cold = bit_of(reg);
        }
        if (cold == 0) break;
        spill(static_cast<RegCode>(std::countr_zero(cold)));
        free = cold;
      }
      const RegCode reg = static_cast<RegCode>(std::countr_zero(free));
      emit_in_any_order({reg, kNoReg, v.kind, v.is_const(), v.slot, v.bits});
      attach(v, reg);
      lock(reg);
    }
  }
  // Room for temporaries: locals the loop does not use give way.
  for (uint32_t file : {kAllocatableBits & kGpBits, kAllocatableBits & kFpBits}) {
    for (uint32_t rest = file & used_ & ~locked_; rest != 0; rest &= rest - 1) {
      if (std::popcount(file & ~used_) >= kTemporaries) break;
      spill(static_cast<RegCode>(std::countr_zero(rest)));
    }
  }
  locked_ = 0;
}

}  // namespace arris::jit
