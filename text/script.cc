#include "text/script.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "text/code_parser.h"
#include "text/lexer.h"
#include "text/module_parser.h"
#include "text/number.h"

namespace arris::text {

namespace {

struct AssertionForm {
  std::string_view word;
  CommandKind kind;
  bool takes_module;  // else an action; assert_trap takes either
  bool takes_message;
};
constexpr AssertionForm kAssertions[] = {
    {"assert_return", CommandKind::assert_return, false, false},
    {"assert_trap", CommandKind::assert_trap, false, true},
    {"assert_exhaustion", CommandKind::assert_exhaustion, false, true},
    {"assert_exception", CommandKind::assert_exception, false, false},
    {"assert_malformed", CommandKind::assert_malformed, true, true},
    {"assert_malformed_custom", CommandKind::assert_malformed_custom, true, true},
    {"assert_invalid", CommandKind::assert_invalid, true, true},
    {"assert_invalid_custom", CommandKind::assert_invalid_custom, true, true},
    {"assert_unlinkable", CommandKind::assert_unlinkable, true, true},
    {"assert_uninstantiable", CommandKind::assert_uninstantiable, true, true},
};

struct RefForm {
  std::string_view word;
  ValueKind kind;
  bool takes_number;
};
constexpr RefForm kRefForms[] = {
    {"ref.func", ValueKind::ref_func, true},      {"ref.extern", ValueKind::ref_extern, true},
    {"ref.host", ValueKind::ref_host, true},      {"ref.any", ValueKind::ref_any, false},
    {"ref.eq", ValueKind::ref_eq, false},         {"ref.i31", ValueKind::ref_i31, false},
    {"ref.struct", ValueKind::ref_struct, false}, {"ref.array", ValueKind::ref_array, false},
    {"ref.exn", ValueKind::ref_exn, false},
};

struct HeapWord {
  std::string_view word;
  AbstractHeap heap;
};
constexpr HeapWord kHeapWords[] = {
#define HEAPTYPE(name, code, text, ref_text) {text, AbstractHeap::name},
#include "wasm/types.def"
};

struct ShapeForm {
  std::string_view word;
  unsigned lanes;
  V128Shape shape;
  bool is_float;
};
constexpr ShapeForm kShapeForms[] = {
    {"i8x16", 16, V128Shape::i8x16, false}, {"i16x8", 8, V128Shape::i16x8, false},
    {"i32x4", 4, V128Shape::i32x4, false},  {"i64x2", 2, V128Shape::i64x2, false},
    {"f32x4", 4, V128Shape::f32x4, true},   {"f64x2", 2, V128Shape::f64x2, true},
};

class ScriptParser : public TokenCursor {
 public:
  ScriptParser(const TokenList& list, const WatOptions& options)
      : TokenCursor(list, 0, static_cast<uint32_t>(list.tokens.size() - 1)), options_(options) {}

  std::expected<Script, TextError> run() {
    Script script;
    while (!at_end()) script.commands.push_back(parse_command(false));
    if (failed()) return std::unexpected(error());
    return script;
  }

 private:
  // Lines are asked for in ascending order: counting goes on from the last one.
  Position position_of(uint32_t offset) {
    std::string_view source = list().source;
    for (; counted_ < offset; ++counted_) {
      bool lone_return = source[counted_] == '\r' && !source.substr(counted_ + 1).starts_with('\n');
      if (source[counted_] == '\n' || lone_return) {
        ++line_;
        line_start_ = counted_ + 1;
      }
    }
    return {line_, offset - line_start_ + 1};
  }

  std::string take_id_string() { return std::string(take_id().value_or(std::string_view())); }

