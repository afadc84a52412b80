// Builtins on memories and tables, waiting and notifying, and the answer to an interruption.
#include "jit/builtins.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "runtime/wait_queue.h"

namespace arris::jit::builtins {

using runtime::InstanceData;
using runtime::MemoryInstance;
using runtime::TableInstance;

namespace {

uint64_t to_result(TrapCode code) { return static_cast<uint64_t>(code); }

// A count or size as the address type of what it measures.
uint64_t as_address(uint64_t value, bool is_64) { return is_64 ? value : static_cast<uint32_t>(value); }

// address + offset of an atomic access; false if the sum does not fit, and then the trap. Alignment goes before bounds.
bool effective_address(uint64_t address, uint64_t offset, uint64_t width, uint64_t* sum, TrapCode* trap) {
  if (!__builtin_add_overflow(address, offset, sum)) return true;
  *trap = *sum & (width - 1) ? TrapCode::unaligned_atomic : TrapCode::out_of_bounds_memory_access;
  return false;
}

}  // namespace

// ---- Memories ------------------------------------------------------------------------------------------------------------

uint64_t memory_grow(InstanceData* instance, uint64_t* slots, uint64_t memory_index, uint64_t) {
  MemoryInstance& memory = *instance->memories[memory_index];
  slots[0] = as_address(instance->store->grow_memory(memory, slots[0]), memory.is_64);
  if (&memory == instance->memories[0]) instance->memory0_size = memory.size_bytes.load(std::memory_order_acquire);
  return to_result(TrapCode::none);
}

uint64_t memory_fill(InstanceData* instance, uint64_t* slots, uint64_t memory_index, uint64_t) {
  return to_result(runtime::memory_fill(*instance->memories[memory_index], slots[0], static_cast<uint8_t>(slots[1]),
                                        slots[2], instance->context));
}

uint64_t memory_copy(InstanceData* instance, uint64_t* slots, uint64_t destination, uint64_t source) {
  return to_result(runtime::memory_copy(*instance->memories[destination], slots[0], *instance->memories[source],
                                        slots[1], slots[2], instance->context));
}

uint64_t memory_init(InstanceData* instance, uint64_t* slots, uint64_t data, uint64_t memory_index) {
  return to_result(
      runtime::memory_init(*instance->memories[memory_index], slots[0], instance->datas[data], slots[1], slots[2]));
}

uint64_t data_drop(InstanceData* instance, uint64_t*, uint64_t data, uint64_t) {
  runtime::data_drop(instance->datas[data]);
  return to_result(TrapCode::none);
}

// ---- Tables --------------------------------------------------------------------------------------------------------------

uint64_t table_grow(InstanceData* instance, uint64_t* slots, uint64_t table_index, uint64_t) {
  TableInstance& table = *instance->tables[table_index];
  slots[0] = as_address(instance->store->grow_table(table, slots[1], slots[0]), table.is_64);
  return to_result(TrapCode::none);
}

uint64_t table_fill(InstanceData* instance, uint64_t* slots, uint64_t table_index, uint64_t) {
  return to_result(runtime::table_fill(*instance->tables[table_index], slots[0], slots[1], slots[2]));
}

uint64_t table_copy(InstanceData* instance, uint64_t* slots, uint64_t destination, uint64_t source) {
  return to_result(
      runtime::table_copy(*instance->tables[destination], slots[0], *instance->tables[source], slots[1], slots[2]));
}

uint64_t table_init(InstanceData* instance, uint64_t* slots, uint64_t elem, uint64_t table_index) {
  return to_result(
      runtime::table_init(*instance->tables[table_index], slots[0], instance->elems[elem], slots[1], slots[2]));
}

uint64_t elem_drop(InstanceData* instance, uint64_t*, uint64_t elem, uint64_t) {
  runtime::elem_drop(instance->elems[elem]);
  return to_result(TrapCode::none);
}

// ---- Threads -------------------------------------------------------------------------------------------------------------

uint64_t memory_atomic_notify(InstanceData* instance, uint64_t* slots, uint64_t memory_index, uint64_t offset) {
  uint64_t address;
  TrapCode trap;
  if (!effective_address(slots[0], offset, 4, &address, &trap)) return to_result(trap);
  const runtime::NotifyResult result =
      runtime::memory_atomic_notify(*instance->memories[memory_index], address, static_cast<uint32_t>(slots[1]));
  if (result.trap == TrapCode::none) slots[0] = result.woken;
  return to_result(result.trap);
}

uint64_t memory_atomic_wait32(InstanceData* instance, uint64_t* slots, uint64_t memory_index, uint64_t offset) {
  uint64_t address;
  TrapCode trap;
  if (!effective_address(slots[0], offset, 4, &address, &trap)) return to_result(trap);
  const runtime::WaitResult result =
      runtime::memory_atomic_wait32(*instance->context, *instance->memories[memory_index], address,
                                    static_cast<uint32_t>(slots[1]), static_cast<int64_t>(slots[2]));
  if (result.trap == TrapCode::none) slots[0] = static_cast<uint64_t>(result.outcome);
  return to_result(result.trap);
}

uint64_t memory_atomic_wait64(InstanceData* instance, uint64_t* slots, uint64_t memory_index, uint64_t offset) {
  uint64_t address;
  TrapCode trap;
  if (!effective_address(slots[0], offset, 8, &address, &trap)) return to_result(trap);
  const runtime::WaitResult result = runtime::memory_atomic_wait64(
      *instance->context, *instance->memories[memory_index], address, slots[1], static_cast<int64_t>(slots[2]));
  if (result.trap == TrapCode::none) slots[0] = static_cast<uint64_t>(result.outcome);
  return to_result(result.trap);
}

}  // namespace arris::jit::builtins
