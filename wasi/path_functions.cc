// What acts on names. The parent directory is resolved in the sandbox; the call itself names one component in it and never
// follows a link, so that nothing can be put in the way between the two. "." and ".." at the end name the directory itself.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {
namespace {

Errno from_call(int result) { return result == 0 ? Errno::success : errno_from_host(errno); }

bool is_self(const Resolved& resolved) { return resolved.name == "."; }

Result<struct stat> stat_of(const Resolved& resolved) {
  struct stat status;
  if (::fstatat(resolved.dir, resolved.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return std::unexpected(errno_from_host(errno));
  return status;
}

// A name with a slash behind it has to be a directory.
Errno check_directory_wanted(const Resolved& resolved) {
  if (!resolved.directory_wanted) return Errno::success;
  auto status = stat_of(resolved);
  if (!status) return status.error();
  return S_ISDIR(status->st_mode) ? Errno::success : Errno::notdir;
}

// What links and symbolic links say of a new name that is taken, or that ends with a slash.
Errno check_new_name(const Resolved& resolved) {
  if (is_self(resolved)) return Errno::exist;
  if (!resolved.directory_wanted) return Errno::success;
  return stat_of(resolved) ? Errno::exist : Errno::noent;
}

bool ends_with_slash(Guest& guest, uint32_t path, uint32_t path_len) {
  return path_len != 0 && guest.memory.contains(path, path_len) && guest.memory.at(path)[path_len - 1] == '/';
}

}  // namespace

Errno WasiContext::path_create_directory(Guest& guest, u32 fd, u32 path, u32 path_len) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathCreateDirectory, true));
  Resolved resolved = WASI_TRY(resolve(guest, dir, path, path_len, false));
  return from_call(::mkdirat(resolved.dir, resolved.name.c_str(), 0777));
}

// A link may come to the place where there was none when we looked: then look again.
Result<struct stat> WasiContext::stat_path(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len) {
  auto dir = TRY(require_dir(fd, kRightPathFilestatGet, false));
  if (flags & ~kLookupSymlinkFollow) return std::unexpected(Errno::inval);
  bool follow = (flags & kLookupSymlinkFollow) || ends_with_slash(guest, path, path_len);
  for (int attempt = 0; attempt < kMaxLinkExpansions; ++attempt) {
    Resolved resolved = TRY(resolve(guest, dir, path, path_len, follow));
    auto status = stat_of(resolved);
    if (status && follow && S_ISLNK(status->st_mode)) continue;
    if (status && resolved.directory_wanted && !S_ISDIR(status->st_mode)) return std::unexpected(Errno::notdir);
    return status;
  }
  return std::unexpected(Errno::loop);
}

Errno WasiContext::path_filestat_get(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u32 stat) {
  struct stat status = WASI_TRY(stat_path(guest, fd, flags, path, path_len));
  return guest.memory.write(stat, guest_filestat(status, file_type_of(status))) ? Errno::success : Errno::fault;
}

Errno WasiContext::path_filestat_get_snapshot0(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u32 stat) {
  struct stat status = WASI_TRY(stat_path(guest, fd, flags, path, path_len));
  auto old = guest_filestat_snapshot0(guest_filestat(status, file_type_of(status)));
  return guest.memory.write(stat, old) ? Errno::success : Errno::fault;
}

Errno WasiContext::path_filestat_set_times(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u64 atim, u64 mtim,
                                           u32 fstflags) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathFilestatSetTimes, true));
  if (flags & ~kLookupSymlinkFollow) return Errno::inval;
  auto times = WASI_TRY(host_times(atim, mtim, fstflags));
  bool follow = (flags & kLookupSymlinkFollow) || ends_with_slash(guest, path, path_len);
  Resolved resolved = WASI_TRY(resolve(guest, dir, path, path_len, follow));
  WASI_CHECK(check_directory_wanted(resolved));
  return from_call(::utimensat(resolved.dir, resolved.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW));
}

