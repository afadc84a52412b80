// Machine code as text, by the system's objdump. A disassembler of our own would weigh more than all the rest of the compiler (the
// tables of Capstone's or Zydis' x86 decoder take 0.4 to 1.5 MB), and binutils' is one more pair of eyes on our encoder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace arris::cli {

struct MachineInstruction {
  uint32_t offset;
  uint32_t end;
  std::string text;  // "add    eax,0x1"
};

// In order, without gaps. None if objdump is not there or does not know this processor.
std::optional<std::vector<MachineInstruction>> disassemble(std::span<const uint8_t> code);

// The offset that a jump in this text leads to.
std::optional<uint32_t> jump_target(std::string_view text);

}  // namespace arris::cli
