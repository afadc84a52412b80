// X64Masm: scalar floats: arithmetic, rounding, conversions, selection.
//
// Instructions that leave part of their destination alone (sqrt, round, the conversions) would wait for whatever wrote it last:
// the destination is zeroed first, or, in VEX form, the other operand is named a second time.
// NaNs: x86 quietens whichever operand is a NaN, which is what numeric.h asks for; only min and max need help.
#include <utility>

#include "base/check.h"
#include "masm/x64.h"

namespace arris::masm {

namespace {

constexpr bool wide(Width width) { return width == Width::w64; }
// The prefix of the scalar form (F3 single, F2 double) and of the packed form.
constexpr uint8_t scalar(FpKind kind) { return kind == FpKind::f32 ? 0xF3 : 0xF2; }
constexpr uint8_t packed(FpKind kind) { return kind == FpKind::f32 ? 0x00 : 0x66; }
constexpr X64Op scalar_op(FpKind kind, uint8_t opcode) { return {scalar(kind), X64Op::k0F, opcode}; }
constexpr X64Op kAndps{.map = X64Op::k0F, .opcode = 0x54};
constexpr X64Op kOrps{.map = X64Op::k0F, .opcode = 0x56};
constexpr X64Op kXorps{.map = X64Op::k0F, .opcode = 0x57};
constexpr X64Op kTest{.opcode = 0x85};
constexpr uint8_t kAddByte = 0x58, kSubByte = 0x5C, kMinByte = 0x5D, kMaxByte = 0x5F, kToIntByte = 0x2C,
                  kFromIntByte = 0x2A;

constexpr uint64_t sign_bits(FpKind kind) { return kind == FpKind::f32 ? 0x8000000080000000 : uint64_t{1} << 63; }
constexpr uint64_t float_bits(FpKind kind, double value) {
  return kind == FpKind::f32 ? std::bit_cast<uint32_t>(static_cast<float>(value)) : std::bit_cast<uint64_t>(value);
}

}  // namespace

// --- Three operands --------------------------------------------------------------------------------------------------

void X64Masm::fp3(X64Op op, Fp d, Fp a, Fp b) {
  if (avx()) return vex_rr(op, false, d.id, a.id, b.id);
  if (d == b && d != a) {
    move_fp(FpKind::v128, kFpScratch, b);
    b = kFpScratch;
  }
  move_fp(FpKind::v128, d, a);
  rr(op, false, d.id, b.id);
}
void X64Masm::fp3_constant(X64Op op, Fp d, Fp a, uint32_t constant) {
  if (avx()) return vex_rc(op, false, d.id, a.id, constant);
  move_fp(FpKind::v128, d, a);
  rc(op, false, d.id, constant);
}
void X64Masm::fp3_mem(X64Op op, Fp d, Fp a, Address b) {
  if (avx()) return vex_rm(op, false, d.id, a.id, b);
  move_fp(FpKind::v128, d, a);
  rm(op, false, d.id, b);
}
// One source, written into the low lane of d.
void X64Masm::fp2(X64Op op, Fp d, Fp a) {
  if (avx()) return vex_rr(op, false, d.id, a.id, a.id);
  if (d != a) rr(kXorps, false, d.id, d.id);
  rr(op, false, d.id, a.id);
}

// --- Dispatch --------------------------------------------------------------------------------------------------------

void X64Masm::unary_float(Opcode op, Reg d, Reg a, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  const FpKind kind = row.kind();
  switch (row.family) {
    case X64Family::float_sign: {
      const uint64_t sign = sign_bits(kind);
      if (row.second == kNeg) return fp3_constant(kXorps, d.fp(), a.fp(), constant16(sign, sign));
      return fp3_constant(kAndps, d.fp(), a.fp(), constant16(~sign, ~sign));
    }
    case X64Family::float_sqrt: return fp2(scalar_op(kind, 0x51), d.fp(), a.fp());
    case X64Family::float_round:
      fp2({0x66, X64Op::k0F3A, static_cast<uint8_t>(kind == FpKind::f32 ? 0x0A : 0x0B)}, d.fp(), a.fp());
      return byte(row.second | 8);  // 8: no inexact exception
    case X64Family::float_to_float:
      return fp2(scalar_op(kind == FpKind::f32 ? FpKind::f64 : FpKind::f32, 0x5A), d.fp(), a.fp());
    case X64Family::convert: return convert(kind, row.second, d.fp(), a.gp());
    case X64Family::truncate:
    case X64Family::saturate:
      return truncate(row, d.gp(), a.fp(), row.family == X64Family::truncate ? &traps : nullptr);
    default: return not_implemented(op);
  }
}

void X64Masm::binary_float(Opcode op, Fp d, Fp a, Fp b) {
  const X64Row& row = x64_row(op);
  switch (row.family) {
    case X64Family::float_arithmetic: return fp3(scalar_op(row.kind(), row.second), d, a, b);
    case X64Family::float_min_max: return min_max(row, d, a, b);
    case X64Family::float_copysign: {
      const uint64_t sign = sign_bits(row.kind());
      fp3_constant(kAndps, kFpScratch2, b, constant16(sign, sign));
      fp3_constant(kAndps, d, a, constant16(~sign, ~sign));
      return fp3(kOrps, d, d, kFpScratch2);
    }
    default: return not_implemented(op);
  }
}

void X64Masm::binary_float_mem(Opcode op, Reg d, Fp a, Address b) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::float_arithmetic) return fp3_mem(scalar_op(row.kind(), row.second), d.fp(), a, b);
  compare_floats_mem(row, a, b);
  set_float_compare(row, d.gp());
}

