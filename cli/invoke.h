// Calling an exported function with arguments from the command line.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "arris/arris.h"

namespace arris::cli {

// The arguments as values of the function's parameters. The error is a printable line.
std::expected<std::vector<api::Val>, std::string> parse_arguments(const std::string& name, const api::FuncType& type,
                                                                  std::span<const std::string> arguments);

// "unknown function ...; the module exports: ..." for a name that is not there.
std::string explain_missing_function(const api::Module& module, const std::string& name);

}  // namespace arris::cli
