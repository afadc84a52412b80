// Integer SIMD instructions: bitwise, lanes, splats, arithmetic, comparisons, shifts, widening and narrowing.
//
// Conventions are in simd.h. Wrapping arithmetic is written on unsigned lanes; signedness is chosen only where the
// result depends on it.
//
// Specification: execution/numerics (integer operations lane-wise), execution/instructions (vector instructions).
#ifndef ARRIS_WASM_SIMD_INT_H_
#define ARRIS_WASM_SIMD_INT_H_

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "wasm/simd_isa.h"
#include "wasm/v128.h"

namespace arris::num {

namespace detail {

using simd::as;
using simd::kLaneCount;
using simd::Lanes;
using simd::pack;
using simd::splat;
using simd::WideLanes;

template <class T>
inline V128 shift_left(V128 a, uint32_t count) {
  return pack(as<T>(a) << splat(static_cast<T>(count & (sizeof(T) * 8 - 1))));
}
// Arithmetic for signed T, logical for unsigned.
template <class T>
inline V128 shift_right(V128 a, uint32_t count) {
  return pack(as<T>(a) >> splat(static_cast<T>(count & (sizeof(T) * 8 - 1))));
}
template <class T>
inline uint32_t all_lanes_nonzero(V128 a) {
  return __builtin_reduce_and(as<T>(a) != splat(T{0})) != 0;
}
template <class T>
inline V128 average_rounded(V128 a, V128 b) {
  const auto x = as<T>(a), y = as<T>(b);
  return pack((x | y) - ((x ^ y) >> splat(T{1})));
}

// Half kHalf (0 low, 1 high) of the narrow lanes, each extended to the wide type by its own signedness.
template <class Wide, class Narrow, int kHalf>
inline Lanes<Wide> extend_half(V128 a) {
  const uint64_t half = as<uint64_t>(a)[kHalf];
  return __builtin_convertvector(std::bit_cast<simd::HalfLanes<Narrow>>(half), Lanes<Wide>);
}
template <class Wide, class Narrow, int kHalf>
inline V128 extended_multiply(V128 a, V128 b) {
  using U = std::make_unsigned_t<Wide>;
  return pack(std::bit_cast<Lanes<U>>(extend_half<Wide, Narrow, kHalf>(a)) *
              std::bit_cast<Lanes<U>>(extend_half<Wide, Narrow, kHalf>(b)));
}
// Within each wide lane: the low narrow half plus the high one, each extended by Wide's signedness.
template <class Wide>
inline V128 extended_pairwise_add(V128 a) {
  using U = std::make_unsigned_t<Wide>;
  constexpr U kHalfBits = sizeof(Wide) * 4;
  const Lanes<Wide> even =
      std::bit_cast<Lanes<Wide>>(as<U>(a) << splat(kHalfBits)) >> splat(static_cast<Wide>(kHalfBits));
  const Lanes<Wide> odd = as<Wide>(a) >> splat(static_cast<Wide>(kHalfBits));
  return pack(std::bit_cast<Lanes<U>>(even) + std::bit_cast<Lanes<U>>(odd));
}
// The lanes of a, then those of b, read as signed and clamped to Narrow's range.
template <class Narrow, class Wide>
inline V128 narrow_saturated(V128 a, V128 b) {
  static_assert(std::is_signed_v<Wide>);
  return [&]<size_t... I>(std::index_sequence<I...>) {
    const WideLanes<Wide> both = __builtin_shufflevector(as<Wide>(a), as<Wide>(b), static_cast<int>(I)...);
    const WideLanes<Wide> low = {((void)I, Wide{std::numeric_limits<Narrow>::min()})...};
    const WideLanes<Wide> high = {((void)I, Wide{std::numeric_limits<Narrow>::max()})...};
    const WideLanes<Wide> clamped = __builtin_elementwise_max(__builtin_elementwise_min(both, high), low);
    return pack(__builtin_convertvector(clamped, Lanes<Narrow>));
  }(std::make_index_sequence<2 * kLaneCount<Wide>>{});
}
// Lanes by a number known only at run time are reached through the 64-bit half that holds them: an indexed vector would go through
// memory, where a load of what was just stored in pieces stalls. Lane numbers are validated immediates; the masks keep even a wrong
// one inside the vector.
template <class T>
inline constexpr uint32_t kLanesPerHalf = kLaneCount<T> / 2;
template <class T>
inline uint32_t shift_in_half(uint32_t lane) {
  return (lane & (kLanesPerHalf<T> - 1)) * 8 * static_cast<uint32_t>(sizeof(T));
}

template <class T>
inline T extract_lane(V128 a, uint32_t lane) {
  const auto halves = as<uint64_t>(a);
  const uint64_t half = lane & kLanesPerHalf<T> ? halves[1] : halves[0];
  return static_cast<T>(half >> shift_in_half<T>(lane));
}
template <class T>
inline V128 replace_lane(V128 a, T x, uint32_t lane) {
  const auto halves = as<uint64_t>(a);
  const uint32_t shift = shift_in_half<T>(lane);
  const uint64_t mask = uint64_t{std::numeric_limits<T>::max()} << shift;
  const bool high = lane & kLanesPerHalf<T>;
  const uint64_t changed = ((high ? halves[1] : halves[0]) & ~mask) | uint64_t{x} << shift;
  return pack(Lanes<uint64_t>{high ? halves[0] : changed, high ? changed : halves[1]});
}

}  // namespace detail

// --- v128 ----------------------------------------------------------------------------------------------------------
inline V128 v128_not(V128 a) { return detail::pack(~detail::as<uint64_t>(a)); }
inline V128 v128_and(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) & detail::as<uint64_t>(b)); }
inline V128 v128_andnot(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) & ~detail::as<uint64_t>(b)); }
inline V128 v128_or(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) | detail::as<uint64_t>(b)); }
inline V128 v128_xor(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) ^ detail::as<uint64_t>(b)); }
// Bits of a where mask is 1, of b where it is 0.
inline V128 v128_bitselect(V128 a, V128 b, V128 mask) { return v128_or(v128_and(a, mask), v128_andnot(b, mask)); }
inline uint32_t v128_any_true(V128 a) { return __builtin_reduce_or(detail::as<uint64_t>(a)) != 0; }

