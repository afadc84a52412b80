// print_wat and wat_to_wasm undo each other: every valid module of the official suite is printed and parsed again. Modules
// that came from text must give the same bytes outside custom sections; modules that came as bytes may be written in forms our encoder
// never chooses, so for all of them the second printing must equal the first. With names and without.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/leb128.h"
#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "text/instruction_printer.h"
#include "text/printer.h"
#include "text/script.h"

namespace arris {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

std::string suite_folder() {
  if (const char* given = std::getenv("ARRIS_TESTSUITE")) return given;
  std::string configured = ARRIS_TESTSUITE;
  return configured.empty() ? ARRIS_SOURCE_DIR "/../shared/testsuite" : configured;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<Module> load(const Bytes& bytes) {
  auto registry = std::make_shared<TypeRegistry>();
  auto module = decoder::decode_module(bytes, {Features::all(), registry});
  if (!module || !validator::validate_module(**module)) return nullptr;
  return *module;
}

// Custom sections left out. `names`: the name section stays.
Bytes without_custom_sections(const Bytes& wasm, bool names) {
  Bytes out;
  const uint8_t* p = wasm.data() + 8;
  const uint8_t* end = wasm.data() + wasm.size();
  while (p < end) {
    const uint8_t* start = p;
    uint8_t id = *p++;
    uint32_t size = read_uleb<uint32_t>(p);
    bool is_name =
        id == 0 && size > 5 && p[0] == 4 && std::string_view(reinterpret_cast<const char*>(p + 1), 4) == "name";
    p += size;
    if (id != 0 || (names && is_name)) out.insert(out.end(), start, p);
  }
  return out;
}

// The printed text, or an empty one after a failure.
std::string check_round_trip(const Bytes& bytes, bool is_canonical, const text::PrintOptions& options,
                             const std::string& where) {
  auto module = load(bytes);
  if (!module) return {};
  std::string first = text::print_wat(*module, options);
  auto again = text::wat_to_wasm(first, {.write_names = true});
  EXPECT_TRUE(again) << where << "\n" << again.error().format("printed") << "\n" << first.substr(0, 2000);
  if (!again) return {};
  if (is_canonical) {
    EXPECT_TRUE(without_custom_sections(*again, options.use_names) == without_custom_sections(bytes, options.use_names))
        << where << "\n"
        << first.substr(0, 2000);
  }
  auto second_module = load(*again);
  EXPECT_TRUE(second_module) << where << "\n" << first.substr(0, 2000);
  if (!second_module) return {};
  std::string second = text::print_wat(*second_module, options);
  if (!is_canonical && options.custom_sections) {
    // Empty sections of the original, and with them the place of a custom section, may be gone: from now on nothing changes.
    auto last = load(text::wat_to_wasm(second).value_or(Bytes()));
    EXPECT_TRUE(last && text::print_wat(*last, options) == second) << where;
  } else {
    EXPECT_EQ(second, first) << where;
  }
  return first;
}

TEST(RoundTrip, EveryValidModuleOfTheSuite) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(suite_folder(), error))
    if (entry.path().extension() == ".wast") files.push_back(entry.path());
  if (files.empty()) GTEST_SKIP() << "no test suite at " << suite_folder() << " (set ARRIS_TESTSUITE)";
  std::ranges::sort(files);
  size_t modules = 0;
  for (const fs::path& path : files) {
    if (path.string().find("custom-descriptors") != std::string::npos) continue;  // no proposal of ours
    auto script = text::parse_script(read(path));
    ASSERT_TRUE(script);
    for (const text::Command& command : script->commands) {
      if (!command.has_module) continue;
      auto bytes = text::encode(command.module);
      if (!bytes) continue;
      // (pagesize 65536) is kept by the encoder as written; a Module does not tell it from the default.
      bool is_canonical = command.module.form != text::ModuleForm::binary &&
                          path.string().find("custom-page-sizes") == std::string::npos;
      std::string where = path.string() + ":" + std::to_string(command.module.line);
      std::string named = check_round_trip(*bytes, is_canonical, {}, where);
      std::string plain = check_round_trip(*bytes, is_canonical, {.use_names = false, .custom_sections = false}, where);
      modules += !named.empty() && !plain.empty();
    }
  }
  std::printf("%zu modules printed and parsed again\n", modules);
  EXPECT_GT(modules, 2500u);
}

