#include "wasi/descriptor.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "wasi/waker.h"

namespace arris::wasi {

FileType file_type_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFREG: return FileType::regular_file;
    case S_IFDIR: return FileType::directory;
    case S_IFLNK: return FileType::symbolic_link;
    case S_IFCHR: return FileType::character_device;
    case S_IFBLK: return FileType::block_device;
    case S_IFSOCK: return FileType::socket_stream;
    default: return FileType::unknown;  // pipes have no type of their own in WASI
  }
}

Descriptor::Descriptor(OwnedFd fd, const struct stat& status, bool ours, uint16_t flags)
    : fd_(std::move(fd)), type_(file_type_of(status)), ours_(ours), flags_(flags), host_flags_(flags) {
  pipe_ = S_ISFIFO(status.st_mode);
  if (type_ == FileType::character_device) terminal_ = ::isatty(fd_.get()) == 1;
  if (type_ == FileType::socket_stream) {
    int kind = 0;
    socklen_t length = sizeof kind;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_TYPE, &kind, &length) == 0 && kind == SOCK_DGRAM)
      type_ = FileType::socket_dgram;
  }
  can_block_ = pipe_ || is_socket() || type_ == FileType::character_device || type_ == FileType::unknown;
}

std::shared_ptr<Descriptor> Descriptor::borrow(int fd, const struct stat& status) {
  int host = ::fcntl(fd, F_GETFL);
  uint16_t flags = host >= 0 && (host & O_APPEND) ? kFdflagAppend : 0;
  auto descriptor = std::make_shared<Descriptor>(OwnedFd(fd), status, false, flags);
  descriptor->borrowed_ = true;
  return descriptor;
}

Descriptor::Descriptor(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}

Descriptor::~Descriptor() {
  if (borrowed_) fd_.release();
}

Rights Descriptor::applicable_rights() const {
  if (stream_ || pipe_) return kRightsOfPipe;
  if (terminal_) return kRightsOfTerminal;
  switch (type_) {
    case FileType::regular_file:
    case FileType::block_device: return kRightsOfRegularFile;
    case FileType::directory: return kRightsOfDirectory;
    case FileType::socket_dgram:
    case FileType::socket_stream: return kRightsOfSocket;
    case FileType::character_device: return kRightsOfCharacterDevice;
    case FileType::unknown:
    case FileType::symbolic_link: return kRightsOfPipe;
  }
  return 0;
}

// Append is the host's own flag where the description is ours. The synchronising flags cannot be set on an open description:
// what it does not have, write() does itself.
Errno Descriptor::set_flags(uint16_t flags) {
  if (flags & ~kAllFdflags) return Errno::inval;
  if (ours_ && is_regular() && ((flags ^ host_flags_.load()) & kFdflagAppend)) {
    int host = ::fcntl(fd(), F_GETFL);
    if (host < 0) return errno_from_host(errno);
    host = flags & kFdflagAppend ? host | O_APPEND : host & ~O_APPEND;
    if (::fcntl(fd(), F_SETFL, host) != 0) return errno_from_host(errno);
    if (flags & kFdflagAppend) {
      host_flags_.fetch_or(kFdflagAppend);
    } else {
      host_flags_.fetch_and(static_cast<uint16_t>(~kFdflagAppend));
    }
  }
  flags_.store(flags);
  return Errno::success;
}

Errno Descriptor::wait(Guest& guest, short events) {
  bool poll_only = nonblock();
  switch (guest.waker.wait_for(fd(), events, poll_only ? std::optional<uint64_t>(0) : std::nullopt)) {
    case Waker::Result::ready: return Errno::success;
    case Waker::Result::timed_out: return Errno::again;
    case Waker::Result::interrupted: return guest.interrupted();
    case Waker::Result::failed: return errno_from_host(errno);
  }
  return Errno::io;
}

namespace {

uint64_t total_length(std::span<const iovec> iov) {
  uint64_t total = 0;
  for (const iovec& part : iov) total += part.iov_len;
  return total;
}

int64_t result_or_errno(ssize_t result) { return result < 0 ? -errno : result; }

}  // namespace

std::span<iovec> advance(std::span<iovec> iov, uint64_t count) {
  while (!iov.empty() && count >= iov[0].iov_len) {
    count -= iov[0].iov_len;
    iov = iov.subspan(1);
  }
  if (count > 0) {
    iov[0].iov_base = static_cast<char*>(iov[0].iov_base) + count;
    iov[0].iov_len -= count;
  }
  return iov;
}

