// run and instantiate: load a module, link WASI and --module's, call what is asked for, and turn how it ended into an exit code.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/core_dump_file.h"
#include "cli/deadline.h"
#include "cli/invoke.h"
#include "cli/log.h"
#include "cli/module_file.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/values.h"
#include "cli/wasi_options.h"
#include "wasi/wasi.h"

namespace arris::cli {
namespace {

constexpr std::string_view kTierNames[] = {"interp", "jit", "auto"};  // of api::Tier

api::Config make_config(const Options& o) {
  api::Config config;
  config.features = o.features;
  config.tier = o.tier;
  config.fuel = o.fuel.has_value();
  config.heap_zeal = o.gc_zeal;
  config.quicken = !o.no_quicken;
  // Compiled code keeps locals in registers, where a dump cannot find them.
  if (!o.coredump_file.empty()) config.tier = api::Tier::interp;
  config.count_instructions = o.count_instructions || o.measure_gas || o.gas_limit;
  config.measure_host_time = o.measure_time;
  config.profile = o.profile;
  config.debug_jit = o.debug_jit;
  if (o.gas_limit) config.instruction_budget = *o.gas_limit;
  if (o.max_memory_bytes) config.limits.max_memory_bytes = *o.max_memory_bytes;
  if (o.max_memory_pages) config.limits.max_memory_pages = *o.max_memory_pages;
  if (o.max_stack_bytes) config.limits.max_stack_bytes = *o.max_stack_bytes;
  if (o.max_heap_bytes) config.limits.max_heap_bytes = *o.max_heap_bytes;
  return config;
}

void print_gc_stats(const api::HeapStats& s) {
  print_error(
      "gc: {} collections, {} objects and {} bytes allocated, {} bytes live, {} bytes peak of {}, pauses {} ms in "
      "all, {} ms at most\n",
      s.collections, s.allocated_objects, s.allocated_bytes, s.live_bytes, s.peak_used_bytes, s.limit_bytes,
      print_milliseconds(std::chrono::nanoseconds(s.total_pause_ns)),
      print_milliseconds(std::chrono::nanoseconds(s.max_pause_ns)));
}

const std::string& file_of(const Options& o) { return o.words.front(); }

// How a run ended: an exit code of our own, or the trap that ended it (which may be the guest's exit).
struct Ending {
  int exit_code = kExitOk;
  std::optional<api::Trap> trap;

  Ending(int code) : exit_code(code) {}                  // NOLINT
  Ending(api::Trap reason) : trap(std::move(reason)) {}  // NOLINT
};

class Runner {
 public:
  Runner(const Options& options, bool instantiate_only)
      : o_(options),
        log_(options),
        instantiate_only_(instantiate_only),
        engine_(make_config(options)),
        linker_(engine_) {}

  int run();

 private:
  std::expected<void, int> check_profile() const;
  std::expected<void, int> check_page_size(const api::Module& module) const;
  Ending instantiate_and_call(const api::Module& module, api::StoreRef store);
  // Empty: all are there.
  std::optional<Ending> link_modules(api::StoreRef store);
  Ending start(const api::Module& module, const api::Instance& instance);
  Ending call_start(const api::Module& module, const api::Instance& instance);
  Ending call_export(const api::Module& module, const api::Instance& instance, const std::string& name,
                     std::span<const std::string> arguments);
  std::optional<api::Trap> initialize(const api::Instance& instance);
  std::expected<std::vector<api::Val>, api::Trap> call(const api::Func& func, const std::string& name,
                                                       std::span<const api::Val> arguments);
  bool names_function() const { return !o_.invoke.empty() || o_.reactor; }

