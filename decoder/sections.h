// The decoder's parts: one function per section. Each reads from a cursor bounded to the section, appends to the module, and
// leaves errors in the cursor. Spec: binary/modules.
#pragma once

#include "decoder/cursor.h"
#include "wasm/module.h"

namespace arris::decoder {

// type_section.cc
void decode_type_section(Cursor& in, Module& module);
SubType read_sub_type(Cursor& in, Features features);

// declarations.cc
void decode_import_section(Cursor& in, Module& module);
void decode_function_section(Cursor& in, Module& module);
void decode_table_section(Cursor& in, Module& module);
void decode_memory_section(Cursor& in, Module& module);
void decode_tag_section(Cursor& in, Module& module);
void decode_global_section(Cursor& in, Module& module);
void decode_export_section(Cursor& in, Module& module);
void decode_start_section(Cursor& in, Module& module);

// segments.cc
void decode_elem_section(Cursor& in, Module& module);
void decode_data_count_section(Cursor& in, Module& module);
void decode_data_section(Cursor& in, Module& module);

// code_section.cc
void decode_code_section(Cursor& in, Module& module);

// custom_sections.cc
// Keeps the section and, if it is one Arris knows, what it says. Only a malformed section name is an error.
void decode_custom_section(Cursor& in, Module& module, uint8_t after_section);

// Reads the length of a list. More items than `limit` are an error at once if the bytes for them are there; otherwise the
// missing bytes will be the error. Nothing is allocated for the claim.
inline uint32_t read_count(Cursor& in, uint64_t limit, const char* what) {
  const uint8_t* start = in.position();
  uint32_t count = in.u32();
  if (count > limit && count <= in.remaining()) {
    in.fail(ErrorCode::limit_exceeded, start, std::string("too many ") + what);
    return 0;
  }
  return count;
}

// A name: length, then UTF-8.
ByteRange read_name(Cursor& in, const Module& module);

}  // namespace arris::decoder
