// The vocabulary of the machine seam: registers, register sets, widths, conditions, addresses, labels.
//
// For: compilers (which are templates over a Masm and name no machine) and the Masms themselves (x64.h, recorder.h).
// Invariant: everything here is a trivial value of at most 16 bytes, passed in registers.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

#include "wasm/trap.h"

namespace arris::masm {

// A general-purpose register by its number on the machine.
struct Gp {
  uint8_t id = kNone;
  static constexpr uint8_t kNone = 0xFF;
  constexpr bool valid() const { return id != kNone; }
  friend constexpr bool operator==(Gp, Gp) = default;
};

// A floating-point and vector register.
struct Fp {
  uint8_t id = kNone;
  static constexpr uint8_t kNone = 0xFF;
  constexpr bool valid() const { return id != kNone; }
  friend constexpr bool operator==(Fp, Fp) = default;
};

// Either kind, for operations chosen by opcode: the opcode's signature says which kind each operand is.
class Reg {
 public:
  constexpr Reg() = default;
  constexpr Reg(Gp r) : code_(r.id) {}                                 // NOLINT(google-explicit-constructor)
  constexpr Reg(Fp r) : code_(static_cast<uint8_t>(r.id | kFpBit)) {}  // NOLINT(google-explicit-constructor)
  // By a number that counts both kinds: general-purpose registers below 16, the others from there on.
  static constexpr Reg numbered(uint8_t number) {
    Reg r;
    r.code_ = number;
    return r;
  }
  constexpr bool valid() const { return code_ != Gp::kNone; }
  constexpr bool is_fp() const { return (code_ & kFpBit) && valid(); }
  constexpr Gp gp() const { return Gp{code_}; }
  constexpr Fp fp() const { return Fp{static_cast<uint8_t>(code_ & ~kFpBit)}; }
  friend constexpr bool operator==(Reg, Reg) = default;

 private:
  static constexpr uint8_t kFpBit = 0x10;
  uint8_t code_ = Gp::kNone;
};

// A set of registers of one kind, as bits.
template <class R>
class RegSet {
 public:
  constexpr RegSet() = default;
  constexpr RegSet(std::initializer_list<R> registers) {
    for (R r : registers) add(r);
  }
  static constexpr RegSet from_bits(uint32_t bits) {
    RegSet set;
    set.bits_ = bits;
    return set;
  }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr int size() const { return std::popcount(bits_); }
  constexpr bool has(R r) const { return bits_ >> r.id & 1; }
  constexpr void add(R r) { bits_ |= uint32_t{1} << r.id; }
  constexpr void remove(R r) { bits_ &= ~(uint32_t{1} << r.id); }
  constexpr R first() const { return R{static_cast<uint8_t>(std::countr_zero(bits_))}; }  // of a set that is not empty
  constexpr R take_first() {
    const R r = first();
    bits_ &= bits_ - 1;
    return r;
  }
  friend constexpr RegSet operator|(RegSet a, RegSet b) { return from_bits(a.bits_ | b.bits_); }
  friend constexpr RegSet operator&(RegSet a, RegSet b) { return from_bits(a.bits_ & b.bits_); }
  friend constexpr RegSet operator-(RegSet a, RegSet b) { return from_bits(a.bits_ & ~b.bits_); }
  friend constexpr bool operator==(RegSet, RegSet) = default;

 private:
  uint32_t bits_ = 0;
};
using GpSet = RegSet<Gp>;
using FpSet = RegSet<Fp>;

enum class Width : uint8_t { w32, w64 };
enum class FpKind : uint8_t { f32, f64, v128 };

// Orderings of integers. Floats are compared by wasm opcode, because a NaN makes "not less" differ from "greater or equal".
enum class Cond : uint8_t { eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u };

constexpr Cond negated(Cond c) {
  constexpr Cond kNegated[] = {Cond::ne,   Cond::eq,   Cond::ge_s, Cond::ge_u, Cond::le_s,
                               Cond::le_u, Cond::gt_s, Cond::gt_u, Cond::lt_s, Cond::lt_u};
  return kNegated[static_cast<unsigned>(c)];
}
// The condition that holds for (b, a) exactly when c holds for (a, b).
constexpr Cond swapped(Cond c) {
  constexpr Cond kSwapped[] = {Cond::eq,   Cond::ne,   Cond::gt_s, Cond::gt_u, Cond::lt_s,
                               Cond::lt_u, Cond::ge_s, Cond::ge_u, Cond::le_s, Cond::le_u};
  return kSwapped[static_cast<unsigned>(c)];
}

// base + (index << scale_log2) + displacement. The index is a whole 64-bit register: a 32-bit guest address must have its
// upper half zero, as every 32-bit result of a Masm has.
struct Address {
  Gp base;
  Gp index;  // invalid: none
  uint8_t scale_log2 = 0;
  int32_t displacement = 0;
};
constexpr Address at(Gp base, int32_t displacement = 0) { return {base, Gp{}, 0, displacement}; }
constexpr Address at(Gp base, Gp index, uint8_t scale_log2 = 0, int32_t displacement = 0) {
  return {base, index, scale_log2, displacement};
}

// A place in the code, perhaps not yet known. Made by new_label, placed once by bind.
struct Label {
  uint32_t id = kNone;
  static constexpr uint32_t kNone = ~uint32_t{0};
  constexpr bool valid() const { return id != kNone; }
};

// Where an operation that may trap gets its cold path from; implemented by the compiler, which emits those paths later.
class TrapSink {
 public:
  virtual Label trap_label(TrapCode code) = 0;

 protected:
  ~TrapSink() = default;
};

}  // namespace arris::masm
