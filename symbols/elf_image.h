// make_elf_image: DWARF sections wrapped as a small ELF file in memory, which is the form libdw reads. Private to symbols.
// Spec: System V ABI, object files (64-bit, little endian); no symbols, no segments, no relocations.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace arris::symbols {

struct DebugSection {
  std::string_view name;
  std::string_view bytes;
};

std::string make_elf_image(std::span<const DebugSection> sections);

}  // namespace arris::symbols
