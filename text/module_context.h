// ModuleContext: what the fields and the bodies of one module share while it is parsed: the index spaces with their
// identifiers, the types, and the grammar of types and type uses. Spec: text/modules (contexts), text/types.
//
// The module parser declares all identifiers and reads all (type ...) and (rec ...) fields before anything else, so that
// every reference resolves at once, also forward ones. Type uses append implicit function types in the order they occur.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/token_cursor.h"
#include "wasm/types.h"

namespace arris::text {

using Bytes = std::vector<uint8_t>;

void write_bytes(Bytes& out, std::string_view bytes);  // the bytes alone
void write_name(Bytes& out, std::string_view name);    // length, bytes

// A value or storage type as written: an index need not exist, and may be any u32 (ValType's may not).
struct TextType {
  TypeCode code = TypeCode::i32;
  int64_t heap = 0;  // s33 of the heap type; only for ref and ref_null
  friend bool operator==(const TextType&, const TextType&) = default;
};
void write_type(Bytes& out, TextType type);
inline constexpr int64_t heap_code(AbstractHeap heap) { return static_cast<int64_t>(heap) - 0x80; }
inline constexpr TextType kFuncRefText{TypeCode::ref_null, heap_code(AbstractHeap::func)};

struct TextFuncType {
  std::vector<TextType> params;
  std::vector<TextType> results;
  friend bool operator==(const TextFuncType&, const TextFuncType&) = default;
};

using NameMap = std::vector<std::pair<uint32_t, std::string>>;
using IndirectNameMap = std::vector<std::pair<uint32_t, NameMap>>;

enum class Space : uint8_t { type, func, table, memory, global, tag, elem, data };
inline constexpr unsigned kSpaceCount = 8;
// As messages name them.
inline constexpr std::string_view kSpaceNames[kSpaceCount] = {"type",   "function", "table",        "memory",
                                                              "global", "tag",      "elem segment", "data segment"};

struct IndexSpace {
  std::unordered_map<std::string_view, uint32_t> ids;
  uint32_t count = 0;
  NameMap names;  // for the name section, ascending
};

// Identifiers of the parameters of a type use, as (index, name).
using ParamIds = std::vector<std::pair<uint32_t, std::string_view>>;

struct TypeUse {
  uint32_t index = 0;
  uint32_t param_count = 0;
  NameMap names;  // of parameters, by (@name ...) or identifier
};

class ModuleContext : public TokenCursor {
 public:
  ModuleContext(const TokenList& list, uint32_t begin, uint32_t end, bool keep_ids)
      : TokenCursor(list, begin, end), keep_ids_(keep_ids), annotation_used_(list.annotations.size()) {}

  IndexSpace& space(Space s) { return spaces_[static_cast<unsigned>(s)]; }
  // Reads $id? (@name "...")? and declares the next index of the space.
  uint32_t declare(Space s);
  // An index or an identifier of the space.
  uint32_t resolve(Space s);
  uint32_t resolve_or_zero(Space s) { return at_index() ? resolve(s) : 0; }
  uint32_t resolve_field(uint32_t type);

  // Annotations that stand before the current token.
  // (@name "..."): its text if present. `take` marks it used; an unused one is an error at the end of the module.
  bool take_name_annotation(std::string& name);
  // Index into list().annotations of the next unused one of this kind here, or -1. Marks it used.
  int take_annotation(AnnotationKind kind);
  // The name for the name section: the annotation's, else the identifier's if identifiers are kept.
  bool take_given_name(std::optional<std::string_view> id, std::string& name);
  void check_annotations_used(uint32_t begin, uint32_t end);

  // Types (module_types.cc).
  void parse_type_or_rec(uint32_t& next_index);
  bool at_ref_type() const;
  bool at_value_type() const;
  TextType parse_value_type();
  TextType parse_ref_type();
  int64_t parse_heap_type();
  // (type x)? (param ...)* (result ...)*. Identifiers of parameters are allowed where `ids` is given.
  TypeUse parse_type_use(ParamIds* ids);
  // The same for blocks: the shortest of empty, value type and type index, as the bytes of a block type.
  void parse_block_type(Bytes& out);
  void parse_results(std::vector<TextType>& results);  // (result t*)*
  uint32_t func_type_index(TextFuncType type);         // first equal final type without supertype, else a new one

  const Bytes& type_groups() const { return type_groups_; }
  uint32_t type_group_count() const { return type_group_count_; }
  const IndirectNameMap& field_names() const { return field_names_; }
  bool uses_data_index = false;  // some body names a data segment: the data count section is needed

 private:
  Bytes parse_sub_type(uint32_t index);
  void parse_composite_type(Bytes& out, uint32_t index);
  void parse_struct_fields(Bytes& out, uint32_t index);
  TextType parse_field_type(Bytes& out);
  void parse_params(std::vector<TextType>& params, ParamIds* ids, NameMap& names);
  const TextFuncType* func_type(uint32_t index) const;

  IndexSpace spaces_[kSpaceCount];
  bool keep_ids_;
  std::vector<bool> annotation_used_;
  std::unordered_map<uint32_t, TextFuncType> func_types_;
  std::unordered_map<std::string, uint32_t> func_type_index_;  // encoded plain function type -> first index
  std::unordered_map<uint32_t, std::unordered_map<std::string_view, uint32_t>> field_ids_;
  IndirectNameMap field_names_;
  Bytes type_groups_;
  uint32_t type_group_count_ = 0;
};

}  // namespace arris::text
