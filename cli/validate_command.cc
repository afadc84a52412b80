#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/options.h"

namespace arris::cli {

int validate_command(int argc, char** argv) {
  CLI::App app{"Checks that files are valid WebAssembly modules. Prints one line per file that is not."};
  app.name("arris validate");
  FeatureOptions features;
  features.add_to(app);
  std::vector<std::string> files;
  app.add_option("FILE", files, "Modules, binary or text; - is standard input")->required();
  CLI11_PARSE(app, argc, argv);

  api::Config config;
  config.features = features.features();
  api::Engine engine(config);
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    auto module = load_module(engine, file);
    if (!module) {
      fmt::print(stderr, "{}\n", module.error());
      exit_code = kExitSetup;
    }
  }
  return exit_code;
}

}  // namespace arris::cli
