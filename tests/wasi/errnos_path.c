// Everything that takes a path, once per resolver of the host side. Beneath the box lie (made by the host): fifo, socket,
// absolute -> /etc/passwd, outside -> ../outside, locked (no permissions), foreign (somebody else's), program (running).
#include "errnos.h"

// What every function says to these paths. CALL(dir, path, length) calls it; `side` tells the two paths of some apart.
#define BAD_PATHS(name, side, CALL)                                                                       \
  R(EBADF, name, side "in a directory that is not open", CALL(MISSING, "x", 1));                          \
  R(ENOTDIR, name, side "in a file", CALL(file, "x", 1));                                                 \
  R(ENOTDIR, name, side "through a file", CALL(BOX, "file/x", 6));                                        \
  R(EFAULT, name, side "beyond memory", CALL(BOX, FAR, 64));                                              \
  R(EFAULT, name, side "of 2^32 - 1 bytes", CALL(BOX, "x", ENDLESS));                                     \
  R(EINVAL, name, side "with a NUL", CALL(BOX, "fi\0le", 5));                                             \
  R(EILSEQ, name, side "not UTF-8", CALL(BOX, "\xff", 1));                                                \
  R(EILSEQ, name, side "an overlong slash", CALL(BOX, "a\xc0\xaf", 3));                                   \
  R(ENOENT, name, side "empty", CALL(BOX, "", 0));                                                        \
  R(ENOENT, name, side "through what does not exist", CALL(BOX, "missing/x", 9));                         \
  R(ENAMETOOLONG, name, side "a name of 300 bytes", CALL(BOX, long_path, 300));                           \
  R(ENAMETOOLONG, name, side "5000 bytes", CALL(BOX, long_path, 5000));                                   \
  R(ELOOP, name, side "through a link to itself", CALL(BOX, "loop/x", 6));                                \
  R(EPERM, name, side "upwards", CALL(BOX, "../outside/x", 12));                                          \
  R(EPERM, name, side "down and further upwards", CALL(BOX, "dir/../../outside/x", 19));                  \
  R(EPERM, name, side "absolute", CALL(BOX, "/etc/passwd", 11));                                          \
  R(EPERM, name, side "through a link that leads out", CALL(BOX, "outside/x", 9));                        \
  R(ENOTCAPABLE, name, side "in a directory without the right", CALL(powerless, "x", 1));                 \
  R(EACCES, name, side "in a directory that may not be searched", CALL(LOCKED, "x", 1))

static char long_path[5000];
static u32 file, powerless;
#define S(text) text, sizeof(text) - 1

static bool exists(const char* path) {
  struct filestat stat;
  return path_filestat_get(BOX, 0, path, strlen(path), &stat) == 0;
}
static u8 type_of(const char* path, u32 flags) {
  struct filestat stat;
  return path_filestat_get(BOX, flags, path, strlen(path), &stat) ? 99 : stat.filetype;
}

static void creating_directories(void) {
#define CALL(dir, path, length) path_create_directory(dir, path, length)
  BAD_PATHS("path_create_directory", "", CALL);
#undef CALL
  T(SUCCESS, path_create_directory, "new", BOX, S("new"));
  T(SUCCESS, path_create_directory, "with a slash behind it", BOX, S("new/slash/"));
  T(SUCCESS, path_create_directory, "through a link", BOX, S("dirlink/through"));
  IS(type_of("new/slash", 0) == TYPE_DIRECTORY && type_of("dir/through", 0) == TYPE_DIRECTORY);
  T(EEXIST, path_create_directory, "a directory is there", BOX, S("new"));
  T(EEXIST, path_create_directory, "a file is there", BOX, S("file"));
  T(EEXIST, path_create_directory, "a dangling link is there", BOX, S("dangling"));
  T(EROFS, path_create_directory, "beneath a read-only directory", RO, S("new"));
}

