// A look ahead at a loop's body: which locals it uses, how often (inner loops count more), which it assigns, and whether every
// iteration calls something. Bounded, so that compile time stays linear.
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

template <class Masm>
auto FunctionCompiler<Masm>::scan_loop() -> LoopScan {
  constexpr uint32_t kAssigned = 0x80000000;
  constexpr uint32_t kBudget = 2000;     // instructions
  constexpr uint32_t kDeepBudget = 100;  // in loops nested deeper than kDeep
  constexpr size_t kDeep = 64;
  LoopScan scan;
  uint32_t weight = 1;
  uint32_t depth = 1;
  uint64_t inner_loops = 0;  // by depth (below 64): is it a loop?
  const uint8_t* p = p_;
  auto note = [&](uint32_t local, uint32_t flag) {
    uint32_t& count = scan_counts_[local];
    if (count == 0) scanned_locals_.push_back(local);
    count = std::min((count & ~kAssigned) + weight, kAssigned - 1) | (count & kAssigned) | flag;
  };
  uint32_t budget = controls_.size() > kDeep ? kDeepBudget : kBudget;
  auto is_local_access = [](uint8_t byte) {
    return static_cast<uint8_t>(byte - info(Opcode::local_get).code) <= 2;  // get, set, tee
  };
  while (budget-- != 0) {
    const uint8_t byte = *p++;
    if (const uint8_t lebs = kLebsToSkip[byte]; lebs != kScanned) {
      if (lebs == kMemArg && (read_uleb<uint32_t>(p) & 0x40) != 0) skip_leb(p);
      if (lebs != 0) skip_leb(p);
      continue;
    }
    if (is_local_access(byte)) {
      note(read_uleb<uint32_t>(p), byte == info(Opcode::local_get).code ? 0 : kAssigned);
      continue;
    }
    --p;
    const Opcode op = arris::read_opcode(p);
    switch (op) {
      case Opcode::loop:
        if (depth < 64) {
          inner_loops |= uint64_t{1} << depth;
          weight = std::min(weight * 8, 4096u);
        }
        ++depth;
        break;
      case Opcode::block:
      case Opcode::if_:
      case Opcode::try_:
      case Opcode::try_table: ++depth; break;
      case Opcode::delegate:
      case Opcode::end:
        if (--depth == 0) {
          scan.is_complete = true;
          return scan;
        }
        if (depth < 64 && (inner_loops >> depth & 1)) {
          inner_loops &= ~(uint64_t{1} << depth);
          weight = std::max(weight / 8, 1u);
        }
        break;
      case Opcode::call:
      case Opcode::call_indirect:
      case Opcode::call_ref:
        if (depth == 1) scan.calls = true;
        break;
      default: break;
    }
    skip_immediates(op, p);
  }
  return scan;
}

}  // namespace arris::jit
