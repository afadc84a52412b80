// Structs and arrays. Spec: validation/instructions, aggregate reference instructions.
#include "decoder/validator/function_validator.h"
#include "wasm/limits.h"

namespace arris::validator {
namespace {

// The value type on the operand stack for a field: packed fields are i32 there.
ValType unpacked(ValType storage) { return storage.is_packed() ? kI32 : storage; }

ValType ref_to(const CanonicalType& type, bool nullable) {
  return ValType::ref(HeapType::concrete(type.id.value), nullable);
}

bool is_numeric_or_vector(ValType storage) { return !storage.is_ref(); }

}  // namespace

// A type index that must name a struct or an array.
const CanonicalType* FunctionValidator::read_aggregate(CompositeKind kind) {
  uint32_t index = in_.u32();
  if (!in_.ok()) return nullptr;
  if (index >= context_.types.size()) {
    fail_index(ErrorCode::unknown_type, index);
    return nullptr;
  }
  const CanonicalType* type = context_.types[index];
  if (type->kind == kind) return type;
  fail(ErrorCode::type_mismatch,
       "type " + std::to_string(index) + (kind == CompositeKind::array ? " is not an array" : " is not a struct"));
  return nullptr;
}

const CanonicalType* FunctionValidator::read_array_with(bool writable) {
  const CanonicalType* type = read_aggregate(CompositeKind::array);
  if (!type || !writable || type->fields[0].is_mutable) return type;
  fail(ErrorCode::immutable_array);
  return nullptr;
}

const FieldType* FunctionValidator::read_struct_field(const CanonicalType*& type) {
  type = read_aggregate(CompositeKind::struct_);
  if (!type) return nullptr;
  uint32_t field = in_.u32();
  if (!in_.ok()) return nullptr;
  if (field < type->fields.size()) return &type->fields[field];
  fail_index(ErrorCode::unknown_field, field);
  return nullptr;
}

// Packed fields are read by the _s and _u forms only, others by the plain form only.
bool FunctionValidator::check_packing(const FieldType& field, Opcode op) {
  bool plain = op == Opcode::struct_get || op == Opcode::array_get;
  if (field.storage.is_packed() != plain) return true;
  return fail(ErrorCode::type_mismatch, plain ? "field is packed" : "field is unpacked");
}

bool FunctionValidator::on_struct_new(Opcode op) {
  const CanonicalType* type = read_aggregate(CompositeKind::struct_);
  if (!type) return false;
  if (op == Opcode::struct_new) {
    for (size_t i = type->fields.size(); i > 0; --i) {
      if (!pop(unpacked(type->fields[i - 1].storage))) return false;
    }
  } else {
    for (const FieldType& field : type->fields) {
      if (!field.storage.is_defaultable()) return fail(ErrorCode::non_defaultable);
    }
  }
  push(ref_to(*type, false));
  return true;
}

bool FunctionValidator::on_struct_get(Opcode op) {
  const CanonicalType* type;
  const FieldType* field = read_struct_field(type);
  if (!field || !check_packing(*field, op) || !pop(ref_to(*type, true))) return false;
  push(unpacked(field->storage));
  return true;
}

bool FunctionValidator::on_struct_set(Opcode) {
  const CanonicalType* type;
  const FieldType* field = read_struct_field(type);
  if (!field) return false;
  if (!field->is_mutable) return fail(ErrorCode::immutable_field);
  return pop(unpacked(field->storage)) && pop(ref_to(*type, true));
}

bool FunctionValidator::on_array_new(Opcode op) {
  const CanonicalType* type = read_aggregate(CompositeKind::array);
  if (!type || !pop(kI32)) return false;
  ValType storage = type->fields[0].storage;
  if (op == Opcode::array_new) {
    if (!pop(unpacked(storage))) return false;
  } else if (!storage.is_defaultable()) {
    return fail(ErrorCode::non_defaultable);
  }
  push(ref_to(*type, false));
  return true;
}

bool FunctionValidator::on_array_new_fixed(Opcode) {
  const CanonicalType* type = read_aggregate(CompositeKind::array);
  if (!type) return false;
  uint32_t count = in_.u32();
  if (!in_.ok()) return false;
  if (count > limits::kMaxArrayNewFixed) return fail(ErrorCode::limit_exceeded, "array.new_fixed too long");
  for (uint32_t i = 0; i < count; ++i) {
    if (!pop(unpacked(type->fields[0].storage))) return false;
  }
  push(ref_to(*type, false));
  return true;
}

bool FunctionValidator::on_array_new_segment(Opcode op) {
  const CanonicalType* type = read_aggregate(CompositeKind::array);
  if (!type) return false;
  ValType storage = type->fields[0].storage;
  if (op == Opcode::array_new_data) {
    if (!check_data(in_.u32())) return false;
    if (!is_numeric_or_vector(storage)) return fail(ErrorCode::not_numeric_or_vector_array);
  } else {
    uint32_t elem;
    if (!read_elem(elem)) return false;
    if (!registry_.is_subtype(context_.elems[elem], storage)) return fail_mismatch(storage, context_.elems[elem]);
  }
  if (!pop(kI32) || !pop(kI32)) return false;
  push(ref_to(*type, false));
  return true;
}

bool FunctionValidator::on_array_get(Opcode op) {
  const CanonicalType* type = read_aggregate(CompositeKind::array);
  if (!type || !check_packing(type->fields[0], op) || !pop(kI32) || !pop(ref_to(*type, true))) return false;
  push(unpacked(type->fields[0].storage));
  return true;
}

bool FunctionValidator::on_array_set(Opcode) {
  const CanonicalType* type = read_array_with(true);
  return type && pop(unpacked(type->fields[0].storage)) && pop(kI32) && pop(ref_to(*type, true));
}

bool FunctionValidator::on_array_len(Opcode) {
  if (!pop(ValType::ref(AbstractHeap::array, true))) return false;
  push(kI32);
  return true;
}

bool FunctionValidator::on_array_fill(Opcode) {
  const CanonicalType* type = read_array_with(true);
  return type && pop(kI32) && pop(unpacked(type->fields[0].storage)) && pop(kI32) && pop(ref_to(*type, true));
}

bool FunctionValidator::on_array_copy(Opcode) {
  const CanonicalType* to = read_array_with(true);
  const CanonicalType* from = to ? read_aggregate(CompositeKind::array) : nullptr;
  if (!from) return false;
  if (!registry_.is_subtype(from->fields[0].storage, to->fields[0].storage))
    return fail(ErrorCode::array_type_mismatch);
  return pop(kI32) && pop(kI32) && pop(ref_to(*from, true)) && pop(kI32) && pop(ref_to(*to, true));
}

bool FunctionValidator::on_array_init_segment(Opcode op) {
  const CanonicalType* type = read_array_with(true);
  if (!type) return false;
  ValType storage = type->fields[0].storage;
  if (op == Opcode::array_init_data) {
    if (!check_data(in_.u32())) return false;
    if (!is_numeric_or_vector(storage)) return fail(ErrorCode::not_numeric_or_vector_array);
  } else {
    uint32_t elem;
    if (!read_elem(elem)) return false;
    if (!registry_.is_subtype(context_.elems[elem], storage)) return fail_mismatch(storage, context_.elems[elem]);
  }
  return pop(kI32) && pop(kI32) && pop(kI32) && pop(ref_to(*type, true));
}

}  // namespace arris::validator