static void filestats(void) {
  struct filestat stat;
#define CALL(dir, path, length) path_filestat_get(dir, 0, path, length, &stat)
  BAD_PATHS("path_filestat_get", "", CALL);
#undef CALL
  T(SUCCESS, path_filestat_get, "a file", BOX, 0, S("file"), &stat);
  IS(stat.filetype == TYPE_FILE && stat.size == 8 && stat.nlink == 1);
  T(SUCCESS, path_filestat_get, "the directory itself", BOX, 0, S("."), &stat);
  IS(stat.filetype == TYPE_DIRECTORY);
  T(SUCCESS, path_filestat_get, "a link itself", BOX, 0, S("link"), &stat);
  IS(stat.filetype == TYPE_LINK && stat.size == 4);
  T(SUCCESS, path_filestat_get, "what a link leads to", BOX, FOLLOW, S("link"), &stat);
  IS(stat.filetype == TYPE_FILE && stat.size == 8);
  T(SUCCESS, path_filestat_get, "a link to a directory, with a slash", BOX, 0, S("dirlink/"), &stat);
  IS(stat.filetype == TYPE_DIRECTORY);
  T(SUCCESS, path_filestat_get, "a link that leads out, itself", BOX, 0, S("absolute"), &stat);
  IS(stat.filetype == TYPE_LINK);
  T(SUCCESS, path_filestat_get, "beneath a read-only directory", RO, 0, S("seed"), &stat);
  T(EFAULT, path_filestat_get, "result beyond memory", BOX, 0, S("file"), FAR);
  T(EINVAL, path_filestat_get, "no such lookup flag", BOX, 2, S("file"), &stat);
  T(ELOOP, path_filestat_get, "a link to itself, followed", BOX, FOLLOW, S("loop"), &stat);
  T(ENOENT, path_filestat_get, "a dangling link, followed", BOX, FOLLOW, S("dangling"), &stat);
  T(ENOTDIR, path_filestat_get, "a file with a slash", BOX, 0, S("file/"), &stat);
  T(EPERM, path_filestat_get, "a link to an absolute path, followed", BOX, FOLLOW, S("absolute"), &stat);
  T(EPERM, path_filestat_get, "the parent", BOX, 0, S(".."), &stat);
}

static void setting_times(void) {
  struct filestat stat;
#define CALL(dir, path, length) path_filestat_set_times(dir, 0, path, length, 0, 0, SET_MTIM)
  BAD_PATHS("path_filestat_set_times", "", CALL);
#undef CALL
  T(SUCCESS, path_filestat_set_times, "both", BOX, 0, S("file"), 1000000001, 2000000002, SET_ATIM | SET_MTIM);
  IS(path_filestat_get(BOX, 0, S("file"), &stat) == 0 && stat.atim == 1000000001 && stat.mtim == 2000000002);
  T(SUCCESS, path_filestat_set_times, "of a link itself", BOX, 0, S("link"), 0, 3000000003, SET_MTIM);
  IS(path_filestat_get(BOX, 0, S("link"), &stat) == 0 && stat.mtim == 3000000003);
  T(SUCCESS, path_filestat_set_times, "of what a link leads to", BOX, FOLLOW, S("link"), 0, 4000000004, SET_MTIM);
  IS(path_filestat_get(BOX, 0, S("file"), &stat) == 0 && stat.mtim == 4000000004 && stat.atim == 1000000001);
  T(SUCCESS, path_filestat_set_times, "a directory with a slash", BOX, 0, S("dir/"), 0, 0, SET_MTIM_NOW);
  T(EINVAL, path_filestat_set_times, "two modification times", BOX, 0, S("file"), 0, 0, SET_MTIM | SET_MTIM_NOW);
  T(EINVAL, path_filestat_set_times, "no such flag", BOX, 0, S("file"), 0, 0, 0x10);
  T(EINVAL, path_filestat_set_times, "no such lookup flag", BOX, 2, S("file"), 0, 0, SET_MTIM);
  T(ENOENT, path_filestat_set_times, "a dangling link, followed", BOX, FOLLOW, S("dangling"), 0, 0, SET_MTIM);
  T(ENOTDIR, path_filestat_set_times, "a file with a slash", BOX, 0, S("file/"), 0, 0, SET_MTIM);
  T(EPERM, path_filestat_set_times, "a link to an absolute path, followed", BOX, FOLLOW, S("absolute"), 0, 0, SET_MTIM);
  T(EROFS, path_filestat_set_times, "beneath a read-only directory", RO, 0, S("seed"), 0, 0, SET_MTIM);
  IS(path_filestat_get(BOX, 0, S("file"), &stat) == 0 && stat.mtim == 4000000004);
  if (!getenv("NO_ROOT")) {
    T(EPERM, path_filestat_set_times, "somebody else's file [root]", BOX, 0, S("foreign"), 0, 0, SET_MTIM);
    T(EACCES, path_filestat_set_times, "somebody else's file, to the present [root]", BOX, 0, S("foreign"), 0, 0,
      SET_ATIM_NOW | SET_MTIM_NOW);
  }
}

