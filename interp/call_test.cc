// Calls across instances and to the host, with vectors, as tail calls in constant space, and exceptions through all of them.
#include <gtest/gtest.h>

#include "interp/test_machine.h"

namespace arris::interp {
namespace {

using test::Called;
using test::Extern;
using test::Instance;
using test::Machine;
using test::Outcome;
using test::Slots;
using test::Store;

class SmallStackMachine : public Machine {
 protected:
  static test::StoreOptions options() {
    test::StoreOptions options;
    options.max_stack_bytes = 64 << 10;
    return options;
  }
  SmallStackMachine() : Machine(options()) {}
};

class Calls : public Machine {};
class TailCalls : public SmallStackMachine {};
class Exceptions : public SmallStackMachine {};

// ---- Vectors -----------------------------------------------------------------------------------------------------------

constexpr std::string_view kVectors = R"((module
  ;; parameters of both kinds interleaved; vector locals besides
  (func $mix (export "mix") (param $a i32) (param $v v128) (param $b i64) (param $w v128) (param $c i32)
      (result i32 v128 i64) (local $x v128) (local $n i64)
    (local.set $x (i64x2.add (local.get $v) (local.get $w)))
    (local.set $n (i64.add (local.get $b) (i64.extend_i32_u (i32.add (local.get $a) (local.get $c)))))
    (local.get $c) (local.tee $x (local.get $x)) (local.get $n))
  (func (export "zero") (param i32) (result v128 i32) (local v128 v128) (local.get 2) (local.get 0))
  (func (export "through") (result i64)
    (local $v v128) (local $k i64)
    (call $mix (i32.const 1) (v128.const i64x2 2 3) (i64.const 4) (v128.const i64x2 50 60) (i32.const 7))
    (local.set $k) (local.set $v) (drop)
    (i64.add (local.get $k) (i64.add (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)))))))";

TEST_F(Calls, VectorParametersAndLocals) {
  Instance* instance = run(kVectors);
  expect(instance, "mix", {1, 2, 3, 4, 50, 60, 7}, {7, 52, 63, 12});
  expect(instance, "zero", {5}, {0, 0, 5});
  expect(instance, "through", {}, {12 + 52 + 63});
}

// ---- Other instances ---------------------------------------------------------------------------------------------------

TEST_F(Calls, AcrossInstancesEachUsesItsOwnMemory) {
  Instance* callee = run(R"((module (memory 1) (data (i32.const 0) "\2a") (global $g i32 (i32.const 5))
    (func (export "get") (param i32) (result i32) (i32.add (global.get $g) (i32.load8_u (local.get 0))))
    (func (export "pair") (result i32 i32) (i32.load8_u (i32.const 0)) (global.get $g))
    (func (export "none"))))");
  Instance* caller = run(R"((module
    (import "" "get" (func $get (param i32) (result i32))) (import "" "pair" (func $pair (result i32 i32)))
    (import "" "none" (func $none))
    (memory 1) (data (i32.const 0) "\07")
    (table 1 funcref) (elem (i32.const 0) $get)
    (func (export "direct") (result i32)
      (i32.add (call $get (i32.const 0)) (i32.load8_u (i32.const 0))))
    (func (export "indirect") (result i32)
      (i32.add (call_indirect (param i32) (result i32) (i32.const 0) (i32.const 0)) (i32.load8_u (i32.const 0))))
    (func (export "two") (result i32) (call $none) (call $pair) (i32.load8_u (i32.const 0)) (i32.add) (i32.add))
    (func $tail (result i32) (return_call $get (i32.const 0)))
    (func (export "after_tail") (result i32) (i32.add (call $tail) (i32.load8_u (i32.const 0))))))",
                         {get(*callee, "get"), get(*callee, "pair"), get(*callee, "none")});
  expect(caller, "direct", {}, {42 + 5 + 7});
  expect(caller, "indirect", {}, {42 + 5 + 7});
  expect(caller, "two", {}, {42 + 5 + 7});
  expect(caller, "after_tail", {}, {42 + 5 + 7});
}

