#include "runtime/heap_mark.h"

#include <algorithm>
#include <cstring>

namespace arris::runtime {
namespace {

uint64_t load_word(uint64_t address) { return *reinterpret_cast<const uint64_t*>(address); }

const CanonicalType* type_of(uint64_t object) { return reinterpret_cast<const HeapObject*>(object)->type; }

}  // namespace

Marker::Marker(const Heap& heap, HeapBlocks& blocks)
    : heap_(heap), blocks_(blocks), base_(blocks.base()), bytes_(blocks.bytes()) {
  std::span<uint64_t> stack = blocks.mark_stack(0);
  bottom_ = top_ = stack.data();
  limit_ = bottom_ + stack.size();
}

bool Marker::ensure_room(size_t words) {
  if (static_cast<size_t>(limit_ - top_) >= words) return true;
  size_t in_use = static_cast<size_t>(top_ - bottom_);
  limit_ = bottom_ + blocks_.mark_stack(in_use + words).size();
  return static_cast<size_t>(limit_ - top_) >= words;
}

void Marker::rescan_later(uint64_t object) {
  blocks_[blocks_.index_of(object)].rescan = true;
  rescan_needed_ = true;
}

// Null, i31 values and function pointers fall out at the first line.
inline void Marker::discover(uint64_t reference) {
  if (reference - base_ >= bytes_ || (reference & 7) != 0) return;
  DCHECK(blocks_.is_allocated(reference));
  if (!blocks_.mark(reference)) return;
  if (top_ == limit_ && !ensure_room(1)) [[unlikely]] {
    rescan_later(reference);
    return;
  }
  *top_++ = reference;
}

void Marker::visit_reference(uint64_t reference) {
  root_bytes_ += 8;
  discover(reference);
  if (static_cast<size_t>(top_ - bottom_) >= kRootBatch) drain();
}

void Marker::visit_conservatively(const uint64_t* begin, const uint64_t* end) {
  root_bytes_ += static_cast<uint64_t>(end - begin) * 8;
  for (const uint64_t* word = begin; word != end; ++word) {
    if (!heap_.find_object(*word)) continue;
    discover(*word);
    if (static_cast<size_t>(top_ - bottom_) >= kRootBatch) drain();
  }
}

void Marker::finish() {
  drain();
  while (rescan_needed_) rescan_flagged_blocks();
}

void Marker::drain() {
  while (true) {
    if (top_ != bottom_ && ahead_count_ < kPrefetchDistance) {
      uint64_t next = *--top_;
      if (next & 1) {
        uint64_t from = *--top_;
        scan_array(next & ~uint64_t{1}, static_cast<uint32_t>(from));
        continue;
      }
      __builtin_prefetch(reinterpret_cast<const void*>(next));
      ahead_[(ahead_first_ + ahead_count_++) % kPrefetchDistance] = next;
      continue;
    }
    if (ahead_count_ == 0) return;
    uint64_t object = ahead_[ahead_first_];
    ahead_first_ = (ahead_first_ + 1) % kPrefetchDistance;
    --ahead_count_;
    scan(object);
  }
}

void Marker::scan(uint64_t object) {
  const CanonicalType* type = type_of(object);
  switch (type->kind) {
    case CompositeKind::struct_:
      for (uint32_t offset : type->ref_offsets) discover(load_word(object + offset));
      break;
    case CompositeKind::array:
      if (type->has_ref_elements) scan_array(object, 0);
      break;
    case CompositeKind::func:  // one of the heap's own two types; a host object holds no references
      if (type == &heap_.exception_type()) scan_exception(object);
      break;
  }
}

void Marker::scan_array(uint64_t object, uint32_t from) {
  uint32_t length = reinterpret_cast<const ArrayObject*>(object)->length;
  uint32_t count = std::min(length - from, kArrayPart);
  if (from + count < length) {
    if (ensure_room(2)) {
      *top_++ = from + count;
      *top_++ = object | 1;
    } else {
      rescan_later(object);
    }
  }
  uint64_t element = object + kArrayElementsOffset + uint64_t{from} * 8;
  for (uint32_t i = 0; i < count; ++i, element += 8) discover(load_word(element));
}

void Marker::scan_exception(uint64_t object) {
  auto* exception = reinterpret_cast<ExceptionObject*>(object);
  uint32_t slot = 0;
  for (ValType param : exception->tag->type->func.params) {
    if (slot >= exception->payload_slots) break;
    if (param.is_ref()) discover(exception->payload()[slot]);
    slot += param.slots();
  }
}

void Marker::rescan_flagged_blocks() {
  rescan_needed_ = false;
  blocks_.for_each_touched([&](uint32_t index) {
    if (!blocks_[index].rescan) return;
    blocks_[index].rescan = false;
    uintptr_t begin = blocks_.address_of(index);
    uintptr_t end = begin + kHeapBlockBytes;
    for (uintptr_t object = blocks_.next_marked(begin, end); object < end;
         object = blocks_.next_marked(object + 8, end)) {
      scan(object);
      drain();
    }
  });
}

}  // namespace arris::runtime
