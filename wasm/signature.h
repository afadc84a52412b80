// The letters of opcodes.def's signature column as C++ types, and values of these types in the 64-bit slots of the value stack.
// For whatever applies numeric.h to slots: the interpreter's handlers, the compiler's folding of constants.
//   i uint32_t   I uint64_t   f float   F double   V V128 (two slots)   a uint64_t (an address)
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "wasm/v128.h"

namespace arris {

template <char letter>
struct SlotType;
template <>
struct SlotType<'i'> : std::type_identity<uint32_t> {};
template <>
struct SlotType<'I'> : std::type_identity<uint64_t> {};
template <>
struct SlotType<'a'> : std::type_identity<uint64_t> {};
template <>
struct SlotType<'f'> : std::type_identity<float> {};
template <>
struct SlotType<'F'> : std::type_identity<double> {};
template <>
struct SlotType<'V'> : std::type_identity<V128> {};

// i32 and f32 are kept zero-extended in their slots.
template <class T>
[[gnu::always_inline]] inline T from_slot(uint64_t slot) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(slot));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(slot);
  } else {
    return static_cast<T>(slot);
  }
}
template <class T>
[[gnu::always_inline]] inline uint64_t to_slot(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(value);
  } else {
    return value;
  }
}

}  // namespace arris
