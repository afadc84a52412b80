// Parametric and variable instructions and constants. The internal forms with _v128 move two slots (wasm/internal_opcodes.def).
#include "interp/handlers.h"
#include "wasm/instruction_reader.h"

namespace arris::interp {

using runtime::GlobalInstance;

// ---- drop, select --------------------------------------------------------------------------------------------------------

HANDLER(op_drop) {
  POP();
  ip += 1;
  NEXT();
}
HANDLER(op_drop_v128) {
  sp -= 2;
  tos = *sp;
  ip += 1;
  NEXT();
}

HANDLER(op_select) {
  const bool first = static_cast<uint32_t>(tos) != 0;
  sp -= 2;
  tos = first ? sp[0] : sp[1];
  ip += 1;
  NEXT();
}
HANDLER(op_select_v128) {
  const bool first = static_cast<uint32_t>(tos) != 0;
  sp -= 3;
  const uint64_t* chosen = first ? sp - 1 : sp + 1;
  const uint64_t low = chosen[0];
  tos = chosen[1];
  sp[-1] = low;
  ip += 1;
  NEXT();
}

// Steps over the type, so that what remains is `select`; the type tells of how many slots.
COLD_HANDLER(op_select_t) {
  const uint8_t* type = ip + 1;
  read_index(type);  // that there is one type
  const bool is_v128 = *type == static_cast<uint8_t>(TypeCode::v128);
  read_val_type(type);
  ip = type - 1;
  if (is_v128) GOTO(op_select_v128);
  GOTO(op_select);
}

// ---- Locals --------------------------------------------------------------------------------------------------------------

static COLD_HANDLER(local_get_long) {
  const uint8_t* p = ip + 1;
  PUSH(locals[read_index(p)]);
  ip = p;
  NEXT();
}
HANDLER(op_local_get) {
  const uint8_t index = ip[1];
  if (is_long(index)) [[unlikely]]
    GOTO(local_get_long);
  PUSH(locals[index]);
  ip += 2;
  NEXT();
}

static COLD_HANDLER(local_set_long) {
  const uint8_t* p = ip + 1;
  locals[read_index(p)] = tos;
  POP();
  ip = p;
  NEXT();
}
HANDLER(op_local_set) {
  const uint8_t index = ip[1];
  if (is_long(index)) [[unlikely]]
    GOTO(local_set_long);
  locals[index] = tos;
  POP();
  ip += 2;
  NEXT();
}

static COLD_HANDLER(local_tee_long) {
  const uint8_t* p = ip + 1;
  locals[read_index(p)] = tos;
  ip = p;
  NEXT();
}
HANDLER(op_local_tee) {
  const uint8_t index = ip[1];
  if (is_long(index)) [[unlikely]]
    GOTO(local_tee_long);
  locals[index] = tos;
  ip += 2;
  NEXT();
}

// The ordinal of a v128 local; its slots are at locals - 2 * (ordinal + 1).
INTERP_INLINE uint64_t* v128_local(uint64_t* locals, const uint8_t*& p) {
  return locals - 2 * (uint64_t{read_index(p)} + 1);
}
// A local is stored and loaded as one piece, so that the processor can forward it from one to the other.
HANDLER(op_local_get_v128) {
  const uint8_t* p = ip + 1;
  PUSH_V128(load_unaligned<V128>(v128_local(locals, p)));
  ip = p;
  NEXT();
}
HANDLER(op_local_set_v128) {
  const uint8_t* p = ip + 1;
  store_unaligned(v128_local(locals, p), join(sp[-1], tos));
  sp -= 2;
  tos = *sp;
  ip = p;
  NEXT();
}
HANDLER(op_local_tee_v128) {
  const uint8_t* p = ip + 1;
  const V128 value = join(sp[-1], tos);
  store_unaligned(v128_local(locals, p), value);
  vec = simd::as<uint8_t>(value);
  ip = p;
  NEXT();
}
HANDLER(quick_local_set_vector) {
  store_unaligned(locals - 2 * (uint64_t{ip[1]} + 1), simd::pack(vec));
  sp -= 2;
  tos = *sp;
  ip += 2;
  NEXT();
}
HANDLER(quick_local_tee_vector) {
  store_unaligned(locals - 2 * (uint64_t{ip[1]} + 1), simd::pack(vec));
  ip += 2;
  NEXT();
}

// ---- Globals -------------------------------------------------------------------------------------------------------------

static COLD_HANDLER(global_get_long) {
  const uint8_t* p = ip + 1;
  PUSH(inst->globals[read_index(p)]->value[0]);
  ip = p;
  NEXT();
}
HANDLER(op_global_get) {
  const uint8_t index = ip[1];
  if (is_long(index)) [[unlikely]]
    GOTO(global_get_long);
  PUSH(inst->globals[index]->value[0]);
  ip += 2;
  NEXT();
}

static COLD_HANDLER(global_set_long) {
  const uint8_t* p = ip + 1;
  inst->globals[read_index(p)]->value[0] = tos;
  POP();
  ip = p;
  NEXT();
}
HANDLER(op_global_set) {
  const uint8_t index = ip[1];
  if (is_long(index)) [[unlikely]]
    GOTO(global_set_long);
  inst->globals[index]->value[0] = tos;
  POP();
  ip += 2;
  NEXT();
}

HANDLER(op_global_get_v128) {
  const uint8_t* p = ip + 1;
  const GlobalInstance& global = *inst->globals[read_index(p)];
  sp[0] = tos;
  sp[1] = global.value[0];
  sp += 2;
  tos = global.value[1];
  ip = p;
  NEXT();
}
HANDLER(op_global_set_v128) {
  const uint8_t* p = ip + 1;
  GlobalInstance& global = *inst->globals[read_index(p)];
  global.value[0] = sp[-1];
  global.value[1] = tos;
  sp -= 2;
  tos = *sp;
  ip = p;
  NEXT();
}

// ---- Constants -----------------------------------------------------------------------------------------------------------

static COLD_HANDLER(i32_const_long) {
  const LongLeb value(ip + 1);
  PUSH(static_cast<uint32_t>(value.as_signed()));
  ip += 1 + value.length;
  NEXT();
}
HANDLER(op_i32_const) {
  const uint8_t value = ip[1];
  if (is_long(value)) [[unlikely]]
    GOTO(i32_const_long);
  PUSH(static_cast<uint32_t>(short_signed(value)));
  ip += 2;
  NEXT();
}

// Of nine or ten bytes.
static COLD_HANDLER(i64_const_longest) {
  const uint8_t* p = ip + 1;
  const bool ten = is_long(p[8]);
  const uint64_t sign = (ten ? p[9] : p[8] >> 6) & 1u;
  PUSH(LongLeb(p).bits | uint64_t{p[8] & 0x7Fu} << 56 | sign << 63);
  ip = p + 9 + ten;
  NEXT();
}
static COLD_HANDLER(i64_const_long) {
  const LongLeb value(ip + 1);
  if (value.length == 0) [[unlikely]]
    GOTO(i64_const_longest);
  PUSH(static_cast<uint64_t>(value.as_signed()));
  ip += 1 + value.length;
  NEXT();
}
HANDLER(op_i64_const) {
  const uint8_t value = ip[1];
  if (is_long(value)) [[unlikely]]
    GOTO(i64_const_long);
  PUSH(static_cast<uint64_t>(int64_t{short_signed(value)}));
  ip += 2;
  NEXT();
}

HANDLER(op_f32_const) {
  PUSH(load_unaligned<uint32_t>(ip + 1));
  ip += 5;
  NEXT();
}
HANDLER(op_f64_const) {
  PUSH(load_unaligned<uint64_t>(ip + 1));
  ip += 9;
  NEXT();
}

}  // namespace arris::interp
