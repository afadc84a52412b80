// poll_oneoff: waits for clocks and descriptors at once.
//
// Subscriptions are copied out of guest memory first. Those that are wrong in themselves (unknown descriptor, clock, missing
// right) become events with an error, and make the call return at once, as does everything that is always ready: files and
// streams in memory.
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "wasi/context.h"
#include "wasi/try.h"

namespace arris::wasi {
namespace {

// More subscriptions than there can be descriptors would only cost the host memory.
constexpr uint32_t kMaxSubscriptions = 65536;
// Realtime deadlines are looked at again this often, as that clock may be set.
constexpr uint64_t kRealtimeRecheckNs = 1'000'000'000;

struct Subscription {
  uint64_t userdata;
  EventType tag;
  uint32_t fd;
  uint32_t clock_id;
  uint64_t timeout;
  bool absolute;
  uint16_t bad_flags;
};

Subscription unpack(const auto& raw) {
  Subscription sub = {};
  sub.userdata = raw.userdata;
  sub.tag = raw.tag;
  if (raw.tag == EventType::clock) {
    sub.clock_id = raw.clock.id;
    sub.timeout = raw.clock.timeout;
    sub.absolute = raw.clock.flags & kSubclockAbstime;
    sub.bad_flags = raw.clock.flags & static_cast<uint16_t>(~kSubclockAbstime);
  } else {
    sub.fd = raw.fd;
  }
  return sub;
}

// What is waited for.
struct Clock {
  uint32_t subscription;
  bool realtime;
  uint64_t deadline_ns;  // of its clock
};
struct Waited {
  uint32_t subscription;
  FdTable::Handle handle;
};

uint64_t now_ns(clockid_t id) {
  timespec now;
  ::clock_gettime(id, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t saturating_add(uint64_t a, uint64_t b) { return a > ~uint64_t{0} - b ? ~uint64_t{0} : a + b; }

// Bytes that a read would give now.
uint64_t readable_bytes(Descriptor& descriptor) {
  if (descriptor.stream()) return descriptor.stream()->available();
  if (descriptor.is_regular()) {
    struct stat status;
    off_t position = ::lseek(descriptor.fd(), 0, SEEK_CUR);
    if (position < 0 || ::fstat(descriptor.fd(), &status) != 0 || position >= status.st_size) return 0;
    return static_cast<uint64_t>(status.st_size - position);
  }
  int count = 0;
  return ::ioctl(descriptor.fd(), FIONREAD, &count) == 0 && count > 0 ? static_cast<uint64_t>(count) : 0;
}

class Poll {
 public:
  Poll(Guest& guest, std::vector<Subscription> subscriptions)
      : guest_(guest), subscriptions_(std::move(subscriptions)) {}

  void add_clock(uint32_t index) {
    const Subscription& sub = subscriptions_[index];
    if (sub.bad_flags) return add_error(index, Errno::inval);
    if (sub.clock_id > kClockThreadCputime) return add_error(index, Errno::inval);
    if (sub.clock_id > kClockMonotonic)
      return add_error(index, Errno::notsup);  // processor time stands still while waiting
    bool realtime = sub.clock_id == kClockRealtime && sub.absolute;
    uint64_t deadline = sub.absolute ? sub.timeout : saturating_add(monotonic_now_ns(), sub.timeout);
    clocks_.push_back({index, realtime, deadline});
  }

  void add_fd(uint32_t index, Result<FdTable::Handle> handle) {
    if (!handle) return add_error(index, handle.error());
    Descriptor& descriptor = *handle->descriptor;
    if (descriptor.stream() || descriptor.is_regular() || descriptor.is_directory()) {
      bool reading = subscriptions_[index].tag == EventType::fd_read;
      add_event(index, Errno::success, reading ? readable_bytes(descriptor) : 0, 0);
      return;
    }
    waited_.push_back({index, std::move(*handle)});
  }

  void add_error(uint32_t index, Errno error) { add_event(index, error, 0, 0); }

  // Until there is an event.
  Errno run() {
    std::vector<pollfd> fds(waited_.size() + 1);
    for (size_t i = 0; i < waited_.size(); ++i) {
      bool reading = subscriptions_[waited_[i].subscription].tag == EventType::fd_read;
      fds[i] = {waited_[i].handle->fd(), static_cast<short>(reading ? POLLIN : POLLOUT), 0};
    }
    do {
      std::optional<uint64_t> deadline = events_.empty() ? next_deadline() : 0;
      switch (guest_.waker.wait(fds, deadline)) {
        case Waker::Result::interrupted: return guest_.interrupted();
        case Waker::Result::failed: return errno_from_host(errno);
        case Waker::Result::ready:
        case Waker::Result::timed_out: break;
      }
      for (size_t i = 0; i < waited_.size(); ++i) take_fd(waited_[i], fds[i].revents);
      for (const Clock& clock : clocks_) {
        uint64_t now = clock.realtime ? now_ns(CLOCK_REALTIME) : monotonic_now_ns();
        if (now >= clock.deadline_ns) add_event(clock.subscription, Errno::success, 0, 0);
      }
    } while (events_.empty());
    return Errno::success;
  }

  const std::vector<GuestEvent>& events() const { return events_; }

 private:
  void add_event(uint32_t index, Errno error, uint64_t nbytes, uint16_t flags) {
    const Subscription& sub = subscriptions_[index];
    events_.push_back({.userdata = sub.userdata, .error = error, .type = sub.tag, .nbytes = nbytes, .flags = flags});
  }

  void take_fd(const Waited& waited, short revents) {
    if (revents == 0) return;
    if (revents & POLLNVAL) return add_error(waited.subscription, Errno::badf);
    bool reading = subscriptions_[waited.subscription].tag == EventType::fd_read;
    uint16_t flags = revents & (POLLHUP | POLLERR) ? kEventHangup : 0;
    add_event(waited.subscription, Errno::success, reading ? readable_bytes(*waited.handle.descriptor) : 0, flags);
  }

  // Of CLOCK_MONOTONIC.
  std::optional<uint64_t> next_deadline() const {
    std::optional<uint64_t> next;
    for (const Clock& clock : clocks_) {
      uint64_t deadline = clock.deadline_ns;
      if (clock.realtime) {
        uint64_t now = now_ns(CLOCK_REALTIME);
        uint64_t left = deadline > now ? std::min(deadline - now, kRealtimeRecheckNs) : 0;
        deadline = saturating_add(monotonic_now_ns(), left);
      }
      next = next ? std::min(*next, deadline) : deadline;
    }
    return next;
  }

  Guest& guest_;
  std::vector<Subscription> subscriptions_;
  std::vector<Clock> clocks_;
  std::vector<Waited> waited_;
  std::vector<GuestEvent> events_;
};

template <class Raw>
Result<std::vector<Subscription>> read_subscriptions(const GuestMemory& memory, uint32_t in, uint32_t out,
                                                     uint32_t count, uint32_t nevents) {
  if (count == 0) return std::unexpected(Errno::inval);
  if (!memory.contains(in, uint64_t{count} * sizeof(Raw)) ||
      !memory.contains(out, uint64_t{count} * sizeof(GuestEvent)) || !memory.contains(nevents, 4))
    return std::unexpected(Errno::fault);
  if (count > kMaxSubscriptions) return std::unexpected(Errno::inval);
  std::vector<Subscription> subscriptions;
  subscriptions.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    Raw raw;
    std::memcpy(&raw, memory.at(in) + uint64_t{i} * sizeof raw, sizeof raw);
    subscriptions.push_back(unpack(raw));
  }
  return subscriptions;
}

// `require` gives the descriptor of a subscription if it has the rights.
Errno poll_all(Guest& guest, std::vector<Subscription> subscriptions, uint32_t out, uint32_t nevents, auto require) {
  Poll poll(guest, subscriptions);
  for (uint32_t i = 0; i < subscriptions.size(); ++i) {
    switch (subscriptions[i].tag) {
      case EventType::clock: poll.add_clock(i); break;
      case EventType::fd_read:
        poll.add_fd(i, require(subscriptions[i].fd, kRightPollFdReadwrite | kRightFdRead));
        break;
      case EventType::fd_write:
        poll.add_fd(i, require(subscriptions[i].fd, kRightPollFdReadwrite | kRightFdWrite));
        break;
      default: return Errno::inval;
    }
  }
  WASI_CHECK(poll.run());
  for (const GuestEvent& event : poll.events()) {
    if (!guest.memory.write(out, event)) return Errno::fault;
    out += sizeof event;
  }
  return guest.memory.write(nevents, static_cast<uint32_t>(poll.events().size())) ? Errno::success : Errno::fault;
}

}  // namespace

Errno WasiContext::poll_oneoff(Guest& guest, u32 in, u32 out, u32 nsubscriptions, u32 nevents) {
  auto subscriptions = WASI_TRY(read_subscriptions<GuestSubscription>(guest.memory, in, out, nsubscriptions, nevents));
  return poll_all(guest, std::move(subscriptions), out, nevents,
                  [this](u32 fd, Rights rights) { return require(fd, rights); });
}

Errno WasiContext::poll_oneoff_snapshot0(Guest& guest, u32 in, u32 out, u32 nsubscriptions, u32 nevents) {
  auto subscriptions =
      WASI_TRY(read_subscriptions<GuestSubscriptionSnapshot0>(guest.memory, in, out, nsubscriptions, nevents));
  return poll_all(guest, std::move(subscriptions), out, nevents,
                  [this](u32 fd, Rights rights) { return require(fd, rights); });
}

}  // namespace arris::wasi
