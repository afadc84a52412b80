// Connections on listening sockets that the guest was given. No function of WASI makes a socket from nothing.
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {
namespace {

// Being no socket counts before missing rights: files have none of a socket's.
Errno check_socket(const FdTable::Handle& handle, Rights rights) {
  if (!handle->is_socket()) return Errno::notsock;
  return handle.has(rights) ? Errno::success : Errno::notcapable;
}

}  // namespace

Errno WasiContext::sock_accept(Guest& guest, u32 fd, u32 flags, u32 connection) {
  auto handle = WASI_TRY(require(fd, 0));
  WASI_CHECK(check_socket(handle, kRightSockAccept));
  if (flags & ~u32{kFdflagNonblock}) return Errno::inval;
  if (!guest.memory.contains(connection, 4)) return Errno::fault;
  int listening = 0;
  socklen_t length = sizeof listening;
  if (::getsockopt(handle->fd(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening)
    return Errno::inval;
  OwnedFd accepted;
  while (true) {
    WASI_CHECK(handle->wait(guest, POLLIN));
    accepted = OwnedFd(::accept4(handle->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) break;
    if (errno == EAGAIN && handle->nonblock()) return Errno::again;
    if (errno != EAGAIN && errno != EINTR) return errno_from_host(errno);
  }
  struct stat status;
  if (::fstat(accepted.get(), &status) != 0) return errno_from_host(errno);
  auto descriptor = std::make_shared<Descriptor>(std::move(accepted), status, true, static_cast<uint16_t>(flags));
  Rights rights = handle.inheriting & kRightsOfSocket & ~kRightSockAccept;
  uint32_t number = WASI_TRY(fds_.insert({std::move(descriptor), rights, 0}));
  return guest.memory.write(connection, number) ? Errno::success : Errno::fault;
}

Errno WasiContext::sock_recv(Guest& guest, u32 fd, u32 data, u32 data_len, u32 flags, u32 nread, u32 roflags) {
  auto handle = WASI_TRY(require(fd, 0));
  WASI_CHECK(check_socket(handle, kRightFdRead));
  if (flags & ~u32{kRiflagPeek | kRiflagWaitall}) return Errno::inval;
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, data, data_len, host));
  if (!guest.memory.contains(nread, 4) || !guest.memory.contains(roflags, 2)) return Errno::fault;
  bool peek = flags & kRiflagPeek;
  bool all = (flags & kRiflagWaitall) && !peek && handle->type() == FileType::socket_stream;
  std::span<iovec> iov = host.span();
  uint32_t total = 0;
  uint16_t result_flags = 0;
  while (true) {
    msghdr message = {};
    message.msg_iov = iov.data();
    message.msg_iovlen = iov.size();
    ssize_t count = ::recvmsg(handle->fd(), &message, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
    if (count >= 0) {
      total += static_cast<uint32_t>(count);
      if (message.msg_flags & MSG_TRUNC) result_flags |= kRoflagDataTruncated;
      iov = advance(iov, static_cast<uint64_t>(count));
      if (!all || count == 0 || iov.empty()) break;
    } else if (errno == EAGAIN) {
      if (handle->nonblock() && total > 0) break;
      if (handle->nonblock()) return Errno::again;
      WASI_CHECK(handle->wait(guest, POLLIN));
    } else if (errno != EINTR) {
      if (total > 0) break;
      return errno_from_host(errno);
    }
  }
  bool ok = guest.memory.write(nread, total) && guest.memory.write(roflags, result_flags);
  return ok ? Errno::success : Errno::fault;
}

Errno WasiContext::sock_send(Guest& guest, u32 fd, u32 data, u32 data_len, u32 flags, u32 nwritten) {
  auto handle = WASI_TRY(require(fd, 0));
  WASI_CHECK(check_socket(handle, kRightFdWrite));
  if (flags != 0) return Errno::inval;
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, data, data_len, host));
  if (!guest.memory.contains(nwritten, 4)) return Errno::fault;
  uint32_t count = WASI_TRY(handle->write(guest, host.span()));
  return guest.memory.write(nwritten, count) ? Errno::success : Errno::fault;
}

Errno WasiContext::sock_shutdown(Guest&, u32 fd, u32 how) {
  auto handle = WASI_TRY(require(fd, 0));
  WASI_CHECK(check_socket(handle, kRightSockShutdown));
  int host = how == kSdflagRd ? SHUT_RD : how == kSdflagWr ? SHUT_WR : SHUT_RDWR;
  if (how == 0 || how > (kSdflagRd | kSdflagWr)) return Errno::inval;
  return ::shutdown(handle->fd(), host) == 0 ? Errno::success : errno_from_host(errno);
}

}  // namespace arris::wasi
