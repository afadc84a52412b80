#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // pthread_getattr_np, gettid
#endif
#include "base/os/thread_stack.h"

#include <pthread.h>

#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cstring>
#endif

namespace arris::os {

ThreadId current_thread() { return (ThreadId)::pthread_self(); }  // an integer or a pointer, by system

#if defined(__linux__)
namespace {

// The kernel keeps at least this much free below the first thread's stack whatever its limit was when the process started.
constexpr uintptr_t kMainStackGapBytes = uintptr_t{64} << 20;

// The stack of the process's first thread, from what the kernel told the process at its start: the path it was started from is
// the last thing on that stack. {0, 0} if in doubt (a limit of gigabytes or none; not the first thread).
StackRange main_thread_stack() {
  if (::getpid() != ::gettid()) return {0, 0};
  const auto* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  rlimit limit{};
  if (path == nullptr || ::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur > kMainStackGapBytes) return {0, 0};
  auto page = static_cast<uintptr_t>(::getauxval(AT_PAGESZ));
  uintptr_t high = (reinterpret_cast<uintptr_t>(path) + std::strlen(path) + page) & ~(page - 1);
  uintptr_t low = high - limit.rlim_cur;
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return here >= low && here < high ? StackRange{low, high} : StackRange{0, 0};
}

}  // namespace
#endif

StackRange current_thread_stack() {
#if defined(__linux__)
  // For the first thread the library reads and parses /proc/self/maps, a tenth of what starting a small program costs.
  if (StackRange range = main_thread_stack(); range.high != 0) return range;
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return {0, 0};
  void* address = nullptr;
  size_t size = 0;
  bool found = ::pthread_attr_getstack(&attributes, &address, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  if (!found) return {0, 0};
  auto low = reinterpret_cast<uintptr_t>(address);
  return {low, low + size};
#elif defined(__APPLE__)
  auto high = reinterpret_cast<uintptr_t>(::pthread_get_stackaddr_np(::pthread_self()));
  return {high - ::pthread_get_stacksize_np(::pthread_self()), high};
#else
  return {0, 0};
#endif
}

}  // namespace arris::os
