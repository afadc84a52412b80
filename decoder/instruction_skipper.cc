#include "decoder/instruction_skipper.h"

#include <cstdio>

#include "decoder/type_reader.h"
#include "wasm/opcodes.h"

namespace arris::decoder {
namespace {

void skip_mem_arg(Cursor& in, Features features) {
  const uint8_t* start = in.position();
  uint32_t flags = in.u32();
  uint32_t limit = features.has(Feature::multi_memory) ? 0x80 : 0x40;
  if (flags >= limit) in.fail(ErrorCode::malformed_memop_flags, start);
  if (flags & 0x40) in.u32();
  features.has(Feature::memory64) ? in.u64() : in.u32();
}

void skip_zero_byte(Cursor& in) {
  if (in.u8() != 0) in.fail(ErrorCode::zero_byte_expected, in.position() - 1);
}

// An index that was a reserved zero byte before `feature`.
void skip_reserved_index(Cursor& in, Features features, Feature feature) {
  if (features.has(feature)) {
    in.u32();
  } else {
    skip_zero_byte(in);
  }
}

void skip_catch_clauses(Cursor& in) {
  for (uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    uint8_t kind = in.u8();
    if (kind > 3) in.fail(ErrorCode::malformed_catch_kind, in.position() - 1);
    if (kind < 2) in.u32();
    in.u32();
  }
}

void skip_cast_label(Cursor& in, Features features) {
  if (in.u8() > 3) in.fail(ErrorCode::malformed_cast_flags, in.position() - 1);
  in.u32();
  read_heap_type(in, features);
  read_heap_type(in, features);
}

void skip_immediates(Cursor& in, Features features, Immediates immediates) {
  switch (immediates) {
    case Immediates::none: return;
    case Immediates::block_type: read_block_type(in, features); return;
    case Immediates::label:
    case Immediates::func:
    case Immediates::type:
    case Immediates::local:
    case Immediates::global:
    case Immediates::table:
    case Immediates::data:
    case Immediates::elem:
    case Immediates::tag: in.u32(); return;
    case Immediates::memory: skip_reserved_index(in, features, Feature::multi_memory); return;
    case Immediates::type_table:
      in.u32();
      skip_reserved_index(in, features, Feature::reference_types);
      return;
    case Immediates::memory_memory:
      skip_reserved_index(in, features, Feature::multi_memory);
      skip_reserved_index(in, features, Feature::multi_memory);
      return;
    case Immediates::data_memory:
      in.u32();
      skip_reserved_index(in, features, Feature::multi_memory);
      return;
    case Immediates::elem_table:
    case Immediates::table_table:
    case Immediates::type_field:
    case Immediates::type_count:
    case Immediates::type_data:
    case Immediates::type_elem:
    case Immediates::type_type:
      in.u32();
      in.u32();
      return;
    case Immediates::label_table:
      for (uint32_t n = in.u32(); n > 0 && in.ok(); --n) in.u32();
      in.u32();
      return;
    case Immediates::mem_arg: skip_mem_arg(in, features); return;
    case Immediates::mem_arg_lane:
      skip_mem_arg(in, features);
      in.u8();
      return;
    case Immediates::i32: in.s32(); return;
    case Immediates::i64: in.s64(); return;
    case Immediates::f32: in.skip(4); return;
    case Immediates::f64: in.skip(8); return;
    case Immediates::v128:
    case Immediates::shuffle: in.skip(16); return;
    case Immediates::lane: in.u8(); return;
    case Immediates::heap_type: read_heap_type(in, features); return;
    case Immediates::val_types:
      for (uint32_t n = in.u32(); n > 0 && in.ok(); --n) read_val_type(in, features);
      return;
    case Immediates::cast_label: skip_cast_label(in, features); return;
    case Immediates::try_table:
      read_block_type(in, features);
      skip_catch_clauses(in);
      return;
    case Immediates::zero_byte: skip_zero_byte(in); return;
  }
}

bool opens_block(Opcode op) {
  return op == Opcode::block || op == Opcode::loop || op == Opcode::if_ || op == Opcode::try_ ||
         op == Opcode::try_table;
}

bool needs_data_count(Opcode op) {
  Immediates immediates = info(op).immediates;
  return immediates == Immediates::data || immediates == Immediates::data_memory || immediates == Immediates::type_data;
}

}  // namespace

Opcode read_opcode(Cursor& in, Features features) {
  const uint8_t* start = in.position();
  uint8_t byte = in.u8();
  uint32_t code = byte;
  if (is_prefix(byte)) code = in.u32();
  if (!in.ok()) return Opcode::invalid;
  Opcode op = find_opcode(is_prefix(byte) ? byte : 0, code);
  if (op != Opcode::invalid && features.has(info(op).feature)) [[likely]]
    return op;
  char text[24];
  if (is_prefix(byte)) {
    std::snprintf(text, sizeof text, "%02x %02x", byte, code);
  } else {
    std::snprintf(text, sizeof text, "%02x", byte);
  }
  in.fail(ErrorCode::illegal_opcode, start, text);
  return Opcode::invalid;
}

bool skip_instruction(Cursor& in, Features features, Opcode& opcode) {
  opcode = read_opcode(in, features);
  if (!in.ok()) return false;
  skip_immediates(in, features, info(opcode).immediates);
  return in.ok();
}

ConstExpr read_const_expr(Cursor& in, Features features) {
  const uint8_t* start = in.position();
  ByteRange range{in.offset(), 0};
  uint64_t depth = 0;  // a counter, not recursion: bounded by the bytes present
  Opcode op;
  for (;;) {
    const uint8_t* at = in.position();
    if (!skip_instruction(in, features, op)) return {};
    if (opens_block(op)) ++depth;
    if (op == Opcode::else_ && depth == 0) {
      in.fail(ErrorCode::end_opcode_expected, at);
      return {};
    }
    if (op == Opcode::delegate) {
      if (depth == 0) {
        in.fail(ErrorCode::end_opcode_expected, at);
        return {};
      }
      --depth;
    }
    if (op == Opcode::end && depth-- == 0) break;
  }
  range.size = static_cast<uint32_t>(in.position() - start);
  return {range};
}

bool check_body_syntax(Cursor& in, const Module& module) {
  std::vector<bool> is_if{false};  // open blocks: may an `else` follow?
  while (!is_if.empty()) {
    if (in.at_end()) {
      fail_missing_end(in, module);
      return false;
    }
    const uint8_t* at = in.position();
    Opcode op;
    if (!skip_instruction(in, module.features, op)) return false;
    if (opens_block(op)) {
      is_if.push_back(op == Opcode::if_);
    } else if (op == Opcode::end || op == Opcode::delegate) {
      is_if.pop_back();
    } else if (op == Opcode::else_) {
      if (!is_if.back()) return in.fail(ErrorCode::end_opcode_expected, at);
      is_if.back() = false;
    } else if (needs_data_count(op) && !module.data_count) {
      return in.fail(ErrorCode::data_count_required, at);
    }
  }
  return in.at_end() || in.fail(ErrorCode::section_size_mismatch);
}

std::optional<Error> find_malformed_body(const Module& module) {
  for (uint32_t i = 0; i < module.bodies.size(); ++i) {
    const FuncBody& body = module.bodies[i];
    Cursor in(module, {body.code_offset, body.body.end() - body.code_offset});
    if (check_body_syntax(in, module)) continue;
    Error error = in.take_error();
    error.func_index = module.imported_funcs + i;
    return error;
  }
  return {};
}

void fail_missing_end(Cursor& in, const Module& module) {
  uint32_t offset = in.offset();
  ErrorCode code = ErrorCode::end_opcode_expected;  // another body follows
  if (offset == module.bytes.size()) {
    code = ErrorCode::unexpected_end_of_section;
  } else if (offset == module.code_end) {
    code = ErrorCode::section_size_mismatch;
  }
  in.fail(code);
}

}  // namespace arris::decoder
