#include <sys/socket.h>
#include <time.h>

#include <thread>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

class PollTest : public WasiTest {
 protected:
  static GuestSubscription clock(uint32_t id, uint64_t timeout, uint16_t flags = 0, uint64_t userdata = 77) {
    GuestSubscription sub = {};
    sub.userdata = userdata;
    sub.tag = EventType::clock;
    sub.clock.id = id;
    sub.clock.timeout = timeout;
    sub.clock.flags = flags;
    return sub;
  }
  static GuestSubscription on_fd(EventType tag, uint32_t fd, uint64_t userdata = 88) {
    GuestSubscription sub = {};
    sub.userdata = userdata;
    sub.tag = tag;
    sub.fd = fd;
    return sub;
  }
  Errno poll(const std::vector<GuestSubscription>& subs) {
    uint32_t in = alloc(static_cast<uint32_t>(subs.size() * sizeof(GuestSubscription)));
    std::memcpy(&bytes[in], subs.data(), subs.size() * sizeof(GuestSubscription));
    uint32_t output = alloc(static_cast<uint32_t>(subs.size() * sizeof(GuestEvent))), result = alloc(4);
    uint64_t before = monotonic_now_ns();
    Errno error = call(&WasiContext::poll_oneoff, in, output, subs.size(), result);
    elapsed_ns = monotonic_now_ns() - before;
    events.clear();
    if (error == Errno::success)
      for (uint32_t i = 0; i < get<uint32_t>(result); ++i)
        events.push_back(get<GuestEvent>(output + i * sizeof(GuestEvent)));
    return error;
  }
  void use_pipes() {
    int in[2], output[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
    pipe_in = OwnedFd(in[1]);
    pipe_out = OwnedFd(output[0]);
    WasiConfig with_pipes = config();
    with_pipes.stdin_stream = Stdio::from_fd(in[0]);
    with_pipes.stdout_stream = Stdio::from_fd(output[1]);
    make(std::move(with_pipes));
  }

  std::vector<GuestEvent> events;
  uint64_t elapsed_ns = 0;
  OwnedFd pipe_in, pipe_out;
};

constexpr uint64_t kMs = 1'000'000;

TEST_F(PollTest, RelativeClocksWait) {
  for (uint32_t id : {kClockMonotonic, kClockRealtime}) {
    ASSERT_EQ(poll({clock(id, 20 * kMs)}), Errno::success);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].userdata, 77u);
    EXPECT_EQ(events[0].error, Errno::success);
    EXPECT_EQ(events[0].type, EventType::clock);
    EXPECT_GE(elapsed_ns, 20 * kMs);
  }
}

