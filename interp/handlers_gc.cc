// Reference, struct, array and i31 instructions, and the casts. Semantics that allocate or move many elements are in
// runtime/gc_ops.h, where every tier finds them; single fields and elements are accessed in line.
//
// Operands are published before anything that may collect. Objects never move, so a reference in a C++ variable stays good.
#include "runtime/gc_ops.h"

#include "interp/handlers.h"
#include "runtime/store.h"

namespace arris::interp {

using runtime::ArrayObject;
using runtime::Extension;
using runtime::to_array;
using runtime::to_struct;

INTERP_INLINE const CanonicalType& read_type(const InstanceData* inst, const uint8_t*& p) {
  return *inst->types[read_uleb<uint32_t>(p)];
}
// As runtime::store_storage, by a switch: sizes are few, and a copy of unknown size is a library call.
INTERP_INLINE void store_sized(uint8_t* at, uint32_t bytes, const uint64_t* slots) {
  switch (bytes) {
    case 1: *at = static_cast<uint8_t>(*slots); break;
    case 2: store_unaligned(at, static_cast<uint16_t>(*slots)); break;
    case 4: store_unaligned(at, static_cast<uint32_t>(*slots)); break;
    case 16: store_unaligned(at + 8, slots[1]); [[fallthrough]];
    default: store_unaligned(at, *slots);
  }
}
INTERP_INLINE uint32_t slots_of_storage(uint32_t bytes) { return bytes == 16 ? 2 : 1; }

// ---- References ----------------------------------------------------------------------------------------------------------

HANDLER(op_ref_null) {
  const uint8_t* p = ip + 1;
  skip_leb(p);
  PUSH(0);
  ip = p;
  NEXT();
}
HANDLER(op_ref_is_null) {
  tos = tos == 0;
  ip += 1;
  NEXT();
}
HANDLER(op_ref_func) {
  const uint8_t* p = ip + 1;
  PUSH(reinterpret_cast<uint64_t>(inst->funcs[read_uleb<uint32_t>(p)]));
  ip = p;
  NEXT();
}
HANDLER(op_ref_eq) {
  sp -= 1;
  tos = *sp == tos;
  ip += 1;
  NEXT();
}
HANDLER(op_ref_as_non_null) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_reference);
  ip += 1;
  NEXT();
}

// References of both hierarchies are represented alike.
HANDLER(op_any_convert_extern) {
  ip = after_opcode<Opcode::any_convert_extern>(ip);
  NEXT();
}
HANDLER(op_extern_convert_any) {
  ip = after_opcode<Opcode::extern_convert_any>(ip);
  NEXT();
}

HANDLER(op_ref_i31) {
  tos = runtime::make_i31(static_cast<uint32_t>(tos));
  ip = after_opcode<Opcode::ref_i31>(ip);
  NEXT();
}
HANDLER(op_i31_get_s) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_i31_reference);
  tos = static_cast<uint32_t>(runtime::i31_get_s(tos));
  ip = after_opcode<Opcode::i31_get_s>(ip);
  NEXT();
}
HANDLER(op_i31_get_u) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_i31_reference);
  tos = runtime::i31_get_u(tos);
  ip = after_opcode<Opcode::i31_get_u>(ip);
  NEXT();
}

// ---- Tests and casts -----------------------------------------------------------------------------------------------------

// Does the reference match (ref ht), or (ref null ht), for the heap type at `p`? Moves past it.
static bool matches_at(const InstanceData* inst, uint64_t reference, bool nullable, const uint8_t*& p) {
  const int64_t heap = read_sleb<int64_t>(p);
  if (reference == 0) return nullable;
  return heap >= 0 ? runtime::matches_concrete(reference, *inst->types[heap])
                   : runtime::matches_abstract(reference, static_cast<AbstractHeap>(heap & 0x7F));
}

// The same for a type index in one byte, which a hot handler answers by itself.
INTERP_INLINE bool is_short_index(uint8_t heap_type) { return heap_type < 0x40; }
INTERP_INLINE bool matches_short(const InstanceData* inst, uint64_t reference, bool nullable, uint8_t index) {
  return reference == 0 ? nullable : runtime::matches_concrete(reference, *inst->types[index]);
}

