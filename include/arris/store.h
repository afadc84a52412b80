// Store: the world of a set of instances: their functions, memories, tables, globals, tags, heap and stack. Spec: exec/runtime,
// store.
//
// Store owns, StoreRef borrows; everything that works on a store takes a StoreRef, and a Store is one. Single-threaded: one
// thread at a time may use a Store and all that belongs to it (handles, Refs); it may move between threads while nothing of it
// runs. Only InterruptHandle may be used from anywhere. Handles (Func, Memory, Instance, ...) are small values that stay valid
// until their Store is destroyed, wherever the Store is moved. What is created in a Store lives until its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>

#include "arris/config.h"
#include "arris/detail/fwd.h"
#include "arris/engine.h"

namespace arris::api {

class CoreDump;

struct HeapStats {
  uint64_t collections = 0;
  uint64_t allocated_bytes = 0;  // in all, since creation
  uint64_t allocated_objects = 0;
  uint64_t live_bytes = 0;  // after the last collection
  uint64_t used_bytes = 0;
  uint64_t peak_used_bytes = 0;
  uint64_t limit_bytes = 0;
  uint64_t total_pause_ns = 0;
  uint64_t max_pause_ns = 0;
};

// Stops a Store's running code from another thread or from a signal handler.
class InterruptHandle {
 public:
  // Asks the code running in the Store to stop with TrapCode::interrupted, soon: at the next loop head or function entry, or
  // at once where a host function waits and set a waker. The request stays until StoreRef::clear_interrupt. Thread-safe,
  // async-signal-safe, lock-free; does nothing once the Store is gone.
  void interrupt() const;

 private:
  friend struct detail::Access;
  explicit InterruptHandle(std::shared_ptr<detail::InterruptState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::InterruptState> state_;
};

namespace detail {
template <class T>
inline constexpr char kDataKey = 0;  // its address is T's key
}

// Borrows a Store. Cheap to copy; must not outlive the Store.
class StoreRef {
 public:
  const Engine& engine() const;

  // Fuel (Config::fuel): a call of a WebAssembly function and an iteration of a loop cost one each. Whoever runs out traps with
  // out_of_fuel; more can be set before another call. Without Config::fuel, set_fuel does nothing and fuel() is empty.
  void set_fuel(uint64_t fuel);
  std::optional<uint64_t> fuel() const;
  uint64_t fuel_consumed() const;  // since the last set_fuel

  // Instructions executed so far (Config::count_instructions; otherwise 0). The same number on every run and machine: each
  // instruction that control reaches counts one, whatever it does; host functions count nothing. StoreLimits::max_instructions
  // bounds it exactly.
  uint64_t instructions() const;
  // Time spent in host functions that WebAssembly code called (Config::measure_host_time; otherwise 0).
  std::chrono::nanoseconds host_time() const;

  InterruptHandle interrupt_handle() const;
  bool interrupted() const;  // asked to stop; host functions that wait or work long should look
  void clear_interrupt();
  // Called by InterruptHandle::interrupt, on its thread or inside its signal handler, so it has to be async-signal-safe: write
  // to an eventfd, for example, that the host function polls besides its own descriptors. Null removes it; when set_waker
  // returns, the old one is no longer running.
  using Waker = void (*)(void* argument);
  void set_waker(Waker waker, void* argument);

  // Called when code of this store traps, before frames unwind, so that the state can be looked at (core_dump.h). Not for the guest's
  // exit and not for uncaught exceptions. It must not run code of the store. Null removes it.
  using TrapHook = std::function<void(const CoreDump&)>;
  void on_trap(TrapHook hook);

  HeapStats heap_stats() const;
  void collect();  // garbage, now

  // The embedder's per-store data, one pointer per type, borrowed: how host functions shared by many Stores (Linker) find
  // their state. Null if not set.
  template <class T>
  void set_data(T* data) {
    set_data_at(&detail::kDataKey<T>, data);
  }
  template <class T>
  T* data() const {
    return static_cast<T*>(data_at(&detail::kDataKey<T>));
  }

  friend bool operator==(StoreRef, StoreRef) = default;

 protected:
  friend struct detail::Access;
  explicit StoreRef(detail::StoreState* state) : state_(state) {}
  void set_data_at(const void* key, void* data);
  void* data_at(const void* key) const;

  detail::StoreState* state_;
};

class Store : public StoreRef {
 public:
  // Ends the process when the system refuses address space for the stack; `create` reports it.
  explicit Store(const Engine& engine);
  Store(const Engine& engine, const StoreLimits& limits);
  static std::expected<Store, Error> create(const Engine& engine, const StoreLimits& limits);
  static std::expected<Store, Error> create(const Engine& engine);
  Store(Store&& other) noexcept : StoreRef(other.state_) { other.state_ = nullptr; }
  Store& operator=(Store&& other) noexcept;
  ~Store();

 private:
  explicit Store(detail::StoreState* state) : StoreRef(state) {}
};

}  // namespace arris::api
