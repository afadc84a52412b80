// Heap: the garbage-collected heap of one Store. Spec: exec/runtime, heap structures.
//
// Non-moving mark-sweep over one reserved address range of at most `limit_bytes` (rounded up to a block of 64 KiB; metadata of about
// 3% comes on top, and during a collection a mark stack of at most an eighth). Nothing is reserved before the first
// allocation: a Store that never allocates pays for the constructor only.
//
// Cells come from size-segregated blocks (heap_size_classes.h, heap_blocks.h), large objects from runs of blocks. Allocation bumps
// a cursor through runs of free, zeroed cells; a bitmap says where objects start, so any 8-byte word can be tested for being a
// reference (`find_object`), which is how value stacks are scanned conservatively. Only the start of an object is a reference.
// Objects themselves are marked precisely by their CanonicalType (heap_mark.h). Sweeping never touches the cells: what was not
// marked is free. Empty blocks may serve any size afterwards, and go back to the system beyond what is soon needed again.
// Single-threaded, like its Store.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "runtime/heap_blocks.h"
#include "runtime/heap_size_classes.h"
#include "runtime/layout.h"

namespace arris::runtime {

struct HeapOptions {
  uint64_t limit_bytes = uint64_t{1} << 30;
  bool zeal = false;  // collect at every allocation and overwrite what is dead (testing)
};

struct HeapStats {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;  // in all, since creation; in whole cells
  uint64_t allocated_objects = 0;
  uint64_t live_bytes = 0;  // after the last collection
  uint64_t used_bytes = 0;  // in blocks now
  uint64_t peak_used_bytes = 0;
  uint64_t limit_bytes = 0;
  uint64_t total_pause_ns = 0;
  uint64_t max_pause_ns = 0;
};

class Heap;

// Given to root providers during marking.
class RootVisitor {
 public:
  // Exactly a reference or null/i31 or a function pointer (ignored).
  virtual void visit_reference(uint64_t reference) = 0;
  // A range of words that may or may not be references.
  virtual void visit_conservatively(const uint64_t* begin, const uint64_t* end) = 0;

 protected:
  ~RootVisitor() = default;
};

// Who knows roots: the Store. Called at the start of every collection; must not allocate.
class RootProvider {
 public:
  virtual void visit_roots(RootVisitor& visitor) = 0;

 protected:
  ~RootProvider() = default;
};

// Where the next cell of every size class comes from. The first member of Heap, at offset 0, for machine code that inlines
// allocation of a type of constant size:
//   buffer = heap->buffers[size_class_of(type->object_size)]; cell = buffer.cursor;
//   if (buffer.end - cursor < kCellBytes[size class]) call Heap::allocate_struct; else buffer.cursor += kCellBytes[size class];
//   *cell = type
// The rest of the cell is zero already. The type must be stored before anything that may collect.
struct AllocationBuffers {
  struct Buffer {
    uintptr_t cursor;
    uintptr_t end;
  };
  std::array<Buffer, kSizeClasses> of_class;
};

class Heap {
 public:
  Heap(const HeapOptions& options, RootProvider& roots);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Objects with zeroed contents, or null when the limit is reached even after a collection. May collect: every live
  // reference must be reachable from the roots (interpreter: spilled below ExecutionContext::stack_top).
  StructObject* allocate_struct(const CanonicalType& type) {
    return static_cast<StructObject*>(allocate(type.object_size, type));
  }
  // Null also when length * element size exceeds the limit; never overflows.
  ArrayObject* allocate_array(const CanonicalType& type, uint32_t length) {
    uint64_t bytes = kArrayElementsOffset + uint64_t{length} * type.element_size;
    auto* array = static_cast<ArrayObject*>(allocate(bytes, type));
    if (array) array->length = length;
    return array;
  }
  ExceptionObject* allocate_exception(const TagInstance* tag, uint32_t payload_slots);
  HostObject* allocate_host_object(uint64_t value);

  // Kind func, so that no test against a struct or array type accepts them; each is its own and only ancestor.
  const CanonicalType& host_object_type() const { return descriptors_ ? descriptors_[0] : make_descriptors()[0]; }
  const CanonicalType& exception_type() const { return descriptors_ ? descriptors_[1] : make_descriptors()[1]; }

  void collect();
  // The object that starts at this very word's address, or null.
  HeapObject* find_object(uint64_t word) const {
    return blocks_.contains(word) && (word & 7) == 0 ? find_object_in_space(word) : nullptr;
  }
  HeapStats stats() const;
  // False as long as nothing was ever asked of it.
  bool is_used() const { return blocks_.ready() || descriptors_ || stats_.collections != 0 || refused_; }

 private:
  // What the allocator knows of a size class beside its buffer.
  struct SizeClass {
    uintptr_t run_end = 0;        // free cells from the buffer's end to here, not yet zeroed
    uintptr_t block_scanned = 0;  // where the search for the next run in the current block goes on
    uintptr_t block_end = 0;
    uint32_t blocks_with_room = kNoBlock;  // list through HeapBlock::next_or_count
    bool run_is_zero = false;
  };

  HeapObject* allocate(uint64_t bytes, const CanonicalType& type) {
    if (bytes <= kMaxSmallBytes) [[likely]] {
      uint32_t size_class = size_class_of(static_cast<uint32_t>(bytes));
      AllocationBuffers::Buffer& buffer = buffers_.of_class[size_class];
      uintptr_t cell = buffer.cursor;
      uint32_t cell_bytes = kCellBytes[size_class];
      if (buffer.end - cell >= cell_bytes) [[likely]] {
        buffer.cursor = cell + cell_bytes;
        auto* object = reinterpret_cast<HeapObject*>(cell);
        object->type = &type;
        return object;
      }
    }
    return allocate_slowly(bytes, type);
  }
  HeapObject* allocate_slowly(uint64_t bytes, const CanonicalType& type);
  uintptr_t allocate_cell(uint32_t size_class);
  uintptr_t allocate_large(uint64_t bytes);
  uintptr_t allocate_larger_cell(uint32_t size_class);
  uintptr_t pop_cell(uint32_t size_class);
  bool refill(uint32_t size_class);
  bool find_run(uint32_t size_class);
  void extend_buffer(uint32_t size_class);
  bool take_block(uint32_t size_class);
  bool prepare();
  bool is_collection_due(uint32_t blocks) const;
  void collect_for(uint32_t blocks);
  void note_use();

  uint64_t sweep();
  uint64_t sweep_block(uint32_t index);
  void retire_buffers();
  void overwrite_dead_objects();
  void set_threshold(uint64_t live_bytes, uint64_t root_bytes);

  HeapObject* find_object_in_space(uint64_t word) const;
  const CanonicalType* make_descriptors() const;

  AllocationBuffers buffers_{};  // first: see AllocationBuffers
  std::array<SizeClass, kSizeClasses> classes_{};
  HeapBlocks blocks_;
  uint32_t threshold_blocks_ = 0;     // a new block beyond this many collects first,
  uint64_t worth_collecting_at_ = 0;  // but not before so many bytes were allocated in all
  bool refused_ = false;              // the reservation failed: do not try again
  HeapOptions options_;
  RootProvider& roots_;
  HeapStats stats_;
  mutable std::unique_ptr<CanonicalType[]> descriptors_;
};

}  // namespace arris::runtime
