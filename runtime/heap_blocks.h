// HeapBlocks: the address space of a Heap, cut into blocks of 64 KiB. For heap.cc and heap_mark.cc.
//
// One reservation holds the blocks and, behind them, all metadata: two bitmaps of one bit per 8 bytes (`allocated` and `marked`), the
// block table, a bitmap of used blocks and the mark stack. Memory is committed as blocks are first taken.
//
// Invariants
//   - A free block has no `allocated` bits; neither has a free cell of a small block. Bits count at cell starts only.
//   - Single blocks are taken from the lowest address, runs from the highest, so small cells and large objects do not fragment
//     each other. Blocks in [low_end, high_begin) have never been used.
//   - A block that is not `dirty` reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/os/virtual_memory.h"
#include "runtime/heap_size_classes.h"

namespace arris::runtime {

enum class BlockKind : uint8_t { free, small, large, large_rest };

struct HeapBlock {
  uint32_t next_or_count;  // small: next in its class's list of blocks with room; large: blocks of the run
  BlockKind kind;
  uint8_t size_class;
  bool dirty;
  bool rescan;  // the mark stack was full: some marked objects here have not been scanned
};
static_assert(sizeof(HeapBlock) == 8);

inline constexpr uint32_t kNoBlock = ~0u;

class HeapBlocks {
 public:
  // Reserves space for `limit_bytes`, rounded up to blocks. False when the limit is 0 or the system refuses.
  bool reserve(uint64_t limit_bytes);
  bool ready() const { return static_cast<bool>(space_); }

  uintptr_t base() const { return base_; }
  uint64_t bytes() const { return bytes_; }
  uint32_t count() const { return count_; }
  uint32_t used() const { return used_; }

  HeapBlock& operator[](uint32_t index) { return table_[index]; }
  const HeapBlock& operator[](uint32_t index) const { return table_[index]; }
  uintptr_t address_of(uint32_t index) const { return base_ + (uint64_t{index} << kHeapBlockBytesLog2); }
  uint32_t index_of(uintptr_t address) const { return static_cast<uint32_t>((address - base_) >> kHeapBlockBytesLog2); }
  bool contains(uint64_t address) const { return address - base_ < bytes_; }

  // A block for small cells, or a run for a large object with its first `zero_bytes` zeroed. kNoBlock when there is none.
  uint32_t take_small(uint32_t size_class);
  uint32_t take_run(uint32_t blocks, uint64_t zero_bytes);
  void release(uint32_t index, uint32_t blocks);
  // Gives free blocks back to the system until at most `keep` of them hold memory.
  void discard_free_blocks(uint32_t keep);

  // Calls f(index) for every block in the ranges that were ever used.
  template <class F>
  void for_each_touched(F f) {
    for (uint32_t i = 0; i < low_end_; ++i) f(i);
    for (uint32_t i = high_begin_; i < count_; ++i) f(i);
  }

  // Bitmaps.
  bool is_allocated(uintptr_t address) const { return test(allocated_, granule_of(address)); }
  bool is_marked(uintptr_t address) const { return test(marked_, granule_of(address)); }
  void set_allocated(uintptr_t begin, uintptr_t end);  // every bit of the range: see the invariant
  // True if it was not marked before.
  bool mark(uintptr_t address) {
    uint64_t granule = granule_of(address);
    uint64_t bit = uint64_t{1} << (granule & 63);
    uint64_t& word = marked_[granule >> 6];
    if (word & bit) return false;
    word |= bit;
    return true;
  }
  void clear_marks();
  void replace_allocated_by_marked() { std::swap(allocated_, marked_); }
  // The first address in [begin, end) whose bit is set, or end.
  uintptr_t next_allocated(uintptr_t begin, uintptr_t end) const { return next_bit(allocated_, begin, end); }
  uintptr_t next_marked(uintptr_t begin, uintptr_t end) const { return next_bit(marked_, begin, end); }
  uint32_t count_marked(uint32_t block) const;

  // Room for the mark stack, committed on demand: grows the committed part to at least `words`; returns what there is now.
  std::span<uint64_t> mark_stack(size_t words);
  void shrink_mark_stack();

 private:
  static constexpr uint32_t kGranulesPerBlock = kHeapBlockBytes / 8;
  static constexpr uint32_t kWordsPerBlock = kGranulesPerBlock / 64;
  static constexpr uint32_t kCommitBlocks = 16;

  uint64_t granule_of(uintptr_t address) const { return (address - base_) >> 3; }
  static bool test(const uint64_t* bitmap, uint64_t bit) { return bitmap[bit >> 6] >> (bit & 63) & 1; }
  uintptr_t next_bit(const uint64_t* bitmap, uintptr_t begin, uintptr_t end) const;
  bool commit_blocks(uint32_t index, uint32_t blocks);
  void claim(uint32_t index, uint32_t blocks);
  uint32_t find_run(uint32_t blocks) const;

  os::Reservation space_;
  uintptr_t base_ = 0;
  uint64_t bytes_ = 0;
  uint32_t count_ = 0;
  uint32_t used_ = 0;
  uint32_t dirty_free_ = 0;  // free blocks that hold memory
  uint32_t low_end_ = 0;     // blocks [0, low_end) have been touched
  uint32_t high_begin_ = 0;  // and [high_begin, count)
  uint32_t first_free_ = 0;  // every block below is used
  uint32_t free_end_ = 0;    // every block at or above is used
  uint64_t* allocated_ = nullptr;
  uint64_t* marked_ = nullptr;
  HeapBlock* table_ = nullptr;
  uint64_t* used_bits_ = nullptr;
  uint8_t* committed_ = nullptr;  // by groups of kCommitBlocks
  uint64_t* mark_stack_ = nullptr;
  size_t mark_stack_committed_ = 0;  // bytes
  size_t mark_stack_bytes_ = 0;
};

}  // namespace arris::runtime
