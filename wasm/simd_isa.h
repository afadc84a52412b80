// The few vector primitives whose portable form compiles badly: the only instruction-set #if in the SIMD headers.
//
// For: simd_int.h and simd_float.h. Everything else there is portable vector code which Clang turns into the right
// instruction by itself (pavgb, pmaddwd, packsswb, roundps, ptest ... were checked in the disassembly). The portable
// forms are compiled on every host, so that simd_test.cc can hold one against the other.
//
// Specification: execution/numerics.
#ifndef ARRIS_WASM_SIMD_ISA_H_
#define ARRIS_WASM_SIMD_ISA_H_

#include <cstddef>
#include <cstdint>

#include "wasm/v128.h"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace arris::simd {

namespace portable {

// Byte i of the result is a[indices[i]], or 0 where indices[i] >= 16.
inline V128 swizzle(V128 a, V128 indices) {
  const auto source = v128_lanes<uint8_t>(a);
  auto result = v128_lanes<uint8_t>(indices);
  for (uint8_t& index : result) index = index < 16 ? source[index] : 0;
  return v128_from_lanes<uint8_t>(result);
}

// The sign bits of the lanes of unsigned T, lane 0 in bit 0.
template <class T>
inline uint32_t sign_mask(V128 a) {
  const auto lanes = v128_lanes<T>(a);
  uint32_t mask = 0;
  for (size_t i = 0; i < lanes.size(); ++i) mask |= static_cast<uint32_t>(lanes[i] >> (sizeof(T) * 8 - 1)) << i;
  return mask;
}

// Per 16-bit lane, signed: (a * b + 0x4000) >> 15, saturated (only -1 * -1 in Q15 overflows).
inline V128 q15_multiply_saturated(V128 a, V128 b) {
  const WideLanes<int32_t> product = __builtin_convertvector(as<int16_t>(a), WideLanes<int32_t>) *
                                     __builtin_convertvector(as<int16_t>(b), WideLanes<int32_t>);
  const WideLanes<int32_t> rounded = (product + 0x4000) >> 15;
  const WideLanes<int32_t> limit = WideLanes<int32_t>{} + INT16_MAX;
  return pack(__builtin_convertvector(__builtin_elementwise_min(rounded, limit), Lanes<int16_t>));
}

// Per lane, i32 = trunc_sat_s(f32).
inline V128 truncate_saturated_f32x4_s(V128 a) {
  const auto x = as<float>(a);
  const Lanes<int32_t> too_large = x >= splat(0x1p31f);
  const Lanes<int32_t> too_small = x < splat(-0x1p31f);
  const Lanes<int32_t> in_range = (x >= splat(-0x1p31f)) & ~too_large;
  const Lanes<int32_t> truncated = __builtin_convertvector(in_range ? x : Lanes<float>{}, Lanes<int32_t>);
  return pack(too_large ? splat(INT32_MAX) : too_small ? splat(INT32_MIN) : truncated);
}

}  // namespace portable

#if defined(__SSE4_1__)

// pshufb zeroes where bit 7 is set and otherwise looks at four bits only: saturate 16.. up to 128.. first.
inline V128 swizzle(V128 a, V128 indices) {
  const __m128i clamped = _mm_adds_epu8(std::bit_cast<__m128i>(indices), _mm_set1_epi8(0x70));
  return pack(_mm_shuffle_epi8(std::bit_cast<__m128i>(a), clamped));
}
template <class T>
inline uint32_t sign_mask(V128 a) {
  const auto x = std::bit_cast<__m128i>(a);
  if constexpr (sizeof(T) == 1) {
    return static_cast<uint32_t>(_mm_movemask_epi8(x));
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(x, _mm_setzero_si128())));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<uint32_t>(_mm_movemask_ps(std::bit_cast<__m128>(a)));
  } else {
    return static_cast<uint32_t>(_mm_movemask_pd(std::bit_cast<__m128d>(a)));
  }
}
// pmulhrsw leaves 0x8000 for the one overflow and yields it for nothing else: flip exactly those lanes to 0x7fff.
inline V128 q15_multiply_saturated(V128 a, V128 b) {
  const __m128i product = _mm_mulhrs_epi16(std::bit_cast<__m128i>(a), std::bit_cast<__m128i>(b));
  return pack(_mm_xor_si128(product, _mm_cmpeq_epi16(product, _mm_set1_epi16(INT16_MIN))));
}
// cvttps2dq yields 0x80000000 for all it cannot do: right for too small, one bit-flip from right for too large; NaNs
// become 0 first.
inline V128 truncate_saturated_f32x4_s(V128 a) {
  const auto x = std::bit_cast<__m128>(a);
  const __m128i truncated = _mm_cvttps_epi32(_mm_and_ps(x, _mm_cmpord_ps(x, x)));
  return pack(_mm_xor_si128(truncated, _mm_castps_si128(_mm_cmpge_ps(x, _mm_set1_ps(0x1p31f)))));
}

#elif defined(__aarch64__)

using portable::sign_mask;
inline V128 swizzle(V128 a, V128 indices) {
  return pack(vqtbl1q_u8(std::bit_cast<uint8x16_t>(a), std::bit_cast<uint8x16_t>(indices)));
}
inline V128 q15_multiply_saturated(V128 a, V128 b) {
  return pack(vqrdmulhq_s16(std::bit_cast<int16x8_t>(a), std::bit_cast<int16x8_t>(b)));
}
inline V128 truncate_saturated_f32x4_s(V128 a) { return pack(vcvtq_s32_f32(std::bit_cast<float32x4_t>(a))); }

#else

using portable::q15_multiply_saturated;
using portable::sign_mask;
using portable::swizzle;
using portable::truncate_saturated_f32x4_s;

#endif

}  // namespace arris::simd

#endif  // ARRIS_WASM_SIMD_ISA_H_
