// The compile-time picture of a running frame: what is known of each local and operand, and of each open block.
//
// Value: one local or operand. Where its current value can be found is the union of its flags, at least one of which is set:
//   in_reg     in `reg`
//   stored     in its home slot (`slot`, counted from the locals pointer; the same slot as in the interpreter)
//   constant   nowhere needed: the bits are `bits` (a v128 constant is always zero)
// "Dirty" means neither stored nor constant. Values that share a register hold the same value there (a local.get costs nothing)
// and form a doubly linked list through next and previous.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "masm/types.h"
#include "wasm/index.h"
#include "wasm/types.h"

namespace arris::jit {

enum class Kind : uint8_t { i32, i64, f32, f64, v128, ref };

constexpr Kind kind_of(ValType type) {
  switch (type.code()) {
    case TypeCode::i32:
    case TypeCode::i8:
    case TypeCode::i16: return Kind::i32;
    case TypeCode::i64: return Kind::i64;
    case TypeCode::f32: return Kind::f32;
    case TypeCode::f64: return Kind::f64;
    case TypeCode::v128: return Kind::v128;
    default: return Kind::ref;
  }
}
// By a letter of opcodes.def's signature column. 'a' (address) is decided by the memory.
constexpr Kind kind_of_letter(char letter) {
  switch (letter) {
    case 'i': return Kind::i32;
    case 'I': return Kind::i64;
    case 'f': return Kind::f32;
    case 'F': return Kind::f64;
    default: return Kind::v128;
  }
}
constexpr bool is_fp(Kind kind) { return kind == Kind::f32 || kind == Kind::f64 || kind == Kind::v128; }
constexpr uint32_t slots_of(Kind kind) { return kind == Kind::v128 ? 2 : 1; }
constexpr masm::Width width_of(Kind kind) { return kind == Kind::i32 ? masm::Width::w32 : masm::Width::w64; }
constexpr masm::FpKind fp_kind_of(Kind kind) {
  return kind == Kind::f32 ? masm::FpKind::f32 : kind == Kind::f64 ? masm::FpKind::f64 : masm::FpKind::v128;
}

// Registers of both files in one number: general purpose 0..15, floating point 16..31.
using RegCode = uint8_t;
inline constexpr RegCode kFirstFpCode = 16;
inline constexpr unsigned kRegCodes = 32;
inline constexpr RegCode kNoReg = 0xFF;
constexpr RegCode code_of(masm::Gp r) { return r.id; }
constexpr RegCode code_of(masm::Fp r) { return static_cast<RegCode>(r.id + kFirstFpCode); }
constexpr bool is_fp_code(RegCode code) { return code >= kFirstFpCode; }
constexpr masm::Gp gp_of(RegCode code) { return masm::Gp{code}; }
constexpr masm::Fp fp_of(RegCode code) { return masm::Fp{static_cast<uint8_t>(code - kFirstFpCode)}; }
static_assert(masm::Reg::numbered(kFirstFpCode) == masm::Reg(masm::Fp{0}));
constexpr uint32_t bit_of(RegCode code) { return uint32_t{1} << code; }
inline constexpr uint32_t kGpBits = 0x0000FFFF;
inline constexpr uint32_t kFpBits = 0xFFFF0000;

inline constexpr uint8_t kInReg = 1;
inline constexpr uint8_t kStored = 2;
inline constexpr uint8_t kConst = 4;

// What is asked of a value most, in one word (word_of).
struct Place {
  Kind kind = Kind::i32;
  uint8_t flags = 0;
  RegCode reg = kNoReg;
  uint8_t unused = 0;
};
constexpr uint32_t word_of(const Place& place) { return std::bit_cast<uint32_t>(place); }
// The bits of a flag in that word.
inline constexpr uint32_t word_of_flag(uint8_t flag) {
  return word_of({Kind::i32, flag, 0, 0}) ^ word_of({Kind::i32, 0, 0, 0});
}

constexpr Place without_constant(const Place& place) {
  return std::bit_cast<Place>(word_of(place) & ~word_of_flag(kConst));
}

// The same kind and register, and nothing known but that.
constexpr Place in_register(const Place& place) {
  return std::bit_cast<Place>((word_of(place) & ~word_of_flag(0xFF)) | word_of_flag(kInReg));
}

// An operand that was popped: what it was then. Its register, if any, is locked until the instruction is compiled.
struct Operand : Place {
  int32_t slot = 0;
  uint64_t bits = 0;

  constexpr Operand() = default;
  constexpr Operand(uint64_t bits_, int32_t slot_, Kind kind_, uint8_t flags_, RegCode reg_)
      : Place{kind_, flags_, reg_}, slot(slot_), bits(bits_) {}

  bool in_reg() const { return flags & kInReg; }
  bool is_const() const { return flags & kConst; }
  bool only_in_slot() const { return (flags & (kInReg | kConst)) == 0; }
  bool is_variable_in_reg() const { return (flags & (kInReg | kConst)) == kInReg; }
};

struct Value : Operand {
  uint32_t next = kNoIndex;  // values in the same register
  uint32_t previous = kNoIndex;
  uint32_t mark = 0;  // merges: stamp of the last state that names this value

  bool is_stored() const { return flags & kStored; }
  bool is_dirty() const { return (flags & (kStored | kConst)) == 0; }
};

// The state that every way to a label agrees on. Sparse: a value in no entry is stored, or an operand that is constant.
struct MergeEntry : Place {  // flags: kInReg, and kStored if it is
  uint32_t value;            // local, or local_count + position of the operand
  int32_t slot;              // its home
};
// Beside a number of uses of a local: it is assigned to (loop_scan.h).
inline constexpr uint32_t kAssigned = uint32_t{1} << 31;

struct MergeState {
  uint32_t first = 0;  // in FunctionCompiler::merge_entries_
  uint32_t count = kNoIndex;
  bool is_defined() const { return count != kNoIndex; }
};

enum class BlockKind : uint8_t { func, block, loop, if_, else_, try_, catch_, try_table };

struct Control {
  BlockKind kind = BlockKind::block;
  bool is_dead = false;  // opened in unreachable code
  masm::Label label;     // target of branches: the end, or the head of a loop; made when first needed
  masm::Label else_label;
  uint32_t height = 0;          // operands below the block's parameters
  int32_t slot = 0;             // home slot of the operand at `height`
  uint32_t handler_count = 0;   // try_table: its clauses
  uint32_t pads = kNoIndex;     // landing pads that end at this label: list through LandingPad::next
  uint32_t clauses = kNoIndex;  // try_table: the pads of its clauses, by position
  uint32_t table_stamp = 0;     // br_table: seen among the targets of this one, and where its way begins
  masm::Label table_label;
  uint32_t exception_slot = 0;    // catch arms of the legacy form
  uint32_t outer_preferred = 0;   // loops: registers preferred outside
  uint32_t first_preference = 0;  // loops: where in preferences_ what was preferred outside is kept
  MergeState state;               // at the label
  MergeState else_state;
  const ValType* param_types = nullptr;
  const ValType* result_types = nullptr;  // null: `single`
  uint32_t param_count = 0;
  uint32_t result_count = 0;
  ValType single;

  std::span<const ValType> params() const { return {param_types, param_count}; }
  std::span<const ValType> results() const { return {result_types ? result_types : &single, result_count}; }
  std::span<const ValType> label_types() const { return kind == BlockKind::loop ? params() : results(); }
  uint32_t label_arity() const { return kind == BlockKind::loop ? param_count : result_count; }
};

}  // namespace arris::jit
