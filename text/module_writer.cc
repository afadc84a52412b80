// ModuleParser's end: custom annotations, and the sections put in order behind the header.
#include "base/leb128.h"
#include "base/utf8.h"
#include "text/module_parser.h"

namespace arris::text {

namespace {

struct SlotWord {
  std::string_view word;
  SectionSlot slot;
};
constexpr SlotWord kSlotWords[] = {
    {"first", SectionSlot::first}, {"type", SectionSlot::type},     {"import", SectionSlot::import},
    {"func", SectionSlot::func},   {"table", SectionSlot::table},   {"memory", SectionSlot::memory},
    {"tag", SectionSlot::tag},     {"global", SectionSlot::global}, {"export", SectionSlot::export_},
    {"start", SectionSlot::start}, {"elem", SectionSlot::elem},     {"datacount", SectionSlot::data_count},
    {"code", SectionSlot::code},   {"data", SectionSlot::data},     {"last", SectionSlot::last},
};

// Section ids by slot; first and last have none.
constexpr uint8_t kSectionIds[kSectionSlotCount] = {0, 1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11, 0};

void write_section(Bytes& out, uint8_t id, const Bytes& contents) {
  out.push_back(id);
  write_uleb(out, contents.size());
  out.insert(out.end(), contents.begin(), contents.end());
}

void write_name_map(Bytes& out, const NameMap& map) {
  write_uleb(out, map.size());
  for (const auto& [index, name] : map) {
    write_uleb(out, index);
    write_name(out, name);
  }
}

void write_indirect_name_map(Bytes& out, const IndirectNameMap& map) {
  write_uleb(out, map.size());
  for (const auto& [index, names] : map) {
    write_uleb(out, index);
    write_name_map(out, names);
  }
}

}  // namespace

void ModuleParser::take_custom_annotations() {
  for (int i; (i = c_.take_annotation(AnnotationKind::custom)) >= 0;) parse_custom_annotation(c_.list().annotations[i]);
}

// (@custom "name" (before|after section)? "contents"*)
void ModuleParser::parse_custom_annotation(const Annotation& annotation) {
  const TokenList& list = c_.list();
  const Token* token = list.annotation_tokens.data() + annotation.first;
  const Token* end = token + annotation.count;
  auto fail = [&](std::string_view what) { c_.fail_at(annotation.offset, "@custom annotation: " + std::string(what)); };
  auto take = [&](TokenKind kind) { return token < end && token->kind == kind ? token++ : nullptr; };

  CustomSection custom{SectionSlot::last, true, {}, {}};
  const Token* name = take(TokenKind::string);
  if (!name) return fail("missing section name");
  custom.name = decode_string(list.text(*name));
  if (!is_valid_utf8(custom.name)) return fail("malformed UTF-8 encoding");

  if (take(TokenKind::lparen)) {
    const Token* word = take(TokenKind::keyword);
    if (!word || (list.text(*word) != "before" && list.text(*word) != "after")) return fail("malformed placement");
    custom.after = list.text(*word) == "after";
    word = take(TokenKind::keyword);
    const SlotWord* slot = nullptr;
    for (const SlotWord& s : kSlotWords)
      if (word && list.text(*word) == s.word) slot = &s;
    if (!slot) return fail("malformed section kind");
    custom.slot = slot->slot;
    if (!take(TokenKind::rparen)) return fail("unexpected token");
  }
  while (const Token* part = take(TokenKind::string)) custom.contents += decode_string(list.text(*part));
  if (token != end) return fail("unexpected token");
  custom_sections_.push_back(std::move(custom));
}

void ModuleParser::write_custom_sections(Bytes& out, SectionSlot slot, bool after) const {
  for (const CustomSection& custom : custom_sections_) {
    if (custom.slot != slot || custom.after != after) continue;
    Bytes contents;
    write_name(contents, custom.name);
    write_bytes(contents, custom.contents);
    write_section(out, 0, contents);
  }
}

// Spec: branch-hinting proposal, "metadata.code.branch_hint": functions, each with its hints by ascending offset.
void ModuleParser::write_branch_hints(Bytes& out) const {
  if (branch_hints_.empty()) return;
  Bytes contents;
  write_name(contents, "metadata.code.branch_hint");
  write_uleb(contents, branch_hints_.size());
  for (const auto& [func, hints] : branch_hints_) {
    write_uleb(contents, func);
    write_uleb(contents, hints.size());
    for (const BranchHint& hint : hints) {
      write_uleb(contents, hint.offset);
      write_name(contents, hint.payload);
    }
  }
  write_section(out, 0, contents);
}

// Spec: appendix/custom, name section; ids 3 to 11 from the extended-name-section proposal.
void ModuleParser::write_name_section(Bytes& out) {
  Bytes contents;
  write_name(contents, "name");
  size_t empty_size = contents.size();
  auto direct = [&](uint8_t id, Space space) {
    const NameMap& names = c_.space(space).names;
    if (names.empty()) return;
    Bytes map;
    write_name_map(map, names);
    write_section(contents, id, map);
  };
  auto indirect = [&](uint8_t id, const IndirectNameMap& names) {
    if (names.empty()) return;
    Bytes map;
    write_indirect_name_map(map, names);
    write_section(contents, id, map);
  };
  if (has_module_name_) {
    Bytes name;
    write_name(name, module_name_);
    write_section(contents, 0, name);
  }
  direct(1, Space::func);
  indirect(2, local_names_);
  indirect(3, label_names_);
  direct(4, Space::type);
  direct(5, Space::table);
  direct(6, Space::memory);
  direct(7, Space::global);
  direct(8, Space::elem);
  direct(9, Space::data);
  indirect(10, c_.field_names());
  direct(11, Space::tag);
  if (contents.size() > empty_size) write_section(out, 0, contents);
}

Bytes ModuleParser::assemble() {
  Bytes out = {0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00};
  section(SectionSlot::type) = {c_.type_group_count(), c_.type_groups()};
  if (c_.uses_data_index) write_uleb(section(SectionSlot::data_count).body, section(SectionSlot::data).count);
  for (unsigned i = 0; i < kSectionSlotCount; ++i) {
    auto slot = static_cast<SectionSlot>(i);
    write_custom_sections(out, slot, false);
    if (slot == SectionSlot::code) write_branch_hints(out);
    const Section& entries = section(slot);
    bool is_single = slot == SectionSlot::start || slot == SectionSlot::data_count;  // no vector
    if (is_single && !entries.body.empty()) write_section(out, kSectionIds[i], entries.body);
    if (!is_single && entries.count > 0) {
      Bytes contents;
      contents.reserve(entries.body.size() + 5);
      write_uleb(contents, entries.count);
      contents.insert(contents.end(), entries.body.begin(), entries.body.end());
      write_section(out, kSectionIds[i], contents);
    }
    if (slot == SectionSlot::last) write_name_section(out);
    write_custom_sections(out, slot, true);
  }
  return out;
}

}  // namespace arris::text
