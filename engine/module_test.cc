#include "arris/module.h"

#include <thread>

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

TEST(Module, TellsItsImportsAndExportsWithTypes) {
  World world;
  Module module = testing::compile(world.engine, R"((module $named
    (import "a" "f" (func (param i32) (result i64)))
    (import "a" "m" (memory 1 2 shared))
    (import "b" "t" (table 3 externref))
    (import "b" "g" (global (mut f64)))
    (import "b" "e" (tag (param i32)))
    (func (export "run") (param externref))
    (global (export "const") i32 (i32.const 1))
    (export "m" (memory 0))))");
  EXPECT_EQ(module.name(), "named");
  std::vector<std::string> imports;
  for (const ImportType& import : module.imports())
    imports.push_back(std::string(import.module) + "." + std::string(import.name) + " " + to_string(import.type));
  EXPECT_EQ(imports,
            (std::vector<std::string>{"a.f (func (param i32) (result i64))", "a.m (memory 1 2 shared)",
                                      "b.t (table 3 externref)", "b.g (global (mut f64))", "b.e (tag (param i32))"}));
  std::vector<std::string> exports;
  for (const ExportType& one : module.exports()) exports.push_back(std::string(one.name) + " " + to_string(one.type));
  EXPECT_EQ(exports,
            (std::vector<std::string>{"run (func (param externref))", "const (global i32)", "m (memory 1 2 shared)"}));
  EXPECT_EQ(module.export_type("const")->kind(), ExternKind::global);
  EXPECT_FALSE(module.export_type("absent"));
  EXPECT_EQ(module.func_count(), 2u);
  EXPECT_EQ(module.func_name(1), "run");
  EXPECT_EQ(module.func_type(1).params, ResultType{kExternRef});
  EXPECT_FALSE(module.start());
}

TEST(Module, RefusesBytesWithPhaseAndOffset) {
  Engine engine;
  const uint8_t bad_magic[] = {0, 'a', 's', 'x', 1, 0, 0, 0};
  auto malformed = Module::compile(engine, bad_magic);
  ASSERT_FALSE(malformed);
  EXPECT_EQ(phase_of(malformed.error().code), ErrorPhase::malformed);
  EXPECT_EQ(malformed.error().code, ErrorCode::magic_not_detected);
  auto invalid = Module::compile_text(engine, "(module (func (result i32) i64.const 1))");
  ASSERT_FALSE(invalid);
  EXPECT_EQ(phase_of(invalid.error().code), ErrorPhase::invalid);
  EXPECT_EQ(invalid.error().func_index, 0u);
  auto placed = Module::compile_text(engine, R"((module
  (global i32 (i32.const 7))
  (func (param i32) (nop))
  (func (result i32)
    (local i64)
    (i32.add (i32.const 1)
      (i64.eqz (i32.const 5))))))");
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().detail.substr(0, 5), "7:8: ") << "the i64.eqz: " << placed.error().detail;
  auto text = Module::compile_text(engine, "(module\n  (fnc))");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::module_text);
  EXPECT_NE(text.error().detail.find("2:"), std::string::npos) << text.error().detail;
  EXPECT_FALSE(Module::compile(engine, std::span<const uint8_t>()));
}

TEST(Module, ValidateAgreesWithCompile) {
  Engine engine;
  Module module = testing::compile(engine, "(module (func (export \"f\")))");
  EXPECT_TRUE(Module::validate(engine, module.bytes()));
  std::vector<uint8_t> cut(module.bytes().begin(), module.bytes().end() - 1);
  EXPECT_FALSE(Module::validate(engine, cut));
}

TEST(Module, KeepsCustomSections) {
  Engine engine;
  const uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, 5, 3, 'a', 'b', 'c', 42};
  auto module = Module::compile(engine, bytes);
  ASSERT_TRUE(module) << module.error().to_string();
  auto sections = module->custom_sections();
  ASSERT_EQ(sections.size(), 1u);
  EXPECT_EQ(sections[0].name, "abc");
  ASSERT_EQ(sections[0].payload.size(), 1u);
  EXPECT_EQ(sections[0].payload[0], 42);
}

