// arris wat2wasm, arris wasm2wat: between the two formats.
#include <cerrno>
#include <cstring>
#include <string>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/print.h"
#include "cli/report.h"

namespace arris::cli {
namespace {

// in.wat -> in.wasm; standard input goes to standard output.
std::string default_output(const std::string& input, const char* extension) {
  if (input == "-") return "-";
  size_t slash = input.rfind('/');
  size_t dot = input.rfind('.');
  bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  return input.substr(0, has_extension ? dot : input.size()) + extension;
}

int write_output(const std::string& path, std::string_view bytes) {
  int error = write_file(path, bytes);
  if (error == 0) return kExitOk;
  print_error("{}: cannot be written: {}\n", path, std::strerror(error));
  return kExitSetup;
}

}  // namespace

int wat2wasm_command(const Options& options) {
  const std::string& input = options.words.front();
  std::string text;
  auto bytes = load_binary(input, options.features, Log(options), &text);
  if (!bytes) return fail_loading(options, bytes.error());
  if (!options.no_check) {
    api::Config config;
    config.features = options.features;
    auto valid = api::Module::validate(api::Engine(config), *bytes);
    if (!valid) return fail_loading(options, refused(input, valid.error(), text));
  }
  return write_output(options.output.empty() ? default_output(input, ".wasm") : options.output,
                      {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int wasm2wat_command(const Options& options) {
  api::Config config;
  config.features = options.features;
  auto module = load_module(api::Engine(config), options.words.front(), Log(options));
  if (!module) return fail_loading(options, module.error());
  return write_output(options.output.empty() ? "-" : options.output, module->to_text());
}

}  // namespace arris::cli
