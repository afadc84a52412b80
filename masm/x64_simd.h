// The row of each vector opcode that is a single instruction or nearly so, as a constant table. For masm's own .cc files.
#pragma once

#include <asmjit/x86.h>

#include <array>

#include "masm/x64.h"
#include "wasm/opcodes.h"

namespace arris::masm {

enum class X64Shape : uint8_t {
  none,                  // written out
  commutes,              // d = a op b, in either order
  plain,                 // d = a op b
  swapped,               // d = b op a
  unary,                 // d = op a
  negate,                // d = 0 op a
  inverted,              // d = not (a op b)
  inverted_swapped,      // d = not (b op a)
  is_bound,              // d = (a op b) == a, where op is a minimum or maximum; parameter: lane
  is_not_bound,          // its inverse
  all_true,              // d = no lane equals 0; op compares for equality
  compare,               // d = a op b; parameter: predicate
  compare_swapped,       // d = b op a; parameter: predicate
  round,                 // parameter: mode
  extend_high,           // op extends the low half
  multiply_bytes_low,    // op extends
  multiply_bytes_high,   //
  multiply_words_low,    // op gives the high halves of the products
  multiply_words_high,   //
  multiply_dwords_low,   // op multiplies the even lanes
  multiply_dwords_high,  //
};

inline constexpr uint8_t kLane_b = 0, kLane_w = 1, kLane_d = 2;

struct X64VectorRow {
  X64Shape shape = X64Shape::none;
  uint8_t parameter = 0;
  X64Insn insn;
};

namespace internal {
consteval std::array<X64VectorRow, kOpcodeCount> make_vector_rows() {
  namespace Inst = asmjit::x86::Inst;
  std::array<X64VectorRow, kOpcodeCount> rows{};
#define ROW(op, shape, sse, avx, parameter) \
  rows[static_cast<unsigned>(Opcode::op)] = {X64Shape::shape, parameter, {Inst::kId##sse, Inst::kId##avx}};
#include "masm/x64_simd.def"
  return rows;
}
}  // namespace internal
inline constexpr std::array<X64VectorRow, kOpcodeCount> kX64VectorRows = internal::make_vector_rows();

constexpr const X64VectorRow& x64_vector_row(Opcode op) { return kX64VectorRows[static_cast<unsigned>(op)]; }

// An instruction by its two names.
#define INSN(sse, avx) (X64Insn{::asmjit::x86::Inst::kId##sse, ::asmjit::x86::Inst::kId##avx})

}  // namespace arris::masm
