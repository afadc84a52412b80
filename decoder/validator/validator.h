// validate_module: is a decoded module valid? And, in the same pass over the bodies, everything the tiers execute: side
// tables, exception handlers and frame sizes (Module::code, Module::func_codes; wasm/side_table.h).
// For the engine, tools and tests. Spec: validation/.
#pragma once

#include <cstdint>
#include <expected>

#include "wasm/error.h"
#include "wasm/module.h"

namespace arris::validator {

struct ValidateOptions {
  unsigned threads = 1;  // used for large modules only; the answer and the error do not depend on it
  bool fast = true;      // false: no fast steps, which must change nothing (testing)
};

// The first error in the order of the module: declarations, then bodies. A module that is malformed anywhere in its bodies is
// reported as malformed, even if something else in it is invalid.
// On error the module must not be used any further.
std::expected<void, Error> validate_module(Module& module, const ValidateOptions& options = {});

}  // namespace arris::validator
