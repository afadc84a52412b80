// For the room's tests: text to a running instance, and calls by export name.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/leb128.h"
#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "interp/interpreter.h"
#include "interp/prepare.h"
#include "runtime/instance.h"
#include "text/wat.h"

namespace arris::interp::test {

using runtime::Extern;
using runtime::FuncInstance;
using runtime::Instance;
using runtime::Outcome;
using runtime::Store;
using runtime::StoreOptions;
using Slots = std::vector<uint64_t>;

// How a call went: `results` if ok, else the trap.
struct Called {
  Outcome outcome;
  Slots results;
  TrapCode trap = TrapCode::none;
  std::vector<runtime::BacktraceFrame> backtrace;
};

class Machine : public testing::Test {
 protected:
  explicit Machine(StoreOptions options = {}) : store_(complete(options)) {}

  // A module from its bytes, or from text; every feature enabled.
  std::shared_ptr<Module> load(std::vector<uint8_t> bytes, CodeForm form = CodeForm::plain) {
    auto module = decoder::decode_module(std::move(bytes), {Features::all(), store_.options().registry});
    if (!module) {
      ADD_FAILURE() << module.error().to_string();
      return nullptr;
    }
    auto valid = validator::validate_module(**module);
    if (!valid) {
      ADD_FAILURE() << valid.error().to_string();
      return nullptr;
    }
    choose_form(**module, form);
    return *module;
  }
  std::shared_ptr<Module> load(std::string_view wat, CodeForm form = CodeForm::plain) {
    auto bytes = text::wat_to_wasm(wat, {Features::all()});
    if (!bytes) {
      ADD_FAILURE() << "line " << bytes.error().line << ": " << bytes.error().message;
      return nullptr;
    }
    return load(std::move(*bytes), form);
  }

  Instance* instantiate(std::shared_ptr<Module> module, std::initializer_list<Extern> imports = {}) {
    auto instance = runtime::instantiate(store_, std::move(module), std::span(imports.begin(), imports.size()));
    EXPECT_TRUE(instance.has_value());
    return instance.value_or(nullptr);
  }
  Instance* run(std::string_view wat, std::initializer_list<Extern> imports = {}) {
    return instantiate(load(wat), imports);
  }

  static Extern get(const Instance& instance, std::string_view name) {
    const Module& module = instance.module();
    for (uint32_t i = 0; i < module.exports.size(); ++i) {
      if (module.text(module.exports[i].name) == name) return instance.export_at(i);
    }
    ADD_FAILURE() << "no export " << name;
    return {};
  }

  Extern host(FuncType type, runtime::HostCallback callback, void* environment = nullptr) {
    const CanonicalType& canonical = store_.func_type(type);
    Extern result;
    result.kind = ExternKind::func;
    result.func = store_.new_host_func(canonical, callback, environment, nullptr);
    return result;
  }

  Called call(const FuncInstance& func, const Slots& arguments = {}) {
    Slots results(func.type->result_slots);
    Called called{store_.invoke(func, arguments, results), {}, {}, {}};
    if (called.outcome == Outcome::ok) called.results = results;
    if (called.outcome == Outcome::trap) {
      runtime::TrapState trap = store_.take_trap();
      called.trap = trap.code;
      called.backtrace = trap.backtrace;
    }
    return called;
  }
  Called call(Instance* instance, std::string_view name, const Slots& arguments = {}) {
    return call(*get(*instance, name).func, arguments);
  }

  // Expectations in one line each.
  void expect(Instance* instance, std::string_view name, const Slots& arguments, const Slots& results) {
    Called called = call(instance, name, arguments);
    EXPECT_EQ(called.outcome, Outcome::ok) << name << ": " << message_of(called.trap);
    EXPECT_EQ(called.results, results) << name;
  }
  void expect_trap(Instance* instance, std::string_view name, const Slots& arguments, TrapCode trap) {
    Called called = call(instance, name, arguments);
    EXPECT_EQ(called.outcome, Outcome::trap) << name;
    EXPECT_EQ(message_of(called.trap), message_of(trap)) << name;
  }

  Store store_;

 private:
  static StoreOptions complete(StoreOptions options) {
    options.execute = &execute;
    options.registry = std::make_shared<TypeRegistry>();
    return options;
  }
};

// A module with one function (exported as "f") of i32s whose body is given byte by byte, and with what a body may need: a
// memory of one page and one mutable i32 global.
inline std::vector<uint8_t> module_of_body(uint8_t params, uint8_t results, std::vector<uint8_t> locals_and_code) {
  std::vector<uint8_t> out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  auto section = [&out](uint8_t id, const std::vector<uint8_t>& body) {
    out.push_back(id);
    write_uleb(out, body.size());
    out.insert(out.end(), body.begin(), body.end());
  };
  std::vector<uint8_t> type = {1, 0x60, params};
  type.insert(type.end(), params, 0x7F);
  type.push_back(results);
  type.insert(type.end(), results, 0x7F);
  section(1, type);
  section(3, {1, 0});
  section(4, {1, 0x70, 0, 1});
  section(5, {1, 0, 1});
  section(6, {1, 0x7F, 1, 0x41, 7, 0x0B});
  section(7, {1, 1, 'f', 0, 0});
  section(9, {1, 0, 0x41, 0, 0x0B, 1, 0});
  std::vector<uint8_t> code = {1};
  write_uleb(code, locals_and_code.size());
  code.insert(code.end(), locals_and_code.begin(), locals_and_code.end());
  section(10, code);
  return out;
}

}  // namespace arris::interp::test
