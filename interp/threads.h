// Atomic memory instructions: the uniform handlers over the rows of prefix 0xFE. Include it where the dispatch table is made.
// Alignment is checked before bounds. All accesses are sequentially consistent.
#pragma once

#include <atomic>

#include "interp/handlers.h"
#include "interp/memory.h"
#include "interp/signature.h"

namespace arris::interp {

// As resolve_address, for an access that must be aligned to its width. On failure null, and the trap in `*trap`.
uint8_t* resolve_atomic(InstanceData* inst, const uint8_t* arg, uint64_t address, uint64_t width, const uint8_t** next,
                        TrapCode* trap);

enum class AtomicKind { load, store, add, sub, and_, or_, xor_, xchg, cmpxchg };

constexpr AtomicKind atomic_kind(Opcode op) {
  const std::string_view m = info(op).mnemonic;
  if (m.find(".load") != m.npos) return AtomicKind::load;
  if (m.find(".store") != m.npos) return AtomicKind::store;
  if (m.find(".cmpxchg") != m.npos) return AtomicKind::cmpxchg;
  if (m.find(".xchg") != m.npos) return AtomicKind::xchg;
  if (m.find(".add") != m.npos) return AtomicKind::add;
  if (m.find(".sub") != m.npos) return AtomicKind::sub;
  if (m.find(".and") != m.npos) return AtomicKind::and_;
  if (m.find(".xor") != m.npos) return AtomicKind::xor_;
  return AtomicKind::or_;
}

// The access itself: operand `a`, for cmpxchg expected `a` and replacement `b`; the old value, or 0 for a store. Operands of
// narrow forms are wrapped to the width. Not part of the handler, so that the race detector sees it.
template <AtomicKind kind, class T>
__attribute__((noinline)) T atomic_access(uint8_t* at, T a, T b) {
  std::atomic_ref<T> cell(*reinterpret_cast<T*>(at));
  switch (kind) {
    case AtomicKind::load: return cell.load();
    case AtomicKind::store: cell.store(a); return 0;
    case AtomicKind::add: return cell.fetch_add(a);
    case AtomicKind::sub: return cell.fetch_sub(a);
    case AtomicKind::and_: return cell.fetch_and(a);
    case AtomicKind::or_: return cell.fetch_or(a);
    case AtomicKind::xor_: return cell.fetch_xor(a);
    case AtomicKind::xchg: return cell.exchange(a);
    case AtomicKind::cmpxchg: cell.compare_exchange_strong(a, b); return a;
  }
  return 0;
}

template <Opcode op>
HANDLER(op_atomic) {
  using T = typename BitsOfWidth<width_of(op)>::type;
  constexpr AtomicKind kind = atomic_kind(op);
  const uint8_t* next;
  TrapCode trap;
  uint8_t* at = resolve_atomic(inst, after_opcode<op>(ip), operand<op, 0>(sp, tos, vec), sizeof(T), &next, &trap);
  if (at == nullptr) [[unlikely]] {
    tos = static_cast<uint64_t>(trap);
    GOTO(trap_in_tos);
  }
  T a = 0, b = 0;
  if constexpr (operands_of(op).size() > 1) a = static_cast<T>(operand<op, 1>(sp, tos, vec));
  if constexpr (operands_of(op).size() > 2) b = static_cast<T>(operand<op, 2>(sp, tos, vec));
  const T old = atomic_access<kind, T>(at, a, b);
  if constexpr (kind == AtomicKind::store) {
    finish<op>(sp, tos);
  } else {
    finish<op>(uint64_t{old}, sp, tos, vec);
  }
  ip = next;
  NEXT();
}

}  // namespace arris::interp