static void linking(void) {
#define CALL(dir, path, length) path_link(dir, 0, path, length, BOX, S("linked"))
  BAD_PATHS("path_link", "old path: ", CALL);
#undef CALL
#define CALL(dir, path, length) path_link(BOX, 0, S("file"), dir, path, length)
  BAD_PATHS("path_link", "new path: ", CALL);
#undef CALL
  IS(!exists("linked"));
  struct filestat stat;
  T(SUCCESS, path_link, "a file", BOX, 0, S("file"), BOX, S("dir/hard"));
  IS(path_filestat_get(BOX, 0, S("dir/hard"), &stat) == 0 && stat.nlink == 2 && stat.size == 8);
  T(SUCCESS, path_link, "a symbolic link itself", BOX, 0, S("link"), BOX, S("link2"));
  IS(type_of("link2", 0) == TYPE_LINK);
  T(SUCCESS, path_link, "what a link leads to", BOX, FOLLOW, S("link"), BOX, S("link3"));
  IS(type_of("link3", 0) == TYPE_FILE);
  T(EEXIST, path_link, "the new name is taken", BOX, 0, S("file"), BOX, S("link"));
  T(EEXIST, path_link, "onto the directory itself", BOX, 0, S("file"), BOX, S("."));
  T(EINVAL, path_link, "no such lookup flag", BOX, 2, S("file"), BOX, S("linked"));
  T(ENOENT, path_link, "no such file", BOX, 0, S("missing"), BOX, S("linked"));
  T(ENOENT, path_link, "to a new name with a slash", BOX, 0, S("file"), BOX, S("linked/"));
  T(ENOTDIR, path_link, "a file with a slash", BOX, 0, S("file/"), BOX, S("linked"));
  T(EPERM, path_link, "a directory", BOX, 0, S("dir"), BOX, S("linked"));
  T(EPERM, path_link, "a link to an absolute path, followed", BOX, FOLLOW, S("absolute"), BOX, S("linked"));
  T(EROFS, path_link, "out of a read-only directory", RO, 0, S("seed"), BOX, S("linked"));
  T(EROFS, path_link, "into a read-only directory", BOX, 0, S("file"), RO, S("linked"));
  if (!getenv("NO_OTHER")) T(EXDEV, path_link, "to another file system [other]", BOX, 0, S("file"), OTHER, S("linked"));
  IS(!exists("linked"));
}

static int open_(u32 dir, u32 lookup, const void* path, u32 length, u32 oflags, u64 rights, u32 fdflags, u32* opened) {
  u32 fd = ENDLESS;
  int error = path_open(dir, lookup, path, length, oflags, rights, 0, fdflags, &fd);
  if (opened) {
    *opened = fd;
  } else if (error == 0) {
    IS(fd_close(fd) == 0);
  }
  return error;
}

