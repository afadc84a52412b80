// An ELF image that describes a block of code where it lies: a symbol for each function and stub, and .eh_frame to unwind them. For
// debuggers (gdb_registrar.cc). It holds no code: .text says only where that is.
// Spec: System V ABI, ELF-64; DWARF 5, 6.4 (call frame information); Linux Standard Base, exception frames.
#pragma once

#include <string>

#include "runtime/code_space.h"

namespace arris::jit {

std::string make_code_elf(const runtime::CodeBlock& block);

}  // namespace arris::jit
