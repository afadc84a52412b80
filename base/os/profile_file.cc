#include "base/os/profile_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

namespace arris::os {

ProfileFile::~ProfileFile() {
  if (mark_ != nullptr) ::munmap(mark_, static_cast<size_t>(::sysconf(_SC_PAGESIZE)));
  if (descriptor_ >= 0) ::close(descriptor_);
}

int ProfileFile::open(const std::string& path) {
  // To be mapped it must be readable, too.
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
  return descriptor_ >= 0 ? 0 : errno;
}

void ProfileFile::append(std::string_view bytes) {
  while (!bytes.empty() && descriptor_ >= 0) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      ::close(descriptor_);
      descriptor_ = -1;
    }
  }
}

bool ProfileFile::mark() {
  if (descriptor_ < 0) return false;
  void* address =
      ::mmap(nullptr, static_cast<size_t>(::sysconf(_SC_PAGESIZE)), PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor_, 0);
  if (address == MAP_FAILED) return false;
  mark_ = address;
  return true;
}

uint32_t process_id() { return static_cast<uint32_t>(::getpid()); }

#if defined(__linux__)
uint32_t thread_id() { return static_cast<uint32_t>(::gettid()); }
#else
uint32_t thread_id() { return process_id(); }
#endif

uint64_t monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace arris::os
