// Imports, exports and the sections that declare functions, tables, memories, tags and globals.
#include "base/utf8.h"
#include "decoder/instruction_skipper.h"
#include "decoder/sections.h"
#include "decoder/type_reader.h"
#include "wasm/limits.h"

namespace arris::decoder {

ByteRange read_name(Cursor& in, const Module& module) {
  const uint8_t* start = in.position();
  uint32_t size = in.u32();
  if (size > in.remaining()) in.fail(ErrorCode::length_out_of_bounds, start);
  const uint8_t* text = in.position();
  ByteRange name = in.take(size);
  if (!in.ok()) return {};
  if (size > limits::kMaxNameBytes) {
    in.fail(ErrorCode::limit_exceeded, start, "name too long");
  } else if (!is_valid_utf8(module.text(name))) {
    in.fail(ErrorCode::malformed_utf8, text);
  }
  return in.ok() ? name : ByteRange{};
}

namespace {

// Index spaces may not outgrow their limits, imports included.
bool has_room(Cursor& in, size_t size, uint64_t limit, const char* what) {
  return size < limit || in.fail(ErrorCode::limit_exceeded, in.position(), std::string("too many ") + what);
}

void add_import(Cursor& in, Module& module, const ExternType& type) {
  switch (type.kind) {
    case ExternKind::func:
      if (!has_room(in, module.funcs.size(), limits::kMaxFunctions, "functions")) return;
      module.funcs.push_back(type.type);
      ++module.imported_funcs;
      return;
    case ExternKind::table:
      if (!has_room(in, module.tables.size(), limits::kMaxTables, "tables")) return;
      module.tables.push_back({type.table, {}});
      ++module.imported_tables;
      return;
    case ExternKind::memory:
      if (!has_room(in, module.memories.size(), limits::kMaxMemories, "memories")) return;
      module.memories.push_back(type.memory);
      ++module.imported_memories;
      return;
    case ExternKind::global:
      if (!has_room(in, module.globals.size(), limits::kMaxGlobals, "globals")) return;
      module.globals.push_back({type.global, {}});
      ++module.imported_globals;
      return;
    case ExternKind::tag:
      if (!has_room(in, module.tags.size(), limits::kMaxTags, "tags")) return;
      module.tags.push_back(type.type);
      ++module.imported_tags;
      return;
  }
}

ExternKind read_extern_kind(Cursor& in, Features features, ErrorCode malformed) {
  uint8_t code = in.u8();
  uint8_t last = features.has(Feature::exceptions) || features.has(Feature::legacy_exceptions) ? 4 : 3;
  if (code > last) in.fail(malformed, in.position() - 1);
  return static_cast<ExternKind>(code);
}

}  // namespace

void decode_import_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxImports, "imports");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    Import import;
    import.module = read_name(in, module);
    import.name = read_name(in, module);
    import.type.kind = read_extern_kind(in, module.features, ErrorCode::malformed_import_kind);
    if (!in.ok()) return;
    switch (import.type.kind) {
      case ExternKind::func: import.type.type = TypeIndex(in.u32()); break;
      case ExternKind::table: import.type.table = read_table_type(in, module.features); break;
      case ExternKind::memory: import.type.memory = read_memory_type(in, module.features); break;
      case ExternKind::global: import.type.global = read_global_type(in, module.features); break;
      case ExternKind::tag: import.type.type = read_tag_type(in); break;
    }
    if (!in.ok()) return;
    add_import(in, module, import.type);
    module.imports.push_back(import);
  }
}

void decode_function_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxFunctions, "functions");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    TypeIndex type(in.u32());
    if (has_room(in, module.funcs.size(), limits::kMaxFunctions, "functions")) module.funcs.push_back(type);
  }
}

void decode_table_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxTables, "tables");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    TableDecl table;
    if (in.peek() == 0x40 && module.features.has(Feature::function_references)) {
      in.u8();
      if (in.u8() != 0) in.fail(ErrorCode::malformed_table, in.position() - 1);
      table.type = read_table_type(in, module.features);
      table.init = read_const_expr(in, module.features);
    } else {
      table.type = read_table_type(in, module.features);
    }
    if (has_room(in, module.tables.size(), limits::kMaxTables, "tables")) module.tables.push_back(table);
  }
}

void decode_memory_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxMemories, "memories");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    MemoryType memory = read_memory_type(in, module.features);
    if (has_room(in, module.memories.size(), limits::kMaxMemories, "memories")) module.memories.push_back(memory);
  }
}

void decode_tag_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxTags, "tags");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    TypeIndex type = read_tag_type(in);
    if (has_room(in, module.tags.size(), limits::kMaxTags, "tags")) module.tags.push_back(type);
  }
}

void decode_global_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxGlobals, "globals");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    GlobalDecl global;
    global.type = read_global_type(in, module.features);
    global.init = read_const_expr(in, module.features);
    if (has_room(in, module.globals.size(), limits::kMaxGlobals, "globals")) module.globals.push_back(global);
  }
}

void decode_export_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxExports, "exports");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    Export e;
    e.name = read_name(in, module);
    e.kind = read_extern_kind(in, module.features, ErrorCode::malformed_export_kind);
    e.index = in.u32();
    module.exports.push_back(e);
  }
}

void decode_start_section(Cursor& in, Module& module) {
  const uint8_t* at = in.position();
  module.start = FuncIndex(in.u32());
  if (in.ok() && !module.start.valid()) in.fail(ErrorCode::unknown_function, at);  // kNoIndex means "none"
}

}  // namespace arris::decoder
