// Memory: owns the address space behind a MemoryInstance; and the bulk operations on memories.
// Spec: exec/runtime, memory instances; threads proposal, shared memories.
//
// Invariants: base never moves; size only grows; bytes beyond the size inside the reservation are inaccessible or zero; the
// reservation goes back to the system with the Memory. A 32-bit memory with 64 KiB pages reserves the whole space its accesses
// can reach: 4 GiB for addresses plus a guard for offsets, so that compiled code can leave bounds checks to the hardware.
// If the system refuses that much, it reserves what the declared maximum needs (then half of that, and so on): guard_bytes and
// reserved_bytes of the instance say what was obtained, and growth beyond it fails as the specification permits.
// All other memories (64-bit, 1-byte pages) reserve what the declared maximum allows, at most limits::kMaxMemory64Pages pages of
// 64 KiB (address space, not storage: pages cost nothing before they are touched).
//
// Threads: everything here may be called from several threads for a shared memory. Growth is serialised; sizes are read
// sequentially consistent. A memory that is not shared belongs to one Store.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "base/os/virtual_memory.h"
#include "runtime/layout.h"
#include "runtime/wait_queue.h"
#include "wasm/limits.h"
#include "wasm/trap.h"
#include "wasm/types.h"

namespace arris::runtime {

class MemoryImage;  // runtime/memory_image.h

inline constexpr uint64_t kMemory32ReservationBytes = uint64_t{4} << 30;
inline constexpr uint64_t kMemory32GuardBytes = uint64_t{2} << 30;
inline constexpr uint64_t kGrowFailed = ~uint64_t{0};

class Memory : public std::enable_shared_from_this<Memory> {
 public:
  // Null if the minimum exceeds what any growth could reach or the system refuses.
  static std::shared_ptr<Memory> create(const MemoryType& type);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  MemoryInstance& instance() { return instance_; }
  // With the current size as the minimum.
  MemoryType type() const;
  uint64_t size_pages() const {
    return instance_.size_bytes.load(std::memory_order_seq_cst) >> instance_.page_size_log2;
  }
  // The old size in pages, or kGrowFailed. `limit_pages` is a ceiling beside the declared maximum.
  uint64_t grow(uint64_t delta_pages, uint64_t limit_pages = ~uint64_t{0});

  // Puts the image's bytes in place; the memory is fresh and large enough. False if the system refuses: nothing is changed.
  bool map_image(const MemoryImage& image);
  // Makes the memory what it was when `create` returned, or map_image if that was called: for reuse. The first `keep_bytes` stay in
  // storage if they were used, the rest goes back to the system. Not for shared memories. False if the system refuses: the
  // memory is then unusable.
  bool reset(uint64_t min_pages, uint64_t keep_bytes);

  WaitQueue& wait_queue() { return wait_queue_; }

 private:
  explicit Memory(const MemoryType& type);
  bool reserve(uint64_t min_bytes);
  bool resize(uint64_t old_bytes, uint64_t new_bytes);

  MemoryInstance instance_{};
  os::Reservation reservation_;
  uint64_t image_begin_ = 0, image_end_ = 0;  // where an image is mapped
  std::mutex grow_mutex_;
  WaitQueue wait_queue_;
};

// Bounds-checked bulk operations. All or nothing; out_of_bounds_memory_access otherwise. Addresses and counts of a 32-bit memory
// come zero-extended. Filling and copying gigabytes takes seconds: on behalf of `running`, they stop halfway when asked to.
TrapCode memory_fill(MemoryInstance& memory, uint64_t address, uint8_t value, uint64_t count,
                     const ExecutionContext* running = nullptr);
TrapCode memory_copy(MemoryInstance& destination, uint64_t destination_address, const MemoryInstance& source,
                     uint64_t source_address, uint64_t count, const ExecutionContext* running = nullptr);
TrapCode memory_init(MemoryInstance& memory, uint64_t address, const DataInstance& data, uint64_t offset,
                     uint64_t count);
inline void data_drop(DataInstance& data) { data.size = 0; }

}  // namespace arris::runtime
