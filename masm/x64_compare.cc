// X64Masm: comparisons, and what branches or chooses by them.
//
// Floats: ucomis sets CF for less, ZF for equal, and ZF, PF and CF together for unordered. "Greater" (neither CF nor ZF) and
// "greater or equal" (no CF) are therefore false for NaNs as they must be; less is greater with the operands exchanged; only
// equality has to look at PF.
#include <utility>

#include "base/check.h"
#include "masm/x64.h"

namespace arris::masm {

namespace {

constexpr bool wide(Width width) { return width == Width::w64; }
constexpr X64Op kCmp{.opcode = 0x3B};
constexpr X64Op kTest{.opcode = 0x85};
constexpr X64Op cmov(X64Cc cc) {
  return {.map = X64Op::k0F, .opcode = static_cast<uint8_t>(0x40 | static_cast<uint8_t>(cc))};
}
constexpr X64Op setcc(X64Cc cc) {
  return {.map = X64Op::k0F, .opcode = static_cast<uint8_t>(0x90 | static_cast<uint8_t>(cc))};
}

constexpr X64Cc cc_of(Cond cond) {
  constexpr X64Cc kCcs[] = {X64Cc::e, X64Cc::ne, X64Cc::l,  X64Cc::b,  X64Cc::g,
                            X64Cc::a, X64Cc::le, X64Cc::be, X64Cc::ge, X64Cc::ae};
  return kCcs[static_cast<unsigned>(cond)];
}

constexpr bool is_equality(const X64Row& row) { return row.second <= kFloatNe; }
constexpr bool is_swapped(const X64Row& row) { return row.second == kFloatLt || row.second == kFloatLe; }
// Of an ordering, after compare_floats.
constexpr X64Cc ordering_cc(const X64Row& row) {
  return row.second == kFloatLt || row.second == kFloatGt ? X64Cc::a : X64Cc::ae;
}
constexpr X64Op ucomis(const X64Row& row) {
  return {static_cast<uint8_t>(row.kind() == FpKind::f64 ? 0x66 : 0), X64Op::k0F, 0x2E};
}

}  // namespace

bool X64Masm::is_compare(Opcode op) {
  const X64Family family = x64_row(op).family;
  return family == X64Family::compare || family == X64Family::float_compare;
}

// --- Flags -----------------------------------------------------------------------------------------------------------

void X64Masm::compare(Width width, Gp a, Gp b) { rr(kCmp, wide(width), a.id, b.id); }
void X64Masm::compare_mem(Width width, Gp a, Address b) { rm(kCmp, wide(width), a.id, b); }

void X64Masm::compare_imm(Width width, Gp a, uint64_t b) {
  const auto imm = static_cast<int32_t>(b);
  if (wide(width) && static_cast<int64_t>(b) != imm) {
    DCHECK(a != kScratch);
    move_imm_keeping_flags(kScratch, b);
    compare(width, a, kScratch);
  } else if (imm == 0) {
    rr(kTest, wide(width), a.id, a.id);
  } else {
    alu_imm_in_place(width, kAluCmp, a, imm);
  }
}

void X64Masm::compare_floats(X64Row row, Fp a, Fp b) {
  if (is_swapped(row)) std::swap(a, b);
  rr(ucomis(row), false, a.id, b.id);
}

void X64Masm::compare_floats_mem(X64Row row, Fp a, Address b) {
  if (is_swapped(row)) {
    load_fp(row.kind(), kFpScratch, b);
    rr(ucomis(row), false, kFpScratch.id, a.id);
  } else {
    rm(ucomis(row), false, a.id, b);
  }
}

// --- Values ----------------------------------------------------------------------------------------------------------

void X64Masm::set_condition(X64Cc cc, Gp d, bool is_zero) {
  rr(setcc(cc), false, 0, d.id, false, true);
  if (!is_zero) rr({.map = X64Op::k0F, .opcode = 0xB6}, false, d.id, d.id, false, true);
}

void X64Masm::set_zero(Width width, Gp d, Gp a) {
  if (d != a) move_imm(Width::w32, d, 0);
  compare_imm(width, a, 0);
  set_condition(X64Cc::e, d, d != a);
}

void X64Masm::set_float_compare(X64Row row, Gp d) {
  if (!is_equality(row)) return set_condition(ordering_cc(row), d, false);
  // Equal: ZF and not PF. Not equal: not ZF or PF.
  const bool equal = row.second == kFloatEq;
  rr(setcc(equal ? X64Cc::np : X64Cc::p), false, 0, kScratch.id, false, true);
  rr(setcc(equal ? X64Cc::e : X64Cc::ne), false, 0, d.id, false, true);
  rr({.opcode = static_cast<uint8_t>(equal ? 0x22 : 0x0A)}, false, d.id, kScratch.id, true, true);
  rr({.map = X64Op::k0F, .opcode = 0xB6}, false, d.id, d.id, false, true);
}

void X64Masm::set_compare(Opcode op, Gp d, Reg a, Reg b) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::float_compare) {
    compare_floats(row, a.fp(), b.fp());
    return set_float_compare(row, d);
  }
  const bool zero = d != a.gp() && d != b.gp();
  if (zero) move_imm(Width::w32, d, 0);
  compare(row.width(), a.gp(), b.gp());
  set_condition(row.cc(), d, zero);
}

// --- Branches --------------------------------------------------------------------------------------------------------

