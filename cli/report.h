// What the user is told when something went wrong, in either form of the program, and the statistics at the end. All of it goes to
// standard error; --log-level off silences it.
//
// Arris: "arris: FILE: malformed: ...". WasmEdge: its own first line, which scripts look for ("loading failed: magic header not
// detected, Code: 0x103"), then the same details.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "arris/arris.h"
#include "cli/module_file.h"
#include "cli/options.h"

namespace arris::cli {

// "PROGRAM: why". These return the exit code.
int fail(const Options& options, const std::string& why);
int fail_loading(const Options& options, const LoadError& error);
int fail_instantiation(const Options& options, const std::string& file, const api::Error& error);
// The guest's own exit code passes through silently; anything else is a trap and is printed. `function`: what was called.
int report_trap(const Options& options, const api::Trap& trap, const std::string& function);

struct Statistics {
  std::chrono::nanoseconds total_time{};
  std::chrono::nanoseconds host_time{};
  uint64_t instructions = 0;
};
// Prints what was asked for; nothing if nothing was.
void print_statistics(const Options& options, const Statistics& statistics);

// The number WasmEdge's users know an error by; 0 if it has none.
uint16_t wasmedge_code_of(api::ErrorCode code);

}  // namespace arris::cli
