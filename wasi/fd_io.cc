// Reading, writing, seeking, and listing directories.
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {

namespace {
constexpr uint64_t kMaxTransfer = 0x7FFFF000;  // what the host moves in one call at most; fits the guest's u32
}

Errno read_iovecs(const GuestMemory& memory, uint32_t address, uint32_t count, HostIovecs& out) {
  if (!memory.contains(address, uint64_t{count} * sizeof(GuestIovec))) return Errno::fault;
  uint64_t total = 0;
  for (uint32_t i = 0; i < count && out.count < kMaxIovecs && total < kMaxTransfer; ++i) {
    GuestIovec part;
    std::memcpy(&part, memory.at(address) + uint64_t{i} * sizeof part, sizeof part);
    if (!memory.contains(part.buf, part.len)) return Errno::fault;
    if (part.len == 0) continue;
    uint64_t length = std::min<uint64_t>(part.len, kMaxTransfer - total);
    out.parts[out.count++] = {memory.at(part.buf), length};
    total += length;
  }
  return Errno::success;
}

Errno WasiContext::fd_read(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u32 nread) {
  auto handle = WASI_TRY(require_file(fd, kRightFdRead));
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, iovs, iovs_len, host));
  if (!guest.memory.contains(nread, 4)) return Errno::fault;
  uint32_t count = WASI_TRY(handle->read(guest, host.span()));
  return guest.memory.write(nread, count) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_write(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u32 nwritten) {
  auto handle = WASI_TRY(require_file(fd, kRightFdWrite));
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, iovs, iovs_len, host));
  if (!guest.memory.contains(nwritten, 4)) return Errno::fault;
  uint32_t count = WASI_TRY(handle->write(guest, host.span()));
  return guest.memory.write(nwritten, count) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_pread(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u64 offset, u32 nread) {
  auto handle = WASI_TRY(require_file(fd, kRightFdRead | kRightFdSeek));
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, iovs, iovs_len, host));
  if (!guest.memory.contains(nread, 4)) return Errno::fault;
  uint32_t count = WASI_TRY(handle->pread(host.span(), offset));
  return guest.memory.write(nread, count) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_pwrite(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u64 offset, u32 nwritten) {
  auto handle = WASI_TRY(require_file(fd, kRightFdWrite | kRightFdSeek));
  HostIovecs host;
  WASI_CHECK(read_iovecs(guest.memory, iovs, iovs_len, host));
  if (!guest.memory.contains(nwritten, 4)) return Errno::fault;
  uint32_t count = WASI_TRY(handle->pwrite(host.span(), offset));
  return guest.memory.write(nwritten, count) ? Errno::success : Errno::fault;
}

Errno WasiContext::fd_seek(Guest& guest, u32 fd, i64 offset, u32 whence, u32 newoffset) {
  if (whence > static_cast<u32>(Whence::end)) return Errno::inval;
  auto handle = WASI_TRY(require_file(fd, 0));
  if (!handle->is_seekable()) return Errno::spipe;  // also where the right is missing: a terminal's is
  bool only_tell = offset == 0 && whence == static_cast<u32>(Whence::cur);
  bool allowed = handle.has(kRightFdSeek) || (only_tell && handle.has(kRightFdTell));
  if (!allowed) return Errno::notcapable;
  if (!guest.memory.contains(newoffset, 8)) return Errno::fault;
  static constexpr int kHostWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  off_t position = ::lseek(handle->fd(), offset, kHostWhence[whence]);
  if (position < 0) return errno_from_host(errno);
  return guest.memory.write(newoffset, static_cast<u64>(position)) ? Errno::success : Errno::fault;
}

// Snapshot 0 counts cur, end, set.
Errno WasiContext::fd_seek_snapshot0(Guest& guest, u32 fd, i64 offset, u32 whence, u32 newoffset) {
  static constexpr Whence kWhence[] = {Whence::cur, Whence::end, Whence::set};
  if (whence > 2) return Errno::inval;
  return fd_seek(guest, fd, offset, static_cast<u32>(kWhence[whence]), newoffset);
}

Errno WasiContext::fd_tell(Guest& guest, u32 fd, u32 offset) {
  return fd_seek(guest, fd, 0, static_cast<u32>(Whence::cur), offset);
}

// Fills the buffer as far as it goes; the last entry may be cut off. A buffer that is not full means the end was reached.
Errno WasiContext::fd_readdir(Guest& guest, u32 fd, u32 buf, u32 buf_len, u64 cookie, u32 bufused) {
  auto handle = WASI_TRY(require_dir(fd, kRightFdReaddir, false));
  if (!guest.memory.contains(buf, buf_len) || !guest.memory.contains(bufused, 4)) return Errno::fault;
  std::lock_guard lock(handle->dir_mutex);
  DirectorySnapshot* snapshot = WASI_TRY(handle->directory_snapshot(cookie == 0));
  uint32_t used = 0;
  auto put = [&](const void* bytes, size_t length) {
    size_t fits = std::min<size_t>(length, buf_len - used);
    if (fits != 0) std::memcpy(guest.memory.at(buf) + used, bytes, fits);
    used += static_cast<uint32_t>(fits);
  };
  for (u64 i = cookie; i < snapshot->entries.size() && used < buf_len; ++i) {
    const auto& entry = snapshot->entries[i];
    GuestDirent dirent = {
        .next = i + 1, .ino = entry.ino, .namlen = static_cast<uint32_t>(entry.name.size()), .type = entry.type};
    put(&dirent, sizeof dirent);
    put(entry.name.data(), entry.name.size());
  }
  return guest.memory.write(bufused, used) ? Errno::success : Errno::fault;
}

}  // namespace arris::wasi
