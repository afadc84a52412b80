// Waker: how a thread of the guest that waits in the host is stopped. One per Store.
//
// Every wait for a descriptor or for time goes through wait(), which polls the waker's own descriptor besides the caller's.
// wake() may be called from any thread and from signal handlers.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

namespace arris::wasi {

class Waker {
 public:
  // Tells whether the guest is asked to stop. Without one, wake() itself asks, until clear().
  using Requested = bool (*)(void* argument);

  Waker() = default;
  Waker(Requested requested, void* argument) : requested_(requested), argument_(argument) {}
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker();

  void wake();  // async-signal-safe
  void clear() { woken_.store(false); }
  bool stop_requested() const { return requested_ ? requested_(argument_) : woken_.load(); }

  enum class Result : uint8_t { ready, timed_out, interrupted, failed };
  // Polls all but the last of `fds`; the last one is the waker's own slot. Returns when one of them has revents, at the
  // deadline (nanoseconds of CLOCK_MONOTONIC; none: never), or when the guest is asked to stop.
  Result wait(std::span<pollfd> fds, std::optional<uint64_t> deadline_ns);
  // The same for one descriptor.
  Result wait_for(int fd, short events, std::optional<uint64_t> deadline_ns = std::nullopt);
  // Just time.
  Result sleep_for(uint64_t ns);

 private:
  bool ensure_fd();

  Requested requested_ = nullptr;
  void* argument_ = nullptr;
  std::atomic<bool> woken_ = false;
  std::atomic<int> fd_ = -1;  // an eventfd, made at the first wait: most programs never wait
};

uint64_t monotonic_now_ns();

}  // namespace arris::wasi
