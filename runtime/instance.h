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
};

// Why an instantiation failed: refused imports (Error), a trap or an exception while it ran (details in the Store).
struct InstantiationFailure {
  Outcome outcome = Outcome::ok;  // trap or exception; ok: see error
  Error error{ErrorCode::out_of_memory};
};

// Checks imports against the module's (Spec: matching), allocates, evaluates globals, tables and segments, copies active
// segments in order, then runs the start function. On failure everything already written stays written; the instance stays in the
// Store from the first active segment on, since references to it may have escaped.
// Imports must belong to the Store (or be host functions, or shared memories it adopted) and stand in the order of
// Module::imports; missing ones are errors of code unknown_import.
std::expected<Instance*, InstantiationFailure> instantiate(Store& store, std::shared_ptr<const Module> module,
                                                           std::span<const Extern> imports);

// Does an external value match an import's type? The explanation is empty if it does.
std::string explain_import_mismatch(const Store& store, const Module& module, const Import& import,
                                    const Extern& value);

}  // namespace arris::runtime
