// Branches of every size, returns, the frame's edges, interruption, fuel and backtraces.
#include <gtest/gtest.h>

#include "interp/test_machine.h"

namespace arris::interp {
namespace {

using test::Called;
using test::Machine;
using test::Outcome;
using test::Slots;

class Control : public Machine {};

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST_F(Control, SelectOfAGivenTypeTakesAsManySlotsAsTheType) {
  runtime::Instance* instance = run(R"((module (func (export "f") (param i32) (result i32 i32 i32)
    (i64x2.extract_lane 1 (select (result v128)
      (v128.const i64x2 1 2) (v128.const i64x2 3 4) (local.get 0))) i32.wrap_i64
    (select (result i32) (i32.const 5) (i32.const 6) (local.get 0))
    (i64x2.extract_lane 0 (select (v128.const i64x2 1 2) (v128.const i64x2 3 4) (local.get 0))) i32.wrap_i64)))");
  expect(instance, "f", {1}, {2, 5, 1});
  expect(instance, "f", {0}, {4, 6, 3});
}

TEST_F(Control, BranchMovesManyOperandsOverMany) {
  // 300 values stay, over 300 dropped: neither number fits the short side-table entry.
  std::string wat = "(module (type $many (func (result" + repeat(" i32", 300) + ")))" +
                    "(func $f (type $many) (block $b (type $many)" + repeat("(i32.const 1)", 300);
  for (int i = 0; i < 300; ++i) wat += "(i32.const " + std::to_string(i) + ")";
  wat += std::string("(br $b)))") + "(func (export \"f\") (result i32) (call $f)" + repeat("i32.add ", 299) + "))";
  expect(run(wat), "f", {}, {299 * 300 / 2});
}

TEST_F(Control, BranchDropsManyAndKeepsNoneOrOne) {
  std::string ones = repeat("(i32.const 1)", 260);
  test::Instance* instance =
      run("(module (func (export \"none\") (result i32) (i32.const 5) (block $b " + ones + "(br $b)))" +
          "(func (export \"one\") (result i32) (i32.add (i32.const 5) (block $b (result i32) " + ones +
          "(br $b (i32.const 7)))))" +
          "(func (export \"few\") (result i32) (i32.const 9) (block $b (i32.const 1) (i32.const 2) (br $b))))");
  expect(instance, "none", {}, {5});
  expect(instance, "one", {}, {12});
  expect(instance, "few", {}, {9});
}

TEST_F(Control, BranchCrossesMoreSideTableEntriesThanTheShortFormCounts) {
  std::string wat =
      "(module (func (export \"f\") (param i32) (result i32) (local $n i32) (block $out (loop $again "
      "(local.set $n (i32.add (local.get $n) (i32.const 1)))"
      "(br_if $out (i32.eq (local.get $n) (i32.const 3)))" +
      repeat("(block (br_if 0 (local.get 0)))", 40000) + "(br $again))) (local.get $n)))";
  expect(run(wat), "f", {0}, {3});
  expect(run(wat), "f", {1}, {3});
}

TEST_F(Control, IfWithFarElse) {
  std::string body = repeat("(block (br_if 0 (local.get 0)))", 40000);
  expect(run("(module (func (export \"f\") (param i32) (result i32) (if (result i32) (local.get 0) (then " + body +
             "(i32.const 1)) (else " + body + "(i32.const 2)))))"),
         "f", {0}, {2});
}

TEST_F(Control, ReturnsManyResultsThroughFramesWithOperandsBelow) {
  std::string wat =
      "(module (type $many (func (result" + repeat(" i64", 300) + "))) (func $f (type $many) (i64.const -1)";
  for (int i = 0; i < 300; ++i) wat += "(i64.const " + std::to_string(i) + ")";
  wat += "(return)) (func (export \"f\") (result i64) (i64.const 1000) (call $f)" + repeat("i64.add ", 300) + "))";
  expect(run(wat), "f", {}, {1000 + 299 * 300 / 2});
}

TEST_F(Control, CallWithoutResultsLeavesTheOperandsBelow) {
  expect(run("(module (func $nothing (param i32 i64)) (func (export \"f\") (result i32) (i32.const 3) (i32.const 4)"
             "(call $nothing (i32.const 1) (i64.const 2)) (i32.add)))"),
         "f", {}, {7});
}

TEST_F(Control, ManyLocalsStartAtZero) {
  // A first call dirties the stack where the second one's locals will be.
  std::string sets, gets = "(i64.const 0)";
  for (int i = 0; i < 201; ++i) {
    sets += "(local.set " + std::to_string(i) + " (i64.const -1))";
    gets += "(i64.or (local.get " + std::to_string(i) + "))";
  }
  std::string locals = "(local" + repeat(" i64", 201) + ")";
  expect(run("(module (func $dirty " + locals + sets + ") (func $clean (result i64) " + locals + gets +
             ") (func (export \"f\") (result i64) (call $dirty) (call $clean)))"),
         "f", {}, {0});
}

// ---- The value stack ---------------------------------------------------------------------------------------------------

