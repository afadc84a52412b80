// Each command yields an Outcome: empty if it held, else why not. Modules are looked up by id; the linker holds what was
// registered.
#include "spectest/script_runner.h"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "spectest/host_module.h"
#include "spectest/matching.h"
#include "text/wat.h"

namespace arris::spectest {
namespace {

using text::Command;
using text::CommandKind;

using Check = std::expected<void, std::string>;

std::unexpected<std::string> fail(std::string why) { return std::unexpected(std::move(why)); }

using CallResult = std::expected<std::vector<api::Val>, api::Trap>;

class Runner {
 public:
  explicit Runner(const RunOptions& options)
      : options_(options), engine_(options.config), store_(engine_), linker_(engine_) {}

  ScriptResult run(std::string_view source) {
    ScriptResult result;
    auto script = text::parse_script(source, {.features = options_.config.features});
    if (!script) {
      record(result, script.error().line, "the script does not parse: " + script.error().message);
      return result;
    }
    if (auto host = define_host_module(linker_, store_, options_.config.features.has(api::Feature::threads)); !host) {
      record(result, 0, "the host module cannot be made: " + host.error());
      return result;
    }
    for (const Command& command : script->commands) {
      ++result.executed[static_cast<size_t>(command.kind)];
      Check held = run_command(command);
      if (!held) {
        record(result, command.line, fmt::format("{}: {}", text::to_string(command.kind), held.error()));
      } else if (is_assertion(command.kind)) {
        ++result.passed;
      }
    }
    return result;
  }

 private:
  static void record(ScriptResult& result, uint32_t line, std::string why) {
    ++result.failed;
    result.failures.push_back({line, std::move(why)});
  }

  Check run_command(const Command& c) {
    switch (c.kind) {
      case CommandKind::module: return define_and_instantiate(c);
      case CommandKind::module_definition: return define(c);
      case CommandKind::module_instance: return instantiate_definition(c);
      case CommandKind::register_: return register_instance(c);
      case CommandKind::action: return bare_action(c);
      case CommandKind::assert_return: return assert_return(c);
      case CommandKind::assert_trap: return assert_trap(c);
      case CommandKind::assert_exhaustion: return assert_exhaustion(c);
      case CommandKind::assert_exception: return assert_exception(c);
      case CommandKind::assert_malformed: return assert_refused(c, api::ErrorPhase::malformed);
      case CommandKind::assert_invalid: return assert_refused(c, api::ErrorPhase::invalid);
      case CommandKind::assert_malformed_custom: return assert_refused_custom(c);
      case CommandKind::assert_invalid_custom: return assert_refused_custom(c);
      case CommandKind::assert_unlinkable: return assert_unlinkable(c);
      case CommandKind::assert_uninstantiable: return assert_instantiation_traps(c);
      case CommandKind::thread:
      case CommandKind::wait: return fail("this runner does not know the command");
    }
    return fail("unknown command");
  }

  // --- modules ---

  // Why a module was refused; `from_text` tells a text error, which is a malformed module.
  struct Refusal {
    api::ErrorPhase phase;
    std::string message;
  };

  std::expected<api::Module, Refusal> compile(const text::ModuleSource& source) {
    auto bytes = text::encode(source, {.features = options_.config.features});
    if (!bytes) return std::unexpected(Refusal{api::ErrorPhase::malformed, bytes.error().message});
    auto module = api::Module::compile(engine_, *bytes);
    if (!module) return std::unexpected(Refusal{api::phase_of(module.error().code), module.error().to_string()});
    return *std::move(module);
  }

  std::expected<api::Module, std::string> compile_good(const text::ModuleSource& source) {
    auto module = compile(source);
    if (module) return *std::move(module);
    return fail(fmt::format("{} module: {}", api::to_string(module.error().phase), module.error().message));
  }

  Check instantiate(const api::Module& module, const std::string& id) {
    auto instance = linker_.instantiate(store_, module);
    if (!instance) return fail("instantiation failed: " + instance.error().to_string());
    current_ = *instance;
    if (!id.empty()) instances_.insert_or_assign(id, *instance);
    return {};
  }

  Check define_and_instantiate(const Command& c) {
    current_.reset();
    auto module = compile_good(c.module);
    if (!module) return fail(module.error());
    return instantiate(*module, c.module.id);
  }

  Check define(const Command& c) {
    auto module = compile_good(c.module);
    if (!module) return fail(module.error());
    definitions_.insert_or_assign(c.module.id, *module);
    definitions_.insert_or_assign("", *module);
    return {};
  }

  Check instantiate_definition(const Command& c) {
    auto definition = definitions_.find(c.definition_id);
    if (definition == definitions_.end()) return fail("no module definition $" + c.definition_id);
    return instantiate(definition->second, c.instance_id);
  }

  std::expected<api::Instance, std::string> find_instance(const std::string& id) const {
    if (id.empty()) {
      if (!current_) return fail("there is no current module");
      return *current_;
    }
    auto found = instances_.find(id);
    if (found == instances_.end()) return fail("no module instance $" + id);
    return found->second;
  }

  Check register_instance(const Command& c) {
    auto instance = find_instance(c.target_id);
    if (!instance) return fail(instance.error());
    linker_.define_instance(c.name, *instance);
    return {};
  }

  // --- actions ---

  // The outer error: the action could not be attempted at all.
  std::expected<CallResult, std::string> perform(const text::Action& action) {
    auto instance = find_instance(action.module_id);
    if (!instance) return fail(instance.error());
    if (action.kind == text::ActionKind::get) {
      auto global = instance->global(action.name);
      if (!global) return fail("no exported global \"" + action.name + "\"");
      return CallResult(std::vector<api::Val>{global->get()});
    }
    auto func = instance->func(action.name);
    if (!func) return fail("no exported function \"" + action.name + "\"");
    std::vector<api::Val> args;
    for (const text::Value& value : action.args) {
      auto arg = to_val(store_, value);
      if (!arg) return fail(arg.error());
      args.push_back(*std::move(arg));
    }
    return func->call(args);
  }

