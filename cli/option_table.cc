#include "cli/option_table.h"

#include <utility>

#include "cli/commands.h"
#include "cli/quantity.h"

namespace arris::cli {
namespace {

// --- What rows do ---

template <auto member>
Applied set_switch(Options& o, std::string_view, const OptionRow&) {
  o.*member = true;
  return {};
}

template <auto member>
Applied set_text(Options& o, std::string_view value, const OptionRow&) {
  o.*member = std::string(value);
  return {};
}

template <auto member>
Applied append_text(Options& o, std::string_view value, const OptionRow&) {
  (o.*member).emplace_back(value);
  return {};
}

// `parse` is one of quantity.h.
template <auto member, auto parse>
Applied set_parsed(Options& o, std::string_view value, const OptionRow&) {
  auto parsed = parse(value);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  o.*member = *parsed;
  return {};
}

std::expected<uint64_t, std::string> any_count(std::string_view value) { return parse_count(value); }
std::expected<uint32_t, std::string> thread_count(std::string_view value) {
  auto count = parse_count(value, 1'000'000);
  if (!count) return std::unexpected(std::move(count).error());
  return static_cast<uint32_t>(*count);
}

Applied add_env(Options& o, std::string_view value, const OptionRow&) {
  if (value.find('=') == value.npos || value.starts_with('=')) return std::unexpected("write NAME=VALUE");
  o.env.emplace_back(value);
  return {};
}

Applied set_tier(Options& o, std::string_view value, const OptionRow&) {
  if (value == "interp") {
    o.tier = api::Tier::interp;
  } else if (value == "jit") {
    o.tier = api::Tier::jit;
  } else if (value == "auto") {
    o.tier = api::Tier::auto_;
  } else {
    return std::unexpected("expected interp, jit or auto");
  }
  return {};
}

template <int release>
Applied set_release(Options& o, std::string_view, const OptionRow&) {
  o.features = api::Features::release(release);
  return {};
}
Applied enable_all(Options& o, std::string_view, const OptionRow&) {
  o.features = api::Features::all();
  return {};
}
Applied enable_feature(Options& o, std::string_view, const OptionRow& row) {
  o.features = o.features.with(static_cast<api::Feature>(row.feature));
  return {};
}
Applied disable_feature(Options& o, std::string_view, const OptionRow& row) {
  o.features = o.features.without(static_cast<api::Feature>(row.feature));
  return {};
}

// --- The table ---

using enum CommandId;
using O = Options;

constexpr CommandSet kRun = commands_of(run);
constexpr CommandSet kModules = commands_of(run, validate, wat2wasm, wasm2wat);  // what reads modules
constexpr CommandSet kConvert = commands_of(wat2wasm, wasm2wat);
constexpr FormSet kBoth = forms_of(Form::own, Form::wasmedge);

// clang-format off
constexpr OptionRow kRows[] = {
  // name, letter, value, group, commands, forms, apply, help
  {"output", 'o', "FILE", Group::general, kConvert, kBoth, set_text<&O::output>,
   "Output file; - is standard output"},
  {"no-check", 0, "", Group::general, commands_of(wat2wasm), kBoth, set_switch<&O::no_check>,
   "Write the module even if it is not valid"},

  {"invoke", 0, "NAME", Group::calling, kRun, kBoth, set_text<&O::invoke>,
   "Call this exported function with ARGS instead of _start and print its results"},
  {"reactor", 0, "", Group::calling, kRun, kBoth, set_switch<&O::reactor>,
   "The first of ARGS is the function to call, after _initialize if there is one"},
  {"tier", 0, "TIER", Group::calling, kRun, kBoth, set_tier,
   "How to execute: interp, jit or auto (the best there is)"},
  {"no-quicken", 0, "", Group::calling, kRun, kBoth, set_switch<&O::no_quicken>,
   "Interpret instructions one by one, none fused (testing)"},

  {"dir", 0, "GUEST:HOST", Group::granting, kRun, kBoth, append_text<&O::dirs>,
   "Grant a folder: HOST under the name GUEST, or one path for both; GUEST:HOST:readonly refuses writing. Repeatable"},
  {"env", 0, "NAME=VALUE", Group::granting, kRun, kBoth, add_env,
   "Set an environment variable. Repeatable"},
  {"env-inherit", 0, "", Group::granting, kRun, kBoth, set_switch<&O::env_inherit>,
   "Pass the whole environment on"},
  {"stdin", 0, "FILE", Group::granting, kRun, kBoth, set_text<&O::stdin_file>,
   "Read standard input from this file"},
  {"max-threads", 0, "N", Group::granting, kRun, kBoth, set_parsed<&O::max_threads, thread_count>,
   "Allow N wasi-threads at one time, besides the first (default: 0)"},

  {"timeout", 0, "TIME", Group::limits, kRun, kBoth, set_parsed<&O::timeout, parse_duration>,
   "Stop the program after this time: 500ms, 5s, 2m"},
  {"fuel", 0, "N", Group::limits, kRun, kBoth, set_parsed<&O::fuel, any_count>,
   "Stop the program after N calls and loop iterations"},
  {"max-memory", 0, "SIZE", Group::limits, kRun, kBoth, set_parsed<&O::max_memory_bytes, parse_size>,
   "Linear memory in all, for example 64MB"},
  {"max-stack", 0, "SIZE", Group::limits, kRun, kBoth, set_parsed<&O::max_stack_bytes, parse_size>,
   "WebAssembly stack, for example 1MB"},
  {"max-heap", 0, "SIZE", Group::limits, kRun, kBoth, set_parsed<&O::max_heap_bytes, parse_size>,
   "Garbage-collected heap, for example 32MB"},

  {"strace", 0, "", Group::inside, kRun, kBoth, set_switch<&O::strace>,
   "Print every WASI call with its arguments and result, to standard error"},
  {"gc-stats", 0, "", Group::inside, kRun, kBoth, set_switch<&O::gc_stats>,
   "Print the garbage collector's statistics at the end, to standard error"},
  {"gc-zeal", 0, "", Group::inside, kRun, kBoth, set_switch<&O::gc_zeal>,
   "Collect garbage at every allocation (testing)"},

  {"wasm-1", 0, "", Group::features, kModules, kBoth, set_release<1>, "WebAssembly 1.0 only"},
  {"wasm-2", 0, "", Group::features, kModules, kBoth, set_release<2>, "WebAssembly 2.0 only"},
  {"wasm-3", 0, "", Group::features, kModules, kBoth, set_release<3>, "WebAssembly 3.0 exactly"},
  {"enable-all", 0, "", Group::features, kModules, kBoth, enable_all, "Every feature"},
};

constexpr CommandRow kCommands[] = {
  {run, "run", kBoth, "FILE [ARGS...]", 1, kManyWords, true, run_command,
   "run a program, or call one of its functions (the default)",
   "Everything after FILE goes to the program. Nothing of the host is visible to it but its standard streams and what "
   "--dir and --env grant. Exit code: the program's own; 134 after a trap; 1 if it could not be started."},
  {validate, "validate", kBoth, "FILE...", 1, kManyWords, false, validate_command,
   "check that files are valid modules",
   "Prints one line per file that is not; exit code 1 if there is one. - is standard input."},
  {wat2wasm, "wat2wasm", forms_of(Form::own), "FILE", 1, 1, false, wat2wasm_command,
   "text format to binary",
   "The default output is FILE with the extension .wasm. - is standard input."},
  {wasm2wat, "wasm2wat", forms_of(Form::own), "FILE", 1, 1, false, wasm2wat_command,
   "binary format to text",
   "The default output is standard output. - is standard input."},
  {completion, "completion", forms_of(Form::own), "bash|zsh|fish", 1, 1, false, completion_command,
   "print completions for a shell",
   "bash: source <(arris completion bash). zsh: arris completion zsh > \"${fpath[1]}/_arris\". "
   "fish: arris completion fish > ~/.config/fish/completions/arris.fish."},
};
// clang-format on

}  // namespace

std::string_view heading_of(Group group) {
  switch (group) {
    case Group::general: return "Options";
    case Group::calling: return "What is called, and how";
    case Group::granting: return "What the program is given";
    case Group::limits: return "Limits";
    case Group::inside: return "Looking inside";
    case Group::features: return "WebAssembly features (default: 3.0 with threads and wide arithmetic)";
  }
  std::unreachable();
}

OptionList::OptionList(CommandId command, Form form) {
  CommandSet wanted = commands_of(command);
  for (const OptionRow& row : kRows) {
    if ((row.commands & wanted) && (row.forms & forms_of(form))) rows_.push_back(row);
  }
  if (!(kModules & wanted)) return;
  auto features = api::all_features();
  names_.reserve(features.size() * 2);
  for (const api::FeatureInfo& f : features) {
    for (bool on : {true, false}) {
      names_.push_back((on ? "enable-" : "disable-") + std::string(f.flag));
      rows_.push_back({names_.back(), 0, "", Group::features, wanted, kBoth, on ? enable_feature : disable_feature,
                       f.description, static_cast<uint8_t>(f.feature)});
    }
  }
}

std::span<const CommandRow> command_rows() { return kCommands; }

const CommandRow& command_row(CommandId id) {
  for (const CommandRow& row : kCommands) {
    if (row.id == id) return row;
  }
  std::unreachable();
}

}  // namespace arris::cli
