// Extern: anything that can be imported or exported. Spec: exec/runtime, external values.
#pragma once

#include <variant>

#include "arris/detail/fwd.h"
#include "arris/func.h"
#include "arris/memory.h"
#include "arris/table.h"
#include "arris/types.h"

namespace arris::api {

// The alternatives are in the order of ExternKind. A handle: cheap to copy, valid as long as its Store.
class Extern {
 public:
  using Variant = std::variant<Func, Table, Memory, Global, Tag>;
  Extern(Func func) : value_(func) {}        // NOLINT
  Extern(Table table) : value_(table) {}     // NOLINT
  Extern(Memory memory) : value_(memory) {}  // NOLINT
  Extern(Global global) : value_(global) {}  // NOLINT
  Extern(Tag tag) : value_(tag) {}           // NOLINT

  ExternKind kind() const { return static_cast<ExternKind>(value_.index()); }
  ExternType type() const;
  const Variant& variant() const { return value_; }
  // The value of that kind, or null.
  const Func* func() const { return std::get_if<Func>(&value_); }
  const Table* table() const { return std::get_if<Table>(&value_); }
  const Memory* memory() const { return std::get_if<Memory>(&value_); }
  const Global* global() const { return std::get_if<Global>(&value_); }
  const Tag* tag() const { return std::get_if<Tag>(&value_); }

  friend bool operator==(const Extern&, const Extern&) = default;

 private:
  Variant value_;
};

}  // namespace arris::api
