// The data side of the vector loads and stores: what happens between the bytes of linear memory and the value.
//
// The caller has checked the address and reads or writes the bytes; a load takes the bits that were read (or, for the
// whole vector, a host pointer of any alignment), a store_lane returns the bits to write. Lane immediates come last
// and are validated.
//
// Specification: execution/instructions (v128.load and its forms, v128.store).
#ifndef ARRIS_WASM_SIMD_MEMORY_H_
#define ARRIS_WASM_SIMD_MEMORY_H_

#include <cstdint>
#include <cstring>

#include "wasm/simd_int.h"
#include "wasm/v128.h"

namespace arris::num {

inline V128 v128_load(const void* bytes) {
  V128 result;
  std::memcpy(&result, bytes, sizeof(result));
  return result;
}
inline void v128_store(void* bytes, V128 v) { std::memcpy(bytes, &v, sizeof(v)); }

// The eight bytes as narrow lanes, each extended to twice its width.
inline V128 v128_load8x8_s(uint64_t bits) { return i16x8_extend_low_i8x16_s(i64x2_splat(bits)); }
inline V128 v128_load8x8_u(uint64_t bits) { return i16x8_extend_low_i8x16_u(i64x2_splat(bits)); }
inline V128 v128_load16x4_s(uint64_t bits) { return i32x4_extend_low_i16x8_s(i64x2_splat(bits)); }
inline V128 v128_load16x4_u(uint64_t bits) { return i32x4_extend_low_i16x8_u(i64x2_splat(bits)); }
inline V128 v128_load32x2_s(uint64_t bits) { return i64x2_extend_low_i32x4_s(i64x2_splat(bits)); }
inline V128 v128_load32x2_u(uint64_t bits) { return i64x2_extend_low_i32x4_u(i64x2_splat(bits)); }

inline V128 v128_load8_splat(uint8_t bits) { return i8x16_splat(bits); }
inline V128 v128_load16_splat(uint16_t bits) { return i16x8_splat(bits); }
inline V128 v128_load32_splat(uint32_t bits) { return i32x4_splat(bits); }
inline V128 v128_load64_splat(uint64_t bits) { return i64x2_splat(bits); }

inline V128 v128_load32_zero(uint32_t bits) { return simd::pack(simd::Lanes<uint32_t>{bits}); }
inline V128 v128_load64_zero(uint64_t bits) { return simd::pack(simd::Lanes<uint64_t>{bits}); }

inline V128 v128_load8_lane(uint8_t bits, V128 v, uint32_t lane) { return detail::replace_lane(v, bits, lane); }
inline V128 v128_load16_lane(uint16_t bits, V128 v, uint32_t lane) { return detail::replace_lane(v, bits, lane); }
inline V128 v128_load32_lane(uint32_t bits, V128 v, uint32_t lane) { return detail::replace_lane(v, bits, lane); }
inline V128 v128_load64_lane(uint64_t bits, V128 v, uint32_t lane) { return detail::replace_lane(v, bits, lane); }

inline uint8_t v128_store8_lane(V128 v, uint32_t lane) { return detail::extract_lane<uint8_t>(v, lane); }
inline uint16_t v128_store16_lane(V128 v, uint32_t lane) { return detail::extract_lane<uint16_t>(v, lane); }
inline uint32_t v128_store32_lane(V128 v, uint32_t lane) { return detail::extract_lane<uint32_t>(v, lane); }
inline uint64_t v128_store64_lane(V128 v, uint32_t lane) { return detail::extract_lane<uint64_t>(v, lane); }

}  // namespace arris::num

#endif  // ARRIS_WASM_SIMD_MEMORY_H_
