// arris-spectest: runs WAST scripts, reports per file and in all, exits with 1 on any failure.
#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fmt/color.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "spectest/features_by_path.h"
#include "spectest/report.h"

namespace {

using namespace arris::spectest;

constexpr uint64_t kMaxScriptBytes = uint64_t{1} << 28;

struct Options {
  std::string tier = "interp";
  std::string json;
  std::vector<std::string> paths;
  bool gc_zeal = false;
  bool no_quicken = false;
  bool count_instructions = false;
  bool lazy = false;
  bool baseline_cpu = false;
  uint32_t mixed_tiers_seed = 0;
  uint32_t threshold = 0;
  uint32_t tier_down = 0;
  uint32_t threshold_seed = 0;
  bool strict_messages = false;
  bool quiet = false;
  unsigned max_failures = 20;
};

nlohmann::json to_json(const ScriptResult& result) {
  nlohmann::json commands = nlohmann::json::object();
  for (size_t i = 0; i < kCommandKinds; ++i) {
    if (result.executed[i] != 0)
      commands[std::string(to_string(static_cast<arris::text::CommandKind>(i)))] = result.executed[i];
  }
  return {{"passed", result.passed}, {"failed", result.failed}, {"skipped", result.skipped}, {"commands", commands}};
}

bool write_json(const Options& options, const std::vector<FileReport>& reports) {
  nlohmann::json files = nlohmann::json::array();
  for (const FileReport& report : reports) {
    nlohmann::json row = to_json(report.result);
    row["path"] = report.name;
    files.push_back(row);
  }
  nlohmann::json document = {{"tier", options.tier}, {"files", files}, {"totals", to_json(add_up(reports))}};
  std::string text = document.dump(1) + "\n";
  return arris::write_file(options.json, text) == 0;
}

FileReport run_file(const ScriptFile& file, const Options& options, arris::api::Tier tier) {
  FileReport report{file.name, {}};
  auto bytes = arris::read_file(file.path, kMaxScriptBytes);
  if (!bytes) {
    report.result.failed = 1;
    report.result.failures.push_back({0, std::string("cannot be read: ") + strerror(bytes.error())});
    return report;
  }
  RunOptions run;
  run.config.features = features_for_path(file.path);
  run.config.tier = tier;
  run.config.heap_zeal = options.gc_zeal;
  run.config.quicken = !options.no_quicken;
  run.config.count_instructions = options.count_instructions;
  run.config.lazy = options.lazy;
  run.config.baseline_cpu = options.baseline_cpu;
  run.config.mixed_tiers_seed = options.mixed_tiers_seed;
  run.config.tier_down_every = options.tier_down;
  run.config.tier_up_threshold = options.threshold;
  run.config.tier_up_seed = options.threshold_seed;
  run.strict_messages = options.strict_messages;
  report.result = run_script({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, run);
  return report;
}

void print_file(const FileReport& report, const Options& options, bool colours) {
  const ScriptResult& r = report.result;
  if (r.failed == 0 && options.quiet) return;
  fmt::text_style style =
      !colours ? fmt::text_style() : fmt::fg(r.failed ? fmt::terminal_color::red : fmt::terminal_color::green);
  fmt::print("{} {}: {} passed, {} failed, {} skipped\n", fmt::styled(r.failed ? "FAIL" : "ok  ", style), report.name,
             r.passed, r.failed, r.skipped);
  unsigned shown = 0;
  for (const Failure& failure : r.failures) {
    if (shown++ == options.max_failures) {
      fmt::print("  ... and {} more\n", r.failures.size() - options.max_failures);
      break;
    }
    fmt::print("  {}:{}: {}\n", report.name, failure.line, failure.text);
  }
}

int run(const Options& options) {
  static const std::map<std::string, arris::api::Tier> kTiers = {
      {"interp", arris::api::Tier::interp}, {"jit", arris::api::Tier::jit}, {"auto", arris::api::Tier::auto_}};
  auto files = find_scripts(options.paths);
  if (!files) {
    fmt::print(stderr, "arris-spectest: {}\n", files.error());
    return 1;
  }
  bool on_terminal = isatty(STDOUT_FILENO);
  std::vector<FileReport> reports;
  for (const ScriptFile& file : files->run) {
    if (on_terminal) {
      fmt::print("\r\x1b[K[{}/{}] {}", reports.size() + 1, files->run.size(), file.name);
      std::fflush(stdout);
    }
    reports.push_back(run_file(file, options, kTiers.at(options.tier)));
    if (on_terminal) fmt::print("\r\x1b[K");
    print_file(reports.back(), options, on_terminal);
    std::fflush(stdout);
  }
  ScriptResult total = add_up(reports);
  for (const auto& [proposal, count] : files->left_out) {
    fmt::print("{}: not implemented; its {} files were not run\n", proposal, count);
  }
  fmt::print("{} files, tier {}: {}\n", reports.size(), options.tier, describe_kinds(total));
  bool written = options.json.empty() || write_json(options, reports);
  if (!written) fmt::print(stderr, "arris-spectest: cannot write {}\n", options.json);
  fmt::print("{} passed, {} failed, {} skipped\n", total.passed, total.failed, total.skipped);
  return total.failed == 0 && written ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Runs WebAssembly test scripts (.wast) whole; every assertion counts, none is skipped."};
  app.add_option("--tier", options.tier, "Execution tier; a report must not name one that is not built")
      ->check(CLI::IsMember({"interp", "jit", "auto"}))
      ->capture_default_str();
  app.add_option("--json", options.json, "Write results per file to FILE (- for standard output)")->type_name("FILE");
  app.add_flag("--gc-zeal", options.gc_zeal, "Collect garbage at every allocation");
  app.add_flag("--count-instructions", options.count_instructions, "Run with every instruction counted");
  app.add_flag("--no-quicken", options.no_quicken, "Interpret instructions one by one, none fused");
  app.add_flag("--lazy", options.lazy, "Tier jit: compile functions when they are first called");
  app.add_flag("--baseline-cpu", options.baseline_cpu, "Tier jit: use nothing beyond SSE4.1");
  app.add_option("--mixed-tiers", options.mixed_tiers_seed,
                 "Tier jit: leave a half of the functions, chosen by this number, to the interpreter")
      ->type_name("SEED");
  app.add_option("--threshold", options.threshold, "Tier auto: compile functions after so much use")
      ->type_name("UNITS");
  app.add_option("--tier-down", options.tier_down,
                 "Tiers jit and auto: go on in the interpreter at every Nth loop iteration or function entry")
      ->type_name("N");
  app.add_option("--threshold-seed", options.threshold_seed, "Tier auto: a random threshold for each function")
      ->type_name("SEED");
  app.add_flag("--strict-messages", options.strict_messages,
               "Also compare the messages of refused modules (trap messages are always compared)");
  app.add_flag("-q,--quiet", options.quiet, "Print only files with failures, and the totals");
  app.add_option("--max-failures", options.max_failures, "Failures printed per file")->capture_default_str();
  app.add_option("PATH", options.paths, "Scripts, or folders that are searched for them")->required();
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
