// Goldens in bytes, and what is refused and where. The text stands above the bytes it must become.
#include "text/wat.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "text/code_parser.h"

namespace arris::text {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes parse_hex(std::string_view hex) {
  Bytes out;
  for (size_t i = 0; i < hex.size(); ++i) {
    if (hex[i] == ' ' || hex[i] == '\n') continue;
    out.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    ++i;
  }
  return out;
}

std::string to_hex(const Bytes& bytes) {
  std::string out;
  for (uint8_t b : bytes) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    out += {kDigits[b >> 4], kDigits[b & 15], ' '};
  }
  return out;
}

// The bytes behind the header, names left out.
std::string encoded(std::string_view wat, bool names = false) {
  auto bytes = wat_to_wasm(wat, {.write_names = names});
  if (!bytes)
    return bytes.error().message + " at " + std::to_string(bytes.error().line) + ":" +
           std::to_string(bytes.error().column);
  return to_hex({bytes->begin() + 8, bytes->end()});
}

#define EXPECT_ENCODES(wat, hex) EXPECT_EQ(encoded(wat), to_hex(parse_hex(hex)))

TEST(Wat, EmptyModuleIsTheHeader) {
  auto bytes = wat_to_wasm("(module)");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, parse_hex("00 61 73 6D 01 00 00 00"));
  EXPECT_EQ(wat_to_wasm("").value(), *bytes);
  EXPECT_EQ(wat_to_wasm("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")").value(), *bytes);
}

TEST(Wat, FoldedAndFlatInstructionsAreTheSame) {
  constexpr std::string_view kExpected = "01 07 01 60 02 7F 7F 01 7F  03 02 01 00  0A 09 01 07 00 20 00 20 01 6A 0B";
  EXPECT_ENCODES("(func (param $a i32) (param i32) (result i32) (i32.add (local.get $a) (local.get 1)))", kExpected);
  EXPECT_ENCODES("(func (param $a i32) (param i32) (result i32) local.get $a local.get 1 i32.add)", kExpected);
}

TEST(Wat, FoldedIfPutsItsConditionFirst) {
  EXPECT_ENCODES("(func (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3))) drop)",
                 "01 04 01 60 00 00  03 02 01 00  0A 0F 01 0D 00 41 01 04 7F 41 02 05 41 03 0B 1A 0B");
  EXPECT_ENCODES("(func i32.const 1 if $l (result i32) i32.const 2 else $l i32.const 3 end $l drop)",
                 "01 04 01 60 00 00  03 02 01 00  0A 0F 01 0D 00 41 01 04 7F 41 02 05 41 03 0B 1A 0B");
}

TEST(Wat, LabelsResolveInnermostFirst) {
  EXPECT_ENCODES("(func (block $a (block $b (br $a) (block $a (br $a) (br $b)))))",
                 "01 04 01 60 00 00  03 02 01 00  0A 13 01 11 00 02 40 02 40 0C 01 02 40 0C 00 0C 01 0B 0B 0B 0B");
}

TEST(Wat, LocalsAreRunLengthEncoded) {
  EXPECT_ENCODES("(func (local i32 i32) (local $x i32) (local i64) (local i32))",
                 "01 04 01 60 00 00  03 02 01 00  0A 0A 01 08 03 03 7F 01 7E 01 7F 0B");
}

TEST(Wat, TypeUsesReuseTheFirstEqualPlainTypeAndAppendOthers) {
  // Open types and types in larger groups are not plain.
  EXPECT_ENCODES(
      "(type (sub (func))) (rec (type (func)) (type (func))) (type (sub final (func))) (func) (func (param i32)) (func "
      "(param i32))",
      "01 15 04 50 00 60 00 00 4E 02 60 00 00 60 00 00 60 00 00 60 01 7F 00  03 04 03 03 04 04"
      "0A 0A 03 02 00 0B 02 00 0B 02 00 0B");
}

TEST(Wat, BlockTypesAreShort) {
  EXPECT_ENCODES(
      "(func (block (result externref) unreachable) drop (block (param) (result)) (block (result i32 i32) unreachable) "
      "drop drop)",
      "01 09 02 60 00 00 60 00 02 7F 7F  03 02 01 00"
      "0A 12 01 10 00 02 6F 00 0B 1A 02 40 0B 02 01 00 0B 1A 1A 0B");
}

TEST(Wat, ReferenceTypesAndStructs) {
  EXPECT_ENCODES(
      "(type $s (struct (field $a i8) (field (mut (ref null $s)) i64))) (type $a (array (mut i16)))"
      "(func (param (ref $s) anyref (ref any)) (struct.get_s $s $a (local.get 0)) drop)",
      "01 15 03 5F 03 78 00 63 00 01 7E 00 5E 77 01 60 03 64 00 6E 64 6E 00  03 02 01 02"
      "0A 0B 01 09 00 20 00 FB 03 00 00 1A 0B");
}

