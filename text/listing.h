// The instructions of one function, each with its place: for tools that show something beside them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/instruction_printer.h"
#include "wasm/module.h"

namespace arris::text {

struct ListedInstruction {
  uint32_t offset;   // in the module
  std::string text;  // as print_wat has it, indented by two spaces per open block
};

class InstructionLister {
 public:
  // The module has been validated, and outlives this.
  explicit InstructionLister(const Module& module) : module_(module), names_(module) {}
  // `index`: of a defined function, imported ones not counted. The last one is the function's `end`.
  std::vector<ListedInstruction> list(uint32_t index) const;

 private:
  const Module& module_;
  const ModuleNames names_;
};

}  // namespace arris::text
