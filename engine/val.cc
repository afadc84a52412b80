#include "arris/val.h"

#include "engine/access.h"

namespace arris::api::detail {

bool val_to_slots(const StoreState* store, const Val& value, ValType type, uint64_t* slots) {
  if (type.is_ref()) return value.type().is_ref() && ref_to_slot(store, value.ref(), type, slots);
  if (value.type() != type) return false;
  if (type.is_vec()) return ValueTraits<V128>::store(store, value.v128(), slots);
  slots[0] = value.u64();
  return true;
}

Val val_from_slots(StoreState* store, const uint64_t* slots, ValType type) {
  if (type.is_ref()) return Val(ref_from_slot(store, slots[0], type));
  switch (type.code()) {
    case TypeCode::i64: return Val(slots[0]);
    case TypeCode::f32: return Val::f32_bits(static_cast<uint32_t>(slots[0]));
    case TypeCode::f64: return Val::f64_bits(slots[0]);
    case TypeCode::v128: return Val(ValueTraits<V128>::load(store, slots));
    default: return Val(static_cast<uint32_t>(slots[0]));
  }
}

}  // namespace arris::api::detail
