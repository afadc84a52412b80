// Clocks, sleeping, and standard input as seen by poll.
#include <poll.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static double now(clockid_t clock) {
  struct timespec time;
  CHECK(clock_gettime(clock, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void) {
  double start = now(CLOCK_MONOTONIC);
  CHECK(usleep(20000) == 0);
  double slept = now(CLOCK_MONOTONIC) - start;
  CHECK(slept >= 0.02 && slept < 5);
  CHECK(now(CLOCK_REALTIME) > 1.6e9);
  struct timespec resolution;
  CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
  CHECK(sched_yield() == 0);
  struct pollfd fds[2] = {{0, POLLRDNORM, 0}, {1, POLLWRNORM, 0}};
  CHECK(poll(fds, 2, 5000) == 2);
  char line[16] = {0};
  CHECK(read(0, line, sizeof line) == 6 && strcmp(line, "typed\n") == 0);
  CHECK(read(0, line, sizeof line) == 0);
  puts("ok");
  return 0;
}
