// arris wat2wasm, arris wasm2wat: between the two formats.
#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/options.h"

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
  fmt::print(stderr, "{}: cannot be written: {}\n", path, std::strerror(error));
  return kExitSetup;
}

}  // namespace

int wat2wasm_command(int argc, char** argv) {
  CLI::App app{"Converts a module in the text format to the binary format, and checks that it is valid."};
  app.name("arris wat2wasm");
  std::string input, output;
  bool no_check = false;
  FeatureOptions features;
  app.add_option("FILE", input, "Module; - is standard input")->required();
  app.add_option("-o,--output", output, "Output file (default: FILE with extension .wasm); - is standard output");
  app.add_flag("--no-check", no_check, "Write it even if it is not valid");
  features.add_to(app);
  CLI11_PARSE(app, argc, argv);

  auto bytes = load_binary(input, features.features());
  if (!bytes) {
    fmt::print(stderr, "{}\n", bytes.error());
    return kExitSetup;
  }
  if (!no_check) {
    api::Config config;
    config.features = features.features();
    auto valid = api::Module::validate(api::Engine(config), *bytes);
    if (!valid) {
      fmt::print(stderr, "{}: {}: {}\n", input, api::to_string(api::phase_of(valid.error().code)),
                 valid.error().to_string());
      return kExitSetup;
    }
  }
  if (output.empty()) output = default_output(input, ".wasm");
  return write_output(output, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int wasm2wat_command(int argc, char** argv) {
  CLI::App app{"Converts a valid module in the binary format to the text format."};
  app.name("arris wasm2wat");
  std::string input, output = "-";
  FeatureOptions features;
  app.add_option("FILE", input, "Module; - is standard input")->required();
  app.add_option("-o,--output", output, "Output file")->capture_default_str();
  features.add_to(app);
  CLI11_PARSE(app, argc, argv);

  api::Config config;
  config.features = features.features();
  auto module = load_module(api::Engine(config), input);
  if (!module) {
    fmt::print(stderr, "{}\n", module.error());
    return kExitSetup;
  }
  return write_output(output, module->to_text());
}

}  // namespace arris::cli
