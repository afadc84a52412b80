// CodeParser's plain instructions: an opcode and its immediates, by the Immediates enumerator.
#include <cstring>

#include "base/leb128.h"
#include "text/code_parser.h"
#include "text/number.h"

namespace arris::text {

namespace {

void write_little_endian(Bytes& out, uint64_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

struct Shape {
  std::string_view word;
  unsigned lanes;
  unsigned bits;
  bool is_float;
};
constexpr Shape kShapes[] = {{"i8x16", 16, 8, false}, {"i16x8", 8, 16, false}, {"i32x4", 4, 32, false},
                             {"i64x2", 2, 64, false}, {"f32x4", 4, 32, true},  {"f64x2", 2, 64, true}};

bool is_number(TokenKind kind) { return kind == TokenKind::integer || kind == TokenKind::real; }

// Lanes are counted before they are read: a wrong count is reported first, as the reference does. At most 17 matter.
unsigned count_numbers(const TokenCursor& cursor) {
  unsigned count = 0;
  while (count < 17 && is_number(cursor.kind(count))) ++count;
  return count;
}

}  // namespace

void write_opcode(Bytes& out, Opcode op) {
  const OpcodeInfo& row = info(op);
  if (row.prefix == 0) {
    out.push_back(static_cast<uint8_t>(row.code));
  } else {
    out.push_back(row.prefix);
    write_uleb(out, row.code);
  }
}

uint64_t parse_integer_token(TokenCursor& cursor, unsigned bits) {
  if (cursor.kind() != TokenKind::integer) {
    cursor.unexpected();
    return 0;
  }
  auto value = parse_integer(cursor.text(), bits);
  if (!value) {
    cursor.fail("constant out of range");
    return 0;
  }
  cursor.advance();
  return *value;
}

uint64_t parse_float_token(TokenCursor& cursor, unsigned bits) {
  if (!is_number(cursor.kind())) {
    cursor.unexpected();
    return 0;
  }
  std::optional<uint64_t> value;
  if (bits == 32) {
    value = parse_f32(cursor.text());
  } else {
    value = parse_f64(cursor.text());
  }
  if (!value) {
    cursor.fail("constant out of range");
    return 0;
  }
  cursor.advance();
  return *value;
}

namespace {

// v128.const's operand: shape and lanes, as 16 bytes. False after an error.
bool parse_v128_lanes(TokenCursor& cursor, uint8_t (&bytes)[16]) {
  std::memset(bytes, 0, sizeof bytes);
  const Shape* shape = nullptr;
  for (const Shape& s : kShapes)
    if (cursor.at_keyword(s.word)) shape = &s;
  if (!shape) {
    cursor.unexpected();
    return false;
  }
  cursor.advance();
  if (count_numbers(cursor) != shape->lanes) {
    bool is_other =
        cursor.kind() != TokenKind::rparen && cursor.kind() != TokenKind::lparen && !is_number(cursor.kind());
    is_other ? cursor.unexpected() : cursor.fail("wrong number of lane literals");
    return false;
  }
  for (unsigned i = 0; i < shape->lanes; ++i) {
    uint64_t lane = shape->is_float ? parse_float_token(cursor, shape->bits) : parse_integer_token(cursor, shape->bits);
    for (unsigned b = 0; b < shape->bits / 8; ++b)
      bytes[i * shape->bits / 8 + b] = static_cast<uint8_t>(lane >> (8 * b));
  }
  return !cursor.failed();
}

}  // namespace

// Opcodes whose encoding depends on the immediates come first.
void CodeParser::plain_instruction(Opcode op, Bytes& out) {
  switch (op) {
    case Opcode::select:
    case Opcode::select_t: return select_immediates(out);
    case Opcode::ref_test:
    case Opcode::ref_cast: return reference_test(op, out);
    default: break;
  }
  write_opcode(out, op);
  immediates(op, out);
}

void CodeParser::select_immediates(Bytes& out) {
  if (!c_.at_form("result")) return write_opcode(out, Opcode::select);
  std::vector<TextType> results;
  c_.parse_results(results);
  write_opcode(out, Opcode::select_t);
  write_uleb(out, results.size());
  for (TextType t : results) write_type(out, t);
}

void CodeParser::reference_test(Opcode op, Bytes& out) {
  TextType type = c_.parse_ref_type();
  bool nullable = type.code == TypeCode::ref_null;
  if (op == Opcode::ref_test) {
    write_opcode(out, nullable ? Opcode::ref_test_null : Opcode::ref_test);
  } else {
    write_opcode(out, nullable ? Opcode::ref_cast_null : Opcode::ref_cast);
  }
  write_sleb(out, type.heap);
}

void CodeParser::immediates(Opcode op, Bytes& out) {
  auto index = [&](Space space) { write_uleb(out, c_.resolve(space)); };
  switch (info(op).immediates) {
    case Immediates::none: return;
    case Immediates::zero_byte: return out.push_back(0);
    case Immediates::block_type:
    case Immediates::try_table: return c_.unexpected();  // blocks have their own path
    case Immediates::label: return write_uleb(out, resolve_label());
    case Immediates::label_table: return label_table(out);
    case Immediates::func: return index(Space::func);
    case Immediates::type_table: {
      uint32_t table = c_.resolve_or_zero(Space::table);
      write_uleb(out, c_.parse_type_use(nullptr).index);
      return write_uleb(out, table);
    }
    case Immediates::type: return index(Space::type);
    case Immediates::local: return write_uleb(out, resolve_local());
    case Immediates::global: return index(Space::global);
    case Immediates::table: return write_uleb(out, c_.resolve_or_zero(Space::table));
    case Immediates::memory: return write_uleb(out, c_.resolve_or_zero(Space::memory));
    case Immediates::tag: return index(Space::tag);
    case Immediates::elem: return index(Space::elem);
    case Immediates::data: c_.uses_data_index = true; return index(Space::data);
    case Immediates::mem_arg: return mem_arg(op, out);
    case Immediates::mem_arg_lane: mem_arg(op, out); return lane(out);
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::f32:
    case Immediates::f64:
    case Immediates::v128: return constant(op, out);
    case Immediates::shuffle: return shuffle(out);
    case Immediates::lane: return lane(out);
    case Immediates::heap_type: return write_sleb(out, c_.parse_heap_type());
    case Immediates::val_types: return select_immediates(out);
    case Immediates::memory_memory: return index_pair(Space::memory, Space::memory, false, out);
    case Immediates::table_table: return index_pair(Space::table, Space::table, false, out);
    case Immediates::data_memory: c_.uses_data_index = true; return index_pair(Space::memory, Space::data, true, out);
    case Immediates::elem_table: return index_pair(Space::table, Space::elem, true, out);
    case Immediates::type_field: {
      uint32_t type = c_.resolve(Space::type);
      write_uleb(out, type);
      return write_uleb(out, c_.resolve_field(type));
    }
    case Immediates::type_count: index(Space::type); return write_uleb(out, c_.expect_u32());
    case Immediates::type_data:
      c_.uses_data_index = true;
      index(Space::type);
      return index(Space::data);
    case Immediates::type_elem: index(Space::type); return index(Space::elem);
    case Immediates::type_type: index(Space::type); return index(Space::type);
    case Immediates::cast_label: return cast_label(out);
  }
}

// Two optional indices of one space (copy: both or none), or an optional first and a mandatory second one whose order the
// binary format swaps (init: segment, then memory or table).
void CodeParser::index_pair(Space first, Space second, bool text_order_swapped, Bytes& out) {
  if (!text_order_swapped) {
    bool given = c_.at_index();
    write_uleb(out, given ? c_.resolve(first) : 0);
    return write_uleb(out, given ? c_.resolve(second) : 0);
  }
  uint32_t container = c_.at_index(1) ? c_.resolve(first) : 0;
  write_uleb(out, c_.resolve(second));
  write_uleb(out, container);
}

void CodeParser::constant(Opcode op, Bytes& out) {
  switch (info(op).immediates) {
    case Immediates::i32: return write_sleb(out, static_cast<int32_t>(parse_integer_token(c_, 32)));
    case Immediates::i64: return write_sleb(out, static_cast<int64_t>(parse_integer_token(c_, 64)));
    case Immediates::f32: return write_little_endian(out, parse_float_token(c_, 32), 4);
    case Immediates::f64: return write_little_endian(out, parse_float_token(c_, 64), 8);
    default: break;
  }
  uint8_t bytes[16];
  parse_v128_lanes(c_, bytes);
  out.insert(out.end(), bytes, bytes + 16);
}

// The first of two numbers after a lane instruction is the memory; a single one is the lane.
bool CodeParser::memory_index_precedes_lane() const {
  if (c_.at_id()) return true;
  if (c_.kind() != TokenKind::integer) return false;
  if (c_.kind(1) == TokenKind::integer) return true;
  return c_.kind(1) == TokenKind::keyword && (c_.text(1).starts_with("offset=") || c_.text(1).starts_with("align="));
}

void CodeParser::mem_arg(Opcode op, Bytes& out) {
  bool has_lane = info(op).immediates == Immediates::mem_arg_lane;
  bool has_memory = has_lane ? memory_index_precedes_lane() : c_.at_index();
  uint32_t memory = has_memory ? c_.resolve(Space::memory) : 0;
  // The value after `word=`, if the next token is that.
  auto attribute = [&](std::string_view word, uint64_t absent) {
    if (c_.kind() != TokenKind::keyword || !c_.text().starts_with(word)) return absent;
    std::string_view digits = c_.text().substr(word.size());
    if (classify_number(digits) != NumberKind::integer || digits[0] == '+' || digits[0] == '-') {
      c_.unexpected();
      return absent;
    }
    auto value = parse_unsigned(digits, ~uint64_t{0});
    if (!value) {
      c_.fail("i64 constant out of range");
      return absent;
    }
    c_.advance();
    return *value;
  };
  uint64_t offset = attribute("offset=", 0);
  uint32_t align_position = c_.peek().offset;
  uint64_t align = attribute("align=", uint64_t{1} << natural_alignment_log2(op));
  if (c_.failed()) return;
  if (align == 0 || (align & (align - 1))) return c_.fail_at(align_position, "alignment must be a power of two");
  constexpr uint32_t kMemoryIndexFollows = 0x40;
  auto align_log2 = static_cast<uint32_t>(__builtin_ctzll(align));
  write_uleb(out, align_log2 | (memory != 0 ? kMemoryIndexFollows : 0));
  if (memory != 0) write_uleb(out, memory);
  write_uleb(out, offset);
}

void CodeParser::lane(Bytes& out) {
  out.push_back(static_cast<uint8_t>(c_.expect_unsigned(0xFF, "i8 constant out of range")));
}

void CodeParser::shuffle(Bytes& out) {
  if (count_numbers(c_) != 16) return c_.fail("invalid lane length");
  for (unsigned i = 0; i < 16 && !c_.failed(); ++i) {
    if (c_.kind() != TokenKind::integer || c_.text()[0] == '-' || c_.text()[0] == '+')
      return c_.fail("i8 constant out of range");
    lane(out);
  }
}

void CodeParser::label_table(Bytes& out) {
  std::vector<uint32_t> labels = {resolve_label()};
  while (c_.at_index()) labels.push_back(resolve_label());
  write_uleb(out, labels.size() - 1);
  for (uint32_t label : labels) write_uleb(out, label);
}

void CodeParser::cast_label(Bytes& out) {
  uint32_t label = resolve_label();
  TextType source = c_.parse_ref_type();
  TextType target = c_.parse_ref_type();
  out.push_back((source.code == TypeCode::ref_null ? 1 : 0) | (target.code == TypeCode::ref_null ? 2 : 0));
  write_uleb(out, label);
  write_sleb(out, source.heap);
  write_sleb(out, target.heap);
}

void CodeParser::catches(Bytes& out) {
  constexpr std::string_view kKinds[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};  // in code order
  Bytes clauses;
  uint32_t count = 0;
  for (bool more = true; more && !c_.failed();) {
    more = false;
    for (uint8_t code = 0; code < 4; ++code) {
      if (!c_.take_form(kKinds[code])) continue;
      clauses.push_back(code);
      if (code < 2) write_uleb(clauses, c_.resolve(Space::tag));
      write_uleb(clauses, resolve_label());
      c_.expect_rparen();
      ++count;
      more = true;
      break;
    }
  }
  write_uleb(out, count);
  out.insert(out.end(), clauses.begin(), clauses.end());
}

}  // namespace arris::text
