/* a bytecode loop: a register machine runs a small program (primes by trial division, a linear generator, an array). */
#include "bench.h"

enum { LOAD, MOVE, ADD, SUB, MUL, REM, SHIFT, XOR, LESS, EQUAL, JUMP, JUMP_IF, JUMP_UNLESS, GET, PUT, HALT };
typedef struct {
  uint8_t op, a, b, c;
} Code;

#define AT(label) ((label) & 255), ((label) >> 8)

static const Code kProgram[] = {
    /* r0 limit, r1 n, r2 count, r3 d, r4 and r5 scratch, r6 zero, r7 one, r8 hash, r9 shift; LOAD a, b | c << 8 */
    {LOAD, 1, 2, 0},  {LOAD, 2, 0, 0},  {LOAD, 6, 0, 0},     {LOAD, 7, 1, 0}, {LOAD, 8, 57, 48}, {LOAD, 9, 5, 0},
    /*  6 next n */
    {LESS, 4, 1, 0},  {JUMP_UNLESS, 4, AT(24)}, {LOAD, 3, 2, 0},
    /*  9 next d */
    {MUL, 4, 3, 3},   {LESS, 4, 1, 4},  {JUMP_IF, 4, AT(16)}, {REM, 4, 1, 3}, {JUMP_UNLESS, 4, AT(22)}, {ADD, 3, 3, 7}, {JUMP, 0, AT(9)},
    /* 16 prime */
    {ADD, 2, 2, 7},   {SHIFT, 5, 8, 9}, {XOR, 8, 8, 5},      {ADD, 8, 8, 1},  {PUT, 2, 8, 0},     {MOVE, 10, 8, 0},
    /* 22 */
    {ADD, 1, 1, 7},   {JUMP, 0, AT(6)},
    /* 24 sums the array backwards */
    {EQUAL, 4, 2, 6}, {JUMP_IF, 4, AT(30)}, {GET, 5, 2, 0}, {XOR, 8, 8, 5}, {SUB, 2, 2, 7}, {JUMP, 0, AT(24)},
    /* 30 */
    {HALT, 8, 0, 0},
};

static NOINLINE uint32_t run(const Code *program, uint32_t argument) {
  static uint32_t array[65536];
  uint32_t r[16] = {argument};
  for (const Code *ip = program;;) {
    Code code = *ip++;
    switch (code.op) {
      case LOAD: r[code.a] = code.b | (uint32_t)code.c << 8; break;
      case MOVE: r[code.a] = r[code.b]; break;
      case ADD: r[code.a] = r[code.b] + r[code.c]; break;
      case SUB: r[code.a] = r[code.b] - r[code.c]; break;
      case MUL: r[code.a] = r[code.b] * r[code.c]; break;
      case REM: r[code.a] = r[code.c] ? r[code.b] % r[code.c] : 0; break;
      case SHIFT: r[code.a] = r[code.b] << (r[code.c] & 31); break;
      case XOR: r[code.a] = r[code.b] ^ r[code.c]; break;
      case LESS: r[code.a] = r[code.b] < r[code.c]; break;
      case EQUAL: r[code.a] = r[code.b] == r[code.c]; break;
      case JUMP: ip = program + (code.b | code.c << 8); break;
      case JUMP_IF: if (r[code.a]) ip = program + (code.b | code.c << 8); break;
      case JUMP_UNLESS: if (!r[code.a]) ip = program + (code.b | code.c << 8); break;
      case GET: r[code.a] = array[r[code.b] & 65535]; break;
      case PUT: array[r[code.a] & 65535] = r[code.b]; break;
      case HALT: return r[code.a];
      default: return 0;
    }
  }
}

int main(int argc, char **argv) {
  uint32_t limit = scale_of(argc, argv, 150000);
  printf("bytecode %08x\n", run(kProgram, limit));
}
