// The dispatch table of one-byte opcodes.
#include "interp/metering.h"
#include "interp/table.h"

namespace arris::interp {

template <uint8_t wanted>
static consteval auto make_table() {
  std::array<Handler, 256> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) FILL_ROW(id, prefix, code, uniform_handler)
#include "wasm/opcodes.def"
#define INTERNAL(name, code, original) table[code] = &op_##name;
#include "wasm/internal_opcodes.def"
#define QUICK(name, code, ...) table[code] = &quick_##name;
#define QUICK_BLOCKS(name, code) table[code] = &quick_##name;
#define QUICK_VECTOR(name, code) table[code] = &quick_##name;
#include "interp/quicken.def"
  table[kMeteredCode] = &op_metered;
  table[kPrefixGc] = &op_prefix_gc;
  table[kPrefixMisc] = &op_prefix_misc;
  table[kPrefixSimd] = &op_prefix_simd;
  table[kPrefixThreads] = &op_prefix_threads;
  return table;
}

constinit const std::array<Handler, 256> kOpcodeTable = make_table<0x00>();

}  // namespace arris::interp
