// 64-bit and floating-point arithmetic whose results are exact on every conforming machine: integers with overflow,
// shifts, rotations, division and counting; doubles as hexadecimal literals so that the last bit shows.
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t rotate_left(uint64_t x, int n) { return x << n | x >> (64 - n); }

// xoshiro256**, a pseudo-random generator of 64-bit operations only.
static uint64_t next_random(uint64_t s[4]) {
  uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

enum { kPrimeBits = 61 };
static const uint64_t kPrime = (UINT64_C(1) << kPrimeBits) - 1;

// a * b modulo the Mersenne prime: as 2^61 is 1 in its field, the 128-bit product's upper bits are added to its lower ones.
static uint64_t multiply_modulo(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  uint64_t folded = (uint64_t)(product & kPrime) + (uint64_t)(product >> kPrimeBits);
  return folded >= kPrime ? folded - kPrime : folded;
}

static uint64_t power_modulo(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result = multiply_modulo(result, base);
    base = multiply_modulo(base, base);
  }
  return result;
}

static void integers(void) {
  uint64_t state[4] = {1, 2, 3, 4}, sum = 0, bits = 0;
  int64_t quotients = 0;
  for (int i = 0; i < 100000; ++i) {
    uint64_t x = next_random(state), y = next_random(state) >> (i & 63) | 1;
    sum += x;
    bits += __builtin_popcountll(x) + __builtin_clzll(x | 1) + __builtin_ctzll(x | 1ull << 63);
    quotients += (int64_t)x / (int64_t)y ^ (int64_t)(x % y);
  }
  printf("sum %016" PRIx64 " bits %" PRIu64 " quotients %" PRId64 "\n", sum, bits, quotients);
  // By Fermat's little theorem the first is 1, by Euler's criterion the second is 1 or p - 1.
  printf("3^(p-1) mod p = %" PRIu64 ", 3^((p-1)/2) mod p = %" PRIu64 "\n", power_modulo(3, kPrime - 1), power_modulo(3, kPrime / 2));
}

static void floats(void) {
  double harmonic = 0, product = 1;
  for (int i = 1000000; i > 0; --i) harmonic += 1.0 / i;
  for (int i = 1; i <= 100000; ++i) product *= 4.0 * i * i / (4.0 * i * i - 1);
  printf("harmonic %a = %.15f\n", harmonic, harmonic);
  printf("wallis   %a = %.15f\n", 2 * product, 2 * product);
  float single = 0;
  for (int i = 1; i <= 100000; ++i) single += 1.0f / ((float)i * (float)i);
  printf("basel    %a\n", single);
  double samples[] = {0.5, 1.5, 2.5, -0.5, -1.5, 1e300, -0.0, 4503599627370497.5};
  for (unsigned i = 0; i < sizeof samples / sizeof samples[0]; ++i) {
    double x = samples[i];
    printf("%-22.17g ceil %g floor %g trunc %g rint %g sqrt %a\n", x, ceil(x), floor(x), trunc(x), rint(x), sqrt(fabs(x)));
  }
  volatile double zero = 0, huge = 1e308;
  printf("specials %g %g %d %d\n", 1 / zero, -1 / zero, huge * 10 == INFINITY, isnan(zero / zero) != 0);
}

int main(void) {
  integers();
  floats();
  return 0;
}
