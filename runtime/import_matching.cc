// Does an external value match an import's type? Spec: valid/matching, external types; exec/modules, external typing.
#include <string>

#include "runtime/instance.h"

namespace arris::runtime {
namespace {

std::string mismatch(const std::string& expected, const std::string& found) {
  return "expected " + expected + ", found " + found;
}

std::string to_text(const Limits& limits) {
  std::string text = limits.address == AddressType::i64 ? "i64 " : "";
  text += std::to_string(limits.min);
  if (limits.has_max) text += " " + std::to_string(limits.max);
  return text;
}

std::string to_text(const MemoryType& type) {
  std::string text = "memory " + to_text(type.limits);
  if (type.shared) text += " shared";
  if (type.page_size_log2 != 16)
    text += " with pages of " + std::to_string(uint64_t{1} << type.page_size_log2) + " byte";
  return text;
}

std::string to_text(const TableType& type) { return "table " + to_text(type.limits) + " " + to_string(type.element); }

std::string to_text(const GlobalType& type) {
  return std::string(type.is_mutable ? "mutable" : "immutable") + " global " + to_string(type.type);
}

bool limits_match(const Limits& found, const Limits& expected) {
  return found.address == expected.address && found.min >= expected.min &&
         (!expected.has_max || (found.has_max && found.max <= expected.max));
}

bool memory_matches(const MemoryType& found, const MemoryType& expected) {
  return limits_match(found.limits, expected.limits) && found.shared == expected.shared &&
         found.page_size_log2 == expected.page_size_log2;
}

bool global_matches(const TypeRegistry& registry, const GlobalType& found, const GlobalType& expected) {
  if (found.is_mutable != expected.is_mutable) return false;
  return expected.is_mutable ? found.type == expected.type : registry.is_subtype(found.type, expected.type);
}

}  // namespace

std::string explain_import_mismatch(const Store& store, const Module& module, const Import& import,
                                    const Extern& value) {
  const ExternType& type = import.type;
  const TypeRegistry& registry = store.registry();
  if (value.kind != type.kind) {
    return mismatch(kExternKindNames[static_cast<int>(type.kind)], kExternKindNames[static_cast<int>(value.kind)]);
  }
  switch (type.kind) {
    case ExternKind::func: {
      const CanonicalType& expected = module.canonical_type(type.type);
      if (registry.is_subtype(value.func->type->id, expected.id)) return {};
      std::string found_text = to_string(value.func->type->func);
      std::string expected_text = to_string(expected.func);
      if (found_text == expected_text) return "the function's type is equal in form but defined otherwise";
      return mismatch("func " + expected_text, "func " + found_text);
    }
    case ExternKind::table: {
      TableType expected{module.canonical(type.table.element), type.table.limits};
      TableType found = Store::type_of(*value.table);
      if (found.element == expected.element && limits_match(found.limits, expected.limits)) return {};
      return mismatch(to_text(expected), to_text(found));
    }
    case ExternKind::memory: {
      MemoryType found = Store::type_of(*value.memory);
      if (memory_matches(found, type.memory)) return {};
      return mismatch(to_text(type.memory), to_text(found));
    }
    case ExternKind::global: {
      GlobalType expected{module.canonical(type.global.type), type.global.is_mutable};
      GlobalType found = Store::type_of(*value.global);
      if (global_matches(registry, found, expected)) return {};
      return mismatch(to_text(expected), to_text(found));
    }
    case ExternKind::tag:
      if (value.tag->type->id == module.canonical_types[type.type.value]) return {};
      return mismatch("tag " + to_string(module.canonical_type(type.type).func),
                      "tag " + to_string(value.tag->type->func));
  }
  return {};
}

}  // namespace arris::runtime
