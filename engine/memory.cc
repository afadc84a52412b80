#include "arris/memory.h"

#include "engine/access.h"
#include "runtime/memory.h"

namespace arris::api {

using detail::Access;
using detail::StoreState;

namespace {

std::span<uint8_t> bytes_of(const arris::runtime::MemoryInstance& memory) {
  return {memory.base, memory.size_bytes.load(std::memory_order_acquire)};
}

std::expected<void, Error> check(const Engine& engine, const MemoryType& type) {
  const Limits& limits = type.limits;
  if (type.page_size_log2 != 16 &&
      !(type.page_size_log2 == 0 && engine.config().features.has(Feature::custom_page_sizes)))
    return std::unexpected(Error{ErrorCode::invalid_page_size});
  if (limits.has_max && limits.min > limits.max)
    return std::unexpected(Error{ErrorCode::size_minimum_greater_than_maximum});
  if (type.shared && !limits.has_max) return std::unexpected(Error{ErrorCode::shared_memory_without_maximum});
  bool is_64 = limits.address == AddressType::i64;
  uint64_t ceiling = is_64 ? ~uint64_t{0} >> type.page_size_log2 : (uint64_t{1} << 32) >> type.page_size_log2;
  if (limits.min > ceiling || (limits.has_max && limits.max > ceiling))
    return std::unexpected(Error{is_64 ? ErrorCode::memory64_size_too_large : ErrorCode::memory_size_too_large});
  return {};
}

std::expected<uint64_t, Error> grown(uint64_t old_pages) {
  if (old_pages == arris::runtime::kGrowFailed)
    return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "the memory cannot grow that much"});
  return old_pages;
}

}  // namespace

std::expected<Memory, Error> Memory::create(StoreRef store, const MemoryType& type) {
  StoreState* state = Access::state(store);
  if (auto ok = check(state->engine, type); !ok) return std::unexpected(std::move(ok).error());
  if (!state->store.within_limits(type))
    return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "the memory is larger than the store's limits"});
  arris::runtime::MemoryInstance* memory = state->store.new_memory(type);
  if (memory == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  return Memory(state, memory);
}

std::expected<Memory, Error> Memory::from_shared(StoreRef store, const SharedMemory& shared) {
  StoreState* state = Access::state(store);
  arris::runtime::MemoryInstance* memory = state->store.adopt_memory(Access::memory(shared));
  if (memory == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  return Memory(state, memory);
}

MemoryType Memory::type() const { return arris::runtime::Store::type_of(*memory_); }
std::span<uint8_t> Memory::data() const { return bytes_of(*memory_); }
uint64_t Memory::size_pages() const { return data().size() >> memory_->page_size_log2; }

std::expected<uint64_t, Error> Memory::grow(uint64_t delta_pages) const {
  return grown(store_->store.grow_memory(*memory_, delta_pages));
}

std::optional<SharedMemory> Memory::shared() const {
  auto memory = store_->store.find_shared_memory(memory_);
  if (memory == nullptr) return std::nullopt;
  return Access::shared_memory(std::move(memory));
}

std::expected<SharedMemory, Error> SharedMemory::create(const Engine& engine, const MemoryType& type) {
  if (!type.shared)
    return std::unexpected(Error{ErrorCode::type_mismatch, kNoOffset, "the memory's type is not shared"});
  if (auto ok = check(engine, type); !ok) return std::unexpected(std::move(ok).error());
  const StoreLimits& limits = engine.config().limits;
  if (type.limits.min > limits.max_memory_pages || type.limits.min > limits.max_memory_bytes >> type.page_size_log2)
    return std::unexpected(
        Error{ErrorCode::limit_exceeded, kNoOffset, "the memory is larger than the engine's limits"});
  auto memory = arris::runtime::Memory::create(type);
  if (memory == nullptr) return std::unexpected(Error{ErrorCode::out_of_memory});
  return SharedMemory(std::move(memory));
}

MemoryType SharedMemory::type() const { return memory_->type(); }
std::span<uint8_t> SharedMemory::data() const { return bytes_of(memory_->instance()); }
uint64_t SharedMemory::size_pages() const { return memory_->size_pages(); }
std::expected<uint64_t, Error> SharedMemory::grow(uint64_t delta_pages) const {
  return grown(memory_->grow(delta_pages));
}

}  // namespace arris::api
