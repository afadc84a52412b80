// The in-place interpreter: runs validated functions straight from their bytes and the validator's side table.
// For whoever builds a Store (StoreOptions::execute) and, later, the tier dispatcher. README.md tells how it works.
//
// Stopping and fuel
//   Every loop iteration (at the `loop` instruction) and every function entry loads ExecutionContext::interrupt once; anything but
//   zero goes to a slow check. kInterruptStop traps with `interrupted`. With ExecutionContext::fuel_enabled, execute() keeps
//   kInterruptFuel set so that the slow check is reached, and each passing costs one unit: one unit of fuel is one loop iteration
//   or one call of a wasm function, the outermost included. With fuel at zero or below, the next one traps with `out_of_fuel`.
#pragma once

#include "runtime/store.h"

namespace arris::interp {

// A runtime::ExecuteFn. Arguments at `slots`, results there afterwards. Needs room for the function's frame below
// ExecutionContext::stack_limit, else traps with call_stack_exhausted. A trap's backtrace is captured; an exception that nobody
// catches is left in the Store.
runtime::Outcome execute(runtime::Store& store, const runtime::FuncInstance& func, uint64_t* slots);

// A runtime::ResumeFn: on-stack replacement of compiled code. An interruption has been answered, fuel for the iteration been paid.
runtime::Outcome resume(runtime::Store& store, const runtime::FuncInstance& func, uint64_t* locals,
                        uint32_t loop_offset, uint64_t* stack_top);

}  // namespace arris::interp
