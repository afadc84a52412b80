#include "runtime/native_stack.h"

#include <algorithm>

namespace arris::runtime {

void NativeStack::locate(uintptr_t here, ExecutionContext& context) {
  thread_ = os::current_thread();
  range_ = os::current_thread_stack();
  if (here < range_.low || here >= range_.high) {
    range_ = {0, UINTPTR_MAX};  // not the thread's own stack
    thread_ = 0;                // look again next time
    context.native_stack_limit = 0;
    return;
  }
  uintptr_t reserve = std::clamp((range_.high - range_.low) / 8, kMinNativeReserveBytes, kMaxNativeReserveBytes);
  context.native_stack_limit = range_.low + reserve;
}

}  // namespace arris::runtime