// --- Lane rearrangement --------------------------------------------------------------------------------------------
inline V128 i8x16_swizzle(V128 a, V128 indices) { return simd::swizzle(a, indices); }
// lanes holds the sixteen immediates, each below 32 (validated): 0..15 choose from a, 16..31 from b.
inline V128 i8x16_shuffle(V128 a, V128 b, V128 lanes) {
  const auto from_b = detail::pack(detail::as<uint8_t>(lanes) - detail::splat(uint8_t{16}));
  return v128_or(simd::swizzle(a, lanes), simd::swizzle(b, from_b));
}

inline uint32_t i8x16_extract_lane_s(V128 a, uint32_t lane) {
  return static_cast<uint32_t>(int32_t{detail::extract_lane<int8_t>(a, lane)});
}
inline uint32_t i8x16_extract_lane_u(V128 a, uint32_t lane) { return detail::extract_lane<uint8_t>(a, lane); }
inline uint32_t i16x8_extract_lane_s(V128 a, uint32_t lane) {
  return static_cast<uint32_t>(int32_t{detail::extract_lane<int16_t>(a, lane)});
}
inline uint32_t i16x8_extract_lane_u(V128 a, uint32_t lane) { return detail::extract_lane<uint16_t>(a, lane); }
inline uint32_t i32x4_extract_lane(V128 a, uint32_t lane) { return detail::extract_lane<uint32_t>(a, lane); }
inline uint64_t i64x2_extract_lane(V128 a, uint32_t lane) { return detail::extract_lane<uint64_t>(a, lane); }
inline V128 i8x16_replace_lane(V128 a, uint32_t x, uint32_t lane) {
  return detail::replace_lane(a, static_cast<uint8_t>(x), lane);
}
inline V128 i16x8_replace_lane(V128 a, uint32_t x, uint32_t lane) {
  return detail::replace_lane(a, static_cast<uint16_t>(x), lane);
}
inline V128 i32x4_replace_lane(V128 a, uint32_t x, uint32_t lane) { return detail::replace_lane(a, x, lane); }
inline V128 i64x2_replace_lane(V128 a, uint64_t x, uint32_t lane) { return detail::replace_lane(a, x, lane); }
inline V128 i8x16_splat(uint32_t x) { return detail::pack(detail::splat(static_cast<uint8_t>(x))); }
inline V128 i16x8_splat(uint32_t x) { return detail::pack(detail::splat(static_cast<uint16_t>(x))); }
inline V128 i32x4_splat(uint32_t x) { return detail::pack(detail::splat(x)); }
inline V128 i64x2_splat(uint64_t x) { return detail::pack(detail::splat(x)); }

