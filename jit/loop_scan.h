// A look ahead at a loop's body: which locals it uses, how often (inner loops count more), which it assigns, and whether every
// iteration calls something. Bounded, so that compile time stays linear. One look at a loop answers for the loops in it, too.
#pragma once

#include <array>

#include "jit/exceptions.h"

namespace arris::jit {

// How to get past a one-byte opcode, if that is all.
struct WayPast {
  uint8_t bytes = 0;     // if LEB128 integers take one each; 0: by hand, as it means more, or is rare
  uint8_t leb = 0;       // 0x80 if the last is the begin of such an integer
  uint8_t refused = 0;   // bits in the first byte behind the opcode: by hand, too
  uint8_t is_local = 0;  // 1: it is a local's index
  uint32_t use = 1;      // LocalUse::uses then
};
consteval auto ways_past() {
  constexpr uint8_t kLeb = 0x80, kMemoryIndex = 0x40;
  std::array<WayPast, 256> ways;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const Opcode op = is_prefix(static_cast<uint8_t>(byte)) ? Opcode::invalid : find_opcode(0, byte);
    if (op == Opcode::invalid || op == Opcode::end || op == Opcode::delegate) continue;
    WayPast& way = ways[byte];
    switch (info(op).immediates) {
      case Immediates::none: way = {.bytes = 1}; break;
      case Immediates::label:
      case Immediates::global:
      case Immediates::i32:
      case Immediates::i64: way = {.bytes = 2, .leb = kLeb}; break;
      case Immediates::mem_arg: way = {.bytes = 3, .leb = kLeb, .refused = kLeb | kMemoryIndex}; break;
      case Immediates::f32: way = {.bytes = 5}; break;
      case Immediates::f64: way = {.bytes = 9}; break;
      default: break;
    }
    if (op == Opcode::local_get || op == Opcode::local_set || op == Opcode::local_tee)
      way = {.bytes = 2, .refused = kLeb, .is_local = 1, .use = op == Opcode::local_get ? 1 : 1 | kAssigned};
  }
  return ways;
}
inline constexpr auto kWaysPast = ways_past();

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
  noted_uses_.resize(kBudget + 1);  // one per instruction at most, and room for what is none
  const bool is_complete = look_ahead(controls_.size() > kDeep ? kDeepBudget : kBudget);
  return {is_complete, scanned_loops_[0].calls};
}

// Is the whole body within the budget?
template <class Masm>
bool FunctionCompiler<Masm>::look_ahead(uint32_t budget) {
  LocalUse* uses = noted_uses_.data();
  OpenLoop innermost{0, 1, uses};  // of the loops that are open
  uint32_t depth = 1;
  scanned_loops_.push_back({offset_, 0, 0, false, false});
  for (const uint8_t* p = p_; budget-- != 0;) {
    const WayPast& way = kWaysPast[*p];
    // Which kind of instruction comes next cannot be foreseen, so most are passed by the same steps.
    if (way.bytes != 0 && (p[1] & way.refused) == 0) {
      *uses = {p[1], way.use};
      uses += way.is_local;
      p += way.bytes;
      if ((p[-1] & way.leb) != 0) skip_leb(p);
      continue;
    }
    const uint8_t* q = p;
    const Opcode op = arris::read_opcode(q);
    switch (op) {
      case Opcode::local_get:
      case Opcode::local_set:
      case Opcode::local_tee: {
        const uint8_t* index = q;
        *uses++ = {read_uleb<uint32_t>(index), op == Opcode::local_get ? 1 : 1 | kAssigned};
        break;
      }
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
