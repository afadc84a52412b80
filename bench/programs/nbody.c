/* floating point: planets under gravity, symplectic Euler; divisions and square roots on a few doubles in memory. */
#include "bench.h"

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

enum { kBodies = 5 };

static double square_root(double v) { return __builtin_sqrt(v); }

static NOINLINE void advance(Body *bodies, double dt) {
  for (int i = 0; i < kBodies; ++i) {
    Body *a = &bodies[i];
    for (int j = i + 1; j < kBodies; ++j) {
      Body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double distance2 = dx * dx + dy * dy + dz * dz;
      double pull = dt / (distance2 * square_root(distance2));
      a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull, a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull, b->vz += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < kBodies; ++i) {
    Body *body = &bodies[i];
    body->x += dt * body->vx, body->y += dt * body->vy, body->z += dt * body->vz;
  }
}

static double energy(const Body *bodies) {
  double sum = 0;
  for (int i = 0; i < kBodies; ++i) {
    const Body *a = &bodies[i];
    sum += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int j = i + 1; j < kBodies; ++j) {
      double dx = a->x - bodies[j].x, dy = a->y - bodies[j].y, dz = a->z - bodies[j].z;
      sum -= a->mass * bodies[j].mass / square_root(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

int main(int argc, char **argv) {
  uint32_t steps = scale_of(argc, argv, 1500000);
  Body bodies[kBodies] = {{0, 0, 0, 0, 0, 0, 40},
                          {5, -1, 0.1, 0.5, 2.75, -0.02, 0.04},
                          {8.5, 4, -0.4, -1, 1.8, 0.01, 0.011},
                          {13, -15, -0.2, 1.1, 0.9, -0.01, 0.0017},
                          {15, -26, 0.2, 1, 0.6, -0.03, 0.002}};
  printf("nbody %.9f", energy(bodies));
  for (uint32_t step = 0; step < steps; ++step) advance(bodies, 0.001);
  printf(" %.9f\n", energy(bodies));
}
