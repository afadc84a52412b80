#include "decoder/locate.h"

#include "decoder/cursor.h"
#include "decoder/instruction_skipper.h"
#include "decoder/sections.h"
#include "decoder/type_reader.h"
#include "wasm/error.h"

namespace arris::decoder {
namespace {

constexpr uint32_t kHeaderBytes = 8;
constexpr uint8_t kRec = 0x4E;

void skip_table(Cursor& in, Features features) {
  bool has_init = in.peek() == 0x40;
  if (has_init) in.skip(2);
  read_table_type(in, features);
  if (has_init) read_const_expr(in, features);
}

uint64_t locate_type(Cursor& in, Features features, uint32_t index) {
  for (uint32_t groups = in.u32(); groups > 0 && in.ok(); --groups) {
    uint32_t members = 1;
    if (in.peek() == kRec) {
      in.u8();
      members = in.u32();
    }
    for (; members > 0 && in.ok(); --members, --index) {
      uint32_t offset = in.offset();
      if (index == 0) return offset;
      read_sub_type(in, features);
    }
  }
  return kNoOffset;
}

uint64_t locate_in(Cursor& in, Features features, DeclarationKind kind, uint32_t index) {
  if (kind == DeclarationKind::start) return in.offset();
  if (kind == DeclarationKind::type) return locate_type(in, features, index);
  uint32_t count = in.u32();
  if (index >= count) return kNoOffset;
  for (; index > 0 && in.ok(); --index) {
    switch (kind) {
      case DeclarationKind::type:
      case DeclarationKind::start: break;
      case DeclarationKind::function: in.u32(); break;
      case DeclarationKind::table: skip_table(in, features); break;
      case DeclarationKind::memory: read_memory_type(in, features); break;
      case DeclarationKind::tag: read_tag_type(in); break;
    }
  }
  return in.ok() ? in.offset() : kNoOffset;
}

}  // namespace

uint64_t locate_declaration(const Module& module, DeclarationKind kind, uint32_t index) {
  if (module.bytes.size() < kHeaderBytes) return kNoOffset;
  Cursor in(module, {kHeaderBytes, static_cast<uint32_t>(module.bytes.size()) - kHeaderBytes});
  while (in.ok() && !in.at_end()) {
    uint8_t id = in.u8();
    uint32_t size = in.u32();
    if (!in.ok() || size > in.remaining()) return kNoOffset;
    Cursor content(module, in.take(size));
    if (id == static_cast<uint8_t>(kind)) return locate_in(content, module.features, kind, index);
  }
  return kNoOffset;
}

}  // namespace arris::decoder
