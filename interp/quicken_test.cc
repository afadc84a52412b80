// Every superinstruction against the plain instructions it stands for: same results, same traps at the same offsets; and what
// quickening may write at all.
#include "interp/quicken.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "interp/handlers.h"
#include "interp/metering.h"
#include "interp/test_machine.h"
#include "wasm/instruction_reader.h"

namespace arris::interp {
namespace {

using test::Called;
using test::Instance;
using test::Machine;

struct Row {
  std::string_view name;
  uint8_t code;
};
constexpr Row kRows[] = {
#define QUICK(name, code, ...) {#name, code},
#define QUICK_BLOCKS(name, code) {#name, code},
#define QUICK_VECTOR(name, code) {#name, code},
#include "interp/quicken.def"
};

// A sequence between two nops, so that nothing else is fused with it. Locals: 0 and 1 i32, 2 i64, 3 f64 (the arguments); 4 and 7
// i32, 5 i64, 6 f64, 8 v128. All but the last, and a word of memory, are the results.
struct Case {
  std::string_view row;
  std::string_view body;
};
constexpr Case kCases[] = {
    {"get_get", "nop local.get 0 local.get 1 nop local.set 4 local.set 7"},
    {"get_get_get", "nop local.get 0 local.get 1 local.get 2 nop local.set 5 local.set 4 local.set 7"},
    {"get_const", "nop local.get 0 i32.const -64 nop local.set 4 local.set 7"},
    {"get_const_add", "nop local.get 0 i32.const -3 i32.add nop local.set 4"},
    {"get_const_add_tee", "nop local.get 0 i32.const 63 i32.add local.tee 1 nop local.set 4"},
    {"get_const_add_set", "nop local.get 0 i32.const -64 i32.add local.set 1 nop"},
    {"get_const_shl", "nop local.get 0 i32.const 33 i32.shl nop local.set 4"},
    {"get_const_shl", "nop local.get 0 i32.const -1 i32.shl nop local.set 4"},
    {"get_const_shr_u", "nop local.get 0 i32.const -31 i32.shr_u nop local.set 4"},
    {"get_const_2_add", "nop local.get 0 i32.const 8191 i32.add nop local.set 4"},
    {"get_const_2_add", "nop local.get 0 i32.const -8192 i32.add nop local.set 4"},
    {"get_get_add", "nop local.get 0 local.get 1 i32.add nop local.set 4"},
    {"get_add", "local.get 0 nop local.get 1 i32.add nop local.set 4"},
    {"get_f64_mul", "local.get 3 nop local.get 3 f64.mul nop local.set 6"},
    {"get_i64_const", "nop local.get 2 i64.const -64 nop i64.sub local.set 5"},
    {"get_i32_load", "nop local.get 0 i32.load offset=3 nop local.set 4"},
    {"get_i32_load8_u", "nop local.get 0 i32.load8_u offset=1 nop local.set 4"},
    {"get_f64_load", "nop local.get 0 f64.load nop local.set 6"},
    {"get_get_i32_store", "nop local.get 0 local.get 1 i32.store offset=2 nop"},
    {"get_br_if", "block nop local.get 0 br_if 0 nop i32.const 7 local.set 4 end"},
    {"get_eqz_br_if", "block nop local.get 0 i32.eqz br_if 0 nop i32.const 7 local.set 4 end"},
    {"set_get", "local.get 0 nop local.set 4 local.get 1 nop local.set 7"},
    {"tee_get", "local.get 0 nop local.tee 4 local.get 1 nop i32.sub local.set 7"},
    {"tee_const", "local.get 0 nop local.tee 4 i32.const -64 nop i32.sub local.set 7"},
    {"tee_br_if", "block local.get 0 nop local.tee 4 br_if 0 nop i32.const 7 local.set 7 end"},
    {"const_add", "local.get 0 nop i32.const -64 i32.add nop local.set 4"},
    {"const_set", "nop i32.const -64 local.set 4 nop"},
    {"const_5", "nop i32.const 305419896 nop local.set 4"},
    {"const_5", "nop i32.const -2147483648 local.set 4"},
    {"const_64_mul", "local.get 2 nop i64.const 0x4000000000000001 i64.mul nop local.set 5"},
    {"const_64_mul", "local.get 2 nop i64.const -0x61c8864680b583eb i64.mul nop local.set 5"},
    {"const_64_mul", "local.get 2 nop i64.const 0x3fffffffffffffff i64.mul nop local.set 5"},
    {"const_64_mul", "local.get 2 nop i64.const -0x4000000000000000 i64.mul nop local.set 5"},
    {"const_64_mul", "local.get 2 nop i64.const 0x8000000000000000 i64.mul nop local.set 5"},
    {"i32_load_5", "local.get 0 nop i32.load offset=0xF0000000 nop local.set 4"},
    {"i32_store_5", "local.get 0 local.get 1 nop i32.store offset=0xF0000000"},
    {"const_5_add", "local.get 0 nop i32.const 305419896 i32.add nop local.set 4"},
    {"const_5_add", "local.get 0 nop i32.const -2147483648 i32.add nop local.set 4"},
    {"const_2_and", "local.get 0 nop i32.const 64 i32.and nop local.set 4"},
    {"add_tee", "local.get 0 local.get 1 nop i32.add local.tee 4 nop local.set 7"},
    {"f64_mul_add", "local.get 3 local.get 3 local.get 3 nop f64.mul f64.add nop local.set 6"},
    {"eqz_br_if", "block local.get 0 nop i32.eqz br_if 0 nop i32.const 7 local.set 4 end"},
    {"eq_br_if", "block local.get 0 local.get 1 nop i32.eq br_if 0 nop i32.const 7 local.set 4 end"},
    {"ne_br_if", "block local.get 0 local.get 1 nop i32.ne br_if 0 nop i32.const 7 local.set 4 end"},
    {"lt_u_br_if", "block local.get 0 local.get 1 nop i32.lt_u br_if 0 nop i32.const 7 local.set 4 end"},
    {"gt_u_br_if", "block local.get 0 local.get 1 nop i32.gt_u br_if 0 nop i32.const 7 local.set 4 end"},
    // A branch that moves a value over others.
    {"eqz_br_if",
     "block (result i32) i32.const 1 i32.const 2 i32.const 3 local.get 0 nop i32.eqz br_if 0 nop "
     "i32.add i32.add end local.set 4"},
    {"get_br_if", "block (result i32) i32.const 1 i32.const 2 nop local.get 1 br_if 0 nop i32.sub end local.set 4"},
    {"loop_get", "i32.const 3 local.set 4 loop local.get 4 nop i32.const 1 i32.sub local.tee 4 br_if 0 end"},
    {"blocks",
     "block block block nop local.get 0 br_if 2 nop local.get 1 br_if 1 end i32.const 5 local.set 4 end "
     "i32.const 7 local.set 7 end"},
    {"blocks_get", "block (result i32) block local.get 0 nop br_if 0 end i32.const 9 end local.set 4"},
    // A branch into the middle of what is fused.
    {"get_const_add_set", "block local.get 1 nop br_if 0 end local.get 0 i32.const 4 i32.add local.set 4 nop"},
    // Vectors, of opcodes of one and two bytes; and what stands between the operands.
    {"simd", "nop local.get 2 i64x2.splat nop i64x2.extract_lane 1 local.set 5"},
    {"simd", "nop local.get 0 v128.load offset=3 nop i64x2.extract_lane 1 local.set 5"},
    {"simd", "nop v128.const i32x4 1 2 3 4 nop i32x4.extract_lane 2 local.set 4"},
    {"vector", "local.get 2 i64x2.splat i64x2.neg nop i64x2.extract_lane 0 local.set 5"},
    {"vector", "local.get 2 i64x2.splat local.get 0 i32x4.splat i64x2.sub i64x2.extract_lane 0 local.set 5"},
    {"vector", "local.get 2 i64x2.splat local.get 0 i32x4.splat nop i64x2.sub i8x16.bitmask local.set 4"},
    {"vector", "local.get 0 local.get 2 i64x2.splat v128.store offset=2"},
    {"vector", "local.get 0 local.get 2 i64x2.splat v128.store offset=200"},
    {"vector", "local.get 0 local.get 1 local.get 2 i64x2.splat v128.load16_lane offset=5 3 v128.store offset=2"},
    {"vector",
     "local.get 0 local.get 0 i32x4.splat local.get 1 i32x4.replace_lane 2 i64x2.extract_lane 1 local.set 5 local.set "
     "4"},
    {"local_set_vector", "local.get 2 i64x2.splat local.set 8 local.get 8 i64x2.extract_lane 1 local.set 5"},
    {"local_tee_vector",
     "local.get 2 i64x2.splat local.tee 8 i64x2.extract_lane 1 local.get 8 i8x16.bitmask local.set 4 local.set 5"},
    // Traps in the instructions around, and in what is called.
    {"get_get", "nop local.get 0 local.get 1 i32.div_s nop local.set 4"},
    {"get_i32_load", "nop local.get 0 i32.load nop i32.load offset=100 local.set 4 local.get 1 call $deep"},
    {"get_get_get", "nop local.get 0 local.get 1 local.get 1 nop drop drop call $deep"},
};

std::string text_of(const Case& one) {
  return "(module (memory 1) (func $deep (param i32) (drop (i32.load8_u offset=7 (local.get 0))))"
         "(func (export \"f\") (param i32 i32 i64 f64) (result i32 i32 i64 f64 i32 i64 f64 i32 i32)"
         "(local i32 i64 f64 i32 v128)\n" +
         std::string(one.body) +
         " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6 local.get 7"
         " (i32.load (i32.const 2))))";
}

std::set<uint8_t> written_codes(const Module& module) {
  std::set<uint8_t> codes;
  for (const FuncCode& func : module.func_codes) {
    const uint8_t* const bytes = module.bytes.data() + module.offset_of(func.code);
    for (uint32_t i = 0; i < func.code_size; ++i) {
      if (func.code[i] != bytes[i]) codes.insert(func.code[i]);
    }
  }
  return codes;
}

void expect_same(const Called& plain, const Called& quick, const std::string& where) {
  EXPECT_EQ(plain.outcome, quick.outcome) << where;
  EXPECT_EQ(plain.results, quick.results) << where;
  EXPECT_EQ(message_of(plain.trap), message_of(quick.trap)) << where;
  ASSERT_EQ(plain.backtrace.size(), quick.backtrace.size()) << where;
  for (size_t i = 0; i < plain.backtrace.size(); ++i) {
    EXPECT_EQ(plain.backtrace[i].offset, quick.backtrace[i].offset) << where;
    EXPECT_EQ(plain.backtrace[i].func.value, quick.backtrace[i].func.value) << where;
  }
}

class Quicken : public Machine {
 protected:
  // With all its code as the interpreter will run it.
  std::shared_ptr<Module> prepared(std::string_view wat, CodeForm form = CodeForm::quickened) {
    std::shared_ptr<Module> module = load(wat, form);
    if (module) prepare_all(*module);
    return module;
  }
};

TEST_F(Quicken, ChangesNoResultAndNoTrap) {
  constexpr uint32_t kWords[] = {0,     1,     5,     64,         65528,      65529,     65532,
                                 65533, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  std::map<std::string_view, uint8_t> codes;
  for (const Row& row : kRows) codes[row.name] = row.code;
  std::set<std::string_view> covered;
  size_t traps = 0;
  for (const Case& one : kCases) {
    const std::string text = text_of(one);
    std::shared_ptr<Module> module = prepared(text);
    ASSERT_NE(module, nullptr) << one.body;
    EXPECT_TRUE(written_codes(*module).contains(codes.at(one.row))) << one.row << ": " << one.body;
    covered.insert(one.row);
    Instance* plain = run(text);
    Instance* quick = instantiate(module);
    for (uint32_t a : kWords) {
      for (uint32_t b : kWords) {
        const test::Slots arguments = {a, b, a * 0x100000001ull ^ uint64_t{b} << 40,
                                       std::bit_cast<uint64_t>(a + b / 3.0)};
        const Called expected = call(plain, "f", arguments);
        traps += expected.outcome == Outcome::trap;
        expect_same(expected, call(quick, "f", arguments),
                    std::string(one.row) + "(" + std::to_string(a) + ", " + std::to_string(b) + ")");
      }
    }
  }
  for (const Row& row : kRows) EXPECT_TRUE(covered.contains(row.name)) << row.name;
  EXPECT_GT(traps, 100u);  // the arguments do reach the edges of memory
}

// Offsets as linkers pad them: what the text format writes in five bytes is replaced by smaller ones. At the memory's edge, and
// behind it after it has grown.
TEST_F(Quicken, PaddedOffsets) {
  auto bytes = text::wat_to_wasm(R"((module (memory 1 2)
    (func (export "set") (param i32 i32) (i32.store offset=0xF0000000 (local.get 0) (local.get 1)))
    (func (export "get") (param i32) (result i32) (i32.load offset=0xF0000000 (local.get 0)))
    (func (export "grow") (drop (memory.grow (i32.const 1))))))",
                                 {Features::all()});
  ASSERT_TRUE(bytes);
  const uint8_t kLargest[] = {0x80, 0x80, 0x80, 0x80, 0x0F}, kPadded[] = {0x84, 0x80, 0x80, 0x80, 0x00};
  unsigned replaced = 0;
  for (auto at = bytes->begin(); (at = std::search(at, bytes->end(), kLargest, std::end(kLargest))) != bytes->end();) {
    at = std::copy(kPadded, std::end(kPadded), at);
    ++replaced;
  }
  ASSERT_EQ(replaced, 2u);
  std::shared_ptr<Module> module = load(*bytes, CodeForm::quickened);
  ASSERT_NE(module, nullptr);
  prepare_all(*module);
  std::map<std::string_view, uint8_t> codes;
  for (const Row& row : kRows) codes[row.name] = row.code;
  EXPECT_TRUE(written_codes(*module).contains(codes.at("i32_load_5")));
  EXPECT_TRUE(written_codes(*module).contains(codes.at("i32_store_5")));
  Instance* plain = instantiate(load(*bytes));
  Instance* quick = instantiate(module);
  for (bool grown : {false, true}) {
    for (uint32_t address : {0u, 65528u, 65529u, 65532u, 131064u, 131065u, 0xFFFFFFFCu, 0xFFFFFFFFu}) {
      const std::string where = std::to_string(address) + (grown ? ", grown" : "");
      expect_same(call(plain, "set", {address, 0x01020304}), call(quick, "set", {address, 0x01020304}), where);
      expect_same(call(plain, "get", {address}), call(quick, "get", {address}), where);
    }
    call(plain, "grow", {});
    call(quick, "grow", {});
  }
}

TEST_F(Quicken, CodesAreFree) {
  std::set<uint8_t> seen = {kPrefixGc, kPrefixMisc, kPrefixSimd, kPrefixThreads, kMeteredCode};
#define INTERNAL(name, code, original) seen.insert(code);
#include "wasm/internal_opcodes.def"
  for (const Row& row : kRows) {
    EXPECT_EQ(find_opcode(0, row.code), Opcode::invalid) << row.name;
    EXPECT_TRUE(seen.insert(row.code).second) << row.name;
    EXPECT_NE(kOpcodeTable[row.code], &invalid_opcode) << row.name;
  }
}

// Nothing is written but first bytes of instructions, the types of blocks that are skipped, long constants and vector opcodes.
TEST_F(Quicken, WritesOnlyWhatIsNotNeededAnyMore) {
  std::string body;
  for (const Case& one : kCases) body += std::string(one.body) + " ";
  for (int i = 0; i < 100; ++i) body += "block ";
  for (int i = 0; i < 100; ++i) body += "end ";
  std::shared_ptr<Module> plain = prepared(text_of({"", body}), CodeForm::plain);
  std::shared_ptr<Module> module = prepared(text_of({"", body}));
  ASSERT_TRUE(plain != nullptr && module != nullptr);
  size_t changed = 0;
  for (const FuncCode& func : module->func_codes) {
    const uint8_t* const bytes = module->bytes.data() + module->offset_of(func.code);
    const uint8_t* const old = plain->code.get() + (func.code - module->code.get());
    for (const uint8_t* p = bytes; p < bytes + func.code_size;) {
      const Instruction instruction = read_instruction(p);
      for (const uint8_t* q = instruction.start; q < p; ++q) {
        if (func.code[q - bytes] == old[q - bytes]) continue;
        ++changed;
        const bool number = instruction.opcode == Opcode::i32_const || instruction.opcode == Opcode::i64_const ||
                            instruction.opcode == Opcode::i32_load || instruction.opcode == Opcode::i32_store ||
                            (info(instruction.opcode).prefix == kPrefixSimd && q == instruction.start + 1);
        EXPECT_TRUE(q == instruction.start || instruction.opcode == Opcode::block || number) << q - bytes;
      }
    }
  }
  EXPECT_GT(changed, 200u);
}

// A local of v128 has its ordinal in the code where its index was; the forms with long immediates are left alone.
TEST_F(Quicken, LeavesSpecialisedAndLongFormsAlone) {
  constexpr std::string_view kText = R"((module (func (param v128) (result v128) (local v128)
    local.get 0 nop local.set 1 local.get 1)))";
  std::shared_ptr<Module> plain = prepared(kText, CodeForm::plain);
  std::shared_ptr<Module> module = prepared(kText);
  ASSERT_TRUE(plain != nullptr && module != nullptr);
  EXPECT_EQ(written_codes(*module), written_codes(*plain));
}

}  // namespace
}  // namespace arris::interp
