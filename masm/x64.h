// X64Masm: the machine seam for x86-64. One call per semantic operation; what x86 cannot say in one instruction (three
// operands, large immediates, missing extensions, NaN rules) is worked out here.
//
// For: the baseline compiler (a template over this class and TextMasm, recorder.h; the concept is in seam.h) and the stubs.
//
// Rules for every operation
//  - The destination may be any of the operands; other operands keep their values, except in registers that clobbers(op) names.
//  - clobbers(op): registers the operation may overwrite besides its destination. Operands may lie in them (they are read
//    first); the destination may be one of them; nothing else that lives on may.
//  - Results of width 32 have the upper half of the register zero. Operands of width 32 are read from the low half only, but
//    an Address takes whole registers.
//  - r11, xmm14, xmm15 are scratch; operations marked "scratch ok" also take r11 as an operand.
//  - Operations that touch memory return the offset of the instruction that may fault (the key of the trap's pc map entry);
//    calls return the offset behind the call (the return address).
//  - Flags mean nothing between operations.
//  - Failure is sticky: after !ok() operations do nothing useful, and finish() gives no code. Test once per function.
// Numeric operations are named by wasm opcode and compute exactly what wasm/numeric.h and wasm/simd.h say.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "masm/cpu_features.h"
#include "masm/types.h"
#include "masm/x64_emitter.h"
#include "masm/x64_registers.h"
#include "masm/x64_rows.h"
#include "wasm/opcodes.h"

namespace arris::masm {

class X64Masm : public X64Registers, private X64Emitter {
 public:
  explicit X64Masm(CpuFeatures features);

  // --- The code as a whole -------------------------------------------------------------------------------------------
  void reset();                                 // forgets the code, labels and error; keeps the memory
  bool ok() const { return X64Emitter::ok(); }  // no operation has failed so far
  std::string_view error() const { return X64Emitter::error(); }
  uint32_t offset() const { return X64Emitter::offset(); }  // where the next instruction goes
  bool
  finish();  // appends rare cases, constants and tables, resolves references; true if ok(). Trap labels are bound before.
  std::span<const uint8_t> code() const;  // after finish: position-independent, to be placed 16-aligned
  uint32_t instruction_bytes() const { return instruction_bytes_; }  // after finish: what of code() is instructions
  CpuFeatures features() const { return features_; }

  // --- Labels --------------------------------------------------------------------------------------------------------
  Label new_label() { return X64Emitter::new_label(); }
  void bind(Label label) { X64Emitter::bind(label); }  // here; once per label
  bool is_bound(Label label) const { return X64Emitter::is_bound(label); }
  uint32_t offset_of(Label label) const { return X64Emitter::offset_of(label); }  // of a bound one
  void align(uint32_t bytes);                                                     // with nops; a power of two up to 64

  // --- Moves ---------------------------------------------------------------------------------------------------------
  void move(Width width, Gp d, Gp s) {  // scratch ok. w32 zero-extends (also when d == s)
    if (d != s || width == Width::w32) rr({.opcode = 0x8B}, width == Width::w64, d.id, s.id);
  }
  void move_imm(Width width, Gp d, uint64_t value);  // scratch ok
  void move_fp(FpKind kind, Fp d, Fp s);
  void fp_const(FpKind kind, Fp d, uint64_t low, uint64_t high = 0);  // the bits of a constant (high: v128 only)
  void move_gp_to_fp(Width width, Fp d, Gp s);                        // bits; the rest of d becomes zero
  void move_fp_to_gp(Width width, Gp d, Fp s);                        // bits
  void swap(Gp a, Gp b);
  void swap_fp(Fp a, Fp b);

