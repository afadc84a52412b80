// WASI_TRY: in functions that return an Errno, the value of a Result, or return its error.
#pragma once

#include <utility>

#define WASI_TRY(...)                 \
  ({                                  \
    auto try_result_ = (__VA_ARGS__); \
    if (!try_result_) [[unlikely]]    \
      return try_result_.error();     \
    std::move(try_result_).value();   \
  })
// The same for an Errno.
#define WASI_CHECK(...)                                                                                    \
  do {                                                                                                     \
    if (::arris::wasi::Errno error_ = (__VA_ARGS__); error_ != ::arris::wasi::Errno::success) [[unlikely]] \
      return error_;                                                                                       \
  } while (0)
