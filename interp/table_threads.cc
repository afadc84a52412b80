// The dispatch table of prefix 0xFE: threads, and the step into it. Validated code names only opcodes that exist.
#include "interp/table.h"
#include "interp/threads.h"

namespace arris::interp {

template <Opcode op, uint8_t prefix>
constexpr Handler atomic_handler() {
  return &op_atomic<op>;
}

template <uint8_t wanted>
static consteval auto make_table() {
  std::array<Handler, 0x60> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) FILL_ROW(id, prefix, code, atomic_handler)
#include "wasm/opcodes.def"
  return table;
}

constinit const std::array<Handler, 0x60> kThreadsTable = make_table<kPrefixThreads>();

static COLD_HANDLER(long_opcode) {
  const uint8_t* p = ip + 1;
  const uint32_t code = read_uleb<uint32_t>(p);
  GOTO(kThreadsTable[code]);
}
HANDLER(op_prefix_threads) {
  if (is_long(ip[1])) [[unlikely]]
    GOTO(long_opcode);
  GOTO(kThreadsTable[ip[1]]);
}

}  // namespace arris::interp
