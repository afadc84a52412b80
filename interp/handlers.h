// Names of all handlers that are written by hand, and the rule by which the others are made from opcodes.def.
//
// A row is uniform, and needs no handler by hand, if it has a signature and its immediates say all there is to say:
//   none, lane, shuffle       numeric: operands and results by signature, computed by arris::num::<identifier>
//   mem_arg, mem_arg_lane     loads and stores: width from natural_alignment_log2, signedness from the mnemonic
// Every other row has a handler op_<identifier> in one of the handlers_*.cc files; forgetting one is a link error.
#pragma once

#include "interp/machine.h"

namespace arris::interp {

#define OP(id, prefix, code, mnemonic, immediates, signature, feature) HANDLER(op_##id);
#include "wasm/opcodes.def"
#define INTERNAL(name, code, original) HANDLER(op_##name);
#include "wasm/internal_opcodes.def"
#define QUICK(name, code, ...) HANDLER(quick_##name);
#define QUICK_BLOCKS(name, code) HANDLER(quick_##name);
#define QUICK_VECTOR(name, code) HANDLER(quick_##name);
#include "interp/quicken.def"

HANDLER(op_metered);  // metering.h
HANDLER(op_prefix_gc);
HANDLER(op_prefix_misc);
HANDLER(op_prefix_simd);
HANDLER(op_prefix_threads);

// A row whose handler comes from a template.
constexpr bool is_uniform(Opcode op) {
  if (info(op).signature == "*") return false;
  switch (info(op).immediates) {
    case Immediates::none:
    case Immediates::lane:
    case Immediates::shuffle:
    case Immediates::mem_arg_lane: return true;
    case Immediates::mem_arg:
      return op != Opcode::memory_atomic_notify && op != Opcode::memory_atomic_wait32 &&
             op != Opcode::memory_atomic_wait64;
    default: return false;
  }
}

}  // namespace arris::interp
