// Memory that holds machine code. For whoever keeps compiled code (runtime/code_space.h).
//
// Never writable and executable at once: pages are committed writable (virtual_memory.h), filled, then sealed. A sealed page is not
// opened again while code in it may run; new code gets fresh pages.
#pragma once

#include <cstddef>

namespace arris::os {

// Makes whole pages readable and executable, no longer writable, and makes what was written there visible to instruction fetch.
// False if the system refuses.
bool seal_executable(void* address, size_t bytes);

}  // namespace arris::os
