// What is known of a descriptor and may be changed about it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {
namespace {

Errno from_call(int result) { return result == 0 ? Errno::success : errno_from_host(errno); }

uint64_t to_ns(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

GuestFilestat guest_filestat(const struct stat& status, FileType type) {
  GuestFilestat stat = {};
  stat.dev = status.st_dev;
  stat.ino = status.st_ino;
  stat.filetype = type;
  stat.nlink = status.st_nlink;
  stat.size = static_cast<uint64_t>(status.st_size);
  stat.atim = to_ns(status.st_atim);
  stat.mtim = to_ns(status.st_mtim);
  stat.ctim = to_ns(status.st_ctim);
  return stat;
}

GuestFilestatSnapshot0 guest_filestat_snapshot0(const GuestFilestat& stat) {
  GuestFilestatSnapshot0 old = {};
  old.dev = stat.dev;
  old.ino = stat.ino;
  old.filetype = stat.filetype;
  old.nlink = static_cast<uint32_t>(std::min<uint64_t>(stat.nlink, UINT32_MAX));
  old.size = stat.size;
  old.atim = stat.atim;
  old.mtim = stat.mtim;
  old.ctim = stat.ctim;
  return old;
}

Result<std::array<timespec, 2>> host_times(uint64_t atim, uint64_t mtim, uint32_t flags) {
  if (flags & ~uint32_t{kAllFstflags}) return std::unexpected(Errno::inval);
  auto one = [&](uint64_t ns, uint32_t set, uint32_t now) -> Result<timespec> {
    if ((flags & set) && (flags & now)) return std::unexpected(Errno::inval);
    if (flags & now) return timespec{0, UTIME_NOW};
    if (flags & set) return timespec{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    return timespec{0, UTIME_OMIT};
  };
  timespec access = TRY(one(atim, kFstflagAtim, kFstflagAtimNow));
  timespec modification = TRY(one(mtim, kFstflagMtim, kFstflagMtimNow));
  return std::array{access, modification};
}

Errno WasiContext::fd_advise(Guest&, u32 fd, u64 offset, u64 len, u32 advice) {
  static constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                    POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  auto handle = WASI_TRY(require(fd, kRightFdAdvise));
  if (advice >= std::size(kAdvice) || offset > INT64_MAX || len > INT64_MAX) return Errno::inval;
  if (handle->is_directory()) return Errno::isdir;
  if (!handle->is_seekable()) return Errno::spipe;
  int error = ::posix_fadvise(handle->fd(), static_cast<off_t>(offset), static_cast<off_t>(len), kAdvice[advice]);
  return errno_from_host(error);
}

Errno WasiContext::fd_allocate(Guest&, u32 fd, u64 offset, u64 len) {
  auto handle = WASI_TRY(require_file(fd, kRightFdAllocate));
  if (len == 0 || offset > INT64_MAX || len > INT64_MAX) return Errno::inval;
  if (len > INT64_MAX - offset) return Errno::fbig;
  if (handle->read_only) return Errno::rofs;
  int result;
  do result = ::fallocate(handle->fd(), 0, static_cast<off_t>(offset), static_cast<off_t>(len));
  while (result != 0 && errno == EINTR);
  return from_call(result);
}

Errno WasiContext::fd_close(Guest&, u32 fd) { return fds_.close(fd); }

// Streams in memory have nothing to write to a disk.
Errno WasiContext::fd_datasync(Guest&, u32 fd) {
  auto handle = WASI_TRY(require(fd, kRightFdDatasync));
  return handle->stream() ? Errno::success : from_call(::fdatasync(handle->fd()));
}

Errno WasiContext::fd_sync(Guest&, u32 fd) {
  auto handle = WASI_TRY(require(fd, kRightFdSync));
  return handle->stream() ? Errno::success : from_call(::fsync(handle->fd()));
}

Errno WasiContext::fd_fdstat_get(Guest& guest, u32 fd, u32 stat) {
  auto handle = WASI_TRY(require(fd, 0));
  GuestFdstat result = {
      .filetype = handle->type(), .flags = handle->flags(), .base = handle.base, .inheriting = handle.inheriting};
  return guest.memory.write(stat, result) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_fdstat_set_flags(Guest&, u32 fd, u32 flags) {
  auto handle = WASI_TRY(require(fd, kRightFdFdstatSetFlags));
  if (flags & ~uint32_t{kAllFdflags}) return Errno::inval;
  return handle->set_flags(static_cast<uint16_t>(flags));
}

Errno WasiContext::fd_fdstat_set_rights(Guest&, u32 fd, u64 base, u64 inheriting) {
  return fds_.set_rights(fd, base, inheriting);
}

namespace {

Result<GuestFilestat> filestat_of(const FdTable::Handle& handle) {
  struct stat status = {};
  if (!handle->stream() && ::fstat(handle->fd(), &status) != 0) return std::unexpected(errno_from_host(errno));
  return guest_filestat(status, handle->type());
}

}  // namespace

Errno WasiContext::fd_filestat_get(Guest& guest, u32 fd, u32 stat) {
  auto handle = WASI_TRY(require(fd, kRightFdFilestatGet));
  return guest.memory.write(stat, WASI_TRY(filestat_of(handle))) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_filestat_get_snapshot0(Guest& guest, u32 fd, u32 stat) {
  auto handle = WASI_TRY(require(fd, kRightFdFilestatGet));
  return guest.memory.write(stat, guest_filestat_snapshot0(WASI_TRY(filestat_of(handle)))) ? Errno::success
                                                                                           : Errno::fault;
}

Errno WasiContext::fd_filestat_set_size(Guest&, u32 fd, u64 size) {
  auto handle = WASI_TRY(require_file(fd, kRightFdFilestatSetSize));
  if (size > INT64_MAX) return Errno::fbig;
  if (handle->read_only) return Errno::rofs;
  int result;
  do result = ::ftruncate(handle->fd(), static_cast<off_t>(size));
  while (result != 0 && errno == EINTR);
  return from_call(result);
}

Errno WasiContext::fd_filestat_set_times(Guest&, u32 fd, u64 atim, u64 mtim, u32 flags) {
  auto handle = WASI_TRY(require(fd, kRightFdFilestatSetTimes));
  auto times = WASI_TRY(host_times(atim, mtim, flags));
  if (handle->stream()) return Errno::notsup;
  if (handle->read_only) return Errno::rofs;
  return from_call(::futimens(handle->fd(), times.data()));
}

// Errno::badf ends the search of C libraries for preopened directories.
Errno WasiContext::fd_prestat_get(Guest& guest, u32 fd, u32 prestat) {
  auto handle = WASI_TRY(require(fd, 0));
  if (!handle->preopen_name) return Errno::badf;
  GuestPrestat result = {.name_len = static_cast<uint32_t>(handle->preopen_name->size())};
  return guest.memory.write(prestat, result) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_prestat_dir_name(Guest& guest, u32 fd, u32 path, u32 path_len) {
  auto handle = WASI_TRY(require(fd, 0));
  if (!handle->preopen_name) return Errno::badf;
  if (path_len < handle->preopen_name->size()) return Errno::nametoolong;
  return guest.memory.write_bytes(path, *handle->preopen_name) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_renumber(Guest&, u32 fd, u32 to) { return fds_.renumber(fd, to); }

}  // namespace arris::wasi
