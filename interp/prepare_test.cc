// Code is made when a function is first called: only then, once, whoever calls and from however many threads.
#include "interp/prepare.h"

#include <barrier>
#include <thread>

#include <gtest/gtest.h>

#include "interp/test_machine.h"

namespace arris::interp {
namespace {

using test::Called;
using test::Instance;
using test::Machine;

constexpr std::string_view kModule = R"((module
  (memory 1)
  (table funcref (elem $indirect))
  (type $unary (func (param i32) (result i32)))
  (func $callee (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $indirect (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $in_tail (param i32) (result i32) (i32.sub (local.get 0) (i32.const 2)))
  (func $never (param i32) (result i32) (local.get 0))
  (func $vector (param i32 v128) (result i32) (local v128)
    (local.set 2 (i32x4.add (local.get 1) (i32x4.splat (local.get 0)))) (i32x4.extract_lane 1 (local.get 2)))
  (func (export "f") (param i32) (result i32)
    (local.set 0 (call $callee (local.get 0)))
    (local.set 0 (call_indirect (type $unary) (local.get 0) (i32.const 0)))
    (local.set 0 (call $vector (local.get 0) (v128.const i32x4 1 20 300 4000)))
    (return_call $in_tail (local.get 0)))
  (func (export "trap") unreachable)
  (func (export "trap_late") (drop (i32.load (i32.const -1)))))
)";

uint64_t expected(uint32_t x) { return (x + 1) * 3 + 20 - 2; }

class Prepare : public Machine {
 protected:
  static unsigned prepared(const Module& module) {
    unsigned count = 0;
    for (const FuncCode& func : module.func_codes) count += func.is_prepared();
    return count;
  }
};

TEST_F(Prepare, OnlyWhatIsCalled) {
  for (CodeForm form : {CodeForm::plain, CodeForm::quickened, CodeForm::metered}) {
    std::shared_ptr<Module> module = load(kModule, form);
    ASSERT_NE(module, nullptr);
    Instance* instance = instantiate(module);
    EXPECT_EQ(prepared(*module), 0u);
    store_.context().instructions = 0;
    for (int twice = 0; twice < 2; ++twice) {
      expect(instance, "f", {7}, {expected(7)});
      EXPECT_EQ(prepared(*module), 5u);
      EXPECT_FALSE(module->func_codes[3].is_prepared());
    }
    EXPECT_EQ(store_.context().instructions, form == CodeForm::metered ? 2 * 33u : 0u);
  }
}

TEST_F(Prepare, TrapsInAFirstInstructionAreThoseOfTheGuest) {
  for (CodeForm form : {CodeForm::plain, CodeForm::quickened, CodeForm::metered}) {
    std::shared_ptr<Module> module = load(kModule, form);
    Instance* instance = instantiate(module);
    for (int twice = 0; twice < 2; ++twice) {
      const Called unreachable = call(instance, "trap");
      EXPECT_EQ(unreachable.trap, TrapCode::unreachable);
      ASSERT_EQ(unreachable.backtrace.size(), 1u);
      EXPECT_EQ(unreachable.backtrace[0].func, FuncIndex(6));
      EXPECT_EQ(unreachable.backtrace[0].offset, module->bodies[6].code_offset);
      const Called late = call(instance, "trap_late");
      EXPECT_EQ(late.trap, TrapCode::out_of_bounds_memory_access);
      ASSERT_EQ(late.backtrace.size(), 1u);
      EXPECT_EQ(late.backtrace[0].offset, module->bodies[7].code_offset + 2);
    }
  }
}

TEST_F(Prepare, ByManyThreadsAtOnce) {
  constexpr unsigned kThreads = 8, kRounds = 100;
  for (unsigned round = 0; round < kRounds; ++round) {
    std::shared_ptr<Module> module = load(kModule, CodeForm::quickened);
    ASSERT_NE(module, nullptr);
    runtime::StoreOptions options = store_.options();
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    std::atomic<unsigned> right = 0;
    for (unsigned i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        runtime::Store store(options);
        auto instance = runtime::instantiate(store, module, {});
        start.arrive_and_wait();
        uint64_t result = 0;
        const uint64_t argument = i;
        const runtime::Outcome outcome =
            store.invoke(*get(**instance, "f").func, std::span(&argument, 1), std::span(&result, 1));
        right += outcome == runtime::Outcome::ok && result == expected(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(right, kThreads) << round;
  }
}

}  // namespace
}  // namespace arris::interp
