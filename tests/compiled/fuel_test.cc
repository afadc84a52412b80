// Fuel counted by compiled code: under any limit, the same answers, traps with the same frames, and the same fuel left as in the
// interpreter.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

constexpr std::string_view kGuest = R"((module
  (type $unary (func (param i32) (result i32)))
  (import "host" "call_back" (func $call_back (type $unary)))
  (tag $tag (param i32))
  (table funcref (elem $leaf $call_back $count_down))
  (memory 1)
  (func $leaf (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (func $fib (export "fib") (type $unary)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $count_down (export "count_down") (type $unary)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 0))
  (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $v v128) (local $sum i32)
    (local.set $i (local.get $n))
    (loop $outer
      (local.set $j (i32.const 3))
      (loop $inner
        (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $j))))
        (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
      (local.set $sum (i32.add (local.get $sum) (call_indirect (type $unary) (local.get $i) (i32.rem_u (local.get $i) (i32.const 3)))))
      (br_if $outer (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i32.add (local.get $sum) (i32x4.extract_lane 2 (local.get $v))))
  (func $tail (export "tail") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
    (return_call $tail (i32.sub (local.get 0) (i32.const 1))))
  (func $thrower (param i32) (result i32)
    (if (i32.and (local.get 0) (i32.const 1)) (then (throw $tag (local.get 0))))
    (call $leaf (local.get 0)))
  (func (export "catcher") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (block $caught (result i32)
        (try_table (result i32) (catch $tag $caught) (call $thrower (local.get $n))))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "traps") (param $n i32) (result i32)
    (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.load (i32.const -4)))
))";

struct Guest {
  explicit Guest(api::Config config) : engine(with_fuel(config)), store(engine), instance(link(engine, store)) {}
  static api::Config with_fuel(api::Config config) {
    config.fuel = true;
    return config;
  }
  static api::Instance link(const api::Engine& engine, api::Store& store) {
    api::Linker linker(engine);
    linker.define_func("host", "call_back", [](api::Caller& caller, int32_t n) -> std::expected<int32_t, api::Trap> {
      auto result = func(*caller.instance(), "fib").call({api::Val(n % 4)});
      if (!result) return std::unexpected(result.error());
      return result->front().i32();
    });
    store.set_fuel(1000);
    return instantiate(linker, store, compile_text(engine, "guest", std::string(kGuest)));
  }
  // What can be seen of a call: result or trap with its frames, and the fuel.
  std::string run(const std::string& name, int32_t argument, uint64_t fuel) {
    store.set_fuel(fuel);
    auto result = func(instance, name).call({api::Val(argument)});
    const std::string seen = result ? std::to_string(result->front().i32()) : result.error().to_string();
    return seen + " with " + std::to_string(*store.fuel()) + " left";
  }

  api::Engine engine;
  api::Store store;
  api::Instance instance;
};

api::Config interpreter() {
  api::Config config;
  config.tier = api::Tier::interp;
  return config;
}

TEST(Fuel, RunsOutAtTheSamePlaceUnderEveryLimit) {
  Guest expected(interpreter());
  Guest guest(base_config());
  struct {
    const char* name;
    int32_t argument;
    uint64_t limits;
  } cases[] = {{"fib", 7, 60},   {"count_down", 50, 60}, {"nested", 9, 90},
               {"tail", 30, 40}, {"catcher", 12, 50},    {"traps", 20, 30}};
  for (const auto& c : cases) {
    for (uint64_t limit = 0; limit < c.limits; ++limit)
      EXPECT_EQ(guest.run(c.name, c.argument, limit), expected.run(c.name, c.argument, limit))
          << c.name << " with a limit of " << limit;
  }
}

TEST(Fuel, IsEnoughForTheSameWork) {
  Guest expected(interpreter());
  Guest guest(base_config());
  for (const char* name : {"fib", "count_down", "nested", "tail", "catcher", "traps"}) {
    for (const int32_t argument : {1, 2, 3, 14, 15, 16})
      EXPECT_EQ(guest.run(name, argument, 1'000'000), expected.run(name, argument, 1'000'000)) << name << argument;
  }
}

}  // namespace
}  // namespace arris::test
