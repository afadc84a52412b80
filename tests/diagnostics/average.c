// Divides by zero in a function that is inlined into another.
static inline __attribute__((always_inline)) int check(int d) {
  return 100 / d;
}

__attribute__((noinline)) int average(int *p, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) sum += p[i];
  return sum +
         check(n);
}

__attribute__((export_name("run"))) int run(int n) {
  int values[4] = {1, 2, 3, 4};
  return average(values, n) + 1;
}
