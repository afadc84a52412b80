// Operations still to come; each makes the error sticky. This file goes away.
#include "masm/x64.h"

namespace arris::masm {

GpSet X64Masm::special_clobbers(Opcode op) {
  const std::string_view m = info(op).mnemonic;
  if (op == Opcode::i64_mul_wide_s || op == Opcode::i64_mul_wide_u) return {kRax, kRdx};
  if (m.find("cmpxchg") != m.npos) return {kRax};
  if (m.find("rmw") != m.npos && (m.find("and") != m.npos || m.find("or") != m.npos)) return {kRax};
  return {};
}
bool X64Masm::is_vector_shift(Opcode op) {
  return info(op).signature == "Vi:V" && info(op).immediates == Immediates::none;
}
bool X64Masm::has_vector_mem(Opcode) const { return false; }
void X64Masm::unary_float(Opcode op, Reg, Reg, TrapSink&) { not_implemented(op); }
void X64Masm::binary_float(Opcode op, Fp, Fp, Fp) { not_implemented(op); }
void X64Masm::binary_float_mem(Opcode op, Reg, Fp, const Address&) { not_implemented(op); }
void X64Masm::select_fp(FpKind, Fp, Gp, Fp, Fp) { not_implemented(Opcode::select); }
void X64Masm::compare_and_select_fp(Opcode op, Reg, Reg, FpKind, Fp, Fp, Fp) { not_implemented(op); }
void X64Masm::unary_vector(Opcode op, Reg, Reg) { not_implemented(op); }
void X64Masm::binary_vector(Opcode op, Fp, Fp, Reg) { not_implemented(op); }
void X64Masm::binary_vector_mem(Opcode op, Fp, Fp, const Address&) { not_implemented(op); }
void X64Masm::vector_shift_imm(Opcode op, Fp, Fp, uint64_t) { not_implemented(op); }
uint32_t X64Masm::load_vector(Opcode op, Fp, const Address&) { return not_implemented(op), 0; }
uint32_t X64Masm::load_lane(Opcode op, Fp, const Address&, Fp, uint8_t) { return not_implemented(op), 0; }
uint32_t X64Masm::store_lane(Opcode op, const Address&, Fp, uint8_t) { return not_implemented(op), 0; }
void X64Masm::ternary(Opcode op, Fp, Fp, Fp, Fp) { not_implemented(op); }
void X64Masm::extract_lane(Opcode op, Reg, Fp, uint8_t) { not_implemented(op); }
void X64Masm::replace_lane(Opcode op, Fp, Fp, Reg, uint8_t) { not_implemented(op); }
void X64Masm::shuffle(Fp, Fp, Fp, const uint8_t[16]) { not_implemented(Opcode::i8x16_shuffle); }
uint32_t X64Masm::atomic_load(Opcode op, Gp, const Address&) { return not_implemented(op), 0; }
uint32_t X64Masm::atomic_store(Opcode op, const Address&, Gp) { return not_implemented(op), 0; }
uint32_t X64Masm::atomic_rmw(Opcode op, Gp, const Address&, Gp) { return not_implemented(op), 0; }
uint32_t X64Masm::atomic_cmpxchg(Opcode op, Gp, const Address&, Gp, Gp) { return not_implemented(op), 0; }
void X64Masm::fence() { not_implemented(Opcode::atomic_fence); }

}  // namespace arris::masm
