// X64Emitter: bytes, labels and constants beneath X64Masm.
//
// The hot scalar instructions are encoded here directly (one REX/ModRM writer for all of them); everything else goes through
// asmjit's x86::Assembler, which writes to the same buffer. Why both: masm/README.md has the measurement. Labels and constants
// are ours, not asmjit's, so that a function costs no allocation once the buffers have grown.
//
// Forward jumps are rel32 and chained through their own displacement fields until the label is bound; backward jumps are rel8
// where that reaches. Constants follow the code, 16-aligned, addressed relative to rip.
// Spec: Intel 64 Architectures Software Developer's Manual, volume 2, chapter 2 (instruction format).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "masm/types.h"

namespace arris::masm {

// An instruction's prefix, opcode map and opcode byte.
struct X64Op {
  enum Map : uint8_t { kOneByte = 0, k0F = 1, k0F38 = 2, k0F3A = 3 };
  uint8_t prefix = 0;  // 0, 0x66, 0xF2, 0xF3
  Map map = kOneByte;
  uint8_t opcode = 0;
};

// A vector instruction by asmjit's ids for its legacy and its VEX form.
struct X64Insn {
  uint32_t sse = 0;
  uint32_t avx = 0;
};

// Condition codes of jcc, setcc, cmovcc.
enum class X64Cc : uint8_t { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };
constexpr X64Cc negated(X64Cc cc) { return static_cast<X64Cc>(static_cast<uint8_t>(cc) ^ 1); }

class X64Emitter {
 public:
  X64Emitter();
  ~X64Emitter();
  X64Emitter(const X64Emitter&) = delete;
  X64Emitter& operator=(const X64Emitter&) = delete;

  void reset();
  bool finish();
  bool ok() const { return error_[0] == 0; }
  std::string_view error() const { return error_; }
  uint32_t offset() const { return static_cast<uint32_t>(p_ - begin_); }
  const uint8_t* begin() const { return begin_; }
  // The first failure stays. `subject` completes the message.
  [[gnu::cold]] void fail(std::string_view what, std::string_view subject = {});

  // --- Labels --------------------------------------------------------------------------------------------------------
  Label new_label() {
    if (label_count_ == labels_.size()) [[unlikely]]
      grow_labels();
    labels_[label_count_] = kUnused;
    return Label{label_count_++};
  }
  bool is_bound(Label label) const { return labels_[label.id] >= 0; }
  uint32_t offset_of(Label label) const { return static_cast<uint32_t>(labels_[label.id]); }
  void bind(Label label);
  void jmp(Label target) { branch_to(target, 0xEB, 0xE9, 1); }
  void jcc(X64Cc cc, Label target) {
    const auto code = static_cast<uint32_t>(cc);
    branch_to(target, 0x70 + code, 0x800F + (code << 8), 2);
  }
  void call(Label target);
  void lea_label(Gp d, Label label);
  // The table's address into d; its entries (32-bit, relative to the table) are written by finish().
  void lea_jump_table(Gp d, std::span<const Label> targets);
  // A short forward jump inside one operation: at most 127 bytes, patched by land().
  uint32_t jcc_short(X64Cc cc) { return short_jump(static_cast<uint8_t>(0x70 + static_cast<uint8_t>(cc))); }
  uint32_t jmp_short() { return short_jump(0xEB); }
  void land(uint32_t jump) { begin_[jump - 1] = static_cast<uint8_t>(offset() - jump); }
  // A short backward jump inside one operation.
  void jcc_back(X64Cc cc, uint32_t target) {
    const uint32_t jump = jcc_short(cc);
    begin_[jump - 1] = static_cast<uint8_t>(target - jump);
  }

