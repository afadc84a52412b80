// Uniform numeric handlers, scalar and vector: one template over the rows of opcodes.def, computing with arris::num.
// Include it where a dispatch table is made.
#pragma once

#include <utility>

#include "interp/handlers.h"
#include "interp/signature.h"
#include "wasm/numeric.h"
#include "wasm/simd.h"

namespace arris::interp {

// arris::num's functions by opcode identifier. The rows without immediates that are typed by hand have no function there; the
// names below make them well-formed to mention.
namespace semantics {
using namespace ::arris::num;
struct ByHand {};
inline constexpr ByHand unreachable, nop, else_, throw_ref, end, return_, catch_all, drop, select, ref_is_null, ref_eq,
    ref_as_non_null, array_len, any_convert_extern, extern_convert_any, ref_i31, i31_get_s, i31_get_u;
}  // namespace semantics

template <Opcode op>
struct Semantics;

#define SEMANTICS_none(id)                             \
  template <>                                          \
  struct Semantics<Opcode::id> {                       \
    template <class... T>                              \
    static INTERP_INLINE auto compute(T... operands) { \
      return semantics::id(operands...);               \
    }                                                  \
  };
#define SEMANTICS_lane(id) SEMANTICS_none(id)
#define SEMANTICS_shuffle(id) SEMANTICS_none(id)
#define SEMANTICS_block_type(id)
#define SEMANTICS_label(id)
#define SEMANTICS_label_table(id)
#define SEMANTICS_func(id)
#define SEMANTICS_type_table(id)
#define SEMANTICS_type(id)
#define SEMANTICS_local(id)
#define SEMANTICS_global(id)
#define SEMANTICS_table(id)
#define SEMANTICS_memory(id)
#define SEMANTICS_mem_arg(id)
#define SEMANTICS_mem_arg_lane(id)
#define SEMANTICS_i32(id)
#define SEMANTICS_i64(id)
#define SEMANTICS_f32(id)
#define SEMANTICS_f64(id)
#define SEMANTICS_v128(id)
#define SEMANTICS_heap_type(id)
#define SEMANTICS_val_types(id)
#define SEMANTICS_memory_memory(id)
#define SEMANTICS_data_memory(id)
#define SEMANTICS_data(id)
#define SEMANTICS_elem_table(id)
#define SEMANTICS_elem(id)
#define SEMANTICS_table_table(id)
#define SEMANTICS_type_field(id)
#define SEMANTICS_type_count(id)
#define SEMANTICS_type_data(id)
#define SEMANTICS_type_elem(id)
#define SEMANTICS_type_type(id)
#define SEMANTICS_cast_label(id)
#define SEMANTICS_try_table(id)
#define SEMANTICS_tag(id)
#define SEMANTICS_zero_byte(id)
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) SEMANTICS_##immediates(id)
#include "wasm/opcodes.def"

constexpr TrapCode to_trap_code(num::NumTrap trap) {
  switch (trap) {
    case num::NumTrap::none: break;
    case num::NumTrap::integer_divide_by_zero: return TrapCode::integer_divide_by_zero;
    case num::NumTrap::integer_overflow: return TrapCode::integer_overflow;
    case num::NumTrap::invalid_conversion_to_integer: return TrapCode::invalid_conversion_to_integer;
  }
  return TrapCode::none;
}

// Does num's function for `op` report a trap and write its result through a pointer?
constexpr bool can_trap(Opcode op) {
  std::string_view m = info(op).mnemonic;
  return info(op).prefix == 0 &&
         (m.find(".div_") != m.npos || m.find(".rem_") != m.npos || m.find(".trunc_f") != m.npos);
}

// Which operand is wanted, in stack order.
template <Opcode op, Form form, size_t... i>
INTERP_INLINE auto compute(const uint64_t* sp, uint64_t tos, simd::Lanes<uint8_t> vec, std::index_sequence<i...>,
                           auto... immediates) {
  return Semantics<op>::compute(operand<op, i, form>(sp, tos, vec)..., immediates...);
}

template <Opcode op, Form form = Form::plain>
HANDLER(op_numeric) {
  constexpr auto all = std::make_index_sequence<operands_of(op).size()>{};
  const uint8_t* p = after_opcode<op, form>(ip);
  if constexpr (can_trap(op)) {
    typename SlotType<results_of(op)[0]>::type result;
    num::NumTrap trap = compute<op, form>(sp, tos, vec, all, &result);
    if (trap != num::NumTrap::none) [[unlikely]] {
      tos = static_cast<uint64_t>(to_trap_code(trap));
      GOTO(trap_in_tos);
    }
    finish<op>(result, sp, tos, vec);
  } else if constexpr (info(op).immediates == Immediates::lane) {
    finish<op>(compute<op, form>(sp, tos, vec, all, uint32_t{*p}), sp, tos, vec);
    p += 1;
  } else if constexpr (info(op).immediates == Immediates::shuffle) {
    finish<op>(compute<op, form>(sp, tos, vec, all, load_unaligned<V128>(p)), sp, tos, vec);
    p += 16;
  } else {
    finish<op>(compute<op, form>(sp, tos, vec, all), sp, tos, vec);
  }
  ip = p;
  NEXT();
}

}  // namespace arris::interp
