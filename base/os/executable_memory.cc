#include "base/os/executable_memory.h"

#include <sys/mman.h>

namespace arris::os {

bool seal_executable(void* address, size_t bytes) {
  auto* begin = static_cast<char*>(address);
  __builtin___clear_cache(begin, begin + bytes);
  return ::mprotect(address, bytes, PROT_READ | PROT_EXEC) == 0;
}

}  // namespace arris::os
