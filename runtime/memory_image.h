// MemoryImage: what the active data segments of a module make of its memory 0, prepared once and mapped copy-on-write into each
// instance. For instantiation. Spec: exec/modules, instantiation, where the segments are copied one by one: the image is used only
// where nobody can tell the difference.
//
// Worth it from kMinImageBytes of data on. Below, copying costs less than the mapping and the faults that follow (docs/limits.md
// has the measurement). Immutable and usable from any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/os/virtual_memory.h"
#include "wasm/module.h"

namespace arris::runtime {

inline constexpr uint64_t kMinImageBytes = 64 << 10;

class MemoryImage {
 public:
  // Null if the module has no memory 0 of its own that could have one, too little data, a segment whose place is not a plain
  // constant within the initial size or belongs to another memory, or the system refuses.
  static std::unique_ptr<const MemoryImage> create(const Module& module);

  uint64_t begin() const { return begin_; }  // address in the memory; whole pages of the system
  uint64_t size() const { return image_.size(); }
  bool map(uint8_t* memory_base) const { return image_.map(memory_base + begin_); }

 private:
  MemoryImage(uint64_t begin, os::Image image) : begin_(begin), image_(static_cast<os::Image&&>(image)) {}

  uint64_t begin_;
  os::Image image_;
};

}  // namespace arris::runtime
