// A look ahead at a loop's body: which locals it uses, how often (inner loops count more), which it assigns, and whether every
// iteration calls something. Bounded, so that compile time stays linear. One look at a loop answers for the loops in it, too.
#pragma once

#include <array>

#include "jit/exceptions.h"

namespace arris::jit {

// Of one-byte opcodes that mean nothing to the scan: how many LEB128 integers follow them. The others: kScanned.
inline constexpr uint8_t kScanned = 0xFF;
inline constexpr uint8_t kMemArg = 2;  // or three, if the first one says so
consteval auto lebs_to_skip() {
  std::array<uint8_t, 256> lebs;
  lebs.fill(kScanned);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const Opcode op = is_prefix(static_cast<uint8_t>(byte)) ? Opcode::invalid : find_opcode(0, byte);
    if (op == Opcode::invalid) continue;
    switch (info(op).immediates) {
      case Immediates::none: lebs[byte] = 0; break;
      case Immediates::label:
      case Immediates::global:
      case Immediates::i32:
      case Immediates::i64: lebs[byte] = 1; break;
      case Immediates::mem_arg: lebs[byte] = kMemArg; break;
      default: break;
    }
  }
  lebs[info(Opcode::end).code] = lebs[info(Opcode::delegate).code] = kScanned;
  return lebs;
}
inline constexpr auto kLebsToSkip = lebs_to_skip();

inline constexpr uint32_t kMostWeighed = uint32_t{1} << 25;  // uses that still count eight times
inline constexpr uint32_t kBudget = 2000;                    // instructions
inline constexpr uint32_t kDeepBudget = 100;                 // in loops nested deeper than kDeep
inline constexpr size_t kDeep = 64;

// Adds up what was noted in scan_counts_ and scanned_locals_.
template <class Masm>
void FunctionCompiler<Masm>::count_uses(std::span<const LocalUse> noted) {
  uint32_t* const counts = scan_counts_.data();
  for (const LocalUse use : noted) {
    const uint32_t count = counts[use.local];
    if (count == 0) scanned_locals_.push_back(use.local);
    const uint32_t uses = std::min((count & ~kAssigned) + (use.uses & ~kAssigned), kAssigned - 1);
    counts[use.local] = uses | ((count | use.uses) & kAssigned);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::forget_uses() {
  for (uint32_t local : scanned_locals_) scan_counts_[local] = 0;
  scanned_locals_.clear();
}

// An inner loop ends, or the look ahead does: its uses, each local's in one, count more to the loop around it. The new end of what
// is noted.
template <class Masm>
auto FunctionCompiler<Masm>::leave_scanned_loop(const OpenLoop& open, LocalUse* end, bool is_complete) -> LocalUse* {
  count_uses({open.uses, end});
  ScannedLoop& loop = scanned_loops_[open.index];
  loop.is_complete = is_complete;
  loop.first = static_cast<uint32_t>(loop_uses_.size());
  end = open.uses;
  for (uint32_t local : scanned_locals_) {
    const uint32_t count = scan_counts_[local];
    if (is_complete) loop_uses_.push_back({local, count});
    const uint32_t weighed = std::min(count & ~kAssigned, kMostWeighed) * 8;
    *end++ = {local, weighed | (count & kAssigned)};
  }
  loop.count = static_cast<uint32_t>(loop_uses_.size()) - loop.first;
  forget_uses();
  return end;
}

// What was found out of the loop here, in scan_counts_ and scanned_locals_: by the look ahead at a loop around it, or by its own.
template <class Masm>
auto FunctionCompiler<Masm>::scan_loop() -> LoopScan {
  while (next_scanned_loop_ < scanned_loops_.size() && scanned_loops_[next_scanned_loop_].offset < offset_)
    ++next_scanned_loop_;
  if (next_scanned_loop_ < scanned_loops_.size()) {
    const ScannedLoop& loop = scanned_loops_[next_scanned_loop_];
    if (loop.offset == offset_ && loop.is_complete) {
      count_uses({loop_uses_.data() + loop.first, loop.count});
      return {true, loop.calls};
    }
  }
  scanned_loops_.clear();
  next_scanned_loop_ = 0;
  loop_uses_.clear();
  open_loops_.clear();
  noted_uses_.resize(kBudget);  // one per instruction at most
  const bool is_complete = look_ahead(controls_.size() > kDeep ? kDeepBudget : kBudget);
  return {is_complete, scanned_loops_[0].calls};
}

// Is the whole body within the budget?
template <class Masm>
bool FunctionCompiler<Masm>::look_ahead(uint32_t budget) {
  constexpr uint8_t kLocalGet = info(Opcode::local_get).code;
  LocalUse* uses = noted_uses_.data();
  OpenLoop innermost{0, 1, uses};  // of the loops that are open
  uint32_t depth = 1;
  scanned_loops_.push_back({offset_, 0, 0, false, false});
  for (const uint8_t* p = p_; budget-- != 0;) {
    const uint8_t byte = *p;
    if (static_cast<uint8_t>(byte - kLocalGet) <= 2) {  // get, set, tee
      uint32_t local = p[1];
      p += 2;
      if (local >= 0x80) [[unlikely]] {
        const uint8_t* q = p - 1;
        local = read_uleb<uint32_t>(q);
        p = q;
      }
      *uses++ = {local, byte == kLocalGet ? 1 : 1 | kAssigned};
      continue;
    }
    if (const uint8_t lebs = kLebsToSkip[byte]; lebs != kScanned) {
      ++p;
      if (lebs == 0) continue;
      if (lebs == kMemArg) {
        const bool has_index = *p & 0x40;  // the alignment and this bit fit into a byte
        skip_leb(p);
        if (has_index) skip_leb(p);
      }
      skip_leb(p);
      continue;
    }
    const uint8_t* q = p;
    const Opcode op = arris::read_opcode(q);
    switch (op) {
      case Opcode::loop:
        open_loops_.push_back(innermost);
        innermost = {static_cast<uint32_t>(scanned_loops_.size()), ++depth, uses};
        scanned_loops_.push_back({static_cast<uint32_t>(p - code_), 0, 0, false, false});
        break;
      case Opcode::block:
      case Opcode::if_:
      case Opcode::try_:
      case Opcode::try_table: ++depth; break;
      case Opcode::delegate:
      case Opcode::end:
        if (depth-- != innermost.depth) break;
        if (depth == 0) {
          count_uses({noted_uses_.data(), uses});
          return true;
        }
        uses = leave_scanned_loop(innermost, uses, true);
        innermost = open_loops_.back();
        open_loops_.pop_back();
        break;
      case Opcode::call:
      case Opcode::call_indirect:
      case Opcode::call_ref:
        if (depth == innermost.depth) scanned_loops_[innermost.index].calls = true;
        break;
      default: break;
    }
    skip_immediates(op, q);
    p = q;
  }
  for (; !open_loops_.empty(); open_loops_.pop_back()) {
    uses = leave_scanned_loop(innermost, uses, false);
    innermost = open_loops_.back();
  }
  count_uses({noted_uses_.data(), uses});
  return false;
}

}  // namespace arris::jit
