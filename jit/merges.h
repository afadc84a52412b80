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

// Emits moves_ as if all at once, and empties it. Each register is the destination of at most one.
template <class Masm>
void FunctionCompiler<Masm>::emit_pending_moves() {
  const std::span<Move> moves(moves_, move_count_);
  move_count_ = 0;
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
    if (move.slot == INT32_MIN) continue;
    if (move.is_const) {
      emit_const(move.kind, move.to, move.bits);
    } else {
      emit_load(move.kind, move.to, move.slot);
    }
  }
}

// ---- Constants of locals -----------------------------------------------------------------------------------------------------

// Before a branch, a local that is only known as a constant gets a place, since the other ways to the label may bring other values.
template <class Masm>
void FunctionCompiler<Masm>::settle_constants() {
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
// and settle constants, in the code that all ways from here on run through.
template <class Masm>
void FunctionCompiler<Masm>::define_state(MergeState& state, uint32_t below, uint32_t results) {
  settle_constants();
  state.first = static_cast<uint32_t>(merge_entries_.size());
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
      merge_entries_.push_back({end + i, result_slot, v.kind, reg, 0});
      result_slot += static_cast<int32_t>(slots_of(v.kind));
    }
  }
  for (uint32_t rest = used_ & ~claimed; rest != 0; rest &= rest - 1) {
    const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
    bool is_named = false;
    for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
      Value& v = values_[i];
      if (i >= end) continue;
      if (!is_named) {
        merge_entries_.push_back({i, v.slot, v.kind, reg, static_cast<uint8_t>(v.flags & kStored)});
        is_named = true;
      } else {
        store_if_dirty(v);
      }
    }
  }
  state.count = static_cast<uint32_t>(merge_entries_.size()) - state.first;
}

// Finds out what the way from here to a label with `state` must do, in moves_ and stores_. Constants are settled. False: nothing.
template <class Masm>
bool FunctionCompiler<Masm>::collect_edge(const MergeState& state, uint32_t below, uint32_t results) {
  move_count_ = 0;
  stores_.clear();
  ++stamp_;
  const uint32_t end = local_count_ + below;
  const uint32_t first_result = local_count_ + height_ - results;
  for (const MergeEntry& entry : entries(state)) {
    const bool is_result = entry.value >= end;
    Value& v = values_[is_result ? first_result + (entry.value - end) : entry.value];
    add_move(entry.reg, v);
    if (is_result) continue;
    v.mark = stamp_;
    if ((entry.flags & kStored) && !v.is_stored())
      stores_.push_back({0, v.in_reg() ? v.reg : kNoReg, v.kind, v.is_const(), v.slot, v.bits});
  }
  for (uint32_t rest = used_; rest != 0; rest &= rest - 1) {
    for (uint32_t i = head_[std::countr_zero(rest)]; i != kNoIndex; i = values_[i].next) {
      const Value& v = values_[i];
      if (i < end && v.mark != stamp_ && v.is_dirty()) stores_.push_back({0, v.reg, v.kind, false, v.slot, 0});
    }
  }
  if (results > kMaxRegisterResults) return true;
  return move_count_ != 0 || !stores_.empty();
}

