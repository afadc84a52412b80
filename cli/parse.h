// Parsing a command line against the table of options (option_table.h).
#pragma once

#include <expected>

#include "cli/option_table.h"

namespace arris::cli {

// argv[0] is skipped; it has been the command's name. `options` says the form and the program's name and may hold defaults.
// The error is an exit code: --help was printed (0), or a message about what is wrong (1).
std::expected<void, int> parse_command_line(const CommandRow& command, int argc, char** argv, Options& options);

}  // namespace arris::cli
