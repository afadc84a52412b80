#include "symbols/dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <cstdlib>
#include <memory>

namespace arris::symbols {
namespace {

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Scopes = std::unique_ptr<Dwarf_Die[], Free>;

std::string text_or_empty(const char* text) { return text ? text : ""; }

std::string function_name(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(&die, name, &attribute)) {
      if (const char* text = dwarf_formstring(&attribute)) return text;
    }
  }
  return text_or_empty(dwarf_diename(&die));
}

uint32_t number(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value;
  if (!dwarf_attr(&die, name, &attribute) || dwarf_formudata(&attribute, &value) != 0 || value > UINT32_MAX) return 0;
  return static_cast<uint32_t>(value);
}

bool is_function(Dwarf_Die& die) {
  int tag = dwarf_tag(&die);
  return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

// Where an inlined function was called: the place in the function around it.
void set_call_site(Dwarf_Die& unit, Dwarf_Die& inlined, SourceFrame& outer) {
  Dwarf_Files* files;
  size_t count;
  uint32_t file = number(inlined, DW_AT_call_file);
  if (dwarf_getsrcfiles(&unit, &files, &count) == 0 && file < count)
    outer.file = text_or_empty(dwarf_filesrc(files, file, nullptr, nullptr));
  outer.line = number(inlined, DW_AT_call_line);
  outer.column = number(inlined, DW_AT_call_column);
}

void set_line(Dwarf_Die& unit, uint64_t address, SourceFrame& frame) {
  Dwarf_Line* line = dwarf_getsrc_die(&unit, address);
  int value;
  if (!line) return;
  frame.file = text_or_empty(dwarf_linesrc(line, nullptr, nullptr));
  if (dwarf_lineno(line, &value) == 0 && value > 0) frame.line = static_cast<uint32_t>(value);
  if (dwarf_linecol(line, &value) == 0 && value > 0) frame.column = static_cast<uint32_t>(value);
}

std::vector<SourceFrame> frames_at(Dwarf_Die& unit, uint64_t address) {
  std::vector<SourceFrame> frames(1);
  set_line(unit, address, frames[0]);
  Dwarf_Die* found = nullptr;
  int count = dwarf_getscopes(&unit, address, &found);
  Scopes innermost(found);
  if (count <= 0) return frames;
  // dwarf_getscopes goes on with the scopes of an inlined function's definition; these are the ones around its code.
  Dwarf_Die* around = nullptr;
  count = dwarf_getscopes_die(&innermost[0], &around);
  Scopes scopes(around);
  bool in_function = false;
  for (int i = 0; i < count; ++i) {
    if (!is_function(scopes[i])) continue;
    if (in_function) frames.emplace_back();
    if (i > 0 && in_function) {
      int inner = i - 1;
      while (!is_function(scopes[inner])) --inner;
      set_call_site(unit, scopes[inner], frames.back());
    }
    frames.back().function = function_name(scopes[i]);
    in_function = true;
    if (dwarf_tag(&scopes[i]) == DW_TAG_subprogram) break;
  }
  return frames;
}

}  // namespace

DwarfReader::DwarfReader(std::span<const DebugSection> sections) : image_(make_elf_image(sections)) {
  elf_version(EV_CURRENT);
  elf_ = elf_memory(image_.data(), image_.size());
  if (elf_) dwarf_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
}

DwarfReader::~DwarfReader() {
  dwarf_end(dwarf_);
  elf_end(elf_);
}

std::vector<SourceFrame> DwarfReader::find(uint64_t address) const {
  if (!dwarf_) return {};
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    if (dwarf_haspc(&die, address) == 1) return frames_at(die, address);
  }
  return {};
}

}  // namespace arris::symbols
