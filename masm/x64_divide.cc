// X64Masm: integer division.
//
// By a register: div and idiv, whose faults are kept away by tests. By a constant: shifts for powers of two, otherwise a
// multiplication with the reciprocal. With N = bits of the dividend's magnitude and
//
//   M = floor(2^(bits + shift) / divisor) + 1        M * divisor = 2^(bits + shift) + e,  0 < e <= divisor
//
// floor(x * M / 2^(bits + shift)) is floor(x / divisor) for all x < 2^N if e <= 2^(bits + shift - N). Signed dividends
// (N = bits - 1) get by with shift = ceil(log2(divisor)) - 1, for which M fits the width; unsigned ones (N = bits) may need an M one
// bit wider. A negative quotient is rounded towards zero by adding the dividend's sign bit.
// Compilers to wasm leave this to the engine. T. Granlund, P. Montgomery, Division by Invariant Integers using Multiplication,
// PLDI 1994.
#include <bit>

#include "base/check.h"
#include "masm/x64.h"

namespace arris::masm {

namespace {

constexpr bool wide(Width width) { return width == Width::w64; }
constexpr unsigned bits_of(Width width) { return wide(width) ? 64 : 32; }
constexpr int64_t signed_value(Width width, uint64_t value) {
  return wide(width) ? static_cast<int64_t>(value) : int64_t{static_cast<int32_t>(value)};
}
constexpr uint64_t pattern_of(Width width, uint64_t value) {
  return wide(width) ? value : static_cast<uint32_t>(value);
}
constexpr uint64_t magnitude_of(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

constexpr X64Op kTest{.opcode = 0x85};
constexpr X64Op kGroup3{.opcode = 0xF7};                     // /3 neg, /4 mul, /5 imul, /6 div, /7 idiv
constexpr X64Op kGroup8{.map = X64Op::k0F, .opcode = 0xBA};  // /4 bt
constexpr X64Op kImul{.map = X64Op::k0F, .opcode = 0xAF};

struct Reciprocal {
  uint64_t multiplier;  // without its top bit, if that does not fit
  bool has_top_bit;     // 2^bits is to be added
  unsigned shift;
};

// The smallest that serves. Divisors are from 3 up and no powers of two; at most 2^63 where the width is 64.
constexpr Reciprocal reciprocal(Width width, bool is_signed, uint64_t divisor) {
  using Big = unsigned __int128;
  const unsigned bits = bits_of(width);
  const unsigned log2 = 64 - static_cast<unsigned>(std::countl_zero(divisor - 1));  // rounded up
  for (unsigned shift = is_signed ? log2 - 1 : 0;; ++shift) {
    const Big power = Big{1} << (bits + shift);
    const Big multiplier = power / divisor + 1;
    if (multiplier * divisor - power > (Big{1} << (is_signed ? shift + 1 : shift))) continue;
    return {pattern_of(width, static_cast<uint64_t>(multiplier)), (multiplier >> bits) != 0, shift};
  }
}
static_assert(reciprocal(Width::w32, false, 10).multiplier == 0xCCCCCCCD &&
              reciprocal(Width::w32, false, 10).shift == 3);
static_assert(reciprocal(Width::w32, false, 7).has_top_bit && !reciprocal(Width::w32, true, 7).has_top_bit);

// How a division by this constant is done.
enum class Method : uint8_t { trap, one, minus_one, power_of_two, multiply, divide };

constexpr Method method_for(Width width, bool is_signed, uint64_t b) {
  const int64_t value = signed_value(width, b);
  const uint64_t pattern = pattern_of(width, b);
  if (value == 0) return Method::trap;
  if (value == 1) return Method::one;
  if (is_signed && value == -1) return Method::minus_one;
  if (std::has_single_bit(pattern)) return is_signed && value < 0 ? Method::divide : Method::power_of_two;
  if (is_signed) return std::has_single_bit(magnitude_of(value)) ? Method::divide : Method::multiply;
  return wide(width) && value < 0 ? Method::divide : Method::multiply;
}

}  // namespace

void X64Masm::divide(Width width, bool is_signed, bool remainder, Gp d, Gp a, Gp b, TrapSink& traps) {
  const bool w = wide(width);
  Gp divisor = b;
  if (b == kRax || b == kRdx) {
    move(width, kScratch, b);
    divisor = kScratch;
  }
  rr(kTest, w, divisor.id, divisor.id);
  jcc(X64Cc::e, traps.trap_label(TrapCode::integer_divide_by_zero));
  uint32_t done = 0;
  if (is_signed) {
    // The minimum by -1 makes idiv fault: an overflow for the quotient, 0 for the remainder.
    alu_imm_in_place(width, kAluCmp, divisor, -1);
    const uint32_t harmless = jcc_short(X64Cc::ne);
    if (remainder) {
      move_imm(Width::w32, kRdx, 0);
      done = jmp_short();
    } else {
      alu_imm_in_place(width, kAluCmp, a, 1);  // overflows only from the minimum
      jcc(X64Cc::o, traps.trap_label(TrapCode::integer_overflow));
    }
    land(harmless);
  }
  divide_unchecked(width, is_signed, a, divisor);
  if (done) land(done);
  move_result(width, d, remainder ? kRdx : kRax);
}

// rdx:rax = a, divided by divisor, which is in neither.
void X64Masm::divide_unchecked(Width width, bool is_signed, Gp a, Gp divisor) {
  if (a != kRax) move(width, kRax, a);
  if (is_signed) {
    ensure();
    if (wide(width)) byte(0x48);
    byte(0x99);  // cdq, cqo
  } else {
    move_imm(Width::w32, kRdx, 0);
  }
  rr(kGroup3, wide(width), is_signed ? 7 : 6, divisor.id);
}

// --- By constants ----------------------------------------------------------------------------------------------------

GpSet X64Masm::clobbers_imm(Opcode op, uint64_t b) const {
  const X64Row& row = x64_row(op);
  if (row.family != X64Family::divide) return {};
  switch (method_for(row.width(), row.second == kSigned, b)) {
    case Method::multiply: return wide(row.width()) ? GpSet{kRax, kRdx} : GpSet{};
    case Method::divide: return {kRax, kRdx};
    default: return {};
  }
}

void X64Masm::divide_imm(Width width, bool is_signed, bool remainder, Gp d, Gp a, uint64_t b, TrapSink& traps) {
  const uint64_t pattern = pattern_of(width, b);
  switch (method_for(width, is_signed, b)) {
    case Method::trap: return jmp(traps.trap_label(TrapCode::integer_divide_by_zero));
    case Method::one: return remainder ? move_imm(Width::w32, d, 0) : move(width, d, a);
    case Method::minus_one:
      if (remainder) return move_imm(Width::w32, d, 0);
      if (d != a) move(width, d, a);
      rr(kGroup3, wide(width), 3, d.id);  // neg overflows only from the minimum
      return jcc(X64Cc::o, traps.trap_label(TrapCode::integer_overflow));
    case Method::power_of_two: {
      const auto log2 = static_cast<unsigned>(std::countr_zero(pattern));
      if (is_signed) return divide_power_of_two(width, remainder, d, a, log2);
      return remainder ? alu_imm(width, kAluAnd, d, a, pattern - 1)
                       : shift_imm(width, kShr, d, a, static_cast<uint8_t>(log2));
    }
    case Method::multiply:
      return wide(width) ? divide_by_multiplying_64(is_signed, remainder, d, a, b)
                         : divide_by_multiplying_32(is_signed, remainder, d, a, b);
    case Method::divide: break;
  }
  move_imm(width, kScratch, b);
  divide_unchecked(width, is_signed, a, kScratch);
  move_result(width, d, remainder ? kRdx : kRax);
}

// The product of two 32-bit numbers fits a register: the dividend waits in d, extended; the quotient is made in scratch.
void X64Masm::divide_by_multiplying_32(bool is_signed, bool remainder, Gp d, Gp a, uint64_t b) {
  const int64_t divisor = is_signed ? signed_value(Width::w32, b) : static_cast<int64_t>(pattern_of(Width::w32, b));
  const Reciprocal r = reciprocal(Width::w32, is_signed, magnitude_of(divisor));
  if (is_signed) {
    extend(kExtend32To64, d, a);
  } else {
    move(Width::w32, d, a);
  }
  move_imm_keeping_flags(kScratch, r.multiplier);
  rr(kImul, true, kScratch.id, d.id);
  if (is_signed) {
    shift_imm(Width::w64, kSar, kScratch, kScratch, static_cast<uint8_t>(32 + r.shift));
    add_sign_bit(Width::w32, kScratch, d);
  } else if (r.has_top_bit) {  // d * 2^32 more, which may carry out
    shift_imm(Width::w64, kShl, d, d, 32);
    alu_in_place(Width::w64, kAluAdd, kScratch, d);
    rr({.opcode = 0xD1}, true, 3, kScratch.id);  // rcr
    shift_imm(Width::w64, kShr, d, d, 32);
    shift_imm(Width::w64, kShr, kScratch, kScratch, static_cast<uint8_t>(31 + r.shift));
  } else {
    shift_imm(Width::w64, kShr, kScratch, kScratch, static_cast<uint8_t>(32 + r.shift));
  }
  if (remainder) {  // by the magnitude: a remainder has the dividend's sign
    multiply_imm(Width::w32, kScratch, kScratch, magnitude_of(divisor));
    return alu_in_place(Width::w32, kAluSub, d, kScratch);
  }
  if (divisor < 0) rr(kGroup3, false, 3, kScratch.id);
  move(Width::w32, d, kScratch);
}

// The upper half of the product comes in rdx; the dividend waits in scratch.
void X64Masm::divide_by_multiplying_64(bool is_signed, bool remainder, Gp d, Gp a, uint64_t b) {
  const bool negative = is_signed && static_cast<int64_t>(b) < 0;
  const uint64_t divisor = negative ? 0 - b : b;
  const Reciprocal r = reciprocal(Width::w64, is_signed, divisor);
  move(Width::w64, kScratch, a);
  move_imm_keeping_flags(kRax, r.multiplier);
  rr(kGroup3, true, is_signed ? 5 : 4, kScratch.id);
  if (is_signed) {
    if (r.multiplier >> 63) alu_in_place(Width::w64, kAluAdd, kRdx, kScratch);  // imul took it for 2^64 less
    shift_imm(Width::w64, kSar, kRdx, kRdx, static_cast<uint8_t>(r.shift));
    add_sign_bit(Width::w64, kRdx, kScratch);
  } else if (r.has_top_bit) {
    alu_in_place(Width::w64, kAluAdd, kRdx, kScratch);
    rr({.opcode = 0xD1}, true, 3, kRdx.id);  // rcr
    shift_imm(Width::w64, kShr, kRdx, kRdx, static_cast<uint8_t>(r.shift - 1));
  } else {
    shift_imm(Width::w64, kShr, kRdx, kRdx, static_cast<uint8_t>(r.shift));
  }
  if (remainder) {
    if (divisor <= INT32_MAX) {
      multiply_imm(Width::w64, kRdx, kRdx, divisor);
    } else {
      move_imm_keeping_flags(kRax, divisor);
      rr(kImul, true, kRdx.id, kRax.id);
    }
    alu_in_place(Width::w64, kAluSub, kScratch, kRdx);
    return move(Width::w64, d, kScratch);
  }
  if (negative) rr(kGroup3, true, 3, kRdx.id);
  move(Width::w64, d, kRdx);
}

// d += the sign bit of a.
void X64Masm::add_sign_bit(Width width, Gp d, Gp a) {
  rr(kGroup8, wide(width), 4, a.id);
  byte(static_cast<uint8_t>(bits_of(width) - 1));
  rr({.opcode = 0x83}, wide(width), 2, d.id);  // adc
  byte(0);
}

// Signed, by 2^log2 (log2 in 1...bits-2): rounding towards zero means adding 2^log2 - 1 to a negative dividend first.
void X64Masm::divide_power_of_two(Width width, bool remainder, Gp d, Gp a, unsigned log2) {
  const unsigned bits = bits_of(width);
  move(width, kScratch, a);
  if (log2 > 1) shift_imm(width, kSar, kScratch, kScratch, static_cast<uint8_t>(bits - 1));
  shift_imm(width, kShr, kScratch, kScratch, static_cast<uint8_t>(bits - log2));
  if (!remainder) {
    alu(width, kAluAdd, d, a, kScratch);
    return shift_imm(width, kSar, d, d, static_cast<uint8_t>(log2));
  }
  // a - ((a + bias) with its low bits cleared) = ((a + bias) mod 2^log2) - bias
  const uint64_t mask = (uint64_t{1} << log2) - 1;
  alu(width, kAluAdd, d, a, kScratch);
  if (mask <= INT32_MAX) {
    alu_imm_in_place(width, kAluAnd, d, static_cast<int32_t>(mask));
  } else {
    shift_imm(width, kShl, d, d, static_cast<uint8_t>(bits - log2));
    shift_imm(width, kShr, d, d, static_cast<uint8_t>(bits - log2));
  }
  alu_in_place(width, kAluSub, d, kScratch);
}

}  // namespace arris::masm
