#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // pthread_getattr_np
#endif
#include "base/os/thread_stack.h"

#include <pthread.h>

namespace arris::os {

ThreadId current_thread() { return (ThreadId)::pthread_self(); }  // an integer or a pointer, by system

StackRange current_thread_stack() {
#if defined(__linux__)
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
