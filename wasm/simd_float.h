// Floating-point SIMD instructions and the conversions between float and integer lanes.
//
// Conventions are in simd.h; NaNs follow numeric.h lane by lane: abs, neg, pmin and pmax move bits and keep every
// payload, all other operations yield quiet NaNs.
//
// Specification: execution/numerics (floating-point operations and conversions, lane-wise).
#ifndef ARRIS_WASM_SIMD_FLOAT_H_
#define ARRIS_WASM_SIMD_FLOAT_H_

#include <cstdint>

#include "wasm/numeric.h"
#include "wasm/simd_int.h"
#include "wasm/simd_isa.h"
#include "wasm/v128.h"

namespace arris::num {

namespace detail {

template <class F>
inline V128 lanes_add(V128 a, V128 b) {
#pragma clang fp contract(off)
  return pack(as<F>(a) + as<F>(b));
}
template <class F>
inline V128 lanes_sub(V128 a, V128 b) {
#pragma clang fp contract(off)
  return pack(as<F>(a) - as<F>(b));
}
template <class F>
inline V128 lanes_mul(V128 a, V128 b) {
#pragma clang fp contract(off)
  return pack(as<F>(a) * as<F>(b));
}

template <class F>
inline V128 lanes_pmin(V128 a, V128 b) {
  return pack(as<F>(b) < as<F>(a) ? as<F>(b) : as<F>(a));
}
template <class F>
inline V128 lanes_pmax(V128 a, V128 b) {
  return pack(as<F>(a) < as<F>(b) ? as<F>(b) : as<F>(a));
}
// As numeric.h's float_min: the two one-sided minima differ only for zeros of opposite sign, whose union is -0; NaNs
// come from a + b.
template <class F>
inline V128 lanes_min(V128 a, V128 b) {
  const auto x = as<F>(a), y = as<F>(b);
  const auto unordered = (x != x) | (y != y);
  const V128 ordered = v128_or(lanes_pmin<F>(a, b), lanes_pmin<F>(b, a));
  return pack(unordered ? x + y : as<F>(ordered));
}
template <class F>
inline V128 lanes_max(V128 a, V128 b) {
  const auto x = as<F>(a), y = as<F>(b);
  const auto unordered = (x != x) | (y != y);
  const V128 ordered = v128_and(lanes_pmax<F>(a, b), lanes_pmax<F>(b, a));
  return pack(unordered ? x + y : as<F>(ordered));
}

}  // namespace detail

// --- f32x4 ---------------------------------------------------------------------------------------------------------
inline float f32x4_extract_lane(V128 a, uint32_t lane) {
  return std::bit_cast<float>(detail::extract_lane<uint32_t>(a, lane));
}
inline V128 f32x4_replace_lane(V128 a, float x, uint32_t lane) {
  return detail::replace_lane(a, std::bit_cast<uint32_t>(x), lane);
}
inline V128 f32x4_splat(float x) { return detail::pack(detail::splat(std::bit_cast<uint32_t>(x))); }
inline V128 f32x4_eq(V128 a, V128 b) { return detail::pack(detail::as<float>(a) == detail::as<float>(b)); }
inline V128 f32x4_ne(V128 a, V128 b) { return detail::pack(detail::as<float>(a) != detail::as<float>(b)); }
inline V128 f32x4_lt(V128 a, V128 b) { return detail::pack(detail::as<float>(a) < detail::as<float>(b)); }
inline V128 f32x4_gt(V128 a, V128 b) { return detail::pack(detail::as<float>(a) > detail::as<float>(b)); }
inline V128 f32x4_le(V128 a, V128 b) { return detail::pack(detail::as<float>(a) <= detail::as<float>(b)); }
inline V128 f32x4_ge(V128 a, V128 b) { return detail::pack(detail::as<float>(a) >= detail::as<float>(b)); }
inline V128 f32x4_abs(V128 a) {
  return detail::pack(detail::as<uint32_t>(a) & detail::splat(uint32_t{~detail::kSignBit<float>}));
}
inline V128 f32x4_neg(V128 a) { return detail::pack(detail::as<uint32_t>(a) ^ detail::splat(detail::kSignBit<float>)); }
inline V128 f32x4_ceil(V128 a) { return detail::pack(__builtin_elementwise_ceil(detail::as<float>(a))); }
inline V128 f32x4_floor(V128 a) { return detail::pack(__builtin_elementwise_floor(detail::as<float>(a))); }
inline V128 f32x4_trunc(V128 a) { return detail::pack(__builtin_elementwise_trunc(detail::as<float>(a))); }
inline V128 f32x4_nearest(V128 a) { return detail::pack(__builtin_elementwise_roundeven(detail::as<float>(a))); }
inline V128 f32x4_sqrt(V128 a) { return detail::pack(__builtin_elementwise_sqrt(detail::as<float>(a))); }
inline V128 f32x4_add(V128 a, V128 b) { return detail::lanes_add<float>(a, b); }
inline V128 f32x4_sub(V128 a, V128 b) { return detail::lanes_sub<float>(a, b); }
inline V128 f32x4_mul(V128 a, V128 b) { return detail::lanes_mul<float>(a, b); }
inline V128 f32x4_div(V128 a, V128 b) { return detail::pack(detail::as<float>(a) / detail::as<float>(b)); }
inline V128 f32x4_min(V128 a, V128 b) { return detail::lanes_min<float>(a, b); }
inline V128 f32x4_max(V128 a, V128 b) { return detail::lanes_max<float>(a, b); }
inline V128 f32x4_pmin(V128 a, V128 b) { return detail::lanes_pmin<float>(a, b); }
inline V128 f32x4_pmax(V128 a, V128 b) { return detail::lanes_pmax<float>(a, b); }

// --- f64x2 ---------------------------------------------------------------------------------------------------------
inline double f64x2_extract_lane(V128 a, uint32_t lane) {
  return std::bit_cast<double>(detail::extract_lane<uint64_t>(a, lane));
}
inline V128 f64x2_replace_lane(V128 a, double x, uint32_t lane) {
  return detail::replace_lane(a, std::bit_cast<uint64_t>(x), lane);
}
inline V128 f64x2_splat(double x) { return detail::pack(detail::splat(std::bit_cast<uint64_t>(x))); }
inline V128 f64x2_eq(V128 a, V128 b) { return detail::pack(detail::as<double>(a) == detail::as<double>(b)); }
inline V128 f64x2_ne(V128 a, V128 b) { return detail::pack(detail::as<double>(a) != detail::as<double>(b)); }
inline V128 f64x2_lt(V128 a, V128 b) { return detail::pack(detail::as<double>(a) < detail::as<double>(b)); }
inline V128 f64x2_gt(V128 a, V128 b) { return detail::pack(detail::as<double>(a) > detail::as<double>(b)); }
inline V128 f64x2_le(V128 a, V128 b) { return detail::pack(detail::as<double>(a) <= detail::as<double>(b)); }
inline V128 f64x2_ge(V128 a, V128 b) { return detail::pack(detail::as<double>(a) >= detail::as<double>(b)); }
inline V128 f64x2_abs(V128 a) {
  return detail::pack(detail::as<uint64_t>(a) & detail::splat(uint64_t{~detail::kSignBit<double>}));
}
inline V128 f64x2_neg(V128 a) {
  return detail::pack(detail::as<uint64_t>(a) ^ detail::splat(detail::kSignBit<double>));
}
inline V128 f64x2_ceil(V128 a) { return detail::pack(__builtin_elementwise_ceil(detail::as<double>(a))); }
inline V128 f64x2_floor(V128 a) { return detail::pack(__builtin_elementwise_floor(detail::as<double>(a))); }
inline V128 f64x2_trunc(V128 a) { return detail::pack(__builtin_elementwise_trunc(detail::as<double>(a))); }
inline V128 f64x2_nearest(V128 a) { return detail::pack(__builtin_elementwise_roundeven(detail::as<double>(a))); }
inline V128 f64x2_sqrt(V128 a) { return detail::pack(__builtin_elementwise_sqrt(detail::as<double>(a))); }
inline V128 f64x2_add(V128 a, V128 b) { return detail::lanes_add<double>(a, b); }
inline V128 f64x2_sub(V128 a, V128 b) { return detail::lanes_sub<double>(a, b); }
inline V128 f64x2_mul(V128 a, V128 b) { return detail::lanes_mul<double>(a, b); }
inline V128 f64x2_div(V128 a, V128 b) { return detail::pack(detail::as<double>(a) / detail::as<double>(b)); }
inline V128 f64x2_min(V128 a, V128 b) { return detail::lanes_min<double>(a, b); }
inline V128 f64x2_max(V128 a, V128 b) { return detail::lanes_max<double>(a, b); }
inline V128 f64x2_pmin(V128 a, V128 b) { return detail::lanes_pmin<double>(a, b); }
inline V128 f64x2_pmax(V128 a, V128 b) { return detail::lanes_pmax<double>(a, b); }

// --- Conversions ---------------------------------------------------------------------------------------------------
inline V128 f32x4_convert_i32x4_s(V128 a) {
  return detail::pack(__builtin_convertvector(detail::as<int32_t>(a), detail::Lanes<float>));
}
inline V128 f32x4_convert_i32x4_u(V128 a) {
  return detail::pack(__builtin_convertvector(detail::as<uint32_t>(a), detail::Lanes<float>));
}
inline V128 f64x2_convert_low_i32x4_s(V128 a) { return detail::pack(detail::extend_half<double, int32_t, 0>(a)); }
inline V128 f64x2_convert_low_i32x4_u(V128 a) { return detail::pack(detail::extend_half<double, uint32_t, 0>(a)); }
inline V128 f64x2_promote_low_f32x4(V128 a) { return detail::pack(detail::extend_half<double, float, 0>(a)); }
inline V128 f32x4_demote_f64x2_zero(V128 a) {
  const auto narrow = __builtin_convertvector(detail::as<double>(a), simd::HalfLanes<float>);
  return detail::pack(__builtin_shufflevector(narrow, simd::HalfLanes<float>{}, 0, 1, 2, 3));
}

inline V128 i32x4_trunc_sat_f32x4_s(V128 a) { return simd::truncate_saturated_f32x4_s(a); }
// What cannot be converted is replaced by 0 first, which is the answer for NaN and everything below 0; too large is
// patched after.
inline V128 i32x4_trunc_sat_f32x4_u(V128 a) {
  using detail::splat;
  const auto x = detail::as<float>(a);
  const detail::Lanes<int32_t> too_large = x >= splat(0x1p32f);
  const detail::Lanes<int32_t> in_range = (x > splat(0.0f)) & ~too_large;
  const auto safe = in_range ? x : detail::Lanes<float>{};
  return detail::pack(__builtin_convertvector(safe, detail::Lanes<uint32_t>) |
                      std::bit_cast<detail::Lanes<uint32_t>>(too_large));
}
// f64 holds both i32 bounds exactly, so clamping before the conversion is the whole of saturation, once NaN is 0.
inline V128 i32x4_trunc_sat_f64x2_s_zero(V128 a) {
  using detail::splat;
  const auto x = detail::as<double>(a);
  const auto number = x == x ? x : detail::Lanes<double>{};
  const auto bounded = number < splat(-0x1p31) ? splat(-0x1p31) : number;
  const auto clamped = bounded > splat(0x1p31 - 1) ? splat(0x1p31 - 1) : bounded;
  const auto narrow = __builtin_convertvector(clamped, simd::HalfLanes<int32_t>);
  return detail::pack(__builtin_shufflevector(narrow, simd::HalfLanes<int32_t>{}, 0, 1, 2, 3));
}
// Adding 2^52 to an integer below it leaves the integer in the low bits of the significand, where SSE has no unsigned
// conversion.
inline V128 i32x4_trunc_sat_f64x2_u_zero(V128 a) {
  using detail::splat;
  const auto x = detail::as<double>(a);
  const auto positive = x > splat(0.0) ? x : detail::Lanes<double>{};
  const auto clamped = positive > splat(0x1p32 - 1) ? splat(0x1p32 - 1) : positive;
  const auto words = std::bit_cast<detail::Lanes<uint32_t>>(__builtin_elementwise_trunc(clamped) + splat(0x1p52));
  return detail::pack(__builtin_shufflevector(words, detail::Lanes<uint32_t>{}, 0, 2, 4, 5));
}

}  // namespace arris::num

#endif  // ARRIS_WASM_SIMD_FLOAT_H_
