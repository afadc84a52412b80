// What is known of a descriptor, what may be changed about it. Standard input is a terminal.
#include "errnos.h"

static void advise(u32 file, u32 powerless) {
  for (u32 advice = 0; advice < 6; ++advice) IS(fd_advise(file, 0, 10, advice) == 0);
  T(SUCCESS, fd_advise, "will be needed", file, 0, 0, 3);
  T(EBADF, fd_advise, "not open", MISSING, 0, 10, 0);
  T(EINVAL, fd_advise, "no such advice", file, 0, 10, 6);
  T(EINVAL, fd_advise, "an offset of 2^63", file, 1ull << 63, 10, 0);
  T(EINVAL, fd_advise, "a length of 2^64 - 1", file, 0, ~0ull, 0);
  T(EISDIR, fd_advise, "a directory", BOX, 0, 10, 0);
  T(ENOTCAPABLE, fd_advise, "without the right", powerless, 0, 10, 0);
  T(ESPIPE, fd_advise, "a terminal", 0, 0, 10, 0);
}

static void allocate(u32 powerless) {
  u32 file = must_open_file("allocated");
  T(SUCCESS, fd_allocate, "grows", file, 0, 100);
  IS(size_of(file) == 100);
  T(SUCCESS, fd_allocate, "in the middle: the size stays", file, 10, 10);
  IS(size_of(file) == 100);
  T(SUCCESS, fd_allocate, "over the end", file, 90, 20);
  IS(size_of(file) == 110);
  IS(write_text(file, "x") == 1);
  T(SUCCESS, fd_allocate, "what is there stays", file, 0, 4096);
  char byte = 0;
  IS(fd_seek(file, 0, WHENCE_SET, &(u64){0}) == 0 && read_text(file, &byte, 1) == 1 && byte == 'x');
  T(EBADF, fd_allocate, "not open", MISSING, 0, 1);
  T(EBADF, fd_allocate, "open, but not for writing", must_open(BOX, "allocated", 0, RIGHT_ALLOCATE, 0), 0, 1);
  T(EINVAL, fd_allocate, "nothing", file, 0, 0);
  T(EINVAL, fd_allocate, "from 2^64 - 1", file, ~0ull, 1);
  T(EFBIG, fd_allocate, "up to 2^63", file, (1ull << 63) - 1, 1);
  T(EISDIR, fd_allocate, "a directory", BOX, 0, 1);
  T(ENOTCAPABLE, fd_allocate, "without the right", powerless, 0, 1);
  T(EROFS, fd_allocate, "beneath a read-only directory", must_open(RO, "seed", 0, RIGHT_ALLOCATE, 0), 0, 1);
  if (!getenv("NO_OTHER")) {
    u32 other = must_open(OTHER, "allocated", O_CREATE, FILE_RIGHTS, 0);
    T(ENOSPC, fd_allocate, "more than the file system has [other]", other, 0, 1ull << 39);
  }
  IS(size_of(file) == 4096);
}

static void closing(void) {
  u32 first = must_open_file("a"), second = must_open_file("b");
  IS(second == first + 1);
  T(SUCCESS, fd_close, "an open file", first);
  T(EBADF, fd_close, "closed already", first);
  IS(must_open_file("c") == first);  // the lowest free number
  T(EBADF, fd_close, "never open", MISSING);
  T(EBADF, fd_close, "descriptor 2^32 - 1", ENDLESS);
  T(SUCCESS, fd_close, "and another", second);
}

static void syncing(u32 file, u32 powerless) {
  T(SUCCESS, fd_sync, "a file", file);
  T(SUCCESS, fd_sync, "a directory", BOX);
  T(EBADF, fd_sync, "not open", MISSING);
  T(EINVAL, fd_sync, "a pipe", 1);
  T(ENOTCAPABLE, fd_sync, "without the right", powerless);
  T(SUCCESS, fd_datasync, "a file", file);
  T(SUCCESS, fd_datasync, "a directory", BOX);
  T(EBADF, fd_datasync, "not open", MISSING);
  T(EINVAL, fd_datasync, "a pipe", 1);
  T(ENOTCAPABLE, fd_datasync, "without the right", powerless);
}

