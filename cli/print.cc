#include "cli/print.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace arris::cli {

void vprint_to(std::FILE* stream, fmt::string_view format, fmt::format_args arguments) {
  fmt::memory_buffer text;
  fmt::vformat_to(fmt::appender(text), format, arguments);
  std::fwrite(text.data(), 1, text.size(), stream);
}

bool finish_output(std::string_view program) {
  bool failed = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) == 0 && !failed) return true;
  print_error("{}: standard output: {}\n", program, errno != 0 ? std::strerror(errno) : "cannot be written");
  return false;
}

}  // namespace arris::cli
