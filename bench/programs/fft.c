/* floating point over memory: complex FFT of 32768 doubles, forward and back, twiddles from a half-angle recurrence. */
#include "bench.h"

enum { kLog = 15, kSize = 1 << kLog };
typedef struct {
  double re, im;
} Complex;

static Complex data[kSize], twiddle[kSize / 2];

static Complex times(Complex a, Complex b) { return (Complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

static void fill_twiddles(void) { /* roots of unity from square roots only, so every machine gets the same bits */
  double c = -1;
  Complex root[kLog + 1];
  root[0] = (Complex){-1, 0};
  for (int k = 1; k <= kLog; ++k) {
    double half_c = __builtin_sqrt((1 + c) / 2), half_s = __builtin_sqrt((1 - c) / 2);
    root[k] = (Complex){half_c, -half_s}, c = half_c;
  }
  for (int i = 0; i < kSize / 2; ++i) {
    Complex w = {1, 0}; /* root[k] turns by pi / 2^k; index i turns by pi * i / (kSize / 2) */
    for (int bit = 0; bit < kLog - 1; ++bit)
      if (i >> bit & 1) w = times(w, root[kLog - 1 - bit]);
    twiddle[i] = w;
  }
}

static NOINLINE void transform(int inverse) {
  for (uint32_t i = 0, j = 0; i < kSize; ++i) {
    if (i < j) {
      Complex swap = data[i];
      data[i] = data[j], data[j] = swap;
    }
    uint32_t bit = kSize >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
  }
  for (int length = 2; length <= kSize; length *= 2) {
    int half = length / 2, stride = kSize / length;
    for (int start = 0; start < kSize; start += length) {
      for (int k = 0; k < half; ++k) {
        Complex w = twiddle[k * stride];
        if (inverse) w.im = -w.im;
        Complex odd = times(w, data[start + k + half]), even = data[start + k];
        data[start + k] = (Complex){even.re + odd.re, even.im + odd.im};
        data[start + k + half] = (Complex){even.re - odd.re, even.im - odd.im};
      }
    }
  }
  if (inverse)
    for (int i = 0; i < kSize; ++i) data[i].re /= kSize, data[i].im /= kSize;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 60);
  Rng rng = {42};
  fill_twiddles();
  for (int i = 0; i < kSize; ++i) data[i] = (Complex){rng_below(&rng, 1000) / 1000.0, 0};
  double first = data[1].re, peak = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    transform(0);
    peak += data[1 + round % 100].re;
    transform(1);
  }
  printf("fft %.6f %.6f %.6f\n", first, data[1].re, peak);
}
