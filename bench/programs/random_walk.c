/* memory-bound: chases a random cycle through 16 MB, then updates random counters; every access misses the caches. */
#include "bench.h"

enum { kNodes = 1 << 20 };
typedef struct {
  uint32_t next, visits;
  uint64_t payload;
} Node;

int main(int argc, char **argv) {
  uint32_t steps = scale_of(argc, argv, 1500000);
  Node *nodes = must(malloc(kNodes * sizeof *nodes));
  uint32_t *order = must(malloc(kNodes * sizeof *order));
  Rng rng = {7};
  for (uint32_t i = 0; i < kNodes; ++i) order[i] = i;
  for (uint32_t i = kNodes - 1; i > 0; --i) {
    uint32_t j = rng_below(&rng, i + 1), swap = order[i];
    order[i] = order[j], order[j] = swap;
  }
  for (uint32_t i = 0; i < kNodes; ++i) nodes[order[i]] = (Node){order[(i + 1) & (kNodes - 1)], 0, i};
  uint64_t hash = 0;
  uint32_t at = 0;
  for (uint32_t step = 0; step < steps; ++step) {
    Node *node = &nodes[at];
    hash += node->payload ^ step;
    ++node->visits;
    at = node->next;
  }
  for (uint32_t step = 0; step < steps; ++step) {
    Node *node = &nodes[rng_next(&rng) >> 44];
    node->payload += hash + node->visits;
    hash = mix(hash, node->payload);
  }
  printf("random_walk %u %016llx\n", at, (unsigned long long)hash);
  free(nodes), free(order);
}
