// Quickening: rewrites opcode bytes of validated functions so that frequent sequences of instructions take one dispatch each
// (quicken.def). Only the private copy Module::code changes, never an instruction's length or offset; so traps, side tables,
// exception ranges and branch targets are unaffected, and Module::bytes keeps the pristine code.
// For the engine, between validation and publication of a module: threads may run the code afterwards, so it is never changed again.
#pragma once

#include "wasm/module.h"

namespace arris::interp {

// `module` is validated and not quickened yet. Takes time and memory linear in the size of the code; the result does not depend on
// the number of threads, of which a large module uses up to `threads`.
void quicken_module(Module& module, unsigned threads = 1);

}  // namespace arris::interp
