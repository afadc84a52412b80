// Operations still to come; each makes the error sticky. This file goes away.
#include "masm/x64.h"

namespace arris::masm {

bool X64Masm::is_vector_shift(Opcode op) {
  return info(op).signature == "Vi:V" && info(op).immediates == Immediates::none;
}
bool X64Masm::has_vector_mem(Opcode) const { return false; }
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

}  // namespace arris::masm
