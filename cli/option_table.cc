#include "cli/option_table.h"

#include <ctime>
#include <initializer_list>
#include <utility>

#include "base/joined.h"
#include "cli/commands.h"
#include "cli/log.h"
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

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

// One of a few words.
template <class T>
Applied choose(auto& member, std::string_view value, std::initializer_list<Choice<T>> choices) {
  std::string names;
  for (const Choice<T>& choice : choices) {
    if (choice.name == value) {
      member = choice.value;
      return {};
    }
    bool first = &choice == choices.begin(), last = &choice + 1 == choices.end();
    append(names, {first ? "" : last ? " or " : ", ", choice.name});
  }
  return std::unexpected("expected " + names);
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

Applied add_module(Options& o, std::string_view value, const OptionRow&) {
  size_t colon = value.find(':');
  if (colon == value.npos || colon + 1 == value.size()) return std::unexpected("write NAME:PATH");
  o.modules.emplace_back(value);
  return {};
}

Applied no_effect(Options&, std::string_view, const OptionRow&) { return {}; }

Applied set_run_mode(Options& o, std::string_view value, const OptionRow&) {
  return choose<api::Tier>(o.tier, value,
                           {{"interpreter", api::Tier::interp}, {"jit", api::Tier::jit}, {"aot", api::Tier::auto_}});
}
template <api::Tier tier>
Applied use_tier(Options& o, std::string_view, const OptionRow&) {
  o.tier = tier;
  return {};
}

Applied measure_everything(Options& o, std::string_view, const OptionRow&) {
  o.count_instructions = o.measure_gas = o.measure_time = true;
  return {};
}

// WasmEdge's meaning of 0: no limit.
Applied set_time_limit(Options& o, std::string_view value, const OptionRow&) {
  constexpr uint64_t kMost = uint64_t{100} * 365 * 24 * 3600 * 1000;
  auto milliseconds = parse_count(value, kMost);
  if (!milliseconds) return std::unexpected(std::move(milliseconds).error());
  if (*milliseconds == 0) {
    o.timeout.reset();
  } else {
    o.timeout = std::chrono::milliseconds(static_cast<int64_t>(*milliseconds));
  }
  return {};
}

Applied set_thread_model(Options& o, std::string_view value, const OptionRow&) {
  return choose<ThreadModel>(o.thread_model, value, {{"mte", ThreadModel::mte}, {"single", ThreadModel::single}});
}

Applied set_log_level(Options& o, std::string_view value, const OptionRow&) {
  if (auto level = parse_log_level(value)) {
    o.log_level = *level;
    return {};
  }
  return std::unexpected("expected off, error, warning, info, debug or trace");
}

// At the level that RUST_LOG names; a more talkative --log-level stays.
Applied enable_embed_log(Options& o, std::string_view, const OptionRow&) {
  LogLevel level = log_level_of_environment();
  if (!o.log_level || *o.log_level < level) o.log_level = level;
  return {};
}

// WasmEdge names the file after the time.
Applied coredump_on_trap(Options& o, std::string_view, const OptionRow&) {
  if (o.coredump_file.empty()) o.coredump_file = "coredump." + std::to_string(std::time(nullptr));
  return {};
}

Applied set_tier(Options& o, std::string_view value, const OptionRow&) {
  return choose<api::Tier>(o.tier, value,
                           {{"interp", api::Tier::interp}, {"jit", api::Tier::jit}, {"auto", api::Tier::auto_}});
}

Applied set_profile(Options& o, std::string_view value, const OptionRow&) {
  return choose<api::Profile>(o.profile, value,
                              {{"perfmap", api::Profile::perf_map}, {"jitdump", api::Profile::jitdump}});
}

Applied set_shown_tier(Options& o, std::string_view value, const OptionRow&) {
  return choose<api::Tier>(o.tier, value, {{"interp", api::Tier::interp}, {"jit", api::Tier::jit}});
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
constexpr CommandSet kInstantiating = commands_of(run, instantiate);
constexpr CommandSet kModules =
    commands_of(run, compile, parse, validate, instantiate, wat2wasm, wasm2wat, objdump);  // what reads modules
constexpr FormSet kWasmEdge = forms_of(Form::wasmedge);
constexpr CommandSet kConvert = commands_of(wat2wasm, wasm2wat);
constexpr uint8_t feature_bit(api::Feature feature) { return static_cast<uint8_t>(feature); }
constexpr FormSet kBoth = forms_of(Form::own, Form::wasmedge);

// clang-format off
constexpr OptionRow kRows[] = {
  // name, letter, value, group, commands, forms, apply, help
  {"output", 'o', "FILE", Group::general, kConvert, kBoth, set_text<&O::output>,
   "Output file; - is standard output"},
  {"json", 0, "", Group::general, commands_of(inspect), kBoth, set_switch<&O::json>,
   "Print JSON"},
  {"tier", 0, "interp|jit", Group::general, commands_of(objdump), kBoth, set_shown_tier,
   "Show machine code (jit, the default), or the interpreter's fused instructions"},
  {"no-check", 0, "", Group::general, commands_of(wat2wasm), kBoth, set_switch<&O::no_check>,
   "Write the module even if it is not valid"},

  {"invoke", 0, "NAME", Group::calling, kRun, kBoth, set_text<&O::invoke>,
   "Call this exported function with ARGS instead of _start and print its results"},
  {"reactor", 0, "", Group::calling, kRun, kBoth, set_switch<&O::reactor>,
   "The first of ARGS is the function to call, after _initialize if there is one"},
  {"module", 0, "NAME:PATH", Group::calling, kInstantiating, kBoth, add_module,
   "Instantiate the module at PATH first; what it exports can be imported under NAME. Repeatable, in order"},
  {"tier", 0, "TIER", Group::calling, kInstantiating, kBoth, set_tier,
   "How to execute: auto (the default), which interprets and compiles what is hot; interp; or jit, which compiles everything first"},
  {"no-quicken", 0, "", Group::calling, kInstantiating, kBoth, set_switch<&O::no_quicken>,
   "Interpret instructions one by one, none fused (testing)"},

  {"run-mode", 0, "MODE", Group::calling, kInstantiating, kWasmEdge, set_run_mode,
   "interpreter, jit or aot (the best there is)"},
  {"enable-jit", 0, "", Group::calling, kInstantiating, kWasmEdge, use_tier<api::Tier::jit>, "The same as --run-mode jit"},
  {"force-interpreter", 0, "", Group::calling, kInstantiating, kWasmEdge, use_tier<api::Tier::interp>,
   "The same as --run-mode interpreter"},

  {"dir", 0, "GUEST:HOST", Group::granting, kInstantiating, kBoth, append_text<&O::dirs>,
   "Grant a folder: HOST under the name GUEST, or one path for both; GUEST:HOST:readonly refuses writing. Repeatable"},
  {"env", 0, "NAME=VALUE", Group::granting, kInstantiating, kBoth, add_env,
   "Set an environment variable. Repeatable"},
  {"env-inherit", 0, "", Group::granting, kInstantiating, kBoth, set_switch<&O::env_inherit>,
   "Pass the whole environment on"},
  {"stdin", 0, "FILE", Group::granting, kInstantiating, kBoth, set_text<&O::stdin_file>,
   "Read standard input from this file"},
  {"max-threads", 0, "N", Group::granting, kInstantiating, kBoth, set_parsed<&O::max_threads, thread_count>,
   "Allow N wasi-threads at one time, besides the first (default: 0)"},
  {"thread-model", 0, "mte|single", Group::granting, kInstantiating, kWasmEdge, set_thread_model,
   "mte allows wasi-threads (64 unless --max-thread says another number), single forbids them"},
  {"max-thread", 0, "N", Group::granting, kInstantiating, kWasmEdge, set_parsed<&O::max_threads, thread_count>,
   "The same as --max-threads"},

  {"timeout", 0, "TIME", Group::limits, kInstantiating, kBoth, set_parsed<&O::timeout, parse_duration>,
   "Stop the program after this time: 500ms, 5s, 2m"},
  {"time-limit", 0, "MS", Group::limits, kInstantiating, kWasmEdge, set_time_limit,
   "Stop the program after so many milliseconds; 0 is no limit"},
  {"gas-limit", 0, "N", Group::limits, kInstantiating, kBoth, set_parsed<&O::gas_limit, any_count>,
   "Stop the program after exactly N instructions, each of which costs 1; prints the costs"},
  {"fuel", 0, "N", Group::limits, kInstantiating, kBoth, set_parsed<&O::fuel, any_count>,
   "Stop the program after N calls and loop iterations"},
  {"max-memory", 0, "SIZE", Group::limits, kInstantiating, kBoth, set_parsed<&O::max_memory_bytes, parse_size>,
   "Linear memory in all, for example 64MB"},
  {"memory-limit", 0, "BYTES", Group::limits, kInstantiating, kWasmEdge, set_parsed<&O::max_memory_bytes, parse_size>,
   "The same as --max-memory"},
  {"memory-page-limit", 0, "N", Group::limits, kInstantiating, kBoth, set_parsed<&O::max_memory_pages, any_count>,
   "Pages of each memory"},
  {"memory-page-size", 0, "BYTES", Group::limits, kInstantiating, kWasmEdge, set_parsed<&O::memory_page_size, any_count>,
   "65536, or a page size that a memory of the module has; anything else is an error"},
  {"max-stack", 0, "SIZE", Group::limits, kInstantiating, kBoth, set_parsed<&O::max_stack_bytes, parse_size>,
   "WebAssembly stack, for example 1MB"},
  {"max-heap", 0, "SIZE", Group::limits, kInstantiating, kBoth, set_parsed<&O::max_heap_bytes, parse_size>,
   "Garbage-collected heap, for example 32MB"},

  {"strace", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::strace>,
   "Print every WASI call with its arguments and result, to standard error"},
  {"profile", 0, "perfmap|jitdump", Group::inside, kInstantiating, kBoth, set_profile,
   "Name compiled functions to perf: in /tmp/perf-PID.map, or with their code in jit-PID.dump (where JITDUMPDIR says)"},
  {"debug-jit", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::debug_jit>,
   "Tell GDB of compiled functions"},
  {"coredump", 0, "FILE", Group::inside, kInstantiating, kBoth, set_text<&O::coredump_file>,
   "After a trap, write a WebAssembly core dump to FILE"},
  {"coredump-on-trap", 0, "", Group::inside, kInstantiating, kWasmEdge, coredump_on_trap,
   "The same, to coredump.SECONDS in the current folder"},
  {"enable-instruction-count", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::count_instructions>,
   "Count executed instructions and print their number at the end"},
  {"enable-gas-measuring", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::measure_gas>,
   "Print the costs at the end: 1 for each executed instruction"},
  {"enable-time-measuring", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::measure_time>,
   "Print how long the program and the host functions it called took"},
  {"enable-all-statistics", 0, "", Group::inside, kInstantiating, kBoth, measure_everything,
   "These three"},
  {"log-level", 0, "LEVEL", Group::inside, kModules, kBoth, set_log_level,
   "The engine's log on standard error: off, error, warning, info, debug or trace. off silences messages, too"},
  {"enable-embed-log", 0, "", Group::inside, kModules, kBoth, enable_embed_log,
   "The engine's log at the level that the variable RUST_LOG names (default: error)"},
  {"gc-stats", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::gc_stats>,
   "Print the garbage collector's statistics at the end, to standard error"},
  {"gc-zeal", 0, "", Group::inside, kInstantiating, kBoth, set_switch<&O::gc_zeal>,
   "Collect garbage at every allocation (testing)"},

  {"wasm-1", 0, "", Group::features, kModules, kBoth, set_release<1>, "WebAssembly 1.0 only"},
  {"wasm-2", 0, "", Group::features, kModules, kBoth, set_release<2>, "WebAssembly 2.0 only"},
  {"wasm-3", 0, "", Group::features, kModules, kBoth, set_release<3>, "WebAssembly 3.0 exactly"},
  {"enable-all", 0, "", Group::features, kModules, kBoth, enable_all, "Every feature"},

  // WasmEdge's other names of features, and what its old scripts pass that means nothing here. Not listed by --help.
#define ALIAS(flag, feature_name)                                                                                          \
  {"enable-" flag, 0, "", Group::features, kModules, kWasmEdge, enable_feature, "", feature_bit(api::Feature::feature_name)}, \
  {"disable-" flag, 0, "", Group::features, kModules, kWasmEdge, disable_feature, "", feature_bit(api::Feature::feature_name)},
  ALIAS("import-export-mut-globals", mutable_globals)
  ALIAS("function-reference", function_references)
  ALIAS("exception-handling", exceptions)
#undef ALIAS
  {"enable-component", 0, "", Group::features, kModules, kWasmEdge, no_effect, ""},
  {"allow-af-unix", 0, "", Group::general, kModules, kWasmEdge, no_effect, ""},
  {"forbidden-plugin", 0, "NAME", Group::general, kModules, kWasmEdge, no_effect, ""},
  {"coredump-for-wasmgdb", 0, "", Group::general, kModules, kWasmEdge, no_effect, ""},
  // Of `compile`.
  {"dump", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"interruptible", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"generic-binary", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"optimize", 0, "LEVEL", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"enable-instruction-count", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"enable-gas-measuring", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"enable-time-measuring", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
  {"enable-all-statistics", 0, "", Group::general, commands_of(compile), kWasmEdge, no_effect, ""},
};

constexpr CommandRow kCommands[] = {
  {run, "run", kBoth, "FILE [ARGS...]", 1, kManyWords, true, run_command,
   "run a program, or call one of its functions (the default)",
   "Everything after FILE goes to the program. Nothing of the host is visible to it but its standard streams and what "
   "--dir and --env grant. Exit code: the program's own; 134 after a trap; 1 if it could not be started."},
  {compile, "compile", kBoth, "FILE OUTPUT", 1, 2, false, compile_command,
   "compile ahead of time (not built yet: says so and fails)",
   "Running needs no compiled file: `run` takes the module as it is."},
  {parse, "parse", kBoth, "FILE...", 1, kManyWords, false, parse_command,
   "check that files are well-formed modules",
   "Prints one line per file whose form is wrong; exit code 1 if there is one. A file that is well-formed but not valid passes."},
  {validate, "validate", kBoth, "FILE...", 1, kManyWords, false, validate_command,
   "check that files are valid modules",
   "Prints one line per file that is not; exit code 1 if there is one. - is standard input."},
  {instantiate, "instantiate", kBoth, "FILE", 1, 1, false, instantiate_command,
   "load, link and instantiate a module, which runs its start function, and call nothing",
   ""},
  {wat2wasm, "wat2wasm", forms_of(Form::own), "FILE", 1, 1, false, wat2wasm_command,
   "text format to binary",
   "The default output is FILE with the extension .wasm. - is standard input."},
  {wasm2wat, "wasm2wat", forms_of(Form::own), "FILE", 1, 1, false, wasm2wat_command,
   "binary format to text",
   "The default output is standard output. - is standard input."},
  {inspect, "inspect", forms_of(Form::own), "FILE...", 1, kManyWords, false, inspect_command,
   "show what modules are made of: sections, imports, exports, types, features they need",
   "Of a broken module it shows what could be read, then the error; exit code 1. Every feature is enabled. - is standard input."},
  {ldd, "ldd", forms_of(Form::own), "FILE...", 1, kManyWords, false, ldd_command,
   "list what modules import, and whether Arris provides it",
   "Exit code 0 if all of it is provided, otherwise 1. A link named wasm-ldd to this program is this command."},
  {objdump, "objdump", forms_of(Form::own), "FILE [FUNC...]", 1, kManyWords, false, objdump_command,
   "show the machine code that functions become, beside their instructions",
   "FUNC is an index or a name; without any, all functions. Machine code is disassembled by the system's objdump (package binutils); "
   "without it bytes are shown."},
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
