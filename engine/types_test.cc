// Defined types last as long as a module, a store or a linker needs them, and an engine that sees many keeps none of them.
#include <atomic>
#include <string>
#include <thread>

#include "engine/access.h"
#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

size_t type_count(const Engine& engine) { return detail::Access::state(engine)->registry->size(); }

// Types that no other number has: a recursive group, a subtype of one of its types, a signature.
std::string numbered_module(uint32_t number) {
  std::string fields;
  for (uint32_t bits = number + 1; bits; bits >>= 1) fields += bits & 1 ? " (field i32)" : " (field i64)";
  return "(module (rec (type $a (sub (struct" + fields +
         " (field (ref null $b))))) (type $b (struct (field (ref null $a)))))" + "(type $c (sub $a (struct" + fields +
         " (field (ref null $b)) (field f32))))" +
         R"((func (export "make") (result (ref $c)) (struct.new_default $c))
           (func (export "is") (param anyref) (result i32) (ref.test (ref $a) (local.get 0)))))";
}

TEST(Types, TenThousandModulesLeaveNoTypes) {
  World world;
  size_t before = type_count(world.engine);
  for (uint32_t i = 0; i < 10'000; ++i) {
    Module module = testing::compile(world.engine, numbered_module(i));
    EXPECT_GE(type_count(world.engine), before + 4);
    if (i % 50 != 0) continue;
    Store store(world.engine);
    auto instance = Instance::create(store, module, {});
    ASSERT_TRUE(instance);
    auto made = instance->func("make")->call({});
    ASSERT_TRUE(made);
    EXPECT_EQ(instance->func("is")->call(*made)->front().i32(), 1);
  }
  EXPECT_EQ(type_count(world.engine), before);
}

TEST(Types, InvalidModulesLeaveNoTypes) {
  World world;
  size_t before = type_count(world.engine);
  for (uint32_t i = 0; i < 100; ++i) {
    std::string text = numbered_module(i);
    text.insert(text.rfind(')'), "(func (result i32) (i64.const 1))");
    ASSERT_FALSE(Module::compile_text(world.engine, text));
  }
  EXPECT_EQ(type_count(world.engine), before);
}

TEST(Types, ThreadsThatLoadAndDropModulesLeaveNoTypes) {
  World world;
  size_t before = type_count(world.engine);
  std::atomic<uint32_t> mistakes = 0;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&engine = world.engine, &mistakes, t] {
      for (uint32_t i = 0; i < 300; ++i) {
        Module module =
            testing::compile(engine, numbered_module(i % 40 + t % 2 * 20));  // partly the same at the same time
        Store store(engine);
        auto instance = Instance::create(store, module, {});
        auto made = instance->func("make")->call({});
        mistakes += instance->func("is")->call(*made)->front().i32() != 1;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(mistakes, 0u);
  EXPECT_EQ(type_count(world.engine), before);
}

TEST(Types, AStoreKeepsTheTypesOfItsObjectsWhenTheModuleIsDropped) {
  World world;
  auto made = world.func(numbered_module(1), "make").call({});
  ASSERT_TRUE(made);
  for (uint32_t i = 2; i < 2'000; ++i) testing::compile(world.engine, numbered_module(i));  // would take freed ids
  Func is = world.func(numbered_module(1), "is");
  EXPECT_EQ(is.call(*made)->front().i32(), 1);
  EXPECT_EQ(world.func(numbered_module(5), "is").call(*made)->front().i32(), 0);
}

TEST(Types, ALinkerKeepsTheTypesOfItsFunctions) {
  World world;
  constexpr std::string_view kText = R"((module (type $s (struct (field i32) (field i64) (field f32)))
      (import "host" "f" (func $f (param (ref null $s)) (result i32)))
      (func (export "run") (result i32) (call $f (ref.null $s)))))";
  {
    Module first = testing::compile(world.engine, kText);
    world.linker.define_func(
        "host", "f", *first.imports()[0].type.func(),
        [](Caller&, std::span<const Val> args, std::span<Val> results) -> std::expected<void, Trap> {
          results[0] = Val(int32_t{args[0].ref().is_null() ? 7 : 8});
          return {};
        });
  }
  for (uint32_t i = 0; i < 2'000; ++i) testing::compile(world.engine, numbered_module(i));
  EXPECT_EQ(world.func(kText, "run").call({})->front().i32(), 7);
}

TEST(Types, ATypeThatIsGoneHarmsNobody) {
  World world;
  FuncType type;
  {
    Module module = testing::compile(world.engine, numbered_module(3));
    type = *module.export_type("make")->func();
    EXPECT_EQ(world.engine.describe(type).find("bot"), std::string::npos);
  }
  EXPECT_NE(world.engine.describe(type).find("bot"), std::string::npos);
  EXPECT_FALSE(world.engine.is_subtype(kExternRef, type.results[0]));
  Func made = Func::create(world.store, type,
                           [](Caller&, std::span<const Val>, std::span<Val> results) -> std::expected<void, Trap> {
                             results[0] = Val(Ref::i31(1));
                             return {};
                           });
  EXPECT_FALSE(made.call({})) << "no value has such a type";
  EXPECT_FALSE(Global::create(world.store, {type.results[0], false}, Val(Ref::i31(1))));
}

}  // namespace
}  // namespace arris::api
