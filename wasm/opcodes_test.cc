// The opcode table's own consistency: encodings, identifiers, signatures and internal opcodes.
#include "wasm/opcodes.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace arris {
namespace {

struct Identifier {
  const char* name;
  Opcode op;
};
constexpr Identifier kIdentifiers[] = {
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) {#id, Opcode::id},
#include "wasm/opcodes.def"
};

struct Internal {
  const char* name;
  uint8_t code;
  Opcode original;
};
constexpr Internal kInternals[] = {
#define INTERNAL(name, code, original) {#name, code, Opcode::original},
#include "wasm/internal_opcodes.def"
};

TEST(Opcodes, EveryEncodingIsUsedOnceAndIsFoundAgain) {
  std::set<std::pair<unsigned, unsigned>> seen;
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    Opcode op = static_cast<Opcode>(i);
    EXPECT_TRUE(seen.emplace(info(op).prefix, info(op).code).second) << info(op).mnemonic;
    EXPECT_EQ(find_opcode(info(op).prefix, info(op).code), op) << info(op).mnemonic;
  }
}

TEST(Opcodes, IdentifierIsTheMnemonicWithUnderscores) {
  const std::set<std::string> suffixed = {"select_t", "ref_test_null", "ref_cast_null"};
  for (const Identifier& row : kIdentifiers) {
    std::string expected(info(row.op).mnemonic);
    for (char& c : expected) {
      if (c == '.') c = '_';
    }
    std::string name = row.name;
    if (name.back() == '_') name.pop_back();
    if (!suffixed.contains(name)) {
      EXPECT_EQ(name, expected);
    } else {
      EXPECT_TRUE(name.starts_with(expected));
    }
  }
}

TEST(Opcodes, MnemonicsAreUniqueButForTheThreeTwins) {
  std::map<std::string_view, int> count;
  for (unsigned i = 0; i < kOpcodeCount; ++i) ++count[info(static_cast<Opcode>(i)).mnemonic];
  for (auto [mnemonic, n] : count) {
    bool twin = mnemonic == "select" || mnemonic == "ref.test" || mnemonic == "ref.cast";
    EXPECT_EQ(n, twin ? 2 : 1) << mnemonic;
  }
}

TEST(Opcodes, SignaturesUseOnlyTheDocumentedLetters) {
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    OpcodeInfo row = info(static_cast<Opcode>(i));
    if (row.signature == "*") continue;
    size_t colon = row.signature.find(':');
    ASSERT_NE(colon, std::string_view::npos) << row.mnemonic;
    EXPECT_EQ(row.signature.find_first_not_of("iIfFVa:"), std::string_view::npos) << row.mnemonic;
    EXPECT_LE(colon, 4u) << row.mnemonic;
    EXPECT_LE(row.signature.size() - colon - 1, 2u) << row.mnemonic;
    bool addressed = row.signature.find('a') != std::string_view::npos;
    bool names_memory = row.immediates == Immediates::mem_arg || row.immediates == Immediates::mem_arg_lane ||
                        row.immediates == Immediates::memory || row.immediates == Immediates::data_memory;
    EXPECT_EQ(addressed, names_memory) << row.mnemonic;
  }
}

TEST(Opcodes, NaturalAlignmentFollowsTheWidthInTheMnemonic) {
  EXPECT_EQ(natural_alignment_log2(Opcode::i32_load), 2u);
  EXPECT_EQ(natural_alignment_log2(Opcode::f64_store), 3u);
  EXPECT_EQ(natural_alignment_log2(Opcode::i64_load8_s), 0u);
  EXPECT_EQ(natural_alignment_log2(Opcode::i64_store32), 2u);
  EXPECT_EQ(natural_alignment_log2(Opcode::v128_load), 4u);
  EXPECT_EQ(natural_alignment_log2(Opcode::v128_load8x8_s), 3u);
  EXPECT_EQ(natural_alignment_log2(Opcode::v128_load16_splat), 1u);
  EXPECT_EQ(natural_alignment_log2(Opcode::v128_load32_zero), 2u);
  EXPECT_EQ(natural_alignment_log2(Opcode::v128_store64_lane), 3u);
  EXPECT_EQ(natural_alignment_log2(Opcode::i64_atomic_rmw16_cmpxchg_u), 1u);
  EXPECT_EQ(natural_alignment_log2(Opcode::memory_atomic_wait64), 3u);
  EXPECT_EQ(natural_alignment_log2(Opcode::i32_add), 0u);
}

TEST(Opcodes, InternalOpcodesNeverOccurInAModule) {
  std::set<uint8_t> codes;
  for (const Internal& row : kInternals) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.name;
    EXPECT_EQ(find_opcode(0, row.code), Opcode::invalid) << row.name;
    EXPECT_FALSE(is_prefix(row.code)) << row.name;
    EXPECT_EQ(info(row.original).prefix, 0) << row.name << ": only one-byte opcodes can be replaced in place";
  }
}

TEST(Opcodes, UnassignedCodesAreInvalid) {
  EXPECT_EQ(find_opcode(0, 0x16), Opcode::invalid);
  EXPECT_EQ(find_opcode(0, 0xFF), Opcode::invalid);
  EXPECT_EQ(find_opcode(kPrefixGc, 0x1F), Opcode::invalid);
  EXPECT_EQ(find_opcode(kPrefixSimd, 0xFFFFFFFF), Opcode::invalid);
  EXPECT_EQ(find_opcode(kPrefixThreads, 0x04), Opcode::invalid);
  EXPECT_EQ(find_opcode(0x77, 0), Opcode::invalid);
}

}  // namespace
}  // namespace arris
