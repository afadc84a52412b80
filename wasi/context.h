// WasiContext: the functions of WASI preview1 and snapshot 0 on guest memory, knowing nothing of the engine.
//
// One context per guest, shared by its threads: everything but the descriptor table is constant, and that locks itself.
// Each method is a WASI function with its WebAssembly parameters; wasi/preview1.def lists them. The number it returns is the
// guest's errno, unless Guest::end says that the guest ends here. Rights are checked before anything else is done with a
// descriptor, pointers before anything is done that could not be undone.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/config.h"
#include "wasi/fd_table.h"
#include "wasi/guest_memory.h"
#include "wasi/path_resolver.h"
#include "wasi/types.h"
#include "wasi/waker.h"

namespace arris::wasi {

class WasiContext {
 public:
  // The error says which preopened directory or stream cannot be opened and why.
  static std::expected<std::unique_ptr<WasiContext>, std::string> create(WasiConfig config);

  using u32 = uint32_t;
  using u64 = uint64_t;
  using i64 = int64_t;

  // process.cc
  Errno args_get(Guest& guest, u32 argv, u32 argv_buf);
  Errno args_sizes_get(Guest& guest, u32 argc, u32 argv_buf_size);
  Errno environ_get(Guest& guest, u32 environ, u32 environ_buf);
  Errno environ_sizes_get(Guest& guest, u32 count, u32 buf_size);
  Errno clock_res_get(Guest& guest, u32 id, u32 resolution);
  Errno clock_time_get(Guest& guest, u32 id, u64 precision, u32 time);
  Errno proc_exit(Guest& guest, u32 code);
  Errno proc_raise(Guest& guest, u32 signal);
  Errno sched_yield(Guest& guest);
  Errno random_get(Guest& guest, u32 buf, u32 buf_len);

  // fd_functions.cc
  Errno fd_advise(Guest& guest, u32 fd, u64 offset, u64 len, u32 advice);
  Errno fd_allocate(Guest& guest, u32 fd, u64 offset, u64 len);
  Errno fd_close(Guest& guest, u32 fd);
  Errno fd_datasync(Guest& guest, u32 fd);
  Errno fd_fdstat_get(Guest& guest, u32 fd, u32 stat);
  Errno fd_fdstat_set_flags(Guest& guest, u32 fd, u32 flags);
  Errno fd_fdstat_set_rights(Guest& guest, u32 fd, u64 base, u64 inheriting);
  Errno fd_filestat_get(Guest& guest, u32 fd, u32 stat);
  Errno fd_filestat_get_snapshot0(Guest& guest, u32 fd, u32 stat);
  Errno fd_filestat_set_size(Guest& guest, u32 fd, u64 size);
  Errno fd_filestat_set_times(Guest& guest, u32 fd, u64 atim, u64 mtim, u32 flags);
  Errno fd_prestat_get(Guest& guest, u32 fd, u32 prestat);
  Errno fd_prestat_dir_name(Guest& guest, u32 fd, u32 path, u32 path_len);
  Errno fd_renumber(Guest& guest, u32 fd, u32 to);
  Errno fd_sync(Guest& guest, u32 fd);

  // fd_io.cc
  Errno fd_pread(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u64 offset, u32 nread);
  Errno fd_pwrite(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u64 offset, u32 nwritten);
  Errno fd_read(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u32 nread);
  Errno fd_readdir(Guest& guest, u32 fd, u32 buf, u32 buf_len, u64 cookie, u32 bufused);
  Errno fd_seek(Guest& guest, u32 fd, i64 offset, u32 whence, u32 newoffset);
  Errno fd_seek_snapshot0(Guest& guest, u32 fd, i64 offset, u32 whence, u32 newoffset);
  Errno fd_tell(Guest& guest, u32 fd, u32 offset);
  Errno fd_write(Guest& guest, u32 fd, u32 iovs, u32 iovs_len, u32 nwritten);

