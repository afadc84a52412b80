// Access: the engine's way into the public handles, and the conversions between Vals and value-stack slots. For the engine's
// own files; tools of the tree that must see a decoded module (module()) may include it too.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arris/arris.h"
#include "arris/core_dump.h"
#include "engine/state.h"

namespace arris::api::detail {

struct Access {
  static const std::shared_ptr<EngineState>& state(const Engine& engine) { return engine.state_; }
  static StoreState* state(StoreRef store) { return store.state_; }
  static const ModuleState& state(const Module& module) { return *module.state_; }
  static const std::shared_ptr<const ModuleState>& shared_state(const Module& module) { return module.state_; }
  static const TrapState& state(const Trap& trap) { return *trap.state_; }
  // The decoded module: immutable.
  static const arris::Module& module(const Module& module) { return *module.state_->module; }

  static StoreRef store(StoreState* state) { return StoreRef(state); }
  static Module module(std::shared_ptr<const ModuleState> state) { return Module(std::move(state)); }
  static Instance instance(StoreState* store, arris::runtime::InstanceData* data) { return Instance(store, data); }
  static Trap trap(std::shared_ptr<const TrapState> state) { return Trap(std::move(state)); }
  static CoreDump core_dump(StoreState* store) { return CoreDump(store); }
  static InterruptHandle interrupt_handle(std::shared_ptr<InterruptState> state) {
    return InterruptHandle(std::move(state));
  }
  static SharedMemory shared_memory(std::shared_ptr<arris::runtime::Memory> memory) {
    return SharedMemory(std::move(memory));
  }
  static const std::shared_ptr<arris::runtime::Memory>& memory(const SharedMemory& shared) { return shared.memory_; }

  static Func func(StoreState* store, const arris::runtime::FuncInstance* func) { return Func(store, func); }
  static Table table(StoreState* store, arris::runtime::TableInstance* table) { return Table(store, table); }
  static Memory memory(StoreState* store, arris::runtime::MemoryInstance* memory) { return Memory(store, memory); }
  static Global global(StoreState* store, arris::runtime::GlobalInstance* global) { return Global(store, global); }
  static Tag tag(StoreState* store, arris::runtime::TagInstance* tag) { return Tag(store, tag); }
  static Func host_func(StoreRef store, HostFunction function) {
    return Func::from_host_function(store, std::move(function));
  }

  static Extern from_runtime(StoreState* store, const arris::runtime::Extern& value);
  // The runtime's form of `value`, and whether it belongs to `store`.
  static bool to_runtime(const StoreState* store, const Extern& value, arris::runtime::Extern& out);
  static arris::runtime::TagInstance* instance(const Tag& tag) { return tag.tag_; }
  static const arris::runtime::FuncInstance* instance(const Func& func) { return func.func_; }
  static StoreState* owner(const Tag& tag) { return tag.store_; }

  static Ref ref(ValType type, uint64_t bits, RootNode* node) { return Ref(type, bits, node); }
  static uint64_t bits(const Ref& ref) { return ref.bits_; }
  static const RootNode* node(const Ref& ref) { return ref.node_; }
};

// Host functions of types known only at run time.
HostFunction make_dynamic_host_function(const Engine& engine, const FuncType& type, Func::Callback callback);
HostFunction make_slots_host_function(const Engine& engine, const FuncType& type, Func::SlotsCallback callback);

// Slots of a value of this type, written or read. val_to_slots: false if the value does not match the type.
bool val_to_slots(const StoreState* store, const Val& value, ValType type, uint64_t* slots);
Val val_from_slots(StoreState* store, const uint64_t* slots, ValType type);
// Public, canonical type of an import, export or other declaration of a module.
ExternType extern_type(const arris::Module& module, const arris::ExternType& type);
ExternType extern_type(const arris::Module& module, ExternKind kind, uint32_t index);

}  // namespace arris::api::detail
