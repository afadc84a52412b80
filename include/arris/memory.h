// Memory and SharedMemory: linear memories. Spec: exec/runtime, memory instances.
#pragma once

#include <cstdint>
#include <cstring>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "arris/detail/fwd.h"
#include "arris/store.h"
#include "arris/types.h"

namespace arris::api {

// A linear memory in a Store: a handle. The bytes never move, so a span taken before growth stays valid, only shorter than
// the memory. Bytes of a shared memory may change under the reader at any time.
class Memory {
 public:
  // Errors: limit_exceeded, out_of_memory.
  static std::expected<Memory, Error> create(StoreRef store, const MemoryType& type);
  // A shared memory as seen in `store`.
  static std::expected<Memory, Error> from_shared(StoreRef store, const SharedMemory& shared);

  MemoryType type() const;  // with the current size as minimum. Spec: appendix/embedding, mem_type
  std::span<uint8_t> data() const;
  uint64_t size_bytes() const { return data().size(); }
  uint64_t size_pages() const;
  // The old size in pages. Errors: limit_exceeded.
  std::expected<uint64_t, Error> grow(uint64_t delta_pages) const;
  // The shared memory behind it, if it is one.
  std::optional<SharedMemory> shared() const;

  // Bounds-checked access at a guest address; any alignment; little-endian as the host is.
  template <class T>
  std::optional<T> load(uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    auto bytes = slice(address, sizeof(T));
    if (bytes.data() == nullptr) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  template <class T>
  [[nodiscard]] bool store(uint64_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    auto bytes = slice(address, sizeof(T));
    if (bytes.data() == nullptr) return false;
    std::memcpy(bytes.data(), &value, sizeof(T));
    return true;
  }
  // [address, address + size), or a span with null data if any of it is out of bounds. An empty slice in bounds is not null.
  std::span<uint8_t> slice(uint64_t address, uint64_t size) const {
    auto all = data();
    if (size > all.size() || address > all.size() - size) return {};
    return all.subspan(address, size);
  }
  std::optional<std::string_view> text(uint64_t address, uint64_t size) const {
    auto bytes = slice(address, size);
    if (bytes.data() == nullptr) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  friend bool operator==(const Memory& a, const Memory& b) { return a.memory_ == b.memory_; }

 private:
  friend struct detail::Access;
  Memory(detail::StoreState* store, arris::runtime::MemoryInstance* memory) : store_(store), memory_(memory) {}
  detail::StoreState* store_;
  arris::runtime::MemoryInstance* memory_;
};

// A memory that belongs to no Store and may be imported into many, on many threads. Thread-safe; copies are the same memory,
// which lives as long as a copy or a Store that uses it. Spec: threads proposal, shared memories.
class SharedMemory {
 public:
  // `type.shared` must be set and a maximum given. Errors: shared_memory_without_maximum, limit_exceeded, out_of_memory.
  static std::expected<SharedMemory, Error> create(const Engine& engine, const MemoryType& type);

  MemoryType type() const;
  std::span<uint8_t> data() const;
  uint64_t size_pages() const;
  std::expected<uint64_t, Error> grow(uint64_t delta_pages) const;

  friend bool operator==(const SharedMemory&, const SharedMemory&) = default;

 private:
  friend struct detail::Access;
  explicit SharedMemory(std::shared_ptr<arris::runtime::Memory> memory) : memory_(std::move(memory)) {}
  std::shared_ptr<arris::runtime::Memory> memory_;
};

}  // namespace arris::api