// --- Minimum and maximum ---------------------------------------------------------------------------------------------

// Operands that differ are minss's business. Equal ones differ only as zeros, whose union (or intersection) is the answer; with
// a NaN the sum quietens it. Both cases are rare and out of line.
void X64Masm::min_max(const X64Row& row, Fp d, Fp a, Fp b) {
  const FpKind kind = row.kind();
  rr({packed(kind), X64Op::k0F, 0x2E}, false, a.id, b.id);
  ColdPath path = cold_path(row, a);
  jcc(X64Cc::e, path.entry);
  path.d = d;
  path.b = b;
  fp3(scalar_op(kind, row.second == kMin ? kMinByte : kMaxByte), d, a, b);
  bind(path.back);
  cold_paths_.push_back(path);
}

void X64Masm::cold_min_max(const ColdPath& path) {
  const uint32_t is_nan = jcc_short(X64Cc::p);
  fp3(path.row.second == kMin ? kOrps : kAndps, path.d.fp(), path.a, path.b);
  jmp(path.back);
  land(is_nan);
  fp3(scalar_op(path.row.kind(), kAddByte), path.d.fp(), path.a, path.b);
  jmp(path.back);
}

// --- Integer to float ------------------------------------------------------------------------------------------------

void X64Masm::convert_signed(FpKind kind, bool w, Fp d, Gp a) {
  if (avx()) return vex_rr(scalar_op(kind, kFromIntByte), w, d.id, d.id, a.id);
  rr(scalar_op(kind, kFromIntByte), w, d.id, a.id);
}

void X64Masm::convert(FpKind kind, uint8_t from, Fp d, Gp a) {
  rr(kXorps, false, d.id, d.id);
  switch (from) {
    case kFrom32S: return convert_signed(kind, false, d, a);
    case kFrom64S: return convert_signed(kind, true, d, a);
    case kFrom32U: move(Width::w32, kScratch, a); return convert_signed(kind, true, d, kScratch);
    default: break;
  }
  rr(kTest, true, a.id, a.id);
  ColdPath path = cold_path({X64Family::convert, static_cast<uint8_t>(kind)}, Fp{});
  jcc(X64Cc::s, path.entry);
  convert_signed(kind, true, d, a);
  bind(path.back);
  path.d = d;
  path.source = a;
  cold_paths_.push_back(path);
}

// Too large for a signed conversion: convert half of it, with the lost bit kept sticky for the rounding, and double that.
void X64Masm::cold_convert(const ColdPath& path) {
  const FpKind kind = path.row.kind();
  const Fp d = path.d.fp();
  move(Width::w64, kScratch, path.source);
  shift_imm(Width::w64, kShr, kScratch, kScratch, 1);  // the lost bit is the carry
  const uint32_t even = jcc_short(X64Cc::ae);
  alu_imm_in_place(Width::w64, kAluOr, kScratch, 1);
  land(even);
  convert_signed(kind, true, d, kScratch);
  fp3(scalar_op(kind, kAddByte), d, d, d);
  jmp(path.back);
}

// --- Float to integer ------------------------------------------------------------------------------------------------

void X64Masm::truncate_signed(FpKind kind, bool w, Gp d, Fp a) { rr(scalar_op(kind, kToIntByte), w, d.id, a.id); }

