#include "decoder/module_decoder.h"

#include <gtest/gtest.h>

#include "decoder/instruction_skipper.h"
#include "decoder/module_bytes.h"
#include "wasm/instruction_reader.h"
#include "wasm/limits.h"

namespace arris::decoder {
namespace {

using namespace testing;  // NOLINT: the helpers of module_bytes.h

std::expected<std::shared_ptr<Module>, Error> decode(Bytes bytes, Features features = Features::all()) {
  return decode_module(std::move(bytes), {features, std::make_shared<TypeRegistry>()});
}

std::shared_ptr<Module> decoded(Bytes bytes, Features features = Features::all()) {
  auto module = decode(std::move(bytes), features);
  EXPECT_TRUE(module) << module.error().to_string();
  return module ? *module : nullptr;
}

void expect_error(Bytes bytes, ErrorCode code, uint64_t offset = kNoOffset, Features features = Features::all()) {
  auto module = decode(std::move(bytes), features);
  ASSERT_FALSE(module) << "accepted instead of: " << message_of(code);
  EXPECT_EQ(message_of(module.error().code), message_of(code)) << module.error().to_string();
  if (offset != kNoOffset) { EXPECT_EQ(module.error().offset, offset) << module.error().to_string(); }
}

// One of everything.
Bytes rich_module() {
  return module_of({
      section(1, list({func_type({0x7F, 0x7B}, {0x7E}),
                       {0x4E, 2, 0x50, 0, 0x5F, 1, 0x63, 2, 1, 0x50, 1, 1, 0x5F, 1, 0x63, 2, 1},
                       {0x5E, 0x78, 1},
                       func_type({0x7F}, {})})),
      section(2, list({join({name("m"), name("f"), {0, 0}}), join({name("m"), name("g"), {3, 0x7F, 0}})})),
      section(3, list({{0}, {4}})),
      section(4, list({{0x70, 0, 1}, {0x40, 0, 0x70, 1, 1, 2, 0xD0, 0x70, 0x0B}})),
      section(5, list({{1, 1, 2}})),
      section(13, list({{0, 4}})),
      section(6, list({{0x7F, 1, 0x41, 7, 0x0B}})),
      section(7, list({join({name("e"), {0, 1}}), join({name("mem"), {2, 0}})})),
      section(9, list({{0, 0x41, 0, 0x0B, 1, 1}, {5, 0x70, 1, 0xD2, 0, 0x0B}})),
      section(12, {2}),
      section(10, list({body({0x42, 0, 0x0B}, list({{2, 0x7F}, {1, 0x7B}})), body({0x0B})})),
      section(11, list({join({{0, 0x41, 0, 0x0B}, name("abc")}), join({{1}, name("xy")})})),
      section(0, join({name("name"), {0}, sized(name("rich")), {1}, sized(list({join({{1}, name("first")})}))})),
      section(0, join({name("other"), {1, 2, 3}})),
  });
}

TEST(Decoder, EmptyModule) {
  auto module = decoded(module_of({}));
  EXPECT_TRUE(module->types.empty());
  EXPECT_TRUE(module->bodies.empty());
}

TEST(Decoder, EverySectionArrivesInTheModule) {
  auto m = decoded(rich_module());
  ASSERT_TRUE(m);
  EXPECT_EQ(m->types.size(), 5u);
  EXPECT_EQ(m->rec_groups.size(), 4u);
  EXPECT_TRUE(m->rec_groups[1].is_explicit);
  EXPECT_EQ(m->types[2].supertype, 1u);
  EXPECT_EQ(m->imports.size(), 2u);
  EXPECT_EQ(m->text(m->imports[1].name), "g");
  EXPECT_EQ(m->imported_funcs, 1u);
  EXPECT_EQ(m->funcs.size(), 3u);
  ASSERT_EQ(m->tables.size(), 2u);
  EXPECT_FALSE(m->tables[0].init);
  ASSERT_TRUE(m->tables[1].init);
  EXPECT_EQ(m->tables[1].init->code.size, 3u);
  EXPECT_EQ(m->memories[0].limits.max, 2u);
  EXPECT_EQ(m->tags.size(), 1u);
  EXPECT_EQ(m->globals.size(), 2u);
  EXPECT_TRUE(m->globals[1].type.is_mutable);
  EXPECT_EQ(m->exports.size(), 2u);
  ASSERT_EQ(m->elems.size(), 2u);
  EXPECT_EQ(m->elems[0].mode, SegmentMode::active);
  EXPECT_EQ(m->elems[0].items.size, 1u);
  EXPECT_TRUE(m->elems[1].is_expressions);
  EXPECT_EQ(m->elems[1].items.size, 3u);
  EXPECT_EQ(m->data_count, 2u);
  ASSERT_EQ(m->bodies.size(), 2u);
  ASSERT_EQ(m->bodies[0].locals.size(), 2u);
  EXPECT_EQ(m->bodies[0].locals[1].type, kV128);
  EXPECT_EQ(m->bytes[m->bodies[0].code_offset], 0x42);
  EXPECT_EQ(m->text(m->datas[0].bytes), "abc");
  EXPECT_EQ(m->custom_sections.size(), 2u);
  EXPECT_EQ(m->custom_sections[1].after_section, 11);
  ASSERT_TRUE(m->names.module);
  EXPECT_EQ(m->text(*m->names.module), "rich");
  EXPECT_EQ(m->func_name(FuncIndex(1)), "first");
}

TEST(Decoder, EveryPrefixOfAModuleIsAnErrorOrAModuleButNeverACrash) {
  Bytes whole = rich_module();
  for (size_t n = 0; n < whole.size(); ++n) {
    auto module = decode(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(n)));
    if (!module) { EXPECT_LE(module.error().offset, n); }
  }
}

TEST(Decoder, EveryByteMayBeAnythingWithoutACrash) {
  Bytes whole = rich_module();
  uint32_t random = 1;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = whole;
    for (int flips = 0; flips < 3; ++flips) {
      random = random * 1664525 + 1013904223;
      bytes[8 + (random >> 8) % (bytes.size() - 8)] ^= static_cast<uint8_t>(1u << (random >> 29));
    }
    (void)decode(std::move(bytes));
  }
}

