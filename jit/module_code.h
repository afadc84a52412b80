// ModuleCode: the compiled code of one Module, shared by its instances in all Stores and threads, freed with the Module. For the
// engine's tier policy, which makes it, and the border of compiled code (machine_calls.cc).
//
// Every function has an entry, an address that other compiled functions call through (InstanceData::entries): the function's code,
// or a stub of its own that leads to slow_entry. Entries only ever change from the latter to the former, and may do so while other
// threads run.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jit/code_packer.h"
#include "jit/machine.h"
#include "wasm/module.h"

namespace arris::jit {

struct ModuleCompileError {
  FuncIndex func;       // invalid: no function's fault
  uint32_t offset = 0;  // in the module
  std::string message;
};

class ModuleCode final : public ModuleAttachment {
 public:
  // The module's code, made empty if it has none yet: every function runs as before.
  static ModuleCode* attach(const Module& module, std::shared_ptr<Machine> machine);
  static ModuleCode* of(const Module& module) {
    return static_cast<ModuleCode*>(module.attachment.load(std::memory_order_acquire));
  }
  ~ModuleCode() override;

  Machine& machine() const { return *machine_; }

  // With the first function, and before `install`: code space, and an entry for every function. False if the system refuses memory.
  bool activate();
  // Compiles every function that is not compiled, on up to `threads` threads. The first function that cannot be is the error;
  // then nothing has changed. Done once.
  std::expected<void, ModuleCompileError> compile_all(unsigned threads);
  // Compiles one function, by its index without imports, if it is not compiled.
  std::expected<void, ModuleCompileError> compile(uint32_t index);

  // Makes a compiled function executable and what calls from now on find.
  std::expected<void, ModuleCompileError> install(uint32_t index, const CompiledFunction& function);

  // A frame of compiled code at `locals` that stands at a loop, everything stored that code holds in registers there, becomes one of the
  // interpreter.
  void complete_frame(uint32_t index, uint32_t loop_offset, uint64_t* locals);

  // Counts use of a function that is not compiled. Is it worth compiling by now?
  bool heat_up(uint32_t index, uint32_t heat);

  // The compiled function's entry, or null if it is not compiled.
  const void* code(uint32_t index) const {
    if (!is_active_.load(std::memory_order_acquire)) return nullptr;
    const void* entry = entries_[index].load(std::memory_order_acquire);
    const runtime::CodeBlock* block = machine_->space().find(reinterpret_cast<uintptr_t>(entry));
    return block->module != nullptr ? entry : nullptr;
  }

  // Makes an instance of the module ready to run this code, if there is any yet.
  bool prepare(runtime::InstanceData& instance) const;

  // The code for this instance: this, or what is compiled for memories without address space behind them to guard them, where the
  // system refused that much. Never this then: it would rely on faults that do not come.
  ModuleCode& code_for(const runtime::InstanceData& instance);
  // Checks every access of memory 0.
  bool checks_bounds() const { return checks_bounds_; }

 private:
  ModuleCode(const Module& module, std::shared_ptr<Machine> machine, bool checks_bounds);
  bool make_stubs(std::span<const CodePacker::Block> compiled);
  void give_up(std::span<const CodePacker::Block> blocks);
  CompileOptions compile_options() const;
  void give_up(uint32_t index);  // compiling it: heat_up never asks for it again
  struct Work;
  void compile_some(Work& work);
  ModuleCompileError error_in(FuncIndex func, CompileError&& error) const;
  // All or nothing.
  std::expected<void, ModuleCompileError> publish(std::vector<CodePacker::Block> blocks);

  const Module& module_;
  std::shared_ptr<Machine> machine_;
  const bool checks_bounds_;
  bool makes_objects_ = false;
  std::once_flag checked_once_;
  std::unique_ptr<ModuleCode> checked_;                  // for instances that need it
  static constexpr uint32_t kNever = uint32_t{1} << 31;  // the heat of what cannot be compiled
  std::unique_ptr<std::atomic<uint32_t>[]> heat_;
  std::atomic<bool> is_active_{false};
  std::unique_ptr<runtime::MachineEntry[]> entries_;
  std::mutex mutex_;  // of compilation
  std::unique_ptr<Compiler> compiler_;
  std::vector<const runtime::CodeBlock*> blocks_;
  bool is_complete_ = false;  // compile_all is done
};

// The code of a wasm function, or null; asking counts as a call, and may compile. Prepares the instance if need be.
const void* find_or_compile(const runtime::FuncInstance& func);
// The same at a loop. Sets ExecutionContext::loop_ticks.
runtime::LoopEntry find_or_compile_loop(runtime::InstanceData& instance, const FuncCode& code, const uint8_t* loop);

// As MachineSupport has them: null, too, if there is no room on the stacks to enter compiled code (machine_calls.cc).
const void* find_code(const runtime::FuncInstance& func);
runtime::LoopEntry find_loop(runtime::InstanceData* instance, const FuncCode& code, const uint8_t* loop);

}  // namespace arris::jit
