// Setting up a context, and the checks every function begins with.
#include "wasi/context.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

extern char** environ;

namespace arris::wasi {

void WasiConfig::inherit_env() {
  for (char** entry = environ; entry && *entry; ++entry) env.emplace_back(*entry);
}

std::expected<void, std::string> WasiContext::add_stdio(uint32_t fd, const Stdio& stdio, Rights rights) {
  std::shared_ptr<Descriptor> descriptor;
  struct stat status;
  switch (stdio.kind) {
    case Stdio::Kind::closed: return {};
    case Stdio::Kind::stream: descriptor = std::make_shared<Descriptor>(stdio.stream); break;
    case Stdio::Kind::inherit:
      if (::fstat(static_cast<int>(fd), &status) != 0) return {};  // closed in this process: closed in the guest
      descriptor = Descriptor::borrow(static_cast<int>(fd), status);
      break;
    case Stdio::Kind::host_fd:
      if (::fstat(stdio.fd, &status) != 0)
        return std::unexpected("standard stream " + std::to_string(fd) + ": " + std::strerror(errno));
      descriptor = std::make_shared<Descriptor>(OwnedFd(stdio.fd), status, false, 0);
      break;
  }
  rights &= descriptor->applicable_rights();
  Rights inheriting = descriptor->is_socket() ? kRightsOfSocket : 0;  // of connections, should it be a listener
  fds_.set(fd, {std::move(descriptor), rights, inheriting});
  return {};
}

std::expected<void, std::string> WasiContext::add_preopen(uint32_t number, const Preopen& preopen) {
  auto fail = [&](int error) {
    return std::unexpected("cannot open directory '" + preopen.host_path + "': " + std::strerror(error));
  };
  OwnedFd fd(::open(preopen.host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == EACCES) fd = OwnedFd(::open(preopen.host_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0) return fail(errno);
  auto descriptor = std::make_shared<Descriptor>(std::move(fd), status, true, 0);
  descriptor->preopen_name = preopen.guest_path;
  descriptor->read_only = preopen.read_only;
  fds_.set(number, {std::move(descriptor), kRightsOfDirectory, kAllRights});
  return {};
}

std::expected<void, std::string> WasiContext::add_listener(uint32_t number, int socket) {
  OwnedFd fd(socket);
  struct stat status;
  int listening = 0;
  socklen_t length = sizeof listening;
  if (::fstat(socket, &status) != 0) return std::unexpected(std::string("listener: ") + std::strerror(errno));
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening)
    return std::unexpected("listener: descriptor " + std::to_string(socket) + " is not a listening socket");
  // accept has no flag against blocking, and another process could take the connection that poll saw.
  int flags = ::fcntl(socket, F_GETFL);
  ::fcntl(socket, F_SETFL, flags | O_NONBLOCK);
  auto descriptor = std::make_shared<Descriptor>(std::move(fd), status, true, 0);
  fds_.set(number, {std::move(descriptor), kRightsOfSocket, kRightsOfSocket});
  return {};
}

std::expected<std::unique_ptr<WasiContext>, std::string> WasiContext::create(WasiConfig config) {
  std::unique_ptr<WasiContext> context(new WasiContext(config));
  TRY_VOID(context->add_stdio(0, config.stdin_stream,
                              kAllRights & ~(kRightFdWrite | kRightFdAllocate | kRightFdFilestatSetSize)));
  TRY_VOID(context->add_stdio(1, config.stdout_stream, kAllRights & ~kRightFdRead));
  TRY_VOID(context->add_stdio(2, config.stderr_stream, kAllRights & ~kRightFdRead));
  uint32_t next = 3;
  for (const Preopen& preopen : config.preopens) TRY_VOID(context->add_preopen(next++, preopen));
  for (int socket : config.listeners) TRY_VOID(context->add_listener(next++, socket));
  // C strings on the other side: what follows a NUL could not be seen.
  for (auto* list : {&config.args, &config.env})
    for (std::string& text : *list) text.resize(std::strlen(text.c_str()));
  context->args_ = std::move(config.args);
  context->env_ = std::move(config.env);
  context->trace_ = std::move(config.trace);
  return context;
}

Result<FdTable::Handle> WasiContext::require(u32 fd, Rights rights) const {
  auto handle = fds_.find(fd);
  if (handle && !handle->has(rights)) return std::unexpected(Errno::notcapable);
  return handle;
}

Result<FdTable::Handle> WasiContext::require_file(u32 fd, Rights rights) const {
  auto handle = fds_.find(fd);
  if (!handle) return handle;
  if ((*handle)->is_directory()) return std::unexpected(Errno::isdir);
  if (!handle->has(rights)) return std::unexpected(Errno::notcapable);
  return handle;
}

Result<FdTable::Handle> WasiContext::require_dir(u32 fd, Rights rights, bool changing) const {
  auto handle = fds_.find(fd);
  if (!handle) return handle;
  if (!(*handle)->is_directory()) return std::unexpected(Errno::notdir);
  if (!handle->has(rights)) return std::unexpected(Errno::notcapable);
  if (changing && (*handle)->read_only) return std::unexpected(Errno::rofs);
  return handle;
}

Result<std::string> WasiContext::read_path(Guest& guest, u32 path, u32 path_len) {
  if (!guest.memory.contains(path, path_len)) return std::unexpected(Errno::fault);
  if (path_len >= kMaxPathBytes) return std::unexpected(Errno::nametoolong);
  std::string text(reinterpret_cast<const char*>(guest.memory.at(path)), path_len);
  if (Errno error = PathResolver::check(text); error != Errno::success) return std::unexpected(error);
  return text;
}

Result<Resolved> WasiContext::resolve(Guest& guest, const FdTable::Handle& dir, u32 path, u32 path_len, bool follow) {
  std::string text = TRY(read_path(guest, path, path_len));
  return resolver_.resolve(dir->fd(), text, follow);
}

}  // namespace arris::wasi