static void opening(void) {
#define OPEN(expected, what, ...) check_errno("path_open", #expected, expected, open_(__VA_ARGS__), what)
  u32 fd;
  struct fdstat stat;
  struct filestat status;
#define CALL(dir, path, length) open_(dir, 0, path, length, 0, READ_RIGHTS, 0, NULL)
  BAD_PATHS("path_open", "", CALL);
#undef CALL
  char text[16] = {0};
  OPEN(SUCCESS, "a file", BOX, 0, S("file"), 0, READ_RIGHTS, 0, &fd);
  IS(read_text(fd, text, 15) == 8 && strcmp(text, "contents") == 0 && fd_close(fd) == 0);
  OPEN(SUCCESS, "over dots and slashes", BOX, 0, S("dir/.//nested/../../dir///nested/./deep"), 0, READ_RIGHTS, 0, NULL);
  OPEN(SUCCESS, "through a link and back", BOX, 0, S("dirlink/nested/../nested/deep"), 0, READ_RIGHTS, 0, NULL);
  OPEN(SUCCESS, "what a link leads to", BOX, FOLLOW, S("link"), 0, READ_RIGHTS, 0, NULL);
  OPEN(SUCCESS, "new", BOX, 0, S("created"), O_CREATE | O_EXCLUSIVE, FILE_RIGHTS, 0, &fd);
  IS(write_text(fd, "12345") == 5 && fd_close(fd) == 0);
  OPEN(SUCCESS, "cut to nothing", BOX, 0, S("created"), O_TRUNCATE, FILE_RIGHTS, 0, &fd);
  IS(size_of(fd) == 0 && fd_close(fd) == 0);
  OPEN(SUCCESS, "what a dangling link leads to, created", BOX, FOLLOW, S("dangling"), O_CREATE, FILE_RIGHTS, 0, NULL);
  IS(exists("missing") && path_unlink_file(BOX, S("missing")) == 0);
  OPEN(SUCCESS, "a directory", BOX, 0, S("dir"), O_DIR, 0, 0, NULL);
  OPEN(SUCCESS, "a directory with slashes", BOX, 0, S("dir/nested///"), 0, 0, 0, NULL);
  OPEN(SUCCESS, "a link to a directory, with a slash", BOX, 0, S("dirlink/"), 0, 0, 0, NULL);
  OPEN(SUCCESS, "rights that mean nothing here are dropped", BOX, 0, S("file"), 0, ~RIGHT_WRITE, 0, &fd);
  IS(fd_fdstat_get(fd, &stat) == 0 && stat.base == (FILE_RIGHTS & ~RIGHT_WRITE) && fd_close(fd) == 0);
  OPEN(SUCCESS, "beneath a read-only directory", RO, 0, S("seed"), 0, READ_RIGHTS, 0, NULL);
  OPEN(EACCES, "a file that may not be read", BOX, 0, S("locked"), 0, READ_RIGHTS, 0, NULL);
  OPEN(EEXIST, "exclusively what is there", BOX, 0, S("file"), O_CREATE | O_EXCLUSIVE, FILE_RIGHTS, 0, NULL);
  OPEN(EEXIST, "exclusively where a dangling link is", BOX, FOLLOW, S("dangling"), O_CREATE | O_EXCLUSIVE, FILE_RIGHTS, 0, NULL);
  R(EFAULT, "path_open", "result beyond memory", path_open(BOX, 0, S("file"), 0, 0, 0, 0, (char*)ENDLESS - 2));
  R(EFAULT, "path_open", "result beyond memory: nothing is created",
    path_open(BOX, 0, S("unborn"), O_CREATE, FILE_RIGHTS, 0, 0, (char*)ENDLESS - 2));
  IS(!exists("unborn"));
  OPEN(EINVAL, "no such lookup flag", BOX, 2, S("file"), 0, 0, 0, NULL);
  OPEN(EINVAL, "no such open flag", BOX, 0, S("file"), 0x10, 0, 0, NULL);
  OPEN(EINVAL, "no such descriptor flag", BOX, 0, S("file"), 0, 0, 0x20, NULL);
  OPEN(EINVAL, "a directory to be created", BOX, 0, S("unborn"), O_CREATE | O_DIR, 0, 0, NULL);
  OPEN(EISDIR, "a directory to be written", BOX, 0, S("dir"), 0, FILE_RIGHTS, 0, NULL);
  OPEN(EISDIR, "a name with a slash to be created", BOX, 0, S("unborn/"), O_CREATE, FILE_RIGHTS, 0, NULL);
  OPEN(ELOOP, "a link, not followed", BOX, 0, S("link"), 0, READ_RIGHTS, 0, NULL);
  OPEN(ELOOP, "a link to itself, followed", BOX, FOLLOW, S("loop"), 0, READ_RIGHTS, 0, NULL);
  OPEN(ENOENT, "what does not exist", BOX, 0, S("missing"), 0, READ_RIGHTS, 0, NULL);
  OPEN(ENOENT, "a dangling link, followed", BOX, FOLLOW, S("dangling"), 0, READ_RIGHTS, 0, NULL);
  OPEN(ENOTDIR, "a file as a directory", BOX, 0, S("file"), O_DIR, 0, 0, NULL);
  OPEN(ENOTDIR, "a file with a slash", BOX, 0, S("file/"), 0, 0, 0, NULL);
  OPEN(ENXIO, "a pipe that nobody reads, to be written without blocking", BOX, 0, S("fifo"), 0, RIGHT_WRITE, FLAG_NONBLOCK, NULL);
  OPEN(ENXIO, "a socket", BOX, 0, S("socket"), 0, READ_RIGHTS, 0, NULL);
  OPEN(EPERM, "the parent", BOX, 0, S(".."), O_DIR, 0, 0, NULL);
  OPEN(EPERM, "the root", BOX, 0, S("/"), O_DIR, 0, 0, NULL);
  OPEN(EPERM, "a link to an absolute path, followed", BOX, FOLLOW, S("absolute"), 0, READ_RIGHTS, 0, NULL);
  OPEN(EPERM, "a link that leads out, created through", BOX, FOLLOW, S("outside/new"), O_CREATE, FILE_RIGHTS, 0, NULL);
  OPEN(EROFS, "to write beneath a read-only directory", RO, 0, S("seed"), 0, FILE_RIGHTS, 0, NULL);
  OPEN(EROFS, "to cut a file beneath a read-only directory", RO, 0, S("seed"), O_TRUNCATE, READ_RIGHTS, 0, NULL);
  OPEN(EROFS, "new beneath a read-only directory", RO, 0, S("new"), O_CREATE, READ_RIGHTS, 0, NULL);
  OPEN(ETXTBSY, "a running program, to be written", BOX, 0, S("program"), 0, FILE_RIGHTS, 0, NULL);
  // The magic links of /proc lead nowhere, even if the host grants the folder they lie in.
  static const char* kMagic[] = {"root/etc/passwd", "root", "cwd", "cwd/x", "exe", "fd/0", "fd/3", "fd/3/../outside/secret"};
  for (unsigned i = 0; i < sizeof kMagic / sizeof *kMagic; ++i) {
    int stopped = open_(PROC, FOLLOW, kMagic[i], strlen(kMagic[i]), 0, 0, 0, NULL);
    IS(stopped == ELOOP || stopped == EPERM || stopped == ENOENT);
  }
  // As many as there may be; then one less is enough again.
  u32 last = ENDLESS;
  int error;
  while ((error = open_(BOX, 0, S("file"), 0, READ_RIGHTS, 0, &fd)) == 0) last = fd;
  R(EMFILE, "path_open", "more than the process may open", error);
  IS(last != ENDLESS && fd_close(last) == 0 && open_(BOX, 0, S("file"), 0, READ_RIGHTS, 0, &fd) == 0 && fd == last);
  for (u32 opened = powerless + 1; opened <= last; ++opened) IS(fd_close(opened) == 0);
  IS(path_filestat_get(RO, 0, S("seed"), &status) == 0 && status.size == 4);
}

