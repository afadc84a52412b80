// Config and StoreLimits: what an Engine and its Stores are made with. Plain values; set fields, then construct.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "arris/types.h"

namespace arris::api {

// A feature that can be switched, for command lines and help texts.
struct FeatureInfo {
  Feature feature;
  std::string_view name;  // "simd"
  std::string_view flag;  // as in --enable-FLAG
  int release;            // the core release that contains it; 0: a companion proposal
  std::string_view description;
};
std::span<const FeatureInfo> all_features();

// How functions are executed: by the interpreter; compiled to machine code with their module; or by the interpreter until they are
// hot, then compiled.
enum class Tier : uint8_t { interp, jit, auto_ };

// What a profiler is told of compiled code while it is made: the names and addresses of functions in /tmp/perf-PID.map; or the code
// itself and where in the module it comes from, in jit-PID.dump in the folder that the variable JITDUMPDIR names (else the current one).
enum class Profile : uint8_t { none, perf_map, jitdump };

// Ceilings of one Store. What would exceed one fails like exhausted memory: memory.grow and table.grow return -1,
// instantiation reports ErrorCode::limit_exceeded or out_of_memory, GC allocation and calls trap.
struct StoreLimits {
  uint64_t max_stack_bytes = uint64_t{8} << 20;  // WebAssembly value stack; independent of the native stack
  uint64_t max_heap_bytes = uint64_t{1} << 30;   // garbage-collected heap
  uint64_t max_memory_bytes = ~uint64_t{0};      // all linear memories together
  uint64_t max_memory_pages = ~uint64_t{0};      // each linear memory, in its own pages
  uint64_t max_table_elements = 10'000'000;      // each table
  uint64_t max_instructions = ~uint64_t{0};      // with Config::count_instructions; the next one traps with out_of_gas
};

struct Config {
  Features features;  // default: WebAssembly 3.0 exactly
  Tier tier = Tier::auto_;
  bool quicken = true;              // interpreter: fuse frequent instruction sequences when a module is compiled
  bool fuel = false;                // count fuel (StoreRef::set_fuel); a Store begins with none
  bool count_instructions = false;  // exactly (StoreRef::instructions); interprets without quickening
  // What all Stores of the engine may execute together, with count_instructions: for the threads of a guest, each of which has a
  // Store. With one Store it is exact. Several take it in pieces, so that one may be refused while others have not used up theirs.
  uint64_t instruction_budget = ~uint64_t{0};
  bool measure_host_time = false;  // StoreRef::host_time
  bool heap_zeal = false;          // collect garbage at every GC allocation (testing)
  bool lazy = false;               // tier jit: compile a function when it is first called, not with its module
  bool baseline_cpu = false;       // compile as if the processor had nothing beyond SSE4.1 (testing)
  uint32_t tier_up_threshold = 0;  // tier auto: compile a function after so much use (jit/machine.h); 0: a good default
  uint32_t tier_up_seed = 0;       // tier auto: a random threshold for each function (testing)
  // Compiled code checks the bounds of every memory access, as it does for memories that the system grants no address space to guard
  // (testing).
  bool explicit_bounds_checks = false;
  uint32_t tier_down_every =
      0;  // N: every Nth loop iteration or function entry of compiled code goes on in the interpreter (testing)
  uint32_t mixed_tiers_seed = 0;    // tier jit: leave a random half of the functions to the interpreter (testing)
  Profile profile = Profile::none;  // Engine::profile_error tells if its file could not be made
  bool debug_jit = false;  // tell a debugger (GDB's JIT interface) of compiled functions and how to unwind them
  unsigned validation_threads = 0;  // for Module::compile; 0: as many as sensible
  StoreLimits limits;               // of Stores created without their own
};

}  // namespace arris::api
