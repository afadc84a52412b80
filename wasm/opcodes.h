// Opcode: an enumeration of every instruction, and the columns of opcodes.def as constant tables.
// Spec: binary/instructions. Read by decoder, validator, text, interpreter, compilers, printer and fuzzers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "wasm/features.h"

namespace arris {

// The bytes that follow an opcode. One enumerator describes the whole sequence.
enum class Immediates : uint8_t {
  none,
  block_type,     // s33: 0x40 empty | value type | type index
  label,          // u32
  label_table,    // vec(u32) u32
  func,           // u32
  type_table,     // type index u32, table index u32
  type,           // u32
  local,          // u32
  global,         // u32
  table,          // u32
  memory,         // u32
  mem_arg,        // align u32 (bit 6: a memory index u32 follows), offset u64
  mem_arg_lane,   // mem_arg, lane byte
  i32,            // s32
  i64,            // s64
  f32,            // 4 bytes
  f64,            // 8 bytes
  v128,           // 16 bytes
  shuffle,        // 16 lane bytes
  lane,           // 1 byte
  heap_type,      // s33
  val_types,      // vec(valtype)
  memory_memory,  // destination u32, source u32
  data_memory,    // data index u32, memory index u32
  data,           // u32
  elem_table,     // element index u32, table index u32
  elem,           // u32
  table_table,    // destination u32, source u32
  type_field,     // type index u32, field index u32
  type_count,     // type index u32, count u32
  type_data,      // type index u32, data index u32
  type_elem,      // type index u32, element index u32
  type_type,      // destination type index u32, source type index u32
  cast_label,     // flags byte (bit 0: source nullable, bit 1: target nullable), label u32, heap types s33 s33
  try_table,      // block type s33, vec(catch): kind byte, [tag u32], label u32
  tag,            // u32
  zero_byte,      // 0x00
};

enum class Opcode : uint16_t {
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) id,
#include "wasm/opcodes.def"
  invalid,
};

inline constexpr unsigned kOpcodeCount = static_cast<unsigned>(Opcode::invalid);

inline constexpr uint8_t kPrefixGc = 0xFB;
inline constexpr uint8_t kPrefixMisc = 0xFC;
inline constexpr uint8_t kPrefixSimd = 0xFD;
inline constexpr uint8_t kPrefixThreads = 0xFE;

struct OpcodeInfo {
  std::string_view mnemonic;
  std::string_view signature;  // "operands:results" or "*"
  uint16_t code;
  uint8_t prefix;
  Immediates immediates;
  Feature feature;
};

// The table as it is stored: texts by their place in one string, since pointers would have to be relocated (touched and copied,
// page by page) at every start of the program.
namespace internal {
struct OpcodeRow {
  uint16_t text;  // where the mnemonic starts; the signature follows
  uint8_t mnemonic_size;
  uint8_t signature_size;
  uint16_t code;
  uint8_t prefix;
  Immediates immediates;
  Feature feature;
};
inline constexpr char kOpcodeTexts[] =
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) mnemonic signature
#include "wasm/opcodes.def"
    ;
consteval std::array<OpcodeRow, kOpcodeCount> opcode_rows() {
  std::array<OpcodeRow, kOpcodeCount> rows{{
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) \
  {0, sizeof(mnemonic) - 1, sizeof(signature) - 1, code, prefix, Immediates::immediates, Feature::feature},
#include "wasm/opcodes.def"
  }};
  uint16_t text = 0;
  for (OpcodeRow& row : rows) {
    row.text = text;
    text = static_cast<uint16_t>(text + row.mnemonic_size + row.signature_size);
  }
  return rows;
}
inline constexpr std::array<OpcodeRow, kOpcodeCount> kOpcodeRows = opcode_rows();
static_assert(sizeof(kOpcodeTexts) <= 0x10000);
}  // namespace internal

constexpr OpcodeInfo info(Opcode op) {
  const internal::OpcodeRow& row = internal::kOpcodeRows[static_cast<unsigned>(op)];
  const char* text = internal::kOpcodeTexts + row.text;
  return {{text, row.mnemonic_size},
          {text + row.mnemonic_size, row.signature_size},
          row.code,
          row.prefix,
          row.immediates,
          row.feature};
}

namespace internal {
template <uint8_t kPrefix, unsigned kSize>
consteval std::array<Opcode, kSize> opcode_map() {
  std::array<Opcode, kSize> map{};
  map.fill(Opcode::invalid);
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) \
  if (prefix == kPrefix) map[code] = Opcode::id;
#include "wasm/opcodes.def"
  return map;
}
inline constexpr auto kPlainOpcodes = opcode_map<0x00, 0x100>();
inline constexpr auto kGcOpcodes = opcode_map<kPrefixGc, 0x20>();
inline constexpr auto kMiscOpcodes = opcode_map<kPrefixMisc, 0x20>();
inline constexpr auto kSimdOpcodes = opcode_map<kPrefixSimd, 0x120>();
inline constexpr auto kThreadsOpcodes = opcode_map<kPrefixThreads, 0x60>();
}  // namespace internal

constexpr bool is_prefix(uint8_t byte) { return byte >= kPrefixGc && byte <= kPrefixThreads; }

// The opcode with this encoding, or Opcode::invalid. `prefix` is 0 for one-byte opcodes.
constexpr Opcode find_opcode(uint8_t prefix, uint32_t code) {
  auto look = [code](const auto& map) { return code < map.size() ? map[code] : Opcode::invalid; };
  switch (prefix) {
    case 0: return look(internal::kPlainOpcodes);
    case kPrefixGc: return look(internal::kGcOpcodes);
    case kPrefixMisc: return look(internal::kMiscOpcodes);
    case kPrefixSimd: return look(internal::kSimdOpcodes);
    case kPrefixThreads: return look(internal::kThreadsOpcodes);
  }
  return Opcode::invalid;
}

// log2 of the bytes a memory instruction accesses: its natural alignment; 0 for instructions that access none.
// Derived from the mnemonic so that the table needs no further column.
constexpr uint32_t natural_alignment_log2(Opcode op) {
  std::string_view m = info(op).mnemonic;
  auto has = [m](std::string_view part) { return m.find(part) != std::string_view::npos; };
  if (op == Opcode::memory_atomic_notify || op == Opcode::memory_atomic_wait32) return 2;
  if (op == Opcode::memory_atomic_wait64) return 3;
  if (has("load8x8") || has("load16x4") || has("load32x2")) return 3;
  for (std::string_view verb : {"load", "store", "rmw"}) {
    size_t at = m.find(verb);
    if (at == std::string_view::npos) continue;
    std::string_view width = m.substr(at + verb.size());
    if (width.starts_with("8")) return 0;
    if (width.starts_with("16")) return 1;
    if (width.starts_with("32")) return 2;
    if (width.starts_with("64")) return 3;
    if (m.starts_with("v128")) return 4;
    return m.starts_with("i64") || m.starts_with("f64") ? 3 : 2;
  }
  return 0;
}

}  // namespace arris
