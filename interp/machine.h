// The abstract machine of the interpreter: the registers every handler receives, how a handler passes them on, and the few
// primitives all handlers are written in. For the handlers only. The algorithm and its invariants are told in README.md.
//
// Registers (a handler's parameters; with preserve_none each stays in a machine register from handler to handler)
//   ip      the first byte of the current instruction, until the handler is done with it: traps and branches key on it
//   sp      with h operands on the stack and `operands` = locals + frame_offset + kFrameRecordSlots: operands + h - 1
//   locals  the frame's locals pointer (runtime/layout.h)
//   st      the next side-table entry
//   mem     base of the instance's memory 0
//   tos     the topmost operand. Operand i < h - 1 is in memory at operands[i]; the topmost one's memory slot, *sp, is stale.
//           With h = 0, tos holds *sp too: the last word of the frame record. So "spill" is always `*sp = tos`, "pop" is always
//           `tos = *--sp`, and no slot is wasted on an empty stack.
//   inst    the running instance
//   vec     the v128 on top, if the instruction before has just pushed one; otherwise anything (quicken.def, QUICK_VECTOR)
//
// A v128 takes two slots, low half first: on top, its high half is in tos and its low half at sp[-1].
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/leb128.h"
#include "base/tail_call.h"
#include "interp/profile.h"
#include "runtime/layout.h"
#include "wasm/opcodes.h"
#include "wasm/side_table.h"
#include "wasm/trap.h"
#include "wasm/v128.h"

// Guest threads may race on plain memory accesses; that is the guest's affair and defined by the specification. So handlers are
// not instrumented for data races (atomic accesses are made by instrumented helpers).
#define INTERP_RACY __attribute__((no_sanitize("thread")))
#define INTERP_INLINE inline __attribute__((always_inline)) INTERP_RACY

#define INTERP_STATE                                                                                                \
  const uint8_t *ip, uint64_t *sp, uint64_t *locals, const ::arris::SideTableEntry *st, uint8_t *mem, uint64_t tos, \
      ::arris::runtime::InstanceData *inst, ::arris::simd::Lanes<uint8_t> vec
#define INTERP_PASS ip, sp, locals, st, mem, tos, inst, vec

// Known to lie in this binary, so reached without a detour through the global offset table.
#define INTERP_HIDDEN __attribute__((visibility("hidden")))

// Declares or defines a handler: HANDLER(name) { ... NEXT(); }
#define HANDLER(name) INTERP_HIDDEN INTERP_RACY TAIL_CALLING_CONVENTION ::arris::runtime::Outcome name(INTERP_STATE)
// A handler for what is rare: keeps the spills it needs out of the handler that jumps to it.
#define COLD_HANDLER(name) __attribute__((noinline)) HANDLER(name)

#define GOTO(handler) [[clang::musttail]] return handler(INTERP_PASS)
#ifdef ARRIS_INTERP_PROFILE
#define NEXT()                         \
  do {                                 \
    ::arris::interp::profile_step(ip); \
    GOTO(kOpcodeTable[*ip]);           \
  } while (0)
#else
#define NEXT() GOTO(kOpcodeTable[*ip])
#endif
// Ends the invocation with a trap at the instruction at `ip`.
#define TRAP_NOW(code)                                    \
  do {                                                    \
    tos = static_cast<uint64_t>(::arris::TrapCode::code); \
    GOTO(::arris::interp::trap_in_tos);                   \
  } while (0)

// The same if an operation of the runtime reports a trap.
#define TRAP_IF_ANY(...)                                 \
  do {                                                   \
    const ::arris::TrapCode trap_ = (__VA_ARGS__);       \
    if (trap_ != ::arris::TrapCode::none) [[unlikely]] { \
      tos = static_cast<uint64_t>(trap_);                \
      GOTO(::arris::interp::trap_in_tos);                \
    }                                                    \
  } while (0)

#define PUSH(value)                   \
  do {                                \
    const uint64_t pushed_ = (value); \
    *sp++ = tos;                      \
    tos = pushed_;                    \
  } while (0)
#define POP() (tos = *--sp)
// Makes every operand visible in memory and tells the collector and the host where the stack ends.
#define PUBLISH_STACK() (*sp = tos, inst->context->stack_top = sp + 1)

