// The machine seam as a concept: every operation a Masm must have, so that a compiler written over it compiles for all of them.
// What the operations mean is said in x64.h, beside their declarations. What every machine promises, so that nobody asks: i32 and
// i64 binaries have immediates of any value; divisions and remainders apart, those clobber nothing, nor do additions,
// subtractions, multiplications, and, or, xor and comparisons of registers.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "masm/cpu_features.h"
#include "masm/types.h"
#include "wasm/opcodes.h"

namespace arris::masm {

// Who owns which register.
template <class M>
concept MasmRegisters = requires {
  { M::kInstance } -> std::convertible_to<Gp>;
  { M::kMemoryBase } -> std::convertible_to<Gp>;
  { M::kLocals } -> std::convertible_to<Gp>;
  { M::kStack } -> std::convertible_to<Gp>;
  { M::kScratch } -> std::convertible_to<Gp>;
  { M::kFpScratch } -> std::convertible_to<Fp>;
  { M::kAllocatableGp } -> std::convertible_to<GpSet>;
  { M::kAllocatableFp } -> std::convertible_to<FpSet>;
  { M::kGpArguments[0] } -> std::convertible_to<Gp>;
  { M::kFpArguments[0] } -> std::convertible_to<Fp>;
  { M::kArgumentBase } -> std::convertible_to<Gp>;
  { M::kCallee } -> std::convertible_to<Gp>;
  { M::kGpResult } -> std::convertible_to<Gp>;
  { M::kGpResult2 } -> std::convertible_to<Gp>;
  { M::kFpResult } -> std::convertible_to<Fp>;
};

template <class M>
concept MasmSeam = MasmRegisters<M> && std::constructible_from<M, CpuFeatures> &&
                   requires(M m, Gp gp, Fp fp, Reg reg, Address address, Width width, FpKind kind, Cond cond, Opcode op,
                            Label label, TrapSink& traps, uint64_t u64, uint32_t u32, int32_t i32, uint8_t u8,
                            bool flag, const uint8_t* bytes, std::span<const Label> labels, TrapCode trap_code) {
                     { m.error() } -> std::same_as<std::string_view>;
                     { m.code() } -> std::same_as<std::span<const uint8_t>>;
                     { m.features() } -> std::same_as<CpuFeatures>;
                     m.reset();
                     { m.ok() } -> std::same_as<bool>;
                     { m.offset() } -> std::same_as<uint32_t>;
                     { m.finish() } -> std::same_as<bool>;
                     { m.instruction_bytes() } -> std::same_as<uint32_t>;
                     { m.new_label() } -> std::same_as<Label>;
                     m.bind(label);
                     { m.is_bound(label) } -> std::same_as<bool>;
                     { m.offset_of(label) } -> std::same_as<uint32_t>;
                     m.align(u32);
                     m.move(width, gp, gp);
                     m.move_imm(width, gp, u64);
                     m.move_fp(kind, fp, fp);
                     m.fp_const(kind, fp, u64, u64);
                     m.move_gp_to_fp(width, fp, gp);
                     m.move_fp_to_gp(width, gp, fp);
                     m.swap(gp, gp);
                     m.swap_fp(fp, fp);
                     { m.load(op, reg, address) } -> std::same_as<uint32_t>;
                     { m.store(op, address, reg) } -> std::same_as<uint32_t>;
                     { m.store_imm(op, address, u64) } -> std::same_as<uint32_t>;
                     { m.load_lane(op, fp, address, fp, u8) } -> std::same_as<uint32_t>;
                     { m.store_lane(op, address, fp, u8) } -> std::same_as<uint32_t>;
                     { m.load_gp(width, gp, address) } -> std::same_as<uint32_t>;
                     { m.store_gp(width, address, gp) } -> std::same_as<uint32_t>;
                     { m.load_fp(kind, fp, address) } -> std::same_as<uint32_t>;
                     { m.store_fp(kind, address, fp) } -> std::same_as<uint32_t>;
                     m.store_slot_imm(address, u64);
                     m.copy_slot(address, address);
                     m.copy_slot_pair(address, address);
                     m.lea(width, gp, address);
                     m.add_to_memory(width, address, i32);
                     { m.clobbers(op) } -> std::same_as<GpSet>;
                     { m.clobbers_imm(op, u64) } -> std::same_as<GpSet>;
                     m.unary(op, reg, reg, traps);
                     m.binary(op, reg, reg, reg, traps);
                     m.ternary(op, fp, fp, fp, fp);
                     { m.has_imm(op) } -> std::same_as<bool>;
                     m.binary_imm(op, reg, reg, u64, traps);
                     { m.has_mem(op) } -> std::same_as<bool>;
                     m.binary_mem(op, reg, reg, address);
                     m.extract_lane(op, reg, fp, u8);
                     m.replace_lane(op, fp, fp, reg, u8);
                     m.shuffle(fp, fp, fp, bytes);
                     m.wide_add_sub(op, gp, gp, gp, gp, gp, gp);
                     m.wide_mul(op, gp, gp, gp, gp);
                     { m.is_compare(op) } -> std::same_as<bool>;
                     m.compare_and_branch(op, reg, reg, label, flag);
                     m.compare_and_branch_imm(op, gp, u64, label, flag);
                     m.compare_and_branch_mem(op, reg, address, label, flag);
                     m.branch_zero(width, gp, label, flag);
                     m.branch(width, cond, gp, gp, label);
                     m.branch_imm(width, cond, gp, u64, label);
                     m.branch_mem(width, cond, gp, address, label);
                     m.branch_mem_imm(width, cond, address, i32, label);
                     m.branch_bits(gp, u32, label, flag);
                     m.add_imm_branch_carry(gp, gp, u64, label);
                     m.select(width, gp, gp, gp, gp);
                     m.select_fp(kind, fp, gp, fp, fp);
                     m.compare_and_select(op, reg, reg, width, gp, gp, gp);
                     m.compare_and_select_imm(op, gp, u64, width, gp, gp, gp);
                     m.compare_and_select_fp(op, reg, reg, kind, fp, fp, fp);
                     { m.atomic_load(op, gp, address) } -> std::same_as<uint32_t>;
                     { m.atomic_store(op, address, gp) } -> std::same_as<uint32_t>;
                     { m.atomic_rmw(op, gp, address, gp) } -> std::same_as<uint32_t>;
                     { m.atomic_cmpxchg(op, gp, address, gp, gp) } -> std::same_as<uint32_t>;
                     m.fence();
                     m.jump(label);
                     m.jump_reg(gp);
                     m.jump_mem(address);
                     m.jump_table(gp, labels);
                     { m.call_mem(address) } -> std::same_as<uint32_t>;
                     { m.call_reg(gp) } -> std::same_as<uint32_t>;
                     { m.call_label(label) } -> std::same_as<uint32_t>;
                     m.label_address(gp, label);
                     m.push(gp);
                     m.pop(gp);
                     m.ret();
                     { m.trap(trap_code, address) } -> std::same_as<uint32_t>;
                     m.unreachable();
                   };

}  // namespace arris::masm
