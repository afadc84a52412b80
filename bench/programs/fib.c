/* calls: doubly recursive Fibonacci, nothing but calls. quick: 33 */
#include "bench.h"

static NOINLINE uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char **argv) {
  uint32_t n = scale_of(argc, argv, 37);
  printf("fib %u\n", fib(n));
}
