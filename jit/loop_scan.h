// A look ahead at a loop's body: which locals it uses, how often (inner loops count more), which it assigns, and whether every
// iteration calls something. Bounded, so that compile time stays linear.
#pragma once

#include "jit/exceptions.h"

namespace arris::jit {

// Moves past the immediates of `op`.
template <class Masm>
void FunctionCompiler<Masm>::skip_immediates(Opcode op, const uint8_t*& p) {
  switch (info(op).immediates) {
    case Immediates::none: return;
    case Immediates::label:
    case Immediates::func:
    case Immediates::type:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::memory:
    case Immediates::data:
    case Immediates::elem:
    case Immediates::tag:
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::heap_type: skip_leb(p); return;
    case Immediates::type_table:
    case Immediates::memory_memory:
    case Immediates::data_memory:
    case Immediates::elem_table:
    case Immediates::table_table:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_elem:
    case Immediates::type_type:
      skip_leb(p);
      skip_leb(p);
      return;
    case Immediates::mem_arg:
    case Immediates::mem_arg_lane: {
      const uint32_t flags = read_uleb<uint32_t>(p);
      if (flags & 0x40) skip_leb(p);
      skip_leb(p);
      if (info(op).immediates == Immediates::mem_arg_lane) ++p;
      return;
    }
    case Immediates::block_type: read_block_type(p); return;
    case Immediates::label_table: {
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i <= count; ++i) skip_leb(p);
      return;
    }
    case Immediates::f32: p += 4; return;
    case Immediates::f64: p += 8; return;
    case Immediates::v128:
    case Immediates::shuffle: p += 16; return;
    case Immediates::lane:
    case Immediates::zero_byte: ++p; return;
    case Immediates::val_types: {
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i < count; ++i) read_val_type(p);
      return;
    }
    case Immediates::cast_label:
      ++p;
      skip_leb(p);
      skip_leb(p);
      skip_leb(p);
      return;
    case Immediates::try_table: {
      read_block_type(p);
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i < count; ++i) read_catch_clause(p);
      return;
    }
  }
}

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
  while (budget-- != 0) {
    uint8_t byte = *p++;
    const Opcode op = is_prefix(byte) ? find_opcode(byte, read_uleb<uint32_t>(p)) : find_opcode(0, byte);
    switch (op) {
      case Opcode::local_get: note(read_uleb<uint32_t>(p), 0); continue;
      case Opcode::local_set:
      case Opcode::local_tee: note(read_uleb<uint32_t>(p), kAssigned); continue;
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