TEST(Wat, InlineImportsExportsAndSegments) {
  EXPECT_ENCODES(
      "(func $f (export \"a\") (export \"b\") (import \"m\" \"n\")) (table (export \"t\") funcref (elem $f $f)) "
      "(memory (data \"hi\" \"!\"))",
      "01 04 01 60 00 00  02 07 01 01 6D 01 6E 00 00  04 05 01 70 01 02 02  05 04 01 01 01 01"
      "07 0D 03 01 61 00 00 01 62 00 00 01 74 01 00  09 08 01 00 41 00 0B 02 00 00  0B 09 01 00 41 00 0B 03 68 69 21");
}

TEST(Wat, MemoryKinds) {
  EXPECT_ENCODES("(memory i64 1 2) (memory 1 1 shared) (memory 3 (pagesize 1)) (memory (pagesize 0x10000) (data))",
                 "05 0E 04 05 01 02 03 01 01 08 03 00 09 00 00 10"
                 "0B 07 01 02 03 41 00 0B 00");
}

TEST(Wat, MemoryArguments) {
  EXPECT_ENCODES(
      "(memory 1) (memory $m 1) (func (i32.load8_u offset=1 (i32.const 0)) (i64.load $m align=4 (i32.const 0)) "
      "(v128.load8_lane 1 offset=2 3 (i32.const 0) (v128.const i64x2 0 1)) (v128.store16_lane 7 (i32.const 0) "
      "(v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)))",
      "01 04 01 60 00 00  03 02 01 00  05 05 02 00 01 00 01"
      "0A 42 01 40 00 41 00 2D 00 01  41 00 29 42 01 00  41 00 FD 0C 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 "
      "FD 54 40 01 02 03"
      "41 00 FD 0C 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F FD 59 01 00 07 0B");
}

TEST(Wat, ElementSegmentsTakeTheirShortestForm) {
  EXPECT_ENCODES(
      "(table 1 funcref) (table $t 1 externref) (func $f) (elem (i32.const 0) $f) (elem func $f) (elem declare func $f)"
      "(elem (table $t) (i32.const 0) externref (ref.null extern)) (elem funcref (item ref.func $f) (ref.null func))"
      "(elem (offset i32.const 0) funcref (ref.func 0))",
      "01 04 01 60 00 00  03 02 01 00  04 07 02 70 00 01 6F 00 01"
      "09 2A 06 00 41 00 0B 01 00  01 00 01 00  03 00 01 00  06 01 41 00 0B 6F 01 D0 6F 0B  05 70 02 D2 00 0B D0 70 0B "
      " 04 41 00 0B 01 D2 00 0B"
      "0A 04 01 02 00 0B");
}

TEST(Wat, DataCountOnlyWhenABodyNamesASegment) {
  EXPECT_ENCODES(
      "(memory 1) (data $d \"x\") (func (data.drop $d))",
      "01 04 01 60 00 00  03 02 01 00  05 03 01 00 01  0C 01 01  0A 07 01 05 00 FC 09 00 0B  0B 04 01 01 01 78");
  EXPECT_ENCODES("(data \"x\")", "0B 04 01 01 01 78");
}

TEST(Wat, InitInstructionsSwapTheirIndices) {
  EXPECT_ENCODES(
      "(memory 1) (memory 1) (data \"\") (data \"\") (func (memory.init 1 0 (i32.const 0) (i32.const 0) (i32.const 0)) "
      "(memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy 1 0 (i32.const 0) (i32.const 0) "
      "(i32.const 0)))",
      "01 04 01 60 00 00  03 02 01 00  05 05 02 00 01 00 01  0C 01 02"
      "0A 22 01 20 00 41 00 41 00 41 00 FC 08 00 01 41 00 41 00 41 00 FC 08 01 00 41 00 41 00 41 00 FC 0A 01 00 0B  0B "
      "05 02 01 00 01 00");
}

TEST(Wat, CatchLabelsCountFromOutsideTheirTryTable) {
  EXPECT_ENCODES("(tag $e) (func (block $b (try_table $t (catch $e $b) (catch_all 1) (br $t))))",
                 "01 04 01 60 00 00  03 02 01 00  0D 03 01 00 00"
                 "0A 12 01 10 00 02 40 1F 40 02 00 00 00 02 01 0C 00 0B 0B 0B");
}

