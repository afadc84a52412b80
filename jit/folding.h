// Constant folding: numeric instructions on constant operands, computed with the one description of their semantics
// (wasm/numeric.h).
#pragma once

#include <cstdint>

#include "wasm/opcodes.h"

namespace arris::jit {

// `op` takes scalars and yields one scalar. Bits are as in slots: i32 and f32 zero-extended. False if it is none of these, or
// traps on these operands.
bool fold_unary(Opcode op, uint64_t a, uint64_t* result);
bool fold_binary(Opcode op, uint64_t a, uint64_t b, uint64_t* result);

}  // namespace arris::jit
