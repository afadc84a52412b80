// Which handler of a function takes an exception, and what it finds on its stack: what all tiers do alike when something is thrown.
// Spec: exec/instructions, exception handling; the legacy forms: the exception-handling proposal's first version.
#pragma once

#include <cstdint>

#include "runtime/layout.h"
#include "wasm/side_table.h"

namespace arris::runtime {

// The handler in one function for an exception thrown by the instruction at `offset` (or thrown through the call there), or null.
const ExceptionHandler* find_handler(const FuncCode& code, uint32_t offset, const ExceptionObject& exception,
                                     const InstanceData* instance);

// Puts what `handler` takes where its target expects it. Returns one past the last operand.
uint64_t* enter_handler(const ExceptionHandler& handler, const FuncCode& code, uint64_t* locals,
                        ExceptionObject& exception);

}  // namespace arris::runtime
