#include "cli/commands.h"

#include "cli/print.h"

namespace arris::cli {

int fail(const Options& options, const std::string& why) {
  print_error("{}: {}\n", options.program, why);
  return kExitSetup;
}

}  // namespace arris::cli
