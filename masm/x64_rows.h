// The row of each scalar numeric opcode as a constant table: which family of code sequences makes it, with which parameters.
// For masm's own .cc files. Vectors have tables of their own (x64_simd.h).
#pragma once

#include <array>

#include "masm/x64_emitter.h"
#include "wasm/opcodes.h"

namespace arris::masm {

enum class X64Family : uint8_t {
  none,              // not a scalar numeric opcode
  alu,               // Width, ModRM extension
  multiply,          // Width
  shift,             // Width, ModRM extension
  divide,            // Width, signedness, remainder or quotient
  count_bits,        // Width, which
  extend,            // how
  equal_zero,        // Width
  compare,           // Width, X64Cc
  float_arithmetic,  // FpKind, opcode byte
  float_min_max,     // FpKind, which
  float_copysign,    // FpKind
  float_sign,        // FpKind, which
  float_sqrt,        // FpKind
  float_round,       // FpKind, rounding immediate
  float_compare,     // FpKind, which
  convert,           // FpKind of the result, which integer
  float_to_float,    // FpKind of the result
  truncate,          // FpKind of the operand, Width, signedness; traps
  saturate,          // the same
  bits_to_gp,        // Width
  bits_to_fp,        // Width
};

inline constexpr uint8_t kAluAdd = 0, kAluOr = 1, kAluAnd = 4, kAluSub = 5, kAluXor = 6, kAluCmp = 7;
inline constexpr uint8_t kRol = 0, kRor = 1, kShl = 4, kShr = 5, kSar = 7;
inline constexpr uint8_t kUnsigned = 0, kSigned = 1, kRemainder = 1;
inline constexpr uint8_t kLeading = 0, kTrailing = 1, kPopulation = 2;
inline constexpr uint8_t kExtend8To32 = 0, kExtend16To32 = 1, kExtend8To64 = 2, kExtend16To64 = 3, kExtend32To64 = 4,
                         kZeroExtend32 = 5;
inline constexpr uint8_t kMin = 0, kMax = 1, kAbs = 0, kNeg = 1;
inline constexpr uint8_t kFloatEq = 0, kFloatNe = 1, kFloatLt = 2, kFloatGt = 3, kFloatLe = 4, kFloatGe = 5;
inline constexpr uint8_t kFrom32S = 0, kFrom32U = 1, kFrom64S = 2, kFrom64U = 3;

struct X64Row {
  X64Family family = X64Family::none;
  uint8_t first = 0;
  uint8_t second = 0;
  uint8_t third = 0;

  constexpr Width width() const { return static_cast<Width>(first); }
  constexpr FpKind kind() const { return static_cast<FpKind>(first); }
  constexpr X64Cc cc() const { return static_cast<X64Cc>(second); }
};

namespace internal {
consteval std::array<X64Row, kOpcodeCount> make_rows() {
  std::array<X64Row, kOpcodeCount> rows{};
  auto set = [&rows](Opcode op, X64Family family, auto... parameters) {
    rows[static_cast<unsigned>(op)] = X64Row{family, static_cast<uint8_t>(parameters)...};
  };
#define ROW(op, family, ...) set(Opcode::op, X64Family::family, __VA_ARGS__);
#include "masm/x64_rows.def"
  return rows;
}
}  // namespace internal
inline constexpr std::array<X64Row, kOpcodeCount> kX64Rows = internal::make_rows();

constexpr const X64Row& x64_row(Opcode op) { return kX64Rows[static_cast<unsigned>(op)]; }

}  // namespace arris::masm