  Command parse_command(bool in_thread) {
    Command command;
    Position at = position_of(peek().offset);
    command.line = at.line;
    command.column = at.column;
    if (kind() != TokenKind::lparen) {
      unexpected();
    } else if (kind(1) == TokenKind::keyword && is_module_field(text(1))) {
      parse_inline_module(command);
    } else if (at_keyword("module", 1)) {
      parse_module_command(command);
    } else if (at_keyword("invoke", 1) || at_keyword("get", 1)) {
      command.kind = CommandKind::action;
      command.action = parse_action();
    } else if (take_form("register")) {
      command.kind = CommandKind::register_;
      command.name = expect_name();
      command.target_id = take_id_string();
      expect_rparen();
    } else if (take_form("wait")) {
      command.kind = CommandKind::wait;
      command.target_id = take_id_string();
      expect_rparen();
    } else if (!in_thread && take_form("thread")) {
      parse_thread(command);
    } else {
      parse_assertion(command);
    }
    return command;
  }

  // --- Modules ---

  void encode_text(ModuleSource& module, uint32_t begin, uint32_t end) {
    auto bytes = parse_module_fields(list(), begin, end, options_);
    if (bytes) {
      module.bytes = std::move(bytes).value();
    } else {
      module.error = std::move(bytes).error();
    }
  }

  void parse_inline_module(Command& command) {
    command.has_module = true;
    command.module.line = command.line;
    uint32_t begin = position();
    while (kind() == TokenKind::lparen && kind(1) == TokenKind::keyword && is_module_field(text(1))) skip_form();
    if (!failed()) encode_text(command.module, begin, position());
  }

  void parse_module_command(Command& command) {
    if (at_keyword("instance", 2)) {
      seek(position() + 3);
      command.kind = CommandKind::module_instance;
      command.instance_id = take_id_string();
      command.definition_id = take_id_string();
      return expect_rparen();
    }
    command.kind = at_keyword("definition", 2) ? CommandKind::module_definition : CommandKind::module;
    command.has_module = true;
    command.module = parse_module();
  }

  // At "(module".
  ModuleSource parse_module() {
    ModuleSource module;
    module.line = position_of(peek().offset).line;
    uint32_t close = matching_paren(list(), position());
    if (close >= end()) {
      fail("unexpected token: unclosed parenthesis");
      return module;
    }
    expect_form("module");
    take_keyword("definition");
    uint32_t begin = position();
    module.id = take_id_string();
    if (take_keyword("binary")) {
      module.form = ModuleForm::binary;
      while (kind() == TokenKind::string) write_bytes(module.bytes, expect_string());
    } else if (take_keyword("quote")) {
      module.form = ModuleForm::quote;
      while (kind() == TokenKind::string) module.quote += expect_string();
    } else {
      encode_text(module, begin, close);
      seek(close);
    }
    expect_rparen();
    return module;
  }

  // --- Actions, assertions, threads ---

  Action parse_action() {
    Action action;
    action.line = position_of(peek().offset).line;
    expect_lparen();
    if (take_keyword("get")) {
      action.kind = ActionKind::get;
    } else {
      expect_keyword("invoke");
    }
    action.module_id = take_id_string();
    action.name = expect_name();
    if (action.kind == ActionKind::invoke)
      while (kind() == TokenKind::lparen) action.args.push_back(parse_value());
    expect_rparen();
    return action;
  }

  void parse_assertion(Command& command) {
    const AssertionForm* form = nullptr;
    for (const AssertionForm& f : kAssertions)
      if (at_form(f.word)) form = &f;
    advance();
    if (!form) return unexpected();
    advance();
    command.kind = form->kind;
    command.has_module = form->takes_module || (form->kind == CommandKind::assert_trap && at_form("module"));
    if (command.has_module) {
      if (!at_form("module")) return unexpected();
      command.module = parse_module();
    } else {
      command.action = parse_action();
    }
    if (form->kind == CommandKind::assert_return)
      while (kind() == TokenKind::lparen) command.results.push_back(parse_value());
    if (form->takes_message) command.message = expect_string();
    expect_rparen();
  }

  void parse_thread(Command& command) {
    command.kind = CommandKind::thread;
    command.target_id = take_id_string();
    while (take_form("shared")) {
      expect_form("module");
      command.shared_ids.push_back(take_id_string());
      expect_rparen();
      expect_rparen();
    }
    while (kind() == TokenKind::lparen) command.body.push_back(parse_command(true));
    expect_rparen();
  }

