// What a function is made of, and what a tier makes of it. For tools that show it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arris/detail/fwd.h"

namespace arris::api {

// One instruction of a function.
struct ListedInstruction {
  uint32_t offset;   // in the module
  std::string text;  // as in the text format, indented by two spaces per open block
  std::string_view
      quickened;  // the interpreter executes this instead, which may cover following instructions too; or empty
};

// Lists the instructions of a module's functions. Links the text room.
class InstructionLister {
 public:
  explicit InstructionLister(const Module& module);
  ~InstructionLister();
  InstructionLister(const InstructionLister&) = delete;
  InstructionLister& operator=(const InstructionLister&) = delete;
  // The last one is the function's `end`. Nothing for an imported function.
  std::vector<ListedInstruction> list(uint32_t func) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

// What the compiler makes of a function. Position-independent.
struct MachineCode {
  // The code from here to the next one was made for the instruction at `offset`.
  struct Position {
    uint32_t native_offset;
    uint32_t offset;  // in the module
  };
  // What the call or jump that ends at `native_offset` leads to: a trap's message, or a name of the run-time system.
  struct Target {
    uint32_t native_offset;
    bool is_trap;
    std::string name;
  };

  std::vector<uint8_t> bytes;
  uint32_t code_size = 0;           // behind that come constants and jump tables
  std::vector<Position> positions;  // by native_offset. The first is the function's entry
  size_t out_of_line = 0;           // from this position on: what is rare, behind the function's code proper
  std::vector<Target> targets;      // by native_offset
};

}  // namespace arris::api