  // --- Memory --------------------------------------------------------------------------------------------------------
  // Every wasm load and store by opcode, vectors too; lane forms apart. Extension is part of the load. (Scratch ok for s of
  // integer stores and as base.)
  uint32_t load(Opcode op, Reg d, Address address) {
    const unsigned index = static_cast<unsigned>(op) - static_cast<unsigned>(Opcode::i32_load);
    if (index >= kScalarLoads) return load_vector(op, d.fp(), address);
    const uint32_t at = offset();
    rm(kLoadForms[index], d.fp().id, address);  // or a general register's
    return at;
  }
  uint32_t store(Opcode op, Address address, Reg s) {
    const unsigned index = static_cast<unsigned>(op) - static_cast<unsigned>(Opcode::i32_store);
    if (index >= kScalarStores) return store_fp(FpKind::v128, address, s.fp());
    const uint32_t at = offset();
    rm(kStoreForms[index], s.fp().id, address);
    return at;
  }
  uint32_t store_imm(Opcode op, Address address, uint64_t value);            // integer stores; value by its bits
  uint32_t load_lane(Opcode op, Fp d, Address address, Fp v, uint8_t lane);  // v128.loadN_lane
  uint32_t store_lane(Opcode op, Address address, Fp v, uint8_t lane);       // v128.storeN_lane
  // Slots and structure fields.
  uint32_t load_gp(Width width, Gp d, Address address) {  // scratch ok
    const uint32_t at = offset();
    rm({.opcode = 0x8B}, width == Width::w64, d.id, address);
    return at;
  }
  uint32_t store_gp(Width width, Address address, Gp s) {  // scratch ok
    const uint32_t at = offset();
    rm({.opcode = 0x89}, width == Width::w64, s.id, address);
    return at;
  }
  uint32_t load_fp(FpKind kind, Fp d, Address address);
  uint32_t store_fp(FpKind kind, Address address, Fp s);
  void store_slot_imm(Address address, uint64_t value);  // 8 bytes
  void copy_slot(Address to, Address from);              // 8 bytes, through scratch
  void copy_slot_pair(Address to, Address from);         // 16 bytes, through scratch
  void lea(Width width, Gp d, Address address) {         // scratch ok; the sum, cut to width
    if (!address.index.valid() && address.displacement == 0) return move(width, d, address.base);
    rm({.opcode = 0x8D}, width == Width::w64, d.id, address);
  }
  void add_to_memory(Width width, Address address, int32_t value);  // [address] += value (counters)

  // --- Numeric operations by opcode ----------------------------------------------------------------------------------
  GpSet clobbers(Opcode op) const;
  GpSet clobbers_imm(Opcode op, uint64_t b) const;  // of binary_imm: often nothing
  // Operand counts are the signature's. `traps` is asked for a label only by div, rem and the trapping truncations.
  void unary(Opcode op, Reg d, Reg a, TrapSink& traps);
  void binary(Opcode op, Reg d, Reg a, Reg b, TrapSink& traps);  // includes comparisons (d = 0 or 1) and vector shifts
  void ternary(Opcode op, Fp d, Fp a, Fp b, Fp c);               // bitselect, relaxed madd, laneselect, dot_add
  // The same with a constant second operand: i32 and i64 binaries and comparisons of every kind, vector shifts. All values
  // are accepted: large ones go through scratch, multiplication and division by constants are reduced in strength.
  static bool has_imm(Opcode op);
  void binary_imm(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps);
  // The same with the second operand in its home slot (v128: a pair of slots); for scalars and those vectors x86 can. The
  // address must not use d.
  bool has_mem(Opcode op) const;
  void binary_mem(Opcode op, Reg d, Reg a, Address b);
  void extract_lane(Opcode op, Reg d, Fp a, uint8_t lane);
  void replace_lane(Opcode op, Fp d, Fp a, Reg x, uint8_t lane);
  void shuffle(Fp d, Fp a, Fp b, const uint8_t lanes[16]);
  // i64.add128 and i64.sub128; low and high are distinct and may be any of the operands.
  void wide_add_sub(Opcode op, Gp low, Gp high, Gp a_low, Gp a_high, Gp b_low, Gp b_high);
  void wide_mul(Opcode op, Gp low, Gp high, Gp a, Gp b);  // i64.mul_wide_s and _u; see clobbers(op)

