// The runner must fail when an expectation is changed: each case is a script that holds and a mutation that must not.
#include <string>

#include <gtest/gtest.h>

#include "spectest/script_runner.h"

namespace arris::spectest {
namespace {

constexpr const char* kModule = R"((module
  (tag $e (param i32))
  (func (export "answer") (result i32) (i32.const 42))
  (func (export "wide") (result i64) (i64.const 42))
  (func (export "canonical") (result f32) (f32.const nan))
  (func (export "arithmetic") (result f32) (f32.const nan:0x600000))
  (func (export "signalling") (result f64) (f64.const nan:0x1))
  (func (export "vector") (result v128) (v128.const f32x4 1 nan 3 nan:0x600000))
  (func (export "pair") (result i32 i64) (i32.const 1) (i64.const 2))
  (func (export "null") (result externref) (ref.null extern))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func $deep (export "deep") (call $deep))
  (func (export "throw") (throw $e (i32.const 7)))
  (global (export "global") i32 (i32.const 5))
))";

ScriptResult run(const std::string& assertion) { return run_script(std::string(kModule) + "\n" + assertion, {}); }

struct Case {
  const char* name;
  const char* holds;
  const char* mutated;
};

class Mutation : public testing::TestWithParam<Case> {};

TEST_P(Mutation, OriginalHoldsAndMutantFails) {
  ScriptResult original = run(GetParam().holds);
  EXPECT_EQ(original.failed, 0u) << (original.failures.empty() ? "" : original.failures[0].text);
  EXPECT_EQ(original.passed, 1u);
  ScriptResult mutant = run(GetParam().mutated);
  EXPECT_EQ(mutant.failed, 1u);
  EXPECT_EQ(mutant.passed, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Runner, Mutation,
    testing::Values(
        Case{"value", R"((assert_return (invoke "answer") (i32.const 42)))",
             R"((assert_return (invoke "answer") (i32.const 43)))"},
        Case{"type", R"((assert_return (invoke "wide") (i64.const 42)))",
             R"((assert_return (invoke "wide") (i32.const 42)))"},
        Case{"nan_class", R"((assert_return (invoke "canonical") (f32.const nan:canonical)))",
             R"((assert_return (invoke "arithmetic") (f32.const nan:canonical)))"},
        Case{"nan_arithmetic", R"((assert_return (invoke "arithmetic") (f32.const nan:arithmetic)))",
             R"((assert_return (invoke "signalling") (f64.const nan:arithmetic)))"},
        Case{"nan_bits", R"((assert_return (invoke "signalling") (f64.const nan:0x1)))",
             R"((assert_return (invoke "signalling") (f64.const nan:0x2)))"},
        Case{"vector_lane", R"((assert_return (invoke "vector") (v128.const f32x4 1 nan:canonical 3 nan:arithmetic)))",
             R"((assert_return (invoke "vector") (v128.const f32x4 1 nan:canonical 3 nan:canonical)))"},
        Case{"vector_value", R"((assert_return (invoke "vector") (v128.const f32x4 1 nan 3 nan:0x600000)))",
             R"((assert_return (invoke "vector") (v128.const f32x4 1 nan 4 nan:0x600000)))"},
        Case{"result_count", R"((assert_return (invoke "pair") (i32.const 1) (i64.const 2)))",
             R"((assert_return (invoke "pair") (i32.const 1)))"},
        Case{"either", R"((assert_return (invoke "answer") (either (i32.const 41) (i32.const 42))))",
             R"((assert_return (invoke "answer") (either (i32.const 41) (i32.const 43))))"},
        Case{"null", R"((assert_return (invoke "null") (ref.null extern)))",
             R"((assert_return (invoke "null") (ref.extern 0)))"},
        Case{"host_reference", R"((assert_return (invoke "same" (ref.extern 3)) (ref.extern 3)))",
             R"((assert_return (invoke "same" (ref.extern 3)) (ref.extern 4)))"},
        Case{"trap_message", R"((assert_trap (invoke "divide" (i32.const 0)) "integer divide by zero"))",
             R"((assert_trap (invoke "divide" (i32.const 0)) "integer overflow"))"},
        Case{"no_trap", R"((assert_trap (invoke "divide" (i32.const 0)) "integer divide by zero"))",
             R"((assert_trap (invoke "divide" (i32.const 1)) "integer divide by zero"))"},
        Case{"exhaustion", R"((assert_exhaustion (invoke "deep") "call stack exhausted"))",
             R"((assert_exhaustion (invoke "answer") "call stack exhausted"))"},
        Case{"exception", R"((assert_exception (invoke "throw")))", R"((assert_exception (invoke "answer")))"},
        Case{"exception_is_no_trap", R"((assert_exception (invoke "throw")))",
             R"((assert_trap (invoke "throw") "unreachable"))"},
        Case{"global", R"((assert_return (get "global") (i32.const 5)))",
             R"((assert_return (get "global") (i32.const 6)))"},
        Case{"invalid", R"((assert_invalid (module (func (result i32))) "type mismatch"))",
             R"((assert_invalid (module (func)) "type mismatch"))"},
        Case{"malformed_is_not_invalid", R"((assert_malformed (module binary "\00asm") "unexpected end"))",
             R"((assert_malformed (module (func (result i32))) "unexpected end"))"},
        Case{"unlinkable", R"((assert_unlinkable (module (import "spectest" "nothing" (func))) "unknown import"))",
             R"((assert_unlinkable (module (import "spectest" "print" (func))) "unknown import"))"}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

TEST(Runner, CountsModulesThatFailAsFailures) {
  EXPECT_EQ(run_script("(module (func (result i32)))", {}).failed, 1u);
  EXPECT_EQ(run_script("(module", {}).failed, 1u);
  EXPECT_EQ(run_script("(invoke \"f\")", {}).failed, 1u);
  EXPECT_EQ(run_script("(module) (register \"a\" $unknown)", {}).failed, 1u);
}

}  // namespace
}  // namespace arris::spectest
