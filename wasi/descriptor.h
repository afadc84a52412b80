// Descriptor: what a guest's file descriptor stands for: a host descriptor or a Stream, and how to read and write it.
//
// Shared between the threads of a guest and kept alive by the calls that use it: fd_close takes it out of the table, the host
// descriptor is closed when its last user is done. Waiting always happens in Waker::wait, so that a store can be stopped; the
// O_NONBLOCK flag of a description that we share with other processes (inherited stdio) is never touched.
#pragma once

#include <sys/stat.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wasi/guest_memory.h"
#include "wasi/owned_fd.h"
#include "wasi/stream.h"
#include "wasi/types.h"

namespace arris::wasi {

template <class T>
using Result = std::expected<T, Errno>;

// The entries of a directory as they were when reading began: cookies are positions in it, and stay valid however the
// directory changes.
struct DirectorySnapshot {
  struct Entry {
    std::string name;
    uint64_t ino;
    FileType type;
  };
  std::vector<Entry> entries;
};

class Descriptor {
 public:
  // Takes over `fd`. `ours`: we opened the description, so its flags may be changed (and can_block ones have O_NONBLOCK set).
  // `flags`: the guest's, which the host description has already.
  Descriptor(OwnedFd fd, const struct stat& status, bool ours, uint16_t flags);
  // A descriptor of the process that stays open when the guest closes it.
  static std::shared_ptr<Descriptor> borrow(int fd, const struct stat& status);
  explicit Descriptor(std::shared_ptr<Stream> stream);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_.get(); }  // -1: a stream
  Stream* stream() const { return stream_.get(); }
  FileType type() const { return type_; }
  bool is_directory() const { return type_ == FileType::directory; }
  bool is_socket() const { return type_ == FileType::socket_dgram || type_ == FileType::socket_stream; }
  bool is_regular() const { return type_ == FileType::regular_file; }
  bool is_terminal() const { return terminal_; }
  bool is_seekable() const { return fd() >= 0 && !pipe_ && !terminal_ && !is_socket() && !is_directory(); }
  bool can_block() const { return can_block_; }
  // The rights that make sense for it.
  Rights applicable_rights() const;

  uint16_t flags() const { return flags_.load(std::memory_order_relaxed); }
  Errno set_flags(uint16_t flags);
  bool nonblock() const { return flags() & kFdflagNonblock; }

  // At the current offset. Blocking unless the guest's flags say nonblock. `iov` is used up. A write to something that can
  // block goes on until everything is written.
  Result<uint32_t> read(Guest& guest, std::span<iovec> iov);
  Result<uint32_t> write(Guest& guest, std::span<iovec> iov);
  Result<uint32_t> pread(std::span<iovec> iov, uint64_t offset);
  Result<uint32_t> pwrite(std::span<iovec> iov, uint64_t offset);
  // Waits until `events` (POLLIN, POLLOUT); Errno::again if the guest wants no blocking.
  Errno wait(Guest& guest, short events);
  // A snapshot of the directory, fresh if `restart`. Call with dir_mutex held.
  Result<DirectorySnapshot*> directory_snapshot(bool restart);

  // Set when the descriptor is made.
  std::optional<std::string> preopen_name;
  bool read_only = false;  // of a read-only preopen, or opened beneath one

  std::mutex dir_mutex;

 private:
  int64_t read_once(std::span<iovec> iov);
  int64_t write_once(std::span<iovec> iov);
  void sync_after_write(int64_t written);

  OwnedFd fd_;
  bool borrowed_ = false;
  std::shared_ptr<Stream> stream_;
  FileType type_ = FileType::unknown;
  bool ours_ = false;
  bool can_block_ = false;
  bool pipe_ = false;
  bool terminal_ = false;
  std::atomic<bool> has_nowait_ = true;  // RWF_NOWAIT works, as far as we know
  std::atomic<uint16_t> flags_ = 0;
  std::atomic<uint16_t> host_flags_ = 0;  // those the host description has
  std::unique_ptr<DirectorySnapshot> snapshot_;
};

FileType file_type_of(const struct stat& status);
// What remains of `iov` after its first `count` bytes.
std::span<iovec> advance(std::span<iovec> iov, uint64_t count);

}  // namespace arris::wasi
