// InstancePool: instances of one module for many short uses, such as requests. Each has a Store of its own; giving it back clears
// both, and the next use starts from them as from new: nothing that a guest can do or an embedder can ask tells the difference,
// but the time it takes. Spec: exec/modules, instantiation.
//
//   arris::api::InstancePool pool(linker, module);
//   auto lease = pool.acquire();                 // any thread
//   auto handle = lease->instance().typed<int32_t(int32_t)>("handle");
//   ...                                          // the lease's end gives the instance back
//
// The end of a lease is the end of its Store: handles and Refs into it must not be used afterwards, InterruptHandles do nothing.
// What cannot be made as new is thrown away and replaced: a Store in which more was created than the instance (host functions,
// memories, other instances), and every instance of a module that defines a shared memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "arris/config.h"
#include "arris/instance.h"
#include "arris/linker.h"
#include "arris/module.h"
#include "arris/store.h"

namespace arris::api {

struct PoolOptions {
  StoreLimits limits = {};  // of each instance's Store
  size_t max_idle = 64;     // instances kept between uses; more are dropped as they are given back
  // What an idle instance keeps in physical memory if it was used; the rest goes back to the system, and costs a page fault per
  // 4 KiB when it is touched again. Going through it costs about 30 ns per KiB at each return.
  uint64_t keep_memory_bytes = 64 << 10;  // of each linear memory, from address 0
  uint64_t keep_stack_bytes = 16 << 10;
};

namespace detail {
struct PoolState;
struct PoolSlot;
}  // namespace detail

// An instance taken from a pool. Belongs to one thread at a time, like its Store; must not end while the guest runs.
class PooledInstance {
 public:
  PooledInstance(PooledInstance&&) noexcept;
  PooledInstance& operator=(PooledInstance&&) noexcept;
  ~PooledInstance();

  const Instance& instance() const { return *instance_; }
  StoreRef store() const { return instance_->store(); }

 private:
  friend class InstancePool;
  PooledInstance(std::shared_ptr<detail::PoolState> pool, std::unique_ptr<detail::PoolSlot> slot);
  void give_back();

  std::shared_ptr<detail::PoolState> pool_;
  std::unique_ptr<detail::PoolSlot> slot_;
  std::optional<Instance> instance_;  // empty when moved from
};

// Thread-safe; copies are the same pool, which lives as long as a copy or a lease.
class InstancePool {
 public:
  // The linker's host functions and shared memories serve all instances; its Externs belong to a Store and cannot. What is defined
  // in the linker afterwards is not seen here.
  InstancePool(const Linker& linker, const Module& module);  // with the engine's limits
  InstancePool(const Linker& linker, const Module& module, const PoolOptions& options);

  // An instance as new, its start function run. Errors: as of Linker::instantiate; out_of_memory.
  std::expected<PooledInstance, InstantiationError> acquire() const { return acquire_prepared(nullptr, nullptr); }
  // `prepare(StoreRef)` runs before anything of the guest does: sets fuel, data for host functions, WASI.
  template <class Prepare>
  std::expected<PooledInstance, InstantiationError> acquire(Prepare&& prepare) const {
    return acquire_prepared(
        [](void* f, StoreRef store) { (*static_cast<std::remove_reference_t<Prepare>*>(f))(store); },
        const_cast<void*>(static_cast<const void*>(std::addressof(prepare))));
  }

  // Instances that wait for use.
  size_t idle() const;

 private:
  std::expected<PooledInstance, InstantiationError> acquire_prepared(void (*prepare)(void*, StoreRef),
                                                                     void* argument) const;

  std::shared_ptr<detail::PoolState> state_;
};

}  // namespace arris::api