  // --- Encoding ------------------------------------------------------------------------------------------------------
  // All write through a local pointer: bytes may alias anything, so p_ itself would be reloaded after each of them.
  // `byte_reg`, `byte_rm`: that operand is an 8-bit register (spl, bpl, sil, dil need a REX prefix).
  [[gnu::always_inline]] void rr(X64Op op, bool w, uint8_t reg, uint8_t rm, bool byte_reg = false,
                                 bool byte_rm = false) {
    if (op.prefix == 0 && op.map == X64Op::kOneByte && !byte_reg && !byte_rm) {
      rr_plain(plain_head(op, w), reg, rm);
    } else {
      rr_any(op, w, reg, rm, (byte_reg && reg >= 4) || (byte_rm && rm >= 4));
    }
  }
  [[gnu::always_inline]] void rm(X64Op op, bool w, uint8_t reg, Address a, bool byte_reg = false) {
    if (op.prefix == 0 && op.map == X64Op::kOneByte && !byte_reg) {
      // Mostly the base is one of the pinned registers.
      if (__builtin_constant_p(a.base.id) && (a.base.id & 7) != 4 && __builtin_constant_p(a.index.id) &&
          !a.index.valid()) {
        const uint32_t head = plain_head(op, w) | a.base.id >> 3 | (a.base.id & 7u) << 16;
        const bool can_be_none = (a.base.id & 7) != 5;  // rbp and r13 have no form without a displacement
        if (a.base.id >= 8 || (__builtin_constant_p(w) && w)) {
          can_be_none ? rm_based<true, true>(head, reg, a.displacement)
                      : rm_based<true, false>(head, reg, a.displacement);
        } else {
          can_be_none ? rm_based<false, true>(head, reg, a.displacement)
                      : rm_based<false, false>(head, reg, a.displacement);
        }
      } else {
        rm_plain(plain_head(op, w), reg, a);
      }
    } else if (op.map == X64Op::k0F && !byte_reg) {
      rm_escaped(escaped_head(op, w), op.prefix, reg, a);
    } else {
      rm_any(op, w, reg, a, byte_reg && reg >= 4);
    }
  }
  // REX and the opcode, as the instruction begins, without its prefix.
  static constexpr uint32_t plain_head(X64Op op, bool w) { return 0x40u | uint32_t{w} << 3 | uint32_t{op.opcode} << 8; }
  static constexpr uint32_t escaped_head(X64Op op, bool w) {
    return 0x0F40u | uint32_t{w} << 3 | uint32_t{op.opcode} << 16;
  }
  // An instruction with a memory operand taken apart beforehand, for tables of loads and stores.
  struct MemoryForm {
    consteval MemoryForm(X64Op op, bool w = false, bool is_byte_store = false)
        : head(op.map == X64Op::k0F ? escaped_head(op, w) : plain_head(op, w)),
          prefix(op.prefix),
          is_escaped(op.map == X64Op::k0F),
          is_rare(op.map != X64Op::k0F && (op.prefix != 0 || is_byte_store)),
          is_byte(is_byte_store) {}
    uint32_t head;
    uint8_t prefix;
    bool is_escaped;
    bool is_rare;
    bool is_byte;
  };
  void rm(const MemoryForm& form, uint8_t reg, Address a);
  // r/m, imm of group 1 (add, or, ... cmp by `extension`), sign-extended.
  [[gnu::noinline]] void group1(bool w, uint8_t extension, uint8_t rm, int32_t immediate) {
    uint8_t* p = room();
    const bool small = immediate == static_cast<int8_t>(immediate);
    const uint32_t head =
        (small ? 0xC08340u : 0xC08140u) | uint32_t{w} << 3 | uint32_t{extension} << 19 | kRmBits[rm & 15];
    uint64_t bytes = head | uint64_t{static_cast<uint32_t>(immediate)} << 24;
    p_ = p + (small ? 4 : 7);
    if ((head & 15) == 0) {
      bytes >>= 8;
      --p_;
    }
    put_at(p, bytes);
  }
  // VEX.128 (L = 0). `v` is the additional, first source operand; 0 where the instruction has none.
  void vex_rr(X64Op op, bool w, uint8_t reg, uint8_t v, uint8_t rm) {
    uint8_t* p = vex_prefix(op, w, reg, v, 0, rm);
    *p++ = static_cast<uint8_t>(0xC0 | (reg & 7) << 3 | (rm & 7));
    p_ = p;
  }
  void vex_rm(X64Op op, bool w, uint8_t reg, uint8_t v, Address a) {
    uint8_t* p = vex_prefix(op, w, reg, v, a.index.valid() ? a.index.id : 0, a.base.id);
    p_ = memory_operand(p - 1, op.opcode, reg, a);  // the opcode once more
  }
  // With a constant as memory operand; `trailing` immediate bytes will follow.
  void rc(X64Op op, bool w, uint8_t reg, uint32_t constant, uint8_t trailing = 0) {
    uint8_t* p = legacy_prefix(op, static_cast<uint8_t>(w << 3 | (reg >> 3) << 2), false);
    constant_operand(opcode(p, op), reg, constant, trailing);
  }
  void vex_rc(X64Op op, bool w, uint8_t reg, uint8_t v, uint32_t constant, uint8_t trailing = 0) {
    constant_operand(vex_prefix(op, w, reg, v, 0, 0), reg, constant, trailing);
  }
  // mov r32, imm32
  void short_move_imm(uint8_t reg, uint32_t immediate) {
    uint8_t* p = room();
    *p = 0x41;
    p += reg >> 3;
    put_at(p, 0xB8u | (reg & 7u) | uint64_t{immediate} << 8);
    p_ = p + 5;
  }
  // The first n of 16.
  void put_bytes(const uint8_t (&from)[16], uint32_t n) {
    uint8_t* const p = room();
    std::memcpy(p, from, sizeof from);
    p_ = p + n;
  }
  void byte(uint8_t b) { *p_++ = b; }  // of an instruction under way
  void word(uint16_t x) { put(x); }
  void dword(uint32_t x) { put(x); }
  void qword(uint64_t x) { put(x); }
  void ensure() {
    if (p_ > limit_) [[unlikely]]
      grow();
  }

