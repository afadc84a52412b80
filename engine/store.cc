#include "arris/store.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/check.h"
#include "engine/access.h"
#include "engine/tiers.h"

namespace arris::api {

using detail::Access;
using detail::InterruptState;
using detail::StoreState;

namespace {

arris::runtime::StoreOptions options_of(const Engine& engine, const StoreLimits& limits) {
  const Config& config = engine.config();
  arris::runtime::StoreOptions options;
  detail::set_tiers(*Access::state(engine), options);
  options.max_stack_bytes = limits.max_stack_bytes;
  options.heap.limit_bytes = limits.max_heap_bytes;
  options.heap.zeal = config.heap_zeal;
  options.max_memory_bytes = limits.max_memory_bytes;
  options.max_memory_pages = limits.max_memory_pages;
  options.max_table_elements = limits.max_table_elements;
  options.max_instructions = limits.max_instructions;
  options.instruction_budget = Access::state(engine)->instruction_budget;
  options.measure_host_time = config.measure_host_time;
  options.registry = Access::state(engine)->registry;
  return options;
}

}  // namespace

namespace detail {

void InterruptState::wait_until_idle() const {
  while (busy.load() != 0) std::this_thread::yield();
}

StoreState::~StoreState() { disconnect(); }

void StoreState::disconnect() {
  // Handed over, not copied: a pooled store is disconnected each time it is given back.
  EngineState& shared = *Access::state(engine);
  shared.ended_instructions.fetch_add(store.retire_instructions(), std::memory_order_relaxed);
  shared.ended_host_nanoseconds.fetch_add(store.take_host_nanoseconds(), std::memory_order_relaxed);
  interrupt->flag.store(nullptr);
  Waker* waker = interrupt->waker.exchange(nullptr);
  interrupt->wait_until_idle();
  delete waker;
  host_trap.reset();
  trap_hook = nullptr;
  for (RootNode* node = roots; node != nullptr; node = node->next) node->store = nullptr;
  roots = nullptr;
}

}  // namespace detail

// --- Store ---

std::expected<Store, Error> Store::create(const Engine& engine, const StoreLimits& limits) {
  auto state = std::make_unique<StoreState>(engine, options_of(engine, limits));
  state->interrupt = std::make_shared<InterruptState>(&state->context().interrupt);
  state->context().fuel_enabled = engine.config().fuel;
  detail::start_tiers(*Access::state(engine), state->store);
  if (state->context().stack_base == nullptr)
    return std::unexpected(Error{ErrorCode::out_of_memory, kNoOffset, "no address space for a store's stack"});
  return Store(state.release());
}

std::expected<Store, Error> Store::create(const Engine& engine) { return create(engine, engine.config().limits); }

Store::Store(const Engine& engine) : Store(engine, engine.config().limits) {}

Store::Store(const Engine& engine, const StoreLimits& limits) : StoreRef(nullptr) {
  auto store = create(engine, limits);
  CHECK(store.has_value());
  std::swap(state_, store->state_);
}

Store& Store::operator=(Store&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Store::~Store() { delete state_; }

// --- StoreRef ---

const Engine& StoreRef::engine() const { return state_->engine; }

void StoreRef::set_fuel(uint64_t fuel) {
  if (!state_->context().fuel_enabled) return;
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  state_->fuel_at_set = std::min(fuel, kMost);
  state_->context().fuel = static_cast<int64_t>(state_->fuel_at_set);
}

std::optional<uint64_t> StoreRef::fuel() const {
  if (!state_->context().fuel_enabled) return std::nullopt;
  return static_cast<uint64_t>(std::max<int64_t>(state_->context().fuel, 0));
}

uint64_t StoreRef::fuel_consumed() const {
  auto left = fuel();
  return left ? state_->fuel_at_set - std::min(*left, state_->fuel_at_set) : 0;
}

uint64_t StoreRef::instructions() const { return state_->context().instructions; }

std::chrono::nanoseconds StoreRef::host_time() const {
  return std::chrono::nanoseconds(static_cast<int64_t>(state_->store.host_nanoseconds()));
}

InterruptHandle StoreRef::interrupt_handle() const { return Access::interrupt_handle(state_->interrupt); }

bool StoreRef::interrupted() const {
  return state_->context().interrupt.load(std::memory_order_acquire) & arris::runtime::kInterruptStop;
}

void StoreRef::clear_interrupt() {
  state_->context().interrupt.fetch_and(~arris::runtime::kInterruptStop, std::memory_order_acq_rel);
}

void StoreRef::set_waker(Waker waker, void* argument) {
  detail::Waker* made = waker != nullptr ? new detail::Waker{waker, argument} : nullptr;
  detail::Waker* old = state_->interrupt->waker.exchange(made);
  if (old == nullptr) return;
  state_->interrupt->wait_until_idle();
  delete old;
}

HeapStats StoreRef::heap_stats() const {
  arris::runtime::HeapStats stats = state_->store.heap().stats();
  return {.collections = stats.collections,
          .allocated_bytes = stats.allocated_bytes,
          .allocated_objects = stats.allocated_objects,
          .live_bytes = stats.live_bytes,
          .used_bytes = stats.used_bytes,
          .peak_used_bytes = stats.peak_used_bytes,
          .limit_bytes = stats.limit_bytes,
          .total_pause_ns = stats.total_pause_ns,
          .max_pause_ns = stats.max_pause_ns};
}

void StoreRef::collect() { state_->store.heap().collect(); }

void StoreRef::set_data_at(const void* key, void* data) {
  for (auto& entry : state_->data) {
    if (entry.first == key) {
      entry.second = data;
      return;
    }
  }
  state_->data.emplace_back(key, data);
}

void* StoreRef::data_at(const void* key) const {
  for (const auto& entry : state_->data) {
    if (entry.first == key) return entry.second;
  }
  return nullptr;
}

// --- InterruptHandle ---

// In a signal handler too: atomics only, and the waker promises the same.
void InterruptHandle::interrupt() const {
  InterruptState& state = *state_;
  state.busy.fetch_add(1);
  if (std::atomic<uint32_t>* flag = state.flag.load()) {
    flag->fetch_or(arris::runtime::kInterruptStop);
    if (const detail::Waker* waker = state.waker.load()) waker->function(waker->argument);
  }
  state.busy.fetch_sub(1);
}

}  // namespace arris::api
