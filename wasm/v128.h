// V128: the vector value, its lanes, and the typed view the SIMD headers compute on.
//
// For: everything that stores or moves a v128 (values, stacks, globals, the host API); the operations are in simd.h.
//
// Invariants
//  - 16 bytes in memory order: lane 0 is at the lowest address and each lane is little-endian, as in linear memory
//    and in v128.const.
//  - Alignment 8, so a V128 may live in two 8-byte value-stack slots, yet it is passed and returned in one vector
//    register (packed takes the alignment away from the member, not the register class).
//  - Trivially copyable; guest memory at any alignment is reached through num::v128_load and num::v128_store.
//
// Specification: syntax/types (vector types), execution/numerics (vectors as lanes).
#ifndef ARRIS_WASM_V128_H_
#define ARRIS_WASM_V128_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace arris {

static_assert(std::endian::native == std::endian::little,
              "lanes are viewed in place; a big-endian host needs byte swaps here");

struct [[gnu::packed, gnu::aligned(8)]] V128 {
  uint8_t bytes __attribute__((vector_size(16)));

  friend bool operator==(const V128& a, const V128& b) {
    return std::memcmp(&a, &b, sizeof(V128)) == 0;
  }  // NOLINT(bugprone-suspicious-memory-comparison)
};
static_assert(sizeof(V128) == 16 && alignof(V128) == 8 && std::is_trivially_copyable_v<V128>);

template <class T>
using V128Array = std::array<T, 16 / sizeof(T)>;

// The sixteen bytes as T's in lane order, and back: v128_from_lanes<uint32_t>({1, 2, 3, 4}).
template <class T>
V128Array<T> v128_lanes(V128 v) {
  return std::bit_cast<V128Array<T>>(v);
}
template <class T>
V128 v128_from_lanes(const V128Array<T>& lanes) {
  return std::bit_cast<V128>(lanes);
}

// The view that arithmetic is written on: a compiler vector of T, which becomes SSE, NEON or whatever the host has.
namespace simd {

template <class T>
using Lanes = T __attribute__((vector_size(16)));
template <class T>
using HalfLanes = T __attribute__((vector_size(8)));
template <class T>
using WideLanes =
    T __attribute__((vector_size(32)));  // Local variables only: has no stable calling convention below AVX.

template <class T>
inline constexpr size_t kLaneCount = 16 / sizeof(T);

template <class T>
inline Lanes<T> as(V128 v) {
  return std::bit_cast<Lanes<T>>(v);
}
template <class Vector>
inline V128 pack(Vector lanes) {
  return std::bit_cast<V128>(lanes);
}
template <class T>
inline Lanes<T> splat(T x) {
  V128Array<T> lanes;
  lanes.fill(x);
  return std::bit_cast<Lanes<T>>(lanes);
}

}  // namespace simd
}  // namespace arris

#endif  // ARRIS_WASM_V128_H_