Errno WasiContext::path_link(Guest& guest, u32 old_fd, u32 old_flags, u32 old_path, u32 old_path_len, u32 new_fd,
                             u32 new_path, u32 new_path_len) {
  auto old_dir = WASI_TRY(require_dir(old_fd, kRightPathLinkSource, true));
  auto new_dir = WASI_TRY(require_dir(new_fd, kRightPathLinkTarget, true));
  if (old_flags & ~kLookupSymlinkFollow) return Errno::inval;
  Resolved from = WASI_TRY(resolve(guest, old_dir, old_path, old_path_len, old_flags & kLookupSymlinkFollow));
  WASI_CHECK(check_directory_wanted(from));
  Resolved to = WASI_TRY(resolve(guest, new_dir, new_path, new_path_len, false));
  WASI_CHECK(check_new_name(to));
  return from_call(::linkat(from.dir, from.name.c_str(), to.dir, to.name.c_str(), 0));
}

Errno WasiContext::path_readlink(Guest& guest, u32 fd, u32 path, u32 path_len, u32 buf, u32 buf_len, u32 bufused) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathReadlink, false));
  if (!guest.memory.contains(buf, buf_len) || !guest.memory.contains(bufused, 4)) return Errno::fault;
  bool slash = ends_with_slash(guest, path, path_len);  // what a link with a slash names is not the link
  Resolved resolved = WASI_TRY(resolve(guest, dir, path, path_len, slash));
  if (slash) {
    WASI_CHECK(check_directory_wanted(resolved));
    return Errno::inval;
  }
  std::string target = WASI_TRY(read_link(resolved.dir, resolved.name.c_str()));
  if (target.size() > buf_len) target.resize(buf_len);
  if (!guest.memory.write_bytes(buf, target)) return Errno::fault;
  return guest.memory.write(bufused, static_cast<u32>(target.size())) ? Errno::success : Errno::fault;
}

Errno WasiContext::path_remove_directory(Guest& guest, u32 fd, u32 path, u32 path_len) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathRemoveDirectory, true));
  Resolved resolved = WASI_TRY(resolve(guest, dir, path, path_len, false));
  if (is_self(resolved)) return Errno::inval;
  return from_call(::unlinkat(resolved.dir, resolved.name.c_str(), AT_REMOVEDIR));
}

Errno WasiContext::path_unlink_file(Guest& guest, u32 fd, u32 path, u32 path_len) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathUnlinkFile, true));
  Resolved resolved = WASI_TRY(resolve(guest, dir, path, path_len, false));
  if (is_self(resolved)) return Errno::isdir;
  WASI_CHECK(check_directory_wanted(resolved));
  return from_call(::unlinkat(resolved.dir, resolved.name.c_str(), 0));
}

// With a slash behind either name, the old one has to be a directory.
Errno WasiContext::path_rename(Guest& guest, u32 old_fd, u32 old_path, u32 old_path_len, u32 new_fd, u32 new_path,
                               u32 new_path_len) {
  auto old_dir = WASI_TRY(require_dir(old_fd, kRightPathRenameSource, true));
  auto new_dir = WASI_TRY(require_dir(new_fd, kRightPathRenameTarget, true));
  Resolved from = WASI_TRY(resolve(guest, old_dir, old_path, old_path_len, false));
  Resolved to = WASI_TRY(resolve(guest, new_dir, new_path, new_path_len, false));
  if (is_self(from) || is_self(to)) return Errno::busy;
  from.directory_wanted |= to.directory_wanted;
  WASI_CHECK(check_directory_wanted(from));
  return from_call(::renameat(from.dir, from.name.c_str(), to.dir, to.name.c_str()));
}

// An absolute target would lead out of the sandbox for everybody else who follows the link.
Errno WasiContext::path_symlink(Guest& guest, u32 old_path, u32 old_path_len, u32 fd, u32 new_path, u32 new_path_len) {
  auto dir = WASI_TRY(require_dir(fd, kRightPathSymlink, true));
  std::string target = WASI_TRY(read_path(guest, old_path, old_path_len));
  Resolved resolved = WASI_TRY(resolve(guest, dir, new_path, new_path_len, false));
  WASI_CHECK(check_new_name(resolved));
  return from_call(::symlinkat(target.c_str(), resolved.dir, resolved.name.c_str()));
}

}  // namespace arris::wasi