namespace arris::interp {

using runtime::FrameRecord;
using runtime::FuncInstance;
using runtime::InstanceData;
using runtime::kFrameRecordSlots;
using runtime::Outcome;

using Handler = Outcome TAIL_CALLING_CONVENTION (*)(INTERP_STATE);

// By opcode byte; the prefixes' entries lead to the tables by sub-opcode.
INTERP_HIDDEN extern const std::array<Handler, 256> kOpcodeTable;
INTERP_HIDDEN extern const std::array<Handler, 0x20> kGcTable;
INTERP_HIDDEN extern const std::array<Handler, 0x20> kMiscTable;
INTERP_HIDDEN extern const std::array<Handler, 0x120> kSimdTable;
// Quickened ones by their number (vector_codes.h), and of these the ones that have their topmost operand in vec.
INTERP_HIDDEN extern const std::array<Handler, 0x100> kShortSimdTable;
INTERP_HIDDEN extern const std::array<Handler, 0x100> kVectorTable;
INTERP_HIDDEN extern const std::array<Handler, 0x60> kThreadsTable;

// Stands for bytes that validated code never holds.
HANDLER(invalid_opcode);
// The trap whose code is in tos, at ip.
HANDLER(trap_in_tos);

// ---- Immediates ----------------------------------------------------------------------------------------------------------

template <class T>
INTERP_INLINE T load_unaligned(const void* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
template <class T>
INTERP_INLINE void store_unaligned(void* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

// Does the index, offset or constant at `p` take more than one byte? Then a cold handler reads it.
INTERP_INLINE bool is_long(uint8_t byte) { return byte & 0x80; }

// The value of a signed LEB128 of one byte.
INTERP_INLINE int32_t short_signed(uint8_t byte) { return static_cast<int8_t>(byte << 1) >> 1; }

// A LEB128 of up to eight bytes, decoded without branches: linkers write the numbers that they fill in themselves, such as indices of
// functions and addresses, in five bytes. `length` is 0 if there are more than eight. Code has padding behind it to be read.
struct LongLeb {
  uint64_t bits;  // 7 per byte
  unsigned length;

  INTERP_INLINE explicit LongLeb(const uint8_t* p) {
    uint64_t w = load_unaligned<uint64_t>(p);
    const uint64_t last = ~w & 0x8080808080808080;
    length = last == 0 ? 0 : (static_cast<unsigned>(std::countr_zero(last)) + 1) / 8;
    w &= (last ^ (last - 1)) & 0x7F7F7F7F7F7F7F7F;
    w = (w & 0x007F007F007F007F) | (w & 0x7F007F007F007F00) >> 1;
    w = (w & 0x00003FFF00003FFF) | (w & 0x3FFF00003FFF0000) >> 2;
    bits = (w & 0x000000000FFFFFFF) | (w & 0x0FFFFFFF00000000) >> 4;
  }
  INTERP_INLINE int64_t as_signed() const {
    const unsigned unused = 64 - 7 * length;
    return static_cast<int64_t>(bits << unused) >> unused;
  }
};

// An index (u32) of any length; `p` goes on behind it.
INTERP_INLINE uint32_t read_index(const uint8_t*& p) {
  if (!is_long(*p)) [[likely]]
    return *p++;
  const LongLeb leb(p);
  p += leb.length;
  return static_cast<uint32_t>(leb.bits);
}

// How a handler finds its instruction.
enum class Form : uint8_t {
  plain,
  quick,      // a prefixed opcode of minimal length
  quick_vec,  // the same, and the v128 on top is in vec
};

// One past the opcode of a prefixed instruction. The opcode of minimal length is assumed and longer ones are stepped over.
template <Opcode op, Form form = Form::plain>
INTERP_INLINE const uint8_t* after_opcode(const uint8_t* ip) {
  if constexpr (info(op).prefix == 0) {
    return ip + 1;
  } else if constexpr (form != Form::plain) {
    return ip + (info(op).code < 0x80 ? 2 : 3);
  } else {
    const uint8_t* p = ip + (info(op).code < 0x80 ? 2 : 3);
    while (is_long(p[-1])) [[unlikely]]
      ++p;
    return p;
  }
}

// ---- Vectors -------------------------------------------------------------------------------------------------------------

INTERP_INLINE V128 join(uint64_t low, uint64_t high) { return std::bit_cast<V128>(simd::Lanes<uint64_t>{low, high}); }
INTERP_INLINE uint64_t low_half(V128 v) { return simd::as<uint64_t>(v)[0]; }
INTERP_INLINE uint64_t high_half(V128 v) { return simd::as<uint64_t>(v)[1]; }

// The v128 whose halves were stored as two slots, probably a moment ago. A 16-byte load cannot be forwarded from two 8-byte
// stores and stalls; the barrier keeps the compiler from making one out of this.
INTERP_INLINE V128 load_halves(const uint64_t* slots) {
  uint64_t low = slots[0];
  __asm__("" : "+r"(low));
  return join(low, slots[1]);
}

#define PUSH_V128(value)              \
  do {                                \
    const V128 pushed_ = (value);     \
    sp[0] = tos;                      \
    sp[1] = low_half(pushed_);        \
    sp += 2;                          \
    tos = high_half(pushed_);         \
    vec = simd::as<uint8_t>(pushed_); \
  } while (0)

// ---- Branches ------------------------------------------------------------------------------------------------------------

// Takes the branch of the entry at `st`, which moves operands or does not fit the short form.
HANDLER(branch_moving);

// Takes the branch described by the entry at `st`, owned by the instruction at `ip`.
#define TAKE_BRANCH()                       \
  do {                                      \
    if (st->drop != 0) [[unlikely]]         \
      GOTO(::arris::interp::branch_moving); \
    ip += st->delta_ip;                     \
    st += st->delta_entry;                  \
    NEXT();                                 \
  } while (0)

}  // namespace arris::interp