// --- i8x16 ---------------------------------------------------------------------------------------------------------
inline V128 i8x16_eq(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) == detail::as<uint8_t>(b)); }
inline V128 i8x16_ne(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) != detail::as<uint8_t>(b)); }
inline V128 i8x16_lt_s(V128 a, V128 b) { return detail::pack(detail::as<int8_t>(a) < detail::as<int8_t>(b)); }
inline V128 i8x16_lt_u(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) < detail::as<uint8_t>(b)); }
inline V128 i8x16_gt_s(V128 a, V128 b) { return detail::pack(detail::as<int8_t>(a) > detail::as<int8_t>(b)); }
inline V128 i8x16_gt_u(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) > detail::as<uint8_t>(b)); }
inline V128 i8x16_le_s(V128 a, V128 b) { return detail::pack(detail::as<int8_t>(a) <= detail::as<int8_t>(b)); }
inline V128 i8x16_le_u(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) <= detail::as<uint8_t>(b)); }
inline V128 i8x16_ge_s(V128 a, V128 b) { return detail::pack(detail::as<int8_t>(a) >= detail::as<int8_t>(b)); }
inline V128 i8x16_ge_u(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) >= detail::as<uint8_t>(b)); }
inline V128 i8x16_abs(V128 a) { return detail::pack(__builtin_elementwise_abs(detail::as<int8_t>(a))); }
inline V128 i8x16_neg(V128 a) { return detail::pack(-detail::as<uint8_t>(a)); }
// Bit counts of 2, then 4, then 8 bits, side by side in each byte.
inline V128 i8x16_popcnt(V128 a) {
  using detail::splat;
  auto x = detail::as<uint8_t>(a);
  x = x - ((x >> splat(uint8_t{1})) & splat(uint8_t{0x55}));
  x = (x & splat(uint8_t{0x33})) + ((x >> splat(uint8_t{2})) & splat(uint8_t{0x33}));
  return detail::pack((x + (x >> splat(uint8_t{4}))) & splat(uint8_t{0x0f}));
}
inline uint32_t i8x16_all_true(V128 a) { return detail::all_lanes_nonzero<uint8_t>(a); }
inline uint32_t i8x16_bitmask(V128 a) { return simd::sign_mask<uint8_t>(a); }
inline V128 i8x16_narrow_i16x8_s(V128 a, V128 b) { return detail::narrow_saturated<int8_t, int16_t>(a, b); }
inline V128 i8x16_narrow_i16x8_u(V128 a, V128 b) { return detail::narrow_saturated<uint8_t, int16_t>(a, b); }
inline V128 i8x16_shl(V128 a, uint32_t count) { return detail::shift_left<uint8_t>(a, count); }
inline V128 i8x16_shr_s(V128 a, uint32_t count) { return detail::shift_right<int8_t>(a, count); }
inline V128 i8x16_shr_u(V128 a, uint32_t count) { return detail::shift_right<uint8_t>(a, count); }
inline V128 i8x16_add(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) + detail::as<uint8_t>(b)); }
inline V128 i8x16_add_sat_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_add_sat(detail::as<int8_t>(a), detail::as<int8_t>(b)));
}
inline V128 i8x16_add_sat_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_add_sat(detail::as<uint8_t>(a), detail::as<uint8_t>(b)));
}
inline V128 i8x16_sub(V128 a, V128 b) { return detail::pack(detail::as<uint8_t>(a) - detail::as<uint8_t>(b)); }
inline V128 i8x16_sub_sat_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_sub_sat(detail::as<int8_t>(a), detail::as<int8_t>(b)));
}
inline V128 i8x16_sub_sat_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_sub_sat(detail::as<uint8_t>(a), detail::as<uint8_t>(b)));
}
inline V128 i8x16_min_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<int8_t>(a), detail::as<int8_t>(b)));
}
inline V128 i8x16_min_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<uint8_t>(a), detail::as<uint8_t>(b)));
}
inline V128 i8x16_max_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<int8_t>(a), detail::as<int8_t>(b)));
}
inline V128 i8x16_max_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<uint8_t>(a), detail::as<uint8_t>(b)));
}
inline V128 i8x16_avgr_u(V128 a, V128 b) { return detail::average_rounded<uint8_t>(a, b); }

