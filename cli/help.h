// --help, made from the tables of option_table.h and wrapped to the terminal.
#pragma once

#include <string>

#include "cli/option_table.h"

namespace arris::cli {

// The columns of the terminal behind standard output, within reason; 100 if there is none.
unsigned help_width();

std::string command_help(const CommandRow& command, const Options& options, unsigned width);
// The program's own help: its commands, and the options of `run`, which is what it does without a command.
std::string program_help(const Options& options, unsigned width);

}  // namespace arris::cli
