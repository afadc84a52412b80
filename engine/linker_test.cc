#include "arris/linker.h"

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

TEST(Linker, ListsEveryMissingImportWithItsTypeAndANearName) {
  World world;
  world.linker.define_func("wasi", "fd_write", [](int32_t) { return 0; });
  world.linker.define_func("env", "log", [] {});
  Module module = testing::compile(world.engine, R"((module
    (import "wasi" "fd_wirte" (func (param i32) (result i32)))
    (import "env" "log" (func))
    (import "evn" "log2" (func))
    (import "host" "log" (global i64))
    (import "nothing" "like_it" (memory 1 2))))");
  auto result = world.linker.instantiate(world.store, module);
  ASSERT_FALSE(result);
  ASSERT_NE(result.error().error(), nullptr);
  EXPECT_EQ(result.error().error()->code, ErrorCode::unknown_import);
  EXPECT_EQ(result.error().to_string(),
            "unknown import: \"wasi\" \"fd_wirte\" (func (param i32) (result i32)), did you mean \"fd_write\"?\n"
            "  \"evn\" \"log2\" (func) (no module of that name is provided)\n"
            "  \"host\" \"log\" (global i64), which module \"env\" has\n"
            "  \"nothing\" \"like_it\" (memory 1 2) (no module of that name is provided)");
}

TEST(Linker, ListsOnlyTheFirstOfVeryManyMissingImports) {
  World world;
  std::string text = "(module";
  for (int i = 0; i < 1000; ++i) text += "(import \"a\" \"i" + std::to_string(i) + "\" (func))";
  auto result = world.linker.instantiate(world.store, testing::compile(world.engine, text + ")"));
  ASSERT_FALSE(result);
  std::string message = result.error().to_string();
  EXPECT_NE(message.find("\"i49\""), std::string::npos);
  EXPECT_EQ(message.find("\"i50\""), std::string::npos);
  EXPECT_TRUE(message.ends_with("\n  and 950 more")) << message;
}

TEST(Linker, NamesEveryImportOfTheWrongType) {
  World world;
  world.linker.define_func("h", "f", [](int32_t) {});
  world.linker.define("h", "g", *Global::create(world.store, {kI32, false}, Val(1)));
  auto result = world.linker.instantiate(
      world.store,
      testing::compile(world.engine,
                       "(module (import \"h\" \"f\" (func (param i64))) (import \"h\" \"g\" (global (mut i32))))"));
  ASSERT_FALSE(result);
  ASSERT_NE(result.error().error(), nullptr);
  EXPECT_EQ(result.error().error()->code, ErrorCode::incompatible_import_type);
  EXPECT_NE(result.error().to_string().find("\"h\" \"f\": "), std::string::npos) << result.error().to_string();
  EXPECT_NE(result.error().to_string().find("\"h\" \"g\": "), std::string::npos) << result.error().to_string();
}

TEST(Linker, NamesMissingAndMismatchedImportsTogether) {
  World world;
  world.linker.define_func("h", "f", [](int32_t) {});
  auto result = world.linker.instantiate(
      world.store, testing::compile(world.engine,
                                    "(module (import \"h\" \"f\" (func (param i64))) (import \"h\" \"fs\" (func))"
                                    " (import \"h\" \"far_away\" (table 1 funcref)))"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error()->code, ErrorCode::unknown_import);
  EXPECT_EQ(result.error().to_string(),
            "unknown import: \"h\" \"fs\" (func), did you mean \"f\"?\n"
            "  \"h\" \"far_away\" (table 1 funcref)\n"
            "incompatible import type: \"h\" \"f\": expected func [i64] -> [], found func [i32] -> []");
}

TEST(Linker, EscapesNamesThatTheGuestChose) {
  World world;
  world.linker.define_func("h\x1b[2J", "f\u202e", [](int32_t) {});
  Module module = testing::compile(world.engine,
                                   R"((module (import "h\1b[2J" "f\u{202e}" (func))
                                              (import "h\1b[2J" "g\n\u{202e}" (func))
                                              (import "\07" "\u{9b}2J" (func))))");
  auto result = world.linker.instantiate(world.store, module);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().to_string(),
            "unknown import: \"h\\1b[2J\" \"g\\n\\u{202e}\" (func)\n"
            "  \"\\07\" \"\\u{9b}2J\" (func) (no module of that name is provided)\n"
            "incompatible import type: \"h\\1b[2J\" \"f\\u{202e}\": expected func [] -> [], found func [i32] -> []");
}