  // path_open.cc
  Errno path_open(Guest& guest, u32 fd, u32 dirflags, u32 path, u32 path_len, u32 oflags, u64 base, u64 inheriting,
                  u32 fdflags, u32 opened);
  // path_functions.cc
  Errno path_create_directory(Guest& guest, u32 fd, u32 path, u32 path_len);
  Errno path_filestat_get(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u32 stat);
  Errno path_filestat_get_snapshot0(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u32 stat);
  Errno path_filestat_set_times(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len, u64 atim, u64 mtim,
                                u32 fstflags);
  Errno path_link(Guest& guest, u32 old_fd, u32 old_flags, u32 old_path, u32 old_path_len, u32 new_fd, u32 new_path,
                  u32 new_path_len);
  Errno path_readlink(Guest& guest, u32 fd, u32 path, u32 path_len, u32 buf, u32 buf_len, u32 bufused);
  Errno path_remove_directory(Guest& guest, u32 fd, u32 path, u32 path_len);
  Errno path_rename(Guest& guest, u32 old_fd, u32 old_path, u32 old_path_len, u32 new_fd, u32 new_path,
                    u32 new_path_len);
  Errno path_symlink(Guest& guest, u32 old_path, u32 old_path_len, u32 fd, u32 new_path, u32 new_path_len);
  Errno path_unlink_file(Guest& guest, u32 fd, u32 path, u32 path_len);

  // poll.cc
  Errno poll_oneoff(Guest& guest, u32 in, u32 out, u32 nsubscriptions, u32 nevents);
  Errno poll_oneoff_snapshot0(Guest& guest, u32 in, u32 out, u32 nsubscriptions, u32 nevents);

  // sockets.cc
  Errno sock_accept(Guest& guest, u32 fd, u32 flags, u32 connection);
  Errno sock_recv(Guest& guest, u32 fd, u32 data, u32 data_len, u32 flags, u32 nread, u32 roflags);
  Errno sock_send(Guest& guest, u32 fd, u32 data, u32 data_len, u32 flags, u32 nwritten);
  Errno sock_shutdown(Guest& guest, u32 fd, u32 how);

  const TraceSink& trace() const { return trace_; }
  FdTable& fds() { return fds_; }

 private:
  explicit WasiContext(const WasiConfig& config) : fds_(config.max_fds), resolver_(config.resolver) {}

  std::expected<void, std::string> add_stdio(uint32_t fd, const Stdio& stdio, Rights rights);
  std::expected<void, std::string> add_preopen(uint32_t fd, const Preopen& preopen);
  std::expected<void, std::string> add_listener(uint32_t fd, int socket);

  // A descriptor with these rights. Errno::badf, Errno::notcapable.
  Result<FdTable::Handle> require(u32 fd, Rights rights) const;
  // The same for what works on file contents: Errno::isdir for a directory.
  Result<FdTable::Handle> require_file(u32 fd, Rights rights) const;
  // The same for a directory that paths start at: Errno::notdir for other files; with `changing`, Errno::rofs beneath a
  // read-only preopen.
  Result<FdTable::Handle> require_dir(u32 fd, Rights rights, bool changing) const;
  // A path out of guest memory, checked.
  static Result<std::string> read_path(Guest& guest, u32 path, u32 path_len);
  // A directory and a path in it, resolved. `follow`: a link at the end, too.
  Result<Resolved> resolve(Guest& guest, const FdTable::Handle& dir, u32 path, u32 path_len, bool follow);
  Result<struct stat> stat_path(Guest& guest, u32 fd, u32 flags, u32 path, u32 path_len);
  Result<OwnedFd> open_file(Guest& guest, const FdTable::Handle& dir, const std::string& path, bool follow, int flags,
                            bool nonblock);

  std::vector<std::string> args_;
  std::vector<std::string> env_;
  TraceSink trace_;
  FdTable fds_;
  PathResolver resolver_;
};

// The host's clock for a WASI clock id; nullopt if there is none.
std::optional<clockid_t> host_clock(uint32_t id);
// Host iovecs for an array of guest ones, every range checked; empty ones dropped. At most kMaxIovecs.
inline constexpr uint32_t kMaxIovecs = 1024;
struct HostIovecs {
  iovec parts[kMaxIovecs];
  uint32_t count = 0;
  std::span<iovec> span() { return {parts, count}; }
};
Errno read_iovecs(const GuestMemory& memory, uint32_t address, uint32_t count, HostIovecs& out);
GuestFilestat guest_filestat(const struct stat& status, FileType type);
GuestFilestatSnapshot0 guest_filestat_snapshot0(const GuestFilestat& stat);
// timespecs for utimensat. Errno::inval for contradicting or unknown flags.
Result<std::array<timespec, 2>> host_times(uint64_t atim, uint64_t mtim, uint32_t flags);

}  // namespace arris::wasi
