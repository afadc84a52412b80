// Table, Global, Tag: handles to store objects (store.h tells their lifetime). Spec: exec/runtime.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "arris/detail/fwd.h"
#include "arris/store.h"
#include "arris/types.h"
#include "arris/val.h"

namespace arris::api {

class Table {
 public:
  // `type` with canonical types; `init` fills it. Errors: type_mismatch, limit_exceeded, out_of_memory.
  static std::expected<Table, Error> create(StoreRef store, const TableType& type, const Ref& init = {});

  TableType type() const;  // with the current size as minimum
  uint64_t size() const;
  std::optional<Ref> get(uint64_t index) const;  // absent: out of bounds
  // Errors: type_mismatch, limit_exceeded (out of bounds).
  std::expected<void, Error> set(uint64_t index, const Ref& value) const;
  // The old size. Errors: type_mismatch, limit_exceeded.
  std::expected<uint64_t, Error> grow(uint64_t delta, const Ref& init = {}) const;

  friend bool operator==(const Table& a, const Table& b) { return a.table_ == b.table_; }

 private:
  friend struct detail::Access;
  Table(detail::StoreState* store, arris::runtime::TableInstance* table) : store_(store), table_(table) {}
  detail::StoreState* store_;
  arris::runtime::TableInstance* table_;
};

class Global {
 public:
  // Errors: type_mismatch.
  static std::expected<Global, Error> create(StoreRef store, const GlobalType& type, const Val& init);

  GlobalType type() const;
  Val get() const;
  // Errors: type_mismatch, immutable_global.
  std::expected<void, Error> set(const Val& value) const;

  friend bool operator==(const Global& a, const Global& b) { return a.global_ == b.global_; }

 private:
  friend struct detail::Access;
  Global(detail::StoreState* store, arris::runtime::GlobalInstance* global) : store_(store), global_(global) {}
  detail::StoreState* store_;
  arris::runtime::GlobalInstance* global_;
};

// An exception tag. Each creation is a new identity.
class Tag {
 public:
  static Tag create(StoreRef store, const TagType& type);  // type.func.results is ignored: tags have none

  TagType type() const;

  friend bool operator==(const Tag& a, const Tag& b) { return a.tag_ == b.tag_; }

 private:
  friend struct detail::Access;
  Tag(detail::StoreState* store, arris::runtime::TagInstance* tag) : store_(store), tag_(tag) {}
  detail::StoreState* store_;
  arris::runtime::TagInstance* tag_;
};

}  // namespace arris::api
