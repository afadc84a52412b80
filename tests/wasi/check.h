// For the guests of tests/wasi: a failed check says where and ends the program with 1.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                 \
  do {                                                                                                   \
    if (!(condition)) {                                                                                  \
      printf("%s:%d: %s (errno %d: %s)\n", __FILE_NAME__, __LINE__, #condition, errno, strerror(errno)); \
      exit(1);                                                                                           \
    }                                                                                                    \
  } while (0)

// The call fails with this errno.
#define FAILS(call, expected)                                                                                   \
  do {                                                                                                          \
    errno = 0;                                                                                                  \
    if ((call) != -1 || errno != (expected)) {                                                                  \
      printf("%s:%d: %s: errno %d (%s), expected %s\n", __FILE_NAME__, __LINE__, #call, errno, strerror(errno), \
             #expected);                                                                                        \
      exit(1);                                                                                                  \
    }                                                                                                           \
  } while (0)
