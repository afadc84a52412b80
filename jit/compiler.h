// Compiler: the baseline compiler's door. One validated function in, position-independent code and its metadata out.
// README.md tells the algorithm. A Compiler is kept and used for many functions (its memory is reused); one thread at a time.
//
// The code is the Module's: nothing of a Store or an Instance is baked in (canonical types are: they live as long as the module).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "jit/compiled_function.h"
#include "wasm/module.h"

namespace arris::jit {

struct CompileOptions {
  // Compare every access of memory 0 with its size, where otherwise a guard region of a full reservation would fault.
  bool explicit_bounds_checks = false;
  // Test ExecutionContext::interrupt at function entries and loop heads: interruption and time limits.
  bool interrupt_checks = true;
  // Pay a unit of ExecutionContext::fuel at the same places, as the interpreter does. For Stores with fuel enabled only; takes
  // interrupt_checks. Otherwise code has no trace of it.
  bool count_fuel = false;
  bool osr_entries = false;
  // Tell what the frame lacks for the interpreter at the loop at this offset from the function's first instruction
  // (CompiledFunction::fixups). The code is the same as without.
  uint32_t described_loop = kNoIndex;
  // Functions begin with zeros in all slots below their operands: for modules that make objects. The collector takes whatever lies in a
  // slot for a reference, so what earlier calls left would keep their objects alive.
  bool clear_frames = false;
  // Note which code belongs to which instruction: CompiledFunction::positions and table_uses.
  bool positions = false;
  // Pretend that the processor has the floor (SSE4.1) only.
  bool baseline_cpu = false;
};

struct CompileError {
  uint32_t wasm_offset = 0;  // from the function's first instruction
  std::string message;
};

// Prologues check that a frame ends at or below ExecutionContext::machine_stack_limit; functions that call nothing and whose frame is
// this small may skip the check, so the limit must leave that many slots of the value stack (and the native stack that goes with
// one call).
inline constexpr uint32_t kStackMarginSlots = 64;

class Compiler {
 public:
  Compiler();
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  // `func` is a defined function of the validated module. `out` is overwritten.
  std::expected<void, CompileError> compile(const Module& module, FuncIndex func, const CompileOptions& options,
                                            CompiledFunction& out);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace arris::jit
