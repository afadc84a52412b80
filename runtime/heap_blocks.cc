#include "runtime/heap_blocks.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace arris::runtime {
namespace {

// More than any heap that is asked for in earnest; keeps every size computation far from overflow.
constexpr uint64_t kMaxHeapBytes = uint64_t{1} << 38;
constexpr size_t kMinMarkStackBytes = size_t{1} << 16;
constexpr size_t kKeptMarkStackBytes = size_t{1} << 20;

// Metadata parts start at multiples of a block, which is a multiple of any page size.
constexpr uint64_t round_up(uint64_t bytes) { return (bytes + kHeapBlockBytes - 1) & ~uint64_t{kHeapBlockBytes - 1}; }

}  // namespace

bool HeapBlocks::reserve(uint64_t limit_bytes) {
  if (limit_bytes == 0) return false;
  uint64_t heap = round_up(std::min(limit_bytes, kMaxHeapBytes));
  uint32_t blocks = static_cast<uint32_t>(heap >> kHeapBlockBytesLog2);
  uint32_t groups = (blocks + kCommitBlocks - 1) / kCommitBlocks;
  uint64_t bitmap = round_up(heap / 64);
  // These share pages: every page touched is a fault on the way to the first object.
  uint64_t used_bits = (uint64_t{blocks} + 63) / 64 * 8;
  uint64_t committed = (uint64_t{groups} + 7) / 8 * 8;
  uint64_t table = uint64_t{blocks} * sizeof(HeapBlock);
  uint64_t metadata = 2 * bitmap + round_up(used_bits + committed + table);
  // An eighth of the heap: a scan of everything never overflows it more than a few times (see heap_mark.cc).
  uint64_t stack = round_up(std::max<uint64_t>(heap / 8, kMinMarkStackBytes));

  os::Reservation space(heap + metadata + stack);
  if (!space) return false;
  uint8_t* part = space.data() + heap;
  if (!os::commit(part, metadata + kMinMarkStackBytes)) return false;
  auto next_part = [&](uint64_t bytes) { return std::exchange(part, part + bytes); };
  allocated_ = reinterpret_cast<uint64_t*>(next_part(bitmap));
  marked_ = reinterpret_cast<uint64_t*>(next_part(bitmap));
  used_bits_ = reinterpret_cast<uint64_t*>(next_part(used_bits));
  committed_ = next_part(committed);
  table_ = reinterpret_cast<HeapBlock*>(next_part(table));
  mark_stack_ = reinterpret_cast<uint64_t*>(space.data() + heap + metadata);
  mark_stack_committed_ = kMinMarkStackBytes;
  mark_stack_bytes_ = stack;
  base_ = reinterpret_cast<uintptr_t>(space.data());
  bytes_ = heap;
  count_ = blocks;
  high_begin_ = blocks;
  free_end_ = blocks;
  space_ = std::move(space);
  return true;
}

bool HeapBlocks::commit_blocks(uint32_t index, uint32_t blocks) {
  uint32_t group = index / kCommitBlocks;
  uint32_t end = (index + blocks - 1) / kCommitBlocks + 1;
  while (group < end) {
    if (committed_[group]) {
      ++group;
      continue;
    }
    uint32_t first = group;
    while (group < end && !committed_[group]) ++group;
    uint64_t begin = uint64_t{first} * kCommitBlocks * kHeapBlockBytes;
    uint64_t size = std::min(uint64_t{group} * kCommitBlocks * kHeapBlockBytes, bytes_) - begin;
    if (!os::commit(space_.data() + begin, size)) return false;
    std::memset(committed_ + first, 1, group - first);
  }
  return true;
}

