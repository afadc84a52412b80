// The superinstructions of quicken.def. All immediates are of one byte, as quicken.cc checked. `ip` is at the first instruction
// until nothing can fail any more; an access that does not fit the cached memory first completes the instructions before the load
// or store and leaves that one to its own handler, so a trap is at the right offset.
#include "interp/calls.h"
#include "interp/handlers.h"
#include "interp/memory.h"
#include "wasm/numeric.h"

namespace arris::interp {

// The local and the constant whose immediate is `offset` bytes into the sequence.
#define LOCAL(offset) locals[ip[offset]]
#define LOCAL_32(offset) static_cast<uint32_t>(locals[ip[offset]])
#define CONST(offset) static_cast<uint32_t>(short_signed(ip[offset]))

// The value of a signed LEB128 of two bytes.
INTERP_INLINE uint32_t const_2(const uint8_t* p) {
  return static_cast<uint32_t>(static_cast<int32_t>((p[0] & 0x7Fu) | uint32_t{p[1]} << 7) << 18 >> 18);
}

#define PUSH_TWO(first, second)        \
  do {                                 \
    const uint64_t first_ = (first);   \
    const uint64_t second_ = (second); \
    sp[0] = tos;                       \
    sp[1] = first_;                    \
    sp += 2;                           \
    tos = second_;                     \
  } while (0)

#define ADVANCE(length) \
  do {                  \
    ip += (length);     \
    NEXT();             \
  } while (0)

// The br_if `offset` bytes into the sequence and its last instruction.
#define BRANCH_IF(condition, offset) \
  do {                               \
    if (condition) {                 \
      ip += (offset);                \
      TAKE_BRANCH();                 \
    }                                \
    st += 1;                         \
    ADVANCE((offset) + 2);           \
  } while (0)

// ---- local.get and what follows ------------------------------------------------------------------------------------------

HANDLER(quick_get_get) {
  PUSH_TWO(LOCAL(1), LOCAL(3));
  ADVANCE(4);
}
HANDLER(quick_get_get_get) {
  const uint64_t first = LOCAL(1);
  const uint64_t second = LOCAL(3);
  sp[0] = tos;
  tos = LOCAL(5);
  sp[1] = first;
  sp[2] = second;
  sp += 3;
  ADVANCE(6);
}
HANDLER(quick_get_const) {
  PUSH_TWO(LOCAL(1), CONST(3));
  ADVANCE(4);
}
HANDLER(quick_get_const_add) {
  PUSH(LOCAL_32(1) + CONST(3));
  ADVANCE(5);
}
HANDLER(quick_get_const_add_tee) {
  PUSH(LOCAL_32(1) + CONST(3));
  LOCAL(6) = tos;
  ADVANCE(7);
}
HANDLER(quick_get_const_add_set) {
  LOCAL(6) = LOCAL_32(1) + CONST(3);
  ADVANCE(7);
}
HANDLER(quick_get_const_shl) {
  PUSH(num::i32_shl(LOCAL_32(1), uint32_t{ip[3]}));
  ADVANCE(5);
}
HANDLER(quick_get_const_shr_u) {
  PUSH(num::i32_shr_u(LOCAL_32(1), uint32_t{ip[3]}));
  ADVANCE(5);
}
HANDLER(quick_get_const_2_add) {
  PUSH(LOCAL_32(1) + const_2(ip + 3));
  ADVANCE(6);
}
HANDLER(quick_get_get_add) {
  PUSH(LOCAL_32(1) + LOCAL_32(3));
  ADVANCE(5);
}
HANDLER(quick_get_add) {
  tos = static_cast<uint32_t>(tos) + LOCAL_32(1);
  ADVANCE(3);
}
HANDLER(quick_get_f64_mul) {
  tos = to_slot(num::f64_mul(from_slot<double>(tos), from_slot<double>(LOCAL(1))));
  ADVANCE(3);
}
HANDLER(quick_get_i64_const) {
  PUSH_TWO(LOCAL(1), static_cast<uint64_t>(int64_t{short_signed(ip[3])}));
  ADVANCE(4);
}

// ---- Loads and stores ----------------------------------------------------------------------------------------------------

// Is the access of `width` bytes at `address`, plus the offset at `immediate`, within the cached memory 0? Then `*end` is its end.
template <unsigned width>
INTERP_INLINE bool quick_address(uint8_t immediate, uint64_t address, const InstanceData* inst, uint64_t* end) {
  return !__builtin_add_overflow(address, uint64_t{immediate} + width, end) && *end <= inst->memory0_size;
}

template <Opcode op>
COLD_HANDLER(get_load_slow) {
  PUSH(LOCAL(1));
  ip += 2;
  GOTO(kOpcodeTable[info(op).code]);
}
#define GET_LOAD(name, op)                                               \
  HANDLER(quick_##name) {                                                \
    uint64_t end;                                                        \
    constexpr unsigned width = width_of(Opcode::op);                     \
    if (!quick_address<width>(ip[4], LOCAL(1), inst, &end)) [[unlikely]] \
      GOTO(get_load_slow<Opcode::op>);                                   \
    PUSH(to_slot(load_value<Opcode::op>(mem + end - width)));            \
    ADVANCE(5);                                                          \
  }
GET_LOAD(get_i32_load, i32_load)
GET_LOAD(get_i32_load8_u, i32_load8_u)
GET_LOAD(get_f64_load, f64_load)
#undef GET_LOAD

static COLD_HANDLER(get_get_i32_store_slow) {
  PUSH_TWO(LOCAL(1), LOCAL(3));
  ip += 4;
  GOTO(kOpcodeTable[info(Opcode::i32_store).code]);
}
HANDLER(quick_get_get_i32_store) {
  uint64_t end;
  if (!quick_address<4>(ip[6], LOCAL(1), inst, &end)) [[unlikely]]
    GOTO(get_get_i32_store_slow);
  store_unaligned(mem + end - 4, LOCAL_32(3));
  ADVANCE(7);
}

// With the offset as it is behind the alignment.
INTERP_INLINE bool long_address(const uint8_t* ip, uint64_t address, uint64_t size, uint64_t* end) {
  return !__builtin_add_overflow(address, uint64_t{load_unaligned<uint32_t>(ip + 2)} + 4, end) && *end <= size;
}
constexpr unsigned kLongAccessLength = 7;

// The cached size of the memory may have been the reason.
static COLD_HANDLER(i32_load_5_slow) {
  inst->memory0_size = inst->memories[0]->size_bytes.load(std::memory_order_acquire);
  uint64_t end;
  if (!long_address(ip, tos, inst->memory0_size, &end)) TRAP_NOW(out_of_bounds_memory_access);
  tos = load_unaligned<uint32_t>(mem + end - 4);
  ADVANCE(kLongAccessLength);
}
HANDLER(quick_i32_load_5) {
  uint64_t end;
  if (!long_address(ip, tos, inst->memory0_size, &end)) [[unlikely]]
    GOTO(i32_load_5_slow);
  tos = load_unaligned<uint32_t>(mem + end - 4);
  ADVANCE(kLongAccessLength);
}

static COLD_HANDLER(i32_store_5_slow) {
  inst->memory0_size = inst->memories[0]->size_bytes.load(std::memory_order_acquire);
  uint64_t end;
  if (!long_address(ip, sp[-1], inst->memory0_size, &end)) TRAP_NOW(out_of_bounds_memory_access);
  store_unaligned(mem + end - 4, static_cast<uint32_t>(tos));
  sp -= 2;
  tos = *sp;
  ADVANCE(kLongAccessLength);
}
HANDLER(quick_i32_store_5) {
  uint64_t end;
  if (!long_address(ip, sp[-1], inst->memory0_size, &end)) [[unlikely]]
    GOTO(i32_store_5_slow);
  store_unaligned(mem + end - 4, static_cast<uint32_t>(tos));
  sp -= 2;
  tos = *sp;
  ADVANCE(kLongAccessLength);
}

// ---- local.set, local.tee, constants -------------------------------------------------------------------------------------

HANDLER(quick_set_get) {
  LOCAL(1) = tos;
  tos = LOCAL(3);
  ADVANCE(4);
}
HANDLER(quick_tee_get) {
  LOCAL(1) = tos;
  PUSH(LOCAL(3));
  ADVANCE(4);
}
HANDLER(quick_tee_const) {
  LOCAL(1) = tos;
  PUSH(CONST(3));
  ADVANCE(4);
}
HANDLER(quick_const_add) {
  tos = static_cast<uint32_t>(tos) + CONST(1);
  ADVANCE(3);
}
HANDLER(quick_const_set) {
  LOCAL(3) = CONST(1);
  ADVANCE(4);
}
HANDLER(quick_const_5) {
  PUSH(load_unaligned<uint32_t>(ip + 1));
  ADVANCE(6);
}
HANDLER(quick_const_5_add) {
  tos = static_cast<uint32_t>(tos) + load_unaligned<uint32_t>(ip + 1);
  ADVANCE(7);
}
HANDLER(quick_const_64_mul) {
  tos *= load_unaligned<uint64_t>(ip + 1);
  ADVANCE(ip[9] + 2u);  // as many bytes as the constant had, and both opcodes
}
HANDLER(quick_const_2_and) {
  tos = static_cast<uint32_t>(tos) & const_2(ip + 1);
  ADVANCE(4);
}
HANDLER(quick_add_tee) {
  tos = static_cast<uint32_t>(tos) + static_cast<uint32_t>(*--sp);
  LOCAL(2) = tos;
  ADVANCE(3);
}
HANDLER(quick_f64_mul_add) {
  const double product = num::f64_mul(from_slot<double>(sp[-1]), from_slot<double>(tos));
  sp -= 2;
  tos = to_slot(num::f64_add(from_slot<double>(*sp), product));
  ADVANCE(2);
}

// ---- Conditions and branches ---------------------------------------------------------------------------------------------

HANDLER(quick_get_br_if) { BRANCH_IF(LOCAL_32(1) != 0, 2); }
HANDLER(quick_get_eqz_br_if) { BRANCH_IF(LOCAL_32(1) == 0, 3); }
HANDLER(quick_tee_br_if) {
  const bool condition = static_cast<uint32_t>(tos) != 0;
  LOCAL(1) = tos;
  POP();
  BRANCH_IF(condition, 2);
}
HANDLER(quick_eqz_br_if) {
  const bool condition = static_cast<uint32_t>(tos) == 0;
  POP();
  BRANCH_IF(condition, 1);
}
#define COMPARE_BR_IF(name, compare)                                                                     \
  HANDLER(quick_##name) {                                                                                \
    const bool condition = num::compare(static_cast<uint32_t>(sp[-1]), static_cast<uint32_t>(tos)) != 0; \
    sp -= 2;                                                                                             \
    tos = *sp;                                                                                           \
    BRANCH_IF(condition, 1);                                                                             \
  }
COMPARE_BR_IF(eq_br_if, i32_eq)
COMPARE_BR_IF(ne_br_if, i32_ne)
COMPARE_BR_IF(lt_u_br_if, i32_lt_u)
COMPARE_BR_IF(gt_u_br_if, i32_gt_u)
#undef COMPARE_BR_IF

// ---- Structure -----------------------------------------------------------------------------------------------------------

HANDLER(quick_loop_get) {
  if (is_called_upon(inst)) [[unlikely]]
    GOTO(op_loop);
  PUSH(LOCAL(3));
  ADVANCE(4);
}
HANDLER(quick_blocks) { ADVANCE(ip[1]); }
HANDLER(quick_blocks_get) {
  ip += ip[1];
  PUSH(LOCAL(1));
  ADVANCE(2);
}

}  // namespace arris::interp