TEST(Decoder, HeaderErrors) {
  expect_error({}, ErrorCode::unexpected_end, 0);
  expect_error({0, 'a', 's'}, ErrorCode::unexpected_end, 3);
  expect_error({0, 'a', 's', 'n', 1, 0, 0, 0}, ErrorCode::magic_not_detected, 0);
  expect_error({0, 'a', 's', 'm', 2, 0, 0, 0}, ErrorCode::unknown_binary_version, 4);
}

TEST(Decoder, SectionsMustBeKnownInOrderAndUnique) {
  expect_error(module_of({section(14, {})}), ErrorCode::malformed_section_id, 8);
  expect_error(module_of({section(2, {0}), section(1, {0})}), ErrorCode::unexpected_section, 11);
  expect_error(module_of({section(5, {0}), section(5, {0})}), ErrorCode::unexpected_section, 11);
  expect_error(module_of({section(6, {0}), section(13, {0})}), ErrorCode::unexpected_section);
  expect_error(module_of({section(10, {0}), section(12, {0})}), ErrorCode::unexpected_section);
  decoded(module_of({section(5, {0}), section(13, {0}), section(6, {0}), section(12, {0}), section(10, {0})}));
}

TEST(Decoder, SectionsMustBeUsedUp) {
  expect_error(module_of({section(5, {1, 0, 0, 0})}), ErrorCode::section_size_mismatch, 13);
  expect_error(module_of({section(1, {2, 0x60, 0, 0})}), ErrorCode::unexpected_end_of_section);
}

TEST(Decoder, ClaimsOfGigabytesFailAtOnceWithTheirOffset) {
  Bytes four_gigabytes = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  expect_error(module_of({join({{1}, four_gigabytes})}), ErrorCode::length_out_of_bounds, 14);
  for (uint8_t id : {1, 2, 3, 4, 5, 13, 6, 7, 9, 10, 11}) {  // counts of sections
    auto module = decode(module_of({section(id, four_gigabytes)}));
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().offset, 15u) << int{id};
  }
  expect_error(module_of({section(2, join({{1}, four_gigabytes}))}), ErrorCode::length_out_of_bounds, 11);  // a name
  expect_error(module_of({section(1, join({{1, 0x60}, four_gigabytes}))}), ErrorCode::unexpected_end_of_section);
  expect_error(module_of({section(1, {1, 0x60, 0, 0}), section(3, {1, 0}), section(10, join({{1}, four_gigabytes}))}),
               ErrorCode::unexpected_end_of_section);
  expect_error(module_of({section(11, join({{1, 1}, four_gigabytes}))}), ErrorCode::unexpected_end_of_section);
}

TEST(Decoder, LimitsAreErrorsOfTheirOwn) {
  Bytes many_params = join({{1, 0x60}, sized(Bytes(1001, 0x7F)), {0}});
  expect_error(module_of({section(1, many_params)}), ErrorCode::limit_exceeded, 13);
  Bytes many_memories = uleb(101);
  for (int i = 0; i < 101; ++i) many_memories = join({many_memories, {0, 0}});
  expect_error(module_of({section(5, many_memories)}), ErrorCode::limit_exceeded);
  Bytes long_name = name(std::string(limits::kMaxNameBytes + 1, 'x'));
  expect_error(module_of({section(0, long_name)}), ErrorCode::limit_exceeded);
  decoded(module_of({section(0, name(std::string(limits::kMaxNameBytes, 'x')))}));
}

