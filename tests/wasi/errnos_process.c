// Arguments, environment, clocks, randomness, the process. Run with the arguments "one" and "" and the variables A=1, EMPTY=.
#include "errnos.h"

static void strings(void) {
  u32 count, size;
  char* pointers[8];
  char buffer[4096];
  T(SUCCESS, args_sizes_get, "their number and bytes", &count, &size);
  IS(count == 3 && size < sizeof buffer);
  T(EFAULT, args_sizes_get, "the number beyond memory", (char*)ENDLESS - 2, &size);
  T(EFAULT, args_sizes_get, "the size beyond memory", &count, (char*)ENDLESS - 2);
  T(SUCCESS, args_get, "the strings", pointers, buffer);
  IS(strcmp(pointers[1], "one") == 0 && strcmp(pointers[2], "") == 0);
  IS(pointers[2] + 1 == buffer + size);
  pointers[0] = NULL;
  T(EFAULT, args_get, "pointers beyond memory", (char*)ENDLESS - 4, buffer);
  T(EFAULT, args_get, "strings beyond memory", pointers, (char*)ENDLESS);
  IS(pointers[0] == NULL);

  T(SUCCESS, environ_sizes_get, "their number and bytes", &count, &size);
  IS(count == 2 && size == 4 + 7);
  T(EFAULT, environ_sizes_get, "the number beyond memory", (char*)ENDLESS - 2, &size);
  T(EFAULT, environ_sizes_get, "the size beyond memory", &count, (char*)ENDLESS - 2);
  T(SUCCESS, environ_get, "the strings", pointers, buffer);
  IS(memcmp(buffer, "A=1\0EMPTY=\0", 11) == 0 && pointers[1] == buffer + 4);
  T(EFAULT, environ_get, "pointers beyond memory", (char*)ENDLESS - 4, buffer);
  T(EFAULT, environ_get, "strings beyond memory", pointers, (char*)ENDLESS);
}

static void clocks(void) {
  u64 time, later;
  for (u32 id = 0; id < 4; ++id) {
    static const char* kNames[] = {"real time", "monotonic", "of the process", "of the thread"};
    T(SUCCESS, clock_res_get, kNames[id], id, &time);
    IS(time > 0 && time < 1000000000);
    T(SUCCESS, clock_time_get, kNames[id], id, 1, &time);
    IS(clock_time_get(id, 0, &later) == 0 && later >= time);
  }
  IS(clock_time_get(0, 0, &time) == 0 && time > 1600000000000000000ull);
  T(EINVAL, clock_res_get, "no such clock", 4, &time);
  T(EINVAL, clock_res_get, "clock 2^32 - 1", ENDLESS, &time);
  T(EFAULT, clock_res_get, "result beyond memory", 0, (char*)ENDLESS - 6);
  T(EINVAL, clock_time_get, "no such clock", 4, 0, &time);
  T(EINVAL, clock_time_get, "clock 2^32 - 1", ENDLESS, 0, &time);
  T(EFAULT, clock_time_get, "result beyond memory", 1, 0, (char*)ENDLESS - 6);
}

static void randomness(void) {
  u8 bytes[64] = {0}, same = 0;
  T(SUCCESS, random_get, "exactly the buffer", bytes + 1, 62);
  for (int i = 1; i < 63; ++i) same += bytes[i] == bytes[1];
  IS(same < 62 && bytes[0] == 0 && bytes[63] == 0);
  T(SUCCESS, random_get, "nothing", bytes, 0);
  T(EFAULT, random_get, "beyond memory", FAR, 64);
  T(EFAULT, random_get, "2^32 - 1 bytes", bytes, ENDLESS);
}

int main(void) {
  strings();
  clocks();
  randomness();
  T(SUCCESS, sched_yield, "lets others run");
  T(ENOSYS, proc_raise, "guests have no signals", 6);
  T(EINVAL, proc_raise, "no such signal", 31);
  T(EINVAL, proc_raise, "signal 2^32 - 1", ENDLESS);
  if (finish()) return 1;
  puts("proc_exit SUCCESS: the process ends with 7");
  fflush(stdout);
  proc_exit(7);
}
