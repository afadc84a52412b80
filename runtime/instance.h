// Instance: a module brought to life in a Store. Spec: exec/modules, instantiation.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/layout.h"
#include "runtime/store.h"
#include "wasm/error.h"
#include "wasm/module.h"

namespace arris::runtime {

class MemoryImage;  // runtime/memory_image.h

// An external value: what is imported and exported.
struct Extern {
  ExternKind kind;
  union {
    FuncInstance* func;
    TableInstance* table;
    MemoryInstance* memory;
    GlobalInstance* global;
    TagInstance* tag;
  };
};

class Instance {
 public:
  // Empty until Instantiator fills it.
  explicit Instance(std::shared_ptr<const Module> module) : module_(std::move(module)) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const Module& module() const { return *module_; }
  InstanceData& data() { return data_; }
  const std::shared_ptr<const Module>& shared_module() const { return module_; }
  // The value of export number `i` of the module.
  Extern export_at(uint32_t i) const;
  // References in passive element segments.
  void visit_roots(RootVisitor& visitor);

  // For reuse: gives up all contents of what the instance defined (memories zero or as their image, tables and segments empty,
  // globals null), so that `reinstantiate` can fill them anew. What it imported stays. At most `keep_memory_bytes` of each memory
  // stay in storage. False if it cannot be reused: it defines a shared memory, or the system refuses.
  bool clear(uint64_t keep_memory_bytes);

 private:
  friend class Instantiator;

  std::shared_ptr<const Module> module_;
  InstanceData data_{};
  // What data_ points to. Sized once, before data_ points there.
  std::vector<FuncInstance> own_funcs_;  // contiguous, by function index - imported_funcs
  std::vector<FuncInstance*> funcs_;
  std::vector<TableInstance*> tables_;
  std::vector<MemoryInstance*> memories_;
  std::vector<GlobalInstance*> globals_;
  std::vector<TagInstance*> tags_;
  std::vector<const CanonicalType*> types_;
  std::vector<DataInstance> datas_;
  std::vector<ElemInstance> elems_;
  std::vector<std::unique_ptr<uint64_t[]>> elem_storage_;
  bool has_image_ = false;  // the active data segments are in memory 0 whenever it is fresh
};

// Why an instantiation failed: refused imports (Error), a trap or an exception while it ran (details in the Store).
struct InstantiationFailure {
  Outcome outcome = Outcome::ok;  // trap or exception; ok: see error
  Error error{ErrorCode::out_of_memory};
};

// Checks imports against the module's (Spec: matching), allocates, evaluates globals, tables and segments, copies active
// segments in order, then runs the start function. On failure everything already written stays written; the instance stays in the
// Store from the first active segment on, since references to it may have escaped.
// `image`, if given, was made of the module (memory_image.h).
// Imports must belong to the Store (or be host functions, or shared memories it adopted) and stand in the order of
// Module::imports; missing ones are errors of code unknown_import.
std::expected<Instance*, InstantiationFailure> instantiate(Store& store, std::shared_ptr<const Module> module,
                                                           std::span<const Extern> imports,
                                                           const MemoryImage* image = nullptr);

// The same for an instance that was cleared, with the same imports: afterwards nothing tells it from a new one.
std::expected<void, InstantiationFailure> reinstantiate(Store& store, Instance& instance);

// Does an external value match an import's type? The explanation is empty if it does.
std::string explain_import_mismatch(const Store& store, const Module& module, const Import& import,
                                    const Extern& value);

}  // namespace arris::runtime
