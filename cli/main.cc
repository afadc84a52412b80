// arris: who it is called as, then which command. Anything that is not the name of a command is `run`.
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/parse.h"
#include "cli/print.h"

namespace arris::cli {
namespace {

// Names of links to this program that make it another.
struct Personality {
  std::string_view name;
  Form form;
  std::optional<CommandId> only;  // the one command it is
};
constexpr Personality kPersonalities[] = {
    {"wasmedge", Form::wasmedge, std::nullopt},
    {"wasmedgec", Form::wasmedge, CommandId::compile},
    {"wasm-ldd", Form::own, CommandId::ldd},
};
constexpr std::string_view kWasmEdgeVersion = "0.16.0";  // whose options and outputs the link named wasmedge has

Personality personality_of(std::string_view argv0) {
  std::string_view name = argv0.substr(argv0.rfind('/') + 1);
  for (const Personality& row : kPersonalities) {
    if (row.name == name) return row;
  }
  return {"arris", Form::own, std::nullopt};
}

int print_out(const Options& options, const std::string& text) {
  print("{}", text);
  return finish_output(options.program) ? kExitOk : kExitSetup;
}

std::string version_line(const Options& options) {
  if (options.form == Form::own) return options.program + " version " ARRIS_VERSION "\n";
  return options.program + " version " + std::string(kWasmEdgeVersion) + " (arris " ARRIS_VERSION ")\n";
}

int run_command_line(const CommandRow& command, int argc, char** argv, Options& options) {
  auto parsed = parse_command_line(command, argc, argv, options);
  if (!parsed) return parsed.error();
  int code = command.run(options);
  if (!finish_output(options.program) && code == kExitOk) code = kExitSetup;
  return code;
}

const CommandRow* find_command(std::string_view name, Form form) {
  for (const CommandRow& row : command_rows()) {
    if (row.name == name && (row.forms & forms_of(form))) return &row;
  }
  return nullptr;
}

int main(int argc, char** argv) {
  Personality personality = personality_of(argc > 0 ? argv[0] : "arris");
  Options options;
  options.form = personality.form;
  options.program = personality.name;
  std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--version" || first == "-V" || first == "-v") return print_out(options, version_line(options));
  if (personality.only) return run_command_line(command_row(*personality.only), argc, argv, options);
  if (argc < 2) {
    print_error("{}", program_help(options, help_width()));
    return kExitSetup;
  }
  if (first == "--help" || first == "-h" || first == "help")
    return print_out(options, program_help(options, help_width()));
  if (const CommandRow* command = find_command(first, options.form))
    return run_command_line(*command, argc - 1, argv + 1, options);
  return run_command_line(command_row(CommandId::run), argc, argv, options);
}

}  // namespace
}  // namespace arris::cli

// The C++ library's own prints what was thrown, and brings a demangler of 45 KB for it. Nothing throws here.
namespace __gnu_cxx {
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx

int main(int argc, char** argv) {
  // A closed pipe is an error (EPIPE) to the guest, a file that grows too large EFBIG: neither is death by signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return arris::cli::main(argc, argv);
}