template <class Masm>
void FunctionCompiler<Masm>::emit_collected_edge(uint32_t below, uint32_t results) {
  for (const Move& store : stores_) {
    if (store.from != kNoReg) {
      emit_store(store.kind, store.slot, store.from);
    } else {
      emit_store_const(store.kind, store.slot, store.bits);
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
  for (const MergeEntry& entry : entries(state)) {
    Value& v = values_[entry.value];
    v.flags = entry.flags;
    attach_alone(v, entry.reg);
  }
}

// ---- Loops -------------------------------------------------------------------------------------------------------------------

// Defines the state at the head of a loop and brings everything into it. Locals the loop uses most are in registers; nothing that
// the loop may change is known as a constant or taken to be stored.
template <class Masm>
void FunctionCompiler<Masm>::define_loop_state(Control& loop) {
  const LoopScan scan = scan_loop();
  auto may_change = [&](uint32_t local) { return !scan.is_complete || (scan_counts_[local] >> 31) != 0; };
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
      if (v.in_reg()) {
        emit_move(v.kind, reg, v.reg);
        detach(v);
      } else if (v.is_const()) {
        emit_const(v.kind, reg, v.bits);
      } else {
        emit_load(v.kind, reg, v.slot);
      }
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
      uint32_t keep = head_[reg];
      for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
        if (i >= first_param) keep = i;
      }
      if (keep < first_param) {
        for (uint32_t i = head_[reg]; i != kNoIndex; i = values_[i].next) {
          if (is_local(i) && (!is_local(keep) || (scan_counts_[i] & 0x7FFFFFFF) > (scan_counts_[keep] & 0x7FFFFFFF)))
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
  loop.state.first = static_cast<uint32_t>(merge_entries_.size());
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
    merge_entries_.push_back({i, v.slot, v.kind, reg, static_cast<uint8_t>(v.flags & kStored)});
  }
  loop.state.count = static_cast<uint32_t>(merge_entries_.size()) - loop.state.first;
  locked_ = 0;
  for (uint32_t local : scanned_locals_) scan_counts_[local] = 0;
  scanned_locals_.clear();
}

// Loads the locals that the loop uses most into registers that are free or hold locals it does not use, leaving some for temporaries.
template <class Masm>
void FunctionCompiler<Masm>::load_hot_locals(const LoopScan& scan) {
  auto may_change = [&](uint32_t local) { return !scan.is_complete || (scan_counts_[local] >> 31) != 0; };
  constexpr int kTemporaries[2] = {4, 4};
  std::sort(scanned_locals_.begin(), scanned_locals_.end(), [this](uint32_t a, uint32_t b) {
    const uint32_t uses_a = scan_counts_[a] & 0x7FFFFFFF, uses_b = scan_counts_[b] & 0x7FFFFFFF;
    return uses_a != uses_b ? uses_a > uses_b : a < b;
  });
  for (uint32_t local : scanned_locals_) {
    Value& v = values_[local];
    if (v.in_reg()) {
      lock(v.reg);
      continue;
    }
    if (v.is_const() && !may_change(local)) continue;
    const uint32_t file = file_bits(v.kind);
    uint32_t free = file & ~used_ & ~locked_;
    if (std::popcount(free) <= kTemporaries[is_fp(v.kind)]) {
      // Whose value is not used in the loop, if any?
      uint32_t cold = 0;
      for (uint32_t rest = file & used_ & ~locked_; rest != 0 && cold == 0; rest &= rest - 1) {
        const RegCode reg = static_cast<RegCode>(std::countr_zero(rest));
        if (!is_local(head_[reg]) || scan_counts_[head_[reg]] == 0) cold = bit_of(reg);
      }
      if (cold == 0) continue;
      spill(static_cast<RegCode>(std::countr_zero(cold)));
      free = cold;
    }
    const RegCode reg = static_cast<RegCode>(std::countr_zero(free));
    if (v.is_const()) {
      emit_const(v.kind, reg, v.bits);
    } else {
      emit_load(v.kind, reg, v.slot);
    }
    attach(v, reg);
    lock(reg);
  }
  // Room for temporaries: locals the loop does not use give way.
  for (uint32_t file : {kAllocatableBits & kGpBits, kAllocatableBits & kFpBits}) {
    for (uint32_t rest = file & used_ & ~locked_; rest != 0; rest &= rest - 1) {
      if (std::popcount(file & ~used_) >= kTemporaries[0]) break;
      spill(static_cast<RegCode>(std::countr_zero(rest)));
    }
  }
  locked_ = 0;
}

}  // namespace arris::jit
