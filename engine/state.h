// What stands behind the public handles. Private to the engine.
//
// Ownership: EngineState and ModuleState are shared by handles and reference counted; a StoreState has one owner, the Store
// object, and its address never changes, so that handles may point to it. Everything reachable from a StoreState is
// single-threaded but InterruptState.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arris/config.h"
#include "arris/engine.h"
#include "arris/instance.h"
#include "arris/module.h"
#include "arris/store.h"
#include "arris/trap.h"
#include "runtime/instance.h"
#include "runtime/memory_image.h"
#include "runtime/store.h"
#include "wasm/module.h"

namespace arris::jit {
class Machine;
}

namespace arris::api::detail {

struct EngineState {
  Config config;
  std::shared_ptr<arris::TypeRegistry> registry;
  std::shared_ptr<arris::jit::Machine> machine;  // null if this engine never compiles
  std::shared_ptr<std::atomic<uint64_t>> instruction_budget;  // null: no bound
  // Of Stores that ended.
  std::atomic<uint64_t> ended_instructions{0};
  std::atomic<uint64_t> ended_host_nanoseconds{0};
};

struct ModuleState {
  ModuleState(const Engine& e, std::shared_ptr<const arris::Module> m) : engine(e), module(std::move(m)) {}

  Engine engine;
  std::shared_ptr<const arris::Module> module;
  std::unordered_map<std::string_view, uint32_t> exports;  // name -> position; views into the module's bytes

  // For instantiation; made when it is first asked for. Null if the module has none.
  const arris::runtime::MemoryImage* memory_image() const;

 private:
  mutable std::once_flag image_once_;
  mutable std::unique_ptr<const arris::runtime::MemoryImage> image_;
};

// One root in the runtime, shared by the copies of a Ref. In its store's list, so that the store's end can disconnect it.
struct RootNode {
  StoreState* store;  // null once the store is gone
  uint32_t count;     // Refs
  uint32_t handle;
  RootNode* previous;
  RootNode* next;
};

struct Waker {
  StoreRef::Waker function;
  void* argument;
};

// Lock-free: `busy` counts interrupt() calls under way; who takes `flag` or `waker` away waits until none is left.
struct InterruptState {
  std::atomic<std::atomic<uint32_t>*> flag;  // ExecutionContext::interrupt; null once the store is gone
  std::atomic<Waker*> waker{nullptr};
  std::atomic<uint32_t> busy{0};

  void wait_until_idle() const;
};

struct TrapState {
  TrapCode code = TrapCode::host_error;
  std::string message;  // never empty
  std::vector<Frame> frames;
  uint64_t omitted_frames = 0;
  size_t omitted_at = 0;
  std::optional<int32_t> exit_status;
  Ref exception;
};

void call_trap_hook(arris::runtime::Store& store);  // core_dump.cc

struct StoreState {
  StoreState(const Engine& for_engine, const arris::runtime::StoreOptions& options)
      : engine(for_engine), store(with_embedder(options, this)) {}
  ~StoreState();
  // Ends what handles outside the store can do to it: wakers, InterruptHandles and Refs.
  void disconnect();
  StoreState(const StoreState&) = delete;
  StoreState& operator=(const StoreState&) = delete;

  arris::runtime::ExecutionContext& context() { return store.context(); }
  const arris::TypeRegistry& registry() const { return *options().registry; }
  const arris::runtime::StoreOptions& options() const { return store.options(); }

  static arris::runtime::StoreOptions with_embedder(arris::runtime::StoreOptions options, StoreState* state) {
    options.embedder = state;
    options.on_trap = call_trap_hook;
    return options;
  }

  Engine engine;
  std::unordered_map<const arris::Module*, std::shared_ptr<const ModuleState>> modules;  // instantiated here
  std::unordered_map<const void*, const arris::runtime::FuncInstance*> host_funcs;       // by HostFunction::callable
  std::vector<std::pair<const void*, void*>> data;
  RootNode* roots = nullptr;
  std::shared_ptr<InterruptState> interrupt;
  std::optional<Trap> host_trap;  // raised by a host function and on its way out
  StoreRef::TrapHook trap_hook;
  uint64_t fuel_at_set = 0;
  arris::runtime::Store store;  // last: ends first, while what host functions refer to still exists
};

// Instantiates with one value per import.
std::expected<arris::runtime::Instance*, InstantiationError> instantiate(StoreState* state, const Module& module,
                                                                         std::span<const Extern> imports);
InstantiationError instantiation_error(StoreState* state, arris::runtime::InstantiationFailure failure);

}  // namespace arris::api::detail
