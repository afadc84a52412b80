// Counts of executed instructions, worked out by hand from the text of each function.
#include "interp/metering.h"

#include <gtest/gtest.h>

#include "interp/test_machine.h"

namespace arris::interp {
namespace {

using runtime::Outcome;
using test::Called;
using test::Instance;
using test::Machine;
using test::Slots;

class Metering : public Machine {
 protected:
  Instance* metered(std::string_view wat) { return instantiate(load(wat, CodeForm::metered)); }
  uint64_t count(Instance* instance, std::string_view name, std::initializer_list<uint64_t> arguments) {
    store_.context().instructions = 0;
    call(instance, name, arguments);
    return store_.context().instructions;
  }
};

constexpr std::string_view kModule = R"((module
  (type $unary (func (param i32) (result i32)))
  (memory 1)
  (table funcref (elem $leaf))
  (func $leaf (export "leaf") (param i32) (result i32)
    local.get 0)                                              ;; 2: with end
  (func (export "blocks") (param i32) (result i32)
    (block (block (block nop)))                               ;; 3 blocks, nop, 3 ends
    local.get 0)                                              ;; 9 in all
  (func (export "branch_out") (param i32) (result i32)
    (block (block (br 1)) (drop (i32.const 1)))               ;; block block br
    local.get 0)                                              ;; 5 in all: the ends are jumped over
  (func (export "choose") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))  ;; then: get if const else end; else: get if const end end
  (func (export "count_down") (param i32) (result i32)
    (loop $again                                              ;; each time: loop get const sub tee br_if
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    local.get 0)                                              ;; and end, get, end
  (func (export "call") (param i32) (result i32)
    (call $leaf (local.get 0)))                               ;; get call end, and 2
  (func (export "call_indirect") (param i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (i32.const 0)))  ;; get const call_indirect end, and 2
  (func (export "tail") (param i32) (result i32)
    (return_call $leaf (local.get 0)))                        ;; get return_call, and 2
  (func (export "vector") (param i32) (result i32) (local v128 i32)
    (local.set 1 (i32x4.splat (local.get 0)))                 ;; get splat set
    (drop (local.get 1))                                      ;; get drop
    (i32x4.extract_lane 3 (local.get 1)))                     ;; get extract end
  (func (export "trap") (param i32) (result i32)
    (i32.load (i32.const -1)))                                ;; const load, which traps
  (func (export "endless") (param i32) (result i32)
    (loop (br 0)) unreachable)
))";

TEST_F(Metering, CountsWhatControlReaches) {
  Instance* instance = metered(kModule);
  EXPECT_EQ(count(instance, "leaf", {7}), 2u);
  EXPECT_EQ(count(instance, "blocks", {7}), 9u);
  EXPECT_EQ(count(instance, "branch_out", {7}), 5u);
  EXPECT_EQ(count(instance, "choose", {1}), 5u);
  EXPECT_EQ(count(instance, "choose", {0}), 5u);
  EXPECT_EQ(count(instance, "count_down", {10}), 63u);
  EXPECT_EQ(count(instance, "call", {7}), 5u);
  EXPECT_EQ(count(instance, "call_indirect", {7}), 6u);
  EXPECT_EQ(count(instance, "tail", {7}), 4u);
  EXPECT_EQ(count(instance, "vector", {7}), 8u);
  EXPECT_EQ(count(instance, "trap", {7}), 2u);
}

TEST_F(Metering, ResultsAndTrapsAreThoseOfPlainCode) {
  Instance* with = metered(kModule);
  Instance* without = run(kModule);
  for (auto name :
       {"leaf", "blocks", "branch_out", "choose", "count_down", "call", "call_indirect", "tail", "vector", "trap"}) {
    const Called expected = call(without, name, {12}), got = call(with, name, {12});
    EXPECT_EQ(expected.outcome, got.outcome) << name;
    EXPECT_EQ(expected.results, got.results) << name;
    EXPECT_EQ(expected.trap, got.trap) << name;
    ASSERT_EQ(expected.backtrace.size(), got.backtrace.size()) << name;
    for (size_t i = 0; i < got.backtrace.size(); ++i) EXPECT_EQ(expected.backtrace[i].offset, got.backtrace[i].offset);
  }
}

// The limit is exact: the instruction that would pass it is not executed.
TEST_F(Metering, StopsAtTheLimit) {
  Instance* instance = metered(kModule);
  for (uint64_t limit : {0, 1, 2, 999, 1000}) {
    store_.context().instructions = 0;
    store_.context().instruction_limit = limit;
    const Called called = call(instance, "endless", {0});
    EXPECT_EQ(called.outcome, Outcome::trap);
    EXPECT_EQ(called.trap, TrapCode::out_of_gas);
    EXPECT_EQ(store_.context().instructions, limit);
  }
  store_.context().instructions = 0;
  store_.context().instruction_limit = 2;
  EXPECT_EQ(call(instance, "leaf", {7}).outcome, Outcome::ok);
}

// A call into another instance, and one to a host function, come back to the right place behind a counted call_indirect.
TEST_F(Metering, CallsAcrossInstancesReturnBehindTheCall) {
  Instance* callee = metered(kModule);
  std::shared_ptr<Module> module = load(R"((module
    (type $unary (func (param i32) (result i32)))
    (import "m" "f" (func $f (type $unary)))
    (table funcref (elem $f))
    (func (export "f") (param i32) (result i32)
      (call_indirect (type $unary) (local.get 0) (i32.const 0)) (i32.const 1) (i32.add))))",
                                        CodeForm::metered);
  Instance* caller = instantiate(std::move(module), {get(*callee, "leaf")});
  EXPECT_EQ(call(caller, "f", {41}).results, (Slots{42}));
  EXPECT_EQ(count(caller, "f", {41}), 8u);
}

}  // namespace
}  // namespace arris::interp
