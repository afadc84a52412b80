#include "decoder/validator/validator.h"

#include <gtest/gtest.h>

#include <cstring>

#include "decoder/module_bytes.h"
#include "decoder/module_decoder.h"
#include "wasm/limits.h"

namespace arris::validator {
namespace {

using namespace decoder::testing;  // NOLINT: the helpers of module_bytes.h

const Bytes kNothing = func_type({}, {});

std::expected<std::shared_ptr<Module>, Error> load(Bytes bytes, unsigned threads = 1,
                                                   Features features = Features::all()) {
  auto module = decoder::decode_module(std::move(bytes), {features, std::make_shared<TypeRegistry>()});
  if (!module) return module;
  if (auto valid = validate_module(**module, {.threads = threads}); !valid) return std::unexpected(valid.error());
  return module;
}

std::shared_ptr<Module> loaded(Bytes bytes) {
  auto module = load(std::move(bytes));
  EXPECT_TRUE(module) << module.error().to_string();
  return module ? *module : nullptr;
}

void expect_error(Bytes bytes, ErrorCode code, std::string_view detail = {}, Features features = Features::all()) {
  auto module = load(std::move(bytes), 1, features);
  ASSERT_FALSE(module) << "accepted instead of: " << message_of(code);
  EXPECT_EQ(message_of(module.error().code), message_of(code)) << module.error().to_string();
  if (!detail.empty()) { EXPECT_EQ(module.error().detail, detail); }
}

// The entries of a side table as {delta_ip, delta_entry, keep, drop}; wide ones as W{...}.
std::string entries(const FuncCode& code) {
  std::string out;
  uint32_t end = code.side_table_size;
  for (uint32_t i = 0; i < end; ++i) {
    const SideTableEntry& e = code.side_table[i];
    char text[64];
    if (e.drop == kWideDrop) {
      WideBranch wide;
      std::memcpy(&wide, &code.side_table[i + static_cast<uint32_t>(e.delta_ip)], sizeof wide);
      end = std::min(end, i + static_cast<uint32_t>(e.delta_ip));
      std::snprintf(text, sizeof text, "W{%d,%d,%u,%u} ", wide.delta_ip, wide.delta_entry, wide.keep, wide.drop);
    } else {
      std::snprintf(text, sizeof text, "{%d,%d,%d,%d} ", e.delta_ip, e.delta_entry, e.keep, e.drop);
    }
    out += text;
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string entries_of(const Bytes& type, const Bytes& code, const Bytes& locals = {0}) {
  auto module = loaded(one_function(type, code, locals));
  return module ? entries(module->func_codes[0]) : "refused";
}

Bytes code_copy(const Module& module, uint32_t func = 0) {
  const FuncCode& code = module.func_codes[func];
  module.copy_code(code);
  return {code.code, code.code + code.code_size};
}

Bytes repeat(const Bytes& what, size_t times) {
  Bytes out;
  for (size_t i = 0; i < times; ++i) out.insert(out.end(), what.begin(), what.end());
  return out;
}

// --- side tables ---

TEST(SideTable, FunctionEndReturnsItsResults) {
  EXPECT_EQ(entries_of(func_type({}, {0x7F}), {0x41, 1, 0x0B}), "{0,0,1,0}");
}

TEST(SideTable, IfLeadsToElseAndElseBehindTheEnd) {
  // 0 i32.const 1; 2 if i32; 4 i32.const 2; 6 else; 7 i32.const 3; 9 end; 10 end
  EXPECT_EQ(entries_of(func_type({}, {0x7F}), {0x41, 1, 0x04, 0x7F, 0x41, 2, 0x05, 0x41, 3, 0x0B, 0x0B}),
            "{5,2,0,0} {4,1,0,0} {0,0,1,0}");
}

TEST(SideTable, IfWithoutElseLeadsBehindTheEnd) {
  EXPECT_EQ(entries_of(kNothing, {0x41, 1, 0x04, 0x40, 0x01, 0x0B, 0x0B}), "{4,1,0,0} {0,0,0,0}");
}

TEST(SideTable, BranchToLoopGoesToItsOpcode) {
  EXPECT_EQ(entries_of(kNothing, {0x03, 0x40, 0x41, 0, 0x0D, 0, 0x0B, 0x0B}), "{-4,0,0,0} {0,0,0,0}");
}

TEST(SideTable, BranchKeepsTheLabelsValuesAndDropsWhatIsBeneath) {
  // 0 block i32; 2 i32.const; 4 i32.const; 6 br 0; 8 end; 9 drop; 10 end
  EXPECT_EQ(entries_of(kNothing, {0x02, 0x7F, 0x41, 1, 0x41, 2, 0x0C, 0, 0x0B, 0x1A, 0x0B}), "{3,1,1,1} {0,0,0,0}");
}

TEST(SideTable, BranchToTheFunctionGoesToItsEnd) {
  EXPECT_EQ(entries_of(func_type({}, {0x7E}), {0x41, 0, 0x42, 1, 0x0C, 0, 0x0B}), "{2,1,1,1} {0,0,1,0}");
}

TEST(SideTable, BrTableEntriesCountFromTheInstruction) {
  // 0 block; 2 block; 4 i32.const; 6 br_table [0] 1; 10 end; 11 end; 12 end
  EXPECT_EQ(entries_of(kNothing, {0x02, 0x40, 0x02, 0x40, 0x41, 0, 0x0E, 1, 0, 1, 0x0B, 0x0B, 0x0B}),
            "{5,2,0,0} {6,1,0,0} {0,0,0,0}");
}

TEST(SideTable, VectorsCountAsTwoSlots) {
  Bytes vector = join({{0xFD, 0x0C}, Bytes(16, 0)});
  Bytes code = join({{0x02, 0x7B}, vector, vector, {0x0C, 0, 0x0B, 0x1A, 0x0B}});
  EXPECT_EQ(entries_of(kNothing, code), "{3,1,2,2} {0,0,0,0}");
  auto module = loaded(one_function(kNothing, code));
  EXPECT_EQ(module->func_codes[0].max_operand_slots, 4u);
}

TEST(SideTable, ReturnAndEndKnowTheVectorLocalsBelow) {
  auto module =
      loaded(one_function(func_type({0x7F, 0x7B}, {0x7F}), {0x20, 0, 0x0F, 0x0B}, list({{2, 0x7B}, {1, 0x7E}})));
  const FuncCode& f = module->func_codes[0];
  EXPECT_EQ(entries(f), "{5,6,1,0} {5,6,1,0}");
  EXPECT_EQ(f.local_count, 5u);
  EXPECT_EQ(f.v128_local_slots, 6u);
  EXPECT_EQ(f.param_slots, 3u);
  EXPECT_EQ(f.param_count, 2u);
  EXPECT_TRUE(f.has_v128_params);
}

TEST(SideTable, NumbersThatDoNotFitGoToTheWideTable) {
  // A block that 40,000 br_if leave, the first over 40,000 entries: offset 2 + 0: i32.const 0, br_if 0.
  constexpr size_t kBranches = 40'000;
  Bytes code = join({{0x02, 0x40}, repeat({0x41, 0, 0x0D, 0}, kBranches), {0x0B, 0x0B}});
  auto module = loaded(one_function(kNothing, code));
  std::string text = entries(module->func_codes[0]);
  EXPECT_TRUE(text.starts_with("W{159999,40000,0,0} W{159995,39999,0,0} ")) << text.substr(0, 100);
  EXPECT_TRUE(text.ends_with(" {7,2,0,0} {3,1,0,0} {0,0,0,0}")) << text.substr(text.size() - 100);
  // 300 values under the branch
  code = join({{0x02, 0x40}, repeat({0x41, 0}, 300), {0x0C, 0, 0x0B, 0x0B}});
  EXPECT_EQ(entries_of(kNothing, code), "W{3,1,0,300} {0,0,0,0}");
  code = join({{0x02, 0x40}, repeat({0x41, 0}, 254), {0x0C, 0, 0x0B, 0x0B}});
  EXPECT_EQ(entries_of(kNothing, code), "{3,1,0,254} {0,0,0,0}");
}

TEST(SideTable, UnreachableBranchesHaveEntriesToo) {
  EXPECT_EQ(entries_of(func_type({}, {0x7F}), {0x00, 0x0C, 0, 0x0B}), "{2,1,1,0} {0,0,1,0}");
}

TEST(SideTable, BranchOnNullDropsTheReferenceFirst) {
  // block; ref.null func; br_on_null 0; drop; end; end
  EXPECT_EQ(entries_of(kNothing, {0x02, 0x40, 0xD0, 0x70, 0xD5, 0, 0x1A, 0x0B, 0x0B}), "{4,1,0,0} {0,0,0,0}");
  // block (result (ref func)); ref.null func; br_on_non_null 0; unreachable; end; drop; end
  EXPECT_EQ(entries_of(kNothing, {0x02, 0x64, 0x70, 0xD0, 0x70, 0xD6, 0, 0x00, 0x0B, 0x1A, 0x0B}),
            "{4,1,1,0} {0,0,0,0}");
}

// A function of no type, an imported function that may throw, and a tag with an i32.
Bytes with_exceptions(const Bytes& code) {
  return module_of({section(1, list({kNothing, func_type({0x7F}, {})})),
                    section(2, list({join({name(""), name(""), {0, 0}})})), section(3, {1, 0}),
                    section(13, list({{0, 1}})), section(10, list({body(code)}))});
}

std::string handlers(const FuncCode& code) {
  std::string out;
  for (const ExceptionHandler& h : code.handlers) {
    char text[96];
    std::snprintf(text, sizeof text, "[%u,%u)->%d/%u h%u k%d ", h.begin_offset, h.end_offset,
                  static_cast<int>(h.target_offset), h.target_entry, h.height, static_cast<int>(h.kind));
    out += text;
  }
  return out;
}

TEST(SideTable, TryTableHandlersLeadToTheirLabels) {
  // 0 block; 2 try_table (catch_all 0); 7 call 0; 9 end; 10 end; 11 end
  auto module = loaded(with_exceptions({0x02, 0x40, 0x1F, 0x40, 1, 2, 0, 0x10, 0, 0x0B, 0x0B, 0x0B}));
  EXPECT_EQ(entries(module->func_codes[0]), "{5,1,0,0} {0,0,0,0}");
  EXPECT_EQ(handlers(module->func_codes[0]), "[7,9)->11/1 h0 k2 ");
}

TEST(SideTable, HandlersStandInnermostFirstAndKnowTheHeightOfTheirLabel) {
  // 0 i64.const; 2 block i32; 4 try_table (catch 0 0); 10 try_table (catch_all 2); 15 call 0; 17 end; 18 end; 19 i32.const;
  // 21 end; 22 drop; 23 drop; 24 end
  auto module = loaded(with_exceptions({0x42, 0, 0x02, 0x7F, 0x1F, 0x40, 1,    0, 0,    0,    0x1F, 0x40, 1,
                                        2,    2, 0x10, 0,    0x0B, 0x0B, 0x41, 0, 0x0B, 0x1A, 0x1A, 0x0B}));
  EXPECT_EQ(handlers(module->func_codes[0]), "[15,17)->24/2 h0 k2 [10,18)->22/2 h1 k0 ");
}

TEST(SideTable, LegacyCatchStoresItsExceptionBehindTheLocals) {
  // 0 try; 2 call 0; 4 catch 0; 6 drop; 7 rethrow 0; 9 end; 10 end
  auto module = loaded(with_exceptions({0x06, 0x40, 0x10, 0, 0x07, 0, 0x1A, 0x09, 0, 0x0B, 0x0B}));
  const FuncCode& f = module->func_codes[0];
  EXPECT_EQ(entries(f), "{6,2,0,0} {0,0,0,0} {1,0,0,0}");
  EXPECT_EQ(handlers(f), "[2,4)->6/1 h0 k4 ");
  EXPECT_EQ(f.handlers[0].exception_slot, 0u);
  EXPECT_EQ(f.frame_offset, 1u);
}

TEST(SideTable, DelegateContinuesAtTheStartOfItsLabelsArm) {
  // 0 try; 2 try; 4 call 0; 6 delegate 0; 8 catch_all; 9 end; 10 end
  auto module = loaded(with_exceptions({0x06, 0x40, 0x06, 0x40, 0x10, 0, 0x18, 0, 0x19, 0x0B, 0x0B}));
  EXPECT_EQ(handlers(module->func_codes[0]), "[4,6)->2/0 h0 k6 [2,8)->9/1 h0 k5 ");
  module = loaded(with_exceptions({0x06, 0x40, 0x10, 0, 0x18, 0, 0x0B}));
  EXPECT_EQ(module->func_codes[0].handlers[0].target_offset, kNoHandlerTarget);
}

// --- the code copy ---

TEST(CodeCopy, OnlyTheFinalEndIsRewrittenWithoutVectors) {
  auto module = loaded(one_function(func_type({0x7F}, {0x7F}), {0x02, 0x7F, 0x20, 0, 0x0B, 0x0B}));
  EXPECT_EQ(code_copy(*module), (Bytes{0x02, 0x7F, 0x20, 0, 0x0B, 0x0F}));
  EXPECT_EQ(module->bytes.back(), 0x0B);
  for (uint32_t i = 0; i < Module::kCodePadding; ++i) {
    EXPECT_EQ(module->code[module->code_end - module->code_begin + i], 0x00);
  }
  EXPECT_EQ(module->find_func(module->func_codes[0].code), FuncIndex(0));
}

TEST(CodeCopy, VectorLocalsAreAddressedByTheirOrdinalInAsManyBytes) {
  auto module =
      loaded(one_function(func_type({0x7F, 0x7B}, {}),
                          {0x20, 1, 0x21, 0x82, 0x80, 0, 0x20, 1, 0x22, 0x83, 0, 0x1A, 0x0B}, list({{2, 0x7B}})));
  EXPECT_EQ(code_copy(*module), (Bytes{0x16, 0, 0x17, 0x81, 0x80, 0, 0x16, 0, 0x1D, 0x82, 0, 0x1E, 0x0F}));
}

TEST(CodeCopy, VectorFormsOfSelectDropAndGlobals) {
  Bytes vector_const = join({{0xFD, 0x0C}, Bytes(16, 0)});
  Bytes code = {0x23, 0, 0x23, 0, 0x41, 0, 0x1B, 0x23, 0, 0x41, 0, 0x1C, 1, 0x7B, 0x24, 0, 0x0B};
  auto module =
      loaded(module_of({section(1, list({kNothing})), section(3, {1, 0}),
                        section(6, list({join({{0x7B, 1}, vector_const, {0x0B}})})), section(10, list({body(code)}))}));
  EXPECT_EQ(code_copy(*module),
            (Bytes{0xC6, 0, 0xC6, 0, 0x41, 0, 0x27, 0xC6, 0, 0x41, 0, 0x1C, 1, 0x7B, 0xC7, 0, 0x0F}));
}

TEST(CodeCopy, LocalsBeyondTheFastOnesAreFoundToo) {
  auto module = loaded(one_function(kNothing, {0x20, 0xAC, 0x02, 0x1A, 0x20, 0xAD, 0x02, 0x1A, 0x0B},
                                    list({join({uleb(300), {0x7F}}), join({uleb(40'000), {0x7B}})})));
  EXPECT_EQ(code_copy(*module), (Bytes{0x16, 0x80, 0, 0x1E, 0x16, 0x81, 0, 0x1E, 0x0F}));
}

// --- errors ---

TEST(Validator, TypeErrorsNameBothTypesThePlaceAndTheFunction) {
  auto module = load(one_function(kNothing, {0x42, 0, 0x45, 0x1A, 0x0B}));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().detail, "expected i32, found i64");
  EXPECT_EQ(module.error().func_index, 0u);
  EXPECT_EQ(module.error().offset, 8u + 6 + 4 + 5 + 2);
  expect_error(one_function(kNothing, {0x6A, 0x0B}), ErrorCode::type_mismatch, "expected i32, found nothing");
  expect_error(one_function(kNothing, {0x41, 0, 0x0B}), ErrorCode::type_mismatch);
  expect_error(one_function(func_type({}, {0x7F}), {0x0B}), ErrorCode::type_mismatch);
}

TEST(Validator, UnreachableCodeIsPolymorphicButStillChecked) {
  loaded(one_function(func_type({}, {0x7F}), {0x00, 0x6A, 0x0B}));
  loaded(one_function(kNothing, {0x00, 0x1B, 0x1A, 0x0B}));
  loaded(one_function(kNothing, {0x0C, 0, 0xD4, 0xD1, 0x1A, 0x0B}));
  expect_error(one_function(kNothing, {0x00, 0x42, 0, 0x45, 0x1A, 0x0B}), ErrorCode::type_mismatch);
}

TEST(Validator, LocalsWithoutADefaultMustBeSetInTheirBlock) {
  Bytes type = {0x60, 1, 0x64, 0x70, 0};
  Bytes locals = list({{1, 0x64, 0x70}});
  loaded(one_function(type, {0x20, 0, 0x21, 1, 0x20, 1, 0x1A, 0x0B}, locals));
  expect_error(one_function(type, {0x20, 1, 0x1A, 0x0B}, locals), ErrorCode::uninitialized_local, "1");
  expect_error(one_function(type, {0x02, 0x40, 0x20, 0, 0x21, 1, 0x0B, 0x20, 1, 0x1A, 0x0B}, locals),
               ErrorCode::uninitialized_local, "1");
}

TEST(Validator, IndicesOutOfRange) {
  expect_error(one_function(kNothing, {0x20, 0, 0x1A, 0x0B}), ErrorCode::unknown_local, "0");
  expect_error(one_function(kNothing, {0x10, 1, 0x0B}), ErrorCode::unknown_function, "1");
  expect_error(one_function(kNothing, {0x23, 0, 0x1A, 0x0B}), ErrorCode::unknown_global, "0");
  expect_error(one_function(kNothing, {0x0C, 1, 0x0B}), ErrorCode::unknown_label, "1");
  expect_error(one_function(kNothing, {0x3F, 0, 0x1A, 0x0B}), ErrorCode::unknown_memory, "0");
  expect_error(one_function(kNothing, {0x41, 0, 0x25, 0, 0x1A, 0x0B}), ErrorCode::unknown_table, "0");
  expect_error(one_function(kNothing, {0x08, 0, 0x0B}), ErrorCode::unknown_tag, "0");
  expect_error(one_function(kNothing, {0x02, 1, 0x0B, 0x0B}), ErrorCode::unknown_type, "1");
  expect_error(one_function(kNothing, {0xD2, 0, 0x1A, 0x0B}), ErrorCode::undeclared_function_reference, "0");
  expect_error(one_function(kNothing, {0x0B}, list({{1, 0x63, 9}})), ErrorCode::unknown_type, "9");
}

Bytes with_memory(const Bytes& memory, const Bytes& code) {
  return module_of(
      {section(1, list({kNothing})), section(3, {1, 0}), section(5, list({memory})), section(10, list({body(code)}))});
}

TEST(Validator, MemoryArguments) {
  loaded(with_memory({0, 1}, {0x41, 0, 0x28, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x1A, 0x0B}));
  expect_error(with_memory({0, 1}, {0x41, 0, 0x28, 3, 0, 0x1A, 0x0B}), ErrorCode::alignment_too_large);
  expect_error(with_memory({0, 1}, {0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1A, 0x0B}),
               ErrorCode::offset_out_of_range);
  loaded(with_memory({4, 1}, {0x42, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1A, 0x0B}));
  loaded(with_memory({0, 1}, {0x41, 0, 0x28, 0x42, 0, 0, 0x1A, 0x0B}));  // bit 6: a memory index
  expect_error(with_memory({0, 1}, {0x41, 0, 0x28, 0x42, 1, 0, 0x1A, 0x0B}), ErrorCode::unknown_memory, "1");
  expect_error(with_memory({0, 1}, {0x41, 0, 0x28, 0x80, 1, 0, 0x1A, 0x0B}), ErrorCode::malformed_memop_flags);
  expect_error(with_memory({0, 1}, {0x41, 0, 0xFE, 0x10, 1, 0, 0x1A, 0x0B}), ErrorCode::alignment_not_natural);
  expect_error(with_memory({4, 1}, {0x41, 0, 0x28, 2, 0, 0x1A, 0x0B}), ErrorCode::type_mismatch,
               "expected i64, found i32");
}

TEST(Validator, DisabledOpcodesAreIllegal) {
  Features mvp = Features::release(1);
  expect_error(one_function(kNothing, {0x41, 0, 0xC0, 0x1A, 0x0B}), ErrorCode::illegal_opcode, "c0", mvp);
  expect_error(one_function(kNothing, {0xFE, 3, 0, 0x0B}), ErrorCode::illegal_opcode, "fe 03", Features());
  expect_error(one_function(kNothing, {0xFD, 0xFF, 0x7F, 0x0B}), ErrorCode::illegal_opcode, "fd 3fff");
  expect_error(one_function(kNothing, {0x16, 0, 0x0B}), ErrorCode::illegal_opcode, "16");  // internal opcodes
}

TEST(Validator, MalformedBodiesWinOverInvalidOnes) {
  Bytes types = section(1, list({kNothing}));
  Bytes funcs = section(3, {2, 0, 0});
  expect_error(module_of({types, funcs, section(10, list({body({0x6A, 0x0B}), body({0xFF, 0x0B})}))}),
               ErrorCode::illegal_opcode);
  expect_error(module_of({types, funcs, section(8, {9}), section(10, list({body({0x0B}), body({0x41, 0x0B})}))}),
               ErrorCode::unexpected_end_of_section);
}

TEST(Validator, BodiesMustEndExactlyAtTheirEnd) {
  expect_error(one_function(kNothing, {0x0B, 0x0B}), ErrorCode::section_size_mismatch);
  expect_error(one_function(kNothing, {0x01}), ErrorCode::unexpected_end_of_section);
  expect_error(one_function(kNothing, {0x02, 0x40, 0x0B}), ErrorCode::unexpected_end_of_section);
  expect_error(one_function(kNothing, {0x05, 0x0B}), ErrorCode::end_opcode_expected);
}

TEST(Validator, ConstantExpressions) {
  auto global = [](Bytes type, Bytes init) { return module_of({section(6, list({join({type, init})}))}); };
  loaded(global({0x7F, 0}, {0x41, 1, 0x41, 2, 0x6A, 0x0B}));
  expect_error(global({0x7F, 0}, {0x41, 1, 0x45, 0x0B}), ErrorCode::constant_expression_required);
  expect_error(global({0x7F, 0}, {0x42, 1, 0x0B}), ErrorCode::type_mismatch);
  expect_error(global({0x7F, 0}, {0x23, 0, 0x0B}), ErrorCode::unknown_global);
  expect_error(global({0x7F, 0}, {0x41, 0, 0x41, 0, 0x0B}), ErrorCode::type_mismatch);
  expect_error(global({0x7F, 0}, {0x41, 1, 0x41, 2, 0x6A, 0x0B}), ErrorCode::constant_expression_required, {},
               Features::release(2));
  loaded(module_of({section(6, list({{0x7F, 0, 0x41, 1, 0x0B}, {0x7F, 0, 0x23, 0, 0x0B}}))}));
  expect_error(module_of({section(6, list({{0x7F, 1, 0x41, 1, 0x0B}, {0x7F, 0, 0x23, 0, 0x0B}}))}),
               ErrorCode::constant_expression_required);
}

TEST(Validator, SubtypesMustMatchTheirSupertype) {
  loaded(module_of({section(1, list({{0x50, 0, 0x5F, 1, 0x7F, 0}, {0x50, 1, 0, 0x5F, 2, 0x7F, 0, 0x7E, 1}}))}));
  expect_error(module_of({section(1, list({{0x50, 0, 0x5F, 1, 0x7F, 0}, {0x50, 1, 0, 0x5F, 1, 0x7E, 0}}))}),
               ErrorCode::sub_type_mismatch, "1 does not match super type 0");
  expect_error(module_of({section(1, list({{0x5F, 0}, {0x50, 1, 0, 0x5F, 0}}))}),
               ErrorCode::sub_type_mismatch);  // final
}

// --- hostile input ---

TEST(Hostile, AMillionNestedBlocksAreFineAndOneMoreIsALimit) {
  Bytes deepest = join({repeat({0x02, 0x40}, limits::kMaxControlDepth), Bytes(limits::kMaxControlDepth + 1, 0x0B)});
  EXPECT_EQ(entries_of(kNothing, deepest), "{0,0,0,0}");
  Bytes deeper = join({repeat({0x02, 0x40}, limits::kMaxControlDepth + 1), Bytes(limits::kMaxControlDepth + 2, 0x0B)});
  expect_error(one_function(kNothing, deeper), ErrorCode::limit_exceeded);
}

TEST(Hostile, ManyBranchesOutOfManyBlocksTakeLinearTime) {
  constexpr size_t kBlocks = 100'000;
  Bytes targets;
  for (uint32_t i = 0; i < kBlocks; ++i) write_uleb(targets, i);
  Bytes code =
      join({repeat({0x02, 0x40}, kBlocks), {0x41, 0, 0x0E}, uleb(kBlocks), targets, {0}, Bytes(kBlocks + 1, 0x0B)});
  auto module = loaded(one_function(kNothing, code));
  EXPECT_GT(module->func_codes[0].side_table_size, kBlocks + 1);
}

TEST(Hostile, ManyFunctionsWithManyLocalsCostNothing) {
  constexpr size_t kFunctions = 20'000;
  Bytes one = body({0x20, 0xCF, 0x86, 0x03, 0x1A, 0x0B}, list({join({uleb(limits::kMaxFunctionLocals), {0x7F}})}));
  auto module =
      loaded(module_of({section(1, list({kNothing})), section(3, join({uleb(kFunctions), Bytes(kFunctions, 0)})),
                        section(10, join({uleb(kFunctions), repeat(one, kFunctions)}))}));
  EXPECT_EQ(module->func_codes.back().local_count, limits::kMaxFunctionLocals);
}

TEST(Hostile, HugeCountsInBodiesFailAtOnce) {
  Bytes huge = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  expect_error(one_function(kNothing, join({{0x41, 0, 0x0E}, huge, {0x0B}})), ErrorCode::unexpected_end_of_section);
  expect_error(one_function(kNothing, join({{0x1F, 0x40}, huge, {0x0B}})), ErrorCode::malformed_catch_kind);
  expect_error(one_function(kNothing, join({{0x1C}, huge, {0x0B}})), ErrorCode::malformed_value_type);
}

TEST(Hostile, AnOperandStackBeyondTheLimitIsRefused) {
  Bytes code = join({repeat({0x41, 0}, limits::kMaxOperandSlots + 1), {0x00, 0x0B}});
  expect_error(one_function(kNothing, code), ErrorCode::limit_exceeded);
}

Bytes busy_module() {
  Bytes vector_const = join({{0xFD, 0x0C}, Bytes(16, 7)});
  Bytes code = join({{0x02, 0x40, 0x41, 0, 0x0D, 0, 0x03, 0x7F, 0x41, 1, 0x0B, 0x0E, 1, 0, 0, 0x0B},
                     {0x1F, 0x40, 1, 2, 0, 0x41, 5, 0x08, 0, 0x0B},
                     vector_const,
                     {0x21, 1, 0x20, 1, 0x1A},
                     {0x41, 0, 0x04, 0x40, 0x05, 0x0B, 0xFB, 0x01, 2, 0xFB, 0x02, 2, 0, 0x1A},
                     {0x06, 0x40, 0x10, 0, 0x19, 0x09, 0, 0x0B, 0x0B}});
  return module_of({section(1, list({kNothing, func_type({0x7F}, {}), {0x5F, 1, 0x7F, 1}})), section(3, {1, 0}),
                    section(5, list({{0, 1}})), section(13, list({{0, 1}})),
                    section(10, list({body(code, list({{1, 0x7E}, {1, 0x7B}}))}))});
}

TEST(Hostile, FlippedBitsAndCutBodiesNeverCrash) {
  Bytes whole = busy_module();
  ASSERT_TRUE(load(whole)) << load(whole).error().to_string();
  for (size_t n = 8; n < whole.size(); ++n) (void)load(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n)));
  uint32_t random = 7;
  for (int round = 0; round < 5'000; ++round) {
    Bytes bytes = whole;
    for (int flips = 0; flips < 2; ++flips) {
      random = random * 1664525 + 1013904223;
      bytes[8 + (random >> 8) % (bytes.size() - 8)] ^= static_cast<uint8_t>(1u << (random >> 29));
    }
    (void)load(std::move(bytes));
  }
}

// --- the fast steps ---

// Bodies at random: mostly valid, of instructions that have a fast step and a few that do not, with immediates of all lengths.
// Locals: 0 to 4 of types i32 i64 f32 f64 v128. Functions: 0 itself, 1 (i32 i64) -> i64, 2 (v128) -> ().
class RandomBody {
 public:
  explicit RandomBody(uint32_t seed) : random_(seed) {}
  Bytes make() {
    Bytes code;
    for (unsigned i = 2 + next(12); i > 0; --i) statement(code, 4, 1);
    code.push_back(0x0B);
    for (unsigned flips = next(5) / 3; flips > 0; --flips)
      code[next(code.size())] ^= static_cast<uint8_t>(1u << next(8));
    return code;
  }
  uint32_t next(size_t below) {
    random_ = random_ * 1664525 + 1013904223;
    return static_cast<uint32_t>((random_ >> 8) % below);
  }

 private:
  static void add(Bytes& code, const Bytes& more) { code.insert(code.end(), more.begin(), more.end()); }
  void number(Bytes& code, uint32_t value) {  // sometimes longer than it needs to be
    for (unsigned extra = next(4) == 0 ? next(2) : 0;; value >>= 7) {
      const bool more = value >= 0x80 || extra > 0;
      code.push_back(static_cast<uint8_t>((value & 0x7F) | (more ? 0x80 : 0)));
      if (!more) return;
      extra -= extra > 0;
    }
  }
  void access(Bytes& code, uint8_t op, uint32_t alignment) {
    code.push_back(op);
    number(code, next(alignment + 1));
    number(code, next(1u << next(24)));
  }

  void value(Bytes& code, unsigned type, unsigned depth) {
    constexpr uint8_t kAdd[] = {0x6A, 0x7C, 0x92, 0xA0}, kLoad[] = {0x28, 0x29, 0x2A, 0x2B};
    switch (depth == 0 ? next(2) : next(9)) {
      case 0: code.push_back(0x20), number(code, type); return;
      case 1:
        code.push_back(static_cast<uint8_t>(0x41 + type));
        if (type < 2) return number(code, next(1u << next(16)) & ~0x40u);
        return add(code, Bytes(type == 2 ? 4 : 8, static_cast<uint8_t>(next(256))));
      case 2: value(code, type, depth - 1), value(code, type, depth - 1); return code.push_back(kAdd[type]);
      case 3: value(code, 0, depth - 1); return access(code, kLoad[type], type & 1 ? 3 : 2);
      case 4: value(code, type, depth - 1), code.push_back(0x22), number(code, type); return;
      case 5:
        value(code, type, depth - 1), value(code, type, depth - 1), value(code, 0, depth - 1);
        return code.push_back(0x1B);
      case 6:
        add(code, {0x02, static_cast<uint8_t>(0x7F - type)});
        value(code, type, depth - 1);
        return code.push_back(0x0B);
      case 7:
        value(code, 0, depth - 1), value(code, 1, depth - 1);
        add(code, {0x10}), number(code, 1);
        if (type != 1) code.push_back(0x1A), value(code, type, depth - 1);
        return;
      default:
        value(code, 1, depth - 1), code.push_back(0xC2);  // i64.extend8_s
        if (type == 0) code.push_back(0xA7);
        if (type > 1) code.push_back(0x1A), value(code, type, depth - 1);
        return;
    }
  }

  void statement(Bytes& code, unsigned depth, unsigned labels) {
    constexpr uint8_t kStore[] = {0x36, 0x37, 0x38, 0x39};
    const unsigned type = next(4);
    switch (depth == 0 ? next(3) : next(9)) {
      case 0: value(code, type, depth), code.push_back(0x21), number(code, type); return;
      case 1: value(code, 0, depth), value(code, type, depth); return access(code, kStore[type], type & 1 ? 3 : 2);
      case 2: value(code, 0, depth), code.push_back(0x0D); return number(code, next(labels));
      case 3:
      case 4:
        add(code, {static_cast<uint8_t>(0x02 + next(2)), 0x40});
        for (unsigned i = next(4); i > 0; --i) statement(code, depth - 1, labels + 1);
        if (next(8) == 0) code.push_back(0x0C), number(code, next(labels + 1));
        return code.push_back(0x0B);
      case 5: value(code, type, depth), code.push_back(0x1A); return;
      case 6:
        if (next(8) == 0) add(code, {0x20, 4, 0x22, 4, 0x10, 2});
        return;
      case 7:
        value(code, 0, depth), add(code, {0x04, 0x40});
        statement(code, depth - 1, labels + 1);
        return code.push_back(0x0B);
      default:
        value(code, 0, depth), add(code, {0x02, 0x40}), statement(code, depth - 1, labels + 1), add(code, {0x0B, 0x1A});
    }
  }

  uint32_t random_;
};

TEST(FastSteps, JudgeLikeTheCarefulWay) {
  const Bytes types = section(
      1, list({func_type({0x7F, 0x7E, 0x7D, 0x7C}, {}), func_type({0x7F, 0x7E}, {0x7E}), func_type({0x7B}, {})}));
  RandomBody random(1);
  unsigned valid = 0, invalid = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Bytes locals = random.next(4) == 0 ? list({{1, 0x7B}}) : list({{1, 0x7F}});
    Bytes bytes = module_of({types, section(3, {3, 0, 1, 2}), section(5, list({{0, 1}})),
                             section(10, list({body(random.make(), locals), body({0x20, 1, 0x0B}), body({0x0B})})),
                             join({{0}, sized(join({name("padding"), Bytes(16, 0)}))})});
    std::shared_ptr<Module> modules[2];
    std::string answers[2];
    for (bool fast : {false, true}) {
      auto module = decoder::decode_module(bytes, {Features::all(), std::make_shared<TypeRegistry>()});
      ASSERT_TRUE(module);
      auto result = validate_module(**module, {.fast = fast});
      modules[fast] = *module;
      answers[fast] = result ? "valid" : result.error().to_string();
    }
    ASSERT_EQ(answers[0], answers[1]) << round;
    if (answers[0] != "valid") {
      ++invalid;
      continue;
    }
    ++valid;
    ASSERT_EQ(code_copy(*modules[0]), code_copy(*modules[1])) << round;
    ASSERT_EQ(entries(modules[0]->func_codes[0]), entries(modules[1]->func_codes[0])) << round;
    ASSERT_EQ(modules[0]->func_codes[0].max_operand_slots, modules[1]->func_codes[0].max_operand_slots) << round;
  }
  EXPECT_GT(valid, 5'000u);
  EXPECT_GT(invalid, 5'000u);
}

// --- threads ---

// About 4 MB of functions; those numbered in `broken` do not type-check.
Bytes large_module(std::initializer_list<uint32_t> broken) {
  constexpr uint32_t kFunctions = 400;
  Bytes good = body(join({repeat({0x02, 0x40, 0x41, 0, 0x0D, 0, 0x0B}, 1500), {0x0B}}));
  Bytes bad = body({0x6A, 0x0B});
  Bytes bodies = uleb(kFunctions);
  for (uint32_t i = 0; i < kFunctions; ++i) {
    const Bytes& next = std::find(broken.begin(), broken.end(), i) != broken.end() ? bad : good;
    bodies.insert(bodies.end(), next.begin(), next.end());
  }
  return module_of(
      {section(1, list({kNothing})), section(3, join({uleb(kFunctions), Bytes(kFunctions, 0)})), section(10, bodies)});
}

TEST(Parallel, ThreadsWriteTheSameTables) {
  auto one = load(large_module({}), 1);
  auto four = load(large_module({}), 4);
  ASSERT_TRUE(one && four);
  ASSERT_EQ((*one)->func_codes.size(), (*four)->func_codes.size());
  for (size_t i = 0; i < (*one)->func_codes.size(); ++i) {
    const FuncCode& a = (*one)->func_codes[i];
    const FuncCode& b = (*four)->func_codes[i];
    ASSERT_EQ(a.side_table_size, b.side_table_size);
    ASSERT_EQ(std::memcmp(a.side_table, b.side_table, a.side_table_size * sizeof(SideTableEntry)), 0);
    ASSERT_EQ(a.max_operand_slots, b.max_operand_slots);
  }
}

TEST(Parallel, TheLowestBrokenFunctionIsReported) {
  for (int round = 0; round < 3; ++round) {
    auto module = load(large_module({399, 250, 120, 301}), 4);
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().func_index, 120u);
  }
}

}  // namespace
}  // namespace arris::validator