  // --- Comparisons that branch or choose -----------------------------------------------------------------------------
  static bool is_compare(Opcode op);  // i32, i64, f32, f64 comparisons with two operands
  // Jumps if the comparison holds (negate: if it does not). Any comparison opcode, i32.eqz and i64.eqz apart (branch_zero).
  void compare_and_branch(Opcode op, Reg a, Reg b, Label target, bool negate = false);
  void compare_and_branch_imm(Opcode op, Gp a, uint64_t b, Label target, bool negate = false);
  void compare_and_branch_mem(Opcode op, Reg a, Address b, Label target, bool negate = false);
  void branch_zero(Width width, Gp a, Label target, bool negate = false);  // scratch ok. negate: branch if not zero
  // The compiler's own checks. Scratch ok, with constants that fit 32 bits, sign-extended.
  void branch(Width width, Cond cond, Gp a, Gp b, Label target);
  void branch_imm(Width width, Cond cond, Gp a, uint64_t b, Label target);
  void branch_mem(Width width, Cond cond, Gp a, Address b, Label target);
  void branch_mem_imm(Width width, Cond cond, Address a, int32_t b, Label target);
  void branch_bits(Gp a, uint32_t mask, Label target, bool if_zero);   // tests a & mask (its low 32 bits)
  void add_imm_branch_carry(Gp d, Gp a, uint64_t value, Label carry);  // 64-bit d = a + value; jumps on overflow
  // d = condition != 0 ? a : b. Any kind by register; Width of integers and references w64 unless known to be i32.
  void select(Width width, Gp d, Gp condition, Gp a, Gp b);
  void select_fp(FpKind kind, Fp d, Gp condition, Fp a, Fp b);
  // d = comparison(x, y) ? a : b
  void compare_and_select(Opcode op, Reg x, Reg y, Width width, Gp d, Gp a, Gp b);
  void compare_and_select_imm(Opcode op, Gp x, uint64_t y, Width width, Gp d, Gp a, Gp b);
  void compare_and_select_fp(Opcode op, Reg x, Reg y, FpKind kind, Fp d, Fp a, Fp b);

  // --- Atomics (sequentially consistent; the compiler has checked alignment) -----------------------------------------
  uint32_t atomic_load(Opcode op, Gp d, Address address);
  uint32_t atomic_store(Opcode op, Address address, Gp s);
  // and, or, xor: neither s nor the address may use registers of clobbers(op).
  uint32_t atomic_rmw(Opcode op, Gp d, Address address, Gp s);
  // The address must not use registers of clobbers(op).
  uint32_t atomic_cmpxchg(Opcode op, Gp d, Address address, Gp expected, Gp replacement);
  void fence();

  // --- Control -------------------------------------------------------------------------------------------------------
  void jump(Label target);
  void jump_reg(Gp target);       // scratch ok
  void jump_mem(Address target);  // through the pointer there
  void jump_table(Gp index,
                  std::span<const Label> targets);  // index (64-bit clean) is below targets.size(); is clobbered
  uint32_t call_mem(Address target) {               // through the pointer there
    rm({.opcode = 0xFF}, false, 2, target);
    return offset();
  }
  uint32_t call_reg(Gp target);  // scratch ok
  uint32_t call_label(Label target);
  void label_address(Gp d, Label label);  // scratch ok: the absolute address of a place in this code
  void push(Gp r);
  void pop(Gp r);
  void ret();
  // A cold path's body: hands `code` to the stub whose pointer lies at `stub` and never comes back. Returns as calls do.
  uint32_t trap(TrapCode code, Address stub);
  void unreachable();  // faults: control never comes here

 private:
  bool avx() const { return features_.has(CpuFeature::avx); }
  [[gnu::cold]] void not_implemented(Opcode op) { fail("not implemented: ", info(op).mnemonic); }

  void move_imm_keeping_flags(Gp d, uint64_t value);
  void move_imm_large(Gp d, uint64_t value);
  // Scalar loads and stores by opcode, from the first of each kind on.
  static constexpr unsigned kScalarLoads = 14, kScalarStores = 9;
  static const MemoryForm kLoadForms[kScalarLoads], kStoreForms[kScalarStores];
  uint32_t store_imm64(Address address, uint64_t value);