// ---- The host ----------------------------------------------------------------------------------------------------------

Outcome add_host(void*, Store&, runtime::InstanceData*, uint64_t* slots) {
  slots[0] = static_cast<uint32_t>(slots[0] + slots[1]);
  return Outcome::ok;
}
Outcome three_results(void*, Store&, runtime::InstanceData*, uint64_t* slots) {
  for (uint64_t i = 0; i < 3; ++i) slots[i] = i + 1;
  return Outcome::ok;
}
Outcome failing_host(void*, Store& store, runtime::InstanceData*, uint64_t*) {
  return store.set_trap(TrapCode::host_error, "no such luck");
}

TEST_F(Calls, HostFunctionsTakeAndLeaveOperandsInPlace) {
  Instance* instance = run(R"((module
    (import "" "add" (func $add (param i32 i32) (result i32))) (import "" "three" (func $three (result i32 i32 i32)))
    (import "" "fail" (func $fail))
    (func (export "add") (result i32) (i32.const 100) (call $add (i32.const 20) (i32.const 3)) (i32.add))
    (func (export "three") (result i32) (i32.const 100) (call $three) (i32.add) (i32.add) (i32.add))
    (func (export "tail") (result i32 i32 i32) (i32.const 9) (return_call $three))
    (func $tail_add (param i32) (result i32) (local i64 i64) (return_call $add (local.get 0) (i32.const 1)))
    (func (export "tail_add") (result i32) (i32.const 50) (call $tail_add (i32.const 3)) (i32.add))
    (func (export "fail") (call $fail))))",
                           {host({{kI32, kI32}, {kI32}}, add_host), host({{}, {kI32, kI32, kI32}}, three_results),
                            host({{}, {}}, failing_host)});
  expect(instance, "add", {}, {123});
  expect(instance, "three", {}, {106});
  expect(instance, "tail", {}, {1, 2, 3});
  expect(instance, "tail_add", {}, {54});
  Called failed = call(instance, "fail");
  EXPECT_EQ(failed.trap, TrapCode::host_error);
  ASSERT_EQ(failed.backtrace.size(), 2u);  // the host function, and its caller
  EXPECT_EQ(failed.backtrace[1].func, FuncIndex(8));
}

// Calls the function in its environment, `n - 1` as the argument.
Outcome call_back(void* environment, Store& store, runtime::InstanceData*, uint64_t* slots) {
  const auto& func = **static_cast<const test::FuncInstance**>(environment);
  const uint64_t argument = slots[0] - 1;
  uint64_t result = 0;
  Outcome outcome = store.invoke(func, {&argument, 1}, {&result, 1});
  slots[0] = static_cast<uint32_t>(result + 1);
  return outcome;
}

constexpr std::string_view kDown = R"((module
  (import "" "back" (func $back (param i32) (result i32)))
  (tag $t (export "t") (param i32))
  (func (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $back (local.get 0))) (else (i32.const 1000))))
  (func (export "trap") (param i32) (result i32)
    (if (local.get 0) (then (return (call $back (local.get 0))))) (unreachable))
  (func (export "throw") (param i32) (result i32)
    (if (local.get 0) (then (return (call $back (local.get 0))))) (throw $t (i32.const 77)))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $t $h) (i32.const 1) (call $back (local.get 0)) (i32.add))))))";

TEST_F(Calls, ThroughTheHostAndBackManyTimes) {
  const test::FuncInstance* func = nullptr;
  Instance* instance = run(kDown, {host({{kI32}, {kI32}}, call_back, &func)});
  func = get(*instance, "down").func;
  expect(instance, "down", {50}, {1050});
  func = get(*instance, "trap").func;
  Called trapped = call(instance, "trap", {3});
  EXPECT_EQ(trapped.trap, TrapCode::unreachable);
  EXPECT_EQ(trapped.backtrace.size(), 7u);  // four wasm frames, three host frames between them
}

