// TextMasm: the machine seam as text, one line per operation. The same interface as X64Masm (seam.h checks that), so a compiler
// instantiated over it shows what it would have said to the machine.
//
// For: golden tests of compilers. A line is the operation, the opcode where there is one, then operands: "i32.add rax, rdi, rsi",
// "load i32.load8_u rcx, [r14 + rdi + 16]", "branch lt_u.w32 rax, 7 -> L2". Offsets are line numbers, so that metadata made from
// them (return addresses, landing pads) stays readable.
// Invariant: asks for trap labels exactly when X64Masm does, and answers questions (has_imm, has_mem, clobbers) as it does.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "masm/cpu_features.h"
#include "masm/types.h"
#include "masm/x64.h"
#include "masm/x64_registers.h"
#include "wasm/opcodes.h"

namespace arris::masm {

class TextMasm : public X64Registers {
 public:
  explicit TextMasm(CpuFeatures features) : rules_(features) {}
  const std::string& text() const { return text_; }

  void reset();
  bool ok() const { return error_.empty(); }
  std::string_view error() const { return error_; }
  uint32_t offset() const { return lines_; }
  bool finish();  // fails if a label that is jumped to is not bound
  std::span<const uint8_t> code() const { return {reinterpret_cast<const uint8_t*>(text_.data()), text_.size()}; }
  uint32_t instruction_bytes() const { return lines_; }
  CpuFeatures features() const { return rules_.features(); }

  Label new_label();
  void bind(Label label);
  bool is_bound(Label label) const { return labels_[label.id].offset >= 0; }
  uint32_t offset_of(Label label) const { return static_cast<uint32_t>(labels_[label.id].offset); }
  void align(uint32_t bytes);

  void move(Width width, Gp d, Gp s);
  void move_imm(Width width, Gp d, uint64_t value);
  void move_fp(FpKind kind, Fp d, Fp s);
  void fp_const(FpKind kind, Fp d, uint64_t low, uint64_t high = 0);
  void move_gp_to_fp(Width width, Fp d, Gp s);
  void move_fp_to_gp(Width width, Gp d, Fp s);
  void swap(Gp a, Gp b);
  void swap_fp(Fp a, Fp b);

  uint32_t load(Opcode op, Reg d, Address address);
  uint32_t store(Opcode op, Address address, Reg s);
  uint32_t store_imm(Opcode op, Address address, uint64_t value);
  uint32_t load_lane(Opcode op, Fp d, Address address, Fp v, uint8_t lane);
  uint32_t store_lane(Opcode op, Address address, Fp v, uint8_t lane);
  uint32_t load_gp(Width width, Gp d, Address address);
  uint32_t store_gp(Width width, Address address, Gp s);
  uint32_t load_fp(FpKind kind, Fp d, Address address);
  uint32_t store_fp(FpKind kind, Address address, Fp s);
  void store_slot_imm(Address address, uint64_t value);
  void copy_slot(Address to, Address from);
  void copy_slot_pair(Address to, Address from);
  void lea(Width width, Gp d, Address address);
  void add_to_memory(Width width, Address address, int32_t value);

  GpSet clobbers(Opcode op) const { return rules_.clobbers(op); }
  GpSet clobbers_imm(Opcode op, uint64_t b) const { return rules_.clobbers_imm(op, b); }
  void unary(Opcode op, Reg d, Reg a, TrapSink& traps);
  void binary(Opcode op, Reg d, Reg a, Reg b, TrapSink& traps);
  void ternary(Opcode op, Fp d, Fp a, Fp b, Fp c);
  static bool has_imm(Opcode op) { return X64Masm::has_imm(op); }
  void binary_imm(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps);
  bool has_mem(Opcode op) const { return rules_.has_mem(op); }
  void binary_mem(Opcode op, Reg d, Reg a, Address b);
  void extract_lane(Opcode op, Reg d, Fp a, uint8_t lane);
  void replace_lane(Opcode op, Fp d, Fp a, Reg x, uint8_t lane);
  void shuffle(Fp d, Fp a, Fp b, const uint8_t lanes[16]);
  void wide_add_sub(Opcode op, Gp low, Gp high, Gp a_low, Gp a_high, Gp b_low, Gp b_high);
  void wide_mul(Opcode op, Gp low, Gp high, Gp a, Gp b);

  static bool is_compare(Opcode op) { return X64Masm::is_compare(op); }
  void compare_and_branch(Opcode op, Reg a, Reg b, Label target, bool negate = false);
  void compare_and_branch_imm(Opcode op, Gp a, uint64_t b, Label target, bool negate = false);
  void compare_and_branch_mem(Opcode op, Reg a, Address b, Label target, bool negate = false);
  void branch_zero(Width width, Gp a, Label target, bool negate = false);
  void branch(Width width, Cond cond, Gp a, Gp b, Label target);
  void branch_imm(Width width, Cond cond, Gp a, uint64_t b, Label target);
  void branch_mem(Width width, Cond cond, Gp a, Address b, Label target);
  void branch_mem_imm(Width width, Cond cond, Address a, int32_t b, Label target);
  void branch_bits(Gp a, uint32_t mask, Label target, bool if_zero);
  void add_imm_branch_carry(Gp d, Gp a, uint64_t value, Label carry);
  void select(Width width, Gp d, Gp condition, Gp a, Gp b);
  void select_fp(FpKind kind, Fp d, Gp condition, Fp a, Fp b);
  void compare_and_select(Opcode op, Reg x, Reg y, Width width, Gp d, Gp a, Gp b);
  void compare_and_select_imm(Opcode op, Gp x, uint64_t y, Width width, Gp d, Gp a, Gp b);
  void compare_and_select_fp(Opcode op, Reg x, Reg y, FpKind kind, Fp d, Fp a, Fp b);

  uint32_t atomic_load(Opcode op, Gp d, Address address);
  uint32_t atomic_store(Opcode op, Address address, Gp s);
  uint32_t atomic_rmw(Opcode op, Gp d, Address address, Gp s);
  uint32_t atomic_cmpxchg(Opcode op, Gp d, Address address, Gp expected, Gp replacement);
  void fence();

  void jump(Label target);
  void jump_reg(Gp target);
  void jump_mem(Address target);
  void jump_table(Gp index, std::span<const Label> targets);
  uint32_t call_mem(Address target);
  uint32_t call_reg(Gp target);
  uint32_t call_label(Label target);
  void label_address(Gp d, Label label);
  void push(Gp r);
  void pop(Gp r);
  void ret();
  uint32_t trap(TrapCode code, Address stub);
  void unreachable();

 private:
  struct LabelState {
    int32_t offset = -1;
    bool used = false;
  };

  // One line: the operation, then its operands with commas. Returns the line's number.
  template <class... Operands>
  uint32_t line(std::string_view operation, const Operands&... operands);
  std::string target(Label label);  // " -> L1", noting the use
  std::string traps_of(Opcode op, TrapSink& traps);
  std::string traps_of_imm(Opcode op, uint64_t b, TrapSink& traps);

  X64Masm rules_;  // only asked, never written to
  std::string text_;
  std::string error_;
  uint32_t lines_ = 0;
  std::vector<LabelState> labels_;
};

}  // namespace arris::masm
