// The signature column of opcodes.def as types, and operands and results by position, for the uniform handlers.
#pragma once

#include <string_view>

#include "interp/machine.h"
#include "wasm/numeric.h"
#include "wasm/signature.h"

namespace arris::interp {

constexpr std::string_view operands_of(Opcode op) {
  std::string_view s = info(op).signature;
  return s.substr(0, s.find(':'));
}
constexpr std::string_view results_of(Opcode op) {
  std::string_view s = info(op).signature;
  return s.substr(s.find(':') + 1);
}
constexpr unsigned slots_of(char c) { return c == 'V' ? 2 : 1; }
constexpr unsigned slots_of(std::string_view letters) {
  unsigned slots = 0;
  for (char c : letters) slots += slots_of(c);
  return slots;
}

// Operand number `i` of `op`, without popping it.
template <Opcode op, unsigned i, Form form = Form::plain>
INTERP_INLINE auto operand(const uint64_t* sp, uint64_t tos, simd::Lanes<uint8_t> vec) {
  constexpr std::string_view letters = operands_of(op);
  constexpr unsigned depth = slots_of(letters.substr(i + 1));
  using T = typename SlotType<letters[i]>::type;
  if constexpr (std::is_same_v<T, V128>) {
    if constexpr (depth == 0 && form == Form::quick_vec) {
      return simd::pack(vec);
    } else if constexpr (depth == 0) {
      return join(sp[-1], tos);
    } else {
      return load_halves(sp - depth - 1);
    }
  } else if constexpr (depth == 0) {
    return from_slot<T>(tos);
  } else {
    return from_slot<T>(sp[-static_cast<int>(depth)]);
  }
}

// Replaces the operands of `op` by its result.
template <Opcode op, class Result>
INTERP_INLINE void finish(Result result, uint64_t*& sp, uint64_t& tos, simd::Lanes<uint8_t>& vec) {
  constexpr int popped = slots_of(operands_of(op));
  constexpr int pushed = slots_of(results_of(op));
  static_assert(popped > 0 && pushed > 0);
  sp += pushed - popped;
  if constexpr (std::is_same_v<Result, V128>) {
    sp[-1] = low_half(result);
    tos = high_half(result);
    vec = simd::as<uint8_t>(result);
  } else if constexpr (std::is_same_v<Result, num::Wide128>) {
    sp[-1] = result.low;
    tos = result.high;
  } else {
    static_assert(pushed == 1);
    tos = to_slot(result);
  }
}
// Pops the operands of an `op` without results.
template <Opcode op>
INTERP_INLINE void finish(uint64_t*& sp, uint64_t& tos) {
  sp -= slots_of(operands_of(op));
  tos = *sp;
}

}  // namespace arris::interp
