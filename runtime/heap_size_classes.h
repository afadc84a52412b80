// The sizes of small cells, as constant tables. For the heap (heap.h, heap_blocks.h) and for tiers that inline allocation.
//
// Steps of 8 bytes up to 128 (most structs lose nothing), then steps of at most a quarter, then fractions of a block (a block holds
// exactly n cells). Anything larger than half a block is a run of whole blocks.
#pragma once

#include <array>
#include <cstdint>

namespace arris::runtime {

inline constexpr uint32_t kHeapBlockBytesLog2 = 16;
inline constexpr uint32_t kHeapBlockBytes = 1u << kHeapBlockBytesLog2;

inline constexpr std::array<uint16_t, 49> kCellBytes = {
    16,   24,   32,   40,   48,   56,   64,   72,   80,   88,   96,    104,   112,   120,   128,  144,  160,
    176,  192,  208,  224,  240,  256,  320,  384,  448,  512,  640,   768,   896,   1024,  1256, 1560, 1816,
    2048, 2520, 3120, 3640, 4096, 5040, 5952, 7280, 8192, 9360, 10920, 13104, 16384, 21840, 32768};

inline constexpr uint32_t kSizeClasses = kCellBytes.size();
inline constexpr uint32_t kMaxSmallBytes = kCellBytes.back();

namespace internal {

consteval std::array<uint8_t, kMaxSmallBytes / 8 + 1> make_size_class_table() {
  std::array<uint8_t, kMaxSmallBytes / 8 + 1> table{};
  uint32_t size_class = 0;
  for (uint32_t granules = 0; granules < table.size(); ++granules) {
    if (granules * 8 > kCellBytes[size_class]) ++size_class;
    table[granules] = static_cast<uint8_t>(size_class);
  }
  return table;
}

consteval std::array<uint32_t, kSizeClasses> make_reciprocals() {
  std::array<uint32_t, kSizeClasses> table{};
  for (uint32_t c = 0; c < kSizeClasses; ++c) table[c] = static_cast<uint32_t>((uint64_t{1} << 32) / kCellBytes[c]) + 1;
  return table;
}

inline constexpr auto kSizeClassOfGranules = make_size_class_table();
inline constexpr auto kCellReciprocals = make_reciprocals();

}  // namespace internal

// The smallest class whose cells hold `bytes`, which is at most kMaxSmallBytes.
constexpr uint32_t size_class_of(uint32_t bytes) { return internal::kSizeClassOfGranules[(bytes + 7) / 8]; }

constexpr uint32_t cells_per_block(uint32_t size_class) { return kHeapBlockBytes / kCellBytes[size_class]; }

// Does a cell start at this offset in a block? Division by multiplication: exact for offset < 2^16 and any cell size here.
constexpr bool is_cell_start(uint32_t size_class, uint32_t offset) {
  uint32_t index = static_cast<uint32_t>((uint64_t{offset} * internal::kCellReciprocals[size_class]) >> 32);
  return index * kCellBytes[size_class] == offset;
}

}  // namespace arris::runtime
