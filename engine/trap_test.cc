#include "arris/trap.h"

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

TEST(Trap, CarriesABacktraceWithNames) {
  World world;
  Instance instance = world.instantiate(R"((module $math
    (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func $outer (param i32) (result i32) (i32.add (i32.const 1) (call $divide (i32.const 6) (local.get 0))))
    (func (export "run") (param i32) (result i32) (i32.add (i32.const 1) (call $outer (local.get 0))))))");
  auto run = *instance.typed<int32_t(int32_t)>("run");
  EXPECT_EQ(*run(3), 4);
  auto result = run(0);
  ASSERT_FALSE(result);
  const Trap& trap = result.error();
  EXPECT_EQ(trap.code(), TrapCode::integer_divide_by_zero);
  EXPECT_EQ(trap.message(), "integer divide by zero");
  ASSERT_EQ(trap.frames().size(), 3u);
  EXPECT_EQ(trap.frames()[0].func_name, "divide");
  EXPECT_EQ(trap.frames()[0].module_name, "math");
  EXPECT_EQ(trap.frames()[0].func_index, 0u);
  EXPECT_EQ(trap.frames()[1].func_name, "outer");
  EXPECT_EQ(trap.frames()[2].func_name, "run");
  EXPECT_EQ(instance.module().bytes()[trap.frames()[0].offset], 0x6D);  // i32.div_s
  EXPECT_EQ(instance.module().bytes()[trap.frames()[1].offset], 0x10);  // call
  std::string text = trap.to_string();
  EXPECT_TRUE(text.starts_with("trap: integer divide by zero\n    0: divide (math) at 0x")) << text;
  EXPECT_NE(text.find("\n    2: run (math) at 0x"), std::string::npos) << text;
}

TEST(Trap, OfTheHostGetsTheCallersFrames) {
  World world;
  world.linker.define_func("h", "fail",
                           []() -> std::expected<void, Trap> { return std::unexpected(Trap("no such luck")); });
  Func func = world.func(
      "(module (import \"h\" \"fail\" (func $fail)) (func $inner (call $fail) nop) (func (export \"f\") (call $inner) "
      "nop))");
  auto result = func.call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), TrapCode::host_error);
  EXPECT_EQ(result.error().message(), "no such luck");
  std::vector<std::string> names;
  for (const Frame& frame : result.error().frames()) {
    if (!frame.is_host) names.push_back(frame.func_name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"inner", "f"}));
}

TEST(Trap, PassesThroughHostFramesWithItsOriginAndBothSidesFrames) {
  World world;
  world.linker.define_func("h", "call_inner",
                           [](Caller& caller) { return (*caller.instance()->typed<void()>("inner"))(); });
  Func func = world.func(R"((module (import "h" "call_inner" (func $host))
    (func $inner (export "inner") unreachable)
    (func $outer (export "f") (call $host) nop)))");
  auto result = func.call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), TrapCode::unreachable);
  std::vector<std::string> names;
  for (const Frame& frame : result.error().frames()) {
    if (!frame.is_host) names.push_back(frame.func_name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"inner", "outer"}));
}

TEST(Trap, ShowsGuestNamesEscaped) {
  World world;
  auto result = world.func(R"((module $"m\1b[1m" (func $"f\u{202e}\n" (export "f") unreachable)))").call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().frames()[0].func_name, "f\u202e\n");
  EXPECT_NE(result.error().to_string().find("0: f\\u{202e}\\n (m\\1b[1m) at 0x"), std::string::npos)
      << result.error().to_string();
}

TEST(Trap, AHostFunctionMaySwallowATrapAndCarryOn) {
  World world;
  world.linker.define_func("h", "attempt", [](Caller& caller) -> int32_t {
    auto result = (*caller.instance()->typed<void()>("inner"))();
    return result ? 0 : static_cast<int32_t>(result.error().code());
  });
  Func func = world.func(R"((module (import "h" "attempt" (func $host (result i32)))
    (func (export "inner") unreachable)
    (func (export "f") (result i32) (i32.add (call $host) (i32.const 100)))))");
  EXPECT_EQ((*func.call({}))[0].i32(), 100 + static_cast<int32_t>(TrapCode::unreachable));
}