  // --- Constants -----------------------------------------------------------------------------------------------------
  // Handles for rc and vex_rc; equal constants mostly share.
  uint32_t constant8(uint64_t bits);
  uint32_t constant16(uint64_t low, uint64_t high);

 protected:
  uint32_t instruction_bytes_ = 0;
  uint32_t code_bytes_ = 0;

 private:
  struct Encoder;  // asmjit's Assembler and its CodeHolder, which owns the buffer
  friend class X64Asmjit;

  static constexpr ptrdiff_t kSlack = 64;  // any one instruction, with a word of padding
  static constexpr uint32_t kMaxCodeBytes = 1u << 30;
  // States of a label: its offset, or while unbound -2 minus the offset of the last displacement waiting for it.
  static constexpr int32_t kUnused = -1;
  static constexpr uint32_t kConstant16 = 1u << 31;

  template <class T>
  void put(T x) {
    std::memcpy(p_, &x, sizeof(x));
    p_ += sizeof(x);
  }
  // The mandatory prefix, then REX if any of its bits is set or a byte register asks for it.
  uint8_t* legacy_prefix(X64Op op, uint8_t rex, bool force) {
    ensure();
    uint8_t* p = p_;
    if (op.prefix) *p++ = op.prefix;
    *p = 0x40 | rex;
    return p + (rex != 0 || force);
  }
  static uint8_t* opcode(uint8_t* p, X64Op op) {
    if (op.map != X64Op::kOneByte) {
      *p++ = 0x0F;
      if (op.map == X64Op::k0F38) *p++ = 0x38;
      if (op.map == X64Op::k0F3A) *p++ = 0x3A;
    }
    *p++ = op.opcode;
    return p;
  }
  uint8_t* vex_prefix(X64Op op, bool w, uint8_t reg, uint8_t v, uint8_t index, uint8_t base) {
    ensure();
    uint8_t* p = p_;
    const uint8_t pp = op.prefix == 0 ? 0 : op.prefix == 0x66 ? 1 : op.prefix == 0xF3 ? 2 : 3;
    const uint8_t not_r = static_cast<uint8_t>((~reg >> 3 & 1) << 7);
    const uint8_t tail = static_cast<uint8_t>((~v & 15) << 3 | pp);
    if (op.map == X64Op::k0F && !w && index < 8 && base < 8) {
      *p++ = 0xC5;
      *p++ = not_r | tail;
    } else {
      *p++ = 0xC4;
      *p++ = static_cast<uint8_t>(not_r | (~index >> 3 & 1) << 6 | (~base >> 3 & 1) << 5 | op.map);
      *p++ = static_cast<uint8_t>(w << 7 | tail);
    }
    *p++ = op.opcode;
    return p;
  }
  // ---- What most instructions are: put together in one word, written with one store of 8 bytes ----
  // There is room for that; what is not part of the instruction is overwritten by the next.
  static void put_at(uint8_t* p, uint64_t bytes) { std::memcpy(p, &bytes, sizeof bytes); }
  uint8_t* room() {
    ensure();
    return p_;
  }
  // What a register puts into these three bytes: REX.R and ModRM.reg, or REX.B and ModRM.rm.
  static constexpr std::array<uint32_t, 16> register_bits(uint32_t rex, uint32_t shift, uint32_t always = 0) {
    std::array<uint32_t, 16> bits{};
    for (uint32_t i = 0; i < 16; ++i) bits[i] = always | (i >> 3) * rex | (i & 7) << shift;
    return bits;
  }
  static const std::array<uint32_t, 16> kRegBits, kRmBits, kBaseBits, kIndexBits;
  // Nearly all of these three bytes; a REX that says nothing is left out.
  [[gnu::noinline]] void rr_plain(uint32_t head, uint32_t reg, uint32_t rm) {
    uint8_t* const p = p_;
    if (p > limit_) [[unlikely]]
      return rr_after_growing(head, reg, rm);
    head |= kRegBits[reg & 15] | kRmBits[rm & 15] | 0xC00000;
    p_ = p + 3;
    if ((head & 15) == 0) {
      head >>= 8;
      p_ = p + 2;
    }
    std::memcpy(p, &head, sizeof head);
  }
  [[gnu::noinline]] void rr_any(X64Op op, bool w, uint8_t reg, uint8_t rm, bool force) {
    uint8_t* p = legacy_prefix(op, static_cast<uint8_t>(w << 3 | (reg >> 3) << 2 | rm >> 3), force);
    p = opcode(p, op);
    *p++ = static_cast<uint8_t>(0xC0 | (reg & 7) << 3 | (rm & 7));
    p_ = p;
  }
  [[gnu::noinline, gnu::cold]] void rr_after_growing(uint32_t head, uint32_t reg, uint32_t rm) {
    grow();
    rr_plain(head, reg, rm);
  }
  // Base and displacement; the base, which is not rsp or r12, is in `head`. Slots and fields, and therefore short: all else is
  // left to another.
  template <bool has_rex, bool can_be_none>
  [[gnu::noinline]] void rm_based(uint32_t head, uint32_t reg, int32_t displacement) {
    uint8_t* p = p_;
    head |= kRegBits[reg & 15];
    if (p > limit_ || displacement != static_cast<int8_t>(displacement) || (can_be_none && displacement == 0))
      return rm_otherwise(head, displacement);
    head |= 0x400000 | static_cast<uint32_t>(displacement) << 24;
    p_ = p + 4;
    if (!has_rex && (head & 15) == 0) {
      head >>= 8;
      p_ = p + 3;
    }
    std::memcpy(p, &head, sizeof head);
  }
  [[gnu::noinline]] void rm_otherwise(uint32_t head, int32_t displacement) {
    uint8_t* const p = p_;
    if (p > limit_) [[unlikely]]
      return rm_after_growing(head, displacement);
    uint64_t bytes = head | uint64_t{static_cast<uint32_t>(displacement)} << 24;
    uint8_t* end = p + 3;
    if (displacement != static_cast<int8_t>(displacement)) {
      bytes |= 0x800000;
      end = p + 7;
    } else if (displacement != 0 || (head & 0x70000) == 0x50000) {  // rbp and r13 have no form without a displacement
      bytes |= 0x400000;
      end = p + 4;
    }
    if ((head & 15) == 0) {
      bytes >>= 8;
      --end;
    }
    p_ = end;
    put_at(p, bytes);
  }
  [[gnu::noinline, gnu::cold]] void rm_after_growing(uint32_t head, int32_t displacement) {
    grow();
    rm_otherwise(head, displacement);
  }
  [[gnu::noinline]] void rm_plain(uint32_t head, uint32_t reg, Address a) {
    if (a.index.valid()) return rm_indexed(head, reg, a);
    if ((a.base.id & 7) == 4) {  // rsp and r12 have a form with an index only; none is written as rsp
      a.index = Gp{4};
      return rm_indexed(head, reg, a);
    }
    rm_otherwise(head | kRegBits[reg & 15] | kRmBits[a.base.id & 15], a.displacement);
  }
  [[gnu::noinline]] void rm_indexed(uint32_t head, uint32_t reg, Address a) {
    uint8_t* const p = p_;
    if (p > limit_) [[unlikely]]
      return rm_after_growing(head, reg, a);
    head |= kRegBits[reg & 15] | kBaseBits[a.base.id & 15] | kIndexBits[a.index.id & 15] | uint32_t{a.scale_log2} << 30;
    const int32_t displacement = a.displacement;
    const uint32_t skipped = (head & 15) == 0;
    if (displacement == 0 && (head >> 24 & 7) != 5) {
      head >>= 8 * skipped;
      std::memcpy(p, &head, sizeof head);
      p_ = p + 4 - skipped;
      return;
    }
    const uint64_t bytes = head | uint64_t{static_cast<uint32_t>(displacement)} << 32;
    if (displacement == static_cast<int8_t>(displacement)) {
      put_at(p, (bytes | 0x400000) >> 8 * skipped);
      p_ = p + 5 - skipped;
    } else {
      put_at(p, (bytes | 0x800000) >> 8 * skipped);
      p_ = p + 8 - skipped;
    }
  }
  [[gnu::noinline, gnu::cold]] void rm_after_growing(uint32_t head, uint32_t reg, Address a) {
    grow();
    rm_indexed(head, reg, a);
  }
  // Two byte opcodes: extending loads, floats. `head` is REX, 0F, opcode.
  [[gnu::noinline]] void rm_escaped(uint32_t head, uint32_t prefix, uint32_t reg, Address a) {
    uint8_t* p = room();
    *p = static_cast<uint8_t>(prefix);
    p += prefix != 0;
    const uint32_t base = a.base.id;
    const int32_t displacement = a.displacement;
    head |= (reg >> 3 & 1) << 2 | (reg & 7) << 27 | base >> 3;
    uint32_t length = 0;
    if (displacement != static_cast<int8_t>(displacement)) {
      head |= 0x80000000;
      length = 4;
    } else if (displacement != 0 || (base & 7) == 5) {
      head |= 0x40000000;
      length = 1;
    }
    uint64_t bytes = head | uint64_t{base & 7} << 24;
    uint8_t* end = p + 4;
    if (a.index.valid() || (base & 7) == 4) {
      const uint32_t index = a.index.valid() ? a.index.id : 4;
      const uint32_t sib = uint32_t{a.scale_log2} << 6 | (index & 7) << 3 | (base & 7);
      bytes = head | (index >> 3) << 1 | 4u << 24 | uint64_t{sib} << 32;
      ++end;
    }
    if ((bytes & 15) == 0) {  // no REX
      bytes >>= 8;
      --end;
    }
    put_at(p, bytes);
    std::memcpy(end, &displacement, sizeof displacement);
    p_ = end + length;
  }
  [[gnu::noinline]] void rm_any(X64Op op, bool w, uint8_t reg, Address a, bool force) {
    uint8_t* p = room();
    const uint32_t index = a.index.valid() ? a.index.id : 0;
    const uint32_t rex = uint32_t{w} << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | a.base.id >> 3;
    *p = op.prefix;
    p += op.prefix != 0;
    *p = static_cast<uint8_t>(0x40 | rex);
    p += (rex | force) != 0;
    if (op.map != X64Op::kOneByte) {
      *p++ = 0x0F;
      if (op.map != X64Op::k0F) *p++ = op.map == X64Op::k0F38 ? 0x38 : 0x3A;
    }
    p_ = memory_operand(p, op.opcode, reg, a);
  }
  // The opcode byte, ModRM, SIB and displacement.
  static uint8_t* memory_operand(uint8_t* p, uint8_t code, uint8_t reg, Address a) {
    const uint32_t base = a.base.id & 7;
    const int32_t displacement = a.displacement;
    const uint32_t is_large = displacement != static_cast<int8_t>(displacement);
    uint32_t modrm = 0x40u << is_large, length = 1 + 3 * is_large;
    if (displacement == 0 && base != 5) modrm = length = 0;
    modrm |= (reg & 7u) << 3;
    if (!a.index.valid() && base != 4) [[likely]] {
      put_at(p, code | (modrm | base) << 8 | uint64_t{static_cast<uint32_t>(displacement)} << 16);
      return p + 2 + length;
    }
    const uint32_t sib = a.index.valid() ? uint32_t{a.scale_log2} << 6 | (a.index.id & 7u) << 3 | base : 0x24;
    put_at(p, code | (modrm | 4) << 8 | sib << 16 | uint64_t{static_cast<uint32_t>(displacement)} << 24);
    return p + 3 + length;
  }
  void constant_operand(uint8_t* p, uint8_t reg, uint32_t constant, uint8_t trailing) {
    *p++ = static_cast<uint8_t>((reg & 7) << 3 | 5);
    p_ = p;
    constant_uses_.push_back({offset(), constant, trailing});
    put(uint32_t{0});
  }
  uint32_t short_jump(uint8_t opcode_byte) {
    ensure();
    p_[0] = opcode_byte;
    p_[1] = 0;
    p_ += 2;
    return offset();
  }
  void branch_to(Label target, uint32_t short_form, uint32_t long_form, uint32_t length);
  void reference(Label target);  // appends a displacement of four bytes
  // Rare, so that callers save nothing for it.
  [[gnu::noinline, gnu::cold, clang::preserve_most]] void grow();
  [[gnu::noinline, gnu::cold, clang::preserve_most]] void grow_labels();
  bool place_constants();
  bool place_jump_tables();
  void patch(uint32_t at, uint32_t target, uint32_t trailing);