  // Integers (x64_int.cc, x64_divide.cc). `code` is the ModRM extension that selects the operation (x64_rows.h).
  static GpSet special_clobbers(Opcode op);
  void binary_imm_by_family(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps);
  void alu(Width width, uint8_t code, Gp d, Gp a, Gp b);
  void alu_imm(Width width, uint8_t code, Gp d, Gp a, uint64_t b);
  void alu_imm_large(Width width, uint8_t code, Gp d, Gp a, uint64_t b);
  void alu_imm_moving(Width width, uint8_t code, Gp d, Gp a, int32_t b);
  void alu_in_place(Width width, uint8_t code, Gp d, Gp b);
  void alu_imm_in_place(Width width, uint8_t code, Gp d, int32_t b);
  void multiply(Width width, Gp d, Gp a, Gp b);
  void multiply_imm(Width width, Gp d, Gp a, uint64_t b);
  void shift(Width width, uint8_t code, Gp d, Gp a, Gp count);
  void shift_imm(Width width, uint8_t code, Gp d, Gp a, uint8_t count);
  void divide(Width width, bool is_signed, bool remainder, Gp d, Gp a, Gp b, TrapSink& traps);
  void divide_unchecked(Width width, bool is_signed, Gp a, Gp divisor);
  void divide_imm(Width width, bool is_signed, bool remainder, Gp d, Gp a, uint64_t b, TrapSink& traps);
  void divide_by_multiplying_32(bool is_signed, bool remainder, Gp d, Gp a, uint64_t b);
  void divide_by_multiplying_64(bool is_signed, bool remainder, Gp d, Gp a, uint64_t b);
  void add_sign_bit(Width width, Gp d, Gp a);
  void divide_power_of_two(Width width, bool remainder, Gp d, Gp a, unsigned log2);
  void count_bits(Width width, uint8_t which, Gp d, Gp a);
  void population_count(Width width, Gp d, Gp a);
  void extend(uint8_t how, Gp d, Gp a);
  void move_result(Width width, Gp d, Gp s);

  // Comparisons (x64_compare.cc): they set the flags; the caller looks at a condition.
  void compare(Width width, Gp a, Gp b);
  void compare_imm(Width width, Gp a, uint64_t b);
  void compare_mem(Width width, Gp a, Address b);
  void set_condition(X64Cc cc, Gp d, bool is_zero);
  void set_zero(Width width, Gp d, Gp a);
  void set_compare(Opcode op, Gp d, Reg a, Reg b);
  void set_float_compare(X64Row row, Gp d);
  void choose(X64Cc cc, Width width, Gp d, Gp a, Gp b);
  void compare_floats(X64Row row, Fp a, Fp b);
  void compare_floats_mem(X64Row row, Fp a, Address b);
  void branch_float(X64Row row, Label target, bool negate);

  // Floats (x64_float.cc).
  void unary_float(Opcode op, Reg d, Reg a, TrapSink& traps);
  void binary_float(Opcode op, Fp d, Fp a, Fp b);
  void binary_float_mem(Opcode op, Reg d, Fp a, Address b);

  void fp3(X64Op op, Fp d, Fp a, Fp b);
  void fp3_constant(X64Op op, Fp d, Fp a, uint32_t constant);
  void fp3_mem(X64Op op, Fp d, Fp a, Address b);
  void fp2(X64Op op, Fp d, Fp a);
  void min_max(const X64Row& row, Fp d, Fp a, Fp b);
  void convert(FpKind kind, uint8_t from, Fp d, Gp a);
  void convert_signed(FpKind kind, bool w, Fp d, Gp a);
  void truncate(const X64Row& row, Gp d, Fp a, TrapSink* traps);
  void truncate_signed(FpKind kind, bool w, Gp d, Fp a);
  void compare_with_constant(FpKind kind, Fp a, double value);
  void convert_upper_half(FpKind kind, Gp d, Fp a);
  void set_top_bit(Gp d);
  void blend(Fp d, Fp a, Fp b, Fp mask);
  void spread_mask(FpKind selected, FpKind lane);
  void choose_fp(X64Cc cc, Fp d, Fp a, Fp b);
  // The rare cases of a float operation, emitted by finish() behind the code.
  struct ColdPath {
    X64Row row;
    Label entry;
    Label back;
    Fp a;
    Fp b{};
    Reg d{};
    Gp source{};
    Label invalid{};
    Label overflow{};
  };
  ColdPath cold_path(const X64Row& row, Fp a);
  void emit_cold_paths();
  void cold_min_max(const ColdPath& path);
  void cold_convert(const ColdPath& path);
  void cold_truncate(const ColdPath& path);
  void cold_saturate(const ColdPath& path);

