#include "runtime/table.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace arris::runtime {
namespace {

bool in_bounds(uint64_t index, uint64_t count, uint64_t size) { return count <= size && index <= size - count; }

uint64_t max_elements_of(AddressType address) { return address == AddressType::i64 ? ~uint64_t{0} : 0xFFFF'FFFF; }

}  // namespace

std::unique_ptr<Table> Table::create(const TableType& type, uint64_t initial_reference) {
  std::unique_ptr<Table> table(new Table);
  TableInstance& instance = table->instance_;
  instance.owner = table.get();
  instance.element = type.element;
  instance.is_64 = type.limits.address == AddressType::i64;
  instance.has_max = type.limits.has_max;
  instance.max = type.limits.has_max ? type.limits.max : max_elements_of(type.limits.address);
  if (table->grow(type.limits.min, initial_reference, ~uint64_t{0}) == ~uint64_t{0}) return nullptr;
  return table;
}

TableType Table::type_of(const TableInstance& table) {
  return {
      table.element,
      {table.size, table.has_max ? table.max : 0, table.has_max, table.is_64 ? AddressType::i64 : AddressType::i32}};
}

bool Table::ensure_capacity(uint64_t size) {
  if (size <= capacity_) return true;
  if (size > SIZE_MAX / sizeof(uint64_t) / 2) return false;
  // By a half more than before, so that growing one by one is linear in all; exactly at first, since most tables never grow.
  uint64_t capacity = capacity_ == 0 ? size : std::max(size, capacity_ + capacity_ / 2);
  void* moved = std::realloc(instance_.elements, capacity * sizeof(uint64_t));
  if (!moved) return false;
  instance_.elements = static_cast<uint64_t*>(moved);
  capacity_ = capacity;
  return true;
}

uint64_t Table::grow(uint64_t delta, uint64_t reference, uint64_t limit) {
  uint64_t old_size = instance_.size;
  uint64_t ceiling = std::min(instance_.max, limit);
  if (delta == 0) return old_size;
  if (old_size > ceiling || delta > ceiling - old_size || !ensure_capacity(old_size + delta)) return ~uint64_t{0};
  std::fill_n(instance_.elements + old_size, delta, reference);
  instance_.size = old_size + delta;
  return old_size;
}

void Table::clear(uint64_t keep) {
  instance_.size = 0;
  if (capacity_ <= keep) return;
  std::free(instance_.elements);
  instance_.elements = nullptr;
  capacity_ = 0;
}

TrapCode table_fill(TableInstance& table, uint64_t index, uint64_t reference, uint64_t count) {
  if (!in_bounds(index, count, table.size)) return TrapCode::out_of_bounds_table_access;
  std::fill_n(table.elements + index, count, reference);
  return TrapCode::none;
}

TrapCode table_copy(TableInstance& destination, uint64_t destination_index, const TableInstance& source,
                    uint64_t source_index, uint64_t count) {
  if (!in_bounds(source_index, count, source.size) || !in_bounds(destination_index, count, destination.size)) {
    return TrapCode::out_of_bounds_table_access;
  }
  if (count != 0) {
    std::memmove(destination.elements + destination_index, source.elements + source_index, count * sizeof(uint64_t));
  }
  return TrapCode::none;
}

TrapCode table_init(TableInstance& table, uint64_t index, const ElemInstance& elem, uint64_t offset, uint64_t count) {
  if (!in_bounds(offset, count, elem.size) || !in_bounds(index, count, table.size)) {
    return TrapCode::out_of_bounds_table_access;
  }
  if (count != 0) std::memcpy(table.elements + index, elem.elements + offset, count * sizeof(uint64_t));
  return TrapCode::none;
}

}  // namespace arris::runtime
