#include "wasi/waker.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace arris::wasi {

uint64_t monotonic_now_ns() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Waker::~Waker() {
  int fd = fd_.load();
  if (fd >= 0) ::close(fd);
}

// The order matters: wake() sets the flag, then looks for the descriptor; wait() makes the descriptor, then looks at the flag
// (or at what sets it). One of the two sees the other.
void Waker::wake() {
  int saved = errno;
  woken_.store(true);
  int fd = fd_.load();
  if (fd >= 0) {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t ignored = ::write(fd, &one, sizeof one);
  }
  errno = saved;
}

bool Waker::ensure_fd() {
  if (fd_.load() >= 0) return true;
  int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return false;
  fd_.store(fd);
  return true;
}

Waker::Result Waker::wait(std::span<pollfd> fds, std::optional<uint64_t> deadline_ns) {
  if (!ensure_fd()) return Result::failed;
  pollfd& own = fds.back();
  while (true) {
    if (stop_requested()) return Result::interrupted;
    own = {fd_.load(), POLLIN, 0};
    timespec timeout = {};
    if (deadline_ns) {
      uint64_t now = monotonic_now_ns();
      uint64_t left = *deadline_ns > now ? *deadline_ns - now : 0;
      timeout = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    }
    int count = ::ppoll(fds.data(), fds.size(), deadline_ns ? &timeout : nullptr, nullptr);
    if (count < 0 && errno != EINTR) return Result::failed;
    if (count < 0) continue;
    if (own.revents) {
      // A request that was withdrawn meanwhile leaves nothing but the event: take it and go on waiting.
      uint64_t value;
      [[maybe_unused]] ssize_t ignored = ::read(own.fd, &value, sizeof value);
      if (stop_requested()) return Result::interrupted;
      --count;
      if (count == 0) continue;
    }
    return count > 0 ? Result::ready : Result::timed_out;
  }
}

Waker::Result Waker::wait_for(int fd, short events, std::optional<uint64_t> deadline_ns) {
  pollfd fds[2] = {{fd, events, 0}, {}};
  return wait(fds, deadline_ns);
}

Waker::Result Waker::sleep_for(uint64_t ns) {
  pollfd own[1] = {};
  uint64_t now = monotonic_now_ns();
  return wait(own, ns > ~uint64_t{0} - now ? ~uint64_t{0} : now + ns);
}

}  // namespace arris::wasi
