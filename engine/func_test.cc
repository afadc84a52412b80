#include "arris/func.h"

#include <limits>

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

TEST(TypedFunc, PassesEveryNumberType) {
  World world;
  Instance instance = world.instantiate(R"((module
    (func (export "i32") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
    (func (export "i64") (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
    (func (export "f32") (param f32 f32) (result f32) (f32.sub (local.get 0) (local.get 1)))
    (func (export "f64") (param f64 f64) (result f64) (f64.sub (local.get 0) (local.get 1)))
    (func (export "none"))))");
  EXPECT_EQ(*(*instance.typed<int32_t(int32_t, int32_t)>("i32"))(3, 5), -2);
  EXPECT_EQ(*(*instance.typed<uint32_t(uint32_t, int32_t)>("i32"))(3, 5), 0xFFFFFFFEu);
  EXPECT_EQ(*(*instance.typed<int64_t(int64_t, uint64_t)>("i64"))(std::numeric_limits<int64_t>::min(), 1),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(*(*instance.typed<float(float, float)>("f32"))(1.5f, 4.0f), -2.5f);
  EXPECT_EQ(*(*instance.typed<double(double, double)>("f64"))(1.5, 4.0), -2.5);
  EXPECT_TRUE((*instance.typed<void()>("none"))());
}

TEST(TypedFunc, SeveralResultsAreATuple) {
  World world;
  auto swap = world.func("(module (func (export \"f\") (param i32 f64) (result f64 i32) local.get 1 local.get 0))")
                  .typed<std::tuple<double, int32_t>(int32_t, double)>();
  ASSERT_TRUE(swap);
  EXPECT_EQ(*(*swap)(7, 0.25), (std::tuple<double, int32_t>(0.25, 7)));
}

TEST(TypedFunc, VectorsTakeTwoSlots) {
  World world;
  auto rotate = world
                    .func(R"((module (func (export "f") (param v128 i32 v128) (result v128 i32 v128)
                             local.get 2 local.get 1 local.get 0)))")
                    .typed<std::tuple<V128, int32_t, V128>(V128, int32_t, V128)>();
  ASSERT_TRUE(rotate);
  V128 a = arris::v128_from_lanes<uint32_t>({1, 2, 3, 4}), b = arris::v128_from_lanes<uint32_t>({5, 6, 7, 8});
  auto result = (*rotate)(a, 9, b);
  ASSERT_TRUE(result);
  EXPECT_EQ(std::get<0>(*result), b);
  EXPECT_EQ(std::get<1>(*result), 9);
  EXPECT_EQ(std::get<2>(*result), a);
}

TEST(TypedFunc, AnotherSignatureIsRefusedWithBothTypes) {
  World world;
  Func func = world.func("(module (func (export \"f\") (param i32) (result i64) i64.const 1))");
  auto typed = func.typed<int32_t(int32_t)>();
  ASSERT_FALSE(typed);
  EXPECT_EQ(typed.error().code, ErrorCode::type_mismatch);
  EXPECT_EQ(typed.error().detail,
            "the function has type (func (param i32) (result i64)), asked for as (func (param i32) (result i32))");
  EXPECT_FALSE(func.typed<int64_t()>());
  EXPECT_FALSE(func.typed<int64_t(Ref)>());
  EXPECT_FALSE(func.typed<void(int32_t)>());
}

TEST(TypedFunc, ReferencesAreCheckedAgainstTheParameterTypeAtEachCall) {
  World world;
  auto is_null = world.func("(module (func (export \"f\") (param (ref i31)) (result i32) (ref.is_null (local.get 0))))")
                     .typed<int32_t(Ref)>();
  ASSERT_TRUE(is_null);
  EXPECT_EQ(*(*is_null)(Ref::i31(4)), 0);
  auto refused = (*is_null)(Ref());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "argument 0 is a reference that does not match the function's type");
}

TEST(Func, UntypedCallChecksNumberAndTypesOfArguments) {
  World world;
  Func func = world.func("(module (func (export \"f\") (param i32 i64) (result i64) local.get 1))");
  auto result = func.call({1, int64_t{-5}});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->size(), 1u);
  EXPECT_EQ((*result)[0].type(), kI64);
  EXPECT_EQ((*result)[0].i64(), -5);
  EXPECT_EQ(func.call({1}).error().message(), "the function takes 2 arguments, 1 were given");
  EXPECT_EQ(func.call({1, 2.0}).error().message(), "argument 1 must be i64, found f64");
}

