/* hashing: SipHash-2-4 of short keys and a wide multiply-rotate hash of long ones; 64-bit rotates. */
#include "bench.h"

static inline uint64_t rotl(uint64_t v, int n) { return v << n | v >> (64 - n); }

static inline uint64_t load64(const uint8_t *at) {
  uint64_t v;
  memcpy(&v, at, 8);
  return v;
}

typedef struct {
  uint64_t a, b, c, d;
} Sip;

static inline void sip_round(Sip *s) {
  s->a += s->b, s->b = rotl(s->b, 13) ^ s->a, s->a = rotl(s->a, 32);
  s->c += s->d, s->d = rotl(s->d, 16) ^ s->c;
  s->a += s->d, s->d = rotl(s->d, 21) ^ s->a;
  s->c += s->b, s->b = rotl(s->b, 17) ^ s->c, s->c = rotl(s->c, 32);
}

static NOINLINE uint64_t siphash(const uint8_t *bytes, uint32_t size, uint64_t key0, uint64_t key1) {
  Sip s = {key0 ^ 0x736f6d6570736575u, key1 ^ 0x646f72616e646f6du, key0 ^ 0x6c7967656e657261u, key1 ^ 0x7465646279746573u};
  uint64_t last = (uint64_t)size << 56;
  uint32_t at = 0;
  for (; size - at >= 8; at += 8) {
    uint64_t word = load64(bytes + at);
    s.d ^= word;
    sip_round(&s), sip_round(&s);
    s.a ^= word;
  }
  for (uint32_t i = 0; at + i < size; ++i) last |= (uint64_t)bytes[at + i] << (8 * i);
  s.d ^= last;
  sip_round(&s), sip_round(&s);
  s.a ^= last, s.c ^= 0xff;
  for (int i = 0; i < 4; ++i) sip_round(&s);
  return s.a ^ s.b ^ s.c ^ s.d;
}

static NOINLINE uint64_t stripe_hash(const uint8_t *bytes, uint32_t size, uint64_t seed) { /* size: a multiple of 32 */
  const uint64_t p1 = 0x9E3779B185EBCA87u, p2 = 0xC2B2AE3D27D4EB4Fu;
  uint64_t lane[4] = {seed + p1 + p2, seed + p2, seed, seed - p1};
  for (uint32_t at = 0; at < size; at += 32)
    for (int i = 0; i < 4; ++i) lane[i] = rotl(lane[i] + load64(bytes + at + 8 * i) * p2, 31) * p1;
  return mix(rotl(lane[0], 1) + rotl(lane[1], 7) + rotl(lane[2], 12) + rotl(lane[3], 18), size);
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 500);
  enum { kBytes = 1 << 16 };
  static uint8_t bytes[kBytes];
  Rng rng = {11};
  for (int i = 0; i < kBytes; ++i) bytes[i] = (uint8_t)rng_next(&rng);
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    for (uint32_t at = 0, size = 3; at + size < kBytes; at += size, size = size % 61 + 3) hash ^= siphash(bytes + at, size, hash, round);
    for (uint32_t pass = 0; pass < 16; ++pass) hash += stripe_hash(bytes, kBytes, hash);
  }
  printf("siphash %016llx\n", (unsigned long long)hash);
}
