// The fields, and pass 1. Tables, memories and segments: segment_parser.cc. Putting it together: module_writer.cc.
#include "text/module_parser.h"

#include "base/leb128.h"

namespace arris::text {

bool is_module_field(std::string_view word) {
  for (std::string_view field :
       {"type", "rec", "import", "func", "table", "memory", "global", "tag", "export", "start", "elem", "data"})
    if (word == field) return true;
  return false;
}

std::expected<Bytes, TextError> parse_module_fields(const TokenList& list, uint32_t begin, uint32_t end,
                                                    const WatOptions& options) {
  return ModuleParser(list, begin, end, options).run();
}

std::expected<Bytes, TextError> ModuleParser::run() {
  parse_header();
  uint32_t fields = c_.position();
  declare_fields();
  parse_types();
  c_.seek(fields);
  parse_fields();
  if (!c_.failed()) c_.check_annotations_used(begin_, c_.end());
  if (c_.failed()) return std::unexpected(c_.error());
  return assemble();
}

void ModuleParser::parse_header() {
  std::optional<std::string_view> id = c_.take_id();
  has_module_name_ = c_.take_given_name(id, module_name_);
  int second = c_.take_annotation(AnnotationKind::name);
  if (second >= 0) c_.fail_at(c_.list().annotations[second].offset, "@name annotation: multiple module names");
}

// --- Pass 1: identifiers ---

void ModuleParser::declare_fields() {
  while (!c_.at_end()) {
    uint32_t start = c_.position();
    if (c_.kind() != TokenKind::lparen) return c_.unexpected();
    bool is_type = c_.at_keyword("type", 1) || c_.at_keyword("rec", 1);
    (is_type ? type_fields_ : other_fields_).push_back(start);
    declare_field();
    c_.seek(start);
    c_.skip_form();
  }
}

void ModuleParser::declare_field() {
  c_.advance();
  if (c_.kind() != TokenKind::keyword || !is_module_field(c_.text())) return c_.unexpected();
  std::string_view word = c_.text();
  if (word == "type" || word == "rec") return declare_types();
  c_.advance();
  if (word == "import") return declare_import();
  if (word == "func") return declare_definition(Space::func);
  if (word == "table") return declare_definition(Space::table);
  if (word == "memory") return declare_definition(Space::memory);
  if (word == "global") return declare_definition(Space::global);
  if (word == "tag") return declare_definition(Space::tag);
  if (word == "elem") c_.declare(Space::elem);
  if (word == "data") c_.declare(Space::data);
}

void ModuleParser::declare_types() {
  if (c_.take_keyword("type")) {
    c_.declare(Space::type);
    return;
  }
  c_.advance();
  while (c_.at_form("type")) {
    uint32_t start = c_.position();
    c_.seek(start + 2);
    c_.declare(Space::type);
    c_.seek(start);
    c_.skip_form();
  }
}

void ModuleParser::declare_import() {
  c_.expect_name();
  c_.expect_name();
  c_.expect_lparen();
  for (Space space : {Space::func, Space::table, Space::memory, Space::global, Space::tag}) {
    constexpr std::string_view kWords[] = {"", "func", "table", "memory", "global", "tag"};
    if (!c_.take_keyword(kWords[static_cast<unsigned>(space)])) continue;
    note_definition(space, true);
    c_.declare(space);
    return;
  }
  c_.unexpected();
}

void ModuleParser::note_definition(Space space, bool is_import) {
  if (is_import && first_definition_) return c_.fail(std::string("import after ") + first_definition_);
  constexpr const char* kWords[] = {"", "function", "table", "memory", "global", "tag"};
  if (!is_import && !first_definition_) first_definition_ = kWords[static_cast<unsigned>(space)];
}

void ModuleParser::declare_definition(Space space) {
  c_.declare(space);
  while (c_.at_form("export")) c_.skip_form();
  bool is_import = c_.at_form("import");
  note_definition(space, is_import);
  if (is_import) return;
  // An inline segment takes the next index of its space.
  if (space == Space::table && has_inline_segment("elem")) ++c_.space(Space::elem).count;
  if (space == Space::memory && has_inline_segment("data")) ++c_.space(Space::data).count;
}

// True if "(word" follows at the depth of the current field; nothing is consumed.
bool ModuleParser::has_inline_segment(std::string_view word) const {
  size_t depth = 0;
  for (uint32_t i = 0;; ++i) {
    switch (c_.kind(i)) {
      case TokenKind::eof: return false;
      case TokenKind::lparen:
        if (depth++ == 0 && c_.at_keyword(word, i + 1)) return true;
        break;
      case TokenKind::rparen:
        if (depth-- == 0) return false;
        break;
      default: break;
    }
  }
}

// --- Pass 2: types ---

void ModuleParser::parse_types() {
  uint32_t index = 0;
  for (uint32_t position : type_fields_) {
    c_.seek(position);
    c_.parse_type_or_rec(index);
    if (c_.failed()) return;
  }
}

// --- Pass 3: everything else ---

void ModuleParser::parse_fields() {
  while (!c_.at_end()) {
    take_custom_annotations();
    if (c_.at_form("type") || c_.at_form("rec")) {
      c_.skip_form();
    } else {
      parse_field();
    }
  }
  if (!c_.failed()) take_custom_annotations();
}

void ModuleParser::parse_field() {
  c_.expect_lparen();
  std::string_view word = c_.text();
  c_.advance();
  if (word == "import") parse_import();
  if (word == "func") parse_func();
  if (word == "table") parse_table();
  if (word == "memory") parse_memory();
  if (word == "global") parse_global();
  if (word == "tag") parse_tag();
  if (word == "export") parse_export();
  if (word == "start") parse_start();
  if (word == "elem") parse_elem();
  if (word == "data") parse_data();
  c_.expect_rparen();
}

void ModuleParser::skip_declared() { c_.take_id(); }

void ModuleParser::parse_import() {
  Section& imports = section(SectionSlot::import);
  write_name(imports.body, c_.expect_name());
  write_name(imports.body, c_.expect_name());
  c_.expect_lparen();
  for (unsigned i = 0; i < 5; ++i) {
    if (!c_.take_keyword(kExternKindNames[i])) continue;
    auto kind = static_cast<ExternKind>(i);
    constexpr Space kSpaces[] = {Space::func, Space::table, Space::memory, Space::global, Space::tag};
    ++next_[static_cast<unsigned>(kSpaces[i])];
    skip_declared();
    imports.body.push_back(static_cast<uint8_t>(kind));
    import_type(kind, imports.body);
    ++imports.count;
    return c_.expect_rparen();
  }
  c_.unexpected();
}

void ModuleParser::import_type(ExternKind kind, Bytes& out) {
  ParamIds ids;
  switch (kind) {
    case ExternKind::func: return write_uleb(out, c_.parse_type_use(&ids).index);
    case ExternKind::table: return table_type(out);
    case ExternKind::memory: return memory_type(out);
    case ExternKind::global: return global_type(out);
    case ExternKind::tag: out.push_back(0); return write_uleb(out, c_.parse_type_use(&ids).index);
  }
}

void ModuleParser::inline_exports(ExternKind kind, uint32_t index) {
  Section& exports = section(SectionSlot::export_);
  while (c_.take_form("export")) {
    write_name(exports.body, c_.expect_name());
    exports.body.push_back(static_cast<uint8_t>(kind));
    write_uleb(exports.body, index);
    ++exports.count;
    c_.expect_rparen();
  }
}

bool ModuleParser::inline_import(ExternKind kind) {
  if (!c_.take_form("import")) return false;
  Section& imports = section(SectionSlot::import);
  write_name(imports.body, c_.expect_name());
  write_name(imports.body, c_.expect_name());
  c_.expect_rparen();
  imports.body.push_back(static_cast<uint8_t>(kind));
  import_type(kind, imports.body);
  ++imports.count;
  return true;
}

void ModuleParser::parse_export() {
  Section& exports = section(SectionSlot::export_);
  write_name(exports.body, c_.expect_name());
  c_.expect_lparen();
  for (uint8_t i = 0; i < 5; ++i) {
    if (!c_.take_keyword(kExternKindNames[i])) continue;
    constexpr Space kSpaces[] = {Space::func, Space::table, Space::memory, Space::global, Space::tag};
    exports.body.push_back(i);
    write_uleb(exports.body, c_.resolve(kSpaces[i]));
    ++exports.count;
    return c_.expect_rparen();
  }
  c_.unexpected();
}

void ModuleParser::parse_start() {
  if (has_start_) return c_.fail("multiple start sections");
  has_start_ = true;
  write_uleb(section(SectionSlot::start).body, c_.resolve(Space::func));
}

void ModuleParser::parse_func() {
  uint32_t index = next_[static_cast<unsigned>(Space::func)]++;
  skip_declared();
  inline_exports(ExternKind::func, index);
  if (inline_import(ExternKind::func)) return;
  ParamIds ids;
  TypeUse use = c_.parse_type_use(&ids);
  write_uleb(section(SectionSlot::func).body, use.index);
  ++section(SectionSlot::func).count;

  Bytes body;
  CodeParser code(c_, body);
  const size_t first_place = places_ != nullptr ? places_->size() : 0;
  code.record_places(places_);
  code.declare_params(ids, use.param_count, use.names);
  code.parse_locals();
  code.parse_body();
  if (c_.failed()) return;
  Section& bodies = section(SectionSlot::code);
  write_uleb(bodies.body, body.size());
  for (size_t i = first_place; places_ != nullptr && i < places_->size(); ++i)
    (*places_)[i].offset += static_cast<uint32_t>(bodies.body.size());
  bodies.body.insert(bodies.body.end(), body.begin(), body.end());
  ++bodies.count;
  if (!code.branch_hints().empty()) branch_hints_.emplace_back(index, std::move(code.branch_hints()));
  if (!code.names().locals.empty()) local_names_.emplace_back(index, std::move(code.names().locals));
  if (!code.names().labels.empty()) label_names_.emplace_back(index, std::move(code.names().labels));
}

void ModuleParser::global_type(Bytes& out) {
  bool is_mutable = c_.take_form("mut");
  write_type(out, c_.parse_value_type());
  if (is_mutable) c_.expect_rparen();
  out.push_back(is_mutable);
}

void ModuleParser::parse_global() {
  uint32_t index = next_[static_cast<unsigned>(Space::global)]++;
  skip_declared();
  inline_exports(ExternKind::global, index);
  if (inline_import(ExternKind::global)) return;
  Section& globals = section(SectionSlot::global);
  global_type(globals.body);
  CodeParser(c_, globals.body).parse_body();
  ++globals.count;
}

void ModuleParser::parse_tag() {
  uint32_t index = next_[static_cast<unsigned>(Space::tag)]++;
  skip_declared();
  inline_exports(ExternKind::tag, index);
  if (inline_import(ExternKind::tag)) return;
  Section& tags = section(SectionSlot::tag);
  ParamIds ids;
  tags.body.push_back(0);
  write_uleb(tags.body, c_.parse_type_use(&ids).index);
  ++tags.count;
}

}  // namespace arris::text
