#include "runtime/gc_ops.h"

namespace arris::runtime {
namespace {

TrapCode publish(const HeapObject* object, uint64_t* out) {
  if (!object) return TrapCode::gc_heap_exhausted;
  *out = to_ref(object);
  return TrapCode::none;
}

ValType element_type(const HeapObject* array) { return array->type->fields[0].storage; }

uint8_t* element(ArrayObject* array, uint32_t index) {
  return array->elements() + uint64_t{index} * array->type->element_size;
}

template <class T>
void fill_elements(uint8_t* at, const uint64_t* slots, uint32_t count) {
  T value;
  std::memcpy(&value, slots, sizeof value);
  for (uint32_t i = 0; i < count; ++i) std::memcpy(at + uint64_t{i} * sizeof value, &value, sizeof value);
}

void fill(ArrayObject* array, uint32_t offset, const uint64_t* slots, uint32_t count) {
  struct Vector {
    uint64_t halves[2];
  };
  uint8_t* at = element(array, offset);
  switch (array->type->element_size) {
    case 1: std::memset(at, static_cast<uint8_t>(*slots), count); break;
    case 2: fill_elements<uint16_t>(at, slots, count); break;
    case 4: fill_elements<uint32_t>(at, slots, count); break;
    case 8: fill_elements<uint64_t>(at, slots, count); break;
    default: fill_elements<Vector>(at, slots, count);
  }
}

}  // namespace

TrapCode struct_new(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint64_t* out) {
  StructObject* object = heap.allocate_struct(type);
  if (!object) return TrapCode::gc_heap_exhausted;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    ValType storage = type.fields[i].storage;
    store_storage(object->field(type.field_offsets[i]), storage, slots);
    slots += storage.slots();
  }
  return publish(object, out);
}

TrapCode struct_new_default(Heap& heap, const CanonicalType& type, uint64_t* out) {
  return publish(heap.allocate_struct(type), out);
}

TrapCode array_new(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint32_t length, uint64_t* out) {
  ArrayObject* array = heap.allocate_array(type, length);
  if (!array) return TrapCode::gc_heap_exhausted;
  bool is_zero = slots[0] == 0 && (type.element_size <= 8 || slots[1] == 0);
  if (!is_zero) fill(array, 0, slots, length);
  return publish(array, out);
}

TrapCode array_new_default(Heap& heap, const CanonicalType& type, uint32_t length, uint64_t* out) {
  return publish(heap.allocate_array(type, length), out);
}

TrapCode array_new_fixed(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint32_t length, uint64_t* out) {
  ArrayObject* array = heap.allocate_array(type, length);
  if (!array) return TrapCode::gc_heap_exhausted;
  ValType storage = element_type(array);
  uint8_t* at = array->elements();
  for (uint32_t i = 0; i < length; ++i) {
    store_storage(at, storage, slots);
    at += type.element_size;
    slots += storage.slots();
  }
  return publish(array, out);
}

TrapCode array_new_data(Heap& heap, const CanonicalType& type, const DataInstance& data, uint32_t offset,
                        uint32_t length, uint64_t* out) {
  uint64_t bytes = uint64_t{length} * type.element_size;
  if (!in_range(offset, bytes, data.size)) return TrapCode::out_of_bounds_memory_access;
  ArrayObject* array = heap.allocate_array(type, length);
  if (array && bytes != 0) std::memcpy(array->elements(), data.bytes + offset, bytes);
  return publish(array, out);
}

TrapCode array_new_elem(Heap& heap, const CanonicalType& type, const ElemInstance& elem, uint32_t offset,
                        uint32_t length, uint64_t* out) {
  if (!in_range(offset, length, elem.size)) return TrapCode::out_of_bounds_table_access;
  ArrayObject* array = heap.allocate_array(type, length);
  if (array && length != 0) std::memcpy(array->elements(), elem.elements + offset, uint64_t{length} * sizeof(uint64_t));
  return publish(array, out);
}

TrapCode array_fill(uint64_t ref, uint32_t offset, const uint64_t* slots, uint32_t count) {
  if (ref == 0) return TrapCode::null_array_reference;
  ArrayObject* array = to_array(ref);
  if (!in_range(offset, count, array->length)) return TrapCode::out_of_bounds_array_access;
  fill(array, offset, slots, count);
  return TrapCode::none;
}

TrapCode array_copy(uint64_t destination, uint32_t destination_offset, uint64_t source, uint32_t source_offset,
                    uint32_t count) {
  if (destination == 0 || source == 0) return TrapCode::null_array_reference;
  ArrayObject* to = to_array(destination);
  ArrayObject* from = to_array(source);
  if (!in_range(destination_offset, count, to->length) || !in_range(source_offset, count, from->length)) {
    return TrapCode::out_of_bounds_array_access;
  }
  std::memmove(element(to, destination_offset), element(from, source_offset), uint64_t{count} * to->type->element_size);
  return TrapCode::none;
}

TrapCode array_init_data(uint64_t ref, uint32_t offset, const DataInstance& data, uint32_t source_offset,
                         uint32_t count) {
  if (ref == 0) return TrapCode::null_array_reference;
  ArrayObject* array = to_array(ref);
  if (!in_range(offset, count, array->length)) return TrapCode::out_of_bounds_array_access;
  uint64_t bytes = uint64_t{count} * array->type->element_size;
  if (!in_range(source_offset, bytes, data.size)) return TrapCode::out_of_bounds_memory_access;
  if (bytes != 0) std::memcpy(element(array, offset), data.bytes + source_offset, bytes);
  return TrapCode::none;
}

TrapCode array_init_elem(uint64_t ref, uint32_t offset, const ElemInstance& elem, uint32_t source_offset,
                         uint32_t count) {
  if (ref == 0) return TrapCode::null_array_reference;
  ArrayObject* array = to_array(ref);
  if (!in_range(offset, count, array->length)) return TrapCode::out_of_bounds_array_access;
  if (!in_range(source_offset, count, elem.size)) return TrapCode::out_of_bounds_table_access;
  if (count != 0)
    std::memcpy(element(array, offset), elem.elements + source_offset, uint64_t{count} * sizeof(uint64_t));
  return TrapCode::none;
}

}  // namespace arris::runtime