TEST(Linker, TellsTheStatusOfEveryImport) {
  World world;
  world.linker.define_func("h", "write", [](int32_t) {});
  Module module = testing::compile(world.engine,
                                   "(module (import \"h\" \"write\" (func (param i32)))"
                                   " (import \"h\" \"writ\" (func)) (import \"h\" \"write\" (global i32)))");
  std::vector<ImportStatus> all = world.linker.check(world.store, module);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].kind, ImportStatus::Kind::provided);
  EXPECT_TRUE(all[0].value);
  EXPECT_EQ(all[1].kind, ImportStatus::Kind::missing);
  EXPECT_EQ(all[1].note, "did you mean \"write\"?");
  EXPECT_EQ(all[2].kind, ImportStatus::Kind::mismatched);
  EXPECT_EQ(all[2].note, "expected global, found func");
}

TEST(Linker, ConnectsInstancesUnderAName) {
  World world;
  Instance provider =
      world.instantiate(R"((module (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 4))
    (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))))");
  world.linker.define_instance("math", provider);
  Instance user = world.instantiate(R"((module (import "math" "double" (func $double (param i32) (result i32)))
    (import "math" "memory" (memory 1)) (import "math" "g" (global $g (mut i32)))
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (call $double (global.get $g)))
      (global.set $g (i32.const 50))
      (call $double (global.get $g)))))");
  EXPECT_EQ(*(*user.typed<int32_t()>("run"))(), 100);
  EXPECT_EQ(provider.memory("memory")->load<int32_t>(0), 8);
  EXPECT_EQ(provider.global("g")->get().i32(), 50);
}

TEST(Linker, AHostFunctionIsOneFunctionPerStore) {
  World world;
  world.linker.define_func("h", "f", [] {});
  EXPECT_EQ(world.linker.get(world.store, "h", "f"), world.linker.get(world.store, "h", "f"));
  Store other(world.engine);
  EXPECT_FALSE(world.linker.get(world.store, "h", "f") == world.linker.get(other, "h", "f"));
  EXPECT_FALSE(world.linker.get(world.store, "h", "g"));
  EXPECT_FALSE(world.linker.get(world.store, "i", "f"));
}

TEST(Linker, DefiningAgainReplaces) {
  World world;
  world.linker.define_func("h", "f", [] { return 1; });
  world.linker.define_func("h", "f", [] { return 2; });
  Func func =
      world.func("(module (import \"h\" \"f\" (func $f (result i32))) (func (export \"f\") (result i32) (call $f)))");
  EXPECT_EQ((*func.call({}))[0].i32(), 2);
}

TEST(Linker, RefusesValuesOfAnotherStoreOrEngine) {
  World world;
  Store other(world.engine);
  world.linker.define("h", "f", Func::wrap(other, [] {}));
  Module module = testing::compile(world.engine, "(module (import \"h\" \"f\" (func)))");
  EXPECT_NE(world.linker.instantiate(world.store, module).error().to_string().find("belongs to another store"),
            std::string::npos);
  EXPECT_TRUE(world.linker.instantiate(other, module));
  Engine engine;
  EXPECT_FALSE(world.linker.instantiate(world.store, testing::compile(engine, "(module)")));
}

TEST(Instance, StartFunctionAndSegmentsMayTrap) {
  World world;
  auto trap = world.linker.instantiate(
      world.store, testing::compile(world.engine, "(module $m (func $boom unreachable) (start $boom))"));
  ASSERT_FALSE(trap);
  ASSERT_NE(trap.error().trap(), nullptr);
  EXPECT_EQ(trap.error().trap()->code(), TrapCode::unreachable);
  ASSERT_EQ(trap.error().trap()->frames().size(), 1u);
  EXPECT_EQ(trap.error().trap()->frames()[0].func_name, "boom");
  auto segment = world.linker.instantiate(
      world.store, testing::compile(world.engine, "(module (memory 1) (data (i32.const 65536) \"x\"))"));
  ASSERT_FALSE(segment);
  ASSERT_NE(segment.error().trap(), nullptr);
  EXPECT_EQ(segment.error().trap()->code(), TrapCode::out_of_bounds_memory_access);
}

TEST(Instance, ExportsByNameAndPosition) {
  World world;
  Instance instance = world.instantiate(R"((module (func (export "f")) (func (export "g") (result i32) (i32.const 1))
    (memory (export "m") 1) (table (export "t") 1 funcref) (tag (export "e"))))");
  EXPECT_EQ(instance.export_count(), 5u);
  EXPECT_EQ(instance.export_at(1).func()->type().results.size(), 1u);
  EXPECT_EQ(instance.export_at(2).kind(), ExternKind::memory);
  EXPECT_TRUE(instance.memory("m") && instance.table("t") && instance.tag("e"));
  EXPECT_FALSE(instance.memory("f"));
  EXPECT_FALSE(instance.get("absent"));
  EXPECT_EQ(instance.typed<void()>("absent").error().to_string(), "unknown function: absent");
  EXPECT_EQ(instance.module().exports().size(), 5u);
  EXPECT_EQ(to_string(instance.get("m")->type()), "(memory 1)");
}

}  // namespace
}  // namespace arris::api
