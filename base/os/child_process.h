// Another program, given bytes and asked for what it prints. For tools that lean on tools of the system.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace arris::os {

// Runs the program found by PATH with `input` as its standard input, a file that can be read at any place. What it printed to
// its standard output; none if it could not be started or did not end with exit code 0. What it prints to standard error is dropped.
std::optional<std::string> output_of(std::span<const char* const> command, std::string_view input);

}  // namespace arris::os
