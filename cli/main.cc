// arris: picks the command. Anything that is not the name of one is `run`.
#include <csignal>
#include <string_view>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/parse.h"
#include "cli/print.h"

namespace arris::cli {
namespace {

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
  Options options;
  options.program = "arris";
  if (argc < 2) {
    print_error("{}", program_help(options, help_width()));
    return kExitSetup;
  }
  std::string_view first = argv[1];
  if (first == "--help" || first == "-h" || first == "help") {
    print("{}", program_help(options, help_width()));
    return finish_output(options.program) ? kExitOk : kExitSetup;
  }
  if (first == "--version" || first == "-V" || first == "-v") {
    print("{} version {}\n", options.program, ARRIS_VERSION);
    return finish_output(options.program) ? kExitOk : kExitSetup;
  }
  if (const CommandRow* command = find_command(first, options.form))
    return run_command_line(*command, argc - 1, argv + 1, options);
  return run_command_line(command_row(CommandId::run), argc, argv, options);
}

}  // namespace
}  // namespace arris::cli

int main(int argc, char** argv) {
  // A closed pipe is an error (EPIPE) to the guest, a file that grows too large EFBIG: neither is death by signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return arris::cli::main(argc, argv);
}
