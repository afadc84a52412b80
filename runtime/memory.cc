#include "runtime/memory.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "runtime/memory_image.h"

namespace arris::runtime {
namespace {

constexpr uint64_t kMemory64CapBytes = limits::kMaxMemory64Pages * limits::kWasmPageBytes;
constexpr uint64_t kMaxPages1Byte = 0xFFFF'FFFF;  // of a 32-bit memory: its size must fit an i32

uint64_t round_up_to_page(uint64_t bytes) {
  uint64_t page = os::page_size();
  return (bytes + page - 1) & ~(page - 1);
}

// The largest number of pages the address type admits.
uint64_t max_pages_of(const MemoryType& type) {
  if (type.limits.address == AddressType::i64) return ~uint64_t{0} >> type.page_size_log2;
  return type.page_size_log2 == 0 ? kMaxPages1Byte : (uint64_t{1} << 32) >> type.page_size_log2;
}

bool in_bounds(uint64_t address, uint64_t count, uint64_t size) { return count <= size && address <= size - count; }

uint64_t size_of(const MemoryInstance& memory) { return memory.size_bytes.load(std::memory_order_seq_cst); }

// Between two pieces of a bulk operation somebody may stop it. A piece takes a few milliseconds at most.
constexpr uint64_t kBulkPieceBytes = 8 << 20;

bool asked_to_stop(const ExecutionContext* running) {
  return running && (running->interrupt.load(std::memory_order_relaxed) & kInterruptStop);
}

TrapCode fill_in_pieces(uint8_t* to, uint8_t value, uint64_t count, const ExecutionContext* running) {
  for (; count > kBulkPieceBytes; to += kBulkPieceBytes, count -= kBulkPieceBytes) {
    std::memset(to, value, kBulkPieceBytes);
    if (asked_to_stop(running)) return TrapCode::interrupted;
  }
  std::memset(to, value, count);
  return TrapCode::none;
}

// From that end where no piece overwrites what a later one reads.
TrapCode move_in_pieces(uint8_t* to, const uint8_t* from, uint64_t count, const ExecutionContext* running) {
  bool backward = reinterpret_cast<uintptr_t>(to) > reinterpret_cast<uintptr_t>(from);
  for (; count > kBulkPieceBytes; count -= kBulkPieceBytes) {
    uint64_t offset = backward ? count - kBulkPieceBytes : 0;
    std::memmove(to + offset, from + offset, kBulkPieceBytes);
    if (asked_to_stop(running)) return TrapCode::interrupted;
    if (backward) continue;
    to += kBulkPieceBytes;
    from += kBulkPieceBytes;
  }
  std::memmove(to, from, count);
  return TrapCode::none;
}

}  // namespace

Memory::Memory(const MemoryType& type) {
  instance_.page_size_log2 = type.page_size_log2;
  instance_.is_64 = type.limits.address == AddressType::i64;
  instance_.shared = type.shared;
  instance_.has_max = type.limits.has_max;
  // A declared maximum is kept as it is, for import matching; the reservation bounds what growth can reach.
  instance_.max_pages = type.limits.has_max ? type.limits.max : max_pages_of(type);
  instance_.owner = this;
}

std::shared_ptr<Memory> Memory::create(const MemoryType& type) {
  uint64_t min_pages = type.limits.min;
  if (min_pages > std::min(max_pages_of(type), kMemory64CapBytes >> type.page_size_log2)) return nullptr;
  std::shared_ptr<Memory> memory(new Memory(type));
  if (!memory->reserve(min_pages << type.page_size_log2)) return nullptr;
  if (memory->grow(min_pages) == kGrowFailed) return nullptr;
  return memory;
}

bool Memory::reserve(uint64_t min_bytes) {
  bool hardware_bounds = !instance_.is_64 && instance_.page_size_log2 == 16;
  if (hardware_bounds) {
    reservation_ = os::Reservation(kMemory32ReservationBytes + kMemory32GuardBytes);
    if (reservation_) {
      instance_.base = reservation_.data();
      instance_.reserved_bytes = kMemory32ReservationBytes;
      instance_.guard_bytes = kMemory32GuardBytes;
      return true;
    }
  }
  uint64_t cap_pages = kMemory64CapBytes >> instance_.page_size_log2;
  uint64_t wanted = std::min(instance_.max_pages, cap_pages) << instance_.page_size_log2;
  if (!instance_.is_64) wanted = std::min(wanted, kMemory32ReservationBytes);
  uint64_t least = round_up_to_page(std::max<uint64_t>(min_bytes, 1));  // base is never null
  for (wanted = std::max(round_up_to_page(wanted), least);; wanted = std::max(round_up_to_page(wanted / 2), least)) {
    reservation_ = os::Reservation(wanted);
    if (reservation_) break;
    if (wanted == least) return false;
  }
  instance_.base = reservation_.data();
  instance_.reserved_bytes = wanted;
  return true;
}

MemoryType Memory::type() const {
  MemoryType type;
  type.limits = {size_pages(), instance_.has_max ? instance_.max_pages : 0, instance_.has_max,
                 instance_.is_64 ? AddressType::i64 : AddressType::i32};
  type.shared = instance_.shared;
  type.page_size_log2 = instance_.page_size_log2;
  return type;
}

uint64_t Memory::grow(uint64_t delta_pages, uint64_t limit_pages) {
  std::lock_guard lock(grow_mutex_);
  uint64_t old_pages = size_pages();
  uint64_t ceiling = std::min({instance_.max_pages, limit_pages, instance_.reserved_bytes >> instance_.page_size_log2});
  if (delta_pages == 0) return old_pages;
  if (old_pages > ceiling || delta_pages > ceiling - old_pages) return kGrowFailed;
  uint64_t old_bytes = old_pages << instance_.page_size_log2;
  uint64_t new_bytes = (old_pages + delta_pages) << instance_.page_size_log2;
  return resize(old_bytes, new_bytes) ? old_pages : kGrowFailed;
}

bool Memory::resize(uint64_t old_bytes, uint64_t new_bytes) {
  uint64_t committed = round_up_to_page(old_bytes);
  uint64_t needed = round_up_to_page(new_bytes);
  if (needed > committed && !os::commit(instance_.base + committed, needed - committed)) return false;
  instance_.size_bytes.store(new_bytes, std::memory_order_seq_cst);
  return true;
}

bool Memory::map_image(const MemoryImage& image) {
  if (!image.map(instance_.base)) return false;
  image_begin_ = image.begin();
  image_end_ = image.begin() + image.size();
  return true;
}

bool Memory::reset(uint64_t min_pages, uint64_t keep_bytes) {
  uint64_t committed = round_up_to_page(instance_.size_bytes.load(std::memory_order_relaxed));
  uint64_t least = round_up_to_page(min_pages << instance_.page_size_log2);
  if (committed > least && !os::decommit(instance_.base + least, committed - least)) return false;
  auto zero = [&](uint64_t begin, uint64_t end) {
    uint64_t kept = std::clamp(round_up_to_page(std::min(keep_bytes, end)), begin, end);
    os::clear(instance_.base + begin, kept - begin);
    return os::discard(instance_.base + kept, end - kept);
  };
  // Discarded, the pages of an image are its own again.
  bool ok = zero(0, image_begin_) && zero(image_end_, least) &&
            os::discard(instance_.base + image_begin_, image_end_ - image_begin_);
  instance_.size_bytes.store(min_pages << instance_.page_size_log2, std::memory_order_seq_cst);
  return ok;
}

TrapCode memory_fill(MemoryInstance& memory, uint64_t address, uint8_t value, uint64_t count,
                     const ExecutionContext* running) {
  if (!in_bounds(address, count, size_of(memory))) return TrapCode::out_of_bounds_memory_access;
  return fill_in_pieces(memory.base + address, value, count, running);
}

TrapCode memory_copy(MemoryInstance& destination, uint64_t destination_address, const MemoryInstance& source,
                     uint64_t source_address, uint64_t count, const ExecutionContext* running) {
  if (!in_bounds(source_address, count, size_of(source)) ||
      !in_bounds(destination_address, count, size_of(destination))) {
    return TrapCode::out_of_bounds_memory_access;
  }
  return move_in_pieces(destination.base + destination_address, source.base + source_address, count, running);
}

TrapCode memory_init(MemoryInstance& memory, uint64_t address, const DataInstance& data, uint64_t offset,
                     uint64_t count) {
  if (!in_bounds(offset, count, data.size) || !in_bounds(address, count, size_of(memory))) {
    return TrapCode::out_of_bounds_memory_access;
  }
  if (count != 0) std::memcpy(memory.base + address, data.bytes + offset, count);
  return TrapCode::none;
}

}  // namespace arris::runtime