  struct ConstantUse {
    uint32_t at;
    uint32_t constant;
    uint32_t trailing;
  };
  struct TableUse {
    uint32_t at;     // of the displacement
    uint32_t first;  // in table_targets_
    uint32_t count;
  };

  uint8_t* begin_ = nullptr;
  uint8_t* p_ = nullptr;
  uint8_t* end_ = nullptr;
  uint8_t* limit_ = nullptr;     // kSlack before it
  std::vector<int32_t> labels_;  // room, of which label_count_ are in use
  uint32_t label_count_ = 0;
  std::vector<ConstantUse> constant_uses_;
  std::vector<uint64_t> constants8_;
  std::vector<uint64_t> constants16_;  // pairs
  std::vector<TableUse> tables_;
  std::vector<Label> table_targets_;
  // Recently made constants by hash, as handles + 1: finds most repetitions in constant time.
  uint32_t recent_[64] = {};
  std::unique_ptr<Encoder> encoder_;
  char error_[96] = {};
};

inline constexpr std::array<uint32_t, 16> X64Emitter::kRegBits = register_bits(4, 19);
inline constexpr std::array<uint32_t, 16> X64Emitter::kRmBits = register_bits(1, 16);
inline constexpr std::array<uint32_t, 16> X64Emitter::kBaseBits = register_bits(1, 24, 0x40000);
inline constexpr std::array<uint32_t, 16> X64Emitter::kIndexBits = register_bits(2, 27);

}  // namespace arris::masm