static void reading_links(void) {
  char target[16] = "zzzzzzzzzzzzzzz";
  u32 used;
#define CALL(dir, path, length) path_readlink(dir, path, length, target, sizeof target, &used)
  BAD_PATHS("path_readlink", "", CALL);
#undef CALL
  T(SUCCESS, path_readlink, "a link", BOX, S("link"), target, sizeof target, &used);
  IS(used == 4 && memcmp(target, "filezzz", 7) == 0);
  T(SUCCESS, path_readlink, "more than the buffer takes", BOX, S("link"), target, 2, &used);
  IS(used == 2);
  T(SUCCESS, path_readlink, "a link that leads out", BOX, S("outside"), target, sizeof target, &used);
  IS(used == 10 && memcmp(target, "../outside", 10) == 0);
  T(SUCCESS, path_readlink, "beneath a read-only directory", RO, S("link"), target, sizeof target, &used);
  T(EFAULT, path_readlink, "the buffer beyond memory", BOX, S("link"), FAR, 64, &used);
  T(EFAULT, path_readlink, "a buffer of 2^32 - 1 bytes", BOX, S("link"), target, ENDLESS, &used);
  T(EFAULT, path_readlink, "the count beyond memory", BOX, S("link"), target, 16, (char*)ENDLESS - 2);
  T(EINVAL, path_readlink, "a file", BOX, S("file"), target, sizeof target, &used);
  T(EINVAL, path_readlink, "a directory", BOX, S("dir"), target, sizeof target, &used);
  T(EINVAL, path_readlink, "a link with a slash: what it leads to", BOX, S("dirlink/"), target, sizeof target, &used);
  T(ENOENT, path_readlink, "what does not exist", BOX, S("missing"), target, sizeof target, &used);
}

