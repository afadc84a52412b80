// The grammar of types within ModuleContext. Spec: text/types; abbreviations of type uses: text/modules.
#include <array>
#include <string>

#include "base/leb128.h"
#include "text/module_context.h"

namespace arris::text {

namespace {

struct TypeWord {
  std::string_view word;
  uint8_t code;
};
constexpr TypeWord kNumberTypes[] = {
#define NUMTYPE(name, code, text, size) {text, code},
#include "wasm/types.def"
};
constexpr TypeWord kHeapTypes[] = {
#define HEAPTYPE(name, code, text, ref_text) {text, code},
#include "wasm/types.def"
};
constexpr TypeWord kRefTypes[] = {
#define HEAPTYPE(name, code, text, ref_text) {ref_text, code},
#include "wasm/types.def"
};

template <size_t N>
const TypeWord* find_word(const TypeWord (&words)[N], std::string_view word) {
  for (const TypeWord& w : words)
    if (w.word == word) return &w;
  return nullptr;
}

void write_types(Bytes& out, const std::vector<TextType>& types) {
  write_uleb(out, types.size());
  for (TextType t : types) write_type(out, t);
}

void write_func_type(Bytes& out, const TextFuncType& type) {
  out.push_back(0x60);
  write_types(out, type.params);
  write_types(out, type.results);
}

std::string as_key(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void write_type(Bytes& out, TextType type) {
  bool is_ref = type.code == TypeCode::ref || type.code == TypeCode::ref_null;
  // (ref null abstract) has a one-byte form.
  if (!is_ref || type.code == TypeCode::ref || type.heap >= 0) out.push_back(static_cast<uint8_t>(type.code));
  if (is_ref) write_sleb(out, type.heap);
}

int64_t ModuleContext::parse_heap_type() {
  if (kind() == TokenKind::keyword) {
    if (const TypeWord* word = find_word(kHeapTypes, text())) {
      advance();
      return int64_t{word->code} - 0x80;
    }
  }
  return resolve(Space::type);
}

bool ModuleContext::at_ref_type() const {
  return at_form("ref") || (kind() == TokenKind::keyword && find_word(kRefTypes, text()));
}

bool ModuleContext::at_value_type() const {
  return at_ref_type() || (kind() == TokenKind::keyword && find_word(kNumberTypes, text()));
}

TextType ModuleContext::parse_ref_type() {
  if (take_form("ref")) {
    TextType type;
    type.code = take_keyword("null") ? TypeCode::ref_null : TypeCode::ref;
    type.heap = parse_heap_type();
    expect_rparen();
    return type;
  }
  const TypeWord* word = kind() == TokenKind::keyword ? find_word(kRefTypes, text()) : nullptr;
  if (!word) {
    unexpected();
    return {};
  }
  advance();
  return {TypeCode::ref_null, int64_t{word->code} - 0x80};
}

TextType ModuleContext::parse_value_type() {
  const TypeWord* word = kind() == TokenKind::keyword ? find_word(kNumberTypes, text()) : nullptr;
  if (!word) return parse_ref_type();
  advance();
  return {static_cast<TypeCode>(word->code), 0};
}

TextType ModuleContext::parse_field_type(Bytes& out) {
  bool is_mutable = take_form("mut");
  TextType type;
  if (take_keyword("i8")) {
    type.code = TypeCode::i8;
  } else if (take_keyword("i16")) {
    type.code = TypeCode::i16;
  } else {
    type = parse_value_type();
  }
  if (is_mutable) expect_rparen();
  write_type(out, type);
  out.push_back(is_mutable);
  return type;
}

void ModuleContext::parse_struct_fields(Bytes& out, uint32_t index) {
  Bytes fields;
  uint32_t count = 0;
  NameMap names;
  while (take_form("field")) {
    uint32_t offset = peek().offset;
    std::optional<std::string_view> id = take_id();
    std::string name;
    bool has_name = take_given_name(id, name);
    if (has_name) names.emplace_back(count, std::move(name));
    if (id && !field_ids_[index].emplace(*id, count).second) fail_at(offset, "duplicate field $" + std::string(*id));
    if (id || has_name) {
      parse_field_type(fields);
      ++count;
    } else {
      for (; kind() != TokenKind::rparen && !failed(); ++count) parse_field_type(fields);
    }
    expect_rparen();
  }
  if (!names.empty()) field_names_.emplace_back(index, std::move(names));
  write_uleb(out, count);
  out.insert(out.end(), fields.begin(), fields.end());
}

void ModuleContext::parse_composite_type(Bytes& out, uint32_t index) {
  expect_lparen();
  if (take_keyword("func")) {
    TextFuncType type;
    NameMap names;
    ParamIds ids;
    parse_params(type.params, &ids, names);
    parse_results(type.results);
    write_func_type(out, type);
    func_types_[index] = std::move(type);
  } else if (take_keyword("struct")) {
    out.push_back(0x5F);
    parse_struct_fields(out, index);
  } else if (take_keyword("array")) {
    out.push_back(0x5E);
    if (take_form("field")) {  // written by some tools
      if (std::optional<std::string_view> id = take_id()) field_ids_[index].emplace(*id, 0);
      parse_field_type(out);
      expect_rparen();
    } else {
      parse_field_type(out);
    }
  } else {
    unexpected();
  }
  expect_rparen();
}

Bytes ModuleContext::parse_sub_type(uint32_t index) {
  Bytes out;
  if (!take_form("sub")) {
    parse_composite_type(out, index);
    return out;
  }
  bool is_final = take_keyword("final");
  Bytes supers;
  uint32_t count = 0;
  for (; at_index(); ++count) write_uleb(supers, resolve(Space::type));
  if (!is_final || count > 0) {  // (sub final t) is t
    out.push_back(is_final ? 0x4F : 0x50);
    write_uleb(out, count);
    out.insert(out.end(), supers.begin(), supers.end());
  }
  parse_composite_type(out, index);
  expect_rparen();
  return out;
}

void ModuleContext::parse_type_or_rec(uint32_t& next_index) {
  std::vector<Bytes> members;
  uint32_t first = next_index;
  auto parse_type = [&] {
    expect_form("type");
    take_id();  // declared before
    members.push_back(parse_sub_type(next_index++));
    expect_rparen();
  };
  bool is_rec = take_form("rec");
  if (is_rec) {
    while (!failed() && kind() == TokenKind::lparen) parse_type();
    expect_rparen();
  } else {
    parse_type();
  }
  ++type_group_count_;
  if (is_rec) {  // kept as written, also with one member: the type is the same
    type_groups_.push_back(0x4E);
    write_uleb(type_groups_, members.size());
  }
  for (const Bytes& member : members) type_groups_.insert(type_groups_.end(), member.begin(), member.end());
  if (members.size() == 1 && !members[0].empty() && members[0][0] == 0x60)
    func_type_index_.emplace(as_key(members[0]), first);
}

void ModuleContext::parse_params(std::vector<TextType>& params, ParamIds* ids, NameMap& names) {
  while (take_form("param")) {
    if (ids && at_id()) {
      auto index = static_cast<uint32_t>(params.size());
      std::string_view id = *take_id();
      ids->emplace_back(index, id);
      std::string name;
      if (take_given_name(id, name)) names.emplace_back(index, std::move(name));
      params.push_back(parse_value_type());
    } else {
      std::string name;
      if (ids && take_name_annotation(name)) names.emplace_back(static_cast<uint32_t>(params.size()), std::move(name));
      while (kind() != TokenKind::rparen && !failed()) params.push_back(parse_value_type());
    }
    expect_rparen();
  }
}

void ModuleContext::parse_results(std::vector<TextType>& results) {
  while (take_form("result")) {
    while (kind() != TokenKind::rparen && !failed()) results.push_back(parse_value_type());
    expect_rparen();
  }
}

const TextFuncType* ModuleContext::func_type(uint32_t index) const {
  auto found = func_types_.find(index);
  return found == func_types_.end() ? nullptr : &found->second;
}

uint32_t ModuleContext::func_type_index(TextFuncType type) {
  Bytes bytes;
  write_func_type(bytes, type);
  uint32_t next = space(Space::type).count;
  auto [entry, is_new] = func_type_index_.emplace(as_key(bytes), next);
  if (is_new) {
    type_groups_.insert(type_groups_.end(), bytes.begin(), bytes.end());
    ++type_group_count_;
    ++space(Space::type).count;
    func_types_[next] = std::move(type);
  }
  return entry->second;
}

TypeUse ModuleContext::parse_type_use(ParamIds* ids) {
  TypeUse use;
  uint32_t offset = peek().offset;
  bool is_explicit = take_form("type");
  if (is_explicit) {
    use.index = resolve(Space::type);
    expect_rparen();
  }
  TextFuncType type;
  uint32_t before = position();
  parse_params(type.params, ids, use.names);
  parse_results(type.results);
  bool has_inline = position() != before;
  if (at_form("param") || at_form("type")) unexpected();  // out of order
  if (failed()) return use;
  if (!is_explicit) {
    use.param_count = static_cast<uint32_t>(type.params.size());
    use.index = func_type_index(std::move(type));
    return use;
  }
  const TextFuncType* declared = func_type(use.index);
  if (declared) use.param_count = static_cast<uint32_t>(declared->params.size());
  if (!has_inline) return use;
  if (use.index >= space(Space::type).count) {
    fail_at(offset, "unknown type " + std::to_string(use.index));
  } else if (!declared || *declared != type) {
    fail_at(offset, "inline function type");
  }
  return use;
}

void ModuleContext::parse_block_type(Bytes& out) {
  if (at_form("type")) {
    write_sleb(out, parse_type_use(nullptr).index);
    return;
  }
  TextFuncType type;
  NameMap names;
  parse_params(type.params, nullptr, names);
  parse_results(type.results);
  if (at_form("param") || at_form("type")) unexpected();  // out of order
  if (failed()) return;
  if (!type.params.empty() || type.results.size() > 1) {
    write_sleb(out, func_type_index(std::move(type)));
  } else if (type.results.empty()) {
    out.push_back(0x40);
  } else {
    write_type(out, type.results[0]);
  }
}

}  // namespace arris::text
