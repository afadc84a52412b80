#include "cli/print.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace arris::cli {

// The first error of standard output: the stream itself remembers only that there was one.
static int output_error = 0;

void vprint_to(std::FILE* stream, fmt::string_view format, fmt::format_args arguments) {
  fmt::memory_buffer text;
  fmt::vformat_to(fmt::appender(text), format, arguments);
  if (std::fwrite(text.data(), 1, text.size(), stream) < text.size() && stream == stdout && output_error == 0)
    output_error = errno;
}

void flush_output() {
  if (std::fflush(stdout) != 0 && output_error == 0) output_error = errno;
}

bool finish_output(std::string_view program) {
  flush_output();
  if (output_error == 0 && std::ferror(stdout) == 0) return true;
  // Nobody reads on: no news to whoever closed the pipe.
  if (output_error != EPIPE)
    print_error("{}: standard output: {}\n", program,
                output_error != 0 ? std::strerror(output_error) : "cannot be written");
  return false;
}

}  // namespace arris::cli
