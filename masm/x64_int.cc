// X64Masm: integer arithmetic, and the dispatch of numeric opcodes to their families.
#include <bit>
#include <utility>

#include "base/check.h"
#include "masm/x64.h"
#include "masm/x64_rows.h"

namespace arris::masm {

namespace {

constexpr bool wide(Width width) { return width == Width::w64; }
constexpr unsigned bits_of(Width width) { return wide(width) ? 64 : 32; }
// The constant as its width reads it, sign-extended: what decides whether an encoding has room for it.
constexpr int64_t signed_value(Width width, uint64_t value) {
  return wide(width) ? static_cast<int64_t>(value) : int64_t{static_cast<int32_t>(value)};
}
constexpr bool fits_int32(int64_t value) { return value == static_cast<int32_t>(value); }
constexpr bool fits_int8(int64_t value) { return value == static_cast<int8_t>(value); }

constexpr X64Op alu_op(uint8_t code) { return {.opcode = static_cast<uint8_t>(code << 3 | 3)}; }  // r <- r op r/m
constexpr X64Op kLea{.opcode = 0x8D};
constexpr X64Op kImul{.map = X64Op::k0F, .opcode = 0xAF};
constexpr X64Op kGroup3{.opcode = 0xF7};  // /2 not, /3 neg, /4 mul, /5 imul, /6 div, /7 idiv

}  // namespace

// --- Dispatch --------------------------------------------------------------------------------------------------------

GpSet X64Masm::clobbers(Opcode op) const {
  const X64Row& row = x64_row(op);
  switch (row.family) {
    case X64Family::divide: return {kRax, kRdx};
    case X64Family::shift:
      if (features_.has(CpuFeature::bmi2) && row.second != kRol && row.second != kRor) return {};
      return {kRcx};
    case X64Family::none: return special_clobbers(op);
    default: return {};
  }
}

void X64Masm::unary(Opcode op, Reg d, Reg a, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  switch (row.family) {
    case X64Family::count_bits: return count_bits(row.width(), row.second, d.gp(), a.gp());
    case X64Family::extend: return extend(row.first, d.gp(), a.gp());
    case X64Family::equal_zero: return set_zero(row.width(), d.gp(), a.gp());
    case X64Family::bits_to_gp: return move_fp_to_gp(row.width(), d.gp(), a.fp());
    case X64Family::bits_to_fp: return move_gp_to_fp(row.width(), d.fp(), a.gp());
    case X64Family::none: return unary_vector(op, d, a);
    default: return unary_float(op, d, a, traps);
  }
}

void X64Masm::binary(Opcode op, Reg d, Reg a, Reg b, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  switch (row.family) {
    case X64Family::alu: return alu(row.width(), row.second, d.gp(), a.gp(), b.gp());
    case X64Family::multiply: return multiply(row.width(), d.gp(), a.gp(), b.gp());
    case X64Family::shift: return shift(row.width(), row.second, d.gp(), a.gp(), b.gp());
    case X64Family::divide:
      return divide(row.width(), row.second == kSigned, row.third == kRemainder, d.gp(), a.gp(), b.gp(), traps);
    case X64Family::compare:
    case X64Family::float_compare: return set_compare(op, d.gp(), a, b);
    case X64Family::none: return binary_vector(op, d.fp(), a.fp(), b);
    default: return binary_float(op, d.fp(), a.fp(), b.fp());
  }
}

bool X64Masm::has_imm(Opcode op) {
  switch (x64_row(op).family) {
    case X64Family::alu:
    case X64Family::multiply:
    case X64Family::shift:
    case X64Family::divide:
    case X64Family::compare: return true;
    default: return is_vector_shift(op);
  }
}

void X64Masm::binary_imm(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  const Width width = row.width();
  // These two apart, so that they need not save registers for what the others do.
  if (row.family == X64Family::alu) return alu_imm(width, row.second, d.gp(), a.gp(), b);
  if (row.family == X64Family::shift)
    return shift_imm(width, row.second, d.gp(), a.gp(), static_cast<uint8_t>(b & (bits_of(width) - 1)));
  return binary_imm_by_family(op, d, a, b, traps);
}

void X64Masm::binary_imm_by_family(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  const Width width = row.width();
  switch (row.family) {
    case X64Family::multiply: return multiply_imm(width, d.gp(), a.gp(), b);
    case X64Family::divide:
      return divide_imm(width, row.second == kSigned, row.third == kRemainder, d.gp(), a.gp(), b, traps);
    case X64Family::compare:
      if (d != a) move_imm(Width::w32, d.gp(), 0);
      compare_imm(width, a.gp(), b);
      return set_condition(row.cc(), d.gp(), d != a);
    default: return vector_shift_imm(op, d.fp(), a.fp(), b);
  }
}

bool X64Masm::has_mem(Opcode op) const {
  switch (x64_row(op).family) {
    case X64Family::alu:
    case X64Family::multiply:
    case X64Family::compare:
    case X64Family::float_arithmetic:
    case X64Family::float_compare: return true;
    case X64Family::none: return has_vector_mem(op);
    default: return false;
  }
}

void X64Masm::binary_mem(Opcode op, Reg d, Reg a, Address b) {
  const X64Row& row = x64_row(op);
  switch (row.family) {
    case X64Family::alu:
      if (d != a) move(row.width(), d.gp(), a.gp());
      return rm(alu_op(row.second), wide(row.width()), d.gp().id, b);
    case X64Family::multiply:
      if (d != a) move(row.width(), d.gp(), a.gp());
      return rm(kImul, wide(row.width()), d.gp().id, b);
    case X64Family::compare:
      if (d != a) move_imm(Width::w32, d.gp(), 0);
      compare_mem(row.width(), a.gp(), b);
      return set_condition(row.cc(), d.gp(), d != a);
    case X64Family::float_arithmetic:
    case X64Family::float_compare: return binary_float_mem(op, d, a.fp(), b);
    default: return binary_vector_mem(op, d.fp(), a.fp(), b);
  }
}

// --- Addition and its like -------------------------------------------------------------------------------------------

void X64Masm::alu_in_place(Width width, uint8_t code, Gp d, Gp b) { rr(alu_op(code), wide(width), d.id, b.id); }

void X64Masm::alu_imm_in_place(Width width, uint8_t code, Gp d, int32_t b) { group1(wide(width), code, d.id, b); }

void X64Masm::alu(Width width, uint8_t code, Gp d, Gp a, Gp b) {
  if (d == a) return alu_in_place(width, code, d, b);
  if (d == b) {
    if (code != kAluSub) return alu_in_place(width, code, d, a);
    rr(kGroup3, wide(width), 3, d.id);
    return alu_in_place(width, kAluAdd, d, a);
  }
  if (code == kAluAdd) return rm(kLea, wide(width), d.id, at(a, b));
  move(width, d, a);
  alu_in_place(width, code, d, b);
}

void X64Masm::alu_imm(Width width, uint8_t code, Gp d, Gp a, uint64_t b) {
  const int64_t value = signed_value(width, b);
  if (!fits_int32(value)) return alu_imm_large(width, code, d, a, b);
  const auto imm = static_cast<int32_t>(value);
  if (d == a && code != kAluAnd) return alu_imm_in_place(width, code, d, imm);
  if (code == kAluAnd && (imm == 0xFF || imm == 0xFFFF)) {
    return rr({.map = X64Op::k0F, .opcode = static_cast<uint8_t>(imm == 0xFF ? 0xB6 : 0xB7)}, false, d.id, a.id, false,
              imm == 0xFF);
  }
  if (d != a) {
    if (code == kAluAdd) return lea(width, d, at(a, imm));
    if (code == kAluSub && imm != INT32_MIN) return lea(width, d, at(a, -imm));
    return alu_imm_moving(width, code, d, a, imm);
  }
  alu_imm_in_place(width, code, d, imm);
}

[[gnu::noinline]] void X64Masm::alu_imm_moving(Width width, uint8_t code, Gp d, Gp a, int32_t b) {
  move(width, d, a);
  alu_imm_in_place(width, code, d, b);
}

// A constant of more than 32 bits.
[[gnu::noinline]] void X64Masm::alu_imm_large(Width width, uint8_t code, Gp d, Gp a, uint64_t b) {
  if (code == kAluAnd && b <= UINT32_MAX) {  // the upper half becomes zero by itself
    if (d != a) move(Width::w32, d, a);
    return alu_imm_in_place(Width::w32, kAluAnd, d, static_cast<int32_t>(b));
  }
  if (d != a && code != kAluSub) {
    move_imm_keeping_flags(d, b);
    return alu_in_place(width, code, d, a);
  }
  move_imm_keeping_flags(kScratch, b);
  alu(width, code, d, a, kScratch);
}

// --- Multiplication --------------------------------------------------------------------------------------------------

void X64Masm::multiply(Width width, Gp d, Gp a, Gp b) {
  if (d == b) return rr(kImul, wide(width), d.id, a.id);
  if (d != a) move(width, d, a);
  rr(kImul, wide(width), d.id, b.id);
}

void X64Masm::multiply_imm(Width width, Gp d, Gp a, uint64_t b) {
  const int64_t value = signed_value(width, b);
  const uint64_t pattern = wide(width) ? b : static_cast<uint32_t>(b);
  if (value == 0) return move_imm(width, d, 0);
  if (std::has_single_bit(pattern)) {
    return shift_imm(width, kShl, d, a, static_cast<uint8_t>(std::countr_zero(pattern)));
  }
  if (value == 3 || value == 5 || value == 9) {
    return rm(kLea, wide(width), d.id, at(a, a, static_cast<uint8_t>(value == 3 ? 1 : value == 5 ? 2 : 3)));
  }
  if (!fits_int32(value)) {
    const Gp constant = d != a ? d : kScratch;
    move_imm_keeping_flags(constant, b);
    return multiply(width, d, a, constant);
  }
  const bool small = fits_int8(value);
  rr({.opcode = static_cast<uint8_t>(small ? 0x6B : 0x69)}, wide(width), d.id, a.id);
  small ? byte(static_cast<uint8_t>(value)) : dword(static_cast<uint32_t>(value));
}

// --- Shifts and rotations --------------------------------------------------------------------------------------------

void X64Masm::shift(Width width, uint8_t code, Gp d, Gp a, Gp count) {
  if (features_.has(CpuFeature::bmi2) && code >= kShl) {
    const uint8_t prefix = code == kShl ? 0x66 : code == kSar ? 0xF3 : 0xF2;
    return vex_rr({prefix, X64Op::k0F38, 0xF7}, wide(width), d.id, count.id, a.id);
  }
  Gp source = a;
  if (count != kRcx) {
    if (a == kRcx) {
      move(width, kScratch, a);
      source = kScratch;
    }
    move(Width::w32, kRcx, count);
  }
  const Gp target = d == kRcx ? kScratch : d;
  if (target != source) move(width, target, source);
  rr({.opcode = 0xD3}, wide(width), code, target.id);
  if (target != d) move(width, d, target);
}

void X64Masm::shift_imm(Width width, uint8_t code, Gp d, Gp a, uint8_t count) {
  if (count == 0) return move(width, d, a);
  if (d != a) {
    if (code == kShl && count == 1) return rm(kLea, wide(width), d.id, at(a, a));
    if (code <= kRor && features_.has(CpuFeature::bmi2)) {
      vex_rr({0xF2, X64Op::k0F3A, 0xF0}, wide(width), d.id, 0, a.id);
      return byte(static_cast<uint8_t>(code == kRor ? count : bits_of(width) - count));
    }
    move(width, d, a);
  }
  rr({.opcode = 0xC1}, wide(width), code, d.id);
  byte(count);
}

// --- Bit counts and extensions ---------------------------------------------------------------------------------------

void X64Masm::count_bits(Width width, uint8_t which, Gp d, Gp a) {
  constexpr CpuFeature kNeeds[] = {CpuFeature::lzcnt, CpuFeature::bmi1, CpuFeature::popcnt};
  constexpr uint8_t kOpcodes[] = {0xBD, 0xBC, 0xB8};
  const bool w = wide(width);
  if (features_.has(kNeeds[which])) {
    if (d != a) move_imm(Width::w32, d, 0);  // some processors wait for the destination's old value
    return rr({0xF3, X64Op::k0F, kOpcodes[which]}, w, d.id, a.id);
  }
  if (which == kPopulation) return population_count(width, d, a);
  // bsr and bsf leave the destination undefined for zero, and say so in ZF.
  const unsigned bits = bits_of(width);
  move_imm_keeping_flags(kScratch, which == kLeading ? 2 * bits - 1 : bits);
  rr({.map = X64Op::k0F, .opcode = kOpcodes[which]}, w, d.id, a.id);
  rr({.map = X64Op::k0F, .opcode = 0x44}, false, d.id, kScratch.id);  // cmove
  if (which == kLeading) alu_imm_in_place(Width::w32, kAluXor, d, static_cast<int32_t>(bits - 1));
}

// Counts of 2, 4, then 8 bits side by side; a multiplication adds up the bytes.
void X64Masm::population_count(Width width, Gp d, Gp a) {
  const bool w = wide(width);
  const auto mask = [&](Gp r, uint64_t pattern) { rc(alu_op(kAluAnd), w, r.id, constant8(pattern)); };
  constexpr uint64_t kPairs = 0x5555555555555555, kNibbles = 0x3333333333333333, kBytes = 0x0F0F0F0F0F0F0F0F;
  move(width, kScratch, a);
  shift_imm(width, kShr, kScratch, kScratch, 1);
  mask(kScratch, kPairs);
  if (d != a) move(width, d, a);
  alu_in_place(width, kAluSub, d, kScratch);
  move(width, kScratch, d);
  shift_imm(width, kShr, kScratch, kScratch, 2);
  mask(kScratch, kNibbles);
  mask(d, kNibbles);
  alu_in_place(width, kAluAdd, d, kScratch);
  move(width, kScratch, d);
  shift_imm(width, kShr, kScratch, kScratch, 4);
  alu_in_place(width, kAluAdd, d, kScratch);
  mask(d, kBytes);
  rc(kImul, w, d.id, constant8(0x0101010101010101));
  shift_imm(width, kShr, d, d, static_cast<uint8_t>(bits_of(width) - 8));
}

void X64Masm::extend(uint8_t how, Gp d, Gp a) {
  switch (how) {
    case kExtend8To32: return rr({.map = X64Op::k0F, .opcode = 0xBE}, false, d.id, a.id, false, true);
    case kExtend16To32: return rr({.map = X64Op::k0F, .opcode = 0xBF}, false, d.id, a.id);
    case kExtend8To64: return rr({.map = X64Op::k0F, .opcode = 0xBE}, true, d.id, a.id, false, true);
    case kExtend16To64: return rr({.map = X64Op::k0F, .opcode = 0xBF}, true, d.id, a.id);
    case kExtend32To64: return rr({.opcode = 0x63}, true, d.id, a.id);
    default: return move(Width::w32, d, a);
  }
}

void X64Masm::move_result(Width width, Gp d, Gp s) {
  if (d != s) move(width, d, s);
}

// --- Wide arithmetic -------------------------------------------------------------------------------------------------

void X64Masm::wide_add_sub(Opcode op, Gp low, Gp high, Gp a_low, Gp a_high, Gp b_low, Gp b_high) {
  const bool add = op == Opcode::i64_add128;
  const X64Op first = alu_op(add ? kAluAdd : kAluSub), second{.opcode = static_cast<uint8_t>(add ? 0x13 : 0x1B)};
  // The low sum waits in scratch until the high operands have been read.
  move(Width::w64, kScratch, a_low);
  rr(first, true, kScratch.id, b_low.id);
  if (high == b_high && a_high != b_high) {
    if (!add) {  // a - b - borrow = ~b + a + (1 - borrow); not leaves the flags alone
      rr(kGroup3, true, 2, high.id);
      ensure();
      byte(0xF5);  // cmc
    }
    rr({.opcode = 0x13}, true, high.id, a_high.id);
  } else {
    if (high != a_high) move(Width::w64, high, a_high);
    rr(second, true, high.id, b_high.id);
  }
  move(Width::w64, low, kScratch);
}

void X64Masm::wide_mul(Opcode op, Gp low, Gp high, Gp a, Gp b) {
  // One factor goes to rax, the other must not be there.
  if (b == kRax) std::swap(a, b);
  if (a != kRax) move(Width::w64, kRax, a);
  rr(kGroup3, true, op == Opcode::i64_mul_wide_s ? 5 : 4, b.id);
  if (low == kRdx && high == kRax) return swap(kRax, kRdx);
  if (low == kRdx) {
    move(Width::w64, high, kRdx);
    return move(Width::w64, low, kRax);
  }
  move(Width::w64, low, kRax);
  move(Width::w64, high, kRdx);
}

}  // namespace arris::masm
