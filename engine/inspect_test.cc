#include "arris/inspect.h"

#include <algorithm>
#include <map>

#include "engine/engine_testing.h"
#include "text/wat.h"

namespace arris::api {
namespace {

Config everything() {
  Config config;
  config.features = Features::all();
  return config;
}

std::vector<uint8_t> binary(std::string_view text) {
  Module module = testing::compile(Engine(everything()), text);
  return {module.bytes().begin(), module.bytes().end()};
}

TEST(ReadSections, GivesOffsetsAndNames) {
  std::vector<uint8_t> bytes = binary("(module (func) (@custom \"hint\" \"abc\"))");
  SectionList list = read_sections(bytes);
  EXPECT_FALSE(list.error);
  std::vector<std::string> names;
  uint64_t at = 8;
  for (const SectionView& section : list.sections) {
    names.emplace_back(section.name);
    EXPECT_EQ(section.start, at);
    EXPECT_EQ(bytes[section.start], section.id);
    at = section.offset + section.content.size();
  }
  EXPECT_EQ(at, bytes.size());
  EXPECT_EQ(names, (std::vector<std::string>{"type", "function", "code", "hint"}));
  EXPECT_EQ(std::string(list.sections[3].payload.begin(), list.sections[3].payload.end()), "abc");
}

TEST(ReadSections, StopsWhereTheFramingBreaks) {
  std::vector<uint8_t> bytes = binary("(module (func))");
  for (size_t size = 0; size <= bytes.size(); ++size) {
    SectionList list = read_sections(std::span(bytes).first(size));
    for (const SectionView& section : list.sections) EXPECT_LE(section.offset + section.content.size(), size);
  }
  EXPECT_EQ(read_sections(std::span(bytes).first(3)).error->code, ErrorCode::unexpected_end);
  bytes[8] = 77;
  EXPECT_EQ(read_sections(bytes).error->code, ErrorCode::malformed_section_id);
  bytes[1] = 'b';
  EXPECT_EQ(read_sections(bytes).error->code, ErrorCode::magic_not_detected);
}

TEST(Inspect, DescribesAModule) {
  std::vector<uint8_t> bytes = binary(R"((module $m
    (type $point (struct (field i32) (field (mut f64))))
    (import "env" "log" (func $log (param i32)))
    (import "env" "t" (table 1 funcref))
    (memory (export "memory") 1 2) (global (mut i64) (i64.const 0)) (tag (param i32))
    (func $go (export "go") (result i32) (i32.const 7)) (func $init) (start $init)
    (data (i32.const 0) "abc") (data "de") (elem (i32.const 0) $go $log)))");
  ModuleFacts facts = inspect(bytes);
  EXPECT_FALSE(facts.error);
  EXPECT_EQ(facts.name, "m");
  EXPECT_EQ(facts.types[0], "(struct (field i32) (field (mut f64)))");
  ASSERT_EQ(facts.imports.size(), 2u);
  EXPECT_EQ(facts.imports[0].type, "(func (param i32))");
  EXPECT_EQ(facts.imports[1].type, "(table 1 funcref)");
  ASSERT_EQ(facts.exports.size(), 2u);
  EXPECT_EQ(facts.exports[1].name, "go");
  EXPECT_EQ(facts.exports[1].type, "(func (result i32))");
  EXPECT_TRUE(facts.tables.empty());
  EXPECT_EQ(facts.memories, (std::vector<std::string>{"(memory 1 2)"}));
  EXPECT_EQ(facts.globals, (std::vector<std::string>{"(global (mut i64))"}));
  EXPECT_EQ(facts.tags, (std::vector<std::string>{"(tag (param i32))"}));
  ASSERT_EQ(facts.funcs.size(), 2u);
  EXPECT_EQ(facts.funcs[0].name, "go");
  EXPECT_EQ(facts.funcs[0].size, 4u);
  EXPECT_EQ(bytes[facts.funcs[0].offset + 1], 0x41);
  EXPECT_EQ(facts.start, 2u);
  EXPECT_EQ(facts.data.count, 2u);
  EXPECT_EQ(facts.data.active, 1u);
  EXPECT_EQ(facts.data.size, 5u);
  EXPECT_EQ(facts.elements.size, 2u);
}

TEST(Inspect, GivesWhatCouldBeReadOfABrokenModule) {
  std::vector<uint8_t> bytes = binary(R"((module (import "env" "log" (func (param i32))) (memory 1)
    (func $f (export "go") (result i32) (i32.const 7))))");
  std::vector<uint8_t> invalid = bytes;
  auto body = std::ranges::search(invalid, std::vector<uint8_t>{0x41, 7, 0x0B});
  body[0] = 0x42;  // i64.const
  ModuleFacts facts = inspect(invalid);
  ASSERT_TRUE(facts.error);
  EXPECT_EQ(facts.error->code, ErrorCode::type_mismatch);
  EXPECT_EQ(facts.exports.size(), 1u);
  EXPECT_TRUE(needed_features(invalid).empty());

  for (size_t size = 0; size < bytes.size(); ++size) {  // every beginning
    ModuleFacts part = inspect(std::span(bytes).first(size));
    if (part.error) EXPECT_LE(part.imports.size(), 1u);
  }
  uint64_t export_section = 0;
  for (const SectionView& section : read_sections(bytes).sections) {
    if (section.id == 7) export_section = section.offset;
  }
  ModuleFacts part = inspect(std::span(bytes).first(export_section + 2));
  ASSERT_TRUE(part.error);
  ASSERT_EQ(part.imports.size(), 1u);
  EXPECT_EQ(part.imports[0].name, "log");
  EXPECT_EQ(part.memories.size(), 1u);

