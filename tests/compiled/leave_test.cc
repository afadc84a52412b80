// Leaving compiled code in the middle of a function: what the interpreter finds is what compiled code had, wherever that is.
#include <gtest/gtest.h>

#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "interp/interpreter.h"
#include "jit/module_code.h"
#include "runtime/instance.h"
#include "text/wat.h"

namespace arris::jit {
namespace {

using runtime::Extern;
using runtime::FuncInstance;
using runtime::InstanceData;
using runtime::Outcome;
using runtime::Store;
using Slots = std::vector<uint64_t>;

Outcome execute(Store& store, const FuncInstance& func, uint64_t* slots) {
  const void* code = find_code(func);
  return code != nullptr ? run(store, func, code, slots) : interp::execute(store, func, slots);
}

// Asked by the interpreter: 1.
Outcome who_asks(void*, Store& store, InstanceData*, uint64_t* slots) {
  const auto* entry = static_cast<const runtime::EntryFrame*>(store.context().entry_frame);
  slots[0] = entry->exit_instance != nullptr;
  return Outcome::ok;
}

// A module whose code is all compiled, in a Store where it is left every so often (0: never), or in one that only interprets.
class World {
 public:
  World(std::string_view wat, bool compiled, uint32_t leave_every) {
    auto bytes = text::wat_to_wasm(wat, {Features::all()});
    EXPECT_TRUE(bytes.has_value()) << wat;
    auto module = decoder::decode_module(std::move(*bytes), {Features::all(), registry_});
    EXPECT_TRUE(module.has_value());
    EXPECT_TRUE(validator::validate_module(**module).has_value());
    runtime::StoreOptions options;
    options.execute = &interp::execute;
    options.registry = registry_;
    if (compiled) {
      MachineOptions machine_options;
      machine_options.tier_down_every = leave_every;
      machine_ = std::make_shared<Machine>(machine_options);
      EXPECT_TRUE(ModuleCode::attach(**module, machine_)->compile_all(1).has_value());
      options.execute = &execute;
      options.interpret = &interp::execute;
      options.resume = &interp::resume;
      options.machine = &machine_->support();
    }
    store_ = std::make_unique<Store>(options);
    if (leave_every != 0) store_->context().interrupt.fetch_or(runtime::kInterruptLeave);
    Extern who;
    who.kind = ExternKind::func;
    who.func =
        store_->new_host_func(registry_->get(registry_->add_func_type({{}, {kI32}})), &who_asks, nullptr, nullptr);
    const std::span<const Extern> imports((*module)->imported_funcs != 0 ? &who : nullptr, (*module)->imported_funcs);
    auto instance = runtime::instantiate(*store_, *module, imports);
    EXPECT_TRUE(instance.has_value());
    instance_ = *instance;
  }
  Outcome call(uint32_t func, const Slots& arguments, Slots* results) {
    const FuncInstance& f = *instance_->data().funcs[func];
    results->resize(f.type->result_slots);
    return store_->invoke(f, arguments, *results);
  }
  Store& store() { return *store_; }

 private:
  std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
  std::shared_ptr<Machine> machine_;
  std::unique_ptr<Store> store_;
  runtime::Instance* instance_ = nullptr;
};

// How often the host is called by the interpreter when function 1 runs its loop ten times.
uint64_t interpreted_of_ten(uint32_t leave_every) {
  World world(R"((module
    (import "" "who" (func $who (result i32)))
    (func (param $n i32) (result i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (call $who)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))))",
              true, leave_every);
  Slots results;
  EXPECT_EQ(world.call(1, {10}, &results), Outcome::ok);
  return results[0];
}

TEST(LeaveTest, TheInterpreterDoesTheRest) {
  EXPECT_EQ(interpreted_of_ten(0), 0u);
  EXPECT_EQ(interpreted_of_ten(1000), 0u);
  EXPECT_EQ(interpreted_of_ten(1), 10u);  // at the entry
  EXPECT_EQ(interpreted_of_ten(2), 10u);  // at the loop, before its first iteration
  EXPECT_EQ(interpreted_of_ten(5), 7u);
  EXPECT_EQ(interpreted_of_ten(11), 1u);
  EXPECT_EQ(interpreted_of_ten(12), 0u);
}

// Function 0 gives the same as in the interpreter, wherever its code is left, or traps the same way.
void expect_equal_everywhere(std::string_view wat, const Slots& arguments) {
  World interpreted(wat, false, 0);
  Slots wanted;
  const Outcome outcome = interpreted.call(0, arguments, &wanted);
  const runtime::TrapState trap = outcome == Outcome::trap ? interpreted.store().take_trap() : runtime::TrapState{};
  for (uint32_t every = 1; every < 24; ++every) {
    World world(wat, true, every);
    Slots results;
    ASSERT_EQ(world.call(0, arguments, &results), outcome) << every;
    if (outcome == Outcome::ok) {
      EXPECT_EQ(results, wanted) << every;
    } else if (outcome == Outcome::trap) {
      const runtime::TrapState other = world.store().take_trap();
      EXPECT_EQ(other.code, trap.code);
      ASSERT_EQ(other.backtrace.size(), trap.backtrace.size()) << every;
      for (size_t i = 0; i < trap.backtrace.size(); ++i) {
        EXPECT_EQ(other.backtrace[i].func.value, trap.backtrace[i].func.value) << every;
        EXPECT_EQ(other.backtrace[i].offset, trap.backtrace[i].offset) << every;
      }
    }
    EXPECT_GT(world.store().context().leave_ticks, 0u);
  }
}

