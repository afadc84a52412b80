#include "decoder/validator/module_validator.h"

#include <string_view>
#include <unordered_set>

#include "base/check.h"
#include "base/printable.h"
#include "decoder/locate.h"
#include "wasm/limits.h"

namespace arris::validator {

using decoder::DeclarationKind;

namespace {

std::unexpected<Error> error(ErrorCode code, std::string detail = {}, uint64_t offset = kNoOffset) {
  return std::unexpected(Error{.code = code, .offset = offset, .detail = std::move(detail)});
}

// An error that does not know its place gets that of the declaration: number `index` of all, of which `imported` are imports.
std::expected<void, Error> located(std::expected<void, Error> result, const Module& module,
                                   decoder::DeclarationKind kind, uint32_t imported, size_t index) {
  if (result || result.error().offset != kNoOffset || index < imported) return result;
  result.error().offset = decoder::locate_declaration(module, kind, static_cast<uint32_t>(index) - imported);
  return result;
}

uint64_t max_pages(const MemoryType& type) {
  unsigned address_bits = type.limits.address == AddressType::i64 ? 64 : 32;
  unsigned page_bits = address_bits - type.page_size_log2;
  if (type.page_size_log2 == 0) return address_bits == 64 ? UINT64_MAX : UINT32_MAX;
  return uint64_t{1} << page_bits;
}

}  // namespace

std::expected<void, Error> ModuleValidator::validate() {
  module_.declared_func_refs.assign(module_.funcs.size(), false);
  TRY_VOID(types());
  TRY_VOID(imports());
  TRY_VOID(functions());
  TRY_VOID(tables());
  TRY_VOID(memories());
  TRY_VOID(tags());
  TRY_VOID(globals());
  // Tables' own expressions see all globals before them: those of imports.
  for (const TableDecl& table : module_.tables) {
    if (table.init) TRY_VOID(const_expr(*table.init, module_.canonical(table.type.element), module_.imported_globals));
  }
  TRY_VOID(elems());
  TRY_VOID(datas());
  TRY_VOID(start());
  return exports();
}

ModuleValidator::Result ModuleValidator::types() {
  context_.types.reserve(module_.types.size());
  for (CanonicalTypeId id : module_.canonical_types) context_.types.push_back(&registry_.get(id));
  for (uint32_t i = 0; i < module_.types.size(); ++i) {
    if (module_.types[i].supertype != kNoIndex) {
      TRY_VOID(located(sub_type(i), module_, DeclarationKind::type, 0, i));
    }
  }
  return {};
}

ModuleValidator::Result ModuleValidator::sub_type(uint32_t index) {
  uint32_t super_index = module_.types[index].supertype;
  const CanonicalType& super = *context_.types[super_index];
  if (super.is_final || !matches_super(*context_.types[index], super)) {
    return error(ErrorCode::sub_type_mismatch,
                 std::to_string(index) + " does not match super type " + std::to_string(super_index));
  }
  return {};
}

bool ModuleValidator::is_field_subtype(const FieldType& sub, const FieldType& super) const {
  if (sub.is_mutable != super.is_mutable) return false;
  return sub.is_mutable ? sub.storage == super.storage : registry_.is_subtype(sub.storage, super.storage);
}

bool ModuleValidator::matches_super(const CanonicalType& sub, const CanonicalType& super) const {
  if (sub.kind != super.kind) return false;
  if (sub.kind != CompositeKind::func) {
    if (sub.fields.size() < super.fields.size()) return false;
    for (size_t i = 0; i < super.fields.size(); ++i) {
      if (!is_field_subtype(sub.fields[i], super.fields[i])) return false;
    }
    return true;
  }
  const FuncType& a = sub.func;
  const FuncType& b = super.func;
  if (a.params.size() != b.params.size() || a.results.size() != b.results.size()) return false;
  for (size_t i = 0; i < a.params.size(); ++i) {
    if (!registry_.is_subtype(b.params[i], a.params[i])) return false;
  }
  for (size_t i = 0; i < a.results.size(); ++i) {
    if (!registry_.is_subtype(a.results[i], b.results[i])) return false;
  }
  return true;
}

ModuleValidator::Result ModuleValidator::known_type(ValType type) {
  if (context_.has_type(type)) return {};
  return error(ErrorCode::unknown_type, std::to_string(type.heap().index()));
}

ModuleValidator::Result ModuleValidator::func_type_index(TypeIndex index, uint64_t offset) {
  if (index.value >= context_.types.size()) return error(ErrorCode::unknown_type, std::to_string(index.value), offset);
  if (context_.types[index.value]->kind != CompositeKind::func) {
    return error(ErrorCode::unknown_type, "type " + std::to_string(index.value) + " is not a function type", offset);
  }
  return {};
}

ModuleValidator::Result ModuleValidator::tag_type(TypeIndex index, uint64_t offset) {
  TRY_VOID(func_type_index(index, offset));
  if (!context_.types[index.value]->func.results.empty()) return error(ErrorCode::non_empty_tag_result, {}, offset);
  return {};
}

ModuleValidator::Result ModuleValidator::imports() {
  for (const Import& import : module_.imports) {
    switch (import.type.kind) {
      case ExternKind::func: TRY_VOID(func_type_index(import.type.type, import.module.offset)); break;
      case ExternKind::tag: TRY_VOID(tag_type(import.type.type, import.module.offset)); break;
      case ExternKind::global:
        TRY_VOID(known_type(import.type.global.type));
        if (import.type.global.is_mutable && !module_.features.has(Feature::mutable_globals)) {
          return error(ErrorCode::feature_disabled, "import of a mutable global", import.module.offset);
        }
        break;
      case ExternKind::table:
      case ExternKind::memory: break;  // checked with the defined ones
    }
  }
  return {};
}

ModuleValidator::Result ModuleValidator::functions() {
  for (size_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
    TRY_VOID(located(func_type_index(module_.funcs[i], kNoOffset), module_, DeclarationKind::function,
                     module_.imported_funcs, i));
  }
  return {};
}

ModuleValidator::Result ModuleValidator::table_type(const TableType& type) {
  TRY_VOID(known_type(type.element));
  const Limits& limits = type.limits;
  uint64_t range = limits.address == AddressType::i64 ? UINT64_MAX : UINT32_MAX;
  if (limits.min > range || (limits.has_max && limits.max > range)) return error(ErrorCode::table_size_too_large);
  if (limits.has_max && limits.min > limits.max) return error(ErrorCode::size_minimum_greater_than_maximum);
  return {};
}

ModuleValidator::Result ModuleValidator::tables() {
  if (module_.tables.size() > 1 && !module_.features.has(Feature::reference_types))
    return located(error(ErrorCode::multiple_tables), module_, DeclarationKind::table, module_.imported_tables,
                   module_.tables.size() - 1);
  for (size_t i = 0; i < module_.tables.size(); ++i) {
    const TableDecl& table = module_.tables[i];
    TRY_VOID(located(table_type(table.type), module_, DeclarationKind::table, module_.imported_tables, i));
    context_.tables.push_back(module_.canonical(table.type.element));
    if (i >= module_.imported_tables && !table.init && !table.type.element.is_defaultable()) {
      return located(error(ErrorCode::type_mismatch, "table " + std::to_string(i) + " needs an initial value"), module_,
                     DeclarationKind::table, module_.imported_tables, i);
    }
  }
  return {};
}

ModuleValidator::Result ModuleValidator::memory_type(const MemoryType& type) {
  const Limits& limits = type.limits;
  if (type.page_size_log2 != 16 && type.page_size_log2 != 0) return error(ErrorCode::invalid_page_size);
  uint64_t max = max_pages(type);
  if (limits.min > max || (limits.has_max && limits.max > max)) {
    if (limits.address == AddressType::i32 && type.page_size_log2 == 16) return error(ErrorCode::memory_size_too_large);
    return error(ErrorCode::memory64_size_too_large, std::to_string(max) + " pages");
  }
  if (limits.has_max && limits.min > limits.max) return error(ErrorCode::size_minimum_greater_than_maximum);
  if (type.shared && !limits.has_max) return error(ErrorCode::shared_memory_without_maximum);
  return {};
}

ModuleValidator::Result ModuleValidator::memories() {
  if (module_.memories.size() > 1 && !module_.features.has(Feature::multi_memory))
    return located(error(ErrorCode::multiple_memories), module_, DeclarationKind::memory, module_.imported_memories,
                   module_.memories.size() - 1);
  for (size_t i = 0; i < module_.memories.size(); ++i) {
    TRY_VOID(located(memory_type(module_.memories[i]), module_, DeclarationKind::memory, module_.imported_memories, i));
  }
  return {};
}

ModuleValidator::Result ModuleValidator::tags() {
  for (size_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
    TRY_VOID(located(tag_type(module_.tags[i], kNoOffset), module_, DeclarationKind::tag, module_.imported_tags, i));
  }
  return {};
}

ModuleValidator::Result ModuleValidator::const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals) {
  if (exprs_.validate_const_expr(expr, expected, visible_globals)) return {};
  return std::unexpected(exprs_.take_error());
}

