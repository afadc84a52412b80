// Loads and stores: address computation, bounds, and the uniform handlers over the rows of opcodes.def with a mem_arg.
// Include it where a dispatch table is made.
//
// Fast form: memory 0, the offset in one byte, the end of the access within the size of memory 0 that the instance has cached.
// A longer offset is read without branches; anything else goes to a cold handler, which reads the immediates at any length, picks the memory, reads its true size (growth
// elsewhere may have passed the cached one by), and only then traps. Addresses are 64 bits (i32 operands are zero-extended in
// their slots), so one rule serves memory32 and memory64: address + offset + width must not overflow nor pass the size.
#pragma once

#include "interp/handlers.h"
#include "interp/signature.h"
#include "wasm/simd.h"

namespace arris::interp {

// The bytes [address + offset, + width) of the memory named by the mem_arg at `arg`, and one past the immediates; null when out of
// bounds. Brings the cached size of memory 0 up to date.
uint8_t* resolve_address(InstanceData* inst, const uint8_t* arg, uint64_t address, uint64_t width,
                         const uint8_t** next);

// Fast form. On success `*end` is the end of the access, relative to memory 0.
template <unsigned kWidth>
INTERP_INLINE bool fast_address(const uint8_t* arg, uint64_t address, const InstanceData* inst, uint64_t* end) {
  // One test of both bytes: no memory index and a short alignment (0xC0), a short offset (0x80).
  const uint32_t immediates = load_unaligned<uint16_t>(arg);
  if (immediates & 0x80C0) [[unlikely]]
    return false;
  return !__builtin_add_overflow(address, uint64_t{(immediates >> 8) + kWidth}, end) && *end <= inst->memory0_size;
}

template <unsigned kBytes>
struct BitsOfWidth;
template <>
struct BitsOfWidth<1> {
  using type = uint8_t;
};
template <>
struct BitsOfWidth<2> {
  using type = uint16_t;
};
template <>
struct BitsOfWidth<4> {
  using type = uint32_t;
};
template <>
struct BitsOfWidth<8> {
  using type = uint64_t;
};
template <>
struct BitsOfWidth<16> {
  using type = V128;
};

consteval unsigned width_of(Opcode op) { return 1u << natural_alignment_log2(op); }

// What a vector load makes of the bits it read, a lane load of the bits, vector and lane; what a lane store writes.
template <Opcode op>
struct VectorMemory;
#define VECTOR_LOAD(id)                                                                  \
  template <>                                                                            \
  struct VectorMemory<Opcode::id> {                                                      \
    static INTERP_INLINE auto convert(auto... operands) { return num::id(operands...); } \
  };
VECTOR_LOAD(v128_load8x8_s)
VECTOR_LOAD(v128_load8x8_u)
VECTOR_LOAD(v128_load16x4_s)
VECTOR_LOAD(v128_load16x4_u)
VECTOR_LOAD(v128_load32x2_s)
VECTOR_LOAD(v128_load32x2_u)
VECTOR_LOAD(v128_load8_splat)
VECTOR_LOAD(v128_load16_splat)
VECTOR_LOAD(v128_load32_splat)
VECTOR_LOAD(v128_load64_splat)
VECTOR_LOAD(v128_load32_zero)
VECTOR_LOAD(v128_load64_zero)
VECTOR_LOAD(v128_load8_lane)
VECTOR_LOAD(v128_load16_lane)
VECTOR_LOAD(v128_load32_lane)
VECTOR_LOAD(v128_load64_lane)
VECTOR_LOAD(v128_store8_lane)
VECTOR_LOAD(v128_store16_lane)
VECTOR_LOAD(v128_store32_lane)
VECTOR_LOAD(v128_store64_lane)
#undef VECTOR_LOAD

// The value a load yields.
template <Opcode op>
INTERP_INLINE auto load_value(const uint8_t* from) {
  using Bits = typename BitsOfWidth<width_of(op)>::type;
  constexpr char result = results_of(op)[0];
  using Result = typename SlotType<result>::type;
  const Bits bits = load_unaligned<Bits>(from);
  if constexpr (result == 'V') {
    if constexpr (op == Opcode::v128_load) {
      return bits;
    } else {
      return VectorMemory<op>::convert(bits);
    }
  } else if constexpr (result == 'f' || result == 'F') {
    return std::bit_cast<Result>(bits);
  } else if constexpr (info(op).mnemonic.ends_with("_s")) {
    return static_cast<Result>(static_cast<std::make_signed_t<Result>>(static_cast<std::make_signed_t<Bits>>(bits)));
  } else {
    return static_cast<Result>(bits);
  }
}

// Performs the access at `p` for `op`, whose operands are on the stack; `lane` is the byte after the mem_arg.
template <Opcode op, Form form>
INTERP_INLINE void access(uint8_t* p, const uint8_t* lane, uint64_t*& sp, uint64_t& tos, simd::Lanes<uint8_t>& vec) {
  using Bits = typename BitsOfWidth<width_of(op)>::type;
  constexpr bool has_lane = info(op).immediates == Immediates::mem_arg_lane;
  if constexpr (results_of(op).empty()) {
    if constexpr (has_lane) {
      store_unaligned<Bits>(p, VectorMemory<op>::convert(operand<op, 1, form>(sp, tos, vec), uint32_t{*lane}));
    } else if constexpr (operands_of(op)[1] == 'V') {
      store_unaligned<V128>(p, operand<op, 1, form>(sp, tos, vec));
    } else {
      store_unaligned<Bits>(p, static_cast<Bits>(tos));  // float bits are the slot's low bits, too
    }
    finish<op>(sp, tos);
  } else if constexpr (has_lane) {
    finish<op>(VectorMemory<op>::convert(load_unaligned<Bits>(p), operand<op, 1, form>(sp, tos, vec), uint32_t{*lane}),
               sp, tos, vec);
  } else {
    finish<op>(load_value<op>(p), sp, tos, vec);
  }
}

template <Opcode op>
COLD_HANDLER(op_access_slow) {
  const uint8_t* next;
  uint8_t* p = resolve_address(inst, after_opcode<op>(ip), operand<op, 0>(sp, tos, vec), width_of(op), &next);
  if (p == nullptr) TRAP_NOW(out_of_bounds_memory_access);
  access<op, Form::plain>(p, next, sp, tos, vec);
  ip = next + (info(op).immediates == Immediates::mem_arg_lane);
  NEXT();
}

// Memory 0 with an offset of any usual length.
template <Opcode op>
COLD_HANDLER(op_access_long) {
  constexpr unsigned width = width_of(op);
  const uint8_t* arg = after_opcode<op>(ip);
  const LongLeb offset(arg + 1);
  uint64_t end;
  if ((arg[0] & 0xC0) != 0 || offset.length == 0 ||
      __builtin_add_overflow(operand<op, 0>(sp, tos, vec), offset.bits + width, &end) || end > inst->memory0_size)
      [[unlikely]]
    GOTO(op_access_slow<op>);
  arg += 1 + offset.length;
  access<op, Form::plain>(mem + end - width, arg, sp, tos, vec);
  ip = arg + (info(op).immediates == Immediates::mem_arg_lane);
  NEXT();
}

template <Opcode op, Form form = Form::plain>
HANDLER(op_access) {
  constexpr unsigned width = width_of(op);
  const uint8_t* arg = after_opcode<op, form>(ip);
  uint64_t end;
  if (!fast_address<width>(arg, operand<op, 0>(sp, tos, vec), inst, &end)) [[unlikely]]
    GOTO(op_access_long<op>);
  access<op, form>(mem + end - width, arg + 2, sp, tos, vec);
  ip = arg + 2 + (info(op).immediates == Immediates::mem_arg_lane);
  NEXT();
}

}  // namespace arris::interp