  static std::string describe_all(const std::vector<api::Val>& values) {
    std::string out;
    for (const api::Val& value : values) out += (out.empty() ? "" : " ") + describe(value);
    return out.empty() ? "nothing" : out;
  }

  static std::string describe_trap(const api::Trap& trap) { return "trap: " + std::string(trap.message()); }

  Check bare_action(const Command& c) {
    auto called = perform(c.action);
    if (!called) return fail(called.error());
    if (!*called) return fail(describe_trap(called->error()));
    return {};
  }

  Check assert_return(const Command& c) {
    auto called = perform(c.action);
    if (!called) return fail(called.error());
    if (!*called) return fail(describe_trap(called->error()));
    const std::vector<api::Val>& actual = **called;
    bool equal = actual.size() == c.results.size();
    for (size_t i = 0; equal && i < actual.size(); ++i) equal = matches(actual[i], c.results[i]);
    if (equal) return {};
    std::string expected;
    for (const text::Value& value : c.results) expected += (expected.empty() ? "" : " ") + describe(value);
    return fail(fmt::format("{}: expected {}, got {}", c.action.name, expected.empty() ? "nothing" : expected,
                            describe_all(actual)));
  }

  // An action that must end in a trap; exceptions and results do not count.
  Check expect_trap(const CallResult& called, std::string_view message) {
    if (called) return fail(fmt::format("expected a trap \"{}\", got {}", message, describe_all(*called)));
    const api::Trap& trap = called.error();
    if (trap.is_exception()) return fail(fmt::format("expected a trap \"{}\", got an exception", message));
    if (!message_matches(trap.message(), message))
      return fail(fmt::format("expected a trap \"{}\", got \"{}\"", message, trap.message()));
    return {};
  }

  Check assert_trap(const Command& c) {
    if (c.has_module) return assert_instantiation_traps(c);
    auto called = perform(c.action);
    if (!called) return fail(called.error());
    return expect_trap(*called, c.message);
  }

  Check assert_exhaustion(const Command& c) {
    auto called = perform(c.action);
    if (!called) return fail(called.error());
    return expect_trap(*called, c.message);
  }

  Check assert_exception(const Command& c) {
    auto called = perform(c.action);
    if (!called) return fail(called.error());
    if (*called) return fail("expected an exception, got " + describe_all(**called));
    if (!called->error().is_exception()) return fail("expected an exception, got " + describe_trap(called->error()));
    return {};
  }

  Check assert_instantiation_traps(const Command& c) {
    auto module = compile_good(c.module);
    if (!module) return fail(module.error());
    auto instance = linker_.instantiate(store_, *module);
    if (instance) return fail("the module was instantiated");
    const api::Trap* trap = instance.error().trap();
    if (!trap) return fail(fmt::format("expected a trap \"{}\", got: {}", c.message, instance.error().to_string()));
    return expect_trap(std::unexpected(*trap), c.message);
  }

  // --- refusals ---

  Check check_message(std::string_view actual, std::string_view expected) const {
    if (!options_.strict_messages || message_matches(actual, expected)) return {};
    return fail(fmt::format("refused for another reason: expected \"{}\", got \"{}\"", expected, actual));
  }

  Check assert_refused(const Command& c, api::ErrorPhase phase) {
    auto module = compile(c.module);
    if (module) return fail(fmt::format("the module was accepted; expected \"{}\"", c.message));
    if (module.error().phase != phase)
      return fail(fmt::format("expected {} \"{}\", but it is {}: {}", api::to_string(phase), c.message,
                              api::to_string(module.error().phase), module.error().message));
    return check_message(module.error().message, c.message);
  }

  // Custom sections and annotations that a tool must refuse although the module itself is fine.
  Check assert_refused_custom(const Command& c) {
    auto module = compile(c.module);
    if (module) return fail(fmt::format("the module was accepted; expected \"{}\"", c.message));
    return check_message(module.error().message, c.message);
  }

  Check assert_unlinkable(const Command& c) {
    auto module = compile_good(c.module);
    if (!module) return fail(module.error());
    auto instance = linker_.instantiate(store_, *module);
    if (instance) return fail(fmt::format("the module was linked; expected \"{}\"", c.message));
    const api::Error* error = instance.error().error();
    if (!error || api::phase_of(error->code) != api::ErrorPhase::unlinkable)
      return fail(fmt::format("expected unlinkable \"{}\", got: {}", c.message, instance.error().to_string()));
    return check_message(error->to_string(), c.message);
  }

  RunOptions options_;
  api::Engine engine_;
  api::Store store_;
  api::Linker linker_;
  std::optional<api::Instance> current_;
  std::map<std::string, api::Instance> instances_;
  std::map<std::string, api::Module> definitions_;
};

}  // namespace

bool is_assertion(text::CommandKind kind) {
  switch (kind) {
    case CommandKind::assert_return:
    case CommandKind::assert_trap:
    case CommandKind::assert_exhaustion:
    case CommandKind::assert_exception:
    case CommandKind::assert_malformed:
    case CommandKind::assert_malformed_custom:
    case CommandKind::assert_invalid:
    case CommandKind::assert_invalid_custom:
    case CommandKind::assert_unlinkable:
    case CommandKind::assert_uninstantiable: return true;
    default: return false;
  }
}

ScriptResult run_script(std::string_view source, const RunOptions& options) { return Runner(options).run(source); }

}  // namespace arris::spectest
