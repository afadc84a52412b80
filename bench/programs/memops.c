/* memory-bound: memcpy, memmove, memset and memcmp of many sizes. wasm: -mbulk-memory */
#include "bench.h"

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 1500000);
  enum { kBytes = 1 << 20 };
  uint8_t *from = must(malloc(kBytes)), *to = must(malloc(kBytes));
  Rng rng = {99};
  for (uint32_t i = 0; i < kBytes; ++i) from[i] = (uint8_t)rng_next(&rng), to[i] = (uint8_t)i;
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    /* Sizes as programs have them: mostly below 100 bytes, now and then some kilobytes. */
    uint32_t size = (round & 31) == 0 ? rng_below(&rng, 32768) : rng_below(&rng, 96);
    uint32_t a = rng_below(&rng, kBytes - size), b = rng_below(&rng, kBytes - size);
    switch (round & 3) {
      case 0: memcpy(to + b, from + a, size); break;
      case 1: memmove(from + b, from + a, size); break;
      case 2: memset(to + b, (int)round, size / 2); break;
      default: {
        int order = memcmp(from + a, to + b, size);
        hash = mix(hash, order < 0 ? 1 : order > 0 ? 2 : 3);
      }
    }
    hash = mix(hash, to[b]);
  }
  for (uint32_t i = 0; i < kBytes; ++i) hash = mix(hash, from[i] ^ to[i]);
  printf("memops %016llx\n", (unsigned long long)hash);
  free(from), free(to);
}
