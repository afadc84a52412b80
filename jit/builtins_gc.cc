// Builtins that make and fill objects on the garbage-collected heap, and the table of all builtins.
#include <cstring>

#include "jit/builtins.h"
#include "runtime/gc_ops.h"
#include "runtime/heap.h"
#include "runtime/store.h"

namespace arris::jit {

namespace builtins {

using runtime::InstanceData;

namespace {

uint64_t to_result(TrapCode code) { return static_cast<uint64_t>(code); }
uint32_t low(uint64_t slot) { return static_cast<uint32_t>(slot); }

// Slots of the element of an array type.
uint32_t element_slots(const InstanceData* instance, uint64_t type) {
  return instance->types[type]->fields[0].storage.slots();
}

}  // namespace

// ---- Allocation: operands are fields or elements in order, then a length -------------------------------------------------

uint64_t struct_new(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t) {
  return to_result(runtime::struct_new(*instance->heap, *instance->types[type], slots, slots));
}

uint64_t struct_new_default(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t) {
  return to_result(runtime::struct_new_default(*instance->heap, *instance->types[type], slots));
}

uint64_t array_new(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t) {
  const uint32_t length = low(slots[element_slots(instance, type)]);
  return to_result(runtime::array_new(*instance->heap, *instance->types[type], slots, length, slots));
}

uint64_t array_new_default(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t) {
  return to_result(runtime::array_new_default(*instance->heap, *instance->types[type], low(slots[0]), slots));
}

uint64_t array_new_fixed(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t length) {
  return to_result(
      runtime::array_new_fixed(*instance->heap, *instance->types[type], slots, static_cast<uint32_t>(length), slots));
}

uint64_t array_new_data(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t data) {
  return to_result(runtime::array_new_data(*instance->heap, *instance->types[type], instance->datas[data],
                                           low(slots[0]), low(slots[1]), slots));
}

uint64_t array_new_elem(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t elem) {
  return to_result(runtime::array_new_elem(*instance->heap, *instance->types[type], instance->elems[elem],
                                           low(slots[0]), low(slots[1]), slots));
}

// ---- Many elements -------------------------------------------------------------------------------------------------------

// Operands: array, offset, value, count.
uint64_t array_fill(InstanceData* instance, uint64_t* slots, uint64_t type, uint64_t) {
  return to_result(
      runtime::array_fill(slots[0], low(slots[1]), slots + 2, low(slots[2 + element_slots(instance, type)])));
}

uint64_t array_copy(InstanceData*, uint64_t* slots, uint64_t, uint64_t) {
  return to_result(runtime::array_copy(slots[0], low(slots[1]), slots[2], low(slots[3]), low(slots[4])));
}

uint64_t array_init_data(InstanceData* instance, uint64_t* slots, uint64_t data, uint64_t) {
  return to_result(
      runtime::array_init_data(slots[0], low(slots[1]), instance->datas[data], low(slots[2]), low(slots[3])));
}

uint64_t array_init_elem(InstanceData* instance, uint64_t* slots, uint64_t elem, uint64_t) {
  return to_result(
      runtime::array_init_elem(slots[0], low(slots[1]), instance->elems[elem], low(slots[2]), low(slots[3])));
}

// ---- Exceptions ----------------------------------------------------------------------------------------------------------

uint64_t make_exception(InstanceData* instance, uint64_t* slots, uint64_t tag_index, uint64_t) {
  const runtime::TagInstance* tag = instance->tags[tag_index];
  const uint32_t payload_slots = tag->type->param_slots;
  runtime::ExceptionObject* exception = instance->heap->allocate_exception(tag, payload_slots);
  if (exception != nullptr) std::memcpy(exception->payload(), slots, payload_slots * sizeof(uint64_t));
  return reinterpret_cast<uint64_t>(exception);
}

}  // namespace builtins

constinit const Builtin kBuiltins[kMachineTableSize] = {
#define STUB(name) nullptr,
#define BUILTIN(name, kind) builtins::name,
#include "jit/builtins.def"
};

}  // namespace arris::jit
