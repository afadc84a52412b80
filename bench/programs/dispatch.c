/* indirect calls: shapes with a table of methods each, called through pointers the branch predictor must guess. */
#include "bench.h"

typedef struct Shape Shape;
typedef struct {
  int64_t (*area)(const Shape *);
  void (*grow)(Shape *, int32_t);
  int32_t (*corners)(const Shape *);
} Methods;
struct Shape {
  const Methods *methods;
  int32_t a, b;
};

static int64_t square_area(const Shape *s) { return (int64_t)s->a * s->a; }
static void square_grow(Shape *s, int32_t by) { s->a = (s->a + by) & 1023; }
static int64_t box_area(const Shape *s) { return (int64_t)s->a * s->b; }
static void box_grow(Shape *s, int32_t by) { s->a = (s->a + by) & 511, s->b = (s->b + 1) & 255; }
static int64_t triangle_area(const Shape *s) { return (int64_t)s->a * s->b / 2; }
static void triangle_grow(Shape *s, int32_t by) { s->b = (s->b ^ by) & 2047; }
static int64_t disc_area(const Shape *s) { return (int64_t)s->a * s->a * 355 / 113; }
static void disc_grow(Shape *s, int32_t by) { s->a = (s->a * 3 + by) & 255; }
static int32_t none(const Shape *s) { return s->a & 1; }
static int32_t three(const Shape *s) { return 3; }
static int32_t four(const Shape *s) { return 4; }

static const Methods kMethods[4] = {{square_area, square_grow, four},
                                    {box_area, box_grow, four},
                                    {triangle_area, triangle_grow, three},
                                    {disc_area, disc_grow, none}};

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 3500);
  enum { kShapes = 4096 };
  static Shape shapes[kShapes];
  Rng rng = {5};
  for (int i = 0; i < kShapes; ++i) {
    /* Runs of one kind with some noise, as in real collections. */
    uint32_t kind = rng_below(&rng, 4) == 0 ? rng_below(&rng, 4) : (uint32_t)(i >> 8) & 3;
    shapes[i] = (Shape){&kMethods[kind], (int32_t)rng_below(&rng, 100), (int32_t)rng_below(&rng, 100)};
  }
  int64_t total = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kShapes; ++i) {
      Shape *shape = &shapes[i];
      total += shape->methods->area(shape) + shape->methods->corners(shape);
      shape->methods->grow(shape, (int32_t)(total & 63));
    }
  }
  printf("dispatch %lld\n", (long long)total);
}
