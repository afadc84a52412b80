// What function bodies and constant expressions are checked against: the module's declarations with canonical types.
#pragma once

#include <span>
#include <vector>

#include "wasm/module.h"

namespace arris::validator {

struct ModuleContext {
  explicit ModuleContext(Module& m) : module(m), registry(*m.registry) {}

  Module& module;
  const TypeRegistry& registry;
  std::vector<const CanonicalType*> types;  // by type index
  // Canonical types by index. Filled as the declarations are checked.
  std::vector<ValType> globals;
  std::vector<ValType> tables;
  std::vector<ValType> elems;

  const CanonicalType& func_type(uint32_t func) const { return *types[module.funcs[func].value]; }
  const CanonicalType& tag_type(uint32_t tag) const { return *types[module.tags[tag].value]; }
  bool has_type(ValType t) const { return !t.is_ref() || has_type(t.heap()); }
  bool has_type(HeapType h) const { return !h.is_concrete() || h.index() < types.size(); }
};

}  // namespace arris::validator
