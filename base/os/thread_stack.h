// The calling thread and its native stack.
#pragma once

#include <cstdint>

namespace arris::os {

using ThreadId = uintptr_t;
// Differs between threads that run at the same time; may be reused later.
ThreadId current_thread();

// [low, high) of the calling thread's own stack, without its guard pages; {0, 0} if the system does not tell. May be slow.
struct StackRange {
  uintptr_t low;
  uintptr_t high;
};
StackRange current_thread_stack();

}  // namespace arris::os
