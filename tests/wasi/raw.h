// The imports of WASI as they are, without the C library's wrappers: lengths and pointers may be anything. For the guests
// errnos_*.c, which are compiled once for wasi_snapshot_preview1 and once, with SNAPSHOT0, for wasi_unstable.
#pragma once

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;

#ifdef SNAPSHOT0
#define WASI_MODULE "wasi_unstable"
#else
#define WASI_MODULE "wasi_snapshot_preview1"
#endif
#define IMPORT(name, ...) __attribute__((import_module(WASI_MODULE), import_name(#name))) int name(__VA_ARGS__)

struct iovec32 {
  const void* buf;
  u32 len;
};
struct fdstat {
  u8 filetype;
  u16 flags;
  u64 base, inheriting;
};
struct dirent_head {
  u64 next, ino;
  u32 namlen;
  u8 type;
};
struct prestat {
  u8 tag;
  u32 name_len;
};
struct event {
  u64 userdata;
  u16 error;
  u8 type;
  u64 nbytes;
  u16 flags;
};

#ifdef SNAPSHOT0
enum { WHENCE_CUR, WHENCE_END, WHENCE_SET };
struct filestat {
  u64 dev, ino;
  u8 filetype;
  u32 nlink;
  u64 size, atim, mtim, ctim;
};
struct subscription {
  u64 userdata;
  u8 tag;
  union {
    struct {
      u64 identifier;
      u32 id;
      u64 timeout, precision;
      u16 flags;
    } clock;
    u32 fd;
  };
};
_Static_assert(sizeof(struct filestat) == 56 && sizeof(struct subscription) == 56, "layouts of snapshot 0");
#else
enum { WHENCE_SET, WHENCE_CUR, WHENCE_END };
struct filestat {
  u64 dev, ino;
  u8 filetype;
  u64 nlink, size, atim, mtim, ctim;
};
struct subscription {
  u64 userdata;
  u8 tag;
  union {
    struct {
      u32 id;
      u64 timeout, precision;
      u16 flags;
    } clock;
    u32 fd;
  };
};
_Static_assert(sizeof(struct filestat) == 64 && sizeof(struct subscription) == 48, "layouts of preview1");
#endif
_Static_assert(sizeof(struct fdstat) == 24 && sizeof(struct event) == 32 && sizeof(struct dirent_head) == 24,
               "layouts");

enum { TYPE_UNKNOWN, TYPE_BLOCK, TYPE_CHARACTER, TYPE_DIRECTORY, TYPE_FILE, TYPE_DGRAM, TYPE_STREAM, TYPE_LINK };
enum { CLOCK_EVENT, FD_READ_EVENT, FD_WRITE_EVENT };
enum { O_CREATE = 1, O_DIR = 2, O_EXCLUSIVE = 4, O_TRUNCATE = 8 };
enum { FOLLOW = 1 };
enum { FLAG_APPEND = 1, FLAG_DSYNC = 2, FLAG_NONBLOCK = 4, FLAG_RSYNC = 8, FLAG_SYNC = 16 };
enum { SET_ATIM = 1, SET_ATIM_NOW = 2, SET_MTIM = 4, SET_MTIM_NOW = 8 };

#define RIGHT_DATASYNC (1ull << 0)
#define RIGHT_READ (1ull << 1)
#define RIGHT_SEEK (1ull << 2)
#define RIGHT_SET_FLAGS (1ull << 3)
#define RIGHT_SYNC (1ull << 4)
#define RIGHT_TELL (1ull << 5)
#define RIGHT_WRITE (1ull << 6)
#define RIGHT_ADVISE (1ull << 7)
#define RIGHT_ALLOCATE (1ull << 8)
#define RIGHT_PATH_OPEN (1ull << 13)
#define RIGHT_FILESTAT_GET (1ull << 21)
#define RIGHT_SET_SIZE (1ull << 22)
#define RIGHT_SET_TIMES (1ull << 23)
#define RIGHT_POLL (1ull << 27)
#define RIGHT_ACCEPT (1ull << 29)
#define ALL_RIGHTS ((1ull << 30) - 1)
#define FILE_RIGHTS                                                                                                    \
  (RIGHT_DATASYNC | RIGHT_READ | RIGHT_SEEK | RIGHT_SET_FLAGS | RIGHT_SYNC | RIGHT_TELL | RIGHT_WRITE | RIGHT_ADVISE | \
   RIGHT_ALLOCATE | RIGHT_FILESTAT_GET | RIGHT_SET_SIZE | RIGHT_SET_TIMES | RIGHT_POLL)