TEST(Decoder, LocalsAreCountedAcrossGroups) {
  auto with_locals = [](Bytes locals) { return one_function(func_type({}, {}), {0x0B}, locals); };
  Bytes half = {0x80, 0x80, 0x80, 0x80, 0x08, 0x7F};  // 2^31
  expect_error(with_locals(list({half, half})), ErrorCode::too_many_locals);
  expect_error(with_locals(list({half})), ErrorCode::limit_exceeded);
  expect_error(with_locals(list({join({uleb(limits::kMaxFunctionLocals + 1), {0x7F}})})), ErrorCode::limit_exceeded);
  auto module = decoded(with_locals(list({join({uleb(limits::kMaxFunctionLocals), {0x7F}}), {0, 0x7E}})));
  EXPECT_EQ(module->bodies[0].locals.size(), 1u);
}

TEST(Decoder, TypesReferToEarlierTypesAndTheirOwnGroupOnly) {
  expect_error(module_of({section(1, list({{0x5F, 1, 0x63, 1, 0}, {0x5F, 0}}))}), ErrorCode::unknown_type);
  decoded(module_of({section(1, {1, 0x4E, 2, 0x5F, 1, 0x63, 1, 0, 0x5F, 0})}));
  expect_error(module_of({section(1, {1, 0x50, 1, 0, 0x5F, 0})}), ErrorCode::unknown_type);  // its own supertype
  expect_error(module_of({section(1, {1, 0x50, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x5F, 0})}), ErrorCode::unknown_type);
}

TEST(Decoder, ModulesOfOneEngineShareEqualTypes) {
  auto registry = std::make_shared<TypeRegistry>();
  Bytes one = module_of({section(1, list({func_type({0x7F}, {})}))});
  Bytes two = module_of({section(1, list({func_type({}, {}), func_type({0x7F}, {})}))});
  auto a = decode_module(one, {Features(), registry});
  auto b = decode_module(two, {Features(), registry});
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)->canonical_types[0], (*b)->canonical_types[1]);
}

TEST(Decoder, DisabledFeaturesAreSyntaxErrors) {
  Features mvp = Features::release(1);
  expect_error(module_of({section(1, {1, 0x4E, 0})}), ErrorCode::malformed_definition_type, kNoOffset, mvp);
  expect_error(module_of({section(1, list({func_type({0x7B}, {})}))}), ErrorCode::malformed_value_type, kNoOffset, mvp);
  expect_error(module_of({section(1, list({func_type({0x70}, {})}))}), ErrorCode::malformed_value_type, kNoOffset, mvp);
  expect_error(module_of({section(12, {0})}), ErrorCode::malformed_section_id, kNoOffset, mvp);
  expect_error(module_of({section(13, {0})}), ErrorCode::malformed_section_id, kNoOffset, mvp);
  expect_error(module_of({section(5, {1, 4, 0})}), ErrorCode::malformed_limits_flags, kNoOffset, mvp);
  expect_error(module_of({section(5, {1, 3, 0, 0})}), ErrorCode::malformed_limits_flags, kNoOffset, Features());
  expect_error(module_of({section(5, {1, 8, 0, 0})}), ErrorCode::malformed_limits_flags, kNoOffset, Features());
  decoded(module_of({section(5, {1, 3, 0, 0})}), Features().with(Feature::threads));
}

TEST(Decoder, MalformedNamesOfSectionsAndImportsAreErrors) {
  expect_error(module_of({section(0, {1, 0xFF})}), ErrorCode::malformed_utf8, 11);
  expect_error(module_of({section(2, join({{1}, name("m"), {2, 0xC0, 0x80}, {0, 0}}))}), ErrorCode::malformed_utf8);
  expect_error(module_of({section(0, {})}), ErrorCode::unexpected_end_of_section);
}

TEST(Decoder, AMalformedNameSectionIsNoErrorAndKeepsWhatWasReadBefore) {
  auto module = decoded(module_of({section(0, join({name("name"),
                                                    {0},
                                                    sized(name("m")),
                                                    {1},
                                                    sized(list({join({{5}, name("b")}), join({{2}, name("a")})}))}))}));
  ASSERT_TRUE(module);
  ASSERT_TRUE(module->names.module);
  EXPECT_TRUE(module->names.funcs.empty());
  EXPECT_TRUE(decode(module_of({section(0, join({name("name"), {1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}}))})));
  EXPECT_TRUE(decode(module_of({section(0, join({name("name"), {1, 6, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0}}))})));
}

