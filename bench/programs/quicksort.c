/* integer over memory: quicksort of 32-bit keys with insertion sort below 12, then binary searches. */
#include "bench.h"

static void sort(uint32_t *keys, int32_t low, int32_t high) {
  while (high - low > 12) {
    uint32_t a = keys[low], b = keys[low + (high - low) / 2], c = keys[high];
    uint32_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    int32_t i = low, j = high;
    while (i <= j) {
      while (keys[i] < pivot) ++i;
      while (keys[j] > pivot) --j;
      if (i <= j) {
        uint32_t swap = keys[i];
        keys[i++] = keys[j], keys[j--] = swap;
      }
    }
    if (j - low < high - i) sort(keys, low, j), low = i;
    else sort(keys, i, high), high = j;
  }
  for (int32_t i = low + 1; i <= high; ++i) {
    uint32_t key = keys[i];
    int32_t j = i - 1;
    for (; j >= low && keys[j] > key; --j) keys[j + 1] = keys[j];
    keys[j + 1] = key;
  }
}

static NOINLINE uint32_t position(const uint32_t *keys, uint32_t count, uint32_t key) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

int main(int argc, char **argv) {
  uint32_t count = scale_of(argc, argv, 1000000);
  uint32_t *keys = must(malloc(count * sizeof *keys));
  Rng rng = {77};
  for (uint32_t i = 0; i < count; ++i) keys[i] = (uint32_t)(rng_next(&rng) >> 32);
  sort(keys, 0, (int32_t)count - 1);
  uint64_t hash = 0;
  for (uint32_t i = 0; i < count / 4; ++i) hash = mix(hash, position(keys, count, (uint32_t)rng_next(&rng)));
  for (uint32_t i = 1; i < count; ++i)
    if (keys[i - 1] > keys[i]) return puts("not sorted"), 1;
  printf("quicksort %016llx\n", (unsigned long long)hash);
  free(keys);
}
