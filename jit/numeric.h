// Constants, scalar and vector arithmetic: operands from registers, slots or as immediates; constants are folded.
#pragma once

#include <cstring>
#include <utility>

#include "jit/control.h"
#include "jit/folding.h"

namespace arris::jit {

template <class Masm>
void FunctionCompiler<Masm>::on_constant(Opcode op) {
  auto read_fixed = [this]<class T>(T value) {
    std::memcpy(&value, p_, sizeof value);
    p_ += sizeof value;
    return value;
  };
  switch (op) {
    case Opcode::f32_const: return push_const(Kind::f32, read_fixed(uint32_t{}));
    case Opcode::f64_const: return push_const(Kind::f64, read_fixed(uint64_t{}));
    default: break;
  }
  const uint64_t low = read_fixed(uint64_t{});
  const uint64_t high = read_fixed(uint64_t{});
  if ((low | high) == 0) return push_const(Kind::v128, 0);
  const RegCode d = result(Kind::v128);
  masm_.fp_const(FpKind::v128, fp_of(d), low, high);
  push_reg(Kind::v128, d);
}

// Pushes an operand that was just popped, as it is, perhaps as another kind of the same representation.
template <class Masm>
void FunctionCompiler<Masm>::push_again(const Operand& operand, Kind kind) {
  if (operand.in_reg()) return push_reg(kind, operand.reg);
  if (operand.is_const()) return push_const(kind, operand.bits);
  if (operand.slot == next_slot_) return push_stored(kind);
  Operand elsewhere = operand;  // it was not the lower one of its operation's operands
  push_reg(kind, use(elsewhere));
}

template <class Masm>
void FunctionCompiler<Masm>::on_unary(Opcode op, const OpcodeShape& shape) {
  Operand a = pop();
  uint64_t folded;
  if (a.is_const() && fold_unary(op, a.bits, &folded)) return push_const(shape.result, folded);
  if (op == Opcode::i32_eqz || op == Opcode::i64_eqz) {
    Condition c;
    c.a = a;
    if (fuse(c, true)) return;
    a = c.a;
  }
  // The upper half of an i32's register and slot is zero already.
  if (op == Opcode::i64_extend_i32_u) return push_again(a, Kind::i64);
  use(a);
  const masm::GpSet clobbered = masm_.clobbers(op);
  make_room(clobbered);
  const RegCode d = clobbering_result(clobbered, shape.result, &a, nullptr);
  masm_.unary(op, reg_of(d), reg_of(a.reg), *this);
  push_reg(shape.result, d);
}

// A comparison of two integers with its operands exchanged.
constexpr Opcode exchanged(Opcode op) {
  switch (op) {
    case Opcode::i32_lt_s: return Opcode::i32_gt_s;
    case Opcode::i32_lt_u: return Opcode::i32_gt_u;
    case Opcode::i32_gt_s: return Opcode::i32_lt_s;
    case Opcode::i32_gt_u: return Opcode::i32_lt_u;
    case Opcode::i32_le_s: return Opcode::i32_ge_s;
    case Opcode::i32_le_u: return Opcode::i32_ge_u;
    case Opcode::i32_ge_s: return Opcode::i32_le_s;
    case Opcode::i32_ge_u: return Opcode::i32_le_u;
    case Opcode::i64_lt_s: return Opcode::i64_gt_s;
    case Opcode::i64_lt_u: return Opcode::i64_gt_u;
    case Opcode::i64_gt_s: return Opcode::i64_lt_s;
    case Opcode::i64_gt_u: return Opcode::i64_lt_u;
    case Opcode::i64_le_s: return Opcode::i64_ge_s;
    case Opcode::i64_le_u: return Opcode::i64_ge_u;
    case Opcode::i64_ge_s: return Opcode::i64_le_s;
    case Opcode::i64_ge_u: return Opcode::i64_le_u;
    default: return op;
  }
}

// A destination for an operation that overwrites fixed registers anyway (they are empty by now): one of those, unless a local.set
// says where the result goes.
template <class Masm>
RegCode FunctionCompiler<Masm>::clobbering_result(masm::GpSet clobbered, Kind kind, const Operand* a,
                                                  const Operand* b) {
  if (clobbered.empty()) return result(kind, a, b);
  const bool is_division = kind == Kind::i32 || kind == Kind::i64 ? clobbered.size() > 1 : false;
  if (is_division && !is_set_next()) return lock(code_of(clobbered.first()));
  return result(kind, a, b);
}

// ---- Integers: most operations ----

// Whether what comes next may take a condition as it is (fuse).
constexpr bool may_take_condition(uint8_t next) {
  return next == info(Opcode::br_if).code || next == info(Opcode::i32_eqz).code || next == info(Opcode::if_).code ||
         next == info(Opcode::select).code;
}

// With a constant second operand that is in no register; the first is no constant.
template <class Masm>
void FunctionCompiler<Masm>::on_integer_imm(Opcode op, Operand first, uint64_t b) {
  const OpcodeShape& s = shape(op);
  if (s.is_identity(b)) return push_again(first, first.kind);
  if (s.is_compare && may_take_condition(*p_)) {
    Condition c;
    c.compare = op;
    c.a = first;
    c.b = {b, 0, first.kind, kConst, kNoReg};
    if (fuse(c, false)) return;
    return on_binary(op, s, c.a, c.b);
  }
  const RegCode a = first.in_reg() ? first.reg : bring(first.kind, false, 0, first.slot);
  const RegCode d = result(s.result, a, kNoReg);
  masm_.binary_imm(op, gp_of(d), gp_of(a), b, *this);
  push_result(s.result, d);
}

// With both in registers, and nothing clobbered.
template <class Masm>
void FunctionCompiler<Masm>::on_integer_reg(Opcode op, RegCode a, RegCode b) {
  const OpcodeShape& s = shape(op);
  if (s.is_compare && may_take_condition(*p_)) {
    Condition c;
    c.compare = op;
    c.a = {0, 0, s.operands[0], kInReg, a};
    c.b = {0, 0, s.operands[0], kInReg, b};
    if (fuse(c, false)) return;
    return on_binary(op, s, c.a, c.b);
  }
  const RegCode d = result(s.result, a, s.is_commutative ? b : kNoReg);
  masm_.binary(op, gp_of(d), gp_of(a), gp_of(b), *this);
  push_result(s.result, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_integer(Opcode op) {
  const OpcodeShape& s = shape(op);
  const Operand b = pop();
  const Operand a = pop();
  if (a.is_variable_in_reg() && b.is_variable_in_reg() && !s.clobbers) return on_integer_reg(op, a.reg, b.reg);
  on_binary(op, s, a, b);
}

// ---- All of them ----

template <class Masm>
void FunctionCompiler<Masm>::on_binary(Opcode op, const OpcodeShape& shape) {
  const Operand b = pop();
  const Operand a = pop();
  on_binary(op, shape, a, b);
}

template <class Masm>
void FunctionCompiler<Masm>::on_binary(Opcode op, const OpcodeShape& shape, Operand a, Operand b) {
  uint64_t folded;
  if (a.is_const() && b.is_const() && fold_binary(op, a.bits, b.bits, &folded)) return push_const(shape.result, folded);
  if (a.is_const() && !b.is_const() && !is_fp(a.kind)) {
    if (shape.is_compare && exchanged(op) != op) {
      op = exchanged(op);
      std::swap(a, b);
    } else if (shape.is_commutative) {
      std::swap(a, b);
    }
  }
  if (shape.is_commutative && a.only_in_slot() && b.in_reg()) std::swap(a, b);
  if (b.is_const() && shape.is_identity(b.bits)) return push_again(a, a.kind);
  if (shape.is_compare) {
    Condition c;
    c.compare = op;
    c.a = a;
    c.b = b;
    if (fuse(c, false)) return;
  }
  use(a);
  if (b.is_const() && !b.in_reg() && Masm::has_imm(op)) {
    const masm::GpSet clobbered = masm_.clobbers_imm(op, b.bits);
    make_room(clobbered);
    const RegCode d = clobbering_result(clobbered, shape.result, &a, nullptr);
    masm_.binary_imm(op, reg_of(d), reg_of(a.reg), b.bits, *this);
    return push_reg(shape.result, d);
  }
  const masm::GpSet clobbered = masm_.clobbers(op);
  if (b.only_in_slot() && masm_.has_mem(op)) {
    make_room(clobbered);
    const RegCode d = clobbering_result(clobbered, shape.result, &a, nullptr);
    masm_.binary_mem(op, reg_of(d), reg_of(a.reg), slot_address(b.slot));
    return push_reg(shape.result, d);
  }
  use(b);
  make_room(clobbered);
  const RegCode d = clobbering_result(clobbered, shape.result, &a, shape.is_commutative ? &b : nullptr);
  masm_.binary(op, reg_of(d), reg_of(a.reg), reg_of(b.reg), *this);
  push_reg(shape.result, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_ternary(Opcode op) {
  Operand c = pop();
  Operand b = pop();
  Operand a = pop();
  use(a);
  use(b);
  use(c);
  const RegCode d = result(Kind::v128, &a, nullptr);
  masm_.ternary(op, fp_of(d), fp_of(a.reg), fp_of(b.reg), fp_of(c.reg));
  push_reg(Kind::v128, d);
}

template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_lane(Opcode op, const OpcodeShape& shape) {
  const uint8_t lane = *p_++;
  if (shape.shape == Shape::extract_lane) {
    Operand a = pop();
    use(a);
    const RegCode d = result(shape.result, &a);
    masm_.extract_lane(op, reg_of(d), fp_of(a.reg), lane);
    return push_reg(shape.result, d);
  }
  Operand x = pop();
  Operand a = pop();
  use(a);
  use(x);
  const RegCode d = result(Kind::v128, &a);
  masm_.replace_lane(op, fp_of(d), fp_of(a.reg), reg_of(x.reg), lane);
  push_reg(Kind::v128, d);
}

template <class Masm>
void FunctionCompiler<Masm>::on_shuffle() {
  const uint8_t* lanes = p_;
  p_ += 16;
  Operand b = pop();
  Operand a = pop();
  use(a);
  use(b);
  const RegCode d = result(Kind::v128, &a);
  masm_.shuffle(fp_of(d), fp_of(a.reg), fp_of(b.reg), lanes);
  push_reg(Kind::v128, d);
}

// i64.add128 and i64.sub128 (operands: low and high of each), i64.mul_wide_s and _u. Results: low, high.
template <class Masm>
[[clang::minsize]] void FunctionCompiler<Masm>::on_wide_arithmetic(Opcode op) {
  const bool is_mul = op == Opcode::i64_mul_wide_s || op == Opcode::i64_mul_wide_u;
  Operand operands[4];
  const int count = is_mul ? 2 : 4;
  for (int i = count; i-- > 0;) operands[i] = pop();
  for (int i = 0; i < count; ++i) use(operands[i]);
  make_room(masm_.clobbers(op));
  const RegCode low = plain_result(Kind::i64, &operands[0]);
  lock(low);
  RegCode high = kNoReg;
  for (int i = 1; i < count && high == kNoReg; ++i) {
    if (is_free(operands[i].reg) && operands[i].reg != low) high = operands[i].reg;
  }
  if (high == kNoReg) high = allocate(kAllocatableBits & kGpBits);
  Gp r[4];
  for (int i = 0; i < count; ++i) r[i] = gp_of(operands[i].reg);
  if (is_mul) {
    masm_.wide_mul(op, gp_of(low), gp_of(high), r[0], r[1]);
  } else {
    masm_.wide_add_sub(op, gp_of(low), gp_of(high), r[0], r[1], r[2], r[3]);
  }
  push_reg(Kind::i64, low);
  push_reg(Kind::i64, high);
}

}  // namespace arris::jit