  // Indices beyond their lists.
  std::vector<uint8_t> lying = {0, 'a', 's', 'm', 1, 0, 0, 0, 2, 7, 1, 1, 'a', 1, 'b', 0, 99, 7, 5, 1, 1, 'c', 0, 98};
  ModuleFacts lies = inspect(lying);
  EXPECT_TRUE(lies.error);
  ASSERT_EQ(lies.imports.size(), 1u);
  EXPECT_EQ(lies.imports[0].type, "(func (type 99))");
  ASSERT_EQ(lies.exports.size(), 1u);
  EXPECT_EQ(lies.exports[0].type, "");
}

// The byte that the error of an invalid declaration points to, and `before` it.
void expect_error_at(std::string_view text, ErrorCode code, uint8_t section, std::vector<uint8_t> declaration) {
  auto bytes = text::wat_to_wasm(text);
  ASSERT_TRUE(bytes);
  ModuleFacts facts = inspect(*bytes);
  ASSERT_TRUE(facts.error) << text;
  EXPECT_EQ(facts.error->code, code) << facts.error->to_string();
  ASSERT_NE(facts.error->offset, kNoOffset) << text;
  ASSERT_LE(facts.error->offset + declaration.size(), bytes->size());
  EXPECT_TRUE(std::ranges::equal(declaration, std::span(*bytes).subspan(facts.error->offset, declaration.size())))
      << text;
  for (const SectionView& one : facts.sections) {
    if (one.id != section) continue;
    EXPECT_GE(facts.error->offset, one.offset);
    EXPECT_LT(facts.error->offset, one.offset + one.content.size());
  }
}

TEST(Inspect, ErrorsOfDeclarationsSayWhere) {
  using enum ErrorCode;
  expect_error_at("(module (memory 1) (memory 9 8))", size_minimum_greater_than_maximum, 5, {1, 9, 8});
  expect_error_at("(module (table 1 funcref) (table 5 4 externref))", size_minimum_greater_than_maximum, 4,
                  {0x6F, 1, 5, 4});
  expect_error_at("(module (table 1 funcref (ref.null func)) (table 3 (ref func)))", type_mismatch, 4,
                  {0x64, 0x70, 0, 3});
  expect_error_at("(module (type (func)) (type (func (result i32))) (tag (type 0)) (tag (type 1)))",
                  non_empty_tag_result, 13, {0, 1});
  expect_error_at("(module (rec (type (func)) (type (struct))) (type (sub 1 (struct))))", sub_type_mismatch, 1,
                  {0x50, 1, 1, 0x5F, 0});
  expect_error_at("(module (func $f (param i32)) (start $f))", start_function, 8, {0});
}

std::map<std::string, FeatureNeed> needs_of(std::string_view text) {
  std::vector<uint8_t> bytes = binary(text);
  std::map<std::string, FeatureNeed> needs;
  for (FeatureNeed& need : needed_features(bytes)) {
    for (const FeatureInfo& info : all_features()) {
      if (info.feature == need.feature) needs.emplace(std::string(info.flag), std::move(need));
    }
  }
  return needs;
}

TEST(NeededFeatures, NothingForAModuleOfTheFirstVersion) {
  EXPECT_TRUE(needs_of("(module (memory 1) (func (result i32) (i32.load (i32.const 0))))").empty());
}

TEST(NeededFeatures, NamesTheFirstInstructionThatNeedsEach) {
  auto needs = needs_of(R"((module (memory 1)
    (func (param i32) (result i32) (i32.extend8_s (local.get 0)))
    (func (param f32) (result i32) nop (i32.trunc_sat_f32_s (local.get 0)))
    (func (return_call 2))
    (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (result v128) (v128.const i64x2 0 0))))");
  ASSERT_TRUE(needs.contains("sign-extension-operators"));
  EXPECT_EQ(needs.at("sign-extension-operators").what, "i32.extend8_s");
  EXPECT_EQ(needs.at("sign-extension-operators").func_index, 0u);
  EXPECT_EQ(needs.at("non-trap-float-to-int").what, "i32.trunc_sat_f32_s");
  EXPECT_EQ(needs.at("non-trap-float-to-int").func_index, 1u);
  EXPECT_EQ(needs.at("tail-call").what, "return_call");
  EXPECT_EQ(needs.at("bulk-memory").what, "memory.fill");
  EXPECT_EQ(needs.at("simd").what, "type section");
  EXPECT_FALSE(needs.contains("gc"));
  EXPECT_FALSE(needs.contains("threads"));
}

TEST(NeededFeatures, FindsNeedsOfDeclarations) {
  auto needs = needs_of(R"((module (memory 1) (memory 1) (func (result i32 i32) (i32.const 1) (i32.const 2))
    (type (struct)) (tag) (table i64 1 funcref) (memory 1 1 shared)))");
  for (const char* feature : {"multi-memory", "multi-value", "gc", "exceptions", "memory64", "threads"})
    EXPECT_TRUE(needs.contains(feature)) << feature;
  EXPECT_FALSE(needs.contains("simd"));
}

}  // namespace
}  // namespace arris::api
