// Makes a dispatch table from opcodes.def. For the files table_*.cc, which instantiate the uniform handlers.
#pragma once

#include <array>

#include "interp/handlers.h"
#include "interp/memory.h"
#include "interp/numeric.h"

namespace arris::interp {

// `prefix` only makes the call dependent: in the template below, rows of other prefixes must not be instantiated.
template <Opcode op, uint8_t prefix, Form form = Form::plain>
constexpr Handler uniform_handler() {
  constexpr Immediates immediates = info(op).immediates;
  if constexpr (immediates == Immediates::mem_arg || immediates == Immediates::mem_arg_lane) {
    return &op_access<op, form>;
  } else {
    return &op_numeric<op, form>;
  }
}

// One row, in a template over `wanted` that fills `table`: its handler, if its prefix is the wanted one.
#define FILL_ROW(id, prefix, code, uniform)        \
  if constexpr (prefix == wanted) {                \
    if constexpr (is_uniform(Opcode::id)) {        \
      table[code] = uniform<Opcode::id, wanted>(); \
    } else {                                       \
      table[code] = &op_##id;                      \
    }                                              \
  }

}  // namespace arris::interp