template <Opcode op, bool nullable>
static COLD_HANDLER(test_reference_slow) {
  const uint8_t* p = after_opcode<op>(ip);
  tos = matches_at(inst, tos, nullable, p);
  ip = p;
  NEXT();
}
template <Opcode op, bool nullable>
static HANDLER(test_reference) {
  const uint8_t* p = after_opcode<op>(ip);
  if (!is_short_index(*p)) GOTO((test_reference_slow<op, nullable>));
  tos = matches_short(inst, tos, nullable, *p);
  ip = p + 1;
  NEXT();
}
HANDLER(op_ref_test) { GOTO((test_reference<Opcode::ref_test, false>)); }
HANDLER(op_ref_test_null) { GOTO((test_reference<Opcode::ref_test_null, true>)); }

template <Opcode op, bool nullable>
static COLD_HANDLER(cast_reference_slow) {
  const uint8_t* p = after_opcode<op>(ip);
  if (!matches_at(inst, tos, nullable, p)) TRAP_NOW(cast_failure);
  ip = p;
  NEXT();
}
template <Opcode op, bool nullable>
static HANDLER(cast_reference) {
  const uint8_t* p = after_opcode<op>(ip);
  if (!is_short_index(*p)) GOTO((cast_reference_slow<op, nullable>));
  if (!matches_short(inst, tos, nullable, *p)) [[unlikely]]
    TRAP_NOW(cast_failure);
  ip = p + 1;
  NEXT();
}
HANDLER(op_ref_cast) { GOTO((cast_reference<Opcode::ref_cast, false>)); }
HANDLER(op_ref_cast_null) { GOTO((cast_reference<Opcode::ref_cast_null, true>)); }

// Immediates: flags, label, source type, target type.
template <Opcode op, bool wanted>
static COLD_HANDLER(branch_on_cast_slow) {
  const uint8_t* p = after_opcode<op>(ip);
  const uint8_t flags = *p++;
  skip_leb(p);
  skip_leb(p);
  if (matches_at(inst, tos, flags & 2, p) == wanted) TAKE_BRANCH();
  st += 1;
  ip = p;
  NEXT();
}
template <Opcode op, bool wanted>
static HANDLER(branch_on_cast) {
  const uint8_t* p = after_opcode<op>(ip);
  if (is_long(p[1] | p[2]) || !is_short_index(p[3])) GOTO((branch_on_cast_slow<op, wanted>));
  if (matches_short(inst, tos, p[0] & 2, p[3]) == wanted) TAKE_BRANCH();
  st += 1;
  ip = p + 4;
  NEXT();
}
HANDLER(op_br_on_cast) { GOTO((branch_on_cast<Opcode::br_on_cast, true>)); }
HANDLER(op_br_on_cast_fail) { GOTO((branch_on_cast<Opcode::br_on_cast_fail, false>)); }

// ---- Structs -------------------------------------------------------------------------------------------------------------

HANDLER(op_struct_new) {
  const uint8_t* p = after_opcode<Opcode::struct_new>(ip);
  const CanonicalType& type = read_type(inst, p);
  uint64_t slots = 0;
  for (const FieldType& field : type.fields) slots += field.storage.slots();
  PUBLISH_STACK();
  uint64_t object;
  TRAP_IF_ANY(runtime::struct_new(*inst->heap, type, sp + 1 - slots, &object));
  sp -= slots;
  tos = *sp;
  PUSH(object);
  ip = p;
  NEXT();
}
HANDLER(op_struct_new_default) {
  const uint8_t* p = after_opcode<Opcode::struct_new_default>(ip);
  const CanonicalType& type = read_type(inst, p);
  PUBLISH_STACK();
  uint64_t object;
  TRAP_IF_ANY(runtime::struct_new_default(*inst->heap, type, &object));
  PUSH(object);
  ip = p;
  NEXT();
}

