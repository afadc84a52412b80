// Memory and table instructions, and the immediates of instructions whose types come from their row.
#include "decoder/validator/function_validator.h"

namespace arris::validator {

const MemoryType* FunctionValidator::read_memory(uint32_t index) {
  if (index < module_.memories.size()) return &module_.memories[index];
  fail_index(ErrorCode::unknown_memory, index);
  return nullptr;
}

// A memory index, which was a reserved zero byte before there were several memories.
const MemoryType* FunctionValidator::read_memory_index() {
  uint32_t index;
  if (module_.features.has(Feature::multi_memory)) {
    index = in_.u32();
  } else {
    index = in_.u8();
    if (index != 0) in_.fail(ErrorCode::zero_byte_expected, in_.position() - 1);
  }
  return in_.ok() ? read_memory(index) : nullptr;
}

bool FunctionValidator::read_mem_arg(const OperatorRow& row, ValType& address) {
  const uint8_t* start = in_.position();
  uint32_t flags = in_.u32();
  uint32_t index = 0;
  if (flags >= 0x40) [[unlikely]] {
    if (flags >= 0x80 || !module_.features.has(Feature::multi_memory)) {
      return in_.fail(ErrorCode::malformed_memop_flags, start);
    }
    index = in_.u32();
    flags &= 0x3F;
  }
  uint64_t offset = module_.features.has(Feature::memory64) ? in_.u64() : in_.u32();
  if (!in_.ok()) return false;
  const MemoryType* memory = read_memory(index);
  if (!memory) return false;
  if (flags > row.align_log2) return fail(ErrorCode::alignment_too_large);
  if (row.feature == Feature::threads && flags != row.align_log2) return fail(ErrorCode::alignment_not_natural);
  if (memory->limits.address == AddressType::i32) {
    if (offset > UINT32_MAX) return fail(ErrorCode::offset_out_of_range);
    address = kI32;
  } else {
    address = kI64;
  }
  return true;
}

bool FunctionValidator::check_lanes(const OperatorRow& row) {
  uint32_t count = row.immediates == Immediates::shuffle ? 16 : 1;
  for (uint32_t i = 0; i < count; ++i) {
    uint8_t lane = in_.u8();
    if (!in_.ok()) return false;
    if (lane >= row.lanes) return fail_index(ErrorCode::invalid_lane_index, lane);
  }
  return true;
}

bool FunctionValidator::check_data(uint32_t index) {
  if (!in_.ok()) return false;
  if (!module_.data_count) return fail(ErrorCode::data_count_required);
  return index < module_.datas.size() || fail_index(ErrorCode::unknown_data_segment, index);
}

// Immediates of the rows that have both immediates and a signature. `address`: of the memory, if they name one.
bool FunctionValidator::check_immediates(const OperatorRow& row, ValType& address) {
  const MemoryType* memory = nullptr;
  switch (row.immediates) {
    case Immediates::i64: in_.s64(); return true;
    case Immediates::f32: in_.skip(4); return true;
    case Immediates::f64: in_.skip(8); return true;
    case Immediates::v128: in_.skip(16); return true;
    case Immediates::lane:
    case Immediates::shuffle: return check_lanes(row);
    case Immediates::mem_arg_lane: return read_mem_arg(row, address) && check_lanes(row);
    case Immediates::zero_byte: return in_.u8() == 0 || in_.fail(ErrorCode::zero_byte_expected, in_.position() - 1);
    case Immediates::data: return check_data(in_.u32());
    case Immediates::elem: {
      uint32_t index;
      return read_elem(index);
    }
    case Immediates::data_memory: {
      uint32_t data = in_.u32();
      memory = read_memory_index();
      if (!memory || !check_data(data)) return false;
      break;
    }
    case Immediates::memory:
      memory = read_memory_index();
      if (!memory) return false;
      break;
    default: CHECK(false);  // the table of opcodes has no other combination
  }
  address = to_val_type(memory->limits.address);
  return true;
}

// Pops and pushes what the row says, one by one: the careful way.
bool FunctionValidator::apply(const OperatorRow& row, ValType address) {
  auto type = [address](uint8_t code) { return code == kAddressCode ? address : ValType(static_cast<TypeCode>(code)); };
  for (unsigned i = row.pop_count; i > 0; --i) {
    if (!pop(type(row.pop[i - 1]))) return false;
  }
  for (unsigned i = 0; i < row.push_count; ++i) push(type(row.push[i]));
  return true;
}

bool FunctionValidator::on_memory_copy(Opcode) {
  const MemoryType* to = read_memory_index();
  const MemoryType* from = to ? read_memory_index() : nullptr;
  if (!from) return false;
  ValType to_address = to_val_type(to->limits.address);
  ValType from_address = to_val_type(from->limits.address);
  ValType count = to_address == kI64 && from_address == kI64 ? kI64 : kI32;
  return pop(count) && pop(from_address) && pop(to_address);
}

// A table index; of call_indirect it was a reserved zero byte before there were several tables.
bool FunctionValidator::read_table(uint32_t& index) {
  if (module_.features.has(Feature::reference_types)) {
    index = in_.u32();
  } else {
    index = in_.u8();
    if (index != 0) in_.fail(ErrorCode::zero_byte_expected, in_.position() - 1);
  }
  if (!in_.ok()) return false;
  return index < module_.tables.size() || fail_index(ErrorCode::unknown_table, index);
}

bool FunctionValidator::read_elem(uint32_t& index) {
  index = in_.u32();
  if (!in_.ok()) return false;
  return index < module_.elems.size() || fail_index(ErrorCode::unknown_elem_segment, index);
}

bool FunctionValidator::on_table_access(Opcode op) {
  uint32_t table;
  if (!read_table(table)) return false;
  ValType address = to_val_type(module_.tables[table].type.limits.address);
  ValType element = context_.tables[table];
  switch (op) {
    case Opcode::table_get:
      if (!pop(address)) return false;
      push(element);
      return true;
    case Opcode::table_set: return pop(element) && pop(address);
    case Opcode::table_size: push(address); return true;
    case Opcode::table_grow:
      if (!pop(address) || !pop(element)) return false;
      push(address);
      return true;
    case Opcode::table_fill: return pop(address) && pop(element) && pop(address);
    default: return false;
  }
}

bool FunctionValidator::on_table_bulk(Opcode op) {
  uint32_t to, elem, from;
  if (op == Opcode::table_init) {
    elem = in_.u32();
    if (!read_table(to)) return false;
    if (elem >= module_.elems.size()) return fail_index(ErrorCode::unknown_elem_segment, elem);
    if (!registry_.is_subtype(context_.elems[elem], context_.tables[to])) {
      return fail_mismatch(context_.tables[to], context_.elems[elem]);
    }
    return pop(kI32) && pop(kI32) && pop(to_val_type(module_.tables[to].type.limits.address));
  }
  if (!read_table(to) || !read_table(from)) return false;
  if (!registry_.is_subtype(context_.tables[from], context_.tables[to])) {
    return fail_mismatch(context_.tables[to], context_.tables[from]);
  }
  ValType to_address = to_val_type(module_.tables[to].type.limits.address);
  ValType from_address = to_val_type(module_.tables[from].type.limits.address);
  ValType count = to_address == kI64 && from_address == kI64 ? kI64 : kI32;
  return pop(count) && pop(from_address) && pop(to_address);
}

}  // namespace arris::validator
