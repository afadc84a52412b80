// WASI functions with pointers and lengths beyond memory: EFAULT, nothing else happens.
#include <wasi/api.h>

#include "check.h"

#define IS(call, expected)                                                                        \
  do {                                                                                            \
    int error_ = (call);                                                                          \
    if (error_ != (expected)) {                                                                   \
      printf("%s:%d: %s: %d, expected %s\n", __FILE_NAME__, __LINE__, #call, error_, #expected); \
      exit(1);                                                                                    \
    }                                                                                             \
  } while (0)

// The raw imports, with lengths the C wrappers do not give.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) int path_open(int, int, int, unsigned, int, long long,
                                                                                                 long long, int, int);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int raw_fd_write(int, int, unsigned, int);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("poll_oneoff"))) int raw_poll(int, int, unsigned, int);

int main(void) {
  void* far = (void*)0xFFFFFFF8;
  __wasi_size_t count;
  unsigned out[8];
  __wasi_ciovec_t one = {(const uint8_t*)"x", 1};
  __wasi_ciovec_t wild = {far, 100};
  __wasi_ciovec_t endless = {(const uint8_t*)16, 0xFFFFFFFF};
  IS(__wasi_fd_write(1, far, 1, &count), __WASI_ERRNO_FAULT);
  IS(__wasi_fd_write(1, &wild, 1, &count), __WASI_ERRNO_FAULT);
  IS(__wasi_fd_write(1, &endless, 1, &count), __WASI_ERRNO_FAULT);
  IS(__wasi_fd_write(1, &one, 1, far), __WASI_ERRNO_FAULT);
  IS(raw_fd_write(1, (int)&one, 0xFFFFFFFF, (int)&count), __WASI_ERRNO_FAULT);
  IS(raw_poll(0, 0, 0xFFFFFFFF, (int)&count), __WASI_ERRNO_FAULT);
  IS(raw_poll(0, 0, 0, (int)&count), __WASI_ERRNO_INVAL);
  IS(__wasi_random_get(far, 64), __WASI_ERRNO_FAULT);
  IS(__wasi_clock_time_get(0, 0, far + 4), __WASI_ERRNO_FAULT);
  IS(__wasi_args_get(far, far), __WASI_ERRNO_FAULT);
  IS(__wasi_fd_prestat_dir_name(3, far + 6, 4), __WASI_ERRNO_FAULT);
  IS(path_open(3, 0, (int)"file", 0xFFFFFFFF, 0, 0, 0, 0, (int)out), __WASI_ERRNO_FAULT);
  IS(path_open(3, 0, (int)"fi\0le", 5, 0, 0, 0, 0, (int)out), __WASI_ERRNO_INVAL);
  IS(path_open(3, 0, (int)"\xff", 1, 0, 0, 0, 0, (int)out), __WASI_ERRNO_ILSEQ);
  IS(path_open(3, 0, (int)"/file", 5, 0, 0, 0, 0, (int)out), __WASI_ERRNO_PERM);
  IS(path_open(99, 0, (int)"file", 4, 0, 0, 0, 0, (int)out), __WASI_ERRNO_BADF);
  puts("ok");
  return 0;
}