TEST(Wat, LegacyTryInBothStyles) {
  constexpr std::string_view kExpected =
      "01 04 01 60 00 00  03 02 01 00  0D 03 01 00 00  0A 15 01 13 00 02 40 06 40 08 00 07 00 09 00 19 0B 06 40 18 00 "
      "0B 0B";
  EXPECT_ENCODES(
      "(tag $e) (func (block $b (try (do (throw $e)) (catch $e (rethrow 0)) (catch_all)) (try (do) (delegate $b))))",
      kExpected);
  EXPECT_ENCODES("(tag $e) (func block $b try throw $e catch $e rethrow 0 catch_all end try delegate $b end)",
                 kExpected);
}

TEST(Wat, CastsPickTheirOpcodeByNullability) {
  EXPECT_ENCODES(
      "(func (param anyref) (ref.test (ref i31) (local.get 0)) drop (ref.cast i31ref (local.get 0)) drop "
      "(block (result i31ref) (br_on_cast 0 anyref (ref i31) (local.get 0)) unreachable) drop)",
      "01 05 01 60 01 6E 00  03 02 01 00  0A 1D 01 1B 00 20 00 FB 14 6C 1A 20 00 FB 17 6C 1A 02 6C 20 00 FB 18 01 00 "
      "6E 6C 00 0B 1A 0B");
}

TEST(Wat, IdentifiersBecomeTheNameSection) {
  EXPECT_EQ(encoded("(module $m (func $f (param $p i32) (local $l i32) (block $b)) (func (@name \"x y\")))", true),
            to_hex(parse_hex(
                "01 08 02 60 01 7F 00 60 00 00  03 03 02 00 01  0A 0C 02 07 01 01 7F 02 40 0B 0B 02 00 0B"
                "00 27 04 6E 61 6D 65  00 02 01 6D  01 09 02 00 01 66 01 03 78 20 79  02 09 01 00 02 00 01 70 01 01 6C"
                "03 06 01 00 01 00 01 62")))
      << "module, functions, locals, labels";
}

TEST(Wat, BranchHintsCarryTheOffsetOfTheirInstruction) {
  EXPECT_ENCODES(
      "(func (i32.const 1) (@metadata.code.branch_hint \"\\01\") (if (then)))"
      "(func (@metadata.code.branch_hint \"\\00\") (if (i32.const 1) (then)))",
      "01 04 01 60 00 00  03 03 02 00 00"
      "00 25 19 6D 65 74 61 64 61 74 61 2E 63 6F 64 65 2E 62 72 61 6E 63 68 5F 68 69 6E 74 02 00 01 03 01 01 01 01 03 "
      "01 00"
      "0A 11 02 07 00 41 01 04 40 0B 0B 07 00 41 01 04 40 0B 0B");
}

TEST(Wat, CustomAnnotationsGoWhereTheySay) {
  EXPECT_ENCODES("(@custom \"a\" (before func) \"x\") (func) (@custom \"b\" \"y\" \"z\") (@custom \"c\" (after first))",
                 "00 02 01 63  01 04 01 60 00 00  00 03 01 61 78  03 02 01 00  0A 04 01 02 00 0B  00 04 01 62 79 7A");
}

// --- What is refused ---

TEST(Wat, ErrorsNameTheirPosition) {
  EXPECT_EQ(encoded("(module\n  (func (local.get $x)))"), "unknown local $x at 2:20");
  EXPECT_EQ(encoded("(func (br $l))"), "unknown label $l at 1:11");
  EXPECT_EQ(encoded("(func (i32.frob))"), "unknown operator i32.frob at 1:8");
  EXPECT_EQ(encoded("(func (i32.const 4294967296))"), "constant out of range at 1:18");
  EXPECT_EQ(encoded("(func (i32.load align=3 (i32.const 0)))"), "alignment must be a power of two at 1:17");
  EXPECT_EQ(encoded("(func (block $a (nop)) block $a end $b)"), "mismatching label $b at 1:37");
  EXPECT_EQ(encoded("(func $f) (func $f)"), "duplicate function $f at 1:17");
  EXPECT_EQ(encoded("(func (param $x i32) (local $x i32))"), "duplicate local $x at 1:29");
  EXPECT_EQ(encoded("(memory 1) (import \"a\" \"b\" (func))").substr(0, 19), "import after memory");
  EXPECT_EQ(encoded("(type $t (func)) (func (type $t) (param i32))"), "inline function type at 1:24");
  EXPECT_EQ(encoded("(func (type 7) (param i32))"), "unknown type 7 at 1:7");
  EXPECT_EQ(encoded("(start 0) (start 0)"), "multiple start sections at 1:18");
  EXPECT_EQ(encoded("(module) (module)"), "unexpected token after module at 1:10");
  EXPECT_EQ(encoded("(module"), "unexpected token: end of text at 1:8");
  EXPECT_EQ(encoded("(module (func"), "unexpected token: unclosed parenthesis at 1:9");
}