static void removing(void) {
#define CALL(dir, path, length) path_remove_directory(dir, path, length)
  BAD_PATHS("path_remove_directory", "", CALL);
#undef CALL
  IS(path_create_directory(BOX, S("a")) == 0 && path_create_directory(BOX, S("a/b")) == 0);
  T(SUCCESS, path_remove_directory, "an empty one", BOX, S("a/b"));
  T(SUCCESS, path_remove_directory, "with a slash", BOX, S("a/"));
  IS(!exists("a"));
  T(EINVAL, path_remove_directory, "the directory itself", BOX, S("."));
  T(ENOENT, path_remove_directory, "what does not exist", BOX, S("missing"));
  T(ENOTDIR, path_remove_directory, "a file", BOX, S("file"));
  T(ENOTDIR, path_remove_directory, "a link to a directory", BOX, S("dirlink"));
  T(ENOTEMPTY, path_remove_directory, "one with entries", BOX, S("dir"));
  T(EROFS, path_remove_directory, "beneath a read-only directory", RO, S("dir"));

#define CALL(dir, path, length) path_unlink_file(dir, path, length)
  BAD_PATHS("path_unlink_file", "", CALL);
#undef CALL
  must_write_file("short-lived", "x");
  u32 kept = must_open_file("short-lived");
  T(SUCCESS, path_unlink_file, "a file that is open", BOX, S("short-lived"));
  IS(!exists("short-lived") && size_of(kept) == 1 && fd_close(kept) == 0);
  T(SUCCESS, path_unlink_file, "a link, not what it leads to", BOX, S("link2"));
  IS(exists("file"));
  T(SUCCESS, path_unlink_file, "a link that leads out, itself", BOX, S("outside2"));
  T(EISDIR, path_unlink_file, "a directory", BOX, S("dir"));
  T(EISDIR, path_unlink_file, "the directory itself", BOX, S("."));
  T(ENOENT, path_unlink_file, "what does not exist", BOX, S("missing"));
  T(ENOTDIR, path_unlink_file, "a file with a slash", BOX, S("file/"));
  T(EROFS, path_unlink_file, "beneath a read-only directory", RO, S("seed"));
}

