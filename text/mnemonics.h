// Mnemonic -> Opcode, by a hash table the compiler fills from opcodes.def.
// Of opcodes that share a mnemonic the first row is found; the parser picks the other one by the immediates.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wasm/opcodes.h"

namespace arris::text {

namespace internal {
inline constexpr unsigned kMnemonicSlots = 2048;
static_assert(kOpcodeCount * 2 < kMnemonicSlots);

constexpr uint32_t hash_mnemonic(std::string_view text) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash ^ (hash >> 15);
}

inline constexpr std::array<Opcode, kMnemonicSlots> kMnemonicTable = [] {
  std::array<Opcode, kMnemonicSlots> table{};
  table.fill(Opcode::invalid);
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    auto op = static_cast<Opcode>(i);
    uint32_t slot = hash_mnemonic(info(op).mnemonic) % kMnemonicSlots;
    while (table[slot] != Opcode::invalid && info(table[slot]).mnemonic != info(op).mnemonic)
      slot = (slot + 1) % kMnemonicSlots;
    if (table[slot] == Opcode::invalid) table[slot] = op;
  }
  return table;
}();
}  // namespace internal

constexpr Opcode find_mnemonic(std::string_view text) {
  uint32_t slot = internal::hash_mnemonic(text) % internal::kMnemonicSlots;
  for (;; slot = (slot + 1) % internal::kMnemonicSlots) {
    Opcode op = internal::kMnemonicTable[slot];
    if (op == Opcode::invalid || info(op).mnemonic == text) return op;
  }
}

}  // namespace arris::text
