// Vector instructions numbered in one byte: the second byte of their quickened forms.
// Numbers below 0x80 are the opcodes themselves, so that whoever measures an opcode's length still finds it right.
#pragma once

#include <array>
#include <cstdint>

#include "wasm/opcodes.h"

namespace arris::interp {

inline constexpr unsigned kVectorOpcodes = 0x120;
inline constexpr unsigned kVectorNumbers = 256;

// By opcode; those that do not exist have none.
inline constexpr std::array<uint8_t, kVectorOpcodes> kVectorNumber = [] {
  std::array<uint8_t, kVectorOpcodes> numbers{};
  unsigned next = 0x80;
  for (unsigned code = 0; code < kVectorOpcodes; ++code) {
    if (find_opcode(kPrefixSimd, code) == Opcode::invalid) continue;
    numbers[code] = static_cast<uint8_t>(code < 0x80 ? code : next++);
  }
  return numbers;
}();
inline constexpr unsigned kVectorNumbersUsed = [] {
  unsigned count = 0x80;
  for (unsigned code = 0x80; code < kVectorOpcodes; ++code) count += find_opcode(kPrefixSimd, code) != Opcode::invalid;
  return count;
}();
static_assert(kVectorNumbersUsed <= kVectorNumbers);

}  // namespace arris::interp
