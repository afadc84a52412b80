/* floating point: escape times of the Mandelbrot set; a short loop that lives in registers. quick: 350 */
#include "bench.h"

int main(int argc, char **argv) {
  uint32_t size = scale_of(argc, argv, 700);
  uint64_t hash = 0, inside = 0;
  for (uint32_t row = 0; row < size; ++row) {
    double ci = 2.4 * row / size - 1.2;
    for (uint32_t column = 0; column < size; ++column) {
      double cr = 3.0 * column / size - 2.1, zr = 0, zi = 0, rr = 0, ii = 0;
      uint32_t step = 0;
      for (; step < 200 && rr + ii <= 4; ++step) {
        zi = 2 * zr * zi + ci;
        zr = rr - ii + cr;
        rr = zr * zr, ii = zi * zi;
      }
      inside += step == 200;
      hash = mix(hash, step);
    }
  }
  printf("mandelbrot %llu %016llx\n", (unsigned long long)inside, (unsigned long long)hash);
}
