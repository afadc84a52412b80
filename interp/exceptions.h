// The search for an exception's handler. For the throwing instructions and for host calls that throw. Spec: exec/instructions,
// exception handling; the legacy forms: the exception-handling proposal's first version.
#pragma once

#include "interp/machine.h"

namespace arris::interp {

// Throws the ExceptionObject in tos at ip: goes on at its handler, in this frame or in a calling one, or ends the invocation with
// Outcome::exception.
HANDLER(throw_in_tos);

}  // namespace arris::interp