template <Opcode op, Extension extension>
static HANDLER(get_field) {
  const uint8_t* p = after_opcode<op>(ip);
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_structure_reference);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t index = read_uleb<uint32_t>(p);
  const uint8_t* at = to_struct(tos)->field(type.field_offsets[index]);
  uint64_t value[2];
  runtime::load_storage(at, type.fields[index].storage, extension, value);
  tos = value[0];
  if (type.fields[index].storage.is_vec()) {
    *sp++ = value[0];
    tos = value[1];
  }
  ip = p;
  NEXT();
}
HANDLER(op_struct_get) { GOTO((get_field<Opcode::struct_get, Extension::zero>)); }
HANDLER(op_struct_get_s) { GOTO((get_field<Opcode::struct_get_s, Extension::sign>)); }
HANDLER(op_struct_get_u) { GOTO((get_field<Opcode::struct_get_u, Extension::zero>)); }

HANDLER(op_struct_set) {
  const uint8_t* p = after_opcode<Opcode::struct_set>(ip);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t index = read_uleb<uint32_t>(p);
  const ValType storage = type.fields[index].storage;
  *sp = tos;
  sp -= storage.slots();
  if (*sp == 0) [[unlikely]]
    TRAP_NOW(null_structure_reference);
  store_sized(to_struct(*sp)->field(type.field_offsets[index]), storage_size_bytes(storage), sp + 1);
  POP();
  ip = p;
  NEXT();
}

// ---- Arrays: allocation --------------------------------------------------------------------------------------------------

HANDLER(op_array_new) {
  const uint8_t* p = after_opcode<Opcode::array_new>(ip);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t slots = type.fields[0].storage.slots();
  PUBLISH_STACK();
  uint64_t array;
  TRAP_IF_ANY(runtime::array_new(*inst->heap, type, sp - slots, static_cast<uint32_t>(tos), &array));
  sp -= slots;
  tos = array;
  ip = p;
  NEXT();
}
HANDLER(op_array_new_default) {
  const uint8_t* p = after_opcode<Opcode::array_new_default>(ip);
  const CanonicalType& type = read_type(inst, p);
  PUBLISH_STACK();
  uint64_t array;
  TRAP_IF_ANY(runtime::array_new_default(*inst->heap, type, static_cast<uint32_t>(tos), &array));
  tos = array;
  ip = p;
  NEXT();
}
HANDLER(op_array_new_fixed) {
  const uint8_t* p = after_opcode<Opcode::array_new_fixed>(ip);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t length = read_uleb<uint32_t>(p);
  const uint64_t slots = uint64_t{length} * type.fields[0].storage.slots();
  PUBLISH_STACK();
  uint64_t array;
  TRAP_IF_ANY(runtime::array_new_fixed(*inst->heap, type, sp + 1 - slots, length, &array));
  sp -= slots;
  tos = *sp;
  PUSH(array);
  ip = p;
  NEXT();
}

// Operands: offset, length.
HANDLER(op_array_new_data) {
  const uint8_t* p = after_opcode<Opcode::array_new_data>(ip);
  const CanonicalType& type = read_type(inst, p);
  const runtime::DataInstance& data = inst->datas[read_uleb<uint32_t>(p)];
  PUBLISH_STACK();
  uint64_t array;
  TRAP_IF_ANY(runtime::array_new_data(*inst->heap, type, data, static_cast<uint32_t>(sp[-1]),
                                      static_cast<uint32_t>(tos), &array));
  sp -= 1;
  tos = array;
  ip = p;
  NEXT();
}
HANDLER(op_array_new_elem) {
  const uint8_t* p = after_opcode<Opcode::array_new_elem>(ip);
  const CanonicalType& type = read_type(inst, p);
  const runtime::ElemInstance& elem = inst->elems[read_uleb<uint32_t>(p)];
  PUBLISH_STACK();
  uint64_t array;
  TRAP_IF_ANY(runtime::array_new_elem(*inst->heap, type, elem, static_cast<uint32_t>(sp[-1]),
                                      static_cast<uint32_t>(tos), &array));
  sp -= 1;
  tos = array;
  ip = p;
  NEXT();
}

// ---- Arrays: elements ----------------------------------------------------------------------------------------------------

