/* integer: dense 32-bit matrix product, the plain triple loop with a transposed right side and a modulus per element. */
#include "bench.h"

enum { kSize = 192 };
static uint32_t left[kSize][kSize], right[kSize][kSize], product[kSize][kSize];

static NOINLINE void multiply(void) {
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      uint32_t sum = 0;
      for (int k = 0; k < kSize; ++k) {
        uint32_t term = left[row][k] * right[column][k];
        sum = (sum ^ term) + (term >> 7); /* keeps the loop scalar: this program is not about vectors */
      }
      product[row][column] = sum % 65521u;
    }
  }
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 16);
  Rng rng = {88172645463325252u};
  for (int row = 0; row < kSize; ++row)
    for (int column = 0; column < kSize; ++column) left[row][column] = (uint32_t)rng_next(&rng), right[row][column] = (uint32_t)rng_next(&rng);
  uint64_t hash = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    multiply();
    for (int row = 0; row < kSize; ++row)
      for (int column = 0; column < kSize; ++column) hash = mix(hash, product[row][column]), left[row][column] ^= product[column][row];
  }
  printf("matrix %016llx\n", (unsigned long long)hash);
}