// cvtts gives the minimum for all it cannot do, so a plain result is one conversion and one test:
//   signed        the result is not the minimum
//   32, unsigned  the upper half of the 64-bit conversion is zero
//   64, unsigned  the 64-bit conversion is not negative
// Everything else is decided out of line. traps == null: saturating.
void X64Masm::truncate(const X64Row& row, Gp d, Fp a, TrapSink* traps) {
  const auto width = static_cast<Width>(row.second);
  const bool is_signed = row.third == kSigned;
  ColdPath path = cold_path(row, a);
  truncate_signed(row.kind(), wide(width) || !is_signed, d, a);
  if (is_signed) {
    alu_imm_in_place(width, kAluCmp, d, 1);  // overflows only from the minimum
    jcc(X64Cc::o, path.entry);
  } else if (wide(width)) {
    rr(kTest, true, d.id, d.id);
    jcc(X64Cc::s, path.entry);
  } else {
    move(Width::w64, kScratch, d);
    shift_imm(Width::w64, kShr, kScratch, kScratch, 32);
    jcc(X64Cc::ne, path.entry);
  }
  bind(path.back);
  path.d = d;
  if (traps) {
    path.invalid = traps->trap_label(TrapCode::invalid_conversion_to_integer);
    path.overflow = traps->trap_label(TrapCode::integer_overflow);
  }
  cold_paths_.push_back(path);
}

void X64Masm::compare_with_constant(FpKind kind, Fp a, double value) {
  rc({packed(kind), X64Op::k0F, 0x2E}, false, a.id, constant8(float_bits(kind, value)));
}

void X64Masm::cold_truncate(const ColdPath& path) {
  const FpKind kind = path.row.kind();
  const auto width = static_cast<Width>(path.row.second);
  compare_with_constant(kind, path.a, 0);
  jcc(X64Cc::p, path.invalid);
  if (path.row.third == kSigned) {
    jcc(X64Cc::a, path.overflow);
    if (wide(width) || kind == FpKind::f32) {  // the minimum itself is what a can be without being too small
      compare_with_constant(kind, path.a, wide(width) ? -0x1p63 : -0x1p31);
      jcc(X64Cc::b, path.overflow);
    } else {
      compare_with_constant(kind, path.a, -0x1p31 - 1);
      jcc(X64Cc::be, path.overflow);
    }
    return jmp(path.back);
  }
  if (!wide(width)) return jmp(path.overflow);
  jcc(X64Cc::b, path.overflow);
  convert_upper_half(kind, path.d.gp(), path.a);
  jcc(X64Cc::s, path.overflow);
  set_top_bit(path.d.gp());
  jmp(path.back);
}

void X64Masm::cold_saturate(const ColdPath& path) {
  const FpKind kind = path.row.kind();
  const auto width = static_cast<Width>(path.row.second);
  const Gp d = path.d.gp();
  compare_with_constant(kind, path.a, 0);
  if (path.row.third == kSigned) {  // d is the minimum, which is right for negative numbers
    const uint32_t is_nan = jcc_short(X64Cc::p);
    jcc(X64Cc::b, path.back);
    move_imm_keeping_flags(d, wide(width) ? INT64_MAX : INT32_MAX);
    jmp(path.back);
    land(is_nan);
    move_imm(width, d, 0);
    return jmp(path.back);
  }
  const uint32_t positive = jcc_short(X64Cc::a);
  move_imm(width, d, 0);
  jmp(path.back);
  land(positive);
  if (wide(width)) {
    convert_upper_half(kind, d, path.a);
    const uint32_t too_large = jcc_short(X64Cc::s);
    set_top_bit(d);
    jmp(path.back);
    land(too_large);
  }
  move_imm(width, d, ~uint64_t{0});
  jmp(path.back);
}

// d = a - 2^63 for an a that is not below that; the sign flag tells if a is too large.
void X64Masm::convert_upper_half(FpKind kind, Gp d, Fp a) {
  move_fp(FpKind::v128, kFpScratch, a);
  rc(scalar_op(kind, kSubByte), false, kFpScratch.id, constant8(float_bits(kind, 0x1p63)));
  truncate_signed(kind, true, d, kFpScratch);
  rr(kTest, true, d.id, d.id);
}
void X64Masm::set_top_bit(Gp d) {
  rr({.map = X64Op::k0F, .opcode = 0xBA}, true, 5, d.id);  // bts
  byte(63);
}

// --- Cold paths ------------------------------------------------------------------------------------------------------

