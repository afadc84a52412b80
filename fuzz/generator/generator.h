// Random valid modules for the differential fuzzer: one number, the seed, names a module. Typed generation: whatever is
// emitted finds operands of the right types, taken from the operand stack or generated before it.
//
// Every module ends: loops count down locals of their own, each function entry spends a unit of the exported global "fuel".
// Most modules hardly trap: their addresses, indices, divisors and references are made fit before they are used.
// No NaN bits of the machine's choice become integers or memory: they are made canonical first, so that tiers may be
// compared by bits everywhere but in results and globals of float types.
#pragma once

#include <bitset>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "wasm/opcodes.h"

namespace arris::fuzz {

// Top-level statements left out, as (function, statement): how a finding is made small. The others stay as they are as far as
// their operands allow, because each statement has randomness of its own.
using Skipped = std::set<std::pair<uint32_t, uint32_t>>;

using OpcodeSet = std::bitset<kOpcodeCount>;

struct Generated {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> statements;  // number of top-level statements of each function
  OpcodeSet opcodes;                 // emitted
};

Generated generate(uint64_t seed, const Skipped& skipped = {});

}  // namespace arris::fuzz
