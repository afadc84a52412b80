#include "text/script.h"

#include <gtest/gtest.h>

namespace arris::text {
namespace {

Script parse(std::string_view source) {
  auto script = parse_script(source);
  EXPECT_TRUE(script) << script.error().format("script");
  return script ? std::move(script).value() : Script{};
}

TEST(Scripts, ModulesInAllForms) {
  Script s = parse(
      "(module $a (func))\n(module $b binary \"\\00asm\" \"\\01\\00\\00\\00\")\n(module quote \"(fu\" \"nc)\")\n"
      "(module definition $d (func))\n(module instance $i $d)\n(register \"name\" $i)");
  ASSERT_EQ(s.commands.size(), 6u);
  EXPECT_EQ(s.commands[0].module.id, "a");
  EXPECT_GT(s.commands[0].module.bytes.size(), 8u);
  EXPECT_EQ(s.commands[1].module.form, ModuleForm::binary);
  EXPECT_EQ(s.commands[1].module.bytes.size(), 8u);
  EXPECT_EQ(s.commands[1].line, 2u);
  EXPECT_EQ(s.commands[2].module.quote, "(func)");
  EXPECT_TRUE(encode(s.commands[2].module));
  EXPECT_EQ(s.commands[3].kind, CommandKind::module_definition);
  EXPECT_EQ(s.commands[3].module.id, "d");
  EXPECT_EQ(s.commands[4].kind, CommandKind::module_instance);
  EXPECT_EQ(s.commands[4].instance_id, "i");
  EXPECT_EQ(s.commands[4].definition_id, "d");
  EXPECT_EQ(s.commands[5].name, "name");
  EXPECT_EQ(s.commands[5].target_id, "i");
}

TEST(Scripts, BadModuleTextIsTheModulesErrorNotTheScripts) {
  Script s = parse("(module (func (local.get $x)))\n(assert_malformed (module quote \"((\") \"unexpected token\")");
  ASSERT_EQ(s.commands.size(), 2u);
  ASSERT_TRUE(s.commands[0].module.error);
  EXPECT_EQ(s.commands[0].module.error->message, "unknown local $x");
  EXPECT_EQ(s.commands[0].module.error->column, 26u);
  EXPECT_FALSE(encode(s.commands[1].module));
}

TEST(Scripts, InlineModulesTakeAllTheirFields) {
  Script s = parse("(func) (memory 0)\n(assert_return (invoke \"f\"))(func)");
  ASSERT_EQ(s.commands.size(), 3u);
  EXPECT_EQ(s.commands[0].kind, CommandKind::module);
  EXPECT_EQ(s.commands[2].kind, CommandKind::module);
}

TEST(Scripts, ValuesAndPatterns) {
  Script s = parse(
      "(assert_return (invoke $m \"f\" (i32.const -1) (f64.const 1) (ref.extern 7) (ref.null func))"
      "  (f32.const nan:canonical) (v128.const f32x4 1 nan:arithmetic -0 nan:canonical) (v128.const i16x8 1 2 3 4 5 6 "
      "7 -1)"
      "  (ref.null) (ref.func) (ref.extern) (ref.i31) (either (i64.const 1) (i64.const 2)) (ref.host 3))");
  ASSERT_EQ(s.commands.size(), 1u);
  const Action& action = s.commands[0].action;
  EXPECT_EQ(action.module_id, "m");
  EXPECT_EQ(action.name, "f");
  ASSERT_EQ(action.args.size(), 4u);
  EXPECT_EQ(action.args[0].lo, 0xFFFFFFFFu);
  EXPECT_EQ(action.args[1].lo, 0x3FF0000000000000u);
  EXPECT_EQ(action.args[2].kind, ValueKind::ref_extern);
  EXPECT_EQ(action.args[2].lo, 7u);
  EXPECT_TRUE(action.args[3].heap == AbstractHeap::func);
  const auto& r = s.commands[0].results;
  ASSERT_EQ(r.size(), 9u);
  EXPECT_EQ(r[0].nan[0], NanPattern::canonical);
  EXPECT_EQ(r[1].lo, 0x3F800000u);
  EXPECT_EQ(r[1].hi, 0x80000000u);
  EXPECT_EQ(r[1].nan[1], NanPattern::arithmetic);
  EXPECT_EQ(r[1].nan[3], NanPattern::canonical);
  EXPECT_EQ(r[2].lo, 0x0004000300020001u);
  EXPECT_EQ(r[2].hi, 0xFFFF000700060005u);
  EXPECT_FALSE(r[3].heap);
  EXPECT_FALSE(r[5].has_number);
  EXPECT_EQ(r[6].kind, ValueKind::ref_i31);
  ASSERT_EQ(r[7].alternatives.size(), 2u);
  EXPECT_EQ(r[7].alternatives[1].lo, 2u);
  EXPECT_EQ(r[8].kind, ValueKind::ref_host);
}

TEST(Scripts, TrapsOfActionsAndOfModules) {
  Script s = parse("(assert_trap (invoke \"f\") \"unreachable\") (assert_trap (module (start 0)) \"x\") (get \"g\")");
  ASSERT_EQ(s.commands.size(), 3u);
  EXPECT_FALSE(s.commands[0].has_module);
  EXPECT_TRUE(s.commands[1].has_module);
  EXPECT_EQ(s.commands[1].message, "x");
  EXPECT_EQ(s.commands[2].action.kind, ActionKind::get);
}

TEST(Scripts, Threads) {
  Script s = parse("(thread $T (shared (module $M)) (register \"mem\" $M) (invoke \"f\")) (wait $T)");
  ASSERT_EQ(s.commands.size(), 2u);
  EXPECT_EQ(s.commands[0].target_id, "T");
  EXPECT_EQ(s.commands[0].shared_ids, std::vector<std::string>{"M"});
  EXPECT_EQ(s.commands[0].body.size(), 2u);
  EXPECT_EQ(s.commands[1].kind, CommandKind::wait);
}

TEST(Scripts, BadScriptsAreErrors) {
  for (const char* source : {"(assert_nothing)", "(assert_return)", "(invoke)", "(invoke \"f\" (i32.const x))",
                             "(module", "x", "(register)", "(assert_invalid (invoke \"f\") \"m\")",
                             "(thread $t (thread $u))", "(assert_return (invoke \"f\") (either (either)))"})
    EXPECT_FALSE(parse_script(source)) << source;
}

}  // namespace
}  // namespace arris::text
