// Constant expressions: evaluated at instantiation for globals, tables, segments and offsets. Spec: valid/instructions, constant
// expressions; the whole set of 3.0 with extended constants, aggregates and reference conversions.
//
// The evaluator works on the Store's value stack above stack_top, so that the collector sees references in progress. The result
// is rooted by nobody: store it where the collector looks before allocating again.
#pragma once

#include <cstdint>

#include "runtime/layout.h"
#include "runtime/store.h"
#include "wasm/module.h"
#include "wasm/trap.h"

namespace arris::runtime {

// One slot, or two for v128.
struct ConstValue {
  uint64_t slots[2] = {0, 0};
};

// Evaluates the expression at `code` and moves past its `end`. `instance` must have types, functions, and the globals that the
// expression (validated) may refer to. Traps: gc_heap_exhausted, call_stack_exhausted (no room on the value stack).
TrapCode evaluate_const_code(Store& store, const InstanceData& instance, const uint8_t*& code, ConstValue& out);

}  // namespace arris::runtime