TEST(Func, NanPayloadsPassUnchanged) {
  World world;
  Func func = world.func("(module (func (export \"f\") (param f32 f64) (result f32 f64) local.get 0 local.get 1))");
  auto result = func.call({Val::f32_bits(0x7FA00001), Val::f64_bits(0xFFF4000000000001)});
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)[0].f32_bits(), 0x7FA00001u);
  EXPECT_EQ((*result)[1].f64_bits(), 0xFFF4000000000001u);
}

TEST(Func, ManyParametersAndResults) {
  World world;
  std::string text = "(module (func (export \"f\") (param";
  for (int i = 0; i < 200; ++i) text += " i32";
  text += ") (result";
  for (int i = 0; i < 200; ++i) text += " i32";
  text += ")";
  for (int i = 199; i >= 0; --i) text += " local.get " + std::to_string(i);
  std::vector<Val> args;
  for (int i = 0; i < 200; ++i) args.push_back(Val(i));
  auto result = world.func(text + "))").call(args);
  ASSERT_TRUE(result);
  for (int i = 0; i < 200; ++i) EXPECT_EQ((*result)[static_cast<size_t>(i)].i32(), 199 - i);
}

int64_t free_function(int32_t a, int32_t b) { return int64_t{a} * b; }
enum class Status : uint16_t { good = 0, bad = 8 };

TEST(HostFunc, EveryShapeOfCallableCanBeCalledFromWasm) {
  World world;
  int calls = 0;
  world.linker.define_func("h", "nothing", [&calls] { ++calls; });
  world.linker.define_func("h", "free", free_function);
  world.linker.define_func("h", "pointer", &free_function);
  world.linker.define_func("h", "mutable", [count = 10]() mutable { return count++; });
  world.linker.define_func("h", "tuple", [](double x) noexcept { return std::tuple<int32_t, double>(3, x / 2); });
  world.linker.define_func("h", "status", [](bool ok) { return ok ? Status::good : Status::bad; });
  world.linker.define_func("h", "expected", [](uint64_t x) -> std::expected<uint64_t, Trap> {
    if (x == 0) return std::unexpected(Trap("no zeros here"));
    return x - 1;
  });
  world.linker.define_func("h", "caller", [](Caller& caller, uint32_t address) -> std::expected<uint32_t, Trap> {
    auto value = caller.memory()->load<uint32_t>(address);
    if (!value) return std::unexpected(Trap(TrapCode::out_of_bounds_memory_access));
    return *value;
  });
  world.linker.define_func("h", "vector", [](V128 v, int32_t i) -> std::tuple<V128, int32_t> {
    return {arris::v128_from_lanes<uint32_t>({static_cast<uint32_t>(i), 0, 0, 0}),
            static_cast<int32_t>(arris::v128_lanes<uint32_t>(v)[3])};
  });
  Instance instance = world.instantiate(R"((module
    (import "h" "nothing" (func $nothing))
    (import "h" "free" (func $free (param i32 i32) (result i64)))
    (import "h" "pointer" (func $pointer (param i32 i32) (result i64)))
    (import "h" "mutable" (func $mutable (result i32)))
    (import "h" "tuple" (func $tuple (param f64) (result i32 f64)))
    (import "h" "status" (func $status (param i32) (result i32)))
    (import "h" "expected" (func $expected (param i64) (result i64)))
    (import "h" "caller" (func $caller (param i32) (result i32)))
    (import "h" "vector" (func $vector (param v128 i32) (result v128 i32)))
    (memory 1) (data (i32.const 8) "\2a\00\00\00")
    (func (export "nothing") call $nothing call $nothing)
    (func (export "free") (result i64) (call $free (i32.const -3) (i32.const 5)))
    (func (export "pointer") (result i64) (call $pointer (i32.const 1000000) (i32.const 1000000)))
    (func (export "mutable") (result i32) (i32.add (call $mutable) (call $mutable)))
    (func (export "tuple") (param f64) (result i32 f64) (call $tuple (local.get 0)))
    (func (export "status") (result i32) (i32.sub (call $status (i32.const 0)) (call $status (i32.const 1))))
    (func (export "expected") (param i64) (result i64) (call $expected (local.get 0)))
    (func (export "load") (param i32) (result i32) (call $caller (local.get 0)))
    (func (export "vector") (param v128 i32) (result v128 i32) (call $vector (local.get 0) (local.get 1)))))");
  ASSERT_TRUE((*instance.typed<void()>("nothing"))());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(*(*instance.typed<int64_t()>("free"))(), -15);
  EXPECT_EQ(*(*instance.typed<int64_t()>("pointer"))(), 1'000'000'000'000);
  EXPECT_EQ(*(*instance.typed<int32_t()>("mutable"))(), 21);
  EXPECT_EQ(*(*instance.typed<std::tuple<int32_t, double>(double)>("tuple"))(5.0),
            (std::tuple<int32_t, double>(3, 2.5)));
  EXPECT_EQ(*(*instance.typed<int32_t()>("status"))(), 8);
  auto expected = *instance.typed<uint64_t(uint64_t)>("expected");
  EXPECT_EQ(*expected(5), 4u);
  EXPECT_EQ(expected(0).error().message(), "no zeros here");
  EXPECT_EQ(expected(0).error().code(), TrapCode::host_error);
  auto load = *instance.typed<uint32_t(uint32_t)>("load");
  EXPECT_EQ(*load(8), 42u);
  EXPECT_EQ(load(65535).error().code(), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(load(65535).error().message(), "out of bounds memory access");
  auto vector = (*instance.typed<std::tuple<V128, int32_t>(V128, int32_t)>("vector"))(
      arris::v128_from_lanes<uint32_t>({1, 2, 3, 4}), 77);
  ASSERT_TRUE(vector);
  EXPECT_EQ(std::get<0>(*vector), arris::v128_from_lanes<uint32_t>({77, 0, 0, 0}));
  EXPECT_EQ(std::get<1>(*vector), 4);
}

