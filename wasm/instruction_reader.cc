#include "wasm/instruction_reader.h"

#include "base/check.h"

namespace arris {

HeapType read_heap_type(const uint8_t*& p) {
  int64_t code = read_sleb<int64_t>(p);
  if (code >= 0) return HeapType::concrete(static_cast<uint32_t>(code));
  return static_cast<AbstractHeap>(code & 0x7F);
}

ValType read_val_type(const uint8_t*& p) {
  uint8_t code = *p;
  if (code == static_cast<uint8_t>(TypeCode::ref) || code == static_cast<uint8_t>(TypeCode::ref_null)) {
    ++p;
    return ValType::ref(read_heap_type(p), code == static_cast<uint8_t>(TypeCode::ref_null));
  }
  ++p;
  if (code >= static_cast<uint8_t>(TypeCode::i16)) return static_cast<TypeCode>(code);
  return ValType::ref(static_cast<AbstractHeap>(code), true);
}

BlockType read_block_type(const uint8_t*& p) {
  BlockType type;
  if (*p == 0x40) {
    ++p;
    return type;
  }
  const uint8_t* q = p;
  int64_t code = read_sleb<int64_t>(q);
  if (code >= 0) {
    p = q;
    type.kind = BlockType::Kind::type_index;
    type.type_index = static_cast<uint32_t>(code);
    return type;
  }
  type.kind = BlockType::Kind::value;
  type.value = read_val_type(p);
  return type;
}

CatchClause read_catch_clause(const uint8_t*& p) {
  CatchClause clause;
  clause.kind = static_cast<HandlerKind>(*p++);
  if (clause.kind == HandlerKind::catch_ || clause.kind == HandlerKind::catch_ref) clause.tag = read_uleb<uint32_t>(p);
  clause.label = read_uleb<uint32_t>(p);
  return clause;
}

namespace {

MemArg read_mem_arg(const uint8_t*& p) {
  MemArg arg;
  uint32_t flags = read_uleb<uint32_t>(p);
  arg.align_log2 = flags & 0x3F;
  if (flags & 0x40) arg.memory = read_uleb<uint32_t>(p);
  arg.offset = read_uleb<uint64_t>(p);
  return arg;
}

template <class T>
uint64_t read_fixed(const uint8_t*& p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  p += sizeof value;
  return value;
}

void read_immediates(Instruction& in, const uint8_t*& p) {
  switch (info(in.opcode).immediates) {
    case Immediates::none: return;
    case Immediates::block_type: in.block_type = read_block_type(p); return;
    case Immediates::label:
    case Immediates::func:
    case Immediates::type:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::memory:
    case Immediates::data:
    case Immediates::elem:
    case Immediates::tag: in.index[0] = read_uleb<uint32_t>(p); return;
    case Immediates::type_table:
    case Immediates::memory_memory:
    case Immediates::data_memory:
    case Immediates::elem_table:
    case Immediates::table_table:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_elem:
    case Immediates::type_type:
      in.index[0] = read_uleb<uint32_t>(p);
      in.index[1] = read_uleb<uint32_t>(p);
      return;
    case Immediates::label_table:
      in.list_count = read_uleb<uint32_t>(p);
      in.list = p;
      for (uint32_t i = 0; i < in.list_count; ++i) skip_leb(p);
      in.index[0] = read_uleb<uint32_t>(p);  // the default label
      return;
    case Immediates::mem_arg: in.mem_arg = read_mem_arg(p); return;
    case Immediates::mem_arg_lane:
      in.mem_arg = read_mem_arg(p);
      in.bits[0] = *p++;
      return;
    case Immediates::i32: in.bits[0] = static_cast<uint64_t>(read_sleb<int64_t>(p)); return;
    case Immediates::i64: in.bits[0] = static_cast<uint64_t>(read_sleb<int64_t>(p)); return;
    case Immediates::f32: in.bits[0] = read_fixed<uint32_t>(p); return;
    case Immediates::f64: in.bits[0] = read_fixed<uint64_t>(p); return;
    case Immediates::v128:
    case Immediates::shuffle:
      in.bits[0] = read_fixed<uint64_t>(p);
      in.bits[1] = read_fixed<uint64_t>(p);
      return;
    case Immediates::lane: in.bits[0] = *p++; return;
    case Immediates::heap_type: in.heap[0] = read_heap_type(p); return;
    case Immediates::val_types:
      in.list_count = read_uleb<uint32_t>(p);
      in.list = p;
      for (uint32_t i = 0; i < in.list_count; ++i) read_val_type(p);
      return;
    case Immediates::cast_label: {
      uint8_t flags = *p++;
      in.nullable[0] = flags & 1;
      in.nullable[1] = flags & 2;
      in.index[0] = read_uleb<uint32_t>(p);
      in.heap[0] = read_heap_type(p);
      in.heap[1] = read_heap_type(p);
      return;
    }
    case Immediates::try_table:
      in.block_type = read_block_type(p);
      in.list_count = read_uleb<uint32_t>(p);
      in.list = p;
      for (uint32_t i = 0; i < in.list_count; ++i) read_catch_clause(p);
      return;
    case Immediates::zero_byte: ++p; return;
  }
}

}  // namespace

void skip_immediates(Opcode op, const uint8_t*& p) {
  switch (info(op).immediates) {
    case Immediates::none: return;
    case Immediates::label:
    case Immediates::func:
    case Immediates::type:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::memory:
    case Immediates::data:
    case Immediates::elem:
    case Immediates::tag:
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::heap_type: skip_leb(p); return;
    case Immediates::type_table:
    case Immediates::memory_memory:
    case Immediates::data_memory:
    case Immediates::elem_table:
    case Immediates::table_table:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_elem:
    case Immediates::type_type:
      skip_leb(p);
      skip_leb(p);
      return;
    case Immediates::mem_arg:
    case Immediates::mem_arg_lane: {
      const uint32_t flags = read_uleb<uint32_t>(p);
      if (flags & 0x40) skip_leb(p);
      skip_leb(p);
      if (info(op).immediates == Immediates::mem_arg_lane) ++p;
      return;
    }
    case Immediates::block_type: read_block_type(p); return;
    case Immediates::label_table: {
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i <= count; ++i) skip_leb(p);
      return;
    }
    case Immediates::f32: p += 4; return;
    case Immediates::f64: p += 8; return;
    case Immediates::v128:
    case Immediates::shuffle: p += 16; return;
    case Immediates::lane:
    case Immediates::zero_byte: ++p; return;
    case Immediates::val_types: {
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i < count; ++i) read_val_type(p);
      return;
    }
    case Immediates::cast_label:
      ++p;
      skip_leb(p);
      skip_leb(p);
      skip_leb(p);
      return;
    case Immediates::try_table: {
      read_block_type(p);
      const uint32_t count = read_uleb<uint32_t>(p);
      for (uint32_t i = 0; i < count; ++i) read_catch_clause(p);
      return;
    }
  }
}

Opcode read_opcode(const uint8_t*& p) {
  const uint8_t byte = *p++;
  return is_prefix(byte) ? find_opcode(byte, read_uleb<uint32_t>(p)) : find_opcode(0, byte);
}

Instruction read_instruction(const uint8_t*& p) {
  Instruction in;
  in.start = p;
  in.opcode = read_opcode(p);
  CHECK(in.opcode != Opcode::invalid);
  read_immediates(in, p);
  in.end = p;
  return in;
}

}  // namespace arris