// --- i16x8 ---------------------------------------------------------------------------------------------------------
inline V128 i16x8_eq(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) == detail::as<uint16_t>(b)); }
inline V128 i16x8_ne(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) != detail::as<uint16_t>(b)); }
inline V128 i16x8_lt_s(V128 a, V128 b) { return detail::pack(detail::as<int16_t>(a) < detail::as<int16_t>(b)); }
inline V128 i16x8_lt_u(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) < detail::as<uint16_t>(b)); }
inline V128 i16x8_gt_s(V128 a, V128 b) { return detail::pack(detail::as<int16_t>(a) > detail::as<int16_t>(b)); }
inline V128 i16x8_gt_u(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) > detail::as<uint16_t>(b)); }
inline V128 i16x8_le_s(V128 a, V128 b) { return detail::pack(detail::as<int16_t>(a) <= detail::as<int16_t>(b)); }
inline V128 i16x8_le_u(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) <= detail::as<uint16_t>(b)); }
inline V128 i16x8_ge_s(V128 a, V128 b) { return detail::pack(detail::as<int16_t>(a) >= detail::as<int16_t>(b)); }
inline V128 i16x8_ge_u(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) >= detail::as<uint16_t>(b)); }
inline V128 i16x8_abs(V128 a) { return detail::pack(__builtin_elementwise_abs(detail::as<int16_t>(a))); }
inline V128 i16x8_neg(V128 a) { return detail::pack(-detail::as<uint16_t>(a)); }
inline uint32_t i16x8_all_true(V128 a) { return detail::all_lanes_nonzero<uint16_t>(a); }
inline uint32_t i16x8_bitmask(V128 a) { return simd::sign_mask<uint16_t>(a); }
inline V128 i16x8_narrow_i32x4_s(V128 a, V128 b) { return detail::narrow_saturated<int16_t, int32_t>(a, b); }
inline V128 i16x8_narrow_i32x4_u(V128 a, V128 b) { return detail::narrow_saturated<uint16_t, int32_t>(a, b); }
inline V128 i16x8_extend_low_i8x16_s(V128 a) { return detail::pack(detail::extend_half<int16_t, int8_t, 0>(a)); }
inline V128 i16x8_extend_low_i8x16_u(V128 a) { return detail::pack(detail::extend_half<uint16_t, uint8_t, 0>(a)); }
inline V128 i16x8_extend_high_i8x16_s(V128 a) { return detail::pack(detail::extend_half<int16_t, int8_t, 1>(a)); }
inline V128 i16x8_extend_high_i8x16_u(V128 a) { return detail::pack(detail::extend_half<uint16_t, uint8_t, 1>(a)); }
inline V128 i16x8_extmul_low_i8x16_s(V128 a, V128 b) { return detail::extended_multiply<int16_t, int8_t, 0>(a, b); }
inline V128 i16x8_extmul_low_i8x16_u(V128 a, V128 b) { return detail::extended_multiply<uint16_t, uint8_t, 0>(a, b); }
inline V128 i16x8_extmul_high_i8x16_s(V128 a, V128 b) { return detail::extended_multiply<int16_t, int8_t, 1>(a, b); }
inline V128 i16x8_extmul_high_i8x16_u(V128 a, V128 b) { return detail::extended_multiply<uint16_t, uint8_t, 1>(a, b); }
inline V128 i16x8_extadd_pairwise_i8x16_s(V128 a) { return detail::extended_pairwise_add<int16_t>(a); }
inline V128 i16x8_extadd_pairwise_i8x16_u(V128 a) { return detail::extended_pairwise_add<uint16_t>(a); }
inline V128 i16x8_shl(V128 a, uint32_t count) { return detail::shift_left<uint16_t>(a, count); }
inline V128 i16x8_shr_s(V128 a, uint32_t count) { return detail::shift_right<int16_t>(a, count); }
inline V128 i16x8_shr_u(V128 a, uint32_t count) { return detail::shift_right<uint16_t>(a, count); }
inline V128 i16x8_add(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) + detail::as<uint16_t>(b)); }
inline V128 i16x8_add_sat_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_add_sat(detail::as<int16_t>(a), detail::as<int16_t>(b)));
}
inline V128 i16x8_add_sat_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_add_sat(detail::as<uint16_t>(a), detail::as<uint16_t>(b)));
}
inline V128 i16x8_sub(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) - detail::as<uint16_t>(b)); }
inline V128 i16x8_sub_sat_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_sub_sat(detail::as<int16_t>(a), detail::as<int16_t>(b)));
}
inline V128 i16x8_sub_sat_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_sub_sat(detail::as<uint16_t>(a), detail::as<uint16_t>(b)));
}
inline V128 i16x8_mul(V128 a, V128 b) { return detail::pack(detail::as<uint16_t>(a) * detail::as<uint16_t>(b)); }
inline V128 i16x8_min_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<int16_t>(a), detail::as<int16_t>(b)));
}
inline V128 i16x8_min_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<uint16_t>(a), detail::as<uint16_t>(b)));
}
inline V128 i16x8_max_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<int16_t>(a), detail::as<int16_t>(b)));
}
inline V128 i16x8_max_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<uint16_t>(a), detail::as<uint16_t>(b)));
}
inline V128 i16x8_avgr_u(V128 a, V128 b) { return detail::average_rounded<uint16_t>(a, b); }
inline V128 i16x8_q15mulr_sat_s(V128 a, V128 b) { return simd::q15_multiply_saturated(a, b); }

