/* SIMD: brightness, blur and alpha blend of an 8-bit image in 16-bit lanes, and a sum of differences. wasm: -msimd128 */
#include "bench.h"

typedef uint8_t Bytes __attribute__((vector_size(16), aligned(1)));
typedef uint8_t HalfBytes __attribute__((vector_size(8), aligned(1)));
typedef uint16_t Words __attribute__((vector_size(16)));
typedef uint32_t Quads __attribute__((vector_size(16)));

enum { kWidth = 1024, kHeight = 512, kPixels = kWidth * kHeight };
static uint8_t image[kPixels + 64], other[kPixels + 64];

static inline Words widen(const uint8_t *at) { return __builtin_convertvector(*(const HalfBytes *)at, Words); }
static inline void narrow(uint8_t *at, Words v) { *(HalfBytes *)at = __builtin_convertvector(v, HalfBytes); }

static NOINLINE void blur(const uint8_t *in, uint8_t *out) {
  for (int at = kWidth; at < kPixels - kWidth; at += 8) {
    Words cross = widen(in + at - 1) + widen(in + at + 1) + widen(in + at - kWidth) + widen(in + at + kWidth);
    narrow(out + at, (cross + widen(in + at) * 4 + 4) >> 3);
  }
}

static NOINLINE void blend(uint8_t *a, const uint8_t *b, uint16_t alpha) {
  for (int at = 0; at < kPixels; at += 8) narrow(a + at, (widen(a + at) * alpha + widen(b + at) * (uint16_t)(256 - alpha)) >> 8);
}

static NOINLINE void brighten(uint8_t *a, uint8_t by) {
  for (int at = 0; at < kPixels; at += 16) {
    Bytes v = *(Bytes *)(a + at), sum = v + by;
    Bytes overflow = (Bytes)(sum < v); /* all ones where the addition wrapped */
    *(Bytes *)(a + at) = sum | overflow;
  }
}

static NOINLINE uint32_t difference(const uint8_t *a, const uint8_t *b) {
  Quads sum = {0};
  for (int at = 0; at < kPixels; at += 16) {
    Bytes x = *(const Bytes *)(a + at), y = *(const Bytes *)(b + at), more = (Bytes)(x > y);
    Bytes d = ((x - y) & more) | ((y - x) & ~more);
    Words even = (Words)d & 255, odd = (Words)d >> 8, pairs = even + odd;
    sum += ((Quads)pairs & 65535) + ((Quads)pairs >> 16);
  }
  return sum[0] + sum[1] + sum[2] + sum[3];
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 350);
  Rng rng = {31};
  for (int i = 0; i < kPixels; ++i) image[i] = (uint8_t)(rng_next(&rng) >> 56), other[i] = (uint8_t)(i * 7);
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    blur(image, other);
    brighten(other, (uint8_t)(round & 15));
    blend(image, other, (uint16_t)(100 + round % 100));
    hash = mix(hash, difference(image, other));
    image[rng_below(&rng, kPixels)] ^= 255;
  }
  for (int i = 0; i < kPixels; ++i) hash = mix(hash, image[i]);
  printf("simd_image %016llx\n", (unsigned long long)hash);
}