TEST_F(PollTest, AbsoluteClocksWait) {
  ASSERT_EQ(poll({clock(kClockMonotonic, monotonic_now_ns() + 20 * kMs, kSubclockAbstime)}), Errno::success);
  EXPECT_GE(elapsed_ns, 19 * kMs);
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  uint64_t real = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  ASSERT_EQ(poll({clock(kClockRealtime, real + 20 * kMs, kSubclockAbstime)}), Errno::success);
  EXPECT_GE(elapsed_ns, 19 * kMs);
  ASSERT_EQ(poll({clock(kClockRealtime, 1, kSubclockAbstime)}), Errno::success);  // long past
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(PollTest, TheFirstOfSeveralClocksWins) {
  ASSERT_EQ(poll({clock(kClockMonotonic, ~uint64_t{0}, 0, 1), clock(kClockMonotonic, 10 * kMs, 0, 2),
                  clock(kClockMonotonic, 3600'000 * kMs, 0, 3)}),
            Errno::success);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 2u);
}

TEST_F(PollTest, BadSubscriptionsAreEventsWithErrors) {
  ASSERT_EQ(poll({clock(9, 0, 0, 1), clock(kClockProcessCputime, 0, 0, 2), clock(kClockMonotonic, 0, 2, 3),
                  on_fd(EventType::fd_read, kMissingFd, 4), on_fd(EventType::fd_write, 0, 5)}),
            Errno::success);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0].error, Errno::inval);
  EXPECT_EQ(events[1].error, Errno::notsup);
  EXPECT_EQ(events[2].error, Errno::inval);
  EXPECT_EQ(events[3].error, Errno::badf);
  EXPECT_EQ(events[3].type, EventType::fd_read);
  EXPECT_EQ(events[4].error, Errno::notcapable);
  EXPECT_EQ(events[4].userdata, 5u);
}

TEST_F(PollTest, ArgumentErrors) {
  uint32_t in = put_value(clock(kClockMonotonic, 0)), output = alloc(64), result = alloc(4);
  EXPECT_EQ(call(&WasiContext::poll_oneoff, in, output, 0, result), Errno::inval);
  EXPECT_EQ(call(&WasiContext::poll_oneoff, in, output, 0xFFFFFFFF, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::poll_oneoff, kOutOfBounds, output, 1, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::poll_oneoff, in, kOutOfBounds, 1, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::poll_oneoff, in, output, 1, kOutOfBounds), Errno::fault);
  EXPECT_EQ(poll({on_fd(static_cast<EventType>(3), 0)}), Errno::inval);
}

TEST_F(PollTest, FilesAndStreamsAreAlwaysReady) {
  write_host_file(temp / "box/file", "12345");
  uint32_t fd = open_rw("file", 0);
  ASSERT_EQ(seek(fd, 2, Whence::set), Errno::success);
  ASSERT_EQ(poll({on_fd(EventType::fd_read, fd, 1), on_fd(EventType::fd_write, fd, 2), on_fd(EventType::fd_read, 0, 3),
                  on_fd(EventType::fd_write, 1, 4), clock(kClockMonotonic, 3600'000 * kMs)}),
            Errno::success);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].nbytes, 3u);
  EXPECT_EQ(events[0].type, EventType::fd_read);
  EXPECT_EQ(events[1].type, EventType::fd_write);
  EXPECT_EQ(events[2].nbytes, 6u);
}

TEST_F(PollTest, PipesBecomeReady) {
  use_pipes();
  ASSERT_EQ(poll({on_fd(EventType::fd_read, 0), clock(kClockMonotonic, 10 * kMs)}), Errno::success);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, EventType::clock);
  ASSERT_EQ(::write(pipe_in.get(), "abc", 3), 3);
  ASSERT_EQ(
      poll({on_fd(EventType::fd_read, 0), clock(kClockMonotonic, 3600'000 * kMs), on_fd(EventType::fd_write, 1, 99)}),
      Errno::success);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, EventType::fd_read);
  EXPECT_EQ(events[0].nbytes, 3u);
  EXPECT_EQ(events[0].flags, 0);
  EXPECT_EQ(events[1].userdata, 99u);
  pipe_in.reset();
  pipe_out.reset();
  ASSERT_EQ(poll({on_fd(EventType::fd_read, 0), on_fd(EventType::fd_write, 1)}), Errno::success);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].flags, kEventHangup);
  EXPECT_EQ(events[1].flags, kEventHangup);
}

TEST_F(PollTest, RightsToPollAreNeeded) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(drop_rights(fd, kRightPollFdReadwrite), Errno::success);
  ASSERT_EQ(poll({on_fd(EventType::fd_read, fd)}), Errno::success);
  EXPECT_EQ(events[0].error, Errno::notcapable);
}

TEST_F(PollTest, WaitingIsInterrupted) {
  std::thread other([&] {
    ::usleep(20'000);
    waker.wake();
  });
  poll({clock(kClockMonotonic, 3600'000 * kMs)});
  EXPECT_EQ(end, Guest::End::interrupted);
  EXPECT_LT(elapsed_ns, 1000 * kMs);
  other.join();
}

TEST_F(PollTest, ManySubscriptionsAtOnce) {
  use_pipes();
  std::vector<GuestSubscription> subs(2000, on_fd(EventType::fd_read, 0));
  subs.push_back(clock(kClockMonotonic, kMs, 0, 5));
  ASSERT_EQ(poll(subs), Errno::success);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 5u);
}

TEST_F(PollTest, SubscriptionsOfSnapshot0HaveTheirOwnLayout) {
  GuestSubscriptionSnapshot0 subs[2] = {};
  subs[0].userdata = 1;
  subs[0].tag = EventType::clock;
  subs[0].clock.identifier = 5;
  subs[0].clock.id = kClockMonotonic;
  subs[0].clock.timeout = 5 * kMs;
  subs[1].userdata = 2;
  subs[1].tag = EventType::fd_read;
  subs[1].fd = kMissingFd;
  uint32_t in = put_value(subs), output = alloc(64), result = alloc(4);
  ASSERT_EQ(call(&WasiContext::poll_oneoff_snapshot0, in, output, 2, result), Errno::success);
  ASSERT_EQ(get<uint32_t>(result), 1u);
  EXPECT_EQ(get<GuestEvent>(output).userdata, 2u);
  EXPECT_EQ(get<GuestEvent>(output).error, Errno::badf);
  ASSERT_EQ(call(&WasiContext::poll_oneoff_snapshot0, in, output, 1, result), Errno::success);
  EXPECT_EQ(get<GuestEvent>(output).userdata, 1u);
  EXPECT_EQ(call(&WasiContext::poll_oneoff_snapshot0, in, output, 0, result), Errno::inval);
}

}  // namespace
}  // namespace arris::wasi
