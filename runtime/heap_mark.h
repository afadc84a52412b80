// Marker: one marking of a Heap: from the roots to a mark bit on every reachable object. For heap.cc.
//
// Objects are traced precisely by their CanonicalType. An explicit stack holds marked objects that are still to be scanned; a large
// array goes on it again with the index where its scan continues. If the stack is full (or the system refuses to commit more
// of it), the object's block is flagged and such blocks are rescanned afterwards. Each round of that scans at least a full
// stack of new objects, so with a stack of an eighth of the heap there are few rounds whatever the shape of the graph.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/heap.h"

namespace arris::runtime {

class Marker final : public RootVisitor {
 public:
  Marker(const Heap& heap, HeapBlocks& blocks);

  void visit_reference(uint64_t reference) override;
  void visit_conservatively(const uint64_t* begin, const uint64_t* end) override;
  // After the last root: marks everything reachable.
  void finish();
  // How much there was to look at.
  uint64_t root_bytes() const { return root_bytes_; }

 private:
  static constexpr uint32_t kPrefetchDistance = 8;
  static constexpr uint32_t kArrayPart = 512;  // elements scanned at a time
  static constexpr size_t kRootBatch = 4096;   // roots waiting before they are traced

  void discover(uint64_t reference);
  bool ensure_room(size_t words);
  void rescan_later(uint64_t object);
  void drain();
  void scan(uint64_t object);
  void scan_array(uint64_t object, uint32_t from);
  void scan_exception(uint64_t object);
  void rescan_flagged_blocks();

  const Heap& heap_;
  HeapBlocks& blocks_;
  uint64_t base_;
  uint64_t bytes_;
  uint64_t* bottom_;
  uint64_t* top_;
  uint64_t* limit_;
  uint64_t root_bytes_ = 0;
  bool rescan_needed_ = false;
  // Objects taken off the stack a few steps before they are scanned, so that their memory is on its way.
  std::array<uint64_t, kPrefetchDistance> ahead_;  // a ring
  uint32_t ahead_first_ = 0;
  uint32_t ahead_count_ = 0;
};

}  // namespace arris::runtime
