/* hashing: CRC-32, a byte at a time, then eight at a time with sliced tables; table loads and shifts. */
#include "bench.h"

static uint32_t table[8][256];

static void fill_tables(void) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320u & -(crc & 1));
    table[0][i] = crc;
  }
  for (int slice = 1; slice < 8; ++slice)
    for (int i = 0; i < 256; ++i) table[slice][i] = table[slice - 1][i] >> 8 ^ table[0][table[slice - 1][i] & 255];
}

static NOINLINE uint32_t crc_bytes(uint32_t crc, const uint8_t *bytes, uint32_t size) {
  crc = ~crc;
  for (uint32_t i = 0; i < size; ++i) crc = crc >> 8 ^ table[0][(crc ^ bytes[i]) & 255];
  return ~crc;
}

static NOINLINE uint32_t crc_sliced(uint32_t crc, const uint8_t *bytes, uint32_t size) { /* size: a multiple of 8 */
  crc = ~crc;
  for (uint32_t at = 0; at < size; at += 8) {
    uint32_t low, high;
    memcpy(&low, bytes + at, 4), memcpy(&high, bytes + at + 4, 4);
    low ^= crc;
    crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
          table[3][high & 255] ^ table[2][high >> 8 & 255] ^ table[1][high >> 16 & 255] ^ table[0][high >> 24];
  }
  return ~crc;
}

int main(int argc, char **argv) {
  uint32_t rounds = scale_of(argc, argv, 300);
  enum { kBytes = 1 << 16 };
  static uint8_t bytes[kBytes];
  Rng rng = {21};
  fill_tables();
  for (int i = 0; i < kBytes; ++i) bytes[i] = (uint8_t)rng_next(&rng);
  uint32_t crc = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    crc = crc_bytes(crc, bytes, kBytes);
    for (int i = 0; i < 3; ++i) crc = crc_sliced(crc, bytes, kBytes);
  }
  printf("crc32 %08x %08x\n", crc_bytes(0, (const uint8_t *)"123456789", 9), crc);
}