TEST(Decoder, BranchHintsAreRead) {
  auto module =
      decoded(module_of({section(0, join({name("metadata.code.branch_hint"), {1, 3, 2, 5, 1, 0, 9, 1, 1}}))}));
  ASSERT_EQ(module->branch_hints.size(), 2u);
  EXPECT_EQ(module->branch_hints[1].func_index, 3u);
  EXPECT_EQ(module->branch_hints[1].offset, 9u);
  EXPECT_TRUE(module->branch_hints[1].likely);
  EXPECT_FALSE(module->branch_hints[0].likely);
}

TEST(Decoder, ConstantExpressionsEndAtTheirOwnEnd) {
  auto module =
      decoded(module_of({section(6, list({{0x7F, 0, 0x02, 0x40, 0x0B, 0x41, 1, 0x0B}, {0x7F, 0, 0x41, 2, 0x0B}}))}));
  ASSERT_TRUE(module);
  EXPECT_EQ(module->globals[0].init.code.size, 6u);  // a block in it is the validator's business
  expect_error(module_of({section(6, {1, 0x7F, 0, 0x41, 0, 0x05, 0x0B})}), ErrorCode::end_opcode_expected);
  expect_error(module_of({section(6, {1, 0x7F, 0, 0x41, 0})}), ErrorCode::unexpected_end_of_section);
  expect_error(module_of({section(6, {1, 0x7F, 0, 0xFF, 0x0B})}), ErrorCode::illegal_opcode);
}

TEST(Decoder, CountsOfSectionsMustAgree) {
  expect_error(module_of({section(1, list({func_type({}, {})})), section(3, {1, 0})}),
               ErrorCode::inconsistent_function_lengths);
  expect_error(module_of({section(10, list({body({0x0B})}))}), ErrorCode::inconsistent_function_lengths);
  expect_error(module_of({section(12, {1})}), ErrorCode::inconsistent_data_count);
}

TEST(Decoder, BinaryMagicTellsBytesFromText) {
  EXPECT_TRUE(has_binary_magic(module_of({})));
  EXPECT_FALSE(has_binary_magic(Bytes{'(', 'm', 'o', 'd'}));
  EXPECT_FALSE(has_binary_magic(Bytes{0, 'a'}));
}

TEST(InstructionSkipper, EveryOpcodesImmediatesAreSkippedExactly) {
  // Immediates as the shortest encodings of zero (with lists empty), one row of the table after the other.
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    Opcode op = static_cast<Opcode>(i);
    Bytes code;
    if (info(op).prefix) code.push_back(info(op).prefix);
    code = join({code, uleb(info(op).code)});
    if (!info(op).prefix) code = {static_cast<uint8_t>(info(op).code)};
    size_t count = 0;
    switch (info(op).immediates) {
      case Immediates::none: count = 0; break;
      case Immediates::block_type:
      case Immediates::label:
      case Immediates::func:
      case Immediates::type:
      case Immediates::local:
      case Immediates::global:
      case Immediates::table:
      case Immediates::memory:
      case Immediates::i32:
      case Immediates::i64:
      case Immediates::lane:
      case Immediates::heap_type:
      case Immediates::val_types:
      case Immediates::data:
      case Immediates::elem:
      case Immediates::tag:
      case Immediates::zero_byte: count = 1; break;
      case Immediates::type_table:
      case Immediates::label_table:
      case Immediates::mem_arg:
      case Immediates::memory_memory:
      case Immediates::data_memory:
      case Immediates::elem_table:
      case Immediates::table_table:
      case Immediates::type_field:
      case Immediates::type_count:
      case Immediates::type_data:
      case Immediates::type_elem:
      case Immediates::type_type:
      case Immediates::try_table: count = 2; break;
      case Immediates::mem_arg_lane: count = 3; break;
      case Immediates::f32:
      case Immediates::cast_label: count = 4; break;
      case Immediates::f64: count = 8; break;
      case Immediates::v128:
      case Immediates::shuffle: count = 16; break;
    }
    size_t length = code.size() + count;
    code.resize(length + 4, 0);
    Cursor in(code.data(), code.data() + code.size());
    Opcode read;
    ASSERT_TRUE(skip_instruction(in, Features::all(), read)) << info(op).mnemonic << in.error().to_string();
    EXPECT_EQ(read, op);
    EXPECT_EQ(in.offset(), length) << info(op).mnemonic;
    const uint8_t* p = code.data();
    EXPECT_EQ(read_instruction(p).opcode, op);
    EXPECT_EQ(p, code.data() + length) << "the trusting reader disagrees on " << info(op).mnemonic;
  }
}

}  // namespace
}  // namespace arris::decoder
