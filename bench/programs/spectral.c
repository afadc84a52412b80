/* floating point: power iteration on an implicit matrix whose entries cost a division each. quick: 450 */
#include "bench.h"

static inline double entry(uint32_t i, uint32_t j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }

static NOINLINE void times(const double *in, double *out, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < n; ++j) sum += entry(i, j) * in[j];
    out[i] = sum;
  }
}

static NOINLINE void times_transposed(const double *in, double *out, uint32_t n) {
  for (uint32_t i = 0; i < n; ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < n; ++j) sum += entry(j, i) * in[j];
    out[i] = sum;
  }
}

int main(int argc, char **argv) {
  uint32_t n = scale_of(argc, argv, 900);
  double *u = must(malloc(n * sizeof *u)), *v = must(malloc(n * sizeof *v)), *t = must(malloc(n * sizeof *t));
  for (uint32_t i = 0; i < n; ++i) u[i] = 1;
  for (int round = 0; round < 10; ++round) {
    times(u, t, n), times_transposed(t, v, n);
    times(v, t, n), times_transposed(t, u, n);
  }
  double uv = 0, vv = 0;
  for (uint32_t i = 0; i < n; ++i) uv += u[i] * v[i], vv += v[i] * v[i];
  printf("spectral %.9f\n", __builtin_sqrt(uv / vv));
  free(u), free(v), free(t);
}
