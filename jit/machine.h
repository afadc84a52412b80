// Machine: the compiled-code side of one engine: its code space, its stubs, the table of builtins. Made when the first function of the
// engine is to be compiled, shared by the ModuleCodes, and outlives them. For the engine's tier policy. Thread-safe.
//
// execute() and what it needs run compiled functions from C++; module_code.h makes them.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "jit/builtins.h"
#include "jit/compiler.h"
#include "jit/host_bridges.h"
#include "jit/stubs.h"
#include "runtime/machine_frames.h"

namespace arris::jit {

// A function is worth compiling when the interpreter has lost as much time on it as that takes. Units: a call counts kCallHeat, a loop
// iteration 1; the time to compile grows with the function, so a byte of its code adds 1 to the threshold.
// README.md has the measurements behind these numbers.
inline constexpr uint32_t kCallHeat = 8;
inline constexpr uint32_t kDefaultThreshold = 512;
inline constexpr uint32_t kDefaultLoopSample = 16;

struct MachineOptions {
  bool lazy = false;  // compile a function when it is first called
  bool baseline_cpu = false;
  bool count_fuel = false;  // the Stores count fuel
  // Compile a function when it has been called, or its loops have run, often enough: `threshold` units (module_code.h).
  bool adaptive = false;
  uint32_t threshold = kDefaultThreshold;
  uint32_t threshold_seed = 0;                // not 0: random thresholds, from 1 on (testing)
  uint32_t loop_sample = kDefaultLoopSample;  // loop iterations between two questions of the interpreter
  // Not 0: a random half of the functions is left to the interpreter (testing).
  uint32_t mixed_tiers_seed = 0;
  bool explicit_bounds_checks = false;
  uint32_t tier_down_every = 0;  // not 0: so often a loop or a call of compiled code goes on in the interpreter (testing)
  // Who is told of the code (code_observers.h).
  bool perf_map = false;
  bool jitdump = false;
  bool gdb = false;
};

class Machine {
 public:
  // Empty until `prepare`: costs nothing in programs that never compile.
  explicit Machine(const MachineOptions& options = {});
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Makes code space and stubs, installs the fault handler. False if the system refuses memory. Only the first call does anything.
  bool prepare();

  // What StoreOptions::machine points to. Address and entry slot are valid before `prepare`.
  const runtime::MachineSupport& support() const { return support_; }

  const MachineOptions& options() const { return options_; }
  // The heat at which function `index`, of so many bytes, is compiled.
  uint32_t threshold_of(uint32_t index, uint32_t code_size) const;
  // Why an observer that the options ask for is not there: its file cannot be written. Known from the start.
  const std::string& observer_error() const { return observer_error_; }
  // Is function `index` of a module (imported ones not counted) to be compiled at all?
  bool compiles(uint32_t index) const;

  // The following are valid after `prepare`.
  runtime::CodeSpace& space() { return *space_; }
  const Stubs& stubs() const { return stubs_; }
  HostBridges& bridges() const { return *bridges_; }
  const void* const* table() const { return table_.data(); }
  const CompileOptions& compile_options() const { return compile_options_; }

 private:
  void make_observers();

  const MachineOptions options_;
  std::once_flag prepared_;
  std::unique_ptr<runtime::CodeObserver> observer_;  // outlives the code
  std::string observer_error_;
  std::unique_ptr<runtime::CodeSpace> space_;
  Stubs stubs_;
  std::unique_ptr<HostBridges> bridges_;
  runtime::MachineSupport support_;
  std::array<const void*, kMachineTableSize> table_{};
  CompileOptions compile_options_;
};

// Runs compiled code, found at `entry`, on the value stack: arguments at slots[0 .. param_slots), results there afterwards. An
// activation of its own: the innermost EntryFrame is this one's.
runtime::Outcome run(runtime::Store& store, const runtime::FuncInstance& func, const void* entry, uint64_t* slots);

// The same from a loop on, within a function that the interpreter has begun: its frame at `locals` is complete in memory.
runtime::Outcome run_loop(runtime::Store& store, const runtime::LoopEntry& loop, uint64_t* locals);

}  // namespace arris::jit
