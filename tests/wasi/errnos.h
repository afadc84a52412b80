// For the guests errnos_*.c: a check per line of output, `FUNCTION ERRNO: what was done`. The lines are compared with
// NAME.expected; docs/wasi.md lists the errnos of each function, and errno_table.py holds the two against each other.
//
//   T(EBADF, fd_close, "not open", 99)            calls fd_close(99)
//   R(EBADF, "fd_close", "not open", fd_close(99))   the same for a value that is there already
//   IS(condition)                                 no errno, but part of the check above it
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

#define SUCCESS 0
#define FAR ((void*)0xFFFFFFF0)  // with anything longer than 16 bytes it ends beyond memory
#define ENDLESS 0xFFFFFFFFu

// What run_errnos.py grants, in this order.
enum { BOX = 3, RO = 4, OTHER = 5, DEV = 6, PROC = 7, LOCKED = 8, MISSING = 99 };

static int failures;

static void check_errno(const char* function, const char* expected_name, int expected, int actual, const char* what) {
  if (actual == expected) {
    printf("%s %s: %s\n", function, expected_name, what);
  } else {
    ++failures;
    printf("%s gave %d, not %s: %s\n", function, actual, expected_name, what);
  }
}

#define T(expected, function, what, ...) check_errno(#function, #expected, expected, function(__VA_ARGS__), what)
#define R(expected, name, what, value) check_errno(name, #expected, expected, value, what)
#define IS(condition)                                                     \
  do {                                                                    \
    if (!(condition)) {                                                   \
      ++failures;                                                         \
      printf("%s:%d: not so: %s\n", __FILE_NAME__, __LINE__, #condition); \
    }                                                                     \
  } while (0)

static int finish(void) {
  fflush(stdout);
  return failures ? 1 : 0;
}

// Shorthand for setting things up; what fails here ends the guest.
static u32 must_open(u32 dir, const char* path, u32 oflags, u64 rights, u32 fdflags) {
  u32 fd = ENDLESS;
  int error = path_open(dir, 0, path, strlen(path), oflags, rights, oflags & O_DIR ? ALL_RIGHTS : 0, fdflags, &fd);
  if (error != 0) {
    printf("cannot open %s: errno %d\n", path, error);
    fflush(stdout);
    exit(1);
  }
  return fd;
}
static inline u32 must_open_file(const char* path) { return must_open(BOX, path, O_CREATE, FILE_RIGHTS, 0); }
static inline u32 must_open_dir(const char* path) { return must_open(BOX, path, O_DIR, ALL_RIGHTS & ~RIGHT_WRITE, 0); }
// A descriptor without any right.
static inline u32 powerless_dir(void) { return must_open(BOX, ".", O_DIR, 0, 0); }
static inline u32 powerless_file(const char* path) { return must_open(BOX, path, O_CREATE, 0, 0); }
// The number of bytes written, or minus the errno.
static inline int write_text(u32 fd, const char* text) {
  struct iovec32 part = {text, strlen(text)};
  u32 written = 0;
  int error = fd_write(fd, &part, 1, &written);
  return error ? -error : (int)written;
}
static inline int read_text(u32 fd, char* buffer, u32 size) {
  struct iovec32 part = {buffer, size};
  u32 count = 0;
  int error = fd_read(fd, &part, 1, &count);
  return error ? -error : (int)count;
}
static inline void must_write_file(const char* path, const char* text) {
  u32 fd = must_open_file(path);
  IS(write_text(fd, text) == (int)strlen(text));
  fd_close(fd);
}
static inline u64 size_of(u32 fd) {
  struct filestat stat;
  return fd_filestat_get(fd, &stat) ? ~0ull : stat.size;
}
