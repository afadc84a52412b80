// Relaxed SIMD: each instruction may pick one of several results; Arris always picks that of the deterministic
// profile, on every tier and every host.
//
// Why not the host's fastest: the same module must give the same bits in the interpreter and in compiled code, before
// and after a tier-up and on another machine; and the baseline target (x86-64-v2) has no fused multiply-add to be
// fast with.
//   madd, nmadd    unfused: the product is rounded, then the sum (the profile's choice, too)
//   min, max       as f32x4.min / max
//   trunc          as trunc_sat
//   swizzle        as i8x16.swizzle (0 for every index of 16 and above)
//   laneselect     as v128.bitselect (every bit of the mask counts)
//   q15mulr        as q15mulr_sat_s
//   dot            signed times signed; the 16-bit pair sums saturate (which only -128 * -128 twice reaches)
//
// Specification: execution/numerics (relaxed operations, parameters R all 0), appendix/profiles (deterministic
// profile).
#ifndef ARRIS_WASM_SIMD_RELAXED_H_
#define ARRIS_WASM_SIMD_RELAXED_H_

#include "wasm/simd_float.h"
#include "wasm/simd_int.h"
#include "wasm/v128.h"

namespace arris::num {

inline V128 i8x16_relaxed_swizzle(V128 a, V128 indices) { return i8x16_swizzle(a, indices); }

inline V128 i32x4_relaxed_trunc_f32x4_s(V128 a) { return i32x4_trunc_sat_f32x4_s(a); }
inline V128 i32x4_relaxed_trunc_f32x4_u(V128 a) { return i32x4_trunc_sat_f32x4_u(a); }
inline V128 i32x4_relaxed_trunc_f64x2_s_zero(V128 a) { return i32x4_trunc_sat_f64x2_s_zero(a); }
inline V128 i32x4_relaxed_trunc_f64x2_u_zero(V128 a) { return i32x4_trunc_sat_f64x2_u_zero(a); }

inline V128 f32x4_relaxed_madd(V128 a, V128 b, V128 c) { return f32x4_add(f32x4_mul(a, b), c); }
inline V128 f32x4_relaxed_nmadd(V128 a, V128 b, V128 c) { return f32x4_add(f32x4_mul(f32x4_neg(a), b), c); }
inline V128 f64x2_relaxed_madd(V128 a, V128 b, V128 c) { return f64x2_add(f64x2_mul(a, b), c); }
inline V128 f64x2_relaxed_nmadd(V128 a, V128 b, V128 c) { return f64x2_add(f64x2_mul(f64x2_neg(a), b), c); }

inline V128 i8x16_relaxed_laneselect(V128 a, V128 b, V128 mask) { return v128_bitselect(a, b, mask); }
inline V128 i16x8_relaxed_laneselect(V128 a, V128 b, V128 mask) { return v128_bitselect(a, b, mask); }
inline V128 i32x4_relaxed_laneselect(V128 a, V128 b, V128 mask) { return v128_bitselect(a, b, mask); }
inline V128 i64x2_relaxed_laneselect(V128 a, V128 b, V128 mask) { return v128_bitselect(a, b, mask); }

inline V128 f32x4_relaxed_min(V128 a, V128 b) { return f32x4_min(a, b); }
inline V128 f32x4_relaxed_max(V128 a, V128 b) { return f32x4_max(a, b); }
inline V128 f64x2_relaxed_min(V128 a, V128 b) { return f64x2_min(a, b); }
inline V128 f64x2_relaxed_max(V128 a, V128 b) { return f64x2_max(a, b); }

inline V128 i16x8_relaxed_q15mulr_s(V128 a, V128 b) { return i16x8_q15mulr_sat_s(a, b); }

// Exact pair sums in 32 bits, then one saturating narrow: pmaddwd twice and packssdw.
inline V128 i16x8_relaxed_dot_i8x16_i7x16_s(V128 a, V128 b) {
  const V128 low = i32x4_dot_i16x8_s(i16x8_extend_low_i8x16_s(a), i16x8_extend_low_i8x16_s(b));
  const V128 high = i32x4_dot_i16x8_s(i16x8_extend_high_i8x16_s(a), i16x8_extend_high_i8x16_s(b));
  return i16x8_narrow_i32x4_s(low, high);
}
inline V128 i32x4_relaxed_dot_i8x16_i7x16_add_s(V128 a, V128 b, V128 c) {
  return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

}  // namespace arris::num

#endif  // ARRIS_WASM_SIMD_RELAXED_H_