// One attempt that does not block, whoever else uses the description. -EAGAIN: wait first. -EOPNOTSUPP: unknown, so the caller
// has to wait before a plain call.
int64_t Descriptor::read_once(std::span<iovec> iov) {
  int count = static_cast<int>(iov.size());
  if (is_socket()) {
    msghdr message = {};
    message.msg_iov = iov.data();
    message.msg_iovlen = iov.size();
    return result_or_errno(::recvmsg(fd(), &message, MSG_DONTWAIT));
  }
  if (ours_) return result_or_errno(::readv(fd(), iov.data(), count));
  return result_or_errno(::preadv2(fd(), iov.data(), count, -1, RWF_NOWAIT));
}

int64_t Descriptor::write_once(std::span<iovec> iov) {
  int count = static_cast<int>(iov.size());
  if (is_socket()) {
    msghdr message = {};
    message.msg_iov = iov.data();
    message.msg_iovlen = iov.size();
    return result_or_errno(::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  if (ours_) return result_or_errno(::writev(fd(), iov.data(), count));
  return result_or_errno(::pwritev2(fd(), iov.data(), count, -1, RWF_NOWAIT));
}

Result<uint32_t> Descriptor::read(Guest& guest, std::span<iovec> iov) {
  if (stream_) {
    uint64_t total = 0;
    for (iovec& part : iov) {
      int64_t count = stream_->read({static_cast<uint8_t*>(part.iov_base), part.iov_len});
      if (count < 0 && total == 0) return std::unexpected(errno_from_host(static_cast<int>(-count)));
      if (count > 0) total += static_cast<uint64_t>(count);
      if (count < static_cast<int64_t>(part.iov_len)) break;
    }
    return static_cast<uint32_t>(total);
  }
  if (iov.empty()) return 0;
  if (!can_block_) {
    ssize_t count;
    do count = ::readv(fd(), iov.data(), static_cast<int>(iov.size()));
    while (count < 0 && errno == EINTR);
    if (count < 0) return std::unexpected(errno_from_host(errno));
    return static_cast<uint32_t>(count);
  }
  // A pipe opened by name reads as ended until its first writer comes. Its reader wants to wait for that.
  bool wait_first = ours_ && pipe_ && !nonblock();
  while (true) {
    bool plain = !ours_ && !is_socket() && !has_nowait_;
    if (wait_first || plain) {
      if (Errno error = wait(guest, POLLIN); error != Errno::success) return std::unexpected(error);
    }
    int64_t count = plain ? result_or_errno(::readv(fd(), iov.data(), static_cast<int>(iov.size()))) : read_once(iov);
    if (count >= 0) return static_cast<uint32_t>(count);
    if (count == -EOPNOTSUPP && !plain && !ours_ && !is_socket()) {
      has_nowait_ = false;
    } else if (count == -EAGAIN) {
      if (nonblock()) return std::unexpected(Errno::again);
      if (Errno error = wait(guest, POLLIN); error != Errno::success) return std::unexpected(error);
    } else if (count != -EINTR) {
      return std::unexpected(errno_from_host(static_cast<int>(-count)));
    }
  }
}

void Descriptor::sync_after_write(int64_t written) {
  uint16_t missing = flags() & kSyncFdflags & static_cast<uint16_t>(~host_flags_.load());
  if (missing == 0 || written <= 0) return;
  if (missing & (kFdflagSync | kFdflagRsync)) {
    ::fsync(fd());
  } else {
    ::fdatasync(fd());
  }
}

Result<uint32_t> Descriptor::write(Guest& guest, std::span<iovec> iov) {
  if (stream_) {
    uint64_t total = 0;
    for (iovec& part : iov) {
      int64_t count = stream_->write({static_cast<const uint8_t*>(part.iov_base), part.iov_len});
      if (count < 0 && total == 0) return std::unexpected(errno_from_host(static_cast<int>(-count)));
      if (count > 0) total += static_cast<uint64_t>(count);
      if (count < static_cast<int64_t>(part.iov_len)) break;
    }
    return static_cast<uint32_t>(total);
  }
  if (!can_block_) {
    if ((flags() & ~host_flags_.load()) & kFdflagAppend) ::lseek(fd(), 0, SEEK_END);
    ssize_t count;
    do count = ::writev(fd(), iov.data(), static_cast<int>(iov.size()));
    while (count < 0 && errno == EINTR);
    if (count < 0) return std::unexpected(errno_from_host(errno));
    sync_after_write(count);
    return static_cast<uint32_t>(count);
  }
  // The result must fit: what a single call of the host would move at most.
  uint64_t wanted = std::min<uint64_t>(total_length(iov), 0x7FFFF000);
  uint64_t done = 0;
  auto finish = [&](Errno error) -> Result<uint32_t> {
    if (done > 0 && guest.end == Guest::End::none) return static_cast<uint32_t>(done);
    return std::unexpected(error);
  };
  do {
    bool plain = !ours_ && !is_socket() && !has_nowait_;
    int64_t count;
    if (plain) {
      if (Errno error = wait(guest, POLLOUT); error != Errno::success) return finish(error);
      // Ready means that this much fits; more could block.
      size_t fits = pipe_ ? 4096 : iov.empty() ? 0 : iov[0].iov_len;
      count = iov.empty() ? 0 : result_or_errno(::write(fd(), iov[0].iov_base, std::min(iov[0].iov_len, fits)));
    } else {
      count = write_once(iov);
    }
    if (count >= 0) {
      done += static_cast<uint64_t>(count);
      iov = advance(iov, static_cast<uint64_t>(count));
      if (nonblock() && count > 0) break;
      if (count == 0) break;
    } else if (count == -EOPNOTSUPP && !plain && !ours_ && !is_socket()) {
      has_nowait_ = false;
    } else if (count == -EAGAIN) {
      if (nonblock()) return finish(Errno::again);
      if (Errno error = wait(guest, POLLOUT); error != Errno::success) return finish(error);
    } else if (count != -EINTR) {
      return finish(errno_from_host(static_cast<int>(-count)));
    }
  } while (done < wanted);
  return static_cast<uint32_t>(done);
}

Result<uint32_t> Descriptor::pread(std::span<iovec> iov, uint64_t offset) {
  if (!is_seekable()) return std::unexpected(Errno::spipe);
  if (offset > INT64_MAX) return std::unexpected(Errno::inval);
  ssize_t count;
  do count = ::preadv(fd(), iov.data(), static_cast<int>(iov.size()), static_cast<off_t>(offset));
  while (count < 0 && errno == EINTR);
  if (count < 0) return std::unexpected(errno_from_host(errno));
  return static_cast<uint32_t>(count);
}

Result<uint32_t> Descriptor::pwrite(std::span<iovec> iov, uint64_t offset) {
  if (!is_seekable()) return std::unexpected(Errno::spipe);
  if (offset > INT64_MAX) return std::unexpected(Errno::inval);
  ssize_t count;
  do count = ::pwritev(fd(), iov.data(), static_cast<int>(iov.size()), static_cast<off_t>(offset));
  while (count < 0 && errno == EINTR);
  if (count < 0) return std::unexpected(errno_from_host(errno));
  sync_after_write(count);
  return static_cast<uint32_t>(count);
}

Result<DirectorySnapshot*> Descriptor::directory_snapshot(bool restart) {
  if (snapshot_ && !restart) return snapshot_.get();
  OwnedFd fd(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_from_host(errno));
  struct stat own;
  if (::fstat(fd.get(), &own) != 0) return std::unexpected(errno_from_host(errno));
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), ::closedir);
  if (!dir) return std::unexpected(errno_from_host(errno));
  int dir_fd = fd.release();  // closedir closes it
  auto snapshot = std::make_unique<DirectorySnapshot>();
  // The number of the parent is not told: it may lie outside of what the guest may see.
  snapshot->entries.push_back({".", own.st_ino, FileType::directory});
  snapshot->entries.push_back({"..", own.st_ino, FileType::directory});
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (!entry) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status = {};
    status.st_mode = DTTOIF(entry->d_type);
    if (entry->d_type == DT_UNKNOWN && ::fstatat(dir_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    snapshot->entries.push_back({std::move(name), entry->d_ino, file_type_of(status)});
  }
  if (errno != 0) return std::unexpected(errno_from_host(errno));
  snapshot_ = std::move(snapshot);
  return snapshot_.get();
}

}  // namespace arris::wasi
