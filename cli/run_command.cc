// arris run: loads a module, links WASI, runs `_start` or an invoked function, and turns how it ended into an exit code.
#include <fcntl.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/deadline.h"
#include "cli/invoke.h"
#include "cli/module_file.h"
#include "cli/options.h"
#include "cli/values.h"
#include "wasi/wasi.h"

namespace arris::cli {
namespace {

struct RunOptions {
  FeatureOptions features;
  std::vector<std::string> dirs;
  std::vector<std::string> env;
  bool env_inherit = false;
  std::string stdin_file;
  bool strace = false;
  uint32_t max_threads = 0;
  std::string invoke;
  bool reactor = false;
  std::string tier = "auto";
  uint64_t max_memory_bytes = 0;
  uint64_t max_stack_bytes = 0;
  uint64_t max_heap_bytes = 0;
  uint64_t fuel = 0;
  uint64_t timeout_ms = 0;
  bool gc_stats = false;
  bool gc_zeal = false;
  bool no_quicken = false;
  std::string file;
  std::vector<std::string> arguments;
};

int fail(const std::string& why) {
  fmt::print(stderr, "arris: {}\n", why);
  return kExitSetup;
}

void declare_options(CLI::App& app, RunOptions& o) {
  app.name("arris run");
  app.footer(
      "Everything after FILE goes to the program. Nothing of the host is visible to it but its standard streams and "
      "what\n"
      "--dir and --env grant. Exit code: the program's own; 134 after a trap; 1 if it could not be started.");
  app.add_option("--dir", o.dirs,
                 "Grant a folder: GUEST:HOST, one path for both, or GUEST:HOST:readonly. May be repeated")
      ->type_name("GUEST:HOST")
      ->allow_extra_args(false);
  app.add_option("--env", o.env, "Set an environment variable. May be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--env-inherit", o.env_inherit, "Pass the whole environment on");
  app.add_option("--stdin", o.stdin_file, "Read standard input from this file")->type_name("FILE");
  app.add_flag("--strace", o.strace, "Print every WASI call with its arguments and result, to standard error");
  app.add_option("--invoke", o.invoke, "Call this exported function with ARGS instead of _start; print its results")
      ->type_name("NAME");
  app.add_flag("--reactor", o.reactor,
               "The first of ARGS is the function to call (after _initialize, if there is one)");
  app.add_option("--tier", o.tier, "Execution tier; only interp is built yet, and the others run it")
      ->check(CLI::IsMember({"interp", "jit", "auto"}))
      ->capture_default_str();
  constexpr const char* kLimits = "Limits";
  app.add_option("--timeout", o.timeout_ms, "Stop the program after this time: 500ms, 5s, 2m")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, uint64_t>{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}},
          CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->group(kLimits);
  app.add_option("--fuel", o.fuel, "Stop the program after this many units of work (calls and loop iterations)")
      ->group(kLimits);
  app.add_option("--max-threads", o.max_threads, "wasi-threads at one time, besides the first; 0 forbids spawning")
      ->group(kLimits)
      ->capture_default_str();
  auto bytes = CLI::AsSizeValue(false);
  app.add_option("--max-memory", o.max_memory_bytes, "Linear memory in all, for example 64MB")
      ->transform(bytes)
      ->group(kLimits);
  app.add_option("--max-stack", o.max_stack_bytes, "WebAssembly stack, for example 1MB")
      ->transform(bytes)
      ->group(kLimits);
  app.add_option("--max-heap", o.max_heap_bytes, "Garbage-collected heap, for example 32MB")
      ->transform(bytes)
      ->group(kLimits);
  app.add_flag("--gc-stats", o.gc_stats, "Print the garbage collector's statistics at the end, to standard error");
  app.add_flag("--no-quicken", o.no_quicken, "Interpret instructions one by one, none fused (testing)");
  app.add_flag("--gc-zeal", o.gc_zeal, "Collect garbage at every allocation (testing)");
  o.features.add_to(app);
  app.prefix_command();
}

api::Config make_config(const RunOptions& o) {
  api::Config config;
  config.features = o.features.features();
  config.tier = o.tier == "interp" ? api::Tier::interp : o.tier == "jit" ? api::Tier::jit : api::Tier::auto_;
  config.fuel = o.fuel != 0;
  config.heap_zeal = o.gc_zeal;
  config.quicken = !o.no_quicken;
  if (o.max_memory_bytes) config.limits.max_memory_bytes = o.max_memory_bytes;
  if (o.max_stack_bytes) config.limits.max_stack_bytes = o.max_stack_bytes;
  if (o.max_heap_bytes) config.limits.max_heap_bytes = o.max_heap_bytes;
  return config;
}

// GUEST:HOST[:readonly], or one path for both.
wasi::Preopen parse_dir(const std::string& text) {
  wasi::Preopen preopen;
  std::string rest = text;
  constexpr std::string_view kReadOnly = ":readonly";
  if (rest.size() > kReadOnly.size() && rest.ends_with(kReadOnly)) {
    preopen.read_only = true;
    rest.resize(rest.size() - kReadOnly.size());
  }
  size_t colon = rest.find(':');
  preopen.guest_path = rest.substr(0, colon);
  preopen.host_path = colon == std::string::npos ? rest : rest.substr(colon + 1);
  return preopen;
}

std::expected<wasi::WasiConfig, std::string> make_wasi_config(const RunOptions& o,
                                                              std::vector<std::string> guest_arguments) {
  wasi::WasiConfig config;
  config.args = std::move(guest_arguments);
  if (o.env_inherit) config.inherit_env();
  for (const std::string& entry : o.env) {
    if (entry.find('=') == std::string::npos || entry.starts_with('='))
      return std::unexpected(fmt::format("--env {}: write NAME=VALUE", entry));
    config.env.push_back(entry);
  }
  for (const std::string& dir : o.dirs) config.preopens.push_back(parse_dir(dir));
  if (!o.stdin_file.empty()) {
    int fd = open(o.stdin_file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(fmt::format("--stdin {}: {}", o.stdin_file, std::strerror(errno)));
    config.stdin_stream = wasi::Stdio::from_fd(fd);
  }
  // One write per line, because threads of the guest trace at the same time.
  if (o.strace) config.trace = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
  config.max_threads = o.max_threads;
  if (o.fuel) config.fuel_per_thread = o.fuel;
  return config;
}

void print_gc_stats(const api::HeapStats& s) {
  fmt::print(
      stderr,
      "gc: {} collections, {} objects and {} bytes allocated, {} bytes live, {} bytes peak of {}, pauses {:.3f} ms in "
      "all, {:.3f} ms at most\n",
      s.collections, s.allocated_objects, s.allocated_bytes, s.live_bytes, s.peak_used_bytes, s.limit_bytes,
      static_cast<double>(s.total_pause_ns) / 1e6, static_cast<double>(s.max_pause_ns) / 1e6);
}

int fail_instantiation(const std::string& file, const api::Error& error) {
  return fail(fmt::format("{}: {}", file, error.to_string()));
}

// How a run ended: an exit code of our own, or the trap that ended it (which may be the guest's exit).
struct Ending {
  int exit_code = kExitOk;
  std::optional<api::Trap> trap;

  Ending(int code) : exit_code(code) {}                  // NOLINT
  Ending(api::Trap reason) : trap(std::move(reason)) {}  // NOLINT
};

int report(const Ending& ending) {
  if (!ending.trap) return ending.exit_code;
  if (auto status = ending.trap->exit_status()) return *status;
  fmt::print(stderr, "arris: {}\n", ending.trap->to_string());
  return kExitTrap;
}

// Calls an export with text arguments and prints the results, one per line.
Ending call_export(const api::Module& module, const api::Instance& instance, const std::string& name,
                   std::span<const std::string> arguments) {
  auto func = instance.func(name);
  if (!func) return fail(explain_missing_function(module, name));
  auto values = parse_arguments(name, func->type(), arguments);
  if (!values) return fail(values.error());
  auto results = func->call(*values);
  if (!results) return results.error();
  for (const api::Val& value : *results) fmt::print("{}\n", print_value(value));
  return kExitOk;
}

Ending call_start(const RunOptions& o, const api::Instance& instance) {
  auto start = instance.func("_start");
  if (!start) {
    return fail(
        fmt::format("{}: the module exports no _start function; name one: arris --invoke NAME {} ...", o.file, o.file));
  }
  auto results = start->call({});
  if (!results) return results.error();
  return kExitOk;
}

Ending run_instance(const RunOptions& o, const api::Module& module, const api::Instance& instance) {
  std::string function = o.invoke;
  std::span<const std::string> arguments = o.arguments;
  if (function.empty() && o.reactor) {
    if (arguments.empty()) return fail("A function name is required when reactor mode is enabled.");
    function = arguments.front();
    arguments = arguments.subspan(1);
  }
  if (function.empty()) return call_start(o, instance);
  if (auto initialize = instance.func("_initialize"); initialize && function != "_initialize") {
    auto initialized = initialize->call({});
    if (!initialized) return initialized.error();
  }
  return call_export(module, instance, function, arguments);
}

Ending instantiate_and_run(const RunOptions& o, const api::Linker& linker, const api::Module& module,
                           api::StoreRef store) {
  auto instance = linker.instantiate(store, module);
  if (instance) return run_instance(o, module, *instance);
  if (const api::Trap* trap = instance.error().trap()) return *trap;
  return fail_instantiation(o.file, *instance.error().error());
}

int run(RunOptions& o) {
  api::Engine engine(make_config(o));
  auto module = load_module(engine, o.file);
  if (!module) {
    fmt::print(stderr, "{}\n", module.error());
    return kExitSetup;
  }

  std::vector<std::string> guest_arguments{o.file};
  bool has_function = !o.invoke.empty() || o.reactor;
  if (!has_function) guest_arguments.insert(guest_arguments.end(), o.arguments.begin(), o.arguments.end());
  auto wasi_config = make_wasi_config(o, std::move(guest_arguments));
  if (!wasi_config) return fail(wasi_config.error());
  auto wasi = wasi::Wasi::create(*std::move(wasi_config));  // outlives the store
  if (!wasi) return fail(wasi.error());
  api::Linker linker(engine);
  wasi::Wasi::add_to_linker(linker, *module);

  auto store = api::Store::create(engine);
  if (!store) return fail(store.error().to_string());
  if (o.fuel) store->set_fuel(o.fuel);
  wasi->attach(*store);
  if (o.max_threads > 0) {
    auto enabled = wasi->enable_threads(linker, *module, *store);
    if (!enabled) return fail_instantiation(o.file, enabled.error());
  }

  std::optional<Deadline> deadline;
  if (o.timeout_ms) deadline.emplace(store->interrupt_handle(), std::chrono::milliseconds(o.timeout_ms));
  Ending ending = instantiate_and_run(o, linker, *module, *store);
  // The thread that ended the guest may be another than the first.
  if (auto reason = wasi->finish_threads(ending.trap)) ending.trap = std::move(reason);
  if (o.gc_stats) print_gc_stats(store->heap_stats());
  return report(ending);
}

}  // namespace

int run_command(int argc, char** argv) {
  CLI::App app{"Runs a WebAssembly program, or calls one of its functions: arris [run] [OPTIONS] FILE [ARGS...]"};
  RunOptions options;
  declare_options(app, options);
  CLI11_PARSE(app, argc, argv);
  options.arguments = app.remaining();
  if (options.arguments.empty()) return fail("no file given; see `arris --help`");
  options.file = options.arguments.front();
  if (options.file.starts_with("-") && options.file != "-")
    return fail(fmt::format("unknown option: {}; see `arris run --help`", options.file));
  options.arguments.erase(options.arguments.begin());
  return run(options);
}

}  // namespace arris::cli
