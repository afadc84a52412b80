// trap_report: what to print about a trap: Trap::to_string with names demangled and, where the module carries DWARF sections,
// lines of source and inlined functions. For programs that print traps.
//
//   trap: integer divide by zero
//       0: divide(int, int) (math) at 0x2f, src/math.c:12:7
//          inlined into average(int*, int), src/math.c:30:10
//       1: main at 0x51, src/main.c:5:3
//
// Names and DWARF are the guest's, so everything but the plain text is made in a guarded process (base/os/guarded_process.h):
// hostile ones cost at most the limits, and the report is then the plain one.
#pragma once

#include <chrono>
#include <string>

#include "arris/trap.h"

namespace arris::symbols {

std::string trap_report(const api::Trap& trap, std::chrono::milliseconds time_limit = std::chrono::milliseconds(3000));

}  // namespace arris::symbols
