// X64Masm: vector instructions: the forms they come in, and the opcodes that need nothing more.
//
// Legacy SSE overwrites its first operand and wants memory aligned; VEX forms have three operands and do not care. The vN
// functions take the three-operand view and work out the other.
#include "masm/x64_simd.h"

#include "base/check.h"
#include "masm/x64_asmjit.h"

namespace arris::masm {

namespace {

asmjit::x86::Xmm xmm(Fp r) { return asmjit::x86::xmm(r.id); }
asmjit::Imm imm(uint8_t x) { return asmjit::Imm(x); }

}  // namespace

// --- Forms -----------------------------------------------------------------------------------------------------------

// The SSE form works on d: gets `a` there, saving b first where that would destroy it. Returns where b is now.
Fp X64Masm::prepare_sse(Fp d, Fp a, Fp b) {
  if (d == b && d != a) {
    const Fp saved = a == kFpScratch ? kFpScratch2 : kFpScratch;
    move_fp(FpKind::v128, saved, b);
    b = saved;
  }
  move_fp(FpKind::v128, d, a);
  return b;
}

void X64Masm::v2(X64Insn i, Fp d, Fp a) { X64Asmjit::emit(*this, avx() ? i.avx : i.sse, xmm(d), xmm(a)); }
void X64Masm::v2_imm(X64Insn i, Fp d, Fp a, uint8_t immediate) {
  X64Asmjit::emit(*this, avx() ? i.avx : i.sse, xmm(d), xmm(a), imm(immediate));
}
void X64Masm::v3(X64Insn i, Fp d, Fp a, Fp b) {
  if (avx()) return X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), xmm(b));
  b = prepare_sse(d, a, b);
  X64Asmjit::emit(*this, i.sse, xmm(d), xmm(b));
}
void X64Masm::v3_commutes(X64Insn i, Fp d, Fp a, Fp b) { d == b ? v3(i, d, b, a) : v3(i, d, a, b); }
void X64Masm::v3_imm(X64Insn i, Fp d, Fp a, Fp b, uint8_t immediate) {
  if (avx()) return X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), xmm(b), imm(immediate));
  b = prepare_sse(d, a, b);
  X64Asmjit::emit(*this, i.sse, xmm(d), xmm(b), imm(immediate));
}
void X64Masm::v3_constant(X64Insn i, Fp d, Fp a, uint64_t low, uint64_t high) {
  const uint32_t constant = constant16(low, high);
  if (avx()) {
    X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), X64Asmjit::constant_memory());
  } else {
    move_fp(FpKind::v128, d, a);
    X64Asmjit::emit(*this, i.sse, xmm(d), X64Asmjit::constant_memory());
  }
  X64Asmjit::used_constant(*this, constant, 0);
}
void X64Masm::v_shift(X64Insn i, Fp d, Fp a, uint8_t count) {
  if (avx()) return X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), imm(count));
  move_fp(FpKind::v128, d, a);
  X64Asmjit::emit(*this, i.sse, xmm(d), imm(count));
}
void X64Masm::v_insert(X64Insn i, Fp d, Fp a, Gp x, uint8_t lane) {
  const asmjit::x86::Gp source = asmjit::x86::gpq(x.id);
  const bool wide = i.sse == asmjit::x86::Inst::kIdPinsrq;
  const asmjit::x86::Gp sized = wide ? source : source.r32();
  if (avx()) return X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), sized, imm(lane));
  move_fp(FpKind::v128, d, a);
  X64Asmjit::emit(*this, i.sse, xmm(d), sized, imm(lane));
}
uint32_t X64Masm::v_insert_mem(X64Insn i, Fp d, Fp a, Address address, uint8_t lane) {
  if (!avx()) move_fp(FpKind::v128, d, a);
  const uint32_t at = offset();
  if (avx()) {
    X64Asmjit::emit(*this, i.avx, xmm(d), xmm(a), X64Asmjit::memory(address), imm(lane));
  } else {
    X64Asmjit::emit(*this, i.sse, xmm(d), X64Asmjit::memory(address), imm(lane));
  }
  return at;
}
void X64Masm::v_extract(X64Insn i, Gp d, Fp a, uint8_t lane) {
  const bool wide = i.sse == asmjit::x86::Inst::kIdPextrq;
  const asmjit::x86::Gp target = asmjit::x86::gpq(d.id);
  X64Asmjit::emit(*this, avx() ? i.avx : i.sse, wide ? target : target.r32(), xmm(a), imm(lane));
}
uint32_t X64Masm::v_extract_mem(X64Insn i, Address address, Fp a, uint8_t lane) {
  const uint32_t at = offset();
  X64Asmjit::emit(*this, avx() ? i.avx : i.sse, X64Asmjit::memory(address), xmm(a), imm(lane));
  return at;
}
uint32_t X64Masm::v_load(X64Insn i, Fp d, Address address) {
  const uint32_t at = offset();
  X64Asmjit::emit(*this, avx() ? i.avx : i.sse, xmm(d), X64Asmjit::memory(address));
  return at;
}
void X64Masm::v_to_gp(X64Insn i, Gp d, Fp a) {
  X64Asmjit::emit(*this, avx() ? i.avx : i.sse, asmjit::x86::gpd(d.id), xmm(a));
}
void X64Masm::v_test(Fp a, Fp b) { v2(INSN(Ptest, Vptest), a, b); }
void X64Masm::v_zero(Fp d) { v3(INSN(Pxor, Vpxor), d, d, d); }
void X64Masm::v_ones(Fp d) { v3(INSN(Pcmpeqd, Vpcmpeqd), d, d, d); }
void X64Masm::v_constant(Fp d, uint64_t low, uint64_t high) { fp_const(FpKind::v128, d, low, high); }
void X64Masm::v_not(Fp d, Fp a) {
  const Fp ones = a == kFpScratch ? kFpScratch2 : kFpScratch;
  v_ones(ones);
  v3_commutes(INSN(Pxor, Vpxor), d, a, ones);
}

