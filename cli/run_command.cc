// arris run: loads a module, links WASI, runs `_start` or an invoked function, and turns how it ended into an exit code.
#include <fcntl.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/deadline.h"
#include "cli/invoke.h"
#include "cli/module_file.h"
#include "cli/print.h"
#include "cli/values.h"
#include "wasi/wasi.h"

namespace arris::cli {
namespace {

api::Config make_config(const Options& o) {
  api::Config config;
  config.features = o.features;
  config.tier = o.tier;
  config.fuel = o.fuel.has_value();
  config.heap_zeal = o.gc_zeal;
  config.quicken = !o.no_quicken;
  if (o.max_memory_bytes) config.limits.max_memory_bytes = *o.max_memory_bytes;
  if (o.max_stack_bytes) config.limits.max_stack_bytes = *o.max_stack_bytes;
  if (o.max_heap_bytes) config.limits.max_heap_bytes = *o.max_heap_bytes;
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

std::expected<wasi::WasiConfig, std::string> make_wasi_config(const Options& o,
                                                              std::vector<std::string> guest_arguments) {
  wasi::WasiConfig config;
  config.args = std::move(guest_arguments);
  if (o.env_inherit) config.inherit_env();
  config.env.insert(config.env.end(), o.env.begin(), o.env.end());
  for (const std::string& dir : o.dirs) config.preopens.push_back(parse_dir(dir));
  if (!o.stdin_file.empty()) {
    int fd = open(o.stdin_file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(fmt::format("--stdin {}: {}", o.stdin_file, std::strerror(errno)));
    config.stdin_stream = wasi::Stdio::from_fd(fd);
  }
  // One write per line, because threads of the guest trace at the same time.
  if (o.strace) config.trace = [](std::string_view line) { print_error("{}\n", line); };
  config.max_threads = o.max_threads;
  if (o.fuel) config.fuel_per_thread = *o.fuel;
  return config;
}

void print_gc_stats(const api::HeapStats& s) {
  print_error(
      "gc: {} collections, {} objects and {} bytes allocated, {} bytes live, {} bytes peak of {}, pauses {:.3f} ms in "
      "all, {:.3f} ms at most\n",
      s.collections, s.allocated_objects, s.allocated_bytes, s.live_bytes, s.peak_used_bytes, s.limit_bytes,
      static_cast<double>(s.total_pause_ns) / 1e6, static_cast<double>(s.max_pause_ns) / 1e6);
}

const std::string& file_of(const Options& o) { return o.words.front(); }
std::span<const std::string> arguments_of(const Options& o) { return std::span(o.words).subspan(1); }

int fail_instantiation(const Options& o, const api::Error& error) {
  return fail(o, fmt::format("{}: {}", file_of(o), error.to_string()));
}

// How a run ended: an exit code of our own, or the trap that ended it (which may be the guest's exit).
struct Ending {
  int exit_code = kExitOk;
  std::optional<api::Trap> trap;

  Ending(int code) : exit_code(code) {}                  // NOLINT
  Ending(api::Trap reason) : trap(std::move(reason)) {}  // NOLINT
};

int report(const Options& o, const Ending& ending) {
  if (!ending.trap) return ending.exit_code;
  if (auto status = ending.trap->exit_status()) return *status;
  print_error("{}: {}\n", o.program, ending.trap->to_string());
  return kExitTrap;
}

// Calls an export with text arguments and prints the results, one per line.
Ending call_export(const Options& o, const api::Module& module, const api::Instance& instance, const std::string& name,
                   std::span<const std::string> arguments) {
  auto func = instance.func(name);
  if (!func) return fail(o, explain_missing_function(module, name));
  auto values = parse_arguments(name, func->type(), arguments);
  if (!values) return fail(o, values.error());
  auto results = func->call(*values);
  if (!results) return results.error();
  for (const api::Val& value : *results) print("{}\n", print_value(value));
  return kExitOk;
}

Ending call_start(const Options& o, const api::Instance& instance) {
  auto start = instance.func("_start");
  if (!start) {
    return fail(o, fmt::format("{}: the module exports no _start function; name one: {} --invoke NAME {} ...",
                               file_of(o), o.program, file_of(o)));
  }
  auto results = start->call({});
  if (!results) return results.error();
  return kExitOk;
}

Ending run_instance(const Options& o, const api::Module& module, const api::Instance& instance) {
  std::string function = o.invoke;
  std::span<const std::string> arguments = arguments_of(o);
  if (function.empty() && o.reactor) {
    if (arguments.empty()) return fail(o, "A function name is required when reactor mode is enabled.");
    function = arguments.front();
    arguments = arguments.subspan(1);
  }
  if (function.empty()) return call_start(o, instance);
  if (auto initialize = instance.func("_initialize"); initialize && function != "_initialize") {
    auto initialized = initialize->call({});
    if (!initialized) return initialized.error();
  }
  return call_export(o, module, instance, function, arguments);
}

Ending instantiate_and_run(const Options& o, const api::Linker& linker, const api::Module& module,
                           api::StoreRef store) {
  auto instance = linker.instantiate(store, module);
  if (instance) return run_instance(o, module, *instance);
  if (const api::Trap* trap = instance.error().trap()) return *trap;
  return fail_instantiation(o, *instance.error().error());
}

int run(const Options& o) {
  api::Engine engine(make_config(o));
  auto module = load_module(engine, file_of(o));
  if (!module) {
    print_error("{}\n", module.error());
    return kExitSetup;
  }

  std::vector<std::string> guest_arguments{file_of(o)};
  bool has_function = !o.invoke.empty() || o.reactor;
  if (!has_function) guest_arguments.insert(guest_arguments.end(), arguments_of(o).begin(), arguments_of(o).end());
  auto wasi_config = make_wasi_config(o, std::move(guest_arguments));
  if (!wasi_config) return fail(o, wasi_config.error());
  auto wasi = wasi::Wasi::create(*std::move(wasi_config));  // outlives the store
  if (!wasi) return fail(o, wasi.error());
  api::Linker linker(engine);
  wasi::Wasi::add_to_linker(linker, *module);

  auto store = api::Store::create(engine);
  if (!store) return fail(o, store.error().to_string());
  if (o.fuel) store->set_fuel(*o.fuel);
  wasi->attach(*store);
  // Also where none may be spawned: a module that could use threads gets its shared memory all the same.
  auto enabled = wasi->enable_threads(linker, *module, *store);
  if (!enabled) return fail_instantiation(o, enabled.error());

  std::optional<Deadline> deadline;
  if (o.timeout) deadline.emplace(store->interrupt_handle(), *o.timeout);
  Ending ending = instantiate_and_run(o, linker, *module, *store);
  // The thread that ended the guest may be another than the first.
  if (auto reason = wasi->finish_threads(ending.trap)) ending.trap = std::move(reason);
  if (o.gc_stats) print_gc_stats(store->heap_stats());
  return report(o, ending);
}

}  // namespace

int run_command(const Options& options) { return run(options); }

}  // namespace arris::cli
