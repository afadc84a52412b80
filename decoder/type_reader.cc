#include "decoder/type_reader.h"

namespace arris::decoder {
namespace {

// The feature that brought an abstract heap type, or nothing if `code` is none.
bool abstract_heap_enabled(uint8_t code, Features features) {
  switch (static_cast<AbstractHeap>(code)) {
    case AbstractHeap::func:
    case AbstractHeap::extern_: return features.has(Feature::reference_types);
    case AbstractHeap::exn:
    case AbstractHeap::noexn: return features.has(Feature::exceptions);
    case AbstractHeap::nofunc:
    case AbstractHeap::noextern:
    case AbstractHeap::none:
    case AbstractHeap::any:
    case AbstractHeap::eq:
    case AbstractHeap::i31:
    case AbstractHeap::struct_:
    case AbstractHeap::array: return features.has(Feature::gc);
    case AbstractHeap::bottom: return false;
  }
  return false;
}

bool is_num_or_vec(uint8_t code, Features features) {
  switch (static_cast<TypeCode>(code)) {
    case TypeCode::i32:
    case TypeCode::i64:
    case TypeCode::f32:
    case TypeCode::f64: return true;
    case TypeCode::v128: return features.has(Feature::simd);
    default: return false;
  }
}

// Reads a reference type whose errors are called `malformed`.
ValType read_ref_type_or(Cursor& in, Features features, ErrorCode malformed) {
  const uint8_t* start = in.position();
  uint8_t code = in.u8();
  if (code == static_cast<uint8_t>(TypeCode::ref) || code == static_cast<uint8_t>(TypeCode::ref_null)) {
    if (features.has(Feature::function_references)) {
      return ValType::ref(read_heap_type(in, features), code == static_cast<uint8_t>(TypeCode::ref_null));
    }
  } else if (abstract_heap_enabled(code, features)) {
    return ValType::ref(static_cast<AbstractHeap>(code), true);
  }
  in.fail(malformed, start);
  return kBottom;
}

Limits read_limits(Cursor& in, bool has_max, bool is_64, Features features) {
  Limits limits;
  limits.address = is_64 ? AddressType::i64 : AddressType::i32;
  limits.has_max = has_max;
  // Since 3.0 the bounds are 64-bit integers whatever the address type; the range is a matter of validation.
  bool wide = features.has(Feature::memory64);
  limits.min = wide ? in.u64() : in.u32();
  if (has_max) limits.max = wide ? in.u64() : in.u32();
  return limits;
}

}  // namespace

HeapType read_heap_type(Cursor& in, Features features) {
  const uint8_t* start = in.position();
  if (abstract_heap_enabled(in.peek(), features)) return static_cast<AbstractHeap>(in.u8());
  int64_t index = in.s33();
  if (!in.ok()) return {};
  if (index < 0 || !features.has(Feature::function_references)) {
    in.fail(ErrorCode::malformed_heap_type, start);
    return {};
  }
  if (index >= HeapType::kMaxIndex) {
    in.fail(ErrorCode::unknown_type, start, std::to_string(index));
    return {};
  }
  return HeapType::concrete(static_cast<uint32_t>(index));
}

ValType read_val_type(Cursor& in, Features features) {
  uint8_t code = in.peek();
  if (is_num_or_vec(code, features)) return static_cast<TypeCode>(in.u8());
  return read_ref_type_or(in, features, ErrorCode::malformed_value_type);
}

ValType read_ref_type(Cursor& in, Features features) {
  return read_ref_type_or(in, features, ErrorCode::malformed_reference_type);
}

ValType read_storage_type(Cursor& in, Features features) {
  uint8_t code = in.peek();
  if (code == static_cast<uint8_t>(TypeCode::i8) || code == static_cast<uint8_t>(TypeCode::i16)) {
    return static_cast<TypeCode>(in.u8());
  }
  if (is_num_or_vec(code, features)) return static_cast<TypeCode>(in.u8());
  return read_ref_type_or(in, features, ErrorCode::malformed_storage_type);
}

bool read_mutability(Cursor& in) {
  uint8_t code = in.u8();
  if (code > 1) in.fail(ErrorCode::malformed_mutability, in.position() - 1);
  return code == 1;
}

BlockType read_block_type(Cursor& in, Features features) {
  BlockType type;
  uint8_t code = in.peek();
  if (code == 0x40) {
    in.u8();
    return type;
  }
  if ((code & 0xC0) == 0x40) {  // one byte of a negative number: a value type
    type.kind = BlockType::Kind::value;
    type.value = read_val_type(in, features);
    return type;
  }
  const uint8_t* start = in.position();
  int64_t index = in.s33();
  if (!in.ok()) return type;
  if (index < 0 || !features.has(Feature::multi_value)) {
    in.fail(ErrorCode::malformed_value_type, start);
    return type;
  }
  type.kind = BlockType::Kind::type_index;
  type.type_index = static_cast<uint32_t>(index);
  return type;
}

TableType read_table_type(Cursor& in, Features features) {
  TableType type;
  if (features.has(Feature::reference_types)) {
    type.element = read_ref_type(in, features);
  } else {
    if (in.u8() != static_cast<uint8_t>(AbstractHeap::func))
      in.fail(ErrorCode::malformed_reference_type, in.position() - 1);
    type.element = kFuncRef;
  }
  uint8_t flags = in.u8();
  uint8_t allowed = features.has(Feature::memory64) ? 0x05 : 0x01;
  if (flags & ~allowed) in.fail(ErrorCode::malformed_limits_flags, in.position() - 1);
  type.limits = read_limits(in, flags & 1, flags & 4, features);
  return type;
}

MemoryType read_memory_type(Cursor& in, Features features) {
  MemoryType type;
  uint8_t flags = in.u8();
  uint8_t allowed = 0x01;
  if (features.has(Feature::threads)) allowed |= 0x02;
  if (features.has(Feature::memory64)) allowed |= 0x04;
  if (features.has(Feature::custom_page_sizes)) allowed |= 0x08;
  if (flags & ~allowed) in.fail(ErrorCode::malformed_limits_flags, in.position() - 1);
  type.limits = read_limits(in, flags & 1, flags & 4, features);
  type.shared = flags & 2;
  if (flags & 8) {
    const uint8_t* start = in.position();
    uint32_t log2 = in.u32();
    if (log2 >= 64) in.fail(ErrorCode::malformed_page_size, start);
    type.page_size_log2 = static_cast<uint8_t>(log2);
  }
  return type;
}

GlobalType read_global_type(Cursor& in, Features features) {
  GlobalType type;
  type.type = read_val_type(in, features);
  type.is_mutable = read_mutability(in);
  return type;
}

TypeIndex read_tag_type(Cursor& in) {
  if (in.u8() != 0) in.fail(ErrorCode::malformed_tag_attribute, in.position() - 1);
  return TypeIndex(in.u32());
}

}  // namespace arris::decoder
