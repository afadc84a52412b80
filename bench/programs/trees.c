/* allocation: builds, walks and frees binary trees with malloc. */
#include "bench.h"

typedef struct Tree Tree;
struct Tree {
  Tree *left, *right;
  uint32_t value;
};

static Tree *grow(int depth, Rng *rng) {
  Tree *tree = must(malloc(sizeof *tree));
  tree->value = rng_below(rng, 1000);
  tree->left = depth > 0 ? grow(depth - 1, rng) : NULL;
  tree->right = depth > 0 ? grow(depth - 1, rng) : NULL;
  return tree;
}

static uint32_t sum(const Tree *tree) { return tree ? tree->value + sum(tree->left) * 3 + sum(tree->right) : 0; }

static void drop(Tree *tree) {
  if (!tree) return;
  drop(tree->left), drop(tree->right);
  free(tree);
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 22), total = 0;
  Rng rng = {17};
  Tree *keep = grow(14, &rng);
  for (uint32_t round = 0; round < rounds; ++round) {
    for (int depth = 4; depth <= 15; depth += 2) {
      for (int count = 1 << (15 - depth) >> 2; count >= 0; --count) {
        Tree *tree = grow(depth, &rng);
        total += sum(tree);
        drop(tree);
      }
    }
  }
  printf("trees %u %u\n", total, sum(keep));
  drop(keep);
}