  const Options& o_;
  Log log_;
  bool instantiate_only_;
  api::Engine engine_;
  api::Linker linker_;
  std::vector<api::Module> linked_;  // of --module, loaded
  std::string called_ = "_start";    // for messages
};

std::expected<std::vector<api::Val>, api::Trap> Runner::call(const api::Func& func, const std::string& name,
                                                             std::span<const api::Val> arguments) {
  called_ = name;
  log_.debug("calling {}", name);
  Stopwatch watch;
  auto results = func.call(arguments);
  log_.info("{} {} after {} ms", name,
            results                         ? "returned"
            : results.error().exit_status() ? "ended the program"
                                            : "trapped",
            watch.milliseconds());
  return results;
}

std::optional<api::Trap> Runner::initialize(const api::Instance& instance) {
  auto func = instance.func("_initialize");
  if (!func) return std::nullopt;
  auto results = call(*func, "_initialize", {});
  if (!results) return results.error();
  return std::nullopt;
}

// Calls an export with text arguments and prints the results, one per line.
Ending Runner::call_export(const api::Module& module, const api::Instance& instance, const std::string& name,
                           std::span<const std::string> arguments) {
  auto func = instance.func(name);
  if (!func) return fail(o_, explain_missing_function(module, name));
  auto values = parse_arguments(name, func->type(), arguments);
  if (!values) {
    // WasmEdge notices surplus arguments only when it calls, and ends as after a trap.
    bool is_surplus = arguments.size() > func->type().params.size();
    int code =
        fail(o_, (is_surplus && o_.form == Form::wasmedge ? "function signature mismatch: " : "") + values.error());
    return is_surplus && o_.form == Form::wasmedge ? kExitTrap : code;
  }
  auto results = call(*func, name, *values);
  if (!results) return results.error();
  for (const api::Val& value : *results) print("{}\n", print_value(value));
  flush_output();
  return kExitOk;
}

Ending Runner::call_start(const api::Module& module, const api::Instance& instance) {
  auto func = instance.func("_start");
  if (!func) {
    return fail(o_, fmt::format("{}: the module exports no _start function; name one: {} --invoke NAME {} ...",
                                file_of(o_), o_.program, file_of(o_)));
  }
  if (!func->type().params.empty()) return call_export(module, instance, "_start", {});
  auto results = call(*func, "_start", {});
  if (!results) return results.error();
  return kExitOk;
}

Ending Runner::start(const api::Module& module, const api::Instance& instance) {
  std::string function = o_.invoke;
  std::span<const std::string> arguments = std::span(o_.words).subspan(1);
  // WasmEdge takes any module without _start for a reactor.
  bool takes_word = o_.reactor || (o_.form == Form::wasmedge && !instance.func("_start"));
  if (function.empty() && takes_word) {
    if (arguments.empty()) return fail(o_, "A function name is required when reactor mode is enabled.");
    function = arguments.front();
    arguments = arguments.subspan(1);
  }
  if (function.empty()) return call_start(module, instance);
  if (function != "_initialize") {
    if (auto trap = initialize(instance)) return *std::move(trap);
  }
  return call_export(module, instance, function, arguments);
}

std::optional<Ending> Runner::link_modules(api::StoreRef store) {
  for (size_t i = 0; i < linked_.size(); ++i) {
    std::string name = o_.modules[i].substr(0, o_.modules[i].find(':'));
    std::string path = o_.modules[i].substr(name.size() + 1);
    Stopwatch watch;
    auto instance = linker_.instantiate(store, linked_[i]);
    if (!instance) {
      if (const api::Trap* trap = instance.error().trap()) return *trap;
      return fail_instantiation(o_, path, *instance.error().error());
    }
    if (auto trap = initialize(*instance)) return *std::move(trap);
    linker_.define_instance(name, *instance);
    log_.info("linked {} as {} in {} ms", path, name, watch.milliseconds());
  }
  return std::nullopt;
}

Ending Runner::instantiate_and_call(const api::Module& module, api::StoreRef store) {
  called_ = "_start";
  if (auto ended = link_modules(store)) return *std::move(ended);
  Stopwatch watch;
  auto instance = linker_.instantiate(store, module);
  if (!instance) {
    if (const api::Trap* trap = instance.error().trap()) return *trap;
    return fail_instantiation(o_, file_of(o_), *instance.error().error());
  }
  log_.info("instantiated {} in {} ms", file_of(o_), watch.milliseconds());
  return instantiate_only_ ? Ending(kExitOk) : start(module, *instance);
}

// A profile that nobody writes is found out afterwards, when the run is over.
std::expected<void, int> Runner::check_profile() const {
  if (o_.profile == api::Profile::none && !o_.debug_jit) return {};
  const char* option = o_.debug_jit ? "--debug-jit" : "--profile";
  const api::Config& config = engine_.config();
  if (config.tier == api::Tier::interp || config.count_instructions) {
    const char* why = o_.tier == api::Tier::interp ? "add --tier=jit or --tier=auto"
                      : config.count_instructions  ? "and only it counts instructions"
                                                   : "and only it writes core dumps";
    return std::unexpected(fail(o_, fmt::format("{}: the interpreter makes no machine code; {}", option, why)));
  }
  if (!engine_.profile_error().empty())
    return std::unexpected(fail(o_, fmt::format("--profile: {}", engine_.profile_error())));
  return {};
}

std::expected<void, int> Runner::check_page_size(const api::Module& module) const {
  constexpr uint64_t kUsual = 65536;
  if (!o_.memory_page_size || *o_.memory_page_size == kUsual) return {};
  for (const api::MemoryType& memory : module.memories()) {
    if (uint64_t{1} << memory.page_size_log2 == *o_.memory_page_size) return {};
  }
  return std::unexpected(
      fail(o_, fmt::format("--memory-page-size {}: no memory of {} has pages of that size; the usual is {}",
                           *o_.memory_page_size, file_of(o_), kUsual)));
}

int Runner::run() {
  log_.debug("{} {}; tier asked for: {}{}", o_.program, ARRIS_VERSION, kTierNames[static_cast<unsigned>(o_.tier)],
             engine_.config().count_instructions ? "; counting instructions, so interpreting" : "");
  if (auto fits = check_profile(); !fits) return fits.error();
  auto module = load_module(engine_, file_of(o_), log_);
  if (!module) return fail_loading(o_, module.error());
  if (auto fits = check_page_size(*module); !fits) return fits.error();

  std::vector<std::string> guest_arguments{guest_name(o_)};
  if (!names_function()) guest_arguments.insert(guest_arguments.end(), o_.words.begin() + 1, o_.words.end());
  auto wasi_config = make_wasi_config(o_, std::move(guest_arguments));
  if (!wasi_config) return fail(o_, wasi_config.error());
  auto wasi = wasi::Wasi::create(*std::move(wasi_config));  // outlives the store
  if (!wasi) return fail(o_, wasi.error());
  for (const std::string& named : o_.modules) {
    auto linked = load_module(engine_, named.substr(named.find(':') + 1), log_);
    if (!linked) return fail_loading(o_, linked.error());
    wasi::Wasi::add_to_linker(linker_, *linked);
    linked_.push_back(*std::move(linked));
  }
  wasi::Wasi::add_to_linker(linker_, *module);

  auto store = api::Store::create(engine_);
  if (!store) return fail(o_, store.error().to_string());
  if (o_.fuel) store->set_fuel(*o_.fuel);
  wasi->attach(*store);
  // Also where none may be spawned: a module that could use threads gets its shared memory all the same.
  auto enabled = wasi->enable_threads(linker_, *module, *store);
  if (!enabled) return fail_instantiation(o_, file_of(o_), enabled.error());

  CoreDumpFile core_dump(o_.coredump_file);
  core_dump.attach(*store, file_of(o_));
  std::optional<Deadline> deadline;
  if (o_.timeout) deadline.emplace(store->interrupt_handle(), *o_.timeout);
  Stopwatch watch;
  Ending ending = instantiate_and_call(*module, *store);
  // The thread that ended the guest may be another than the first.
  if (auto reason = wasi->finish_threads(ending.trap)) ending.trap = std::move(reason);
  Statistics statistics{watch.elapsed(), store->host_time(), store->instructions()};
  deadline.reset();
  api::StoreUsage threads = engine_.usage_of_ended_stores();
  statistics.host_time += threads.host_time;
  statistics.instructions += threads.instructions;
  int exit_code = ending.trap ? report_trap(o_, *ending.trap, called_) : ending.exit_code;
  if (!core_dump.outcome().empty()) print_error("{}: {}\n", o_.program, core_dump.outcome());
  if (o_.gc_stats) print_gc_stats(store->heap_stats());
  print_statistics(o_, statistics);
  return exit_code;
}

}  // namespace

int run_command(const Options& options) { return Runner(options, false).run(); }

int instantiate_command(const Options& options) { return Runner(options, true).run(); }

}  // namespace arris::cli
