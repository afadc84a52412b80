// Builtins: the C++ functions that compiled code calls for instructions that are too big or too rare to be worth machine code.
// Their semantics are runtime's (runtime/gc_ops.h, memory.h, table.h); what is here is the way in: operands and results in slots
// of the value stack. builtins.def lists them and says what a caller must do before and after.
#pragma once

#include <cstdint>

#include "runtime/layout.h"

namespace arris::jit {

// Index into InstanceData::machine.
enum class MachineIndex : uint32_t {
#define STUB(name) name,
#define BUILTIN(name, kind) name,
#include "jit/builtins.def"
  count,
};

inline constexpr uint32_t kMachineTableSize = static_cast<uint32_t>(MachineIndex::count);

enum class BuiltinKind : uint8_t { stub, pure, traps, collects };

inline constexpr BuiltinKind kBuiltinKinds[] = {
#define STUB(name) BuiltinKind::stub,
#define BUILTIN(name, kind) BuiltinKind::kind,
#include "jit/builtins.def"
};

// Returns a TrapCode (make_exception: an ExceptionObject* or null).
using Builtin = uint64_t (*)(runtime::InstanceData* instance, uint64_t* slots, uint64_t a, uint64_t b);

namespace builtins {
#define STUB(name)
#define BUILTIN(name, kind) uint64_t name(runtime::InstanceData* instance, uint64_t* slots, uint64_t a, uint64_t b);
#include "jit/builtins.def"
}  // namespace builtins

// By MachineIndex; null at the stubs' places.
extern const Builtin kBuiltins[kMachineTableSize];

}  // namespace arris::jit
