// The numeric semantics of WebAssembly's vector instructions, written once: include this one.
//
// For: the interpreter, constant folding, the runtime's slow paths and tests (as numeric.h is for scalars). Code that
// only stores or moves vectors includes v128.h.
//
// Shape
//  - One inline function per opcode in arris::num, named by the opcode's identifier; operands in stack order,
//    immediates last: i8x16_replace_lane(v, x, lane), i8x16_shuffle(a, b, lanes), v128_bitselect(a, b, mask). No
//    vector instruction traps.
//  - Scalar operands and results have numeric.h's types: tests and bitmasks give uint32_t, shift counts are uint32_t
//    (taken modulo the lane width), i8x16 and i16x8 splats and lanes use the low bits of a uint32_t.
//  - Memory forms take or return the bits, not the address (simd_memory.h).
//  - Relaxed instructions are deterministic (simd_relaxed.h).
//
// Written on Clang's portable vectors; simd_isa.h holds the few instruction-set specific primitives.
//
// Specification: execution/numerics, execution/instructions (vector instructions).
#ifndef ARRIS_WASM_SIMD_H_
#define ARRIS_WASM_SIMD_H_

#include "wasm/simd_float.h"    // IWYU pragma: export
#include "wasm/simd_int.h"      // IWYU pragma: export
#include "wasm/simd_memory.h"   // IWYU pragma: export
#include "wasm/simd_relaxed.h"  // IWYU pragma: export
#include "wasm/v128.h"          // IWYU pragma: export

#endif  // ARRIS_WASM_SIMD_H_
