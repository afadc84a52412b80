// path_open: the one function that makes descriptors from names.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/check.h"
#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {
namespace {

constexpr uint64_t kFifoRetryNs = 5'000'000;

int host_open_flags(uint32_t oflags, Rights base, uint32_t fdflags) {
  bool reads = base & (kRightFdRead | kRightFdReaddir);
  bool writes = base & kRightFdWrite;
  int flags = writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (oflags & kOflagCreat) flags |= O_CREAT | (oflags & kOflagExcl ? O_EXCL : 0);
  if (oflags & kOflagDirectory) flags |= O_DIRECTORY;
  if (oflags & kOflagTrunc) flags |= O_TRUNC;
  if (fdflags & kFdflagAppend) flags |= O_APPEND;
  if (fdflags & kFdflagDsync) flags |= O_DSYNC;
  if (fdflags & (kFdflagSync | kFdflagRsync)) flags |= O_SYNC;
  return flags | O_NONBLOCK;  // of no meaning for files; pipes and devices are waited for in poll
}

}  // namespace

// A pipe without a reader cannot be opened for writing without blocking (ENXIO), and blocking could not be stopped: so the
// wait for a reader happens here.
Result<OwnedFd> WasiContext::open_file(Guest& guest, const FdTable::Handle& dir, const std::string& path, bool follow,
                                       int flags, bool nonblock) {
  while (true) {
    auto fd = resolver_.open(dir->fd(), path, follow, flags, 0666);
    if (fd || fd.error() != Errno::nxio || nonblock || (flags & O_ACCMODE) != O_WRONLY) return fd;
    auto resolved = TRY(resolver_.resolve(dir->fd(), path, follow));
    struct stat status;
    if (::fstatat(resolved.dir, resolved.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISFIFO(status.st_mode))
      return fd;
    if (guest.waker.sleep_for(kFifoRetryNs) == Waker::Result::interrupted) return std::unexpected(guest.interrupted());
  }
}

Errno WasiContext::path_open(Guest& guest, u32 fd, u32 dirflags, u32 path, u32 path_len, u32 oflags, u64 base,
                             u64 inheriting, u32 fdflags, u32 opened) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathOpen, false));
  if ((dirflags & ~kLookupSymlinkFollow) || (oflags & ~u32{kAllOflags}) || (fdflags & ~u32{kAllFdflags}))
    return Errno::inval;
  if ((oflags & kOflagCreat) && (oflags & kOflagDirectory)) return Errno::inval;
  base &= kAllRights;
  inheriting &= kAllRights;
  if ((base | inheriting) & ~dir.inheriting) return Errno::notcapable;
  if ((oflags & kOflagCreat) && !dir.has(kRightPathCreateFile)) return Errno::notcapable;
  if ((oflags & kOflagTrunc) && !dir.has(kRightPathFilestatSetSize)) return Errno::notcapable;
  Rights sync_rights = dir.base | dir.inheriting;
  if ((fdflags & kFdflagDsync) && !(sync_rights & (kRightFdDatasync | kRightFdSync))) return Errno::notcapable;
  if ((fdflags & (kFdflagRsync | kFdflagSync)) && !(sync_rights & kRightFdSync)) return Errno::notcapable;
  if (!guest.memory.contains(opened, 4)) return Errno::fault;
  std::string text = WASI_TRY(read_path(guest, path, path_len));

  bool follow = dirflags & kLookupSymlinkFollow;
  int flags = host_open_flags(oflags, base, fdflags);
  bool creating = flags & O_CREAT;
  if (dir->read_only) {  // as on a read-only file system: opening what exists, to read it, is all there is
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)) return Errno::rofs;
    flags &= ~(O_CREAT | O_EXCL);
  }
  auto file = open_file(guest, dir, text, follow, flags, fdflags & kFdflagNonblock);
  if (dir->read_only && creating) {
    if (!file && file.error() == Errno::noent) return Errno::rofs;
    if (file && (oflags & kOflagExcl)) return Errno::exist;
  }
  if (!file) return file.error();
  struct stat status;
  if (::fstat(file->get(), &status) != 0) return errno_from_host(errno);
  auto descriptor = std::make_shared<Descriptor>(std::move(*file), status, true, static_cast<uint16_t>(fdflags));
  descriptor->read_only = dir->read_only;
  base &= descriptor->applicable_rights();
  if (!descriptor->is_directory()) inheriting &= descriptor->applicable_rights();
  uint32_t number = WASI_TRY(fds_.insert({std::move(descriptor), base, inheriting}));
  return guest.memory.write(opened, number) ? Errno::success : Errno::fault;
}

}  // namespace arris::wasi
