// The fields of a module as text, in the order of its sections. Definitions without a name show their index in a comment.
#include "text/printer.h"

#include <algorithm>
#include <span>

#include "base/leb128.h"
#include "text/instruction_printer.h"

namespace arris::text {

namespace {

class ModulePrinter {
 public:
  ModulePrinter(const Module& module, const PrintOptions& options)
      : module_(module), options_(options), code_(module, names_, out_) {
    if (options.use_names) names_ = ModuleNames(module);
  }

  std::string run() {
    out_ = "(module";
    if (options_.use_names && module_.names.module) {
      std::string_view name = module_.text(*module_.names.module);
      std::string id = to_identifier(name);
      out_ += id.empty() ? " (@name " + to_string_literal(name, true) + ")" : " " + id;
    }
    print_types();
    print_imports();
    print_tables();
    print_memories();
    print_tags();
    print_globals();
    print_exports();
    if (module_.start.valid()) field("start " + names_.funcs.use(module_.start.value), ")");
    print_elems();
    print_funcs();
    print_datas();
    if (options_.custom_sections) print_custom_sections();
    out_ += ")\n";
    return std::move(out_);
  }

 private:
  void field(std::string_view start, std::string_view rest = {}) {
    out_ += "\n  (";
    out_ += start;
    out_ += rest;
  }

  // "word $id" or "word (;3;)"
  std::string definition(std::string_view word, const SpaceNames& names, uint32_t index) {
    std::string text = std::string(word) + names.definition(index);
    if (!names.has(index)) text += " (;" + std::to_string(index) + ";)";
    return text;
  }

  std::string val_type(ValType type) { return print_val_type(type, names_); }

  // --- Types ---

  void print_types() {
    for (const RecGroup& group : module_.rec_groups) {
      std::string_view indent = group.is_explicit ? "\n    " : "\n  ";
      if (group.is_explicit) field("rec");
      for (uint32_t i = group.first; i < group.first + group.count; ++i) {
        out_ += indent;
        print_type(i);
      }
      if (group.is_explicit) out_ += ")";
    }
  }

  void print_type(uint32_t index) {
    const SubType& type = module_.types[index];
    out_ += "(" + definition("type", names_.types, index) + " ";
    bool has_sub = !type.is_final || type.supertype != kNoIndex;
    if (has_sub) {
      out_ += type.is_final ? "(sub final " : "(sub ";
      if (type.supertype != kNoIndex) out_ += names_.types.use(type.supertype) + " ";
    }
    switch (type.kind) {
      case CompositeKind::func:
        out_ += "(func";
        print_types_clause("param", type.func.params);
        print_types_clause("result", type.func.results);
        break;
      case CompositeKind::struct_: print_fields(index, type); break;
      case CompositeKind::array: out_ += "(array " + field_type(type.fields[0]); break;
    }
    out_ += has_sub ? ")))" : "))";
  }

  void print_types_clause(std::string_view word, const ResultType& types) {
    if (types.empty()) return;
    out_ += " (" + std::string(word);
    for (ValType t : types) out_ += " " + val_type(t);
    out_ += ')';
  }

  std::string field_type(const FieldType& type) {
    return type.is_mutable ? "(mut " + val_type(type.storage) + ")" : val_type(type.storage);
  }

  void print_fields(uint32_t index, const SubType& type) {
    const SpaceNames& names = names_.fields_of(index);
    out_ += "(struct";
    for (uint32_t i = 0; i < type.fields.size(); ++i)
      out_ += " (field" + names.definition(i) + " " + field_type(type.fields[i]) + ")";
  }

  // --- Imports and definitions ---

  std::string limits(const Limits& limits) {
    std::string text = limits.address == AddressType::i64 ? "i64 " : "";
    text += std::to_string(limits.min);
    if (limits.has_max) text += " " + std::to_string(limits.max);
    return text;
  }

  std::string table_type(const TableType& type) { return limits(type.limits) + " " + val_type(type.element); }

