// What the compiler says to the machine for the patterns that matter, as recorded text (masm/recorder.h): a change here is a change
// of generated code and wants a reason. Execution is tested by the official suite under --tier=jit and by machine_test.cc.
#include <gtest/gtest.h>

#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "jit/function_compiler_all.h"
#include "masm/recorder.h"
#include "text/wat.h"

namespace arris::jit {
namespace {

class CompilerTest : public testing::Test {
 protected:
  // The text of the first defined function of a module, from behind the prologue.
  std::string compile(std::string_view wat, bool interrupt_checks = false) {
    CompileOptions options;
    options.interrupt_checks = interrupt_checks;
    return compile(wat, options);
  }
  std::string compile(std::string_view wat, const CompileOptions& options) {
    auto bytes = text::wat_to_wasm(wat);
    EXPECT_TRUE(bytes.has_value());
    auto module = decoder::decode_module(std::move(*bytes), {Features::all(), std::make_shared<TypeRegistry>()});
    EXPECT_TRUE(module.has_value());
    EXPECT_TRUE(validator::validate_module(**module).has_value());
    module_ = *module;
    auto made = compiler_.compile(*module_, FuncIndex(module_->imported_funcs), options, compiled_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    std::string text = compiler_.masm().text();
    for (int line = 0; line < kPrologueLines; ++line) text.erase(0, text.find('\n') + 1);
    // The stack check's rare way is the same everywhere.
    return text.substr(0, text.find("L0:\n"));
  }

  static constexpr int kPrologueLines = 5;
  std::shared_ptr<Module> module_;
  FunctionCompiler<masm::TextMasm> compiler_{masm::CpuFeatures()};
  CompiledFunction compiled_;
};

TEST_F(CompilerTest, AParameterIsUsedWhereItArrives) {
  EXPECT_EQ(compile("(module (func (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"),
            "  i32.add rax, rdi, rsi\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, ConstantsAreFoldedAndBecomeImmediates) {
  EXPECT_EQ(compile("(module (func (param i32) (result i32)"
                    "  local.get 0 i32.const 3 i32.const 4 i32.mul i32.add i32.const 0 i32.or))"),
            "  i32.add rax, rdi, 12\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, AComparisonIsFusedWithItsBranch) {
  EXPECT_EQ(compile("(module (func (param i32 i32) (result i32)"
                    "  (if (result i32) (i32.eqz (i32.lt_s (local.get 0) (i32.const 7)))"
                    "    (then (local.get 1)) (else (local.get 0)))))"),
            "  branch i32.lt_s rdi, 7 -> L1\n"
            "  move.w32 rax, rsi\n"
            "  jump -> L2\n"
            "L1:\n"
            "  move.w32 rax, rdi\n"
            "L2:\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, TheFirstBranchDefinesTheMergeAndLaterOnesMove) {
  EXPECT_EQ(compile("(module (func (param i32 i32) (result i32)"
                    "  (block (result i32) (br_if 0 (local.get 0) (local.get 1)) (i32.const 5) (i32.mul))))"),
            "  branch zero.w32 rsi -> L1\n"
            "  move.w32 rax, rdi\n"
            "  jump -> L2\n"
            "L1:\n"
            "  i32.mul rax, rdi, 5\n"
            "L2:\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, ALoopKeepsItsLocalsInRegisters) {
  EXPECT_EQ(compile("(module (memory 1) (func (param i32) (result i32) (local i32)"
                    "  (loop"
                    "    (local.set 1 (i32.add (local.get 1) (i32.load offset=16 (local.get 0))))"
                    "    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 4)))))"
                    "  local.get 1))"),
            "  store.slot [rbp + 8], 0\n"
            "  move.w32 rax, 0\n"
            "  align 32\n"
            "L1:\n"
            "  load i32.load rcx, [r14 + rdi + 16]\n"
            "  i32.add rax, rax, rcx\n"
            "  i32.sub rdi, rdi, 4\n"
            "  branch nonzero.w32 rdi -> L1\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, OnlyDirtyLiveValuesAreStoredAtACall) {
  EXPECT_EQ(compile("(module (func (param i32 i64) (result i64)"
                    "  local.get 1 (i64.add (local.get 1) (i64.const 1)) (call 1 (local.get 0)) i64.add i64.add)"
                    "  (func (param i32) (result i64) i64.const 0))"),
            "  i64.add rax, rsi, 1\n"
            "  store.w64 [rbp + 56], rax\n"
            "  store.w64 [rbp + 48], rsi\n"
            "  store.w64 [rbp + 8], rsi\n"
            "  store.w64 [rbp], rdi\n"
            "  lea.w64 rax, [rbp + 64]\n"
            "  load.w64 r11, [r15 + 24]\n"
            "  call [r11 + 8]\n"
            "  lea.w64 rbp, [rbp - 64]\n"
            "  i64.add rax, rax, [rbp + 56]\n"
            "  i64.add rax, rax, [rbp + 48]\n"
            "  pop r11\n"
            "  ret\n");
}

// One value more than there are registers: one goes to its slot, and comes back when it is needed.
TEST_F(CompilerTest, WhatDoesNotFitIntoRegistersIsSpilled) {
  std::string loads, adds;
  for (int i = 0; i < 11; ++i) {
    loads += " (i32.load offset=" + std::to_string(i * 4) + " (local.get 0))";
    if (i > 0) adds += " i32.sub";
  }
  EXPECT_EQ(compile("(module (memory 1) (func (param i32) (result i32)" + loads + adds + "))"),
            "  load i32.load rax, [r14 + rdi]\n"
            "  load i32.load rcx, [r14 + rdi + 4]\n"
            "  load i32.load rdx, [r14 + rdi + 8]\n"
            "  load i32.load rbx, [r14 + rdi + 12]\n"
            "  load i32.load rsi, [r14 + rdi + 16]\n"
            "  load i32.load r8, [r14 + rdi + 20]\n"
            "  load i32.load r9, [r14 + rdi + 24]\n"
            "  load i32.load r10, [r14 + rdi + 28]\n"
            "  load i32.load r12, [r14 + rdi + 32]\n"
            "  load i32.load r13, [r14 + rdi + 36]\n"
            "  store.w64 [rbp + 72], rsi\n"
            "  load i32.load rsi, [r14 + rdi + 40]\n"
            "  i32.sub r13, r13, rsi\n"
            "  i32.sub r12, r12, r13\n"
            "  i32.sub r10, r10, r12\n"
            "  i32.sub r9, r9, r10\n"
            "  i32.sub r8, r8, r9\n"
            "  load.w32 rsi, [rbp + 72]\n"
            "  i32.sub rsi, rsi, r8\n"
            "  i32.sub rbx, rbx, rsi\n"
            "  i32.sub rdx, rdx, rbx\n"
            "  i32.sub rcx, rcx, rdx\n"
            "  i32.sub rax, rax, rcx\n"
            "  pop r11\n"
            "  ret\n");
}

// Where every iteration calls, locals stay in their slots: loaded behind the call, stored where they change.
TEST_F(CompilerTest, ALoopThatCallsKeepsItsLocalsInSlots) {
  EXPECT_EQ(compile("(module (func (param i32 i32) (result i32)"
                    "  (loop (call 1) (local.set 0 (i32.add (local.get 0) (local.get 1)))"
                    "    (br_if 0 (local.get 0)))"
                    "  (local.get 0)) (func))"),
            "  store.w64 [rbp + 8], rsi\n"
            "  store.w64 [rbp], rdi\n"
            "  align 32\n"
            "L1:\n"
            "  lea.w64 rax, [rbp + 48]\n"
            "  load.w64 r11, [r15 + 24]\n"
            "  call [r11 + 8]\n"
            "  lea.w64 rbp, [rbp - 48]\n"
            "  load.w32 rax, [rbp]\n"
            "  load.w32 rcx, [rbp + 8]\n"
            "  i32.add rax, rax, rcx\n"
            "  branch zero.w32 rax -> L2\n"
            "  store.w64 [rbp], rax\n"
            "  jump -> L1\n"
            "L2:\n"
            "  pop r11\n"
            "  ret\n");
}

TEST_F(CompilerTest, ATrapIsOutOfLineAndInThePcMap) {
  EXPECT_EQ(compile("(module (func (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_u))"),
            "  i32.div_u rax, rdi, rsi -> L1\n"
            "  pop r11\n"
            "  ret\n");
  ASSERT_EQ(compiled_.pc_map.count(), 1u);
  EXPECT_EQ(compiled_.pc_map.back().wasm_offset, 4u) << "of the division";
}

TEST_F(CompilerTest, ABrTableWithAKnownIndexIsABranch) {
  EXPECT_EQ(compile("(module (func (param i32) (result i32)"
                    "  (block (block (block (br_table 0 1 2 (i32.const 1))) (return (i32.const 10)))"
                    "    (return (local.get 0))) (i32.const 20)))"),
            "  jump -> L1\n"
            "L1:\n"
            "  move.w32 rax, rdi\n"
            "  pop r11\n"
            "  ret\n");
}

// The arm's end was brought into the state of the way around it twice, which undid the first time.
TEST_F(CompilerTest, AnIfWithoutElseMovesOnce) {
  const std::string text = compile(
      "(module (func (param i32 i32 i32) (result i32) (local i32)"
      "  (local.set 3 (local.get 1)) (local.set 1 (local.get 2)) (local.set 2 (local.get 3))"
      "  (if (local.get 0) (then (local.set 3 (local.get 1)) (local.set 1 (local.get 2))"
      "    (local.set 2 (local.get 3))))"
      "  (i32.sub (local.get 1) (local.get 2))))");
  size_t swaps = 0;
  for (size_t at = text.find("swap"); at != std::string::npos; at = text.find("swap", at + 1)) ++swaps;
  EXPECT_EQ(swaps, 1u) << text;
}

// The value of `0 | x` lies in the slot of x, not in that of the zero below it.
TEST_F(CompilerTest, AnOperandInItsSlotIsReadThereAfterSimplification) {
  const std::string text = compile(
      "(module (func (param i32) (result i32) i32.const 0"
      "  (block (result i32 i32 i32 i32 i32 i32 i32 i32 i32)"
      "    local.get 0 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6"
      "    i32.const 7 i32.const 8 i32.const 9 (br_if 0 (local.get 0)))"
      "  drop drop drop drop drop drop drop drop i32.or))");
  EXPECT_NE(text.find("load.w32 rax, [rbp + 48]"), std::string::npos) << text;
  EXPECT_EQ(text.find("[rbp + 40]"), std::string::npos) << "the zero's slot is never written\n" << text;
}

// The look ahead at the outer loop sees the whole inner loop, a part of it, or nothing.
TEST_F(CompilerTest, AnInnerLoopKeepsItsLocalsInRegistersWhereverItLies) {
  for (int before : {0, 1990, 1995, 5000}) {
    std::string nops;
    for (int i = 0; i < before; ++i) nops += " nop";
    const std::string text = compile(
        "(module (func (param i32 i32) (result i32) (local i32)"
        "  (loop" +
        nops +
        "  (loop"
        "    (local.set 2 (i32.add (local.get 2) (local.get 1)))"
        "    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
        "  (br_if 0 (local.get 2)))"
        "  (local.get 2)))");
    const size_t add = text.find("i32.add");
    const size_t head = text.rfind("L", text.rfind(":\n", add));
    const size_t back = text.find("-> " + text.substr(head, text.find(':', head) - head), add);
    ASSERT_TRUE(add != text.npos && head != text.npos && back != text.npos) << text;
    const std::string loop = text.substr(head, back - head);
    EXPECT_EQ(loop.find("rbp"), loop.npos) << before << " instructions before\n" << text;
  }
}

TEST_F(CompilerTest, ALoopAsksForInterruptions) {
  const std::string text = compile("(module (func (loop (br 0))))", true);
  EXPECT_NE(text.find("branch"), std::string::npos);
  EXPECT_EQ(compiled_.pc_map.count(), 2u) << "two calls of the stub, the entry's and the loop's";
}

TEST_F(CompilerTest, FuelIsCountedOnlyWhereAskedFor) {
  constexpr std::string_view kLoop = "(module (func (loop (br 0))))";
  CompileOptions options;
  options.count_fuel = true;
  const std::string with = compile(kLoop, options);
  EXPECT_NE(with.find("L3:\n"
                      "  load.w64 r11, [r15 + 16]\n"
                      "  branch ne.w32 [r11 + 24], 2 -> L4\n"
                      "  branch le_s.w64 [r11 + 48], 0 -> L4\n"
                      "  add.w64 [r11 + 48], -1\n"),
            std::string::npos)
      << with;
  options.count_fuel = false;
  EXPECT_EQ(compile(kLoop, options).find("[r11 + 48]"), std::string::npos);
}

TEST_F(CompilerTest, AnObjectOfKnownSizeIsAllocatedInLine) {
  std::string text = compile(
      "(module (type $t (struct (field i8) (field i64) (field i32)))"
      "  (func (param i32 i64) (result anyref) (struct.new $t (local.get 0) (local.get 1) (i32.const 0))))");
  const size_t type = text.find("0x");
  ASSERT_NE(type, std::string::npos) << text;
  text.replace(type, text.find('\n', type) - type, "TYPE");
  EXPECT_EQ(text,
            "  load.w64 r11, [r15 + 152]\n"
            "  load.w64 rax, [r11 + 32]\n"
            "  lea.w64 rcx, [rax + 32]\n"
            "  branch gt_u.w64 rcx, [r11 + 40] -> L1\n"
            "  store.w64 [r11 + 32], rcx\n"
            "  move.w64 rcx, TYPE\n"
            "  store.w64 [rax], rcx\n"
            "  store i32.store8 [rax + 8], rdi\n"
            "  store.w64 [rax + 16], rsi\n"
            "L2:\n"
            "  pop r11\n"
            "  ret\n")
      << "the last field is zero, as the cell was";
}

TEST_F(CompilerTest, ACopyOfAFewBytesReadsThemAllThenWritesTheLastFirst) {
  EXPECT_EQ(compile("(module (memory 1) (func (param i32 i32)"
                    "  (memory.copy (local.get 0) (local.get 1) (i32.const 20))))"),
            "  load v128.load xmm0, [r14 + rsi]\n"
            "  load v128.load xmm1, [r14 + rsi + 4]\n"
            "  store v128.store [r14 + rdi + 4], xmm1\n"
            "  store v128.store [r14 + rdi], xmm0\n"
            "  pop r11\n"
            "  ret\n");
}

}  // namespace
}  // namespace arris::jit
