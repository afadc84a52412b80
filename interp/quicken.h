// Quickening: rewrites opcode bytes of a validated body so that frequent sequences of instructions take one dispatch each
// (quicken.def). Only the private copy Module::code changes, never an instruction's length or offset; so traps, side tables,
// exception ranges and branch targets are unaffected, and Module::bytes keeps the pristine code.
// For prepare.h, which has it done when a function is first called, before that function's code is published.
#pragma once

#include <cstdint>
#include <span>

namespace arris::interp {

// `body`: a function's instructions in Module::code, not quickened yet. `starts`: where they begin, in order. Takes time linear in
// the number of instructions, and no memory.
void quicken(std::span<uint8_t> body, std::span<const uint32_t> starts);

}  // namespace arris::interp
