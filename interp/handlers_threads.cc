// Waiting, notifying, fences, and the address computation of atomic accesses.
#include "interp/handlers.h"
#include "interp/threads.h"
#include "runtime/store.h"
#include "runtime/wait_queue.h"

namespace arris::interp {

using runtime::MemoryInstance;

namespace {

struct AtomicAddress {
  MemoryInstance* memory;
  uint64_t offset;  // within the memory
  bool overflow;
  const uint8_t* next;
};

AtomicAddress decode_address(const InstanceData* inst, const uint8_t* arg, uint64_t address) {
  AtomicAddress result;
  const uint32_t flags = read_uleb<uint32_t>(arg);
  result.memory = inst->memories[flags & 0x40 ? read_uleb<uint32_t>(arg) : 0];
  result.overflow = __builtin_add_overflow(address, read_uleb<uint64_t>(arg), &result.offset);
  result.next = arg;
  return result;
}

TrapCode check_address(const AtomicAddress& at, uint64_t width) {
  if (at.offset & (width - 1)) return TrapCode::unaligned_atomic;
  const uint64_t size = at.memory->size_bytes.load(std::memory_order_acquire);
  if (at.overflow || width > size || at.offset > size - width) return TrapCode::out_of_bounds_memory_access;
  return TrapCode::none;
}

}  // namespace

uint8_t* resolve_atomic(InstanceData* inst, const uint8_t* arg, uint64_t address, uint64_t width, const uint8_t** next,
                        TrapCode* trap) {
  const AtomicAddress at = decode_address(inst, arg, address);
  *next = at.next;
  *trap = check_address(at, width);
  return *trap == TrapCode::none ? at.memory->base + at.offset : nullptr;
}

// Wait and notify check their address themselves, but for a sum beyond 64 bits, which they cannot be told.
static TrapCode check_overflow(const AtomicAddress& at, uint64_t width) {
  return at.overflow ? check_address(at, width) : TrapCode::none;
}

// Operands: address, expected, timeout.
COLD_HANDLER(op_memory_atomic_wait32) {
  const AtomicAddress at = decode_address(inst, after_opcode<Opcode::memory_atomic_wait32>(ip), sp[-2]);
  TRAP_IF_ANY(check_overflow(at, 4));
  PUBLISH_STACK();
  const runtime::WaitResult result = runtime::memory_atomic_wait32(
      *inst->context, *at.memory, at.offset, static_cast<uint32_t>(sp[-1]), static_cast<int64_t>(tos));
  TRAP_IF_ANY(result.trap);
  sp -= 2;
  tos = static_cast<uint64_t>(result.outcome);
  ip = at.next;
  NEXT();
}
COLD_HANDLER(op_memory_atomic_wait64) {
  const AtomicAddress at = decode_address(inst, after_opcode<Opcode::memory_atomic_wait64>(ip), sp[-2]);
  TRAP_IF_ANY(check_overflow(at, 8));
  PUBLISH_STACK();
  const runtime::WaitResult result =
      runtime::memory_atomic_wait64(*inst->context, *at.memory, at.offset, sp[-1], static_cast<int64_t>(tos));
  TRAP_IF_ANY(result.trap);
  sp -= 2;
  tos = static_cast<uint64_t>(result.outcome);
  ip = at.next;
  NEXT();
}
// Operands: address, count.
COLD_HANDLER(op_memory_atomic_notify) {
  const AtomicAddress at = decode_address(inst, after_opcode<Opcode::memory_atomic_notify>(ip), sp[-1]);
  TRAP_IF_ANY(check_overflow(at, 4));
  const runtime::NotifyResult result = runtime::memory_atomic_notify(*at.memory, at.offset, static_cast<uint32_t>(tos));
  TRAP_IF_ANY(result.trap);
  sp -= 1;
  tos = result.woken;
  ip = at.next;
  NEXT();
}

HANDLER(op_atomic_fence) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  ip = after_opcode<Opcode::atomic_fence>(ip) + 1;
  NEXT();
}

}  // namespace arris::interp
