/* integer, 64 bits: the longest Collatz sequence below a limit; all in locals, no memory. */
#include "bench.h"

int main(int argc, char **argv) {
  uint32_t limit = scale_of(argc, argv, 300000), best = 0, best_start = 0;
  uint64_t total = 0;
  for (uint32_t start = 1; start < limit; ++start) {
    uint32_t steps = 0;
    for (uint64_t n = start; n != 1; ++steps) n = (n & 1) ? 3 * n + 1 : n >> 1;
    total += steps;
    if (steps > best) best = steps, best_start = start;
  }
  printf("collatz %u takes %u of %llu\n", best_start, best, (unsigned long long)total);
}
