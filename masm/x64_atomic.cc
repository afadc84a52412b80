// X64Masm: atomics. Loads are plain moves and stores are exchanges, which together are sequentially consistent on x86 (total
// store order); read-modify-writes are locked instructions, and a compare-exchange loop where there is none that also gives
// back the old value.
#include "base/check.h"
#include "masm/x64.h"

namespace arris::masm {

namespace {

enum class Rmw : uint8_t { add, sub, bit_and, bit_or, bit_xor, exchange, compare_exchange };

struct AtomicRow {
  Opcode op;
  Rmw rmw;
  uint8_t size_log2;
};

constexpr AtomicRow kAtomicRows[] = {
#define RMW_ROWS(name, rmw)                                                                                  \
  {Opcode::i32_atomic_rmw_##name, Rmw::rmw, 2}, {Opcode::i64_atomic_rmw_##name, Rmw::rmw, 3},                \
      {Opcode::i32_atomic_rmw8_##name##_u, Rmw::rmw, 0}, {Opcode::i32_atomic_rmw16_##name##_u, Rmw::rmw, 1}, \
      {Opcode::i64_atomic_rmw8_##name##_u, Rmw::rmw, 0}, {Opcode::i64_atomic_rmw16_##name##_u, Rmw::rmw, 1}, \
      {Opcode::i64_atomic_rmw32_##name##_u, Rmw::rmw, 2},
    RMW_ROWS(add, add) RMW_ROWS(sub, sub) RMW_ROWS(and, bit_and) RMW_ROWS(or, bit_or) RMW_ROWS(xor, bit_xor)
        RMW_ROWS(xchg, exchange) RMW_ROWS(cmpxchg, compare_exchange)
#undef RMW_ROWS
};

// The rows are in the order of the opcodes.
constexpr bool in_opcode_order() {
  for (unsigned i = 0; i < std::size(kAtomicRows); ++i) {
    if (static_cast<unsigned>(kAtomicRows[i].op) != static_cast<unsigned>(Opcode::i32_atomic_rmw_add) + i) return false;
  }
  return true;
}
static_assert(in_opcode_order());

const AtomicRow* atomic_row(Opcode op) {
  const unsigned index = static_cast<unsigned>(op) - static_cast<unsigned>(Opcode::i32_atomic_rmw_add);
  return index < std::size(kAtomicRows) ? &kAtomicRows[index] : nullptr;
}

constexpr bool needs_loop(Rmw rmw) { return rmw == Rmw::bit_and || rmw == Rmw::bit_or || rmw == Rmw::bit_xor; }

// The sized form of an instruction whose byte form is `opcode8` and whose larger forms are one above.
constexpr X64Op sized(uint8_t size_log2, X64Op::Map map, uint8_t opcode8) {
  return {static_cast<uint8_t>(size_log2 == 1 ? 0x66 : 0), map, static_cast<uint8_t>(opcode8 + (size_log2 != 0))};
}

}  // namespace

GpSet X64Masm::special_clobbers(Opcode op) {
  if (op == Opcode::i64_mul_wide_s || op == Opcode::i64_mul_wide_u) return {kRax, kRdx};
  const AtomicRow* row = atomic_row(op);
  if (row && (needs_loop(row->rmw) || row->rmw == Rmw::compare_exchange)) return {kRax};
  return {};
}

uint32_t X64Masm::atomic_load(Opcode op, Gp d, Address address) {
  switch (op) {
    case Opcode::i32_atomic_load: return load(Opcode::i32_load, d, address);
    case Opcode::i64_atomic_load: return load(Opcode::i64_load, d, address);
    case Opcode::i32_atomic_load8_u:
    case Opcode::i64_atomic_load8_u: return load(Opcode::i32_load8_u, d, address);
    case Opcode::i32_atomic_load16_u:
    case Opcode::i64_atomic_load16_u: return load(Opcode::i32_load16_u, d, address);
    case Opcode::i64_atomic_load32_u: return load(Opcode::i64_load32_u, d, address);
    default: not_implemented(op); return 0;
  }
}

uint32_t X64Masm::atomic_store(Opcode op, Address address, Gp s) {
  uint8_t size_log2 = 0;
  switch (op) {
    case Opcode::i32_atomic_store8:
    case Opcode::i64_atomic_store8: size_log2 = 0; break;
    case Opcode::i32_atomic_store16:
    case Opcode::i64_atomic_store16: size_log2 = 1; break;
    case Opcode::i32_atomic_store:
    case Opcode::i64_atomic_store32: size_log2 = 2; break;
    case Opcode::i64_atomic_store: size_log2 = 3; break;
    default: not_implemented(op); return 0;
  }
  move(Width::w64, kScratch, s);
  const uint32_t at = offset();
  rm(sized(size_log2, X64Op::kOneByte, 0x86), size_log2 == 3, kScratch.id, address,
     size_log2 == 0);  // xchg locks by itself
  return at;
}

// The old value, of the access's size, into all of d.
void X64Masm::zero_extend(uint8_t size_log2, Gp d, Gp s) {
  switch (size_log2) {
    case 0: return rr({.map = X64Op::k0F, .opcode = 0xB6}, false, d.id, s.id, false, true);
    case 1: return rr({.map = X64Op::k0F, .opcode = 0xB7}, false, d.id, s.id);
    case 2: return move(Width::w32, d, s);
    default: return move(Width::w64, d, s);
  }
}

void X64Masm::lock() {
  ensure();
  byte(0xF0);
}

uint32_t X64Masm::atomic_rmw(Opcode op, Gp d, Address address, Gp s) {
  const AtomicRow* row = atomic_row(op);
  if (!row || row->rmw == Rmw::compare_exchange) {
    not_implemented(op);
    return 0;
  }
  const uint8_t size = row->size_log2;
  const bool w = size == 3;
  if (needs_loop(row->rmw))
    return atomic_rmw_loop(row->rmw == Rmw::bit_and  ? kAluAnd
                           : row->rmw == Rmw::bit_or ? kAluOr
                                                     : kAluXor,
                           size, d, address, s);
  move(Width::w64, kScratch, s);
  if (row->rmw == Rmw::sub) rr({.opcode = 0xF7}, true, 3, kScratch.id);  // neg
  const uint32_t at = offset();
  if (row->rmw == Rmw::exchange) {
    rm(sized(size, X64Op::kOneByte, 0x86), w, kScratch.id, address, size == 0);
  } else {
    lock();
    rm(sized(size, X64Op::k0F, 0xC0), w, kScratch.id, address, size == 0);  // xadd
  }
  zero_extend(size, d, kScratch);
  return at;
}

uint32_t X64Masm::atomic_rmw_loop(uint8_t code, uint8_t size, Gp d, Address address, Gp s) {
  DCHECK(s != kRax && address.base != kRax && address.index != kRax);
  const uint32_t at = offset();
  load(size == 0   ? Opcode::i32_load8_u
       : size == 1 ? Opcode::i32_load16_u
       : size == 2 ? Opcode::i32_load
                   : Opcode::i64_load,
       kRax, address);
  const uint32_t again = offset();
  move(Width::w64, kScratch, kRax);
  alu_in_place(Width::w64, code, kScratch, s);
  lock();
  rm(sized(size, X64Op::k0F, 0xB0), size == 3, kScratch.id, address, size == 0);  // cmpxchg
  jcc_back(X64Cc::ne, again);
  zero_extend(size, d, kRax);
  return at;
}

uint32_t X64Masm::atomic_cmpxchg(Opcode op, Gp d, Address address, Gp expected, Gp replacement) {
  const AtomicRow* row = atomic_row(op);
  if (!row || row->rmw != Rmw::compare_exchange) {
    not_implemented(op);
    return 0;
  }
  DCHECK(address.base != kRax && address.index != kRax);
  if (replacement == kRax) {
    move(Width::w64, kScratch, replacement);
    replacement = kScratch;
  }
  if (expected != kRax) move(Width::w64, kRax, expected);
  const uint32_t at = offset();
  lock();
  rm(sized(row->size_log2, X64Op::k0F, 0xB0), row->size_log2 == 3, replacement.id, address, row->size_log2 == 0);
  zero_extend(row->size_log2, d, kRax);
  return at;
}

void X64Masm::fence() {
  ensure();
  byte(0x0F);
  byte(0xAE);
  byte(0xF0);
}

}  // namespace arris::masm