TEST(Wat, StructureErrorsAreRefusedNotAsserted) {
  for (const char* wat : {"(func end)",
                          "(func else)",
                          "(func block)",
                          "(func (block end))",
                          "(func (if (then) (else) (else)))",
                          "(func (if (nop)))",
                          "(func (then))",
                          "(func (i32.add nop))",
                          "(func if else else end)",
                          "(func (try))",
                          "(func try catch_all catch_all end)",
                          "(func (try (do) (catch_all) (catch_all)))",
                          "(func (try (catch_all)))",
                          "(func delegate 0)",
                          "(func br_table)",
                          "(func (try (do) (delegate 0) (catch_all)))",
                          "(func (call_indirect (param $x i32)))",
                          "(table 1)",
                          "(memory)",
                          "(elem 0)",
                          "(global i32 (i32.const 0) ())",
                          "(func (end))",
                          "(",
                          ")",
                          "(()",
                          "func",
                          "(func))",
                          "(export \"a\" 0)",
                          "(type (func (param i32",
                          "(import \"a\" \"b\")",
                          "(data (memory))",
                          "(func (block) (param i32))",
                          "\"",
                          "(module $a $b)",
                          "(func (v128.const f32x4 1 2 3 (nop)))",
                          "(func (select (result)) i32.const)",
                          "(rec (func))",
                          "(module (@name))",
                          "(module (@name x))"})
    EXPECT_FALSE(wat_to_wasm(wat)) << wat;
}

TEST(Wat, EveryPrefixOfAModuleIsRefusedCleanly) {
  constexpr std::string_view kWat =
      "(module $m (@name \"n\") (type $t (sub (func (param i32) (result i32)))) (rec (type $s (struct (field $f (mut "
      "i8)))))"
      "(import \"a\" \"b\" (table 1 2 funcref)) (memory i64 1 (pagesize 1)) (table $x funcref (elem (item ref.null "
      "func)))"
      "(func $f (export \"e\") (type $t) (local $l v128) (if (local.get 0) (then (br_table 0 1 0 (i32.const 1))) (else "
      "(nop)))"
      " block $b (result i32) i32.const 0x1_0 i32.load8_u offset=1 align=1 end $b drop (try_table (catch_all 0)) "
      "(@metadata.code.branch_hint \"\\00\") br_if 0)"
      "(elem declare func $f) (data (i64.const 0) \"a\\u{41}\") (global (mut f32) (f32.const nan:0x1)) (start $f))";
  ASSERT_TRUE(wat_to_wasm(kWat)) << wat_to_wasm(kWat).error().format("wat");
  for (size_t n = 1; n < kWat.size(); ++n) EXPECT_FALSE(wat_to_wasm(kWat.substr(0, n))) << kWat.substr(0, n);
}

std::string repeated(std::string_view part, size_t n) {
  std::string out;
  out.reserve(part.size() * n);
  for (size_t i = 0; i < n; ++i) out += part;
  return out;
}

TEST(Wat, HostileNestingNeedsNoStack) {
  constexpr size_t kDeep = 200'000;
  EXPECT_TRUE(wat_to_wasm("(func " + repeated("block ", kDeep) + repeated("end ", kDeep) + ")"));
  EXPECT_TRUE(wat_to_wasm("(func " + repeated("(block ", kDeep) + repeated(")", kDeep) + ")"));
  EXPECT_TRUE(wat_to_wasm("(func " + repeated("(drop ", kDeep) + repeated(")", kDeep) + ")"));
  EXPECT_EQ(
      encoded("(func " + repeated("(block ", kMaxTextNesting + 1) + repeated(")", kMaxTextNesting + 2)).substr(0, 16),
      "nesting too deep");
  EXPECT_FALSE(wat_to_wasm(repeated("(", kDeep)));
  EXPECT_FALSE(wat_to_wasm("(module " + repeated("(func ", kDeep)));
  EXPECT_FALSE(wat_to_wasm("(type " + repeated("(ref ", kDeep)));
  EXPECT_FALSE(wat_to_wasm("(@a " + repeated("(", kDeep)));
}

TEST(Wat, ManyNamedLabelsResolveInReasonableTime) {
  std::string wat = "(func block $out ";
  for (int i = 0; i < 100'000; ++i) wat += "block $l" + std::to_string(i) + " br $out ";
  wat += repeated("end ", 100'001) + ")";
  EXPECT_TRUE(wat_to_wasm(wat));
}

TEST(Wat, AHundredThousandFunctions) {
  std::string wat;
  for (int i = 0; i < 100'000; ++i)
    wat += "(func $f" + std::to_string(i) + " (param $x i32) (result i32) (call $f" + std::to_string(99'999 - i) +
           " (local.get $x)))\n";
  EXPECT_TRUE(wat_to_wasm(wat));
}

}  // namespace
}  // namespace arris::text
