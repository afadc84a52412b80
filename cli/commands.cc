#include "cli/commands.h"

namespace arris::cli {

std::span<const CommandRow> commands() {
  static constexpr CommandRow kCommands[] = {
      {"run", run_command, "run a module (the default: `arris FILE` is `arris run FILE`)"},
      {"validate", validate_command, "check that files are valid modules"},
      {"wat2wasm", wat2wasm_command, "text format to binary"},
      {"wasm2wat", wasm2wat_command, "binary format to text"},
  };
  return kCommands;
}

}  // namespace arris::cli