X64Masm::ColdPath X64Masm::cold_path(const X64Row& row, Fp a) {
  return {.row = row, .entry = new_label(), .back = new_label(), .a = a};
}

void X64Masm::emit_cold_paths() {
  for (const ColdPath& path : cold_paths_) {
    bind(path.entry);
    switch (path.row.family) {
      case X64Family::float_min_max: cold_min_max(path); break;
      case X64Family::convert: cold_convert(path); break;
      case X64Family::truncate: cold_truncate(path); break;
      default: cold_saturate(path); break;
    }
  }
  cold_paths_.clear();
}

// --- Selection -------------------------------------------------------------------------------------------------------

// d = mask ? a : b by lanes of 32 bits, with AVX.
void X64Masm::blend(Fp d, Fp a, Fp b, Fp mask) {
  vex_rr({0x66, X64Op::k0F3A, 0x4A}, false, d.id, b.id, a.id);  // vblendvps
  byte(static_cast<uint8_t>(mask.id << 4));
}

// The low lane of the scratch mask into all of it, for vectors.
void X64Masm::spread_mask(FpKind selected, FpKind lane) {
  if (selected == lane || (selected == FpKind::f32 && lane == FpKind::f64)) return;
  rr({0x66, X64Op::k0F, 0x70}, false, kFpScratch.id, kFpScratch.id);  // pshufd
  byte(lane == FpKind::f32 ? 0x00 : 0x44);
}

// Without a branch where that is possible: what floats are selected by is rarely predictable.
void X64Masm::select_fp(FpKind kind, Fp d, Gp condition, Fp a, Fp b) {
  if (avx()) {
    alu_imm_in_place(Width::w32, kAluCmp, condition, 1);
    rr({.opcode = 0x1B}, true, kScratch.id, kScratch.id);  // sbb: all ones if the condition is 0
    move_gp_to_fp(Width::w64, kFpScratch, kScratch);
    spread_mask(kind, FpKind::f64);
    return blend(d, b, a, kFpScratch);
  }
  compare_imm(Width::w32, condition, 0);
  choose_fp(X64Cc::ne, d, a, b);
}

void X64Masm::choose_fp(X64Cc cc, Fp d, Fp a, Fp b) {
  if (d == b) {
    const uint32_t keep = jcc_short(negated(cc));
    move_fp(FpKind::v128, d, a);
    return land(keep);
  }
  if (d != a) move_fp(FpKind::v128, d, a);
  const uint32_t keep = jcc_short(cc);
  move_fp(FpKind::v128, d, b);
  land(keep);
}

void X64Masm::compare_and_select_fp(Opcode op, Reg x, Reg y, FpKind kind, Fp d, Fp a, Fp b) {
  const X64Row& row = x64_row(op);
  if (row.family == X64Family::compare) {
    if (!avx()) {
      compare(row.width(), x.gp(), y.gp());
      return choose_fp(row.cc(), d, a, b);
    }
    move_imm(Width::w32, kScratch, 0);
    compare(row.width(), x.gp(), y.gp());
    rr({.map = X64Op::k0F, .opcode = static_cast<uint8_t>(0x90 | row.second)}, false, 0, kScratch.id, false, true);
    rr({.opcode = 0xF7}, true, 3, kScratch.id);  // neg: all ones if it holds
    move_gp_to_fp(Width::w64, kFpScratch, kScratch);
    spread_mask(kind, FpKind::f64);
    return blend(d, a, b, kFpScratch);
  }
  Fp left = x.fp(), right = y.fp();
  if (row.second == kFloatGt || row.second == kFloatGe) std::swap(left, right);
  // Predicates: equal, less, less or equal (all false for NaNs), not equal (true for NaNs).
  constexpr uint8_t kPredicates[] = {0, 4, 1, 1, 2, 2};
  const X64Op compare_op{scalar(row.kind()), X64Op::k0F, 0xC2};
  fp3(compare_op, kFpScratch, left, right);
  byte(kPredicates[row.second]);
  spread_mask(kind, row.kind());
  if (avx()) return blend(d, a, b, kFpScratch);
  // (a & mask) | (b & ~mask)
  move_fp(FpKind::v128, kFpScratch2, kFpScratch);
  rr(kAndps, false, kFpScratch2.id, a.id);
  rr({.map = X64Op::k0F, .opcode = 0x55}, false, kFpScratch.id, b.id);  // andnps
  rr(kOrps, false, kFpScratch.id, kFpScratch2.id);
  move_fp(FpKind::v128, d, kFpScratch);
}

}  // namespace arris::masm