static void fdstat(u32 powerless) {
  struct fdstat stat;
  u32 file = must_open(BOX, "stat", O_CREATE, FILE_RIGHTS, FLAG_APPEND | FLAG_SYNC);
  T(SUCCESS, fd_fdstat_get, "a file", file, &stat);
  IS(stat.filetype == TYPE_FILE && stat.flags == (FLAG_APPEND | FLAG_SYNC));
  IS(stat.base == FILE_RIGHTS && stat.inheriting == 0);
  T(SUCCESS, fd_fdstat_get, "a directory", BOX, &stat);
  IS(stat.filetype == TYPE_DIRECTORY && !(stat.base & (RIGHT_READ | RIGHT_WRITE)) && stat.inheriting == ALL_RIGHTS);
  T(SUCCESS, fd_fdstat_get, "a terminal", 0, &stat);
  IS(stat.filetype == TYPE_CHARACTER && !(stat.base & (RIGHT_SEEK | RIGHT_TELL)));  // so isatty() is true
  T(SUCCESS, fd_fdstat_get, "needs no right", powerless, &stat);
  IS(stat.base == 0);
  T(EBADF, fd_fdstat_get, "not open", MISSING, &stat);
  T(EFAULT, fd_fdstat_get, "result beyond memory", file, FAR);

  T(SUCCESS, fd_fdstat_set_flags, "append off, synchronised on", file, FLAG_DSYNC);
  IS(fd_fdstat_get(file, &stat) == 0 && stat.flags == FLAG_DSYNC);
  T(EBADF, fd_fdstat_set_flags, "not open", MISSING, 0);
  T(EINVAL, fd_fdstat_set_flags, "no such flag", file, 0x20);
  T(EINVAL, fd_fdstat_set_flags, "a flag beyond 16 bits", file, 0x10000);
  IS(fd_fdstat_get(file, &stat) == 0 && stat.flags == FLAG_DSYNC);
  T(ENOTCAPABLE, fd_fdstat_set_flags, "without the right", powerless, 0);
}

static void appending(void) {
  u32 file = must_open(BOX, "log", O_CREATE, FILE_RIGHTS, FLAG_APPEND);
  u64 position;
  IS(write_text(file, "one ") == 4);
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0 && write_text(file, "two ") == 4);
  IS(fd_tell(file, &position) == 0 && position == 8);
  u32 second = must_open(BOX, "log", 0, FILE_RIGHTS, 0);
  IS(fd_seek(second, 0, WHENCE_END, &position) == 0 && write_text(second, "three ") == 6);
  IS(write_text(file, "four") == 4);  // behind what the other wrote
  char text[32] = {0};
  IS(fd_seek(file, 0, WHENCE_SET, &position) == 0 && read_text(file, text, 31) == 18);
  IS(strcmp(text, "one two three four") == 0);
  IS(fd_fdstat_set_flags(file, 0) == 0 && fd_seek(file, 0, WHENCE_SET, &position) == 0 && write_text(file, "ONE") == 3);
  IS(fd_fdstat_set_flags(second, FLAG_APPEND) == 0 && write_text(second, "!") == 1);
  IS(size_of(file) == 19);
}

