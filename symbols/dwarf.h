// DwarfReader: from a code address to the lines of source it came from. Private to symbols; by libdw (elfutils).
//
// Runs libdw on bytes that nobody has checked: only within os::run_guarded. Code addresses are offsets from the start of the
// code section's content. Spec: DWARF 2 to 5; "DWARF for WebAssembly" (yurydelendik.github.io/webassembly-dwarf).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "symbols/elf_image.h"

struct Dwarf;
struct Elf;

namespace arris::symbols {

struct SourceFrame {
  std::string function;  // as mangled, if the compiler wrote that; may be empty
  std::string file;      // may be empty
  uint32_t line = 0;     // 0: unknown
  uint32_t column = 0;
};

class DwarfReader {
 public:
  explicit DwarfReader(std::span<const DebugSection> sections);
  ~DwarfReader();
  DwarfReader(const DwarfReader&) = delete;
  DwarfReader& operator=(const DwarfReader&) = delete;

  // Innermost first: functions that were inlined there, then the one that has the code. Empty if nothing is known.
  std::vector<SourceFrame> find(uint64_t address) const;

 private:
  std::string image_;
  Elf* elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;
};

}  // namespace arris::symbols
