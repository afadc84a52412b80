// Allocation, in order of cost: bump in the buffer; zero the next part of the current run; find the next run of free cells in a block
// with room; take a free block; collect and try these again; take a cell of a larger class. Collection: heap_mark.cc marks,
// heap_sweep.cc turns what is not marked into room.
#include "runtime/heap.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "runtime/heap_mark.h"

namespace arris::runtime {
namespace {

static_assert(std::is_standard_layout_v<AllocationBuffers>);
static_assert(sizeof(AllocationBuffers::Buffer) == 16);

// Zeroed at a time: small enough to be in the first-level cache when the program writes to it.
constexpr uint32_t kBufferBytes = 8192;

uint64_t now_ns() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

Heap::Heap(const HeapOptions& options, RootProvider& roots) : options_(options), roots_(roots) {
  stats_.limit_bytes = options.limit_bytes;
}

Heap::~Heap() = default;

const CanonicalType* Heap::make_descriptors() const {
  descriptors_ = std::make_unique<CanonicalType[]>(2);
  for (int i = 0; i < 2; ++i) {
    CanonicalType& type = descriptors_[i];
    type.display_storage.push_back(&type);
    type.display = type.display_storage.data();
  }
  return descriptors_.get();
}

ExceptionObject* Heap::allocate_exception(const TagInstance* tag, uint32_t payload_slots) {
  uint64_t bytes = sizeof(ExceptionObject) + uint64_t{payload_slots} * 8;
  auto* exception = static_cast<ExceptionObject*>(allocate(bytes, exception_type()));
  if (!exception) return nullptr;
  exception->tag = tag;
  exception->payload_slots = payload_slots;
  return exception;
}

HostObject* Heap::allocate_host_object(uint64_t value) {
  auto* object = static_cast<HostObject*>(allocate(sizeof(HostObject), host_object_type()));
  if (object) object->value = value;
  return object;
}

HeapObject* Heap::allocate_slowly(uint64_t bytes, const CanonicalType& type) {
  if (!blocks_.ready() && !prepare()) return nullptr;
  if (bytes > blocks_.bytes()) return nullptr;  // can never fit: not worth a collection
  if (options_.zeal) collect();
  uintptr_t cell =
      bytes <= kMaxSmallBytes ? allocate_cell(size_class_of(static_cast<uint32_t>(bytes))) : allocate_large(bytes);
  if (!cell) return nullptr;
  auto* object = reinterpret_cast<HeapObject*>(cell);
  object->type = &type;
  return object;
}

bool Heap::prepare() {
  if (refused_) return false;
  refused_ = !blocks_.reserve(options_.limit_bytes);
  if (!refused_) set_threshold(0, 0);
  return !refused_;
}

uintptr_t Heap::pop_cell(uint32_t size_class) {
  AllocationBuffers::Buffer& buffer = buffers_.of_class[size_class];
  DCHECK(buffer.end - buffer.cursor >= kCellBytes[size_class]);
  uintptr_t cell = buffer.cursor;
  buffer.cursor += kCellBytes[size_class];
  return cell;
}

uintptr_t Heap::allocate_cell(uint32_t size_class) {
  if (refill(size_class)) return pop_cell(size_class);
  bool collected = options_.zeal;
  if (!collected && is_collection_due(1)) {
    collect_for(1);
    collected = true;
    if (refill(size_class)) return pop_cell(size_class);
  }
  if (take_block(size_class)) return pop_cell(size_class);
  if (uintptr_t cell = allocate_larger_cell(size_class)) return cell;
  if (collected) return 0;
  collect_for(1);
  if (refill(size_class) || take_block(size_class)) return pop_cell(size_class);
  return allocate_larger_cell(size_class);
}

// No block is free: a larger cell holds the object as well. So blocks that other sizes hold do not exhaust the heap.
uintptr_t Heap::allocate_larger_cell(uint32_t size_class) {
  for (uint32_t larger = size_class + 1; larger < kSizeClasses; ++larger) {
    const AllocationBuffers::Buffer& buffer = buffers_.of_class[larger];
    if (buffer.cursor != buffer.end || refill(larger)) return pop_cell(larger);
  }
  return 0;
}

uintptr_t Heap::allocate_large(uint64_t bytes) {
  uint32_t count = static_cast<uint32_t>((bytes + kHeapBlockBytes - 1) >> kHeapBlockBytesLog2);
  bool collected = options_.zeal;
  if (!collected && is_collection_due(count)) {
    collect_for(count);
    collected = true;
  }
  uint32_t index = blocks_.take_run(count, bytes);
  if (index == kNoBlock && !collected) {
    collect_for(count);
    index = blocks_.take_run(count, bytes);
  }
  if (index == kNoBlock) return 0;
  uintptr_t address = blocks_.address_of(index);
  blocks_.set_allocated(address, address + 8);
  stats_.allocated_objects += 1;
  stats_.allocated_bytes += uint64_t{count} << kHeapBlockBytesLog2;
  note_use();
  return address;
}

// Fills an empty buffer without taking a new block.
bool Heap::refill(uint32_t size_class) {
  if (buffers_.of_class[size_class].end == classes_[size_class].run_end && !find_run(size_class)) return false;
  extend_buffer(size_class);
  return true;
}

bool Heap::find_run(uint32_t size_class) {
  SizeClass& state = classes_[size_class];
  uint32_t cell_bytes = kCellBytes[size_class];
  while (true) {
    while (state.block_scanned < state.block_end) {
      uintptr_t begin = state.block_scanned;
      uintptr_t end = blocks_.next_allocated(begin, state.block_end);
      state.block_scanned = end < state.block_end ? end + cell_bytes : end;
      if (begin == end) continue;
      buffers_.of_class[size_class] = {begin, begin};
      state.run_end = end;
      state.run_is_zero = false;
      return true;
    }
    uint32_t index = state.blocks_with_room;
    if (index == kNoBlock) return false;
    state.blocks_with_room = blocks_[index].next_or_count;
    state.block_scanned = blocks_.address_of(index);
    state.block_end = state.block_scanned + cells_per_block(size_class) * cell_bytes;
  }
}

// Makes the next part of the run allocatable: zeroed and, as a whole, marked as allocated (find_object knows the buffers).
void Heap::extend_buffer(uint32_t size_class) {
  AllocationBuffers::Buffer& buffer = buffers_.of_class[size_class];
  SizeClass& state = classes_[size_class];
  DCHECK(buffer.cursor == buffer.end && buffer.end < state.run_end);
  uint32_t cell_bytes = kCellBytes[size_class];
  uint32_t cells = options_.zeal ? 1 : std::max(kBufferBytes / cell_bytes, 1u);
  uintptr_t end = std::min(buffer.end + uint64_t{cells} * cell_bytes, state.run_end);
  if (!state.run_is_zero) std::memset(reinterpret_cast<void*>(buffer.end), 0, end - buffer.end);
  blocks_.set_allocated(buffer.end, end);
  stats_.allocated_bytes += end - buffer.end;
  stats_.allocated_objects += (end - buffer.end) / cell_bytes;
  buffer.end = end;
}

bool Heap::take_block(uint32_t size_class) {
  uint32_t index = blocks_.take_small(size_class);
  if (index == kNoBlock) return false;
  SizeClass& state = classes_[size_class];
  uintptr_t begin = blocks_.address_of(index);
  buffers_.of_class[size_class] = {begin, begin};
  state.run_end = begin + cells_per_block(size_class) * kCellBytes[size_class];
  state.run_is_zero = !blocks_[index].dirty;
  state.block_scanned = state.block_end = state.run_end;
  blocks_[index].dirty = true;
  note_use();
  extend_buffer(size_class);
  return true;
}

void Heap::note_use() {
  stats_.peak_used_bytes = std::max(stats_.peak_used_bytes, uint64_t{blocks_.used()} << kHeapBlockBytesLog2);
}

bool Heap::is_collection_due(uint32_t blocks) const {
  if (uint64_t{blocks_.used()} + blocks <= threshold_blocks_) return false;
  return stats_.allocated_bytes + (uint64_t{blocks} << kHeapBlockBytesLog2) >= worth_collecting_at_;
}

void Heap::collect_for(uint32_t blocks) {
  collect();
  // The request itself may exceed the threshold: then the next collection is due at the block after it.
  uint64_t needed = uint64_t{blocks_.used()} + blocks;
  if (needed > threshold_blocks_) threshold_blocks_ = static_cast<uint32_t>(std::min<uint64_t>(needed, kNoBlock));
}

void Heap::collect() {
  if (!blocks_.ready()) return;
  uint64_t start = now_ns();
  blocks_.clear_marks();
  Marker marker(*this, blocks_);
  roots_.visit_roots(marker);
  marker.finish();
  if (options_.zeal) overwrite_dead_objects();
  retire_buffers();
  stats_.live_bytes = sweep();
  set_threshold(stats_.live_bytes, marker.root_bytes());
  blocks_.discard_free_blocks(threshold_blocks_ - std::min(blocks_.used(), threshold_blocks_));
  blocks_.shrink_mark_stack();
  uint64_t pause = now_ns() - start;
  stats_.collections += 1;
  stats_.total_pause_ns += pause;
  stats_.max_pause_ns = std::max(stats_.max_pause_ns, pause);
}

HeapObject* Heap::find_object_in_space(uint64_t word) const {
  const HeapBlock& block = blocks_[blocks_.index_of(word)];
  uint32_t offset = static_cast<uint32_t>(word - blocks_.base()) & (kHeapBlockBytes - 1);
  switch (block.kind) {
    case BlockKind::free:
    case BlockKind::large_rest: return nullptr;
    case BlockKind::large:
      if (offset != 0) return nullptr;
      break;
    case BlockKind::small: {
      if (!is_cell_start(block.size_class, offset) || !blocks_.is_allocated(word)) return nullptr;
      const AllocationBuffers::Buffer& buffer = buffers_.of_class[block.size_class];
      if (word >= buffer.cursor && word < buffer.end) return nullptr;  // not allocated yet
      break;
    }
  }
  return reinterpret_cast<HeapObject*>(word);
}

HeapStats Heap::stats() const {
  HeapStats stats = stats_;
  for (uint32_t c = 0; c < kSizeClasses; ++c) {
    uint64_t unused = buffers_.of_class[c].end - buffers_.of_class[c].cursor;
    stats.allocated_bytes -= unused;
    stats.allocated_objects -= unused / kCellBytes[c];
  }
  stats.used_bytes = uint64_t{blocks_.used()} << kHeapBlockBytesLog2;
  return stats;
}

}  // namespace arris::runtime
