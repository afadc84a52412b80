// What running code does when it finds ExecutionContext::interrupt set, at a loop iteration or a function entry: for the
// interpreter's handlers and machine code's builtins.
#pragma once

#include "runtime/layout.h"
#include "wasm/trap.h"

namespace arris::runtime {

// Pays one unit of fuel when fuel is enabled. TrapCode::none: go on.
TrapCode answer_interrupt(ExecutionContext& context);

}  // namespace arris::runtime
