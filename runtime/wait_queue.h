// WaitQueue: threads parked on addresses of one memory, and the instructions memory.atomic.wait32/64 and notify.
// For the interpreter and machine code's builtins. Spec: threads proposal, exec/runtime, wait and notify.
//
// Part of Memory, so "same memory, same address" is "same queue, same address". A waiter compares and parks under the queue's
// lock and a notifier takes that lock, so no notification is lost between the comparison and the parking. Waiters at one address
// are woken in the order they came.
// A blocked wait looks at its Store's interruption flag every kInterruptPollNs: who sets ExecutionContext::interrupt needs to know
// nothing about queues.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "runtime/layout.h"
#include "wasm/trap.h"

namespace arris::runtime {

inline constexpr int64_t kInterruptPollNs = 5'000'000;

// Results of the wait instructions.
enum class WaitOutcome : uint32_t { ok = 0, not_equal = 1, timed_out = 2 };

struct WaitResult {
  TrapCode trap;  // none: `outcome` is the instruction's result
  WaitOutcome outcome;
};

struct NotifyResult {
  TrapCode trap;
  uint32_t woken;
};

// `address` is the effective address (base plus offset; the caller has excluded overflow of the sum). A negative timeout waits
// for ever. Traps: unaligned_atomic, out_of_bounds_memory_access, expected_shared_memory, interrupted.
WaitResult memory_atomic_wait32(const ExecutionContext& context, MemoryInstance& memory, uint64_t address,
                                uint32_t expected, int64_t timeout_ns);
WaitResult memory_atomic_wait64(const ExecutionContext& context, MemoryInstance& memory, uint64_t address,
                                uint64_t expected, int64_t timeout_ns);
// Wakes at most `count` waiters; none on a memory that is not shared. Traps: unaligned_atomic, out_of_bounds_memory_access.
NotifyResult memory_atomic_notify(MemoryInstance& memory, uint64_t address, uint32_t count);

class WaitQueue {
 public:
  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  // Parks if the T at `cell` (the bytes of `address`) equals `expected`.
  template <class T>
  WaitResult wait(const ExecutionContext& context, const T* cell, uint64_t address, T expected, int64_t timeout_ns);
  uint32_t notify(uint64_t address, uint32_t count);
  // How many are parked, at any address.
  uint32_t waiter_count();

 private:
  struct Waiter;  // on the waiting thread's native stack
  WaitResult park(const ExecutionContext& context, std::unique_lock<std::mutex>& lock, uint64_t address,
                  int64_t timeout_ns);
  void unlink(Waiter& waiter);

  std::mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace arris::runtime
