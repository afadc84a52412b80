// ModuleParser: the fields of one module to its binary. For wat.cc and the script parser.
//
// Three passes over the tokens: declare every identifier and count the index spaces; read the types; then read all other
// fields in order, each written straight into its section. No recursion over the source.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "text/code_parser.h"
#include "text/module_context.h"
#include "text/wat.h"

namespace arris::text {

// `begin` to `end`: the tokens between "(module" and its ")", that is an optional identifier, then fields.
std::expected<Bytes, TextError> parse_module_fields(const TokenList& list, uint32_t begin, uint32_t end,
                                                    const WatOptions& options);

// True if the word opens a module field.
bool is_module_field(std::string_view word);

// Sections in the order of a module; the places a custom section can be put before or after.
enum class SectionSlot : uint8_t {
  first,
  type,
  import,
  func,
  table,
  memory,
  tag,
  global,
  export_,
  start,
  elem,
  data_count,
  code,
  data,
  last
};
inline constexpr unsigned kSectionSlotCount = 15;

struct Section {
  uint32_t count = 0;
  Bytes body;  // entries
};

struct CustomSection {
  SectionSlot slot;
  bool after;
  std::string name;
  std::string contents;
};

class ModuleParser {
 public:
  ModuleParser(const TokenList& list, uint32_t begin, uint32_t end, const WatOptions& options)
      : c_(list, begin, end, options.write_names), begin_(begin), places_(options.places) {}

  std::expected<Bytes, TextError> run();

 private:
  // Pass 1
  void parse_header();
  void declare_fields();
  void declare_field();
  void declare_types();
  void declare_import();
  void declare_definition(Space space);
  void note_definition(Space space, bool is_import);
  bool has_inline_segment(std::string_view word) const;
  // Pass 2 and 3
  void parse_types();
  void parse_fields();
  void parse_field();
  void parse_import();
  void parse_export();
  void parse_start();
  void parse_func();
  void parse_table();
  void parse_memory();
  void parse_global();
  void parse_tag();
  void parse_elem();
  void parse_data();
  void parse_custom_annotation(const Annotation& annotation);
  void take_custom_annotations();

  // Parts of fields
  void skip_declared();  // $id?, which pass 1 has declared
  void inline_exports(ExternKind kind, uint32_t index);
  bool inline_import(ExternKind kind);
  void import_type(ExternKind kind, Bytes& out);
  AddressType address_type();
  Limits limits(AddressType address);
  void table_type(Bytes& out);
  void memory_type(Bytes& out);
  uint8_t page_size_log2();
  void global_type(Bytes& out);
  void offset_expression(Bytes& out);
  void expression_list(Bytes& items, uint32_t& count);
  void index_list(Bytes& items, uint32_t& count);
  std::string strings();
  void inline_elem(uint32_t table, TextType type, AddressType address, uint32_t count, bool expressions,
                   const Bytes& items);
  void zero_offset(AddressType address, Bytes& out);

  // Assembly (module_writer.cc)
  Bytes assemble();
  void write_custom_sections(Bytes& out, SectionSlot slot, bool after) const;
  void write_name_section(Bytes& out);
  void write_branch_hints(Bytes& out) const;
  Section& section(SectionSlot slot) { return sections_[static_cast<unsigned>(slot)]; }

  ModuleContext c_;
  uint32_t begin_;
  std::vector<SourcePlace>* places_;   // or null
  std::vector<uint32_t> type_fields_;  // token positions
  std::vector<uint32_t> other_fields_;
  const char* first_definition_ = nullptr;  // word of the first definition: no import may follow
  uint32_t next_[kSpaceCount] = {};
  Section sections_[kSectionSlotCount];
  bool has_start_ = false;
  std::vector<CustomSection> custom_sections_;
  std::vector<std::pair<uint32_t, std::vector<BranchHint>>> branch_hints_;
  std::string module_name_;
  bool has_module_name_ = false;
  IndirectNameMap local_names_;
  IndirectNameMap label_names_;
};

}  // namespace arris::text
