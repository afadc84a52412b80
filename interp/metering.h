// Exact counting of executed instructions, for Config::count_instructions: costs nothing where it is off.
//
// Every instruction's first byte in the private code copy becomes kMeteredCode, whose handler counts, compares with the limit
// (ExecutionContext::instructions, instruction_limit) and goes on to the instruction that stood there. Handlers are the
// ordinary ones, unquickened.
//
// What counts, so that every tier can count alike: each instruction that control reaches, once per time, before its effect,
// whether it then traps or not. `block`, `nop` and the like count; so does an `end` or `else` that control falls into (a function's
// last `end` too), while a branch out of a block continues behind its `end`, which is not reached; a `loop` counts on entry and on
// each branch to it. Host functions cost nothing. Straight code has as many instructions as its bytes say, so a compiler
// adds up a basic block at a time and, near the limit, needs to know only in which block it is passed.
#pragma once

#include <cstdint>
#include <span>

#include "wasm/module.h"

namespace arris::interp {

// Free in opcodes.def, internal_opcodes.def and quicken.def.
inline constexpr uint8_t kMeteredCode = 0xFF;

// `body`: a function's instructions in Module::code, not quickened; `starts`: where they begin. What stood there goes to `unmetered`.
void meter(std::span<uint8_t> body, std::span<const uint32_t> starts, uint8_t* unmetered);

}  // namespace arris::interp
