// The signature column of opcodes.def in the compact form that the hot loop reads: operand and result types as bytes.
#pragma once

#include <array>
#include <cstdint>

#include "base/check.h"
#include "wasm/opcodes.h"
#include "wasm/types.h"

namespace arris::validator {

// How the main loop treats an opcode.
enum class Path : uint8_t {
  illegal,
  prefixed,    // look up the second opcode
  unary,       // one operand, one result, no immediates
  binary,      // two operands, one result, no immediates
  signature,   // any other signature without immediates
  immediates,  // a signature, and immediates to check
  mem_arg,     // a signature with an address, and a mem_arg
  i32_const,
  local_get,
  local_set,
  local_tee,
  by_hand,  // signature "*"
};

inline constexpr uint8_t kAddressCode = 0x01;  // in a row: the address type of the memory

struct OperatorRow {
  Path path = Path::illegal;
  Feature feature = Feature::mvp;
  Immediates immediates = Immediates::none;
  uint8_t pop_count = 0;
  uint8_t push_count = 0;
  uint8_t pop[4] = {};  // type codes, bottom of the stack first
  uint8_t push[2] = {};
  int8_t slot_delta = 0;  // unless an address is involved, which takes one slot either way
  uint8_t align_log2 = 0;
  uint8_t lanes = 0;  // lane immediates are below this
  Opcode opcode = Opcode::invalid;
};
static_assert(sizeof(OperatorRow) == 16);

namespace internal {

consteval uint8_t type_code(char letter) {
  switch (letter) {
    case 'i': return static_cast<uint8_t>(TypeCode::i32);
    case 'I': return static_cast<uint8_t>(TypeCode::i64);
    case 'f': return static_cast<uint8_t>(TypeCode::f32);
    case 'F': return static_cast<uint8_t>(TypeCode::f64);
    case 'V': return static_cast<uint8_t>(TypeCode::v128);
    case 'a': return kAddressCode;
    default: return 0;
  }
}

consteval uint8_t lane_count(Opcode op) {
  const OpcodeInfo& row = info(op);
  if (row.immediates == Immediates::shuffle) return 32;
  if (row.immediates == Immediates::mem_arg_lane) return static_cast<uint8_t>(16 >> natural_alignment_log2(op));
  if (row.immediates != Immediates::lane) return 0;
  for (std::string_view shape : {"i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2"}) {
    if (row.mnemonic.starts_with(shape))
      return shape == "i8x16" ? 16 : static_cast<uint8_t>(shape[shape.size() - 1] - '0');
  }
  return 0;
}

consteval Path path_of(Opcode op, const OperatorRow& row) {
  switch (op) {
    case Opcode::local_get: return Path::local_get;
    case Opcode::local_set: return Path::local_set;
    case Opcode::local_tee: return Path::local_tee;
    case Opcode::i32_const: return Path::i32_const;
    default: break;
  }
  if (info(op).signature == "*") return Path::by_hand;
  if (info(op).immediates == Immediates::mem_arg) return Path::mem_arg;
  if (info(op).immediates != Immediates::none) return Path::immediates;
  if (row.pop_count == 1 && row.push_count == 1) return Path::unary;
  if (row.pop_count == 2 && row.push_count == 1) return Path::binary;
  return Path::signature;
}

consteval OperatorRow make_row(Opcode op) {
  OperatorRow row;
  const OpcodeInfo& source = info(op);
  row.opcode = op;
  row.feature = source.feature;
  row.immediates = source.immediates;
  row.align_log2 = static_cast<uint8_t>(natural_alignment_log2(op));
  row.lanes = lane_count(op);
  if (source.signature != "*") {
    bool results = false;
    for (char letter : source.signature) {
      int slots = letter == 'V' ? 2 : 1;
      if (letter == ':') {
        results = true;
      } else if (results) {
        row.push[row.push_count++] = type_code(letter);
        row.slot_delta = static_cast<int8_t>(row.slot_delta + slots);
      } else {
        row.pop[row.pop_count++] = type_code(letter);
        row.slot_delta = static_cast<int8_t>(row.slot_delta - slots);
      }
    }
  }
  row.path = path_of(op, row);
  return row;
}

// In parts, since one evaluation of the whole table exceeds the compiler's step limit.
template <unsigned kFirst, unsigned kCount>
consteval std::array<OperatorRow, kCount> make_rows() {
  std::array<OperatorRow, kCount> rows{};
  for (unsigned i = 0; i < kCount; ++i) rows[i] = make_row(static_cast<Opcode>(kFirst + i));
  return rows;
}

consteval std::array<OperatorRow, 256> make_plain_rows() {
  std::array<OperatorRow, 256> rows{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    Opcode op = find_opcode(0, byte);
    if (op != Opcode::invalid) rows[byte] = make_row(op);
    if (is_prefix(static_cast<uint8_t>(byte))) rows[byte].path = Path::prefixed;
  }
  return rows;
}

inline constexpr unsigned kHalf = kOpcodeCount / 2;
inline constexpr auto kLowRows = make_rows<0, kHalf>();
inline constexpr auto kHighRows = make_rows<kHalf, kOpcodeCount - kHalf>();

}  // namespace internal

// By the first byte of an instruction.
inline constexpr std::array<OperatorRow, 256> kPlainRows = internal::make_plain_rows();

inline const OperatorRow& row_of(Opcode op) {
  unsigned i = static_cast<unsigned>(op);
  return i < internal::kHalf ? internal::kLowRows[i] : internal::kHighRows[i - internal::kHalf];
}

}  // namespace arris::validator