// --- Opcodes by row --------------------------------------------------------------------------------------------------

void X64Masm::unary_vector(Opcode op, Reg d, Reg a) {
  const X64VectorRow& row = x64_vector_row(op);
  switch (row.shape) {
    case X64Shape::unary: return v2(row.insn, d.fp(), a.fp());
    case X64Shape::round: return v2_imm(row.insn, d.fp(), a.fp(), row.parameter);
    case X64Shape::negate: v_zero(kFpScratch); return v3(row.insn, d.fp(), kFpScratch, a.fp());
    case X64Shape::extend_high:
      v2_imm(INSN(Pshufd, Vpshufd), d.fp(), a.fp(), 0xEE);
      return v2(row.insn, d.fp(), d.fp());
    case X64Shape::all_true:
      v_zero(kFpScratch);
      v3(row.insn, kFpScratch, kFpScratch, a.fp());
      move_imm(Width::w32, d.gp(), 0);
      v_test(kFpScratch, kFpScratch);
      return set_condition(X64Cc::e, d.gp(), true);
    default: return unary_vector_sequence(op, d, a);
  }
}

void X64Masm::binary_vector(Opcode op, Fp d, Fp a, Reg right) {
  if (is_vector_shift(op)) return vector_shift(op, d, a, right.gp());
  const X64VectorRow& row = x64_vector_row(op);
  const Fp b = right.fp();
  switch (row.shape) {
    case X64Shape::commutes: return v3_commutes(row.insn, d, a, b);
    case X64Shape::plain: return v3(row.insn, d, a, b);
    case X64Shape::swapped: return v3(row.insn, d, b, a);
    case X64Shape::compare: return v3_imm(row.insn, d, a, b, row.parameter);
    case X64Shape::compare_swapped: return v3_imm(row.insn, d, b, a, row.parameter);
    case X64Shape::inverted: v3(row.insn, d, a, b); return v_not(d, d);
    case X64Shape::inverted_swapped: v3(row.insn, d, b, a); return v_not(d, d);
    case X64Shape::is_bound:
    case X64Shape::is_not_bound: {
      static constexpr X64Insn kEqual[] = {INSN(Pcmpeqb, Vpcmpeqb), INSN(Pcmpeqw, Vpcmpeqw), INSN(Pcmpeqd, Vpcmpeqd)};
      v3(row.insn, kFpScratch, a, b);
      v3_commutes(kEqual[row.parameter], d, a, kFpScratch);
      if (row.shape == X64Shape::is_not_bound) v_not(d, d);
      return;
    }
    case X64Shape::multiply_bytes_low: return multiply_bytes(row.insn, false, d, a, b);
    case X64Shape::multiply_bytes_high: return multiply_bytes(row.insn, true, d, a, b);
    case X64Shape::multiply_words_low: return multiply_words(row.insn, false, d, a, b);
    case X64Shape::multiply_words_high: return multiply_words(row.insn, true, d, a, b);
    case X64Shape::multiply_dwords_low: return multiply_dwords(row.insn, false, d, a, b);
    case X64Shape::multiply_dwords_high: return multiply_dwords(row.insn, true, d, a, b);
    default: return binary_vector_sequence(op, d, a, b);
  }
}

// Home slots are 8-aligned, so only VEX forms can read a vector there.
bool X64Masm::has_vector_mem(Opcode op) const {
  const X64Shape shape = x64_vector_row(op).shape;
  return avx() && (shape == X64Shape::commutes || shape == X64Shape::plain);
}

void X64Masm::binary_vector_mem(Opcode op, Fp d, Fp a, Address b) {
  if (!has_vector_mem(op)) return not_implemented(op);
  X64Asmjit::emit(*this, x64_vector_row(op).insn.avx, xmm(d), xmm(a), X64Asmjit::memory(b));
}

}  // namespace arris::masm
