// compile, parse and validate: a module up to one stage of its life.
#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/report.h"

namespace arris::cli {
namespace {

// Every file is looked at. `matters`: is such an error one for this command?
int check_files(const Options& options, bool (*matters)(const LoadError&)) {
  api::Config config;
  config.features = options.features;
  config.quicken = false;  // nothing runs
  api::Engine engine(config);
  Log log(options);
  int exit_code = kExitOk;
  for (const std::string& file : options.words) {
    auto module = load_module(engine, file, log);
    if (!module && matters(module.error())) exit_code = fail_loading(options, module.error());
  }
  return exit_code;
}

}  // namespace

int compile_command(const Options& options) {
  std::string words;
  for (const std::string& word : options.words) words += " " + word;
  return fail(options, "compile" + words + ": compiling ahead of time is not built yet, and nothing was written; `" +
                           std::string(options.form == Form::wasmedge ? "wasmedge" : "arris") + " " +
                           options.words.front() + "` runs the module as it is");
}

int parse_command(const Options& options) {
  return check_files(options, [](const LoadError& error) {
    return error.kind != LoadError::Kind::refused || api::phase_of(error.code) != api::ErrorPhase::invalid;
  });
}

int validate_command(const Options& options) {
  return check_files(options, [](const LoadError&) { return true; });
}

}  // namespace arris::cli
