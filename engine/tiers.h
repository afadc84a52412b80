// Which tier runs what. The only place that knows them all; Config::tier chooses, runtime's doors are set accordingly.
//
//   interp  the interpreter runs everything
//   jit     every function is compiled when its module is first instantiated (Config::lazy: when it is first called); what cannot be
//           compiled is an error of the instantiation that names the function (lazy: it stays with the interpreter)
//   auto    the interpreter at first; a function that was called, or whose loops ran, often enough is compiled, and goes on in
//           compiled code even in the middle of a loop. What cannot be compiled stays with the interpreter, as does everything where
//           the system grants no executable memory
// Counting instructions (Config::count_instructions) is the interpreter's alone: it runs everything then.
#pragma once

#include <expected>
#include <string_view>

#include "arris/config.h"
#include "arris/listing.h"
#include "runtime/store.h"
#include "wasm/error.h"
#include "wasm/module.h"

namespace arris::api::detail {

struct EngineState;

// For the engine's constructor.
void create_tiers(EngineState& engine);
// Engine::profile_error.
std::string_view profile_error(const EngineState& engine);
// Sets the doors through which a Store of this engine runs functions.
void set_tiers(const EngineState& engine, arris::runtime::StoreOptions& options);
// For a Store just made.
void start_tiers(const EngineState& engine, arris::runtime::Store& store);
// Before the module's first instance.
std::expected<void, Error> prepare_module(const EngineState& engine, const arris::Module& module);

// Module::machine_code, of a defined function.
std::expected<MachineCode, Error> machine_code(const Config& config, const arris::Module& module, uint32_t func);

}  // namespace arris::api::detail