// --- i32x4 ---------------------------------------------------------------------------------------------------------
inline V128 i32x4_eq(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) == detail::as<uint32_t>(b)); }
inline V128 i32x4_ne(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) != detail::as<uint32_t>(b)); }
inline V128 i32x4_lt_s(V128 a, V128 b) { return detail::pack(detail::as<int32_t>(a) < detail::as<int32_t>(b)); }
inline V128 i32x4_lt_u(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) < detail::as<uint32_t>(b)); }
inline V128 i32x4_gt_s(V128 a, V128 b) { return detail::pack(detail::as<int32_t>(a) > detail::as<int32_t>(b)); }
inline V128 i32x4_gt_u(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) > detail::as<uint32_t>(b)); }
inline V128 i32x4_le_s(V128 a, V128 b) { return detail::pack(detail::as<int32_t>(a) <= detail::as<int32_t>(b)); }
inline V128 i32x4_le_u(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) <= detail::as<uint32_t>(b)); }
inline V128 i32x4_ge_s(V128 a, V128 b) { return detail::pack(detail::as<int32_t>(a) >= detail::as<int32_t>(b)); }
inline V128 i32x4_ge_u(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) >= detail::as<uint32_t>(b)); }
inline V128 i32x4_abs(V128 a) { return detail::pack(__builtin_elementwise_abs(detail::as<int32_t>(a))); }
inline V128 i32x4_neg(V128 a) { return detail::pack(-detail::as<uint32_t>(a)); }
inline uint32_t i32x4_all_true(V128 a) { return detail::all_lanes_nonzero<uint32_t>(a); }
inline uint32_t i32x4_bitmask(V128 a) { return simd::sign_mask<uint32_t>(a); }
inline V128 i32x4_extend_low_i16x8_s(V128 a) { return detail::pack(detail::extend_half<int32_t, int16_t, 0>(a)); }
inline V128 i32x4_extend_low_i16x8_u(V128 a) { return detail::pack(detail::extend_half<uint32_t, uint16_t, 0>(a)); }
inline V128 i32x4_extend_high_i16x8_s(V128 a) { return detail::pack(detail::extend_half<int32_t, int16_t, 1>(a)); }
inline V128 i32x4_extend_high_i16x8_u(V128 a) { return detail::pack(detail::extend_half<uint32_t, uint16_t, 1>(a)); }
inline V128 i32x4_extmul_low_i16x8_s(V128 a, V128 b) { return detail::extended_multiply<int32_t, int16_t, 0>(a, b); }
inline V128 i32x4_extmul_low_i16x8_u(V128 a, V128 b) { return detail::extended_multiply<uint32_t, uint16_t, 0>(a, b); }
inline V128 i32x4_extmul_high_i16x8_s(V128 a, V128 b) { return detail::extended_multiply<int32_t, int16_t, 1>(a, b); }
inline V128 i32x4_extmul_high_i16x8_u(V128 a, V128 b) { return detail::extended_multiply<uint32_t, uint16_t, 1>(a, b); }
inline V128 i32x4_extadd_pairwise_i16x8_s(V128 a) { return detail::extended_pairwise_add<int32_t>(a); }
inline V128 i32x4_extadd_pairwise_i16x8_u(V128 a) { return detail::extended_pairwise_add<uint32_t>(a); }
inline V128 i32x4_shl(V128 a, uint32_t count) { return detail::shift_left<uint32_t>(a, count); }
inline V128 i32x4_shr_s(V128 a, uint32_t count) { return detail::shift_right<int32_t>(a, count); }
inline V128 i32x4_shr_u(V128 a, uint32_t count) { return detail::shift_right<uint32_t>(a, count); }
inline V128 i32x4_add(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) + detail::as<uint32_t>(b)); }
inline V128 i32x4_sub(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) - detail::as<uint32_t>(b)); }
inline V128 i32x4_mul(V128 a, V128 b) { return detail::pack(detail::as<uint32_t>(a) * detail::as<uint32_t>(b)); }
inline V128 i32x4_min_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<int32_t>(a), detail::as<int32_t>(b)));
}
inline V128 i32x4_min_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_min(detail::as<uint32_t>(a), detail::as<uint32_t>(b)));
}
inline V128 i32x4_max_s(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<int32_t>(a), detail::as<int32_t>(b)));
}
inline V128 i32x4_max_u(V128 a, V128 b) {
  return detail::pack(__builtin_elementwise_max(detail::as<uint32_t>(a), detail::as<uint32_t>(b)));
}
// Sums of the products of neighbouring signed 16-bit lanes; -0x8000 * -0x8000 twice wraps.
inline V128 i32x4_dot_i16x8_s(V128 a, V128 b) {
  using Wide = detail::WideLanes<int32_t>;
  const Wide products =
      __builtin_convertvector(detail::as<int16_t>(a), Wide) * __builtin_convertvector(detail::as<int16_t>(b), Wide);
  const auto sums = __builtin_convertvector(products, detail::WideLanes<uint32_t>);
  return detail::pack(__builtin_shufflevector(sums, sums, 0, 2, 4, 6) +
                      __builtin_shufflevector(sums, sums, 1, 3, 5, 7));
}