TEST(LeaveTest, OperandsUnderALoop) {
  expect_equal_everywhere(R"((module (func (param i32 f32) (result i64 f32 i32)
      (i64.const 0x1234567890) (f32.const 2.5) (f32.mul (local.get 1) (f32.const -3))
      (loop (param f32) (result f32)
        (f32.add (local.get 1))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (f32.add)
      (loop (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 3))) (br_if 0 (i32.lt_s (local.get 0) (i32.const 9))) (local.get 0)))))",
                          {7, 0x3FC00000});
}

TEST(LeaveTest, VectorConstantsUnderALoop) {
  // The slots have held other things before.
  expect_equal_everywhere(R"((module (func (param i32) (result v128) (local v128)
      (local.set 1 (i64x2.splat (i64.const -1)))
      (drop (call $f (local.get 1) (local.get 1)))
      (v128.const i64x2 0 0)
      (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i64x2.add (local.get 1)))
      (func $f (param v128 v128) (result v128) (i32x4.add (local.get 0) (local.get 1)))))",
                          {5});
}

TEST(LeaveTest, ConstantAndVectorLocals) {
  expect_equal_everywhere(R"((module (func (param $v v128) (param $n i32) (param $f f32) (result i32 v128 i64 i32)
      (local $a v128) (local $zero i64) (local $nine i32) (local $g f32)
      (local.set $nine (i32.const 9))
      (loop $next
        (local.set $a (i32x4.add (local.get $a) (local.get $v)))
        (local.set $g (f32.add (local.get $g) (local.get $f)))
        (local.set $zero (i64.add (local.get $zero) (i64.extend_i32_u (i32.reinterpret_f32 (local.get $g)))))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.reinterpret_f32 (local.get $g)) (local.get $a) (local.get $zero) (local.get $nine))))",
                          {3, 5, 8, 0x40490FDB});
}

TEST(LeaveTest, BranchesOfEveryKindAfterwards) {
  expect_equal_everywhere(R"((module (func (param $n i32) (result i32) (local $i i32) (local $sum i32)
      (block $out
        (loop $next
          (local.set $sum (i32.mul (local.get $sum) (i32.const 5)))
          (block $c (block $b (block $a
            (br_table $a $b $c $out (i32.rem_u (local.get $i) (i32.const 7))))
            (local.set $sum (i32.add (local.get $sum) (i32.const 1))) (br $c))
            (local.set $sum (i32.add (local.get $sum) (i32.const 2))))
          (if (i32.and (local.get $i) (i32.const 1)) (then (local.set $sum (i32.xor (local.get $sum) (i32.const 99))))
            (else (loop $inner (br_if $inner (i32.gt_u (local.tee $sum (i32.shr_u (local.get $sum) (i32.const 1))) (i32.const 1000))))))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
      (local.get $sum))))",
                          {40});
}

TEST(LeaveTest, CallersAndTrapsBeyond) {
  constexpr std::string_view kModule = R"((module
      (func (param $n i32) (result i32) (local $i i32) (local $sum i32)
        (loop $next
          (local.set $sum (i32.add (local.get $sum) (call $inner (local.get $i) (i32.const 6))))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $sum))
      (func $inner (param $i i32) (param $k i32) (result i32) (local $r i32)
        (loop $next
          (local.set $r (i32.add (local.get $r) (i32.div_u (i32.const 1000) (i32.sub (i32.const 8) (local.get $i)))))
          (br_if $next (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (return_call $last (local.get $r)))
      (func $last (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))))";
  expect_equal_everywhere(kModule, {8});
  expect_equal_everywhere(kModule, {9});  // divides by zero
}

TEST(LeaveTest, ExceptionsAreCaughtInTheInterpretedRest) {
  expect_equal_everywhere(R"((module
      (tag $t (param i32))
      (func (param $n i32) (result i32) (local $sum i32)
        (loop $next
          (local.set $sum (i32.add (local.get $sum)
            (block $caught (result i32)
              (try_table (result i32) (catch $t $caught) (call $odd_throws (local.get $n))))))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
      (func $odd_throws (param i32) (result i32)
        (loop (if (i32.and (local.get 0) (i32.const 1)) (then (throw $t (i32.mul (local.get 0) (i32.const 100))))))
        (local.get 0))))",
                          {9});
}

}  // namespace
}  // namespace arris::jit
