#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/print.h"

namespace arris::cli {

int validate_command(const Options& options) {
  api::Config config;
  config.features = options.features;
  api::Engine engine(config);
  int exit_code = kExitOk;
  for (const std::string& file : options.words) {
    auto module = load_module(engine, file);
    if (!module) {
      print_error("{}\n", module.error());
      exit_code = kExitSetup;
    }
  }
  return exit_code;
}

}  // namespace arris::cli