void HeapBlocks::claim(uint32_t index, uint32_t blocks) {
  for (uint32_t i = index; i < index + blocks; ++i) {
    used_bits_[i >> 6] |= uint64_t{1} << (i & 63);
    table_[i].rescan = false;
    dirty_free_ -= table_[i].dirty;
  }
  used_ += blocks;
  uint32_t end = index + blocks;
  if (end <= low_end_ || index >= high_begin_) return;
  if (index <= low_end_) {
    low_end_ = std::min(end, high_begin_);
  } else {
    high_begin_ = index;
  }
}

uint32_t HeapBlocks::take_small(uint32_t size_class) {
  uint32_t words = (count_ + 63) / 64;
  uint32_t index = kNoBlock;
  for (uint32_t w = first_free_ >> 6; w < words; ++w) {
    if (~used_bits_[w] == 0) continue;
    index = w * 64 + static_cast<uint32_t>(std::countr_one(used_bits_[w]));
    break;
  }
  if (index >= count_) {
    first_free_ = count_;
    return kNoBlock;
  }
  first_free_ = index;
  if (!commit_blocks(index, 1)) return kNoBlock;
  claim(index, 1);
  HeapBlock& block = table_[index];
  block.kind = BlockKind::small;
  block.size_class = static_cast<uint8_t>(size_class);
  block.next_or_count = kNoBlock;
  return index;
}

// The highest run of free blocks that is long enough.
uint32_t HeapBlocks::find_run(uint32_t blocks) const {
  uint32_t end = free_end_;  // exclusive end of the run looked at
  while (end >= blocks) {
    // Skip used blocks below `end`.
    uint32_t last = end - 1;
    uint64_t below = used_bits_[last >> 6] | (last % 64 == 63 ? 0 : ~uint64_t{0} << (last % 64 + 1));
    if (~below == 0) {
      end = last & ~63u;
      continue;
    }
    end = (last & ~63u) + 64 - static_cast<uint32_t>(std::countl_one(below));
    // Find where the free blocks below `end` begin.
    uint32_t begin = end;
    while (begin > 0 && end - begin < blocks) {
      last = begin - 1;
      uint64_t used = used_bits_[last >> 6] << (63 - last % 64);
      uint32_t free = std::min(static_cast<uint32_t>(std::countl_zero(used)), last % 64 + 1);
      if (free == 0) break;
      begin -= free;
    }
    if (end - begin >= blocks) return end - blocks;
    end = begin;
  }
  return kNoBlock;
}

uint32_t HeapBlocks::take_run(uint32_t blocks, uint64_t zero_bytes) {
  DCHECK(blocks > 0 && zero_bytes <= uint64_t{blocks} << kHeapBlockBytesLog2);
  if (blocks > count_ - used_) return kNoBlock;
  while (free_end_ > 0 && (used_bits_[(free_end_ - 1) >> 6] >> ((free_end_ - 1) & 63) & 1)) --free_end_;
  uint32_t index = find_run(blocks);
  if (index == kNoBlock || !commit_blocks(index, blocks)) return kNoBlock;
  claim(index, blocks);
  for (uint32_t i = 0; i < blocks; ++i) {
    HeapBlock& block = table_[index + i];
    uint64_t offset = uint64_t{i} << kHeapBlockBytesLog2;
    if (block.dirty && offset < zero_bytes) {
      std::memset(reinterpret_cast<void*>(address_of(index + i)), 0,
                  std::min<uint64_t>(zero_bytes - offset, kHeapBlockBytes));
    }
    block.kind = BlockKind::large_rest;
    block.dirty = true;
  }
  table_[index].kind = BlockKind::large;
  table_[index].next_or_count = blocks;
  return index;
}

void HeapBlocks::release(uint32_t index, uint32_t blocks) {
  for (uint32_t i = index; i < index + blocks; ++i) {
    used_bits_[i >> 6] &= ~(uint64_t{1} << (i & 63));
    table_[i].kind = BlockKind::free;
    dirty_free_ += table_[i].dirty;
  }
  used_ -= blocks;
  first_free_ = std::min(first_free_, index);
  free_end_ = std::max(free_end_, index + blocks);
}

