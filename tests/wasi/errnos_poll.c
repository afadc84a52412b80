// Waiting for clocks and descriptors. The box has a pipe, "fifo"; standard input is a pipe that stays empty and open.
#include "errnos.h"

enum { MS = 1000000, HOUR_MS = 3600000 };

static struct event events[8];
static u32 count;

static u64 now(u32 clock) {
  u64 time = 0;
  clock_time_get(clock, 0, &time);
  return time;
}
static struct subscription on_clock(u64 userdata, u32 id, u64 timeout, u16 flags) {
  struct subscription sub = {.userdata = userdata, .tag = CLOCK_EVENT};
  sub.clock.id = id;
  sub.clock.timeout = timeout;
  sub.clock.flags = flags;
  return sub;
}
static struct subscription on_fd(u64 userdata, u8 tag, u32 fd) {
  struct subscription sub = {.userdata = userdata, .tag = tag};
  sub.fd = fd;
  return sub;
}
static int poll_(u32 n, struct subscription* subs) {
  count = 99;
  memset(events, 0xAA, sizeof events);
  return poll_oneoff(subs, events, n, &count);
}
#define POLL(...) poll_(sizeof((struct subscription[]){__VA_ARGS__}) / sizeof(struct subscription), (struct subscription[]){__VA_ARGS__})
#define P(expected, what, ...) check_errno("poll_oneoff", #expected, expected, POLL(__VA_ARGS__), what)
// The errno of the only event.
static int event_error(int result) { return result ? result : count == 1 && events[0].userdata == 7 ? events[0].error : EIO; }
#define EVENT(expected, what, ...) \
  check_errno("poll_oneoff", #expected, expected, event_error(POLL(__VA_ARGS__)), "in the event: " what)

static void clocks(void) {
  static const char* kNames[] = {"relative, real time", "relative, monotonic"};
  static const char* kAbsolute[] = {"absolute, real time", "absolute, monotonic"};
  for (u32 id = 0; id < 2; ++id) {
    u64 start = now(1);
    P(SUCCESS, kNames[id], on_clock(7, id, 20 * MS, 0));
    IS(count == 1 && events[0].userdata == 7 && events[0].error == 0 && events[0].type == CLOCK_EVENT);
    IS(now(1) - start >= 20 * MS);
    start = now(1);
    P(SUCCESS, kAbsolute[id], on_clock(7, id, now(id) + 20 * MS, 1));
    IS(count == 1 && now(1) - start >= 19 * MS);
  }
  P(SUCCESS, "an absolute time that is past", on_clock(7, 0, 1, 1));
  P(SUCCESS, "no time at all", on_clock(7, 1, 0, 0));
  P(SUCCESS, "the first of several", on_clock(1, 1, ~0ull, 0), on_clock(2, 1, 10 * MS, 0), on_clock(3, 0, now(0) + HOUR_MS * 1000ull * MS, 1));
  IS(count == 1 && events[0].userdata == 2);
  P(SUCCESS, "several at once", on_clock(1, 1, 0, 0), on_clock(2, 0, 0, 0), on_clock(3, 1, ~0ull, 0));
  IS(count == 2 && events[0].userdata == 1 && events[1].userdata == 2);
  EVENT(EINVAL, "no such clock", on_clock(7, 4, 0, 0));
  EVENT(EINVAL, "no such flag of a clock", on_clock(7, 1, 0, 2));
  EVENT(ENOTSUP, "a clock of processor time", on_clock(7, 2, 0, 0));
}

static void descriptors(void) {
  u32 reader = must_open(BOX, "fifo", 0, READ_RIGHTS, FLAG_NONBLOCK);
  u32 writer = must_open(BOX, "fifo", 0, RIGHT_WRITE | RIGHT_POLL, FLAG_NONBLOCK);
  u64 start = now(1);
  P(SUCCESS, "an empty pipe and a clock: the clock", on_fd(1, FD_READ_EVENT, reader), on_clock(2, 1, 20 * MS, 0));
  IS(count == 1 && events[0].userdata == 2 && now(1) - start >= 20 * MS);
  P(SUCCESS, "a pipe that can be written, beside a late clock", on_clock(1, 0, now(0) + HOUR_MS * 1ull * MS, 1),
    on_fd(2, FD_WRITE_EVENT, writer), on_clock(3, 1, HOUR_MS * 1ull * MS, 0), on_fd(4, FD_READ_EVENT, reader));
  IS(count == 1 && events[0].userdata == 2 && events[0].type == FD_WRITE_EVENT);
  IS(write_text(writer, "12345") == 5);
  P(SUCCESS, "a pipe with something in it", on_fd(1, FD_READ_EVENT, reader), on_clock(2, 1, HOUR_MS * 1ull * MS, 0));
  IS(count == 1 && events[0].userdata == 1 && events[0].type == FD_READ_EVENT && events[0].nbytes == 5 && events[0].flags == 0);
  P(SUCCESS, "a pipe and a clock that are both ready", on_fd(1, FD_READ_EVENT, reader), on_clock(2, 1, 0, 0));
  IS(count == 2);
  P(SUCCESS, "the same descriptor twice", on_fd(1, FD_READ_EVENT, reader), on_fd(2, FD_READ_EVENT, reader));
  IS(count == 2 && events[1].userdata == 2);
  IS(fd_close(writer) == 0);
  char buffer[8];
  IS(read_text(reader, buffer, 8) == 5);
  P(SUCCESS, "a pipe whose writer is gone", on_fd(1, FD_READ_EVENT, reader));
  IS(count == 1 && events[0].error == 0 && events[0].nbytes == 0 && events[0].flags == 1);
  P(SUCCESS, "standard input that stays empty, and a clock", on_fd(1, FD_READ_EVENT, 0), on_clock(2, 1, MS, 0));
  IS(count == 1 && events[0].userdata == 2);

  must_write_file("file", "12345");
  u32 file = must_open_file("file");
  IS(fd_seek(file, 2, WHENCE_SET, &start) == 0);
  P(SUCCESS, "files are always ready", on_fd(1, FD_READ_EVENT, file), on_fd(2, FD_WRITE_EVENT, file), on_clock(3, 1, HOUR_MS * 1ull * MS, 0));
  IS(count == 2 && events[0].nbytes == 3 && events[1].userdata == 2);

  EVENT(EBADF, "not open", on_fd(7, FD_READ_EVENT, MISSING));
  EVENT(ENOTCAPABLE, "without the right to read", on_fd(7, FD_READ_EVENT, 1));
  EVENT(ENOTCAPABLE, "without the right to write", on_fd(7, FD_WRITE_EVENT, 0));
  EVENT(ENOTCAPABLE, "without the right to poll", on_fd(7, FD_READ_EVENT, must_open(BOX, "file", 0, RIGHT_READ, 0)));
  P(SUCCESS, "what is wrong ends the wait, beside what is not ready", on_fd(1, FD_READ_EVENT, MISSING), on_clock(2, 1, HOUR_MS * 1ull * MS, 0),
    on_fd(3, FD_READ_EVENT, 0));
  IS(count == 1 && events[0].userdata == 1 && events[0].error == EBADF);
}

static void arguments(void) {
  struct subscription one[2] = {on_clock(7, 1, 0, 0), on_clock(7, 1, 0, 0)};
  T(EINVAL, poll_oneoff, "no subscriptions", one, events, 0, &count);
  T(EFAULT, poll_oneoff, "2^32 - 1 subscriptions", one, events, ENDLESS, &count);
  T(EFAULT, poll_oneoff, "the subscriptions beyond memory", FAR, events, 1, &count);
  T(EFAULT, poll_oneoff, "the second subscription beyond memory", (char*)(__builtin_wasm_memory_size(0) * 65536) - sizeof *one, events, 2, &count);
  T(EFAULT, poll_oneoff, "the events beyond memory", one, FAR, 1, &count);
  T(EFAULT, poll_oneoff, "the count beyond memory", one, events, 1, (char*)ENDLESS - 2);
  P(EINVAL, "no such kind of subscription", on_fd(7, 3, 0));
  static struct subscription many[65537];
  static struct event answers[65537];
  for (int i = 0; i < 65537; ++i) many[i] = on_clock(i, 1, 0, 0);
  T(SUCCESS, poll_oneoff, "65536 subscriptions", many, answers, 65536, &count);
  IS(count == 65536 && answers[65535].userdata == 65535);
  T(EINVAL, poll_oneoff, "more subscriptions than descriptors there may be", many, answers, 65537, &count);
  // Events written over their own subscriptions, which were read before.
  static struct subscription over[2];
  over[0] = on_clock(1, 1, 0, 0);
  over[1] = on_clock(2, 1, 0, 0);
  T(SUCCESS, poll_oneoff, "the events over the subscriptions", over, over, 2, &count);
  IS(count == 2 && ((struct event*)over)[1].userdata == 2);
}

int main(void) {
  clocks();
  descriptors();
  arguments();
  return finish();
}
