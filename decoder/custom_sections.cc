// Custom sections: all are kept as ranges; the name section and branch hints are also read, tolerantly, since what a custom
// section holds never makes a module malformed. Spec: appendix/custom.
#include <algorithm>

#include "decoder/sections.h"

namespace arris::decoder {
namespace {

// A strictly increasing map from indices to names; empty if malformed.
std::vector<NameAssoc> read_name_map(Cursor& in, const Module& module) {
  std::vector<NameAssoc> names;
  uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    NameAssoc assoc;
    assoc.index = in.u32();
    assoc.name = read_name(in, module);
    if (!in.ok() || (!names.empty() && assoc.index <= names.back().index)) {
      in.fail(ErrorCode::malformed_custom_section);
      return {};
    }
    names.push_back(assoc);
  }
  return names;
}

std::vector<IndirectNameAssoc> read_indirect_name_map(Cursor& in, const Module& module) {
  std::vector<IndirectNameAssoc> groups;
  uint32_t count = in.u32();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    IndirectNameAssoc group;
    group.index = in.u32();
    group.names = read_name_map(in, module);
    if (!in.ok() || (!groups.empty() && group.index <= groups.back().index)) {
      in.fail(ErrorCode::malformed_custom_section);
      return {};
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// Reads up to the first malformed subsection; those before it count.
void read_name_section(Cursor in, Module& module) {
  NameSection& names = module.names;
  while (in.ok() && !in.at_end()) {
    uint8_t id = in.u8();
    uint32_t size = in.u32();
    ByteRange range = in.take(size);
    if (!in.ok()) return;
    Cursor sub(module, range);
    switch (id) {
      case 0: {
        ByteRange name = read_name(sub, module);
        if (sub.ok()) names.module = name;
        break;
      }
      case 1: names.funcs = read_name_map(sub, module); break;
      case 2: names.locals = read_indirect_name_map(sub, module); break;
      case 3: names.labels = read_indirect_name_map(sub, module); break;
      case 4: names.types = read_name_map(sub, module); break;
      case 5: names.tables = read_name_map(sub, module); break;
      case 6: names.memories = read_name_map(sub, module); break;
      case 7: names.globals = read_name_map(sub, module); break;
      case 8: names.elems = read_name_map(sub, module); break;
      case 9: names.datas = read_name_map(sub, module); break;
      case 10: names.fields = read_indirect_name_map(sub, module); break;
      case 11: names.tags = read_name_map(sub, module); break;
      default: break;
    }
    if (!sub.ok()) return;
  }
}

void read_branch_hints(Cursor in, Module& module) {
  std::vector<BranchHint> hints;
  uint32_t funcs = in.u32();
  for (uint32_t i = 0; i < funcs && in.ok(); ++i) {
    uint32_t func = in.u32();
    uint32_t count = in.u32();
    for (uint32_t k = 0; k < count && in.ok(); ++k) {
      uint32_t offset = in.u32();
      uint32_t size = in.u32();
      uint8_t value = in.u8();
      if (size != 1 || value > 1) return;
      if (in.ok()) hints.push_back({func, offset, value == 1});
    }
  }
  if (in.ok() && in.at_end()) module.branch_hints = std::move(hints);
}

}  // namespace

void decode_custom_section(Cursor& in, Module& module, uint8_t after_section) {
  CustomSection section;
  section.name = read_name(in, module);
  if (!in.ok()) return;
  section.after_section = after_section;
  Cursor payload = in;
  section.payload = in.take(in.remaining());
  std::string_view name = module.text(section.name);
  if (name == "name") read_name_section(payload, module);
  if (name == "metadata.code.branch_hint") read_branch_hints(payload, module);
  module.custom_sections.push_back(section);
}

}  // namespace arris::decoder
