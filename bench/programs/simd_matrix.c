/* SIMD: product of 32-bit float matrices by 4x4 blocks, then a numerical reduction over four lanes. wasm: -msimd128 */
#include "bench.h"

typedef float Lanes __attribute__((vector_size(16)));
typedef int32_t Mask __attribute__((vector_size(16)));
#define choose(condition, yes, no) ((Lanes)(((Mask)(condition) & (Mask)(yes)) | (~(Mask)(condition) & (Mask)(no))))
enum { kSize = 256 };
static float left[kSize][kSize] __attribute__((aligned(16))), right[kSize][kSize] __attribute__((aligned(16)));
static float product[kSize][kSize] __attribute__((aligned(16)));

static NOINLINE void multiply(void) {
  for (int row = 0; row < kSize; row += 4) {
    for (int column = 0; column < kSize; column += 4) {
      Lanes sum[4] = {{0}, {0}, {0}, {0}};
      for (int k = 0; k < kSize; ++k) {
        Lanes line = *(const Lanes *)&right[k][column];
        for (int i = 0; i < 4; ++i) sum[i] += left[row + i][k] * line;
      }
      for (int i = 0; i < 4; ++i) *(Lanes *)&product[row + i][column] = sum[i];
    }
  }
}

static NOINLINE float normalise(void) {
  Lanes low = *(const Lanes *)product[0], high = low, sum = {0};
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; column += 4) {
      Lanes v = *(const Lanes *)&product[row][column];
      low = choose(v < low, v, low), high = choose(v > high, v, high), sum += v;
    }
  }
  float least = low[0], most = high[0], total = sum[0] + sum[1] + sum[2] + sum[3];
  for (int lane = 1; lane < 4; ++lane) {
    least = low[lane] < least ? low[lane] : least;
    most = high[lane] > most ? high[lane] : most;
  }
  Lanes offset = {least, least, least, least}, factor = {1, 1, 1, 1};
  factor /= most - least;
  for (int row = 0; row < kSize; ++row)
    for (int column = 0; column < kSize; column += 4)
      *(Lanes *)&left[row][column] = (*(const Lanes *)&product[row][column] - offset) * factor;
  return total;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 40);
  Rng rng = {13};
  for (int row = 0; row < kSize; ++row)
    for (int column = 0; column < kSize; ++column)
      left[row][column] = (float)rng_below(&rng, 1000) / 1000, right[row][column] = (float)rng_below(&rng, 1000) / 500 - 1;
  double total = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    multiply();
    total += (double)normalise();
  }
  printf("simd_matrix %.6f %.6f\n", total, (double)left[3][5]);
}