  std::string memory_type(const MemoryType& type) {
    constexpr uint8_t kDefaultPageSizeLog2 = 16;
    std::string text = limits(type.limits);
    if (type.shared) text += " shared";
    if (type.page_size_log2 != kDefaultPageSizeLog2)
      text += " (pagesize " + std::to_string(uint64_t{1} << type.page_size_log2) + ")";
    return text;
  }

  std::string global_type(const GlobalType& type) {
    return type.is_mutable ? "(mut " + val_type(type.type) + ")" : val_type(type.type);
  }

  std::string type_use(TypeIndex type) { return "(type " + names_.types.use(type.value) + ")"; }

  void print_imports() {
    uint32_t next[5] = {};
    for (const Import& import : module_.imports) {
      const ExternType& type = import.type;
      uint32_t index = next[static_cast<unsigned>(type.kind)]++;
      field("import " + to_string_literal(module_.text(import.module), true) + " " +
            to_string_literal(module_.text(import.name), true) + " (");
      switch (type.kind) {
        case ExternKind::func: out_ += definition("func", names_.funcs, index) + " " + type_use(type.type); break;
        case ExternKind::table: out_ += definition("table", names_.tables, index) + " " + table_type(type.table); break;
        case ExternKind::memory:
          out_ += definition("memory", names_.memories, index) + " " + memory_type(type.memory);
          break;
        case ExternKind::global:
          out_ += definition("global", names_.globals, index) + " " + global_type(type.global);
          break;
        case ExternKind::tag: out_ += definition("tag", names_.tags, index) + " " + type_use(type.type); break;
      }
      out_ += "))";
    }
  }

  void print_tables() {
    for (uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      field(definition("table", names_.tables, i) + " " + table_type(module_.tables[i].type));
      if (module_.tables[i].init) code_.print_constant_expression(*module_.tables[i].init);
      out_ += ')';
    }
  }

  void print_memories() {
    for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i)
      field(definition("memory", names_.memories, i) + " " + memory_type(module_.memories[i]), ")");
  }

  void print_tags() {
    for (uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i)
      field(definition("tag", names_.tags, i) + " " + type_use(module_.tags[i]), ")");
  }

  void print_globals() {
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      field(definition("global", names_.globals, i) + " " + global_type(module_.globals[i].type));
      code_.print_constant_expression(module_.globals[i].init);
      out_ += ')';
    }
  }

  void print_exports() {
    const SpaceNames* const spaces[] = {&names_.funcs, &names_.tables, &names_.memories, &names_.globals, &names_.tags};
    for (const Export& e : module_.exports) {
      auto kind = static_cast<unsigned>(e.kind);
      field("export " + to_string_literal(module_.text(e.name), true) + " (" + kExternKindNames[kind] + " " +
                spaces[kind]->use(e.index),
            "))");
    }
  }

  // --- Segments ---

  void print_offset(const ConstExpr& offset) {
    out_ += " (offset";
    code_.print_constant_expression(offset);
    out_ += ')';
  }

  void print_elems() {
    for (uint32_t i = 0; i < module_.elems.size(); ++i) {
      const ElemSegment& segment = module_.elems[i];
      field(definition("elem", names_.elems, i));
      if (segment.mode == SegmentMode::declarative) out_ += " declare";
      if (segment.mode == SegmentMode::active) {
        if (segment.table.value != 0) out_ += " (table " + names_.tables.use(segment.table.value) + ")";
        print_offset(segment.offset);
      }
      const uint8_t* p = module_.bytes.data() + segment.items.offset;
      if (segment.is_expressions) {
        out_ += " " + val_type(segment.type);
        for (uint32_t n = 0; n < segment.count; ++n) {
          const uint8_t* start = p;
          while (read_instruction(p).opcode != Opcode::end) {}
          out_ += " (item";
          code_.print_constant_expression(
              {{static_cast<uint32_t>(start - module_.bytes.data()), static_cast<uint32_t>(p - start)}});
          out_ += ')';
        }
      } else {
        out_ += " func";
        for (uint32_t n = 0; n < segment.count; ++n) out_ += " " + names_.funcs.use(read_uleb<uint32_t>(p));
      }
      out_ += ')';
    }
  }

