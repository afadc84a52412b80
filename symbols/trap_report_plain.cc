// trap_report of a build without ARRIS_WITH_DWARF, and so without elfutils and libiberty: what the engine says.
#include "symbols/trap_report.h"

namespace arris::symbols {

std::string trap_report(const api::Trap& trap, std::chrono::milliseconds) { return trap.to_string(); }

}  // namespace arris::symbols
