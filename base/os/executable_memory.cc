#include "base/os/executable_memory.h"

#include <sys/mman.h>

namespace arris::os {

bool seal_executable(void* address, size_t bytes) {
  auto* begin = static_cast<char*>(address);
  __builtin___clear_cache(begin, begin + bytes);
  return ::mprotect(address, bytes, PROT_READ | PROT_EXEC) == 0;
}

void prefault([[maybe_unused]] void* address, [[maybe_unused]] size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  ::madvise(address, bytes, MADV_POPULATE_WRITE);  // since Linux 5.14
#endif
}

}  // namespace arris::os
