// NativeStack: whether the calling thread's native stack has room for another invocation or host call. For Store.
//
// WebAssembly frames live on the value stack, so the native stack is used by nested invocations (host functions calling back),
// by host functions and by the runtime's helpers only. The limit is found once per thread and found again when the Store is
// used from another thread or the stack pointer is elsewhere than expected. On a stack that is not the thread's own (a
// coroutine's), nothing is known about it and there is no limit: its owner is in charge.
#pragma once

#include <cstdint>

#include "base/os/thread_stack.h"
#include "runtime/layout.h"

namespace arris::runtime {

// Left for host functions and helpers: an eighth of the stack within these bounds.
inline constexpr uintptr_t kMinNativeReserveBytes = 16 << 10;
inline constexpr uintptr_t kMaxNativeReserveBytes = 256 << 10;

class NativeStack {
 public:
  // Keeps context.native_stack_limit up to date.
  bool has_room(ExecutionContext& context) {
    auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    if (here < range_.low || here >= range_.high || os::current_thread() != thread_) [[unlikely]]
      locate(here, context);
    return here >= context.native_stack_limit;
  }

 private:
  void locate(uintptr_t here, ExecutionContext& context);

  os::StackRange range_{0, 0};
  os::ThreadId thread_ = 0;
};

}  // namespace arris::runtime
