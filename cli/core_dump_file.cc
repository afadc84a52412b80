#include "cli/core_dump_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace arris::cli {

void CoreDumpFile::attach(api::StoreRef store, std::string executable_name) {
  if (path_.empty()) return;
  store.on_trap([this, name = std::move(executable_name)](const api::CoreDump& core) { write(core, name); });
}

// For its owner's eyes only: it holds all the guest's memory.
void CoreDumpFile::write(const api::CoreDump& core, const std::string& executable_name) {
  auto failed = [&](const char* why) { outcome_ = fmt::format("--coredump {}: {}", path_, why); };
  int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::FILE* file = fd >= 0 ? fdopen(fd, "w") : nullptr;
  if (!file) {
    failed(std::strerror(errno));
    if (fd >= 0) close(fd);
    return;
  }
  uint64_t size = 0;
  bool ok = core.write(executable_name, [&](std::span<const uint8_t> piece) {
    size += piece.size();
    return std::fwrite(piece.data(), 1, piece.size(), file) == piece.size();
  });
  const char* why = std::ferror(file) ? std::strerror(errno) : "the memories hold more than 4 GiB";
  bool closed = std::fclose(file) == 0;
  if (ok && closed) {
    outcome_ = fmt::format("core dump of {} bytes written to {}", size, path_);
    return;
  }
  failed(ok ? std::strerror(errno) : why);
}

}  // namespace arris::cli
