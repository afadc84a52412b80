// The subcommands. Each is given the options that were parsed for it and returns the exit code. Exit codes of our own below;
// the guest's own code is passed through.
#pragma once

#include "cli/options.h"

namespace arris::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitSetup = 1;   // bad usage, unreadable or refused module, missing imports
inline constexpr int kExitTrap = 134;  // as a process that aborts

int run_command(const Options& options);
int compile_command(const Options& options);
int parse_command(const Options& options);
int validate_command(const Options& options);
int instantiate_command(const Options& options);
int wat2wasm_command(const Options& options);
int wasm2wat_command(const Options& options);
int inspect_command(const Options& options);
int ldd_command(const Options& options);
int objdump_command(const Options& options);
int completion_command(const Options& options);

}  // namespace arris::cli
