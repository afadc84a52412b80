// The dispatch table of prefix 0xFD: vectors, and the step into it. Validated code names only opcodes that exist.
#include "interp/table.h"
#include "interp/vector_codes.h"

namespace arris::interp {

template <uint8_t wanted>
static consteval auto make_table() {
  std::array<Handler, 0x120> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) FILL_ROW(id, prefix, code, uniform_handler)
#include "wasm/opcodes.def"
  return table;
}

constinit const std::array<Handler, 0x120> kSimdTable = make_table<kPrefixSimd>();

template <uint8_t wanted>
static consteval auto make_short_table() {
  std::array<Handler, kVectorNumbers> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature)               \
  if constexpr (prefix == wanted && is_uniform(Opcode::id)) {                        \
    table[kVectorNumber[code]] = uniform_handler<Opcode::id, wanted, Form::quick>(); \
  }
#include "wasm/opcodes.def"
  table[kVectorNumber[info(Opcode::v128_const).code]] = &op_v128_const;
  return table;
}

template <uint8_t wanted>
static consteval auto make_vector_table() {
  std::array<Handler, kVectorNumbers> table{};
  for (Handler& entry : table) entry = &invalid_opcode;
#define OP(id, prefix, code, mnemonic, immediates, signature, feature)                                  \
  if constexpr (prefix == wanted && is_uniform(Opcode::id) && operands_of(Opcode::id).ends_with('V')) { \
    table[kVectorNumber[code]] = uniform_handler<Opcode::id, wanted, Form::quick_vec>();                \
  }
#include "wasm/opcodes.def"
  return table;
}

constinit const std::array<Handler, kVectorNumbers> kShortSimdTable = make_short_table<kPrefixSimd>();
constinit const std::array<Handler, kVectorNumbers> kVectorTable = make_vector_table<kPrefixSimd>();

static COLD_HANDLER(long_opcode) {
  const uint8_t* p = ip + 1;
  const uint32_t code = read_uleb<uint32_t>(p);
  GOTO(kSimdTable[code]);
}
// Opcodes of two bytes are as common as those of one.
HANDLER(op_prefix_simd) {
  uint32_t code = ip[1];
  if (is_long(ip[1])) {
    if (is_long(ip[2])) [[unlikely]]
      GOTO(long_opcode);
    code = (code & 0x7F) | uint32_t{ip[2]} << 7;
  }
  GOTO(kSimdTable[code]);
}
HANDLER(quick_simd) { GOTO(kShortSimdTable[ip[1]]); }
HANDLER(quick_vector) { GOTO(kVectorTable[ip[1]]); }

}  // namespace arris::interp