TEST(HostFunc, CanBeCalledByTheHost) {
  World world;
  Func add = Func::wrap(world.store, [](Caller& caller, int32_t a, int32_t b) {
    EXPECT_FALSE(caller.instance());
    EXPECT_FALSE(caller.memory());
    return a + b;
  });
  EXPECT_TRUE(add.is_host());
  EXPECT_EQ(*(*add.typed<int32_t(int32_t, int32_t)>())(2, 3), 5);
  EXPECT_EQ((*add.call({4, 5}))[0].i32(), 9);
}

TEST(HostFunc, DynamicFunctionsSeeValsAndTheirResultsAreChecked) {
  World world;
  FuncType type{{kI32, kF64}, {kF64, kI32}};
  Func swap = Func::create(world.store, type, [](Caller&, std::span<const Val> args, std::span<Val> results) {
    EXPECT_EQ(results[0].type(), kF64);
    results[0] = args[1];
    results[1] = args[0];
    return std::expected<void, Trap>();
  });
  auto result = swap.call({1, 2.5});
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)[0].f64(), 2.5);
  EXPECT_EQ((*result)[1].i32(), 1);
  Func wrong = Func::create(world.store, type, [](Caller&, std::span<const Val> args, std::span<Val> results) {
    results[0] = args[0];
    return std::expected<void, Trap>();
  });
  EXPECT_EQ(wrong.call({1, 2.5}).error().message(), "a host function returned a i32 as result 0 of type f64");
}

TEST(HostFunc, UncheckedFunctionsSeeSlots) {
  World world;
  Func twice = Func::create_unchecked(world.store, {{kI64}, {kI64, kI64}}, [](Caller&, std::span<uint64_t> slots) {
    EXPECT_EQ(slots.size(), 2u);
    slots[1] = slots[0];
    return std::expected<void, Trap>();
  });
  auto result = twice.call({int64_t{11}});
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)[0].i64(), 11);
  EXPECT_EQ((*result)[1].i64(), 11);
}

TEST(HostFunc, MayCallBackIntoTheCallersExports) {
  World world;
  world.linker.define_func("h", "apply", [](Caller& caller, int32_t x) -> std::expected<int32_t, Trap> {
    auto twice = caller.instance()->typed<int32_t(int32_t)>("twice");
    if (!twice) return std::unexpected(Trap(twice.error().to_string()));
    EXPECT_TRUE(caller.get_export("twice")->func() != nullptr);
    EXPECT_FALSE(caller.get_export("thrice"));
    return (*twice)(x);
  });
  auto run = world.func(R"((module (import "h" "apply" (func $apply (param i32) (result i32)))
      (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
      (func (export "f") (param i32) (result i32) (i32.add (call $apply (local.get 0)) (i32.const 1)))))");
  EXPECT_EQ((*run.call({20}))[0].i32(), 41);
}

TEST(HostFunc, EndlessRecursionThroughTheHostTraps) {
  World world;
  world.linker.define_func("h", "again", [](Caller& caller) -> std::expected<void, Trap> {
    return (*caller.instance()->typed<void()>("f"))();
  });
  Func func = world.func("(module (import \"h\" \"again\" (func $again)) (func (export \"f\") (call $again)))");
  auto result = func.call({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), TrapCode::call_stack_exhausted);
  EXPECT_EQ(func.call({}).error().code(), TrapCode::call_stack_exhausted);  // and the store still works
}

TEST(HostFunc, TheCallableDiesWithItsStore) {
  auto token = std::make_shared<int>(1);
  Engine engine;
  {
    Store store(engine);
    Func::wrap(store, [token] { return *token; });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace arris::api
