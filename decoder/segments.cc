// Element and data segments. Spec: binary/modules, element section, data section.
#include "decoder/instruction_skipper.h"
#include "decoder/sections.h"
#include "decoder/type_reader.h"
#include "wasm/limits.h"

namespace arris::decoder {
namespace {

// Bits of an element segment's flags.
constexpr uint32_t kNotActive = 1;
constexpr uint32_t kExplicitTable = 2;  // active: a table index; not active: declarative
constexpr uint32_t kExpressions = 4;

void read_elem_items(Cursor& in, Features features, ElemSegment& segment) {
  segment.count = read_count(in, limits::kMaxTableElements, "elements");
  const uint8_t* start = in.position();
  uint32_t offset = in.offset();
  for (uint32_t i = 0; i < segment.count && in.ok(); ++i) {
    if (segment.is_expressions) {
      read_const_expr(in, features);
    } else {
      in.u32();
    }
  }
  segment.items = {offset, static_cast<uint32_t>(in.position() - start)};
}

ElemSegment read_elem_segment(Cursor& in, Features features) {
  ElemSegment segment;
  const uint8_t* start = in.position();
  uint32_t flags = in.u32();
  uint32_t last = features.has(Feature::bulk_memory) ? 7 : 0;
  if (flags > last) in.fail(ErrorCode::malformed_elem_segment_kind, start);
  segment.is_expressions = flags & kExpressions;
  if (!(flags & kNotActive)) {
    segment.mode = SegmentMode::active;
    segment.table = TableIndex(flags & kExplicitTable ? in.u32() : 0);
    segment.offset = read_const_expr(in, features);
  } else {
    segment.mode = flags & kExplicitTable ? SegmentMode::declarative : SegmentMode::passive;
  }
  if (!(flags & (kNotActive | kExplicitTable))) {  // the abbreviated forms have no element type
    segment.type = segment.is_expressions ? kFuncRef : kFuncRef.as_non_null();
  } else if (segment.is_expressions) {
    segment.type = read_ref_type(in, features);
  } else {
    if (in.u8() != 0) in.fail(ErrorCode::malformed_elem_kind, in.position() - 1);
    segment.type = kFuncRef.as_non_null();
  }
  read_elem_items(in, features, segment);
  return segment;
}

}  // namespace

void decode_elem_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxElemSegments, "element segments");
  for (uint32_t i = 0; i < count && in.ok(); ++i) module.elems.push_back(read_elem_segment(in, module.features));
}

void decode_data_count_section(Cursor& in, Module& module) { module.data_count = in.u32(); }

void decode_data_section(Cursor& in, Module& module) {
  uint32_t count = read_count(in, limits::kMaxDataSegments, "data segments");
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    DataSegment segment;
    const uint8_t* start = in.position();
    uint32_t flags = in.u32();
    uint32_t last = module.features.has(Feature::bulk_memory) ? 2 : 0;
    if (flags > last) in.fail(ErrorCode::malformed_data_segment_kind, start);
    if (flags != 1) {
      segment.mode = SegmentMode::active;
      segment.memory = MemoryIndex(flags == 2 ? in.u32() : 0);
      segment.offset = read_const_expr(in, module.features);
    }
    uint32_t size = in.u32();
    segment.bytes = in.take(size);
    module.datas.push_back(segment);
  }
}

}  // namespace arris::decoder
