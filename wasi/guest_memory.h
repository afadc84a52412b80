// GuestMemory: a bounds-checked view of the calling instance's linear memory, and Guest: who calls, for one call.
//
// Taken anew for each call, since memory grows. Nothing is dereferenced before its whole range is checked; whatever decides
// something is copied out first, because another thread of the guest may change shared memory at any moment.
#pragma once

#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "wasi/types.h"

namespace arris::wasi {

class Waker;

class GuestMemory {
 public:
  GuestMemory() = default;
  explicit GuestMemory(std::span<uint8_t> bytes) : data_(bytes.data()), size_(bytes.size()) {}

  uint64_t size() const { return size_; }
  bool contains(uint32_t address, uint64_t length) const { return length <= size_ && address <= size_ - length; }
  // Only after contains().
  uint8_t* at(uint32_t address) const { return data_ + address; }

  template <class T>
  [[nodiscard]] bool read(uint32_t address, T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return false;
    std::memcpy(&value, at(address), sizeof(T));
    return true;
  }
  template <class T>
  [[nodiscard]] bool write(uint32_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return false;
    std::memcpy(at(address), &value, sizeof(T));
    return true;
  }
  [[nodiscard]] bool write_bytes(uint32_t address, std::string_view bytes) const {
    if (!contains(address, bytes.size())) return false;
    if (!bytes.empty()) std::memcpy(at(address), bytes.data(), bytes.size());
    return true;
  }

 private:
  uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
};

// One call of a WASI function: the caller's memory, the waker of its thread, and how the call ended if not with a number.
struct Guest {
  enum class End : uint8_t { none, exited, interrupted };

  GuestMemory memory;
  Waker& waker;
  End end = End::none;
  uint32_t exit_code = 0;

  // The call was cut short because the store is to stop; the number returned reaches nobody.
  Errno interrupted() {
    end = End::interrupted;
    return Errno::intr;
  }
};

}  // namespace arris::wasi
