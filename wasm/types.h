// The type vocabulary: value types, heap types, reference types, composite types, limits. Spec: syntax/types.
//
// A ValType is one 32-bit word. Its heap type may name a defined type by index. Which index space that is depends on who
// holds the value, and the two never mix:
//   - in a Module (declared data, as decoded): the module's own type index;
//   - in the validator's operand stack, the TypeRegistry and the runtime: the canonical index of the TypeRegistry,
//     where equal types have equal indices, so that equality is one comparison.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wasm/index.h"

namespace arris {

enum class TypeCode : uint8_t {
  bottom = 0,  // the validator's "unknown" in unreachable code; never in a Module
#define NUMTYPE(name, code, text, size) name = code,
#include "wasm/types.def"
  ref = 0x64,       // (ref ht)
  ref_null = 0x63,  // (ref null ht)
  i8 = 0x78,        // packed storage types, only in fields
  i16 = 0x77,
};

// Abstract heap types by their codes; kConcrete in HeapType means a type index.
enum class AbstractHeap : uint8_t {
#define HEAPTYPE(name, code, text, ref_text) name = code,
#include "wasm/types.def"
  bottom = 0x01,  // subtype of every heap type; the validator's only
};

class HeapType {
 public:
  constexpr HeapType() : HeapType(AbstractHeap::bottom) {}
  constexpr HeapType(AbstractHeap heap) : bits_(kAbstractBase | static_cast<uint32_t>(heap)) {}  // NOLINT
  static constexpr HeapType concrete(uint32_t index) { return from_bits(index); }
  static constexpr HeapType from_bits(uint32_t bits) {
    HeapType h;
    h.bits_ = bits;
    return h;
  }

  constexpr bool is_concrete() const { return bits_ < kAbstractBase; }
  constexpr uint32_t index() const { return bits_; }  // only if is_concrete()
  constexpr AbstractHeap abstract() const { return static_cast<AbstractHeap>(bits_ & 0xFF); }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(HeapType, HeapType) = default;

  // Largest index that fits, plus one.
  static constexpr uint32_t kMaxIndex = 0x3FFF00;

 private:
  static constexpr uint32_t kAbstractBase = kMaxIndex;
  uint32_t bits_;  // 22 bits
};

class ValType {
 public:
  constexpr ValType() : bits_(0) {}
  constexpr ValType(TypeCode code) : bits_(static_cast<uint32_t>(code)) {}  // NOLINT: number, vector, packed types
  static constexpr ValType ref(HeapType heap, bool nullable) {
    ValType t;
    t.bits_ = static_cast<uint32_t>(nullable ? TypeCode::ref_null : TypeCode::ref) | (heap.bits() << kHeapShift);
    return t;
  }
  static constexpr ValType from_bits(uint32_t bits) {
    ValType t;
    t.bits_ = bits;
    return t;
  }

  constexpr TypeCode code() const { return static_cast<TypeCode>(bits_ & 0xFF); }
  constexpr bool is_bottom() const { return bits_ == 0; }
  constexpr bool is_ref() const { return code() == TypeCode::ref || code() == TypeCode::ref_null; }
  constexpr bool is_num() const { return !is_ref() && code() >= TypeCode::f64 && code() <= TypeCode::i32; }
  constexpr bool is_vec() const { return code() == TypeCode::v128; }
  constexpr bool is_packed() const { return code() == TypeCode::i8 || code() == TypeCode::i16; }
  constexpr bool is_nullable() const { return code() == TypeCode::ref_null; }  // only if is_ref()
  // Every type but (ref ht) has a default value. Spec: validation/types, defaultable.
  constexpr bool is_defaultable() const { return code() != TypeCode::ref; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ >> kHeapShift); }
  constexpr ValType as_non_null() const { return ref(heap(), false); }
  constexpr ValType as_nullable() const { return ref(heap(), true); }
  // 8-byte slots a value of this type takes on the value stack and in a frame.
  constexpr uint32_t slots() const { return is_vec() ? 2 : 1; }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  static constexpr uint32_t kHeapShift = 10;
  uint32_t bits_;
};
static_assert(sizeof(ValType) == 4);

inline constexpr ValType kI32 = TypeCode::i32;
inline constexpr ValType kI64 = TypeCode::i64;
inline constexpr ValType kF32 = TypeCode::f32;
inline constexpr ValType kF64 = TypeCode::f64;
inline constexpr ValType kV128 = TypeCode::v128;
inline constexpr ValType kBottom = TypeCode::bottom;
inline constexpr ValType kFuncRef = ValType::ref(AbstractHeap::func, true);
inline constexpr ValType kExternRef = ValType::ref(AbstractHeap::extern_, true);
inline constexpr ValType kAnyRef = ValType::ref(AbstractHeap::any, true);
inline constexpr ValType kExnRef = ValType::ref(AbstractHeap::exn, true);

// Bytes of a value in memory or in a GC field (references take 8).
constexpr uint32_t storage_size_bytes(ValType t) {
  switch (t.code()) {
    case TypeCode::i8: return 1;
    case TypeCode::i16: return 2;
    case TypeCode::i32:
    case TypeCode::f32: return 4;
    case TypeCode::v128: return 16;
    default: return 8;
  }
}

using ResultType = std::vector<ValType>;

struct FuncType {
  ResultType params;
  ResultType results;
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

struct FieldType {
  ValType storage;  // may be packed
  bool is_mutable = false;
  friend bool operator==(const FieldType&, const FieldType&) = default;
};

enum class CompositeKind : uint8_t { func, struct_, array };

// A defined type: composite type with its place in the subtype hierarchy. `func` or `fields` is used according to `kind`;
// an array has exactly one field.
struct SubType {
  CompositeKind kind = CompositeKind::func;
  bool is_final = true;
  uint32_t supertype = kNoIndex;  // type index, or kNoIndex
  FuncType func;
  std::vector<FieldType> fields;
};

enum class AddressType : uint8_t { i32, i64 };
constexpr ValType to_val_type(AddressType a) { return a == AddressType::i32 ? kI32 : kI64; }

struct Limits {
  uint64_t min = 0;
  uint64_t max = 0;  // only if has_max
  bool has_max = false;
  AddressType address = AddressType::i32;
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct TableType {
  ValType element;
  Limits limits;  // in elements
};

struct MemoryType {
  Limits limits;  // in pages
  bool shared = false;
  uint8_t page_size_log2 = 16;  // 16, or 0 with custom page sizes
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
};

enum class ExternKind : uint8_t { func = 0, table = 1, memory = 2, global = 3, tag = 4 };
inline constexpr const char* kExternKindNames[] = {"func", "table", "memory", "global", "tag"};

// Text form for messages; a concrete heap type prints as its index.
std::string to_string(ValType type);
std::string to_string(HeapType type);
std::string to_string(const FuncType& type);

}  // namespace arris