template <Opcode op, Extension extension>
static HANDLER(get_element) {
  const uint8_t* p = after_opcode<op>(ip);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t index = static_cast<uint32_t>(tos);
  ArrayObject* array = to_array(sp[-1]);
  if (array == nullptr) [[unlikely]]
    TRAP_NOW(null_array_reference);
  if (index >= array->length) [[unlikely]]
    TRAP_NOW(out_of_bounds_array_access);
  const uint32_t bytes = type.element_size;
  uint64_t value[2];
  runtime::load_storage(array->elements() + uint64_t{index} * bytes, type.fields[0].storage, extension, value);
  if (bytes == 16) {
    sp[-1] = value[0];
    tos = value[1];
  } else {
    sp -= 1;
    tos = value[0];
  }
  ip = p;
  NEXT();
}
HANDLER(op_array_get) { GOTO((get_element<Opcode::array_get, Extension::zero>)); }
HANDLER(op_array_get_s) { GOTO((get_element<Opcode::array_get_s, Extension::sign>)); }
HANDLER(op_array_get_u) { GOTO((get_element<Opcode::array_get_u, Extension::zero>)); }

HANDLER(op_array_set) {
  const uint8_t* p = after_opcode<Opcode::array_set>(ip);
  const CanonicalType& type = read_type(inst, p);
  const uint32_t bytes = type.element_size;
  *sp = tos;
  sp -= slots_of_storage(bytes);
  ArrayObject* array = to_array(sp[-1]);
  const uint32_t index = static_cast<uint32_t>(*sp);
  if (array == nullptr) [[unlikely]]
    TRAP_NOW(null_array_reference);
  if (index >= array->length) [[unlikely]]
    TRAP_NOW(out_of_bounds_array_access);
  store_sized(array->elements() + uint64_t{index} * bytes, bytes, sp + 1);
  sp -= 2;
  tos = *sp;
  ip = p;
  NEXT();
}
HANDLER(op_array_len) {
  if (tos == 0) [[unlikely]]
    TRAP_NOW(null_array_reference);
  tos = to_array(tos)->length;
  ip = after_opcode<Opcode::array_len>(ip);
  NEXT();
}

// ---- Arrays: many elements -----------------------------------------------------------------------------------------------

// Operands: array, offset, value, count.
HANDLER(op_array_fill) {
  const uint8_t* p = after_opcode<Opcode::array_fill>(ip);
  const uint64_t* value = sp - read_type(inst, p).fields[0].storage.slots();
  TRAP_IF_ANY(runtime::array_fill(value[-2], static_cast<uint32_t>(value[-1]), value, static_cast<uint32_t>(tos)));
  sp -= (sp - value) + 3;
  tos = *sp;
  ip = p;
  NEXT();
}
// Operands: destination, its offset, source, its offset, count.
HANDLER(op_array_copy) {
  const uint8_t* p = after_opcode<Opcode::array_copy>(ip);
  skip_leb(p);
  skip_leb(p);
  TRAP_IF_ANY(runtime::array_copy(sp[-4], static_cast<uint32_t>(sp[-3]), sp[-2], static_cast<uint32_t>(sp[-1]),
                                  static_cast<uint32_t>(tos)));
  sp -= 5;
  tos = *sp;
  ip = p;
  NEXT();
}
// Operands: array, offset, source offset, count.
HANDLER(op_array_init_data) {
  const uint8_t* p = after_opcode<Opcode::array_init_data>(ip);
  skip_leb(p);
  const runtime::DataInstance& data = inst->datas[read_uleb<uint32_t>(p)];
  TRAP_IF_ANY(runtime::array_init_data(sp[-3], static_cast<uint32_t>(sp[-2]), data, static_cast<uint32_t>(sp[-1]),
                                       static_cast<uint32_t>(tos)));
  sp -= 4;
  tos = *sp;
  ip = p;
  NEXT();
}
HANDLER(op_array_init_elem) {
  const uint8_t* p = after_opcode<Opcode::array_init_elem>(ip);
  skip_leb(p);
  const runtime::ElemInstance& elem = inst->elems[read_uleb<uint32_t>(p)];
  TRAP_IF_ANY(runtime::array_init_elem(sp[-3], static_cast<uint32_t>(sp[-2]), elem, static_cast<uint32_t>(sp[-1]),
                                       static_cast<uint32_t>(tos)));
  sp -= 4;
  tos = *sp;
  ip = p;
  NEXT();
}

}  // namespace arris::interp
