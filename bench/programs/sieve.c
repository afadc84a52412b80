/* integer: the sieve of Eratosthenes over a byte array, repeated. */
#include "bench.h"

static NOINLINE uint32_t count_primes(uint8_t *composite, uint32_t limit) {
  uint32_t count = 0;
  memset(composite, 0, limit);
  for (uint32_t i = 2; i < limit; ++i) {
    if (composite[i]) continue;
    ++count;
    if (i > 65535) continue;
    for (uint32_t multiple = i * i; multiple < limit; multiple += i) composite[multiple] = 1;
  }
  return count;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 40), total = 0;
  enum { kLimit = 1000000 };
  uint8_t *composite = must(malloc(kLimit));
  for (uint32_t round = 0; round < rounds; ++round) total += count_primes(composite, kLimit - round);
  printf("sieve %u\n", total);
  free(composite);
}
