// Operations on garbage-collected objects and type tests, with the specification's traps: for the interpreter, for machine
// code's builtins and for constant expressions. Spec: exec/instructions, reference and aggregate instructions.
//
// Values pass as slots (runtime/layout.h): one per value, two for v128. Packed fields (i8, i16) take one slot.
// What allocates may collect, so references the caller still needs must be visible to the collector, and `slots` given to an
// allocating function must lie on the value stack below ExecutionContext::stack_top (objects never move). An allocating
// function traps with gc_heap_exhausted when the heap's limit is reached. `*out` is written only on TrapCode::none.
// A null array or structure traps as the specification says, before any bounds check.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/heap.h"
#include "runtime/layout.h"
#include "wasm/trap.h"
#include "wasm/type_registry.h"

namespace arris::runtime {

// ---- Type tests: constant time ---------------------------------------------------------------------------------------------

// The type of what a non-null, non-i31 reference points to. Objects and functions both begin with it.
inline const CanonicalType* type_of_referent(uint64_t ref) {
  return *reinterpret_cast<const CanonicalType* const*>(ref);
}

inline bool is_subtype_of(const CanonicalType& sub, const CanonicalType& super) {
  return super.depth <= sub.depth && sub.display[super.depth] == &super;
}

// Is a non-null reference of the concrete type? `type` is of the reference's own hierarchy (validation saw to that).
inline bool matches_concrete(uint64_t ref, const CanonicalType& type) {
  return !is_i31(ref) && is_subtype_of(*type_of_referent(ref), type);
}

// The same for an abstract heap type.
inline bool matches_abstract(uint64_t ref, AbstractHeap heap) {
  switch (heap) {
    case AbstractHeap::any:
    case AbstractHeap::extern_:
    case AbstractHeap::func:
    case AbstractHeap::exn: return true;  // the top of the reference's hierarchy
    case AbstractHeap::i31: return is_i31(ref);
    case AbstractHeap::eq:
      return is_i31(ref) || type_of_referent(ref)->kind != CompositeKind::func;  // not a host value
    case AbstractHeap::struct_: return !is_i31(ref) && type_of_referent(ref)->kind == CompositeKind::struct_;
    case AbstractHeap::array: return !is_i31(ref) && type_of_referent(ref)->kind == CompositeKind::array;
    case AbstractHeap::none:
    case AbstractHeap::nofunc:
    case AbstractHeap::noextern:
    case AbstractHeap::noexn:
    case AbstractHeap::bottom: return false;
  }
  return false;
}

// Is a reference of type (ref null? heap)? `canonical` names a type of the registry or an abstract one.
inline bool matches(const TypeRegistry& registry, uint64_t ref, HeapType canonical, bool nullable) {
  if (ref == 0) return nullable;
  return canonical.is_concrete() ? matches_concrete(ref, registry.get(CanonicalTypeId(canonical.index())))
                                 : matches_abstract(ref, canonical.abstract());
}

// ---- Fields and elements ---------------------------------------------------------------------------------------------------

// How a packed field widens.
enum class Extension : uint8_t { zero, sign };

// Reads a field or element of storage type `storage` into one slot (two for v128).
inline void load_storage(const uint8_t* at, ValType storage, Extension extension, uint64_t* slots) {
  auto load = [at]<class T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (storage_size_bytes(storage)) {
    case 1:
      *slots =
          extension == Extension::sign ? static_cast<uint32_t>(static_cast<int32_t>(load(int8_t{}))) : load(uint8_t{});
      break;
    case 2:
      *slots = extension == Extension::sign ? static_cast<uint32_t>(static_cast<int32_t>(load(int16_t{})))
                                            : load(uint16_t{});
      break;
    case 4: *slots = load(uint32_t{}); break;
    case 8: *slots = load(uint64_t{}); break;
    default: std::memcpy(slots, at, 16);
  }
}

// Writes one slot (two for v128), wrapping for packed types.
inline void store_storage(uint8_t* at, ValType storage, const uint64_t* slots) {
  std::memcpy(at, slots, storage_size_bytes(storage));  // little-endian: the low bytes come first
}

inline ArrayObject* to_array(uint64_t ref) { return reinterpret_cast<ArrayObject*>(ref); }
inline StructObject* to_struct(uint64_t ref) { return reinterpret_cast<StructObject*>(ref); }
inline uint64_t to_ref(const HeapObject* object) { return reinterpret_cast<uint64_t>(object); }

inline bool in_range(uint64_t offset, uint64_t count, uint64_t size) { return count <= size && offset <= size - count; }

// ---- Allocation ------------------------------------------------------------------------------------------------------------

// `slots` holds the fields' values in order.
TrapCode struct_new(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint64_t* out);
TrapCode struct_new_default(Heap& heap, const CanonicalType& type, uint64_t* out);
// `slots` holds the one value for all elements.
TrapCode array_new(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint32_t length, uint64_t* out);
TrapCode array_new_default(Heap& heap, const CanonicalType& type, uint32_t length, uint64_t* out);
// `slots` holds `length` elements in order.
TrapCode array_new_fixed(Heap& heap, const CanonicalType& type, const uint64_t* slots, uint32_t length, uint64_t* out);
// `offset` is in bytes.
TrapCode array_new_data(Heap& heap, const CanonicalType& type, const DataInstance& data, uint32_t offset,
                        uint32_t length, uint64_t* out);
TrapCode array_new_elem(Heap& heap, const CanonicalType& type, const ElemInstance& elem, uint32_t offset,
                        uint32_t length, uint64_t* out);

// ---- Bulk operations: `array`, `destination` and `source` are references that may be null ----------------------------------

TrapCode array_fill(uint64_t array, uint32_t offset, const uint64_t* slots, uint32_t count);
TrapCode array_copy(uint64_t destination, uint32_t destination_offset, uint64_t source, uint32_t source_offset,
                    uint32_t count);
// `source_offset` is in bytes.
TrapCode array_init_data(uint64_t array, uint32_t offset, const DataInstance& data, uint32_t source_offset,
                         uint32_t count);
TrapCode array_init_elem(uint64_t array, uint32_t offset, const ElemInstance& elem, uint32_t source_offset,
                         uint32_t count);

}  // namespace arris::runtime
