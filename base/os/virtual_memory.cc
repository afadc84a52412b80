#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // memfd_create
#endif
#include "base/os/virtual_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>

namespace arris::os {

size_t page_size() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

void* reserve(size_t bytes) {
  void* p = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}

bool commit(void* address, size_t bytes) {
  return bytes == 0 || ::mprotect(address, bytes, PROT_READ | PROT_WRITE) == 0;
}

void prefault([[maybe_unused]] void* address, [[maybe_unused]] size_t bytes) {
#ifdef MADV_POPULATE_WRITE  // since Linux 5.14
  const size_t page = page_size();
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(address) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(address) + bytes) & ~(page - 1);
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
#endif
}

bool discard(void* address, size_t bytes) { return bytes == 0 || ::madvise(address, bytes, MADV_DONTNEED) == 0; }

bool decommit(void* address, size_t bytes) {
  if (bytes == 0) return true;
  void* p = ::mmap(address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return p != MAP_FAILED;
}

void clear(void* address, size_t bytes) {
  // Looking is cheap: a page that was never touched reads from the one page of zeros that all share.
  constexpr size_t kStep = 4096;
  auto* begin = static_cast<uint8_t*>(address);
  for (size_t at = 0; at < bytes; at += kStep) {
    size_t size = std::min(kStep, bytes - at);
    uint64_t any = 0;
    for (size_t i = 0; i + 8 <= size; i += 8) {
      uint64_t word;
      std::memcpy(&word, begin + at + i, 8);
      any |= word;
    }
    if (any != 0 || size % 8 != 0) std::memset(begin + at, 0, size);
  }
}

void release(void* address, size_t bytes) { ::munmap(address, bytes); }

#if defined(__linux__)

Image Image::create(size_t size, const Part* parts, size_t count) {
  Image image;
  image.fd_ = ::memfd_create("arris-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (image.fd_ < 0) return image;
  image.size_ = size;
  bool ok = ::ftruncate(image.fd_, static_cast<off_t>(size)) == 0;
  for (size_t i = 0; ok && i < count; ++i) {
    size_t done = 0;
    while (ok && done < parts[i].size) {
      ssize_t n =
          ::pwrite(image.fd_, parts[i].bytes + done, parts[i].size - done, static_cast<off_t>(parts[i].offset + done));
      ok = n > 0;
      done += ok ? static_cast<size_t>(n) : 0;
    }
  }
  ok = ok && ::fcntl(image.fd_, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
  return ok ? Image(static_cast<Image&&>(image)) : Image();
}

#else

Image Image::create(size_t, const Part*, size_t) { return {}; }

#endif

Image::~Image() {
  if (fd_ >= 0) ::close(fd_);
}

bool Image::map(void* address) const {
  return ::mmap(address, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd_, 0) != MAP_FAILED;
}

}  // namespace arris::os