  void print_datas() {
    constexpr size_t kBytesPerLine = 64;
    for (uint32_t i = 0; i < module_.datas.size(); ++i) {
      const DataSegment& segment = module_.datas[i];
      field(definition("data", names_.datas, i));
      if (segment.mode == SegmentMode::active) {
        if (segment.memory.value != 0) out_ += " (memory " + names_.memories.use(segment.memory.value) + ")";
        print_offset(segment.offset);
      }
      std::string_view bytes = module_.text(segment.bytes);
      if (bytes.size() <= kBytesPerLine) {
        out_ += " " + to_string_literal(bytes, false) + ")";
        continue;
      }
      for (size_t at = 0; at < bytes.size(); at += kBytesPerLine)
        out_ += "\n    " + to_string_literal(bytes.substr(at, kBytesPerLine), false);
      out_ += ')';
    }
  }

  // --- Functions ---

  std::span<const BranchHint> hints_of(uint32_t func) {
    if (!options_.custom_sections) return {};
    auto [first, last] = std::ranges::equal_range(module_.branch_hints, func, {}, &BranchHint::func_index);
    return {first, last};
  }

  void print_funcs() {
    for (uint32_t i = 0; i < module_.bodies.size(); ++i) {
      uint32_t index = module_.imported_funcs + i;
      const FuncBody& body = module_.bodies[i];
      TypeIndex type = module_.funcs[index];
      SpaceNames locals;
      std::span<const NameAssoc> labels;
      if (options_.use_names) {
        locals = member_names(module_, module_.names.locals, index);
        auto it = std::ranges::lower_bound(module_.names.labels, index, {}, &IndirectNameAssoc::index);
        if (it != module_.names.labels.end() && it->index == index) labels = it->names;
      }
      field(definition("func", names_.funcs, index) + " " + type_use(type));
      const FuncType& func_type = module_.types[type.value].func;
      uint32_t next_local = 0;
      print_locals("param", func_type.params, locals, next_local);
      print_types_clause("result", func_type.results);
      print_local_groups(body, locals, next_local);
      ByteRange code{body.code_offset, body.body.end() - body.code_offset};
      code_.print_body(code, body.body.offset, locals, labels, hints_of(index));
      out_ += ')';
    }
  }

  // Named ones each in its clause, the others together.
  void print_locals(std::string_view word, std::span<const ValType> types, const SpaceNames& names, uint32_t& next) {
    bool is_open = false;
    for (ValType type : types) {
      bool is_named = names.has(next);
      if (is_open && is_named) out_ += ')';
      if (!is_open || is_named) out_ += " (" + std::string(word);
      if (is_named) out_ += names.definition(next);
      out_ += " " + val_type(type);
      if (is_named) out_ += ')';
      is_open = !is_named;
      ++next;
    }
    if (is_open) out_ += ')';
  }

  void print_local_groups(const FuncBody& body, const SpaceNames& names, uint32_t& next) {
    if (body.locals.empty()) return;
    out_ += "\n   ";
    for (const LocalGroup& group : body.locals) print_locals("local", ResultType(group.count, group.type), names, next);
  }

  // --- Custom sections ---

  static std::string_view section_word(uint8_t id) {
    constexpr std::string_view kWords[] = {"",       "type",  "import", "func", "table", "memory",    "global",
                                           "export", "start", "elem",   "code", "data",  "datacount", "tag"};
    return id < std::size(kWords) ? kWords[id] : "";
  }

  void print_custom_sections() {
    for (const CustomSection& section : module_.custom_sections) {
      std::string_view name = module_.text(section.name);
      if (name == "name" || name == "metadata.code.branch_hint") continue;  // printed as identifiers and annotations
      field("@custom " + to_string_literal(name, true));
      std::string_view word = section_word(section.after_section);
      out_ += word.empty() ? " (before first)" : " (after " + std::string(word) + ")";
      out_ += " " + to_string_literal(module_.text(section.payload), false) + ")";
    }
  }

  const Module& module_;
  const PrintOptions& options_;
  ModuleNames names_;
  std::string out_;
  InstructionPrinter code_;
};

}  // namespace

std::string print_wat(const Module& module, const PrintOptions& options) {
  return ModulePrinter(module, options).run();
}

}  // namespace arris::text