ModuleValidator::Result ModuleValidator::globals() {
  bool sees_defined = module_.features.has(Feature::gc);
  context_.globals.reserve(module_.globals.size());
  for (uint32_t i = 0; i < module_.globals.size(); ++i) {
    const GlobalDecl& global = module_.globals[i];
    TRY_VOID(known_type(global.type.type));
    ValType type = module_.canonical(global.type.type);
    if (i >= module_.imported_globals) {
      TRY_VOID(const_expr(global.init, type, sees_defined ? i : module_.imported_globals));
    }
    context_.globals.push_back(type);
  }
  return {};
}

ModuleValidator::Result ModuleValidator::exports() {
  std::unordered_set<std::string_view> names;
  names.reserve(module_.exports.size());
  for (const Export& e : module_.exports) {
    size_t size = 0;
    ErrorCode unknown = ErrorCode::unknown_function;
    switch (e.kind) {
      case ExternKind::func: size = module_.funcs.size(); break;
      case ExternKind::table:
        size = module_.tables.size();
        unknown = ErrorCode::unknown_table;
        break;
      case ExternKind::memory:
        size = module_.memories.size();
        unknown = ErrorCode::unknown_memory;
        break;
      case ExternKind::global:
        size = module_.globals.size();
        unknown = ErrorCode::unknown_global;
        break;
      case ExternKind::tag:
        size = module_.tags.size();
        unknown = ErrorCode::unknown_tag;
        break;
    }
    if (e.index >= size) return error(unknown, std::to_string(e.index), e.name.offset);
    if (e.kind == ExternKind::func) module_.declared_func_refs[e.index] = true;
    if (e.kind == ExternKind::global && module_.globals[e.index].type.is_mutable &&
        !module_.features.has(Feature::mutable_globals)) {
      return error(ErrorCode::feature_disabled, "export of a mutable global", e.name.offset);
    }
    if (!names.insert(module_.text(e.name)).second) {
      return error(ErrorCode::duplicate_export_name, quoted(module_.text(e.name)), e.name.offset);
    }
  }
  return {};
}