  // Atomics (x64_atomic.cc).
  void zero_extend(uint8_t size_log2, Gp d, Gp s);
  void lock();
  uint32_t atomic_rmw_loop(uint8_t code, uint8_t size, Gp d, Address address, Gp s);

  // Vectors: the forms of instructions and the table's opcodes (x64_simd.cc).
  Fp prepare_sse(Fp d, Fp a, Fp b);
  void v2(X64Insn i, Fp d, Fp a);
  void v2_imm(X64Insn i, Fp d, Fp a, uint8_t immediate);
  void v3(X64Insn i, Fp d, Fp a, Fp b);
  void v3_commutes(X64Insn i, Fp d, Fp a, Fp b);
  void v3_imm(X64Insn i, Fp d, Fp a, Fp b, uint8_t immediate);
  void v3_constant(X64Insn i, Fp d, Fp a, uint64_t low, uint64_t high);
  void v_shift(X64Insn i, Fp d, Fp a, uint8_t count);
  void v_insert(X64Insn i, Fp d, Fp a, Gp x, uint8_t lane);
  uint32_t v_insert_mem(X64Insn i, Fp d, Fp a, Address address, uint8_t lane);
  void v_extract(X64Insn i, Gp d, Fp a, uint8_t lane);
  uint32_t v_extract_mem(X64Insn i, Address address, Fp a, uint8_t lane);
  uint32_t v_load(X64Insn i, Fp d, Address address);
  void v_to_gp(X64Insn i, Gp d, Fp a);
  void v_test(Fp a, Fp b);
  void v_zero(Fp d);
  void v_ones(Fp d);
  void v_constant(Fp d, uint64_t low, uint64_t high);
  void v_not(Fp d, Fp a);
  void unary_vector(Opcode op, Reg d, Reg a);
  void binary_vector(Opcode op, Fp d, Fp a, Reg b);
  bool has_vector_mem(Opcode op) const;
  void binary_vector_mem(Opcode op, Fp d, Fp a, Address b);
  // Sequences (x64_simd_ops.cc).
  void unary_vector_sequence(Opcode op, Reg d, Reg a);
  void binary_vector_sequence(Opcode op, Fp d, Fp a, Fp b);
  void convert_vector(Opcode op, Fp d, Fp a);
  void truncate_f32x4_u(Fp d, Fp a);
  void popcount_bytes(Fp d, Fp a);
  void multiply_i64x2(Fp d, Fp a, Fp b);
  void min_max_lanes(X64Insn bound, X64Insn unite, X64Insn add, X64Insn compare_insn, Fp d, Fp a, Fp b);
  void multiply_bytes(X64Insn extend_low, bool high, Fp d, Fp a, Fp b);
  void multiply_words(X64Insn high_product, bool high, Fp d, Fp a, Fp b);
  void multiply_dwords(X64Insn multiply_even, bool high, Fp d, Fp a, Fp b);
  void dot_bytes(Fp d, Fp a, Fp b);
  // Lanes (x64_simd_lanes.cc).
  void spread_lane(unsigned size_log2, Fp d);
  void splat(Opcode op, Fp d, Reg a);
  uint32_t load_vector(Opcode op, Fp d, Address address);
  static bool is_vector_shift(Opcode op);
  void vector_shift(Opcode op, Fp d, Fp a, Gp count);
  void vector_shift_imm(Opcode op, Fp d, Fp a, uint64_t count);
  bool shuffle_in_one(Fp d, Fp a, Fp b, const uint8_t lanes[16]);

  const CpuFeatures features_;
  std::vector<ColdPath> cold_paths_;
};

}  // namespace arris::masm
