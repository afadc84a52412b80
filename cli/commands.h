// The subcommands of `arris`. Each takes its own arguments (argv[0] is the name to show in messages) and returns the exit code.
#pragma once

#include <span>
#include <string_view>

namespace arris::cli {

// Exit codes. The guest's own code is passed through.
inline constexpr int kExitOk = 0;
inline constexpr int kExitSetup = 1;   // bad usage, unreadable or refused module, missing imports
inline constexpr int kExitTrap = 134;  // as a process that aborts

using CommandFn = int (*)(int argc, char** argv);

struct CommandRow {
  std::string_view name;
  CommandFn run;
  std::string_view summary;
};

std::span<const CommandRow> commands();

int run_command(int argc, char** argv);
int validate_command(int argc, char** argv);
int wat2wasm_command(int argc, char** argv);
int wasm2wat_command(int argc, char** argv);

}  // namespace arris::cli