std::string printed(std::string_view wat, const text::PrintOptions& options = {}) {
  auto bytes = text::wat_to_wasm(wat);
  EXPECT_TRUE(bytes) << bytes.error().format("wat");
  if (!bytes) return {};
  return check_round_trip(*bytes, true, options, std::string(wat));
}

TEST(RoundTrip, PrintsReadably) {
  EXPECT_EQ(
      printed(
          "(module $m (import \"a\" \"b\" (func $log (param i32))) (memory 1) (global $g (mut f64) (f64.const -0.1))"
          "(func $main (export \"main\") (param $x i32) (param i64) (result i32) (local $i i32) (local f32 f32)"
          "  (block $out (loop $again (br_if $out (i32.eqz (local.get $x))) (br $again)))"
          "  (if (result i32) (local.get $x) (then (i32.const -1)) (else (i32.load8_u offset=4 (local.get $i)))))"
          "(data (i32.const 8) \"hi\\n\"))"),
      R"wat((module $m
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i64) (result i32)))
  (import "a" "b" (func $log (type 0)))
  (memory (;0;) 1)
  (global $g (mut f64) f64.const -0.1)
  (export "main" (func $main))
  (func $main (type 1) (param $x i32) (param i64) (result i32)
    (local $i i32) (local f32 f32)
    block $out
      loop $again
        local.get $x
        i32.eqz
        br_if $out
        br $again
      end
    end
    local.get $x
    if (result i32)
      i32.const -1
    else
      local.get $i
      i32.load8_u offset=4
    end)
  (data (;0;) (offset i32.const 8) "hi\0a"))
)wat");
}

TEST(RoundTrip, AwkwardNamesSurvive) {
  std::string wat = printed(
      "(module (@name \"\") (func $f) (func (@name \"f\")) (func (@name \"a b\")) (func $\"\\u{e9}\\\"\" (param $p "
      "i32) (param (@name \"p\") i32))"
      "(type $s (struct (field $a i32) (field (@name \"a\") i64))) (func (block $l (block $l (br 0) (br 1) (br 2)))))");
  EXPECT_NE(wat.find("(func (@name \"f\")"), std::string::npos) << wat;
  EXPECT_NE(wat.find("(func $\"a b\""), std::string::npos) << wat;
  EXPECT_NE(wat.find("br $l\n"), std::string::npos) << wat;
  EXPECT_NE(wat.find("br 1\n"), std::string::npos) << wat << "\na shadowed label goes by number";
}

TEST(RoundTrip, CustomSectionsAndBranchHintsAreKept) {
  std::string wat = printed(
      "(@custom \"x\" (after type) \"a\\00\\ff\") (func (param i32) local.get 0 (@metadata.code.branch_hint \"\\01\") "
      "if end)");
  EXPECT_NE(wat.find("(@custom \"x\" (after type) \"a\\00\\ff\")"), std::string::npos) << wat;
  EXPECT_NE(wat.find("(@metadata.code.branch_hint \"\\01\")\n    if"), std::string::npos) << wat;
}

TEST(RoundTrip, FloatsPrintTheirExactBits) {
  uint64_t state = 0x243F6A8885A308D3u;
  std::string wat = "(func ";
  for (int i = 0; i < 20'000; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    wat += "f64.const " + text::print_f64(state) + " drop f32.const " +
           text::print_f32(static_cast<uint32_t>(state >> 16)) + " drop\n";
  }
  for (uint32_t bits :
       {0u, 0x80000000u, 1u, 0x7F7FFFFFu, 0x7F800000u, 0xFF800000u, 0x7FC00000u, 0xFFFFFFFFu, 0x7F800001u})
    wat += "f32.const " + text::print_f32(bits) + " drop ";
  wat += ")";
  EXPECT_FALSE(printed(wat).empty());
}

TEST(RoundTrip, DeepNestingPrintsInLinearSpace) {
  std::string wat = "(func ";
  constexpr int kDeep = 100'000;
  for (int i = 0; i < kDeep; ++i) wat += "block ";
  for (int i = 0; i < kDeep; ++i) wat += "end ";
  std::string text = printed(wat + ")");
  EXPECT_GT(text.size(), size_t{kDeep} * 20);
  EXPECT_LT(text.size(), size_t{kDeep} * 200);
}

}  // namespace
}  // namespace arris
