// Reads types from untrusted bytes: syntax only. A concrete heap type holds the module's type index, unchecked: the decoder
// (inside the type section) or the validator (elsewhere) compares it with the number of types. Spec: binary/types.
#pragma once

#include "decoder/cursor.h"
#include "wasm/features.h"
#include "wasm/instruction_reader.h"
#include "wasm/types.h"

namespace arris::decoder {

HeapType read_heap_type(Cursor& in, Features features);
ValType read_val_type(Cursor& in, Features features);
ValType read_ref_type(Cursor& in, Features features);
// A value type or a packed type.
ValType read_storage_type(Cursor& in, Features features);
bool read_mutability(Cursor& in);
BlockType read_block_type(Cursor& in, Features features);
TableType read_table_type(Cursor& in, Features features);
MemoryType read_memory_type(Cursor& in, Features features);
GlobalType read_global_type(Cursor& in, Features features);
// Attribute and type index of a tag.
TypeIndex read_tag_type(Cursor& in);

}  // namespace arris::decoder