  // --- Values ---

  Value parse_value(bool in_either = false) {
    Value value;
    expect_lparen();
    if (take_keyword("i32.const")) {
      value.lo = parse_integer_token(*this, 32);
    } else if (take_keyword("i64.const")) {
      value.kind = ValueKind::i64;
      value.lo = parse_integer_token(*this, 64);
    } else if (take_keyword("f32.const")) {
      value.kind = ValueKind::f32;
      value.lo = parse_float_or_pattern(32, value.nan[0]);
    } else if (take_keyword("f64.const")) {
      value.kind = ValueKind::f64;
      value.lo = parse_float_or_pattern(64, value.nan[0]);
    } else if (take_keyword("v128.const")) {
      value.kind = ValueKind::v128;
      parse_vector(value);
    } else if (!in_either && take_keyword("either")) {
      value.kind = ValueKind::either;
      while (kind() == TokenKind::lparen) value.alternatives.push_back(parse_value(true));
    } else {
      parse_reference(value);
    }
    expect_rparen();
    return value;
  }

  uint64_t parse_float_or_pattern(unsigned bits, NanPattern& pattern) {
    if (take_keyword("nan:canonical")) {
      pattern = NanPattern::canonical;
    } else if (take_keyword("nan:arithmetic")) {
      pattern = NanPattern::arithmetic;
    } else {
      return parse_float_token(*this, bits);
    }
    return 0;
  }

  void parse_vector(Value& value) {
    const ShapeForm* form = nullptr;
    for (const ShapeForm& f : kShapeForms)
      if (take_keyword(f.word)) form = &f;
    if (!form) return unexpected();
    value.shape = form->shape;
    unsigned bits = 128 / form->lanes;
    for (unsigned i = 0; i < form->lanes; ++i) {
      uint64_t lane = form->is_float ? parse_float_or_pattern(bits, value.nan[i]) : parse_integer_token(*this, bits);
      unsigned at = i * bits;
      (at < 64 ? value.lo : value.hi) |= lane << (at % 64);
    }
  }

  void parse_reference(Value& value) {
    if (take_keyword("ref.null")) {
      value.kind = ValueKind::ref_null;
      for (const HeapWord& h : kHeapWords)
        if (take_keyword(h.word)) value.heap = h.heap;
      if (at_index()) advance();  // a type of some module: any null of it is as good as another
      return;
    }
    for (const RefForm& form : kRefForms) {
      if (!take_keyword(form.word)) continue;
      value.kind = form.kind;
      value.has_number = form.takes_number && kind() == TokenKind::integer;
      if (value.has_number) value.lo = expect_u32();
      return;
    }
    unexpected();
  }

  WatOptions options_;
  uint32_t counted_ = 0;
  uint32_t line_ = 1;
  uint32_t line_start_ = 0;
};

}  // namespace

std::string_view to_string(CommandKind kind) {
  for (const AssertionForm& form : kAssertions)
    if (form.kind == kind) return form.word;
  switch (kind) {
    case CommandKind::module: return "module";
    case CommandKind::module_definition: return "module definition";
    case CommandKind::module_instance: return "module instance";
    case CommandKind::register_: return "register";
    case CommandKind::action: return "action";
    case CommandKind::thread: return "thread";
    case CommandKind::wait: return "wait";
    default: return "";
  }
}

std::expected<std::vector<uint8_t>, TextError> encode(const ModuleSource& module, const WatOptions& options) {
  if (module.error) return std::unexpected(*module.error);
  if (module.form == ModuleForm::quote) return wat_to_wasm(module.quote, options);
  return module.bytes;
}

std::expected<Script, TextError> parse_script(std::string_view source, const WatOptions& options) {
  auto list = tokenize(source);
  if (!list) return std::unexpected(std::move(list).error());
  return ScriptParser(*list, options).run();
}

}  // namespace arris::text
