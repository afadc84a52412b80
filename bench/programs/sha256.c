/* hashing: SHA-256, 32-bit rotates and additions. */
#include "bench.h"

static uint32_t round_constant[64], initial[8];

static uint32_t rotr(uint32_t v, int n) { return v >> n | v << (32 - n); }

/* The first 32 bits of the fraction of a root of a prime, by integer bisection: no table to paste. */
static uint32_t root_fraction(uint32_t prime, int cube) {
  uint64_t low = 0, high = (uint64_t)20 << 32;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    unsigned __int128 square = (unsigned __int128)middle * middle;
    if (cube ? square * middle <= (unsigned __int128)prime << 96 : square <= (unsigned __int128)prime << 64) low = middle;
    else high = middle;
  }
  return (uint32_t)low;
}

static void fill_constants(void) {
  int found = 0;
  for (uint32_t n = 2; found < 64; ++n) {
    int prime = 1;
    for (uint32_t d = 2; d * d <= n; ++d) prime &= n % d != 0;
    if (!prime) continue;
    if (found < 8) initial[found] = root_fraction(n, 0);
    round_constant[found++] = root_fraction(n, 1);
  }
}

static NOINLINE void compress(uint32_t *state, const uint8_t *block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; ++i) {
    uint32_t s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; ++i) {
    uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + round_constant[i] + w[i];
    uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void sha256(const uint8_t *bytes, size_t size, uint32_t *digest) {
  uint8_t tail[128] = {0};
  size_t whole = size & ~(size_t)63, rest = size - whole, tail_size = rest < 56 ? 64 : 128;
  memcpy(digest, initial, sizeof initial);
  for (size_t at = 0; at < whole; at += 64) compress(digest, bytes + at);
  memcpy(tail, bytes + whole, rest), tail[rest] = 0x80;
  for (int i = 0; i < 8; ++i) tail[tail_size - 1 - i] = (uint8_t)((uint64_t)size * 8 >> (8 * i));
  for (size_t at = 0; at < tail_size; at += 64) compress(digest, tail + at);
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 250);
  enum { kBytes = 1 << 16 };
  static uint8_t message[kBytes];
  uint32_t digest[8];
  fill_constants();
  sha256((const uint8_t *)"abc", 3, digest);
  printf("sha256 %08x", digest[0]);
  Rng rng = {3};
  for (int i = 0; i < kBytes; ++i) message[i] = (uint8_t)rng_next(&rng);
  for (uint32_t round = 0; round < rounds; ++round) {
    sha256(message, kBytes - round % 64, digest);
    memcpy(message + 1024 * (round % 64), digest, sizeof digest);
  }
  for (int i = 0; i < 8; ++i) printf("%s%08x", i ? "" : " ", digest[i]);
  printf("\n");
}
