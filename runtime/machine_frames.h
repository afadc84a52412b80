// MachineFrames: walks the frames of compiled code on the native stack, innermost first, within one activation. For backtraces and
// for exceptions looking for their handler.
//
// Every compiled function's frame takes two words of the native stack, [saved kLocals of the caller][return address], and nothing lies
// between frames; a call into another instance has a frame of the same size, [saved InstanceData of the caller][return address],
// made by a stub. So a walk needs a stack pointer, and the code space to tell which is which. It ends at the return address into the
// stub through which C++ entered. jit/README.md tells the convention.
#pragma once

#include <cstdint>

#include "runtime/code_space.h"
#include "runtime/store.h"

namespace arris::runtime {

// The stubs of an engine, as the runtime needs them. Empty until its first function is compiled. Owned by the engine; outlives every
// Store that points to it.
struct MachineSupport {
  // Runs any function in whichever way it can be: where compiled code calls a function that has no entry of its own yet.
  MachineEntry slow_entry{nullptr};
  // The compiled code of a function, or null. Asked by the interpreter before a call; counts, and may compile.
  const void* (*find_code)(const FuncInstance& func) = nullptr;
  // The same at the `loop` instruction at `loop`: sets ExecutionContext::loop_ticks anew.
  LoopEntry (*find_loop)(InstanceData* instance, const FuncCode& code, const uint8_t* loop) = nullptr;
  Outcome (*run_loop)(Store& store, const LoopEntry& loop, uint64_t* locals) = nullptr;
  // Runs what find_code found, as an ExecuteFn.
  Outcome (*run)(Store& store, const FuncInstance& func, const void* code, uint64_t* slots) = nullptr;
  const CodeSpace* space = nullptr;
  uintptr_t instance_return = 0;  // the return address of calls into other instances
};

class MachineFrames {
 public:
  // Stands at the innermost frame. `locals` of the innermost frame may be null if nobody asks for them.
  MachineFrames(const MachineSupport& support, const MachineExit& exit, uint64_t* locals = nullptr);

  bool at_end() const { return function_ == nullptr; }
  void next();

  const CodeBlock& block() const { return *block_; }
  const CodeBlock::Function& function() const { return *function_; }
  uint32_t wasm_offset() const { return wasm_offset_; }  // of the instruction, from the function's first
  InstanceData* instance() const { return instance_; }
  uint64_t* locals() const { return locals_; }
  uintptr_t sp() const { return sp_; }  // in the body

 private:
  void resolve(uintptr_t pc, bool by_fault);

  const MachineSupport& support_;
  const CodeBlock* block_ = nullptr;
  const CodeBlock::Function* function_ = nullptr;
  uint32_t wasm_offset_ = 0;
  InstanceData* instance_;
  uint64_t* locals_;
  uintptr_t sp_;
};

}  // namespace arris::runtime