TEST_F(Exceptions, PassThroughHostFrames) {
  const test::FuncInstance* func = nullptr;
  Instance* instance = run(kDown, {host({{kI32}, {kI32}}, call_back, &func)});
  func = get(*instance, "throw").func;
  for (int i = 0; i < 100; ++i) expect(instance, "catch", {4}, {77});
  EXPECT_EQ(call(instance, "throw", {2}).outcome, Outcome::exception);
  runtime::ExceptionObject* exception = store_.take_exception();
  ASSERT_NE(exception, nullptr);
  EXPECT_EQ(exception->tag, get(*instance, "t").tag);
  EXPECT_EQ(exception->payload()[0], 77u);
}

// ---- Tail calls: a million of them in 64 KiB -----------------------------------------------------------------------------

constexpr uint64_t kMany = 200000;

TEST_F(TailCalls, InConstantSpaceWithChangingArity) {
  Instance* instance = run(R"((module
    (type $wide (func (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
    (table funcref (elem $even $odd))
    (func $even (export "even") (param $n i64) (result i64)
      (if (i64.eqz (local.get $n)) (then (return (i64.const 1))))
      (return_call_indirect (type $wide) (i64.sub (local.get $n) (i64.const 1)) (i64.const 2) (i64.const 3) (i64.const 4)
        (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i32.const 1)))
    (func $odd (type $wide)
      (if (i64.eqz (local.get 0)) (then (return (i64.const 0))))
      (if (i64.ne (local.get 7) (i64.const 8)) (then (unreachable)))
      (return_call_ref $narrow (i64.sub (local.get 0) (i64.const 1)) (ref.func $even)))
    (type $narrow (func (param i64) (result i64)))))");
  expect(instance, "even", {kMany}, {1});
  expect(instance, "even", {kMany + 1}, {0});
}

TEST_F(TailCalls, InConstantSpaceWithVectors) {
  Instance* instance = run(R"((module
    (func $a (export "a") (param $n i64) (param $v v128) (result i64) (local v128 i32)
      (if (i64.eqz (local.get $n)) (then (return (i64x2.extract_lane 1 (local.get $v)))))
      (return_call $b (i64x2.add (local.get $v) (v128.const i64x2 0 1)) (i64.const 5) (v128.const i64x2 9 9)
                      (i64.sub (local.get $n) (i64.const 1))))
    (func $b (param $v v128) (param $k i64) (param $w v128) (param $n i64) (result i64)
      (if (i64.ne (local.get $k) (i64.const 5)) (then (unreachable)))
      (if (i64.ne (i64x2.extract_lane 1 (local.get $w)) (i64.const 9)) (then (unreachable)))
      (return_call $a (local.get $n) (local.get $v)))))");
  expect(instance, "a", {kMany, 0, 0}, {kMany});
}

TEST_F(TailCalls, InConstantSpaceAcrossInstancesAndTheHost) {
  Instance* pong = run(R"((module
    (memory 1) (data (i32.const 0) "\01")
    (table (export "t") 1 funcref)
    (func (export "pong") (param i32 i32) (result i32)
      (return_call_indirect (param i32 i32) (result i32)
        (local.get 0) (i32.add (local.get 1) (i32.load8_u (i32.const 0))) (i32.const 0)))))");
  Instance* ping = run(R"((module
    (import "" "pong" (func $pong (param i32 i32) (result i32))) (import "" "t" (table 1 funcref))
    (import "" "add" (func $add (param i32 i32) (result i32)))
    (memory 1) (data (i32.const 0) "\02")
    (elem (i32.const 0) $ping)
    (func $ping (export "ping") (param i32 i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return_call $add (local.get 1) (i32.const 1))))
      (return_call $pong (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.load8_u (i32.const 0)))))))",
                       {get(*pong, "pong"), get(*pong, "t"), host({{kI32, kI32}, {kI32}}, add_host)});
  expect(ping, "ping", {kMany, 0}, {3 * kMany + 1});
}

