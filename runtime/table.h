// Table: owns the elements of a TableInstance; and the operations on tables with the specification's traps: for the interpreter,
// for machine code's builtins and for instantiation. Spec: exec/runtime, table instances.
//
// References are slots (runtime/layout.h). Indices and counts of a 32-bit table come zero-extended. The elements may move when the
// table grows: never keep TableInstance::elements over a call.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "runtime/layout.h"
#include "wasm/trap.h"
#include "wasm/types.h"

namespace arris::runtime {

class Table {
 public:
  // Null when the system refuses. The caller has applied its limits to type.limits.min.
  static std::unique_ptr<Table> create(const TableType& canonical_type, uint64_t initial_reference);
  ~Table() { std::free(instance_.elements); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  TableInstance& instance() { return instance_; }
  // With the current size as the minimum.
  static TableType type_of(const TableInstance& table);
  // The old size, or ~0. `limit` is a ceiling beside the declared maximum.
  uint64_t grow(uint64_t delta, uint64_t reference, uint64_t limit);
  // Empty, for reuse: as before its first elements. What a growth beyond `keep` elements took is given up.
  void clear(uint64_t keep);

 private:
  Table() = default;
  bool ensure_capacity(uint64_t size);

  TableInstance instance_{};
  uint64_t capacity_ = 0;
};

// All or nothing; out_of_bounds_table_access otherwise. Growth is Store::grow_table.
TrapCode table_fill(TableInstance& table, uint64_t index, uint64_t reference, uint64_t count);
TrapCode table_copy(TableInstance& destination, uint64_t destination_index, const TableInstance& source,
                    uint64_t source_index, uint64_t count);
TrapCode table_init(TableInstance& table, uint64_t index, const ElemInstance& elem, uint64_t offset, uint64_t count);
inline void elem_drop(ElemInstance& elem) { elem.size = 0; }

}  // namespace arris::runtime