TEST(Module, DisabledFeaturesAreRefused) {
  Config config;
  config.features = Features().without(Feature::simd);
  EXPECT_FALSE(Module::compile_text(Engine(config), "(module (func (result v128) (v128.const i32x4 0 0 0 0)))"));
  EXPECT_TRUE(Module::compile_text(Engine(), "(module (func (result v128) (v128.const i32x4 0 0 0 0)))"));
}

TEST(Module, CompiledConcurrentlyTheTypesStayTheSame) {
  World world;
  std::vector<std::optional<Module>> modules(8);
  {
    std::vector<std::jthread> threads;
    for (auto& module : modules) {
      threads.emplace_back([&] {
        auto made = Module::compile_text(world.engine, R"((module (type $s (struct (field i32)))
          (func (export "make") (result (ref $s)) (struct.new $s (i32.const 1)))))");
        if (made) module = *made;
      });
    }
  }
  for (auto& module : modules) {
    ASSERT_TRUE(module);
    EXPECT_EQ(module->func_type(0), modules[0]->func_type(0));
  }
}

TEST(Engine, DescribesDefinedTypes) {
  World world;
  Module module = testing::compile(world.engine, R"((module (type $s (struct (field (mut i8)) (field f64)))
    (func (param (ref null $s)) (result (ref func)) unreachable)))");
  EXPECT_EQ(world.engine.describe(module.func_type(0)),
            "(func (param (ref null (struct (mut i8) f64))) (result (ref func)))");
  EXPECT_TRUE(world.engine.is_subtype(module.func_type(0).params[0], kAnyRef));
  EXPECT_FALSE(world.engine.is_subtype(kAnyRef, module.func_type(0).params[0]));
}

TEST(Module, ListsInstructionsAndTheirMachineCode) {
  World world;
  Module module = testing::compile(world.engine, R"((module
    (import "a" "f" (func))
    (func $divide (param $x i32) (result i32)
      (block $out (br_if $out (local.get $x)) (call 0))
      (i32.div_u (i32.const 7) (local.get $x)))))");
  const InstructionLister lister(module);
  EXPECT_TRUE(lister.list(0).empty());
  EXPECT_TRUE(lister.list(2).empty());
  const auto wasm = lister.list(1);
  const std::vector<std::string> expected = {"block $out",  "  local.get $x", "  br_if $out", "  call 0", "end",
                                             "i32.const 7", "local.get $x",   "i32.div_u",    "end"};
  ASSERT_EQ(wasm.size(), expected.size());
  for (size_t i = 0; i < wasm.size(); ++i) {
    EXPECT_EQ(wasm[i].text, expected[i]);
    if (i > 0) EXPECT_GT(wasm[i].offset, wasm[i - 1].offset);
  }
  EXPECT_EQ(module.bytes()[wasm[3].offset], 0x10) << "call";
  EXPECT_EQ(wasm[1].quickened, "get_br_if");

  EXPECT_FALSE(module.machine_code(0).has_value());
  const auto code = module.machine_code(1);
  if (!code) {
    EXPECT_EQ(code.error().detail, "there is no compiler for this processor");
    return;
  }
  ASSERT_GE(code->positions.size(), wasm.size() + 1);
  EXPECT_EQ(code->positions[0].native_offset, 0u);
  for (size_t i = 1; i <= wasm.size(); ++i) EXPECT_EQ(code->positions[i].offset, wasm[i - 1].offset);
  EXPECT_EQ(code->out_of_line, wasm.size() + 1);
  for (size_t i = 1; i < code->positions.size(); ++i)
    EXPECT_GE(code->positions[i].native_offset, code->positions[i - 1].native_offset);
  EXPECT_LE(code->positions.back().native_offset, code->code_size);
  bool traps = false, calls = false;
  for (const MachineCode::Target& target : code->targets) {
    traps |= target.is_trap && target.name == "integer divide by zero";
    calls |= !target.is_trap && target.name == "call_other";
  }
  EXPECT_TRUE(traps && calls);
}

}  // namespace
}  // namespace arris::api