TEST(Trap, ExitStatusPassesThroughEverything) {
  World world;
  world.linker.define_func(
      "h", "exit", [](int32_t status) -> std::expected<void, Trap> { return std::unexpected(Trap::exit(status)); });
  world.linker.define_func("h", "nest", [](Caller& caller) { return (*caller.instance()->typed<void()>("inner"))(); });
  Func func = world.func(R"((module (import "h" "exit" (func $exit (param i32))) (import "h" "nest" (func $nest))
    (func (export "inner") (call $exit (i32.const 42)))
    (func (export "f") (call $nest))))");
  auto result = func.call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().exit_status(), 42);
  EXPECT_EQ(result.error().to_string(), "exit with status 42");
  // A later, ordinary trap has no trace of it.
  auto other = world.func("(module (func (export \"f\") unreachable))").call({});
  EXPECT_EQ(other.error().exit_status(), std::nullopt);
  EXPECT_EQ(other.error().code(), TrapCode::unreachable);
}

TEST(Exception, UncaughtHasTagAndPayload) {
  World world;
  Instance instance = world.instantiate(R"((module (tag $t (export "t") (param i32 i64))
    (func (export "f") (throw $t (i32.const 5) (i64.const -6)))))");
  auto result = instance.func("f")->call({});
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is_exception());
  EXPECT_EQ(result.error().message(), "uncaught exception");
  EXPECT_EQ(result.error().tag(), instance.tag("t"));
  auto payload = result.error().payload();
  ASSERT_EQ(payload.size(), 2u);
  EXPECT_EQ(payload[0].i32(), 5);
  EXPECT_EQ(payload[1].i64(), -6);
  EXPECT_TRUE(result.error().exception().is_exn());
}

TEST(Exception, ThrownByTheHostIsCaughtByWasm) {
  World world;
  Tag tag = Tag::create(world.store, {{{kI32}, {}}});
  world.linker.define("h", "tag", tag);
  world.linker.define_func("h", "throw", [tag](Caller& caller, int32_t value) -> std::expected<void, Trap> {
    Val payload[] = {Val(value)};
    return std::unexpected(caller.exception(tag, payload));
  });
  Func func =
      world.func(R"((module (import "h" "tag" (tag $t (param i32))) (import "h" "throw" (func $throw (param i32)))
    (func (export "f") (param i32) (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (call $throw (local.get 0)))
        (i32.const -1)))))");
  EXPECT_EQ((*func.call({33}))[0].i32(), 33);
}

TEST(Exception, CrossesHostFramesUnchanged) {
  World world;
  int seen = 0;
  world.linker.define_func("h", "nest", [&seen](Caller& caller) -> std::expected<void, Trap> {
    auto result = (*caller.instance()->typed<void()>("inner"))();
    if (!result) {
      EXPECT_TRUE(result.error().is_exception());
      caller.store().collect();  // the trap keeps the exception alive
      ++seen;
    }
    return result;
  });
  Func func = world.func(R"((module (import "h" "nest" (func $nest)) (tag $t (param i64))
    (func (export "inner") (throw $t (i64.const 77)))
    (func (export "f") (result i64)
      (block $caught (result i64)
        (try_table (catch $t $caught) (call $nest))
        (i64.const -1)))))");
  EXPECT_EQ((*func.call({}))[0].i64(), 77);
  EXPECT_EQ(seen, 1);
}

TEST(Exception, PayloadMustMatchTheTag) {
  World world;
  Tag tag = Tag::create(world.store, {{{kI32, kI64}, {}}});
  Val wrong[] = {Val(1), Val(2)};
  EXPECT_EQ(Ref::exception(world.store, tag, wrong).error().message(),
            "value 1 of the exception's payload does not match its tag");
  EXPECT_FALSE(Ref::exception(world.store, tag, {}));
}

}  // namespace
}  // namespace arris::api
