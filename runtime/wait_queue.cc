#include "runtime/wait_queue.h"

#include <algorithm>
#include <chrono>

#include "runtime/memory.h"

namespace arris::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

TrapCode check_access(const MemoryInstance& memory, uint64_t address, uint64_t bytes) {
  if (address % bytes != 0) return TrapCode::unaligned_atomic;
  uint64_t size = memory.size_bytes.load(std::memory_order_seq_cst);
  if (bytes > size || address > size - bytes) return TrapCode::out_of_bounds_memory_access;
  return TrapCode::none;
}

template <class T>
WaitResult atomic_wait(const ExecutionContext& context, MemoryInstance& memory, uint64_t address, T expected,
                       int64_t timeout_ns) {
  TrapCode trap = check_access(memory, address, sizeof(T));
  if (trap == TrapCode::none && !memory.shared) trap = TrapCode::expected_shared_memory;
  if (trap != TrapCode::none) return {trap, {}};
  auto* cell = reinterpret_cast<const T*>(memory.base + address);
  return memory.owner->wait_queue().wait(context, cell, address, expected, timeout_ns);
}

// When a wait that begins now ends; a deadline beyond the clock's range is none.
Clock::time_point deadline_after(int64_t timeout_ns) {
  Clock::time_point now = Clock::now();
  if (timeout_ns < 0 || nanoseconds(timeout_ns) > Clock::time_point::max() - now) return Clock::time_point::max();
  return now + nanoseconds(timeout_ns);
}

}  // namespace

struct WaitQueue::Waiter {
  uint64_t address;
  bool notified = false;
  std::condition_variable wake_up = {};
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
};

template <class T>
WaitResult WaitQueue::wait(const ExecutionContext& context, const T* cell, uint64_t address, T expected,
                           int64_t timeout_ns) {
  std::unique_lock lock(mutex_);
  if (__atomic_load_n(cell, __ATOMIC_SEQ_CST) != expected) return {TrapCode::none, WaitOutcome::not_equal};
  return park(context, lock, address, timeout_ns);
}
template WaitResult WaitQueue::wait(const ExecutionContext&, const uint32_t*, uint64_t, uint32_t, int64_t);
template WaitResult WaitQueue::wait(const ExecutionContext&, const uint64_t*, uint64_t, uint64_t, int64_t);

WaitResult WaitQueue::park(const ExecutionContext& context, std::unique_lock<std::mutex>& lock, uint64_t address,
                           int64_t timeout_ns) {
  Clock::time_point deadline = deadline_after(timeout_ns);
  Waiter self{.address = address};
  self.previous = last_;
  (last_ ? last_->next : first_) = &self;
  last_ = &self;
  for (;;) {
    // A notifier unlinks whom it wakes, under the lock.
    if (self.notified) return {TrapCode::none, WaitOutcome::ok};
    if (context.interrupt.load(std::memory_order_relaxed) & kInterruptStop) {
      unlink(self);
      return {TrapCode::interrupted, {}};
    }
    Clock::time_point now = Clock::now();
    if (now >= deadline) {
      unlink(self);
      return {TrapCode::none, WaitOutcome::timed_out};
    }
    self.wake_up.wait_until(lock, std::min(deadline, now + nanoseconds(kInterruptPollNs)));
  }
}

void WaitQueue::unlink(Waiter& waiter) {
  (waiter.previous ? waiter.previous->next : first_) = waiter.next;
  (waiter.next ? waiter.next->previous : last_) = waiter.previous;
}

uint32_t WaitQueue::notify(uint64_t address, uint32_t count) {
  std::lock_guard lock(mutex_);
  uint32_t woken = 0;
  for (Waiter* waiter = first_; waiter && woken < count;) {
    Waiter* next = waiter->next;
    if (waiter->address == address) {
      unlink(*waiter);
      waiter->notified = true;
      waiter->wake_up.notify_one();  // under the lock: afterwards the waiter may be gone
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

uint32_t WaitQueue::waiter_count() {
  std::lock_guard lock(mutex_);
  uint32_t count = 0;
  for (Waiter* waiter = first_; waiter; waiter = waiter->next) ++count;
  return count;
}

WaitResult memory_atomic_wait32(const ExecutionContext& context, MemoryInstance& memory, uint64_t address,
                                uint32_t expected, int64_t timeout_ns) {
  return atomic_wait(context, memory, address, expected, timeout_ns);
}

WaitResult memory_atomic_wait64(const ExecutionContext& context, MemoryInstance& memory, uint64_t address,
                                uint64_t expected, int64_t timeout_ns) {
  return atomic_wait(context, memory, address, expected, timeout_ns);
}

NotifyResult memory_atomic_notify(MemoryInstance& memory, uint64_t address, uint32_t count) {
  TrapCode trap = check_access(memory, address, sizeof(uint32_t));
  if (trap != TrapCode::none) return {trap, 0};
  return {TrapCode::none, memory.shared ? memory.owner->wait_queue().notify(address, count) : 0};
}

}  // namespace arris::runtime