TEST_F(TailCalls, TrapsOfTheirOwn) {
  Instance* instance = run(R"((module
    (type $f (func)) (table 2 funcref) (elem (i32.const 0) $other) (func $other (param i32))
    (func (export "range") (return_call_indirect (i32.const 2)))
    (func (export "null") (return_call_indirect (i32.const 1)))
    (func (export "type") (return_call_indirect (i32.const 0)))
    (func (export "ref") (return_call_ref $f (ref.null $f)))))");
  expect_trap(instance, "range", {}, TrapCode::undefined_element);
  expect_trap(instance, "null", {}, TrapCode::uninitialized_element);
  expect_trap(instance, "type", {}, TrapCode::indirect_call_type_mismatch);
  expect_trap(instance, "ref", {}, TrapCode::null_function_reference);
}

// ---- Exceptions --------------------------------------------------------------------------------------------------------

TEST_F(Exceptions, UnwindManyFramesAndInstances) {
  Instance* thrower = run(R"((module (tag $t (export "t") (param i64 v128 i32))
    (func $deep (export "deep") (param i32)
      (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))) (return)))
      (throw $t (i64.const 5) (v128.const i64x2 6 7) (i32.const 8)))))");
  Instance* catcher = run(R"((module
    (import "" "deep" (func $deep (param i32))) (import "" "t" (tag $t (param i64 v128 i32)))
    (tag $other (param i32))
    (memory 1) (data (i32.const 0) "\0b")
    (func (export "catch") (param i32) (result i64) (local $n i64) (local $v v128) (local $k i32)
      (i64.const 1000)
      (block $h (result i64 v128 i32)
        (i32.const 3) (i32.const 4)
        (block $wrong (result i32)
          (try_table (catch $other $wrong) (catch $t $h) (call $deep (local.get 0)))
          (unreachable))
        (unreachable))
      (local.set $k) (local.set $v) (local.set $n)
      (i64.add (i64.add (local.get $n) (i64.extend_i32_u (i32.add (local.get $k) (i32.load8_u (i32.const 0)))))
               (i64x2.extract_lane 1 (local.get $v)))
      (i64.add))))",
                          {get(*thrower, "deep"), get(*thrower, "t")});
  for (int i = 0; i < 50; ++i) expect(catcher, "catch", {100}, {1000 + 5 + 8 + 11 + 7});
}

TEST_F(Exceptions, LegacyRethrowDelegateAndCatchAll) {
  Instance* instance = run(R"((module (tag $t (param i32)) (tag $u)
    (func $boom (param i32) (if (local.get 0) (then (throw $t (local.get 0)))) (throw $u))
    (func (export "rethrow") (param i32) (result i32)
      (try (result i32)
        (do (try (result i32)
              (do (call $boom (local.get 0)) (i32.const -1))
              (catch $t (drop) (rethrow 0))
              (catch_all (i32.const 50))))
        (catch $t (i32.const 1) (i32.add))))
    (func (export "delegate") (param i32) (result i32)
      (try $outer (result i32)
        (do (try (result i32)
              (do (try (result i32)
                    (do (call $boom (local.get 0)) (i32.const -1))
                    (delegate $outer)))
              (catch_all (i32.const 2))))
        (catch $t (i32.const 3) (i32.add))
        (catch_all (i32.const 4))))
    (func $to_caller (param i32) (try (do (try (do (call $boom (local.get 0))) (delegate 1))) (catch_all)))
    (func (export "to_caller") (param i32) (result i32)
      (try (result i32) (do (call $to_caller (local.get 0)) (i32.const 9)) (catch $t (i32.const 6) (i32.add))
           (catch_all (i32.const 7))))))");
  expect(instance, "rethrow", {10}, {11});
  expect(instance, "rethrow", {0}, {50});
  expect(instance, "delegate", {10}, {13});
  expect(instance, "delegate", {0}, {4});
  expect(instance, "to_caller", {10}, {16});
  expect(instance, "to_caller", {0}, {7});
}

}  // namespace
}  // namespace arris::interp
