#include "base/os/virtual_memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace arris::os {

size_t page_size() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

void* reserve(size_t bytes) {
  void* p = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

bool commit(void* address, size_t bytes) {
  return bytes == 0 || ::mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool discard(void* address, size_t bytes) { return bytes == 0 || ::madvise(address, bytes, MADV_DONTNEED) == 0; }

bool decommit(void* address, size_t bytes) {
  if (bytes == 0) return true;
  void* p = ::mmap(address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return p != MAP_FAILED;
}

void release(void* address, size_t bytes) { ::munmap(address, bytes); }

}  // namespace arris::os
