// WAST scripts: the test language around modules, parsed into a list of commands. For spectest/ and tests.
// Spec: interpreter/README.md of the specification's repository, "Scripts"; threads proposal for thread and wait.
//
// How to consume a Script:
//   - run `commands` in order; `line` is for messages;
//   - every module of a script, also the one inside an assert_*, is a ModuleSource; call `encode` on it to get bytes or the
//     error of its text. A module whose text is wrong never fails the script: its error waits in the ModuleSource;
//   - a `Value` is an argument or an expected result. As a result it is a pattern: see Value.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/text_error.h"
#include "text/wat.h"
#include "wasm/types.h"

namespace arris::text {

enum class ModuleForm : uint8_t { text, binary, quote };

struct ModuleSource {
  ModuleForm form = ModuleForm::text;
  uint32_t line = 0;
  std::string id;                  // "$m" without the dollar; empty = anonymous
  std::vector<uint8_t> bytes;      // text (already encoded) and binary
  std::string quote;               // quote: the WAT source, not yet parsed
  std::optional<TextError> error;  // text: why it did not encode
};

// The module's bytes: of a text or binary module as they are, of a quoted module by parsing it now.
std::expected<std::vector<uint8_t>, TextError> encode(const ModuleSource& module, const WatOptions& options = {});

enum class ValueKind : uint8_t {
  i32,         // lo (upper half zero)
  i64,         // lo
  f32,         // lo: the bits, or a pattern in nan[0]
  f64,         // lo: the bits, or a pattern in nan[0]
  v128,        // lo, hi; shape and nan[] for float lanes with patterns
  ref_null,    // null; `heap` if the script named it. As a result: any null (the type is not compared by the reference)
  ref_func,    // (ref.func): any non-null function; (ref.func n) has_number
  ref_extern,  // (ref.extern n): the host's external reference number n; (ref.extern): any non-null external reference
  ref_host,    // (ref.host n): the host's internal reference number n, an anyref made from an externref
  ref_any,     // the remaining kinds: any non-null reference of that heap type
  ref_eq,
  ref_i31,
  ref_struct,
  ref_array,
  ref_exn,
  either,  // one of `alternatives` must match
};

enum class NanPattern : uint8_t { none, canonical, arithmetic };
enum class V128Shape : uint8_t { i8x16, i16x8, i32x4, i64x2, f32x4, f64x2 };

struct Value {
  ValueKind kind = ValueKind::i32;
  uint64_t lo = 0;  // number bits, low half of a vector, or the n of ref.extern/ref.host/ref.func
  uint64_t hi = 0;
  V128Shape shape = V128Shape::i8x16;
  NanPattern nan[4] = {};            // per lane: f32, f64 use [0]; f32x4 all four; f64x2 [0] and [1]
  bool has_number = false;           // the reference kinds: whether n was given
  std::optional<AbstractHeap> heap;  // ref_null
  std::vector<Value> alternatives;   // either
};

enum class ActionKind : uint8_t { invoke, get };

struct Action {
  ActionKind kind = ActionKind::invoke;
  uint32_t line = 0;
  std::string module_id;  // without the dollar; empty = the current module
  std::string name;       // export name, any UTF-8
  std::vector<Value> args;
};

enum class CommandKind : uint8_t {
  module,             // define and instantiate `module`; it becomes current and, with an id, nameable
  module_definition,  // define only: (module definition $id? ...); id in module.id, "" = latest definition
  module_instance,    // (module instance $instance_id? $definition_id?): instantiate a definition
  register_,          // export instance `target_id` ("" = current) under `name`
  action,             // bare (invoke ...) or (get ...)
  assert_return,      // action, results
  assert_trap,        // action, message; or module (instantiation traps): has_module
  assert_exhaustion,  // action, message
  assert_exception,   // action
  assert_malformed,   // module, message
  assert_malformed_custom,
  assert_invalid,
  assert_invalid_custom,
  assert_unlinkable,      // module, message: instantiation fails to link
  assert_uninstantiable,  // module, message: instantiation traps
  thread,  // (thread $target_id (shared (module $s))* commands): `body` runs on a new thread with the modules in `shared_ids`
  wait,  // (wait $target_id): joins the thread
};

std::string_view to_string(CommandKind kind);

struct Command {
  CommandKind kind = CommandKind::module;
  uint32_t line = 0;
  uint32_t column = 0;
  bool has_module = false;  // `module` holds something (else `action` does, where the kind has one)
  ModuleSource module;
  Action action;
  std::vector<Value> results;           // assert_return; several = multi-value
  std::string message;                  // assert_*: expected prefix of the error or trap message
  std::string name;                     // register_
  std::string target_id;                // register_, thread, wait
  std::string instance_id;              // module_instance
  std::string definition_id;            // module_instance
  std::vector<std::string> shared_ids;  // thread
  std::vector<Command> body;            // thread
};

struct Script {
  std::vector<Command> commands;
};

// Fails only if the script's own syntax is wrong. A top-level sequence of module fields is one inline module.
std::expected<Script, TextError> parse_script(std::string_view source, const WatOptions& options = {});

}  // namespace arris::text
