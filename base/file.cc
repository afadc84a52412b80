#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/os/virtual_memory.h"

namespace arris {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "arris: internal error: %s:%d: CHECK(%s) failed; please report this\n", file, line, condition);
  std::abort();
}

std::expected<std::vector<uint8_t>, int> read_file(const std::string& path, uint64_t max_bytes) {
  bool is_stdin = path == "-";
  int fd = is_stdin ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  struct Closer {
    int fd;
    ~Closer() {
      if (fd > 0) ::close(fd);
    }
  } closer{fd};
  struct stat st;
  std::vector<uint8_t> bytes;
  size_t expected_size = 64 * 1024;
  if (::fstat(fd, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return std::unexpected(EISDIR);
    if (S_ISREG(st.st_mode)) {
      if (static_cast<uint64_t>(st.st_size) > max_bytes) return std::unexpected(EFBIG);
      expected_size = static_cast<size_t>(st.st_size) + 1;  // one more, so that end of file is seen without growing
    }
  }
  // Piece by piece, so that what a vector clears is still in the cache when it is overwritten.
  constexpr size_t kPieceBytes = 256 * 1024;
  bytes.reserve(expected_size);
  if (expected_size > kPieceBytes) os::prefault(bytes.data(), expected_size);
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) {
      if (used == bytes.capacity()) bytes.reserve(used * 2);
      bytes.resize(std::min(bytes.capacity(), used + kPieceBytes));
    }
    ssize_t n = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (n < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno);
    }
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > max_bytes) return std::unexpected(EFBIG);
  }
  bytes.resize(used);
  return bytes;
}

int write_file(const std::string& path, std::string_view bytes) {
  bool is_stdout = path == "-";
  int fd = is_stdout ? 1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  int error = 0;
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      error = errno;
      break;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (!is_stdout && ::close(fd) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace arris
