/* calls: Takeuchi's function (three parameters) and Ackermann's (deep recursion, tail position). */
#include "bench.h"

static NOINLINE int takeuchi(int x, int y, int z) {
  if (y >= x) return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static NOINLINE uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 45);
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    for (int x = 20; x < 24; ++x) sum += (uint32_t)takeuchi(x, 12 + (int)(round & 1), 14);
    sum += ackermann(2, 400 + round % 40);
    sum += ackermann(3, 6);
  }
  printf("takeuchi %llu\n", (unsigned long long)sum);
}
