// arris: picks the subcommand. Anything that is not the name of one is `run`.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "cli/commands.h"

#ifndef ARRIS_VERSION
#define ARRIS_VERSION "0.1.0"
#endif

namespace {

void print_usage(std::FILE* out) {
  fmt::print(out,
             "Arris: runs WebAssembly programs.\n\n"
             "Usage:\n"
             "  arris [run] [OPTIONS] FILE [ARGS...]   run FILE (.wasm or .wat, told apart by content)\n"
             "  arris COMMAND [OPTIONS] ...\n\n"
             "Commands:\n");
  for (const auto& command : arris::cli::commands()) fmt::print(out, "  {:<10} {}\n", command.name, command.summary);
  fmt::print(out,
             "\n`arris COMMAND --help` explains a command; `arris run --help` lists the options for running.\n"
             "Examples:\n"
             "  arris hello.wat\n"
             "  arris --dir /data:./data app.wasm input.txt\n"
             "  arris --invoke add math.wasm 2 40\n");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace arris::cli;
  // A closed pipe is an error (EPIPE) to the guest, not death by signal.
  std::signal(SIGPIPE, SIG_IGN);
  if (argc < 2) {
    print_usage(stderr);
    return kExitSetup;
  }
  std::string_view first = argv[1];
  if (first == "--help" || first == "-h" || first == "help") {
    print_usage(stdout);
    return kExitOk;
  }
  if (first == "--version" || first == "-V" || first == "-v") {
    fmt::print("arris version {}\n", ARRIS_VERSION);
    return kExitOk;
  }
  for (const CommandRow& command : commands()) {
    if (first == command.name) return command.run(argc - 1, argv + 1);
  }
  return run_command(argc, argv);
}