#define READ_RIGHTS (RIGHT_READ | RIGHT_SEEK | RIGHT_TELL | RIGHT_FILESTAT_GET | RIGHT_POLL)

IMPORT(args_get, void* argv, void* buffer);
IMPORT(args_sizes_get, void* count, void* size);
IMPORT(environ_get, void* environ, void* buffer);
IMPORT(environ_sizes_get, void* count, void* size);
IMPORT(clock_res_get, u32 id, void* resolution);
IMPORT(clock_time_get, u32 id, u64 precision, void* time);
IMPORT(fd_advise, u32 fd, u64 offset, u64 len, u32 advice);
IMPORT(fd_allocate, u32 fd, u64 offset, u64 len);
IMPORT(fd_close, u32 fd);
IMPORT(fd_datasync, u32 fd);
IMPORT(fd_fdstat_get, u32 fd, void* stat);
IMPORT(fd_fdstat_set_flags, u32 fd, u32 flags);
IMPORT(fd_fdstat_set_rights, u32 fd, u64 base, u64 inheriting);
IMPORT(fd_filestat_get, u32 fd, void* stat);
IMPORT(fd_filestat_set_size, u32 fd, u64 size);
IMPORT(fd_filestat_set_times, u32 fd, u64 atim, u64 mtim, u32 flags);
IMPORT(fd_pread, u32 fd, const void* iovs, u32 count, u64 offset, void* nread);
IMPORT(fd_prestat_get, u32 fd, void* prestat);
IMPORT(fd_prestat_dir_name, u32 fd, void* path, u32 len);
IMPORT(fd_pwrite, u32 fd, const void* iovs, u32 count, u64 offset, void* nwritten);
IMPORT(fd_read, u32 fd, const void* iovs, u32 count, void* nread);
IMPORT(fd_readdir, u32 fd, void* buf, u32 len, u64 cookie, void* used);
IMPORT(fd_renumber, u32 fd, u32 to);
IMPORT(fd_seek, u32 fd, i64 offset, u32 whence, void* position);
IMPORT(fd_sync, u32 fd);
IMPORT(fd_tell, u32 fd, void* position);
IMPORT(fd_write, u32 fd, const void* iovs, u32 count, void* nwritten);
IMPORT(path_create_directory, u32 fd, const void* path, u32 len);
IMPORT(path_filestat_get, u32 fd, u32 flags, const void* path, u32 len, void* stat);
IMPORT(path_filestat_set_times, u32 fd, u32 flags, const void* path, u32 len, u64 atim, u64 mtim, u32 fstflags);
IMPORT(path_link, u32 old_fd, u32 flags, const void* old_path, u32 old_len, u32 new_fd, const void* new_path,
       u32 new_len);
IMPORT(path_open, u32 fd, u32 lookup, const void* path, u32 len, u32 oflags, u64 base, u64 inheriting, u32 fdflags,
       void* opened);
IMPORT(path_readlink, u32 fd, const void* path, u32 len, void* buf, u32 buf_len, void* used);
IMPORT(path_remove_directory, u32 fd, const void* path, u32 len);
IMPORT(path_rename, u32 old_fd, const void* old_path, u32 old_len, u32 new_fd, const void* new_path, u32 new_len);
IMPORT(path_symlink, const void* target, u32 target_len, u32 fd, const void* path, u32 len);
IMPORT(path_unlink_file, u32 fd, const void* path, u32 len);
IMPORT(poll_oneoff, const void* in, void* out, u32 count, void* events);
__attribute__((import_module(WASI_MODULE), import_name("proc_exit"), noreturn)) void proc_exit(u32 code);
IMPORT(proc_raise, u32 signal);
IMPORT(sched_yield, void);
IMPORT(random_get, void* buf, u32 len);
IMPORT(sock_accept, u32 fd, u32 flags, void* connection);
IMPORT(sock_recv, u32 fd, const void* iovs, u32 count, u32 flags, void* nread, void* roflags);
IMPORT(sock_send, u32 fd, const void* iovs, u32 count, u32 flags, void* nwritten);
IMPORT(sock_shutdown, u32 fd, u32 how);
