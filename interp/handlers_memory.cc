// The slow address computation of all memory accesses; memory.size and memory.grow; bulk memory and table instructions, whose
// semantics are in runtime/memory.h and runtime/table.h. Operands of 32-bit memories and tables are zero-extended in their slots,
// so that one reading serves both widths.
#include "interp/memory.h"

#include "interp/handlers.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"

namespace arris::interp {

using runtime::MemoryInstance;
using runtime::TableInstance;

uint8_t* resolve_address(InstanceData* inst, const uint8_t* arg, uint64_t address, uint64_t width,
                         const uint8_t** next) {
  const uint32_t flags = read_uleb<uint32_t>(arg);
  const uint32_t index = flags & 0x40 ? read_uleb<uint32_t>(arg) : 0;
  const uint64_t offset = read_uleb<uint64_t>(arg);
  *next = arg;
  const MemoryInstance& memory = *inst->memories[index];
  const uint64_t size = memory.size_bytes.load(std::memory_order_acquire);
  if (index == 0) inst->memory0_size = size;
  uint64_t start;
  if (__builtin_add_overflow(address, offset, &start)) return nullptr;
  return width <= size && start <= size - width ? memory.base + start : nullptr;
}

INTERP_INLINE MemoryInstance& read_memory(const InstanceData* inst, const uint8_t*& p) {
  return *inst->memories[read_uleb<uint32_t>(p)];
}
INTERP_INLINE TableInstance& read_table(const InstanceData* inst, const uint8_t*& p) {
  return *inst->tables[read_uleb<uint32_t>(p)];
}
// A count or size as the address type of what it measures.
INTERP_INLINE uint64_t as_address(uint64_t value, bool is_64) { return is_64 ? value : static_cast<uint32_t>(value); }

#define POP_THREE() (sp -= 3, tos = *sp)

// ---- Memories ------------------------------------------------------------------------------------------------------------

HANDLER(op_memory_size) {
  const uint8_t* p = ip + 1;
  const MemoryInstance& memory = read_memory(inst, p);
  PUSH(as_address(memory.size_bytes.load(std::memory_order_acquire) >> memory.page_size_log2, memory.is_64));
  ip = p;
  NEXT();
}
HANDLER(op_memory_grow) {
  const uint8_t* p = ip + 1;
  MemoryInstance& memory = read_memory(inst, p);
  tos = as_address(inst->store->grow_memory(memory, tos), memory.is_64);
  if (&memory == inst->memories[0]) inst->memory0_size = memory.size_bytes.load(std::memory_order_acquire);
  ip = p;
  NEXT();
}

// Operands: address, value, count.
HANDLER(op_memory_fill) {
  const uint8_t* p = after_opcode<Opcode::memory_fill>(ip);
  MemoryInstance& memory = read_memory(inst, p);
  TRAP_IF_ANY(runtime::memory_fill(memory, sp[-2], static_cast<uint8_t>(sp[-1]), tos, inst->context));
  POP_THREE();
  ip = p;
  NEXT();
}
// Operands: destination, source, count.
HANDLER(op_memory_copy) {
  const uint8_t* p = after_opcode<Opcode::memory_copy>(ip);
  MemoryInstance& destination = read_memory(inst, p);
  const MemoryInstance& source = read_memory(inst, p);
  TRAP_IF_ANY(runtime::memory_copy(destination, sp[-2], source, sp[-1], tos, inst->context));
  POP_THREE();
  ip = p;
  NEXT();
}
HANDLER(op_memory_init) {
  const uint8_t* p = after_opcode<Opcode::memory_init>(ip);
  const runtime::DataInstance& data = inst->datas[read_uleb<uint32_t>(p)];
  MemoryInstance& memory = read_memory(inst, p);
  TRAP_IF_ANY(runtime::memory_init(memory, sp[-2], data, sp[-1], tos));
  POP_THREE();
  ip = p;
  NEXT();
}
HANDLER(op_data_drop) {
  const uint8_t* p = after_opcode<Opcode::data_drop>(ip);
  runtime::data_drop(inst->datas[read_uleb<uint32_t>(p)]);
  ip = p;
  NEXT();
}

// ---- Tables --------------------------------------------------------------------------------------------------------------

HANDLER(op_table_get) {
  const uint8_t* p = ip + 1;
  const TableInstance& table = read_table(inst, p);
  if (tos >= table.size) [[unlikely]]
    TRAP_NOW(out_of_bounds_table_access);
  tos = table.elements[tos];
  ip = p;
  NEXT();
}
HANDLER(op_table_set) {
  const uint8_t* p = ip + 1;
  const TableInstance& table = read_table(inst, p);
  const uint64_t index = sp[-1];
  if (index >= table.size) [[unlikely]]
    TRAP_NOW(out_of_bounds_table_access);
  table.elements[index] = tos;
  sp -= 2;
  tos = *sp;
  ip = p;
  NEXT();
}

HANDLER(op_table_size) {
  const uint8_t* p = after_opcode<Opcode::table_size>(ip);
  PUSH(read_table(inst, p).size);
  ip = p;
  NEXT();
}
// Operands: reference, delta.
HANDLER(op_table_grow) {
  const uint8_t* p = after_opcode<Opcode::table_grow>(ip);
  TableInstance& table = read_table(inst, p);
  PUBLISH_STACK();
  const uint64_t old_size = inst->store->grow_table(table, tos, sp[-1]);
  sp -= 1;
  tos = as_address(old_size, table.is_64);
  ip = p;
  NEXT();
}
// Operands: index, reference, count.
HANDLER(op_table_fill) {
  const uint8_t* p = after_opcode<Opcode::table_fill>(ip);
  TableInstance& table = read_table(inst, p);
  TRAP_IF_ANY(runtime::table_fill(table, sp[-2], sp[-1], tos));
  POP_THREE();
  ip = p;
  NEXT();
}
HANDLER(op_table_copy) {
  const uint8_t* p = after_opcode<Opcode::table_copy>(ip);
  TableInstance& destination = read_table(inst, p);
  const TableInstance& source = read_table(inst, p);
  TRAP_IF_ANY(runtime::table_copy(destination, sp[-2], source, sp[-1], tos));
  POP_THREE();
  ip = p;
  NEXT();
}
HANDLER(op_table_init) {
  const uint8_t* p = after_opcode<Opcode::table_init>(ip);
  const runtime::ElemInstance& elem = inst->elems[read_uleb<uint32_t>(p)];
  TableInstance& table = read_table(inst, p);
  TRAP_IF_ANY(runtime::table_init(table, sp[-2], elem, sp[-1], tos));
  POP_THREE();
  ip = p;
  NEXT();
}
HANDLER(op_elem_drop) {
  const uint8_t* p = after_opcode<Opcode::elem_drop>(ip);
  runtime::elem_drop(inst->elems[read_uleb<uint32_t>(p)]);
  ip = p;
  NEXT();
}

}  // namespace arris::interp