ModuleValidator::Result ModuleValidator::start() {
  if (!module_.start.valid()) return {};
  if (module_.start.value >= module_.funcs.size()) {
    return located(error(ErrorCode::unknown_function, std::to_string(module_.start.value)), module_,
                   DeclarationKind::start, 0, 0);
  }
  const FuncType& type = context_.func_type(module_.start.value).func;
  if (!type.params.empty() || !type.results.empty())
    return located(error(ErrorCode::start_function, "has type " + to_string(type)), module_, DeclarationKind::start, 0,
                   0);
  return {};
}

ModuleValidator::Result ModuleValidator::elem_items(const ElemSegment& segment) {
  Cursor in(module_, segment.items);
  for (uint32_t i = 0; i < segment.count; ++i) {
    uint32_t offset = in.offset();
    uint32_t func = in.u32();
    if (func >= module_.funcs.size()) return error(ErrorCode::unknown_function, std::to_string(func), offset);
    module_.declared_func_refs[func] = true;
  }
  return {};
}

ModuleValidator::Result ModuleValidator::elems() {
  uint32_t globals = static_cast<uint32_t>(context_.globals.size());
  for (const ElemSegment& segment : module_.elems) {
    TRY_VOID(known_type(segment.type));
    ValType type = module_.canonical(segment.type);
    context_.elems.push_back(type);
    if (segment.is_expressions) {
      ByteRange rest = segment.items;
      for (uint32_t i = 0; i < segment.count; ++i) {
        if (!exprs_.validate_const_expr({rest}, type, globals)) return std::unexpected(exprs_.take_error());
        uint32_t used = exprs_.consumed();
        rest = {rest.offset + used, rest.size - used};
      }
    } else {
      TRY_VOID(elem_items(segment));
    }
    if (segment.mode != SegmentMode::active) continue;
    if (segment.table.value >= module_.tables.size()) {
      return error(ErrorCode::unknown_table, std::to_string(segment.table.value), segment.offset.code.offset);
    }
    ValType element = context_.tables[segment.table.value];
    if (!registry_.is_subtype(type, element)) {
      return error(ErrorCode::type_mismatch, "the segment's elements do not fit the table", segment.offset.code.offset);
    }
    const Limits& limits = module_.tables[segment.table.value].type.limits;
    TRY_VOID(const_expr(segment.offset, to_val_type(limits.address), globals));
  }
  return {};
}

ModuleValidator::Result ModuleValidator::datas() {
  for (const DataSegment& segment : module_.datas) {
    if (segment.mode != SegmentMode::active) continue;
    if (segment.memory.value >= module_.memories.size()) {
      return error(ErrorCode::unknown_memory, std::to_string(segment.memory.value), segment.offset.code.offset);
    }
    const Limits& limits = module_.memories[segment.memory.value].limits;
    TRY_VOID(const_expr(segment.offset, to_val_type(limits.address), static_cast<uint32_t>(context_.globals.size())));
  }
  return {};
}

}  // namespace arris::validator
