// Who is told of compiled code: the file for `perf report` that names it, the fuller one for `perf inject`, and GDB.
// For jit/machine.h, which makes those that its options ask for before there is any code. Each is thread-safe.
//
// All of them hear of a block when it is published (runtime::CodeObserver), so nothing is done, and nothing kept, when none is asked
// for. docs/diagnostics.md says how the tools are used.
#pragma once

#include <memory>
#include <string>

#include "runtime/code_space.h"

namespace arris::jit {

using ObserverPtr = std::unique_ptr<runtime::CodeObserver>;

// /tmp/perf-PID.map: a line per function, its address, size and name. Says nothing of when: where a module was dropped and its place
// taken by another, both are listed. Null, with a message in `error`, if the file cannot be written; the same below.
// Format: linux/tools/perf/Documentation/jit-interface.txt.
ObserverPtr make_perf_map(std::string* error);

// jit-PID.dump in the folder that JITDUMPDIR names, else the current one: the code itself, with its time, and the place in the module
// of each instruction as a line number (the byte offset). Wants CodeBlock::positions.
// Format: linux/tools/perf/Documentation/jitdump-specification.txt.
ObserverPtr make_jitdump(std::string* error);

// Registers an ELF image of each block, with its functions and how to unwind them, with the debugger that may be looking.
// GDB's manual, "JIT Compilation Interface".
ObserverPtr make_gdb_registrar();

}  // namespace arris::jit
