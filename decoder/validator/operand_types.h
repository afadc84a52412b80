// OperandTypes: what a function has on its operand stack in front of one of its instructions. For debuggers' views of a stopped
// program (core dumps); nothing that runs needs it. Works on a copy of the module, which it checks once more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wasm/module.h"

namespace arris::validator {

class OperandTypes {
 public:
  // `module` is valid.
  explicit OperandTypes(const Module& module);
  ~OperandTypes();
  OperandTypes(const OperandTypes&) = delete;
  OperandTypes& operator=(const OperandTypes&) = delete;

  // Bottom of the stack first; canonical types. None if no instruction of the function starts at `offset` (in the module).
  std::optional<std::vector<ValType>> before(FuncIndex func, uint32_t offset);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace arris::validator
