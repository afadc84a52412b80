// v128.const: the one vector instruction without operands that is not a memory access.
#include "interp/handlers.h"

namespace arris::interp {

HANDLER(op_v128_const) {
  const uint8_t* p = after_opcode<Opcode::v128_const>(ip);
  PUSH_V128(load_unaligned<V128>(p));
  ip = p + 16;
  NEXT();
}

}  // namespace arris::interp
