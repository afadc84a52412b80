// Printing to the standard streams. Unlike fmt::print it never fails loudly: a closed or full standard output is noticed by
// finish_output(), once, at the end.
#pragma once

#include <cstdio>
#include <string_view>

#include <fmt/core.h>

namespace arris::cli {

void vprint_to(std::FILE* stream, fmt::string_view format, fmt::format_args arguments);

template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... arguments) {
  vprint_to(stdout, format, fmt::make_format_args(arguments...));
}
// One call is one write, so that lines of several threads do not mix.
template <class... Args>
void print_error(fmt::format_string<Args...> format, Args&&... arguments) {
  vprint_to(stderr, format, fmt::make_format_args(arguments...));
}

// Brings what was printed before what is about to be printed to standard error.
void flush_output();
// Flushes standard output. False if some of it could not be written; with a message, unless the other end was closed.
bool finish_output(std::string_view program);

}  // namespace arris::cli