static void rights(void) {
  struct fdstat stat;
  u32 file = must_open_file("rights");
  T(SUCCESS, fd_fdstat_set_rights, "some taken away", file, RIGHT_SEEK | RIGHT_TELL | RIGHT_READ, 0);
  IS(fd_fdstat_get(file, &stat) == 0 && stat.base == (RIGHT_SEEK | RIGHT_TELL | RIGHT_READ));
  IS(write_text(file, "x") == -ENOTCAPABLE);
  T(SUCCESS, fd_fdstat_set_rights, "the same again", file, RIGHT_SEEK | RIGHT_TELL | RIGHT_READ, 0);
  T(ENOTCAPABLE, fd_fdstat_set_rights, "one taken back", file, RIGHT_SEEK | RIGHT_TELL | RIGHT_READ | RIGHT_WRITE, 0);
  T(ENOTCAPABLE, fd_fdstat_set_rights, "one it never had, others dropped", file, RIGHT_PATH_OPEN, 0);
  T(ENOTCAPABLE, fd_fdstat_set_rights, "to pass on what it does not have", file, RIGHT_SEEK, RIGHT_READ);
  T(ENOTCAPABLE, fd_fdstat_set_rights, "an undefined right", file, RIGHT_SEEK | 1ull << 40, 0);
  T(ENOTCAPABLE, fd_fdstat_set_rights, "2^64 - 1", file, ~0ull, ~0ull);
  IS(fd_fdstat_get(file, &stat) == 0 && stat.base == (RIGHT_SEEK | RIGHT_TELL | RIGHT_READ));  // unchanged by what failed
  T(EBADF, fd_fdstat_set_rights, "not open", MISSING, 0, 0);
  // What is opened beneath a directory is bounded by what that passes on; what was opened before keeps its rights.
  u32 dir = must_open_dir("."), earlier = must_open(dir, "rights", 0, FILE_RIGHTS, 0), opened;
  T(SUCCESS, fd_fdstat_set_rights, "a directory that passes on reading only", dir, RIGHT_PATH_OPEN, RIGHT_READ);
  IS(write_text(earlier, "x") == 1);
  R(SUCCESS, "path_open", "the rights that are passed on", path_open(dir, 0, "rights", 6, 0, RIGHT_READ, 0, 0, &opened));
  R(ENOTCAPABLE, "path_open", "more rights than are passed on",
    path_open(dir, 0, "rights", 6, 0, RIGHT_READ | RIGHT_WRITE, 0, 0, &opened));
  R(ENOTCAPABLE, "path_open", "to pass on more than is passed on",
    path_open(dir, 0, "rights", 6, 0, 0, RIGHT_WRITE, 0, &opened));
  R(ENOTCAPABLE, "path_open", "to create without the right",
    path_open(dir, 0, "rights-new", 10, O_CREATE, RIGHT_READ, 0, 0, &opened));
  R(ENOTCAPABLE, "path_open", "to truncate without the right",
    path_open(dir, 0, "rights", 6, O_TRUNCATE, RIGHT_READ, 0, 0, &opened));
  R(ENOTCAPABLE, "path_open", "synchronised without the right",
    path_open(dir, 0, "rights", 6, 0, RIGHT_READ, 0, FLAG_SYNC, &opened));
  IS(size_of(earlier) == 1);
  T(SUCCESS, fd_fdstat_set_rights, "nothing left", dir, 0, 0);
  R(ENOTCAPABLE, "path_open", "beneath a directory without the right", path_open(dir, 0, "rights", 6, 0, 0, 0, 0, &opened));
}

static void filestat(u32 powerless) {
  struct filestat stat, other;
  must_write_file("filestat", "12345");
  u32 file = must_open_file("filestat");
  IS(path_link(BOX, 0, "filestat", 8, BOX, "filestat2", 9) == 0);
  T(SUCCESS, fd_filestat_get, "a file", file, &stat);
  IS(stat.filetype == TYPE_FILE && stat.size == 5 && stat.nlink == 2 && stat.ino != 0);
  IS(stat.mtim > 1600000000000000000ull && stat.ctim >= stat.mtim);
  IS(path_filestat_get(BOX, 0, "filestat2", 9, &other) == 0 && other.ino == stat.ino && other.dev == stat.dev);
  T(SUCCESS, fd_filestat_get, "a directory", BOX, &stat);
  IS(stat.filetype == TYPE_DIRECTORY);
  T(EBADF, fd_filestat_get, "not open", MISSING, &stat);
  T(EFAULT, fd_filestat_get, "result beyond memory", file, FAR);
  T(ENOTCAPABLE, fd_filestat_get, "without the right", powerless, &stat);

  T(SUCCESS, fd_filestat_set_size, "longer", file, 100);
  IS(size_of(file) == 100);
  T(SUCCESS, fd_filestat_set_size, "shorter", file, 3);
  IS(size_of(file) == 3);
  T(EBADF, fd_filestat_set_size, "not open", MISSING, 0);
  T(EFBIG, fd_filestat_set_size, "2^64 - 1", file, ~0ull);
  T(EFBIG, fd_filestat_set_size, "more than the process may write", file, 1ull << 41);
  T(EINVAL, fd_filestat_set_size, "open, but not for writing", must_open(BOX, "filestat", 0, RIGHT_SET_SIZE, 0), 0);
  T(EISDIR, fd_filestat_set_size, "a directory", BOX, 0);
  T(ENOTCAPABLE, fd_filestat_set_size, "without the right", powerless, 0);
  T(EROFS, fd_filestat_set_size, "beneath a read-only directory", must_open(RO, "seed", 0, RIGHT_SET_SIZE, 0), 0);
  IS(size_of(file) == 3);

  T(SUCCESS, fd_filestat_set_times, "both", file, 1000000001, 2000000002, SET_ATIM | SET_MTIM);
  IS(fd_filestat_get(file, &stat) == 0 && stat.atim == 1000000001 && stat.mtim == 2000000002);
  T(SUCCESS, fd_filestat_set_times, "one to the present", file, 5, 5, SET_MTIM_NOW);
  IS(fd_filestat_get(file, &stat) == 0 && stat.atim == 1000000001 && stat.mtim > 1600000000000000000ull);
  T(SUCCESS, fd_filestat_set_times, "neither", file, 5, 5, 0);
  IS(fd_filestat_get(file, &other) == 0 && other.atim == stat.atim && other.mtim == stat.mtim);
  T(EBADF, fd_filestat_set_times, "not open", MISSING, 0, 0, 0);
  T(EINVAL, fd_filestat_set_times, "two access times", file, 0, 0, SET_ATIM | SET_ATIM_NOW);
  T(EINVAL, fd_filestat_set_times, "two modification times", file, 0, 0, SET_MTIM | SET_MTIM_NOW);
  T(EINVAL, fd_filestat_set_times, "no such flag", file, 0, 0, 0x10);
  T(ENOTCAPABLE, fd_filestat_set_times, "without the right", powerless, 0, 0, 0);
  T(EROFS, fd_filestat_set_times, "a read-only directory", RO, 0, 0, SET_MTIM);
  if (!getenv("NO_ROOT")) {
    u32 foreign = must_open(BOX, "foreign", 0, FILE_RIGHTS & ~RIGHT_WRITE, 0);
    T(EPERM, fd_filestat_set_times, "somebody else's file [root]", foreign, 0, 0, SET_MTIM);
    T(EACCES, fd_filestat_set_times, "somebody else's file, to the present [root]", foreign, 0, 0,
      SET_ATIM_NOW | SET_MTIM_NOW);
  }
}

