// v128.const: the one vector instruction without operands that is not a memory access.
#include "interp/handlers.h"

namespace arris::interp {

HANDLER(op_v128_const) {
  const uint8_t* p = after_opcode<Opcode::v128_const>(ip);
  sp[0] = tos;
  sp[1] = load_unaligned<uint64_t>(p);
  sp += 2;
  tos = load_unaligned<uint64_t>(p + 8);
  ip = p + 16;
  NEXT();
}

}  // namespace arris::interp