void X64Masm::branch_float(X64Row row, Label target, bool negate) {
  if (!is_equality(row)) return jcc(negate ? negated(ordering_cc(row)) : ordering_cc(row), target);
  const bool if_equal = (row.second == kFloatEq) != negate;
  if (if_equal) {
    const uint32_t unordered = jcc_short(X64Cc::p);
    jcc(X64Cc::e, target);
    land(unordered);
  } else {
    jcc(X64Cc::ne, target);
    jcc(X64Cc::p, target);
  }
}

void X64Masm::compare_and_branch(Opcode op, Reg a, Reg b, Label target, bool negate) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::float_compare) {
    compare_floats(row, a.fp(), b.fp());
    return branch_float(row, target, negate);
  }
  DCHECK(row.family == X64Family::compare);
  compare(row.width(), a.gp(), b.gp());
  jcc(negate ? negated(row.cc()) : row.cc(), target);
}

void X64Masm::compare_and_branch_imm(Opcode op, Gp a, uint64_t b, Label target, bool negate) {
  const X64Row& row = x64_row(op);
  DCHECK(row.family == X64Family::compare);
  compare_imm(row.width(), a, b);
  jcc(negate ? negated(row.cc()) : row.cc(), target);
}

void X64Masm::compare_and_branch_mem(Opcode op, Reg a, Address b, Label target, bool negate) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::float_compare) {
    compare_floats_mem(row, a.fp(), b);
    return branch_float(row, target, negate);
  }
  DCHECK(row.family == X64Family::compare);
  compare_mem(row.width(), a.gp(), b);
  jcc(negate ? negated(row.cc()) : row.cc(), target);
}

void X64Masm::branch_zero(Width width, Gp a, Label target, bool negate) {
  compare_imm(width, a, 0);
  jcc(negate ? X64Cc::ne : X64Cc::e, target);
}

void X64Masm::branch(Width width, Cond cond, Gp a, Gp b, Label target) {
  compare(width, a, b);
  jcc(cc_of(cond), target);
}
void X64Masm::branch_imm(Width width, Cond cond, Gp a, uint64_t b, Label target) {
  compare_imm(width, a, b);
  jcc(cc_of(cond), target);
}
void X64Masm::branch_mem(Width width, Cond cond, Gp a, Address b, Label target) {
  compare_mem(width, a, b);
  jcc(cc_of(cond), target);
}

void X64Masm::branch_mem_imm(Width width, Cond cond, Address a, int32_t b, Label target) {
  const bool small = b == static_cast<int8_t>(b);
  rm({.opcode = static_cast<uint8_t>(small ? 0x83 : 0x81)}, wide(width), kAluCmp, a);
  small ? byte(static_cast<uint8_t>(b)) : dword(static_cast<uint32_t>(b));
  jcc(cc_of(cond), target);
}

void X64Masm::branch_bits(Gp a, uint32_t mask, Label target, bool if_zero) {
  if (mask <= 0xFF) {
    rr({.opcode = 0xF6}, false, 0, a.id, false, true);
    byte(static_cast<uint8_t>(mask));
  } else {
    rr({.opcode = 0xF7}, false, 0, a.id);
    dword(mask);
  }
  jcc(if_zero ? X64Cc::e : X64Cc::ne, target);
}

void X64Masm::add_imm_branch_carry(Gp d, Gp a, uint64_t value, Label carry) {
  // A sign-extended immediate would be another number, whose carry means something else.
  if (value <= INT32_MAX) {
    if (d != a) move(Width::w64, d, a);
    alu_imm_in_place(Width::w64, kAluAdd, d, static_cast<int32_t>(value));
  } else {
    move_imm_keeping_flags(kScratch, value);
    if (d != a) move(Width::w64, d, a);
    alu_in_place(Width::w64, kAluAdd, d, kScratch);
  }
  jcc(X64Cc::b, carry);
}

// --- Choices ---------------------------------------------------------------------------------------------------------

// d = cc ? a : b. Moves and cmov leave the flags alone.
void X64Masm::choose(X64Cc cc, Width width, Gp d, Gp a, Gp b) {
  if (d == a) {
    rr(cmov(negated(cc)), wide(width), d.id, b.id);
  } else {
    if (d != b) move(width, d, b);
    rr(cmov(cc), wide(width), d.id, a.id);
  }
}

void X64Masm::select(Width width, Gp d, Gp condition, Gp a, Gp b) {
  compare_imm(Width::w32, condition, 0);
  choose(X64Cc::ne, width, d, a, b);
}

void X64Masm::compare_and_select(Opcode op, Reg x, Reg y, Width width, Gp d, Gp a, Gp b) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::compare) {
    compare(row.width(), x.gp(), y.gp());
    return choose(row.cc(), width, d, a, b);
  }
  compare_floats(row, x.fp(), y.fp());
  if (!is_equality(row)) return choose(ordering_cc(row), width, d, a, b);
  // Not equal or unordered: b for "equal", a for "not equal".
  if (row.second == kFloatNe) std::swap(a, b);
  const Gp target = d == b && d != a ? kScratch : d;
  if (target != a) move(width, target, a);
  rr(cmov(X64Cc::ne), wide(width), target.id, b.id);
  rr(cmov(X64Cc::p), wide(width), target.id, b.id);
  move_result(width, d, target);
}

void X64Masm::compare_and_select_imm(Opcode op, Gp x, uint64_t y, Width width, Gp d, Gp a, Gp b) {
  const X64Row& row = x64_row(op);
  DCHECK(row.family == X64Family::compare);
  compare_imm(row.width(), x, y);
  choose(row.cc(), width, d, a, b);
}

}  // namespace arris::masm
