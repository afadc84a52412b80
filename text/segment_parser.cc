// ModuleParser's tables, memories, element and data segments, with their abbreviations. Spec: text/modules.
#include <algorithm>

#include "base/leb128.h"
#include "text/module_parser.h"
#include "wasm/limits.h"

namespace arris::text {

namespace {

constexpr uint8_t kHasMax = 1, kShared = 2, kAddress64 = 4, kPageSize = 8;

void write_limits(Bytes& out, const Limits& limits, uint8_t extra_flags) {
  out.push_back(extra_flags | (limits.has_max ? kHasMax : 0) | (limits.address == AddressType::i64 ? kAddress64 : 0));
  write_uleb(out, limits.min);
  if (limits.has_max) write_uleb(out, limits.max);
}

void append(Bytes& out, const Bytes& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

AddressType ModuleParser::address_type() {
  if (c_.take_keyword("i64")) return AddressType::i64;
  c_.take_keyword("i32");
  return AddressType::i32;
}

Limits ModuleParser::limits(AddressType address) {
  constexpr std::string_view kOutOfRange = "i64 constant out of range";
  Limits limits{.address = address};
  limits.min = c_.expect_unsigned(~uint64_t{0}, kOutOfRange);
  limits.has_max = c_.kind() == TokenKind::integer;
  if (limits.has_max) limits.max = c_.expect_unsigned(~uint64_t{0}, kOutOfRange);
  return limits;
}

void ModuleParser::zero_offset(AddressType address, Bytes& out) {
  write_opcode(out, address == AddressType::i64 ? Opcode::i64_const : Opcode::i32_const);
  out.push_back(0);
  write_opcode(out, Opcode::end);
}

// --- Tables ---

void ModuleParser::table_type(Bytes& out) {
  Limits l = limits(address_type());
  write_type(out, c_.parse_ref_type());
  write_limits(out, l, 0);
}

void ModuleParser::parse_table() {
  uint32_t index = next_[static_cast<unsigned>(Space::table)]++;
  skip_declared();
  inline_exports(ExternKind::table, index);
  if (inline_import(ExternKind::table)) return;

  Section& tables = section(SectionSlot::table);
  ++tables.count;
  AddressType address = address_type();
  if (c_.at_ref_type()) {  // an inline element segment sizes the table
    TextType type = c_.parse_ref_type();
    c_.expect_form("elem");
    Bytes items;
    uint32_t count = 0;
    bool expressions = c_.kind() == TokenKind::lparen;
    expressions ? expression_list(items, count) : index_list(items, count);
    c_.expect_rparen();
    write_type(tables.body, type);
    write_limits(tables.body, {.min = count, .max = count, .has_max = true, .address = address}, 0);
    return inline_elem(index, type, address, count, expressions, items);
  }
  Limits l = limits(address);
  TextType type = c_.parse_ref_type();
  bool has_initializer = c_.kind() != TokenKind::rparen;
  if (has_initializer) {
    constexpr uint8_t kTableWithInitializer = 0x40;
    tables.body.push_back(kTableWithInitializer);
    tables.body.push_back(0);
  }
  write_type(tables.body, type);
  write_limits(tables.body, l, 0);
  if (has_initializer) CodeParser(c_, tables.body).parse_body();
}

void ModuleParser::inline_elem(uint32_t table, TextType type, AddressType address, uint32_t count, bool expressions,
                               const Bytes& items) {
  ++next_[static_cast<unsigned>(Space::elem)];
  Section& elems = section(SectionSlot::elem);
  ++elems.count;
  Bytes list = items;
  if (!expressions && !(type == kFuncRefText)) {
    // Lists of indices are of type (ref func); for another element type they are written as expressions.
    list.clear();
    const uint8_t* p = items.data();
    for (uint32_t i = 0; i < count; ++i) {
      write_opcode(list, Opcode::ref_func);
      write_uleb(list, read_uleb<uint32_t>(p));
      write_opcode(list, Opcode::end);
    }
    expressions = true;
  }
  bool short_form = table == 0 && (!expressions || type == kFuncRefText);
  elems.body.push_back((short_form ? 0 : 2) | (expressions ? 4 : 0));
  if (!short_form) write_uleb(elems.body, table);
  zero_offset(address, elems.body);
  if (!short_form && expressions) write_type(elems.body, type);
  if (!short_form && !expressions) elems.body.push_back(0);
  write_uleb(elems.body, count);
  append(elems.body, list);
}

void ModuleParser::index_list(Bytes& items, uint32_t& count) {
  for (; c_.kind() != TokenKind::rparen && !c_.failed(); ++count) write_uleb(items, c_.resolve(Space::func));
}

void ModuleParser::expression_list(Bytes& items, uint32_t& count) {
  for (; c_.kind() != TokenKind::rparen && !c_.failed(); ++count) {
    if (c_.take_form("item")) {
      CodeParser(c_, items).parse_body();
      c_.expect_rparen();
    } else {
      CodeParser(c_, items).parse_single_expression();
    }
  }
}

// (offset instr*), or one folded instruction.
void ModuleParser::offset_expression(Bytes& out) {
  if (!c_.take_form("offset")) return CodeParser(c_, out).parse_single_expression();
  CodeParser(c_, out).parse_body();
  c_.expect_rparen();
}

void ModuleParser::parse_elem() {
  ++next_[static_cast<unsigned>(Space::elem)];
  skip_declared();
  bool is_declarative = c_.take_keyword("declare");
  uint32_t table = 0;
  bool has_table = false;
  if (!is_declarative && c_.take_form("table")) {
    table = c_.resolve(Space::table);
    has_table = true;
    c_.expect_rparen();
  } else if (!is_declarative && c_.at_index() && c_.kind(1) == TokenKind::lparen) {
    table = c_.resolve(Space::table);  // the bare index of older texts
    has_table = true;
  }
  bool is_active = has_table || (!is_declarative && c_.kind() == TokenKind::lparen && !c_.at_ref_type());
  Bytes offset;
  if (is_active) offset_expression(offset);

  TextType type = kFuncRefText;
  bool expressions = c_.at_ref_type();
  if (expressions) {
    type = c_.parse_ref_type();
  } else if (!is_active || !c_.at_index()) {
    // Only an active segment may leave out `func`; an empty list may as well.
    if (!(is_active && c_.kind() == TokenKind::rparen)) c_.expect_keyword("func");
  }
  Bytes items;
  uint32_t count = 0;
  expressions ? expression_list(items, count) : index_list(items, count);

  // Flags: 1 passive or declarative, 2 explicit table (active) or declarative, 4 expressions.
  Section& elems = section(SectionSlot::elem);
  ++elems.count;
  bool short_form = is_active && table == 0 && (!expressions || type == kFuncRefText);
  uint8_t flags = expressions ? 4 : 0;
  if (is_declarative) {
    flags |= 3;
  } else if (!is_active) {
    flags |= 1;
  } else if (!short_form) {
    flags |= 2;
  }
  elems.body.push_back(flags);
  if (is_active && !short_form) write_uleb(elems.body, table);
  append(elems.body, offset);
  if (!short_form && expressions) write_type(elems.body, type);
  if (!short_form && !expressions) elems.body.push_back(0);  // element kind: functions
  write_uleb(elems.body, count);
  append(elems.body, items);
}

// --- Memories ---

// (pagesize n)?, as a logarithm.
uint8_t ModuleParser::page_size_log2() {
  constexpr uint8_t kDefaultLog2 = 16;
  if (!c_.take_form("pagesize")) return kDefaultLog2;
  uint32_t offset = c_.peek().offset;
  uint64_t size = c_.expect_unsigned(~uint64_t{0}, "invalid custom page size");
  if (c_.failed()) return kDefaultLog2;
  c_.expect_rparen();
  if (size == 0 || (size & (size - 1))) c_.fail_at(offset, "invalid custom page size");
  return static_cast<uint8_t>(size == 0 ? 0 : __builtin_ctzll(size));
}

void ModuleParser::memory_type(Bytes& out) {
  Limits l = limits(address_type());
  bool shared = c_.take_keyword("shared");
  bool has_page_size = c_.at_form("pagesize");
  uint8_t log2 = page_size_log2();
  write_limits(out, l, (shared ? kShared : 0) | (has_page_size ? kPageSize : 0));
  if (has_page_size) write_uleb(out, log2);
}

std::string ModuleParser::strings() {
  std::string bytes;
  while (c_.kind() == TokenKind::string) bytes += c_.expect_string();
  return bytes;
}

void ModuleParser::parse_memory() {
  uint32_t index = next_[static_cast<unsigned>(Space::memory)]++;
  skip_declared();
  inline_exports(ExternKind::memory, index);
  if (inline_import(ExternKind::memory)) return;
  Section& memories = section(SectionSlot::memory);
  ++memories.count;

  uint32_t start = c_.position();
  AddressType address = address_type();
  bool has_page_size = c_.at_form("pagesize");
  uint8_t log2 = page_size_log2();
  if (!has_page_size && !c_.at_form("data")) {
    c_.seek(start);
    return memory_type(memories.body);
  }
  c_.expect_form("data");
  std::string bytes = strings();
  c_.expect_rparen();
  uint64_t page_bytes = uint64_t{1} << log2;
  uint64_t pages = bytes.size() / page_bytes + (bytes.size() % page_bytes != 0);
  write_limits(memories.body, {.min = pages, .max = pages, .has_max = true, .address = address},
               has_page_size ? kPageSize : 0);
  if (has_page_size) write_uleb(memories.body, log2);

  ++next_[static_cast<unsigned>(Space::data)];
  Section& datas = section(SectionSlot::data);
  ++datas.count;
  datas.body.push_back(index == 0 ? 0 : 2);
  if (index != 0) write_uleb(datas.body, index);
  zero_offset(address, datas.body);
  write_name(datas.body, bytes);
}

void ModuleParser::parse_data() {
  ++next_[static_cast<unsigned>(Space::data)];
  skip_declared();
  uint32_t memory = 0;
  bool has_memory = false;
  if (c_.take_form("memory")) {
    memory = c_.resolve(Space::memory);
    has_memory = true;
    c_.expect_rparen();
  } else if (c_.at_index()) {
    memory = c_.resolve(Space::memory);  // the bare index of older texts
    has_memory = true;
  }
  Section& datas = section(SectionSlot::data);
  ++datas.count;
  bool is_active = has_memory || c_.kind() == TokenKind::lparen;
  datas.body.push_back(!is_active ? 1 : memory == 0 ? 0 : 2);
  if (is_active && memory != 0) write_uleb(datas.body, memory);
  if (is_active) offset_expression(datas.body);
  write_name(datas.body, strings());
}

}  // namespace arris::text
