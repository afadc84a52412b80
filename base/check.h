// CHECK and DCHECK guard our own invariants, never input: a failed one is a bug in Arris and ends the process.
#pragma once

namespace arris {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::arris::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) ((void)sizeof(!!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif

// TRY(expression) for std::expected: the value, or return the error from the enclosing function.
#define TRY(...)                                              \
  ({                                                          \
    auto try_result_ = (__VA_ARGS__);                         \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
    std::move(try_result_).value();                           \
  })
// The same for std::expected<void, E>.
#define TRY_VOID(...)                                         \
  do {                                                        \
    auto try_result_ = (__VA_ARGS__);                         \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
  } while (0)