void HeapBlocks::discard_free_blocks(uint32_t keep) {
  if (dirty_free_ <= keep) return;
  uint32_t excess = dirty_free_ - keep;
  auto has_memory = [&](uint32_t i) { return table_[i].kind == BlockKind::free && table_[i].dirty; };
  // From the top: the low blocks are the next to be taken.
  auto discard_in = [&](uint32_t begin, uint32_t end) {
    while (end > begin && excess > 0) {
      if (!has_memory(end - 1)) {
        --end;
        continue;
      }
      uint32_t first = end;
      while (first > begin && excess > 0 && has_memory(first - 1)) --first, --excess;
      if (os::discard(reinterpret_cast<void*>(address_of(first)), uint64_t{end - first} << kHeapBlockBytesLog2)) {
        for (uint32_t i = first; i < end; ++i) table_[i].dirty = false;
        dirty_free_ -= end - first;
      }
      end = first;
    }
  };
  discard_in(high_begin_, count_);
  discard_in(0, low_end_);
}

void HeapBlocks::set_allocated(uintptr_t begin, uintptr_t end) {
  uint64_t first = granule_of(begin);
  uint64_t last = granule_of(end) - 1;
  uint64_t head = ~uint64_t{0} << (first & 63);
  uint64_t tail = ~uint64_t{0} >> (63 - (last & 63));
  if (first >> 6 == last >> 6) {
    allocated_[first >> 6] |= head & tail;
    return;
  }
  allocated_[first >> 6] |= head;
  for (uint64_t w = (first >> 6) + 1; w < last >> 6; ++w) allocated_[w] = ~uint64_t{0};
  allocated_[last >> 6] |= tail;
}

void HeapBlocks::clear_marks() {
  std::memset(marked_, 0, size_t{low_end_} * kWordsPerBlock * 8);
  std::memset(marked_ + size_t{high_begin_} * kWordsPerBlock, 0, size_t{count_ - high_begin_} * kWordsPerBlock * 8);
}

uintptr_t HeapBlocks::next_bit(const uint64_t* bitmap, uintptr_t begin, uintptr_t end) const {
  if (begin >= end) return end;
  uint64_t granule = granule_of(begin);
  uint64_t limit = granule_of(end);
  uint64_t index = granule >> 6;
  uint64_t word = bitmap[index] & ~uint64_t{0} << (granule & 63);
  while (word == 0) {
    if (++index * 64 >= limit) return end;
    word = bitmap[index];
  }
  uint64_t found = index * 64 + static_cast<uint64_t>(std::countr_zero(word));
  return found < limit ? base_ + found * 8 : end;
}

uint32_t HeapBlocks::count_marked(uint32_t block) const {
  const uint64_t* words = marked_ + size_t{block} * kWordsPerBlock;
  uint32_t n = 0;
  for (uint32_t i = 0; i < kWordsPerBlock; ++i) n += static_cast<uint32_t>(std::popcount(words[i]));
  return n;
}

std::span<uint64_t> HeapBlocks::mark_stack(size_t words) {
  size_t wanted = words * 8;
  if (wanted > mark_stack_committed_ && mark_stack_committed_ < mark_stack_bytes_) {
    size_t size = std::min<size_t>(std::max(round_up(wanted), mark_stack_committed_ * 2), mark_stack_bytes_);
    if (os::commit(mark_stack_, size)) mark_stack_committed_ = size;
  }
  return {mark_stack_, mark_stack_committed_ / 8};
}

void HeapBlocks::shrink_mark_stack() {
  if (mark_stack_committed_ <= kKeptMarkStackBytes) return;
  uint8_t* rest = reinterpret_cast<uint8_t*>(mark_stack_) + kKeptMarkStackBytes;
  if (os::decommit(rest, mark_stack_committed_ - kKeptMarkStackBytes)) mark_stack_committed_ = kKeptMarkStackBytes;
}

}  // namespace arris::runtime