static void renaming(void) {
#define CALL(dir, path, length) path_rename(dir, path, length, BOX, S("renamed"))
  BAD_PATHS("path_rename", "old path: ", CALL);
#undef CALL
#define CALL(dir, path, length) path_rename(BOX, S("file"), dir, path, length)
  BAD_PATHS("path_rename", "new path: ", CALL);
#undef CALL
  IS(exists("file") && !exists("renamed"));
  must_write_file("r1", "1");
  must_write_file("r2", "22");
  IS(path_create_directory(BOX, S("d1")) == 0 && path_create_directory(BOX, S("d2")) == 0 &&
     path_create_directory(BOX, S("d2/full")) == 0);
  T(SUCCESS, path_rename, "over a file", BOX, S("r1"), BOX, S("r2"));
  IS(!exists("r1") && exists("r2"));
  T(SUCCESS, path_rename, "into a directory that was opened", BOX, S("r2"), must_open_dir("d2"), S("r3"));
  IS(exists("d2/r3"));
  T(SUCCESS, path_rename, "a directory, with slashes", BOX, S("d1/"), BOX, S("d3/"));
  T(SUCCESS, path_rename, "a link, not what it leads to", BOX, S("link3"), BOX, S("link4"));
  T(SUCCESS, path_rename, "a directory over an empty one", BOX, S("d2"), BOX, S("d3"));
  IS(exists("d3/full") && !exists("d2"));
  T(EBUSY, path_rename, "the directory itself", BOX, S("."), BOX, S("renamed"));
  T(EBUSY, path_rename, "over the directory itself", BOX, S("file"), BOX, S("d3/.."));
  T(EINVAL, path_rename, "a directory into itself", BOX, S("d3"), BOX, S("d3/full/d3"));
  T(EISDIR, path_rename, "a file over a directory", BOX, S("file"), BOX, S("d3"));
  T(ENOENT, path_rename, "what does not exist", BOX, S("missing"), BOX, S("renamed"));
  T(ENOTDIR, path_rename, "a directory over a file", BOX, S("d3"), BOX, S("file"));
  T(ENOTDIR, path_rename, "a file with a slash", BOX, S("file/"), BOX, S("renamed"));
  T(ENOTDIR, path_rename, "a file to a name with a slash", BOX, S("file"), BOX, S("renamed/"));
  T(ENOTEMPTY, path_rename, "a directory over one with entries", BOX, S("dir"), BOX, S("d3"));
  T(EROFS, path_rename, "out of a read-only directory", RO, S("seed"), BOX, S("renamed"));
  T(EROFS, path_rename, "into a read-only directory", BOX, S("file"), RO, S("renamed"));
  if (!getenv("NO_OTHER")) T(EXDEV, path_rename, "to another file system [other]", BOX, S("file"), OTHER, S("renamed"));
  IS(exists("file") && !exists("renamed"));
}

static void symbolic_links(void) {
#define CALL(dir, path, length) path_symlink(S("file"), dir, path, length)
  BAD_PATHS("path_symlink", "", CALL);
#undef CALL
  T(SUCCESS, path_symlink, "to a file", S("file"), BOX, S("soft"));
  IS(type_of("soft", FOLLOW) == TYPE_FILE);
  T(SUCCESS, path_symlink, "to what does not exist", S("../x/./y"), BOX, S("dir/soft"));
  T(EEXIST, path_symlink, "the name is taken", S("file"), BOX, S("soft"));
  T(EEXIST, path_symlink, "onto the directory itself", S("file"), BOX, S("."));
  T(EFAULT, path_symlink, "a target beyond memory", FAR, 64, BOX, S("softer"));
  T(EFAULT, path_symlink, "a target of 2^32 - 1 bytes", "x", ENDLESS, BOX, S("softer"));
  T(EILSEQ, path_symlink, "a target that is not UTF-8", S("\xff"), BOX, S("softer"));
  T(EINVAL, path_symlink, "a target with a NUL", S("a\0b"), BOX, S("softer"));
  T(ENAMETOOLONG, path_symlink, "a target of 5000 bytes", long_path, 5000, BOX, S("softer"));
  T(ENOENT, path_symlink, "an empty target", "", 0, BOX, S("softer"));
  T(ENOENT, path_symlink, "a new name with a slash", S("file"), BOX, S("softer/"));
  T(EPERM, path_symlink, "an absolute target", S("/etc/passwd"), BOX, S("softer"));
  T(EROFS, path_symlink, "beneath a read-only directory", S("file"), RO, S("softer"));
  IS(!exists("softer"));
}

int main(void) {
  memset(long_path, 'x', sizeof long_path);
  must_write_file("file", "contents");
  IS(path_create_directory(BOX, S("dir")) == 0 && path_create_directory(BOX, S("dir/nested")) == 0);
  must_write_file("dir/nested/deep", "deep");
  IS(path_symlink(S("file"), BOX, S("link")) == 0 && path_symlink(S("dir"), BOX, S("dirlink")) == 0);
  IS(path_symlink(S("loop"), BOX, S("loop")) == 0 && path_symlink(S("missing"), BOX, S("dangling")) == 0);
  file = must_open_file("file");
  powerless = powerless_dir();
  creating_directories();
  filestats();
  setting_times();
  linking();
  opening();
  reading_links();
  removing();
  renaming();
  symbolic_links();
  return finish();
}
