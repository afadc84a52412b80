/* What every benchmark program shares: its scale, and random numbers that are the same on every machine. Programs print
 * a short answer that the harness compares byte for byte with the native build's, so nothing here or in them may depend
 * on libm, pointer values, hash order or the size of a word. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

/* argv[1], or what gives a native run of about 0.1 to 0.2 s. */
static inline uint32_t scale_of(int argc, char** argv, uint32_t by_default) {
  long given = argc > 1 ? atol(argv[1]) : 0;
  return given > 0 ? (uint32_t)given : by_default;
}

typedef struct {
  uint64_t state;
} Rng;

static inline uint64_t rng_next(Rng* rng) {
  rng->state ^= rng->state << 13;
  rng->state ^= rng->state >> 7;
  rng->state ^= rng->state << 17;
  return rng->state * 0x9E3779B97F4A7C15u;
}

static inline uint32_t rng_below(Rng* rng, uint32_t limit) { return (uint32_t)(((rng_next(rng) >> 32) * limit) >> 32); }

static inline uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value;
  hash *= 0x100000001B3u;
  return hash ^ (hash >> 29);
}

static inline void* must(void* allocated) {
  if (!allocated) {
    puts("out of memory");
    exit(1);
  }
  return allocated;
}
