// The dispatch table of prefix 0xFC: saturating truncation, bulk instructions, wide arithmetic, and the step into it. Validated code names only opcodes that exist.
#include "interp/table.h"

namespace arris::interp {

template <uint8_t wanted>
static consteval auto make_table() {
  std::array<Handler, 0x20> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) FILL_ROW(id, prefix, code, uniform_handler)
#include "wasm/opcodes.def"
  return table;
}

constinit const std::array<Handler, 0x20> kMiscTable = make_table<kPrefixMisc>();

static COLD_HANDLER(long_opcode) {
  const uint8_t* p = ip + 1;
  const uint32_t code = read_uleb<uint32_t>(p);
  GOTO(kMiscTable[code]);
}
HANDLER(op_prefix_misc) {
  if (is_long(ip[1])) [[unlikely]]
    GOTO(long_opcode);
  GOTO(kMiscTable[ip[1]]);
}

}  // namespace arris::interp