class SmallStack : public Machine {
 protected:
  static test::StoreOptions options() {
    test::StoreOptions options;
    options.max_stack_bytes = 64 << 10;
    return options;
  }
  SmallStack() : Machine(options()) {}
};

TEST_F(SmallStack, EndlessRecursionTrapsAndTheStoreGoesOn) {
  test::Instance* instance = run(R"((module
    (func $f (export "f") (param i32) (result i32) (i32.add (i32.const 1) (call $f (local.get 0))))
    (func $v (export "v") (param v128) (result v128) (call $v (local.get 0)))
    (func (export "fine") (result i32) (i32.const 1))))");
  for (int i = 0; i < 3; ++i) {
    expect_trap(instance, "f", {1}, TrapCode::call_stack_exhausted);
    expect_trap(instance, "v", {1, 2}, TrapCode::call_stack_exhausted);
    expect(instance, "fine", {}, {1});
  }
}

TEST_F(SmallStack, AFrameThatCannotFitIsRefusedBeforeItIsBuilt) {
  test::Instance* instance = run("(module (func $big (local" + repeat(" i64", 30000) +
                                 ")) (func (export \"call\") (call $big)) (export \"big\" (func $big))"
                                 "(func (export \"tail\") (return_call $big)))");
  expect_trap(instance, "call", {}, TrapCode::call_stack_exhausted);
  expect_trap(instance, "big", {}, TrapCode::call_stack_exhausted);
  expect_trap(instance, "tail", {}, TrapCode::call_stack_exhausted);
}

// ---- Interruption and fuel ---------------------------------------------------------------------------------------------

constexpr std::string_view kLoops = R"((module
  (func (export "endless") (loop (br 0)))
  (func $self (export "self") (return_call $self))
  (func (export "count") (param i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $leaf) (func (export "calls") (call $leaf) (call $leaf) (return_call $leaf))))";

TEST_F(Control, InterruptionStopsLoopsAndCalls) {
  test::Instance* instance = run(kLoops);
  store_.context().interrupt = runtime::kInterruptStop;
  expect_trap(instance, "endless", {}, TrapCode::interrupted);
  expect_trap(instance, "self", {}, TrapCode::interrupted);
  store_.context().interrupt = 0;
  expect(instance, "count", {3}, {});
}

TEST_F(Control, FuelPaysForLoopIterationsAndCalls) {
  test::Instance* instance = run(kLoops);
  store_.context().fuel_enabled = true;
  auto left_after = [&](int64_t fuel, std::string_view name, const Slots& arguments) {
    store_.context().fuel = fuel;
    expect(instance, name, arguments, {});
    return store_.context().fuel;
  };
  EXPECT_EQ(left_after(100, "count", {10}), 100 - 1 - 10);  // the call, and ten times through `loop`
  EXPECT_EQ(left_after(100, "calls", {}), 100 - 4);
  EXPECT_EQ(left_after(11, "count", {10}), 0);
  store_.context().fuel = 10;
  expect_trap(instance, "count", {10}, TrapCode::out_of_fuel);
  store_.context().fuel = 1000;
  expect_trap(instance, "endless", {}, TrapCode::out_of_fuel);
  store_.context().fuel = 1000;
  expect_trap(instance, "self", {}, TrapCode::out_of_fuel);
}

// ---- Backtraces --------------------------------------------------------------------------------------------------------

TEST_F(Control, BacktraceNamesTheTrappingInstructionAndItsCallers) {
  test::Instance* instance = run(R"((module
    (memory 1) (table funcref (elem $div))
    (func $div (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "f") (nop) (drop (call_indirect (param i32 i32) (result i32) (i32.const 1) (i32.const 0) (i32.const 0))))
    (func (export "load") (drop (i32.load offset=4 (i32.const -4))))
    (func (export "simd") (drop (v128.load32_lane 1 (i32.const -4) (v128.const i64x2 0 0))))))");
  const Module& module = instance->module();
  auto opcode_at = [&](const runtime::BacktraceFrame& frame) { return module.bytes[frame.offset]; };
  Called f = call(instance, "f");
  ASSERT_EQ(f.backtrace.size(), 2u);
  EXPECT_EQ(f.trap, TrapCode::integer_divide_by_zero);
  EXPECT_EQ(f.backtrace[0].func, FuncIndex(0));
  EXPECT_EQ(opcode_at(f.backtrace[0]), 0x6D);
  EXPECT_EQ(f.backtrace[1].func, FuncIndex(1));
  EXPECT_EQ(opcode_at(f.backtrace[1]), 0x11);
  Called load = call(instance, "load");
  ASSERT_EQ(load.backtrace.size(), 1u);
  EXPECT_EQ(opcode_at(load.backtrace[0]), 0x28);
  Called simd = call(instance, "simd");
  ASSERT_EQ(simd.backtrace.size(), 1u);
  EXPECT_EQ(opcode_at(simd.backtrace[0]), 0xFD);
}

}  // namespace
}  // namespace arris::interp
