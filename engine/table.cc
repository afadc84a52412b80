#include "arris/table.h"

#include "engine/access.h"

namespace arris::api {

using detail::Access;
using detail::StoreState;

namespace {

Error mismatch(ValType found, ValType expected) {
  return {ErrorCode::type_mismatch, kNoOffset, "expected " + to_string(expected) + ", found " + to_string(found)};
}

}  // namespace

std::expected<Table, Error> Table::create(StoreRef store, const TableType& type, const Ref& init) {
  StoreState* state = Access::state(store);
  if (!type.element.is_ref())
    return std::unexpected(Error{ErrorCode::type_mismatch, kNoOffset, "a table holds references"});
  if (type.limits.has_max && type.limits.min > type.limits.max)
    return std::unexpected(Error{ErrorCode::size_minimum_greater_than_maximum});
  TableType held{state->store.hold_type(type.element), type.limits};
  uint64_t bits;
  if (!detail::ref_to_slot(state, init, held.element, &bits))
    return std::unexpected(mismatch(init.type(), held.element));
  arris::runtime::TableInstance* table = state->store.new_table(held, bits);
  if (table == nullptr) return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "table too large"});
  return Table(state, table);
}

TableType Table::type() const {
  Limits limits{.min = table_->size,
                .max = table_->max,
                .has_max = table_->has_max,
                .address = table_->is_64 ? AddressType::i64 : AddressType::i32};
  return {table_->element, limits};
}

uint64_t Table::size() const { return table_->size; }

std::optional<Ref> Table::get(uint64_t index) const {
  if (index >= table_->size) return std::nullopt;
  return detail::ref_from_slot(store_, table_->elements[index], table_->element);
}

std::expected<void, Error> Table::set(uint64_t index, const Ref& value) const {
  if (index >= table_->size) return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "index out of bounds"});
  uint64_t bits;
  if (!detail::ref_to_slot(store_, value, table_->element, &bits))
    return std::unexpected(mismatch(value.type(), table_->element));
  table_->elements[index] = bits;
  return {};
}

std::expected<uint64_t, Error> Table::grow(uint64_t delta, const Ref& init) const {
  uint64_t bits;
  if (!detail::ref_to_slot(store_, init, table_->element, &bits))
    return std::unexpected(mismatch(init.type(), table_->element));
  uint64_t old_size = store_->store.grow_table(*table_, delta, bits);
  if (old_size == ~uint64_t{0}) return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "table too large"});
  return old_size;
}

std::expected<Global, Error> Global::create(StoreRef store, const GlobalType& type, const Val& init) {
  StoreState* state = Access::state(store);
  ValType held = state->store.hold_type(type.type);
  uint64_t slots[2] = {};
  if (!detail::val_to_slots(state, init, held, slots)) return std::unexpected(mismatch(init.type(), held));
  return Global(state, state->store.new_global(held, type.is_mutable, slots[0], slots[1]));
}

GlobalType Global::type() const { return {global_->type, global_->is_mutable}; }

Val Global::get() const { return detail::val_from_slots(store_, global_->value, global_->type); }

std::expected<void, Error> Global::set(const Val& value) const {
  if (!global_->is_mutable) return std::unexpected(Error{ErrorCode::immutable_global});
  uint64_t slots[2] = {};
  if (!detail::val_to_slots(store_, value, global_->type, slots))
    return std::unexpected(mismatch(value.type(), global_->type));
  global_->value[0] = slots[0];
  global_->value[1] = slots[1];
  return {};
}

Tag Tag::create(StoreRef store, const TagType& type) {
  StoreState* state = Access::state(store);
  return Tag(state, state->store.new_tag(state->store.func_type({type.func.params, {}})));
}

TagType Tag::type() const { return {tag_->type->func}; }

}  // namespace arris::api