// --- i64x2 ---------------------------------------------------------------------------------------------------------
inline V128 i64x2_eq(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) == detail::as<uint64_t>(b)); }
inline V128 i64x2_ne(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) != detail::as<uint64_t>(b)); }
inline V128 i64x2_lt_s(V128 a, V128 b) { return detail::pack(detail::as<int64_t>(a) < detail::as<int64_t>(b)); }
inline V128 i64x2_gt_s(V128 a, V128 b) { return detail::pack(detail::as<int64_t>(a) > detail::as<int64_t>(b)); }
inline V128 i64x2_le_s(V128 a, V128 b) { return detail::pack(detail::as<int64_t>(a) <= detail::as<int64_t>(b)); }
inline V128 i64x2_ge_s(V128 a, V128 b) { return detail::pack(detail::as<int64_t>(a) >= detail::as<int64_t>(b)); }
inline V128 i64x2_abs(V128 a) { return detail::pack(__builtin_elementwise_abs(detail::as<int64_t>(a))); }
inline V128 i64x2_neg(V128 a) { return detail::pack(-detail::as<uint64_t>(a)); }
inline uint32_t i64x2_all_true(V128 a) { return detail::all_lanes_nonzero<uint64_t>(a); }
inline uint32_t i64x2_bitmask(V128 a) { return simd::sign_mask<uint64_t>(a); }
inline V128 i64x2_extend_low_i32x4_s(V128 a) { return detail::pack(detail::extend_half<int64_t, int32_t, 0>(a)); }
inline V128 i64x2_extend_low_i32x4_u(V128 a) { return detail::pack(detail::extend_half<uint64_t, uint32_t, 0>(a)); }
inline V128 i64x2_extend_high_i32x4_s(V128 a) { return detail::pack(detail::extend_half<int64_t, int32_t, 1>(a)); }
inline V128 i64x2_extend_high_i32x4_u(V128 a) { return detail::pack(detail::extend_half<uint64_t, uint32_t, 1>(a)); }
inline V128 i64x2_extmul_low_i32x4_s(V128 a, V128 b) { return detail::extended_multiply<int64_t, int32_t, 0>(a, b); }
inline V128 i64x2_extmul_low_i32x4_u(V128 a, V128 b) { return detail::extended_multiply<uint64_t, uint32_t, 0>(a, b); }
inline V128 i64x2_extmul_high_i32x4_s(V128 a, V128 b) { return detail::extended_multiply<int64_t, int32_t, 1>(a, b); }
inline V128 i64x2_extmul_high_i32x4_u(V128 a, V128 b) { return detail::extended_multiply<uint64_t, uint32_t, 1>(a, b); }
inline V128 i64x2_shl(V128 a, uint32_t count) { return detail::shift_left<uint64_t>(a, count); }
inline V128 i64x2_shr_s(V128 a, uint32_t count) { return detail::shift_right<int64_t>(a, count); }
inline V128 i64x2_shr_u(V128 a, uint32_t count) { return detail::shift_right<uint64_t>(a, count); }
inline V128 i64x2_add(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) + detail::as<uint64_t>(b)); }
inline V128 i64x2_sub(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) - detail::as<uint64_t>(b)); }
inline V128 i64x2_mul(V128 a, V128 b) { return detail::pack(detail::as<uint64_t>(a) * detail::as<uint64_t>(b)); }

}  // namespace arris::num

#endif  // ARRIS_WASM_SIMD_INT_H_
