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
  const Module& module() const { return *module_; }
  InstanceData& data() { return data_; }
  // The value of export number `i` of the module.
  Extern export_at(uint32_t i) const;

 private:
  friend class Instantiator;
  std::shared_ptr<const Module> module_;
  InstanceData data_{};
  // ... arrays that data_ points to: to be completed by the room's author.
};

// Why an instantiation failed: refused imports (Error), a trap or an exception while it ran (details in the Store).
struct InstantiationFailure {
  Outcome outcome = Outcome::ok;  // trap or exception; ok: see error
  Error error{ErrorCode::out_of_memory};
};

// Checks imports against the module's (Spec: matching), allocates, evaluates globals, tables and segments, copies active
// segments in order, then runs the start function. On failure everything already written stays written, and the instance stays
// in the Store if references to it may have escaped.
std::expected<Instance*, InstantiationFailure> instantiate(Store& store, std::shared_ptr<const Module> module,
                                                           std::span<const Extern> imports);

// Does an external value match an import's type? The explanation is empty if it does.
std::string explain_import_mismatch(const Store& store, const Module& module, const Import& import, const Extern& value);

}  // namespace arris::runtime
