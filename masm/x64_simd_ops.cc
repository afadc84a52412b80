// X64Masm: vector opcodes that take a sequence of instructions. Each computes what the function of the same name in
// wasm/simd_*.h does; t and u are the two scratch registers. The destination is written when the operands have been read for the
// last time.
#include "base/check.h"
#include "masm/x64_asmjit.h"
#include "masm/x64_simd.h"

namespace arris::masm {

namespace {

constexpr Fp t = X64Registers::kFpScratch, u = X64Registers::kFpScratch2;

constexpr uint64_t splat8(uint64_t x) { return x * 0x0101010101010101; }
constexpr uint64_t splat16(uint64_t x) { return x * 0x0001000100010001; }
constexpr uint64_t splat32(uint64_t x) { return x << 32 | x; }
constexpr uint64_t kSign32 = splat32(0x80000000), kSign64 = uint64_t{1} << 63;
constexpr uint64_t bits_f32x2(float x) { return splat32(std::bit_cast<uint32_t>(x)); }
constexpr uint64_t bits_f64(double x) { return std::bit_cast<uint64_t>(x); }

constexpr X64Insn kPand = INSN(Pand, Vpand), kPandn = INSN(Pandn, Vpandn), kPor = INSN(Por, Vpor),
                  kPxor = INSN(Pxor, Vpxor);
constexpr X64Insn kPshufd = INSN(Pshufd, Vpshufd), kPshufb = INSN(Pshufb, Vpshufb);
constexpr X64Insn kPaddd = INSN(Paddd, Vpaddd), kPmaddwd = INSN(Pmaddwd, Vpmaddwd);
constexpr X64Insn kCvttps2dq = INSN(Cvttps2dq, Vcvttps2dq);

}  // namespace

void X64Masm::unary_vector_sequence(Opcode op, Reg target, Reg source) {
  // Between kinds of registers first.
  switch (op) {
    case Opcode::i8x16_splat:
    case Opcode::i16x8_splat:
    case Opcode::i32x4_splat:
    case Opcode::i64x2_splat:
    case Opcode::f32x4_splat:
    case Opcode::f64x2_splat: return splat(op, target.fp(), source);
    case Opcode::v128_any_true:
      move_imm(Width::w32, target.gp(), 0);
      v_test(source.fp(), source.fp());
      return set_condition(X64Cc::ne, target.gp(), true);
    case Opcode::i8x16_bitmask: return v_to_gp(INSN(Pmovmskb, Vpmovmskb), target.gp(), source.fp());
    case Opcode::i16x8_bitmask:
      v3(INSN(Packsswb, Vpacksswb), t, source.fp(), source.fp());
      v_to_gp(INSN(Pmovmskb, Vpmovmskb), target.gp(), t);
      return zero_extend(0, target.gp(), target.gp());
    case Opcode::i32x4_bitmask: return v_to_gp(INSN(Movmskps, Vmovmskps), target.gp(), source.fp());
    case Opcode::i64x2_bitmask: return v_to_gp(INSN(Movmskpd, Vmovmskpd), target.gp(), source.fp());
    default: break;
  }
  const Fp d = target.fp(), a = source.fp();
  switch (op) {
    case Opcode::v128_not: return v_not(d, a);
    case Opcode::i64x2_abs:
      v2_imm(kPshufd, t, a, 0xF5);
      v_shift(INSN(Psrad, Vpsrad), t, t, 31);
      v3(kPxor, d, a, t);
      return v3(INSN(Psubq, Vpsubq), d, d, t);
    case Opcode::i8x16_popcnt: return popcount_bytes(d, a);
    case Opcode::f32x4_abs: return v3_constant(kPand, d, a, ~kSign32, ~kSign32);
    case Opcode::f32x4_neg: return v3_constant(kPxor, d, a, kSign32, kSign32);
    case Opcode::f64x2_abs: return v3_constant(kPand, d, a, ~kSign64, ~kSign64);
    case Opcode::f64x2_neg: return v3_constant(kPxor, d, a, kSign64, kSign64);
    // pmaddubsw multiplies unsigned bytes by signed ones and adds pairs: by 1 on either side.
    case Opcode::i16x8_extadd_pairwise_i8x16_s:
      v_constant(t, splat8(1), splat8(1));
      return v3(INSN(Pmaddubsw, Vpmaddubsw), d, t, a);
    case Opcode::i16x8_extadd_pairwise_i8x16_u:
      return v3_constant(INSN(Pmaddubsw, Vpmaddubsw), d, a, splat8(1), splat8(1));
    case Opcode::i32x4_extadd_pairwise_i16x8_s: return v3_constant(kPmaddwd, d, a, splat16(1), splat16(1));
    case Opcode::i32x4_extadd_pairwise_i16x8_u:  // as signed, each 2^15 less
      v3_constant(kPxor, d, a, splat16(0x8000), splat16(0x8000));
      v3_constant(kPmaddwd, d, d, splat16(1), splat16(1));
      return v3_constant(kPaddd, d, d, splat32(0x10000), splat32(0x10000));
    default: return convert_vector(op, d, a);
  }
}

// By nibbles, which pshufb looks up.
void X64Masm::popcount_bytes(Fp d, Fp a) {
  constexpr uint64_t kCountsLow = 0x0302020102010100, kCountsHigh = 0x0403030203020201;
  v3_constant(kPand, u, a, splat8(0x0F), splat8(0x0F));
  v_shift(INSN(Psrlw, Vpsrlw), t, a, 4);
  v3_constant(kPand, t, t, splat8(0x0F), splat8(0x0F));
  v_constant(d, kCountsLow, kCountsHigh);
  v3(kPshufb, d, d, u);
  v_constant(u, kCountsLow, kCountsHigh);
  v3(kPshufb, u, u, t);
  v3(INSN(Paddb, Vpaddb), d, d, u);
}

// --- Conversions -----------------------------------------------------------------------------------------------------

void X64Masm::convert_vector(Opcode op, Fp d, Fp a) {
  switch (op) {
    case Opcode::f32x4_convert_i32x4_u:  // halves convert exactly, their sum rounds once
      v3_constant(kPand, t, a, splat32(0xFFFF), splat32(0xFFFF));
      v2(INSN(Cvtdq2ps, Vcvtdq2ps), t, t);
      v_shift(INSN(Psrld, Vpsrld), d, a, 16);
      v2(INSN(Cvtdq2ps, Vcvtdq2ps), d, d);
      v3_constant(INSN(Mulps, Vmulps), d, d, bits_f32x2(65536), bits_f32x2(65536));
      return v3(INSN(Addps, Vaddps), d, d, t);
    case Opcode::f64x2_convert_low_i32x4_u:  // an integer in the low bits of 2^52's significand
      v3_constant(INSN(Punpckldq, Vpunpckldq), d, a, splat32(0x43300000), splat32(0x43300000));
      return v3_constant(INSN(Subpd, Vsubpd), d, d, bits_f64(0x1p52), bits_f64(0x1p52));
    case Opcode::i32x4_trunc_sat_f32x4_s:
    case Opcode::i32x4_relaxed_trunc_f32x4_s:  // 0x80000000 for too large is flipped to 0x7fffffff; NaNs become 0 first
      v3_imm(INSN(Cmpps, Vcmpps), t, a, a, 7);
      v3(kPand, t, t, a);
      v2(kCvttps2dq, t, t);
      v_constant(u, bits_f32x2(0x1p31f), bits_f32x2(0x1p31f));
      v3_imm(INSN(Cmpps, Vcmpps), u, u, a, 2);
      return v3(kPxor, d, t, u);
    case Opcode::i32x4_trunc_sat_f32x4_u:
    case Opcode::i32x4_relaxed_trunc_f32x4_u: return truncate_f32x4_u(d, a);
    case Opcode::i32x4_trunc_sat_f64x2_s_zero:
    case Opcode::
        i32x4_relaxed_trunc_f64x2_s_zero:  // the minimum with (a is a number ? 2^31 - 1 : 0) is the latter for NaNs
      v3_imm(INSN(Cmppd, Vcmppd), t, a, a, 0);
      v3_constant(kPand, t, t, bits_f64(0x1p31 - 1), bits_f64(0x1p31 - 1));
      v3(INSN(Minpd, Vminpd), d, a, t);
      return v2(INSN(Cvttpd2dq, Vcvttpd2dq), d, d);
    case Opcode::i32x4_trunc_sat_f64x2_u_zero:
    case Opcode::i32x4_relaxed_trunc_f64x2_u_zero:
      v_zero(t);
      v3(INSN(Maxpd, Vmaxpd), d, a, t);  // 0 for NaNs
      v3_constant(INSN(Minpd, Vminpd), d, d, bits_f64(0x1p32 - 1), bits_f64(0x1p32 - 1));
      v2_imm(INSN(Roundpd, Vroundpd), d, d, 11);
      v3_constant(INSN(Addpd, Vaddpd), d, d, bits_f64(0x1p52), bits_f64(0x1p52));
      return v3_imm(INSN(Shufps, Vshufps), d, d, t, 0x88);
    default: return not_implemented(op);
  }
}

// x = max(a, 0), NaN to 0. Below 2^31 x converts as it is. From there on that conversion gives 0x80000000, to which x - 2^31 is
// added, or 0x7fffffff if x is 2^32 or more.
void X64Masm::truncate_f32x4_u(Fp d, Fp a) {
  v_zero(u);
  v3(INSN(Maxps, Vmaxps), d, a, u);
  v3_constant(INSN(Subps, Vsubps), t, d, bits_f32x2(0x1p31f), bits_f32x2(0x1p31f));
  v_constant(u, bits_f32x2(0x1p31f), bits_f32x2(0x1p31f));
  v3_imm(INSN(Cmpps, Vcmpps), u, u, t, 2);
  v2(kCvttps2dq, t, t);
  v3(kPxor, t, t, u);
  v_zero(u);
  v3(INSN(Pmaxsd, Vpmaxsd), t, t, u);
  v2(kCvttps2dq, d, d);
  v3(kPaddd, d, d, t);
}

// --- Two and three operands ------------------------------------------------------------------------------------------

void X64Masm::binary_vector_sequence(Opcode op, Fp d, Fp a, Fp b) {
  switch (op) {
    case Opcode::i8x16_swizzle:
    case Opcode::i8x16_relaxed_swizzle:  // indices of 16 and above to 128 and above, which pshufb reads as "zero"
      v3_constant(INSN(Paddusb, Vpaddusb), t, b, splat8(0x70), splat8(0x70));
      return v3(kPshufb, d, a, t);
    case Opcode::i64x2_mul: return multiply_i64x2(d, a, b);
    case Opcode::i16x8_q15mulr_sat_s:
    case Opcode::i16x8_relaxed_q15mulr_s:  // 0x8000 comes from the one overflow only: flip it
      v3(INSN(Pmulhrsw, Vpmulhrsw), t, a, b);
      v3_constant(INSN(Pcmpeqw, Vpcmpeqw), u, t, splat16(0x8000), splat16(0x8000));
      return v3(kPxor, d, t, u);
    case Opcode::i16x8_relaxed_dot_i8x16_i7x16_s: return dot_bytes(d, a, b);
    case Opcode::f32x4_min:
    case Opcode::f32x4_relaxed_min:
      return min_max_lanes(INSN(Minps, Vminps), kPor, INSN(Addps, Vaddps), INSN(Cmpps, Vcmpps), d, a, b);
    case Opcode::f32x4_max:
    case Opcode::f32x4_relaxed_max:
      return min_max_lanes(INSN(Maxps, Vmaxps), kPand, INSN(Addps, Vaddps), INSN(Cmpps, Vcmpps), d, a, b);
    case Opcode::f64x2_min:
    case Opcode::f64x2_relaxed_min:
      return min_max_lanes(INSN(Minpd, Vminpd), kPor, INSN(Addpd, Vaddpd), INSN(Cmppd, Vcmppd), d, a, b);
    case Opcode::f64x2_max:
    case Opcode::f64x2_relaxed_max:
      return min_max_lanes(INSN(Maxpd, Vmaxpd), kPand, INSN(Addpd, Vaddpd), INSN(Cmppd, Vcmppd), d, a, b);
    default: return not_implemented(op);
  }
}

// Cross products of the halves, shifted up, plus the product of the low halves.
void X64Masm::multiply_i64x2(Fp d, Fp a, Fp b) {
  constexpr X64Insn kPmuludq = INSN(Pmuludq, Vpmuludq), kPsrlq = INSN(Psrlq, Vpsrlq), kPaddq = INSN(Paddq, Vpaddq);
  v_shift(kPsrlq, t, a, 32);
  v3(kPmuludq, t, t, b);
  v_shift(kPsrlq, u, b, 32);
  v3(kPmuludq, u, u, a);
  v3(kPaddq, t, t, u);
  v_shift(INSN(Psllq, Vpsllq), t, t, 32);
  v3_commutes(kPmuludq, d, a, b);
  v3(kPaddq, d, d, t);
}

// As num::detail::lanes_min: the two one-sided results united (or intersected, for the maximum), the sum where a lane is a NaN.
void X64Masm::min_max_lanes(X64Insn bound, X64Insn unite, X64Insn add, X64Insn compare_insn, Fp d, Fp a, Fp b) {
  v3(bound, t, a, b);
  v3(bound, u, b, a);
  v3(unite, t, t, u);
  v3_imm(compare_insn, u, a, b, 3);  // unordered
  v3_commutes(add, d, a, b);
  if (avx()) return blend(d, d, t, u);
  v3(kPand, d, d, u);
  v3(kPandn, u, u, t);
  v3(kPor, d, d, u);
}

void X64Masm::multiply_bytes(X64Insn extend_low, bool high, Fp d, Fp a, Fp b) {
  if (high) {
    v2_imm(kPshufd, t, a, 0xEE);
    v2_imm(kPshufd, u, b, 0xEE);
    a = t;
    b = u;
  }
  v2(extend_low, t, a);
  v2(extend_low, u, b);
  v3(INSN(Pmullw, Vpmullw), d, t, u);
}
void X64Masm::multiply_words(X64Insn high_product, bool high, Fp d, Fp a, Fp b) {
  v3(INSN(Pmullw, Vpmullw), t, a, b);
  v3(high_product, u, a, b);
  v3(high ? INSN(Punpckhwd, Vpunpckhwd) : INSN(Punpcklwd, Vpunpcklwd), d, t, u);
}
void X64Masm::multiply_dwords(X64Insn multiply_even, bool high, Fp d, Fp a, Fp b) {
  const uint8_t spread = high ? 0xFA : 0x50;
  v2_imm(kPshufd, t, a, spread);
  v2_imm(kPshufd, u, b, spread);
  v3(multiply_even, d, t, u);
}

// Products of odd and of even bytes as words, added with saturation.
void X64Masm::dot_bytes(Fp d, Fp a, Fp b) {
  constexpr X64Insn kPsraw = INSN(Psraw, Vpsraw), kPsllw = INSN(Psllw, Vpsllw), kPmullw = INSN(Pmullw, Vpmullw);
  v_shift(kPsraw, t, a, 8);
  v_shift(kPsraw, u, b, 8);
  v3(kPmullw, t, t, u);
  v_shift(kPsllw, u, b, 8);
  v_shift(kPsraw, u, u, 8);
  v_shift(kPsllw, d, a, 8);
  v_shift(kPsraw, d, d, 8);
  v3(kPmullw, d, d, u);
  v3(INSN(Paddsw, Vpaddsw), d, d, t);
}

void X64Masm::ternary(Opcode op, Fp d, Fp a, Fp b, Fp c) {
  switch (op) {
    case Opcode::v128_bitselect:
    case Opcode::i8x16_relaxed_laneselect:
    case Opcode::i16x8_relaxed_laneselect:
    case Opcode::i32x4_relaxed_laneselect:
    case Opcode::i64x2_relaxed_laneselect:
      v3(kPand, t, a, c);
      v3(kPandn, u, c, b);
      return v3(kPor, d, t, u);
    case Opcode::f32x4_relaxed_madd: v3(INSN(Mulps, Vmulps), t, a, b); return v3(INSN(Addps, Vaddps), d, t, c);
    case Opcode::f64x2_relaxed_madd: v3(INSN(Mulpd, Vmulpd), t, a, b); return v3(INSN(Addpd, Vaddpd), d, t, c);
    case Opcode::f32x4_relaxed_nmadd: v3(INSN(Mulps, Vmulps), t, a, b); return v3(INSN(Subps, Vsubps), d, c, t);
    case Opcode::f64x2_relaxed_nmadd: v3(INSN(Mulpd, Vmulpd), t, a, b); return v3(INSN(Subpd, Vsubpd), d, c, t);
    case Opcode::i32x4_relaxed_dot_i8x16_i7x16_add_s:
      // dot_bytes needs both scratch registers and d, so a summand in d waits on the stack.
      if (d == c) {
        lea(Width::w64, kStack, at(kStack, -16));
        store_fp(FpKind::v128, at(kStack), c);
      }
      dot_bytes(d, a, b);
      v3_constant(kPmaddwd, d, d, splat16(1), splat16(1));
      if (d == c) {
        load_fp(FpKind::v128, t, at(kStack));
        lea(Width::w64, kStack, at(kStack, 16));
        c = t;
      }
      return v3(kPaddd, d, d, c);
    default: return not_implemented(op);
  }
}

}  // namespace arris::masm
