// arris inspect: what a module is made of. wasm-ldd: what it imports, and whether Arris provides it.
#include <map>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "cli/commands.h"
#include "cli/module_file.h"
#include "cli/module_report.h"
#include "cli/print.h"
#include "cli/report.h"

namespace arris::cli {

int inspect_command(const Options& options) {
  Log log(options);
  int exit_code = kExitOk;
  for (const std::string& file : options.words) {
    auto bytes = load_binary(file, api::Features::all(), log);
    if (!bytes) {
      exit_code = fail_loading(options, bytes.error());
      continue;
    }
    ModuleReport report = make_module_report(file, *bytes, true);
    if (&file != &options.words.front()) print("\n");
    print("{}", options.json ? to_json(report) : to_text(report));
    if (report.facts.error) exit_code = fail_loading(options, refused(file, *report.facts.error));
  }
  return exit_code;
}

int ldd_command(const Options& options) {
  Log log(options);
  int exit_code = kExitOk;
  for (const std::string& file : options.words) {
    auto bytes = load_binary(file, api::Features::all(), log);
    if (!bytes) {
      exit_code = fail_loading(options, bytes.error());
      continue;
    }
    ModuleReport report = make_module_report(file, *bytes, false);
    if (options.words.size() > 1) print("{}:\n", file);
    if (report.facts.error) {
      exit_code = fail_loading(options, refused(file, *report.facts.error));
      continue;
    }
    if (report.facts.imports.empty()) print("  imports nothing\n");
    std::map<std::string_view, std::vector<size_t>> by_module;
    for (size_t i = 0; i < report.facts.imports.size(); ++i) by_module[report.facts.imports[i].module].push_back(i);
    for (const auto& [module, imports] : by_module) {
      print("  {}\n", quoted(module));
      for (size_t i : imports) {
        const api::ImportFacts& import = report.facts.imports[i];
        const Provision& provision = report.provisions[i];
        const char* separator = provision.note.empty() ? "" : ", ";
        print("    {} {} => {}{}{}\n", quoted(import.name), import.type, to_string(provision.kind), separator,
              provision.note);
        if (!provision.is_provided()) exit_code = kExitSetup;
      }
    }
  }
  return exit_code;
}

}  // namespace arris::cli
