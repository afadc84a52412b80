// Heap: the garbage-collected heap of one Store. Spec: exec/runtime, heap structures.
//
// Non-moving mark-sweep over one reserved address range of at most `limit_bytes`. Cells come from size-segregated blocks with
// free lists (large objects from block runs); a free cell's type pointer is null, so any 8-byte word can be tested for being a
// reference (`find_object`), which is how value stacks are scanned conservatively. Objects themselves are marked precisely
// by their CanonicalType. Marking uses an explicit stack, never native recursion.
// Single-threaded, like its Store.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "runtime/layout.h"

namespace arris::runtime {

struct HeapOptions {
  uint64_t limit_bytes = uint64_t{1} << 30;
  bool zeal = false;  // collect at every allocation (testing)
};

struct HeapStats {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;   // in all, since creation
  uint64_t allocated_objects = 0;
  uint64_t live_bytes = 0;        // after the last collection
  uint64_t used_bytes = 0;        // in blocks now
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

// Who knows roots: the Store. Called at the start of every collection.
class RootProvider {
 public:
  virtual void visit_roots(RootVisitor& visitor) = 0;

 protected:
  ~RootProvider() = default;
};

class Heap {
 public:
  Heap(const HeapOptions& options, RootProvider& roots);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Objects with zeroed contents, or null when the limit is reached even after a collection. May collect: every live
  // reference must be reachable from the roots (interpreter: spilled below ExecutionContext::stack_top).
  StructObject* allocate_struct(const CanonicalType& type);
  // Null also when length * element size exceeds the limit; never overflows.
  ArrayObject* allocate_array(const CanonicalType& type, uint32_t length);
  ExceptionObject* allocate_exception(const TagInstance* tag, uint32_t payload_slots);
  HostObject* allocate_host_object(uint64_t value);

  const CanonicalType& host_object_type() const;
  const CanonicalType& exception_type() const;

  void collect();
  // The object that starts at this very word's address, or null.
  HeapObject* find_object(uint64_t word) const;
  HeapStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;  // the collector's author may replace this by plain members
};

}  // namespace arris::runtime