static void prestat(u32 dir) {
  struct prestat stat = {9, 9};
  char name[8] = "zzzzzzz";
  T(SUCCESS, fd_prestat_get, "a granted directory", BOX, &stat);
  IS(stat.tag == 0 && stat.name_len == 4);
  T(EBADF, fd_prestat_get, "a directory that was opened", dir, &stat);
  T(EBADF, fd_prestat_get, "a standard stream", 0, &stat);
  T(EBADF, fd_prestat_get, "not open", MISSING, &stat);
  T(EFAULT, fd_prestat_get, "result beyond memory", BOX, (char*)ENDLESS - 6);
  T(SUCCESS, fd_prestat_dir_name, "a granted directory", BOX, name, 4);
  IS(memcmp(name, "/boxzzz", 8) == 0);
  T(EBADF, fd_prestat_dir_name, "a directory that was opened", dir, name, 4);
  T(EBADF, fd_prestat_dir_name, "not open", MISSING, name, 4);
  T(ENAMETOOLONG, fd_prestat_dir_name, "a buffer too short", BOX, name, 3);
  T(EFAULT, fd_prestat_dir_name, "a buffer beyond memory", BOX, (char*)ENDLESS - 1, 4);
}

static void renumber(void) {
  struct fdstat stat;
  struct prestat granted;
  u32 from = must_open_file("from"), to = must_open_file("to"), dir = must_open_dir(".");
  IS(fd_fdstat_set_rights(from, FILE_RIGHTS & ~RIGHT_SYNC, 0) == 0);
  T(SUCCESS, fd_renumber, "over an open file", from, to);
  T(EBADF, fd_close, "moved away", from);
  IS(fd_fdstat_get(to, &stat) == 0 && stat.base == (FILE_RIGHTS & ~RIGHT_SYNC));  // rights move along
  IS(write_text(to, "x") == 1 && size_of(to) == 1);
  struct filestat status;
  IS(path_filestat_get(BOX, 0, "to", 2, &status) == 0 && status.size == 0);  // the other file was left alone
  T(SUCCESS, fd_renumber, "onto itself", to, to);
  IS(size_of(to) == 1);
  T(EBADF, fd_renumber, "to a number that is not open", to, from);
  T(EBADF, fd_renumber, "from a number that is not open", MISSING, to);
  T(EBADF, fd_renumber, "to 2^32 - 1", to, ENDLESS);
  IS(size_of(to) == 1);
  T(SUCCESS, fd_renumber, "a granted directory away", LOCKED, dir);
  IS(fd_prestat_get(dir, &granted) == 0 && fd_prestat_get(LOCKED, &granted) == EBADF);
}

int main(void) {
  u32 file = must_open_file("file"), powerless = powerless_file("file");
  advise(file, powerless);
  allocate(powerless);
  closing();
  syncing(file, powerless);
  fdstat(powerless);
  appending();
  rights();
  filestat(powerless);
  prestat(must_open_dir("."));
  renumber();
  return finish();
}
