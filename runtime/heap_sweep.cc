// Sweeping: mark bits become allocation bits, blocks without marks become free, blocks with some go on their class's list of blocks with
// room. No cell is touched; runs of free cells are found and zeroed when the allocator comes to them.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "runtime/heap.h"

namespace arris::runtime {
namespace {

// At least this much is allocated between two collections: a collection of little costs little, but not nothing. More would leave
// the second-level cache, and programs with little live data then run slower.
constexpr uint64_t kMinBudgetBytes = uint64_t{2} << 20;

// What zeal writes over dead objects after a null type: neither a reference nor a plausible length.
constexpr int kDeadByte = 0xDB;

uint32_t blocks_of(uint64_t bytes) { return static_cast<uint32_t>(bytes >> kHeapBlockBytesLog2); }

}  // namespace

// Takes back what buffers hold: their cells carry no marks, so sweeping finds them free.
void Heap::retire_buffers() {
  stats_.allocated_bytes = stats().allocated_bytes;
  stats_.allocated_objects = stats().allocated_objects;
  buffers_ = {};
  classes_.fill({});
}

// Returns the live bytes, in whole cells and blocks.
uint64_t Heap::sweep() {
  uint64_t live_bytes = 0;
  blocks_.for_each_touched([&](uint32_t index) { live_bytes += sweep_block(index); });
  blocks_.replace_allocated_by_marked();
  return live_bytes;
}

uint64_t Heap::sweep_block(uint32_t index) {
  HeapBlock& block = blocks_[index];
  if (block.kind == BlockKind::large) {
    uint32_t count = block.next_or_count;
    if (blocks_.is_marked(blocks_.address_of(index))) return uint64_t{count} << kHeapBlockBytesLog2;
    blocks_.release(index, count);
    return 0;
  }
  if (block.kind != BlockKind::small) return 0;
  uint32_t live = blocks_.count_marked(index);
  if (live == 0) {
    blocks_.release(index, 1);
    return 0;
  }
  if (live < cells_per_block(block.size_class)) {
    SizeClass& state = classes_[block.size_class];
    block.next_or_count = state.blocks_with_room;
    state.blocks_with_room = index;
  }
  return uint64_t{live} * kCellBytes[block.size_class];
}

// The next collection comes after as many bytes as this one had to look at. Free cells in used blocks are part of that budget.
void Heap::set_threshold(uint64_t live_bytes, uint64_t root_bytes) {
  uint64_t budget = std::max(live_bytes + root_bytes, kMinBudgetBytes);
  uint64_t used_bytes = uint64_t{blocks_.used()} << kHeapBlockBytesLog2;
  uint64_t holes = used_bytes - live_bytes;
  uint64_t new_bytes = std::max(budget - std::min(budget, holes), budget / 4);
  // Near the limit there is less room than the budget: rather use what there is, in larger cells, than collect for each block.
  worth_collecting_at_ = stats_.allocated_bytes + budget / 16;
  threshold_blocks_ = std::min(blocks_.used() + blocks_of(new_bytes), blocks_.count());
}

// Zeal only: a reference that no root or object held is then sure to fail. Before sweeping, while both bitmaps are known.
void Heap::overwrite_dead_objects() {
  blocks_.for_each_touched([&](uint32_t index) {
    const HeapBlock& block = blocks_[index];
    if (block.kind != BlockKind::small && block.kind != BlockKind::large) return;
    uintptr_t begin = blocks_.address_of(index);
    uintptr_t end = begin + (block.kind == BlockKind::large ? 8 : kHeapBlockBytes);
    uint64_t cell_bytes = block.kind == BlockKind::large ? uint64_t{block.next_or_count} << kHeapBlockBytesLog2
                                                         : kCellBytes[block.size_class];
    for (uintptr_t cell = blocks_.next_allocated(begin, end); cell < end;
         cell = blocks_.next_allocated(cell + 8, end)) {
      if (!find_object(cell) || blocks_.is_marked(cell)) continue;
      auto* object = reinterpret_cast<HeapObject*>(cell);
      object->type = nullptr;
      std::memset(object + 1, kDeadByte, std::min<uint64_t>(cell_bytes - sizeof(HeapObject), 4096));
    }
  });
}

}  // namespace arris::runtime
