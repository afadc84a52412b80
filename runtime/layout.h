// The structures that the interpreter and machine code read and write directly: instance data, functions, memories, tables,
// globals, frames, heap objects. Standard-layout; a compiler takes offsets with offsetof and static_asserts guard them.
// One description for every tier is what makes calls between tiers, on-stack replacement, backtraces and the collector's
// root scan free of conversions.
//
// Value stack and frames
//   One value stack per Store: an array of 8-byte slots that grows upwards, apart from the native stack. A value takes one
//   slot (i32 and f32 zero-extended to 64 bits; references as below), a v128 two (low half first).
//   A wasm-to-wasm call uses no native stack. Layout of a frame, from low to high:
//
//     base                arguments as the caller pushed them; results are left here on return
//     locals - 2*(k+1)    the k-th v128 parameter or local (low half first), k = its ordinal among the v128 ones
//     locals[i]           parameter or local i (its slot is unused if it is a v128)
//     locals[local_count...]          exceptions in flight of legacy catch blocks, if any (FuncCode::frame_offset)
//     locals[frame_offset]            FrameRecord (4 slots)
//     locals[frame_offset + 4...]     operand stack, at most max_operand_slots
//
//   base = locals - v128_local_slots. Without v128 locals base == locals and arguments become locals in place; with them
//   the callee's prologue moves its arguments apart.
//   The outermost frame of an invocation returns to kExitCode: its return_ip points there and caller_locals is null, and
//   caller_instance is null. Walking frames stops there; an enclosing invocation (through a host function) is found through
//   ExecutionContext::entry_frame.
//
// References in a slot: null is 0. funcref: FuncInstance*. anyref and its kind: pointer to a heap object (8-aligned), or an
// i31 as (value << 1 | 1), zero-extended from 32 bits. externref: the same representation as anyref (conversion is the identity); a host
// value is a HostObject on the heap. exnref: pointer to an ExceptionObject on the heap.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "wasm/module.h"
#include "wasm/trap.h"
#include "wasm/type_registry.h"

namespace arris::runtime {

class Store;
class Heap;
class Memory;
class Table;
struct InstanceData;

// How an invocation ended. On trap and exception the details are in the Store (store.h). tail_call: not yet, see Store::TailCall;
// only the interpreter says so, and only to those who run compiled code.
enum class Outcome : uint8_t { ok, trap, exception, tail_call };

// A host function. `slots` holds param_slots arguments on entry and receives result_slots results (the area is large enough
// for the larger of both). `caller` is the calling instance or null when the host itself called. To trap or throw, record it
// in the Store and return the outcome. Must not let C++ exceptions out.
using HostCallback = Outcome (*)(void* environment, Store& store, InstanceData* caller, uint64_t* slots);

// The address compiled code calls a function at; changed while other threads call through it. What it holds takes its arguments
// as compiled functions do (jit/README.md): the function itself, or a stub that runs it in another way.
using MachineEntry = std::atomic<const void*>;

struct FuncInstance {
  const CanonicalType* type;
  const FuncCode* code;    // null for a host function
  InstanceData* instance;  // the defining instance; null for a host function
  HostCallback host;       // null for a wasm function
  void* host_environment;
  FuncIndex index;  // in the defining module; for messages
  // Where compiled code finds the address to call (MachineEntry). Never null in a Store that may run compiled code. How a function is
  // called is no part of what it is: hence mutable.
  mutable const MachineEntry* entry_slot = nullptr;
};

struct MemoryInstance {
  uint8_t* base;                     // never moves
  std::atomic<uint64_t> size_bytes;  // grows only
  uint64_t max_pages;
  uint64_t reserved_bytes;  // address space behind base that growth may use
  uint8_t page_size_log2;
  bool is_64;
  bool shared;
  bool has_max;          // declared; otherwise max_pages is what the address type allows
  uint64_t guard_bytes;  // address space that never becomes accessible behind reserved_bytes
  Memory* owner;         // runtime/memory.h
};

struct TableInstance {
  uint64_t* elements;
  uint64_t size;
  uint64_t max;
  ValType element;  // canonical
  bool is_64;
  bool has_max;  // declared; otherwise max is what the address type allows
  Table* owner;  // runtime/table.h
};

struct GlobalInstance {
  uint64_t value[2];
  ValType type;  // canonical
  bool is_mutable;
};

// A tag's identity is its address.
struct TagInstance {
  const CanonicalType* type;
};

struct DataInstance {
  const uint8_t* bytes;
  uint64_t size;  // 0 once dropped
};

struct ElemInstance {
  uint64_t* elements;
  uint64_t size;  // 0 once dropped
};

// Per Store: what running code needs at hand.
struct ExecutionContext {
  uint64_t* stack_base;
  uint64_t* stack_limit;  // a frame must end at or below this; else call stack exhausted
  uint64_t* stack_top;    // one past the last live slot; up to date whenever the host or the collector runs
  // Nonzero asks running code to stop at the next loop head or function entry: bits of kInterrupt*. Any thread may set it.
  alignas(8) std::atomic<uint32_t> interrupt;
  // Nonzero: at the same places the interpreter asks whether there is compiled code to go on in (machine_frames.h). It tests this and
  // `interrupt` as one word; compiled code tests `interrupt` only.
  uint32_t watch;
  uint32_t loop_ticks;           // loop iterations of interpreted code, with watch set, until it asks again
  uint32_t host_depth;           // nested invocations on the native stack
  uintptr_t native_stack_limit;  // an invocation or host call below this address traps with call stack exhausted
  int64_t fuel;                  // used when fuel_enabled
  bool fuel_enabled;
  uint32_t leave_ticks;  // how often compiled code has asked because of kInterruptLeave
  void* entry_frame;     // innermost EntryFrame (store.h), for backtraces across host functions

  // Compiled code only. A machine activation is a run of compiled frames on the native stack, from where C++ entered it.
  // A compiled frame must end at or below this: it lies within the value stack, and so near that the native stack suffices too.
  uint64_t* machine_stack_limit;
  // The native stack pointer that ends the innermost machine activation.
  uintptr_t entry_sp;

  // Where instructions are counted (interp/metering.h).
  uint64_t instructions;       // executed so far
  uint64_t instruction_limit;  // the next beyond traps with out_of_gas
};

inline constexpr uint32_t kInterruptStop = 1;  // trap: interrupted
inline constexpr uint32_t kInterruptFuel = 2;  // set while fuel_enabled, so that one test finds both
// Compiled code asks whether to go on in the interpreter, which takes no notice.
inline constexpr uint32_t kInterruptLeave = 4;

// Per instance: the one pointer that running code pins.
struct InstanceData {
  uint8_t* memory0_base;  // of memory 0; null without one
  uint64_t memory0_size;  // cached MemoryInstance::size_bytes: may lag behind growth elsewhere; refresh before trapping
  ExecutionContext* context;
  // Compiled code only; null until this instance runs any (jit/). The entries of the module's own functions, by function index -
  // imported_funcs; and the addresses of stubs and builtins that compiled code calls.
  const MachineEntry* entries;
  const void* const* machine;
  FuncInstance* const* funcs;  // by function index
  const FuncCode* func_codes;  // by function index - imported_funcs
  GlobalInstance* const* globals;
  TableInstance* const* tables;
  MemoryInstance* const* memories;
  const CanonicalType* const* types;  // by the module's type index
  TagInstance* const* tags;
  DataInstance* datas;
  ElemInstance* elems;
  // The first of each, one load nearer: most modules have one table, and their stack pointer for a first global. Null without one.
  TableInstance* table0;
  GlobalInstance* global0;
  uint32_t imported_funcs;
  const Module* module;
  Store* store;
  Heap* heap;
};

struct FrameRecord {
  const uint8_t* return_ip;
  const SideTableEntry* return_side_table;
  uint64_t* caller_locals;
  InstanceData* caller_instance;
};
static_assert(sizeof(FrameRecord) == 4 * sizeof(uint64_t));
inline constexpr uint32_t kFrameRecordSlots = 4;

// Heap objects. Heap::find_object tells them from free cells.
struct HeapObject {
  const CanonicalType* type;
};

struct StructObject : HeapObject {
  uint8_t* field(uint32_t offset) { return reinterpret_cast<uint8_t*>(this) + offset; }
};

struct ArrayObject : HeapObject {
  uint32_t length;
  uint32_t unused;
  uint8_t* elements() { return reinterpret_cast<uint8_t*>(this) + kArrayElementsOffset; }
};
static_assert(sizeof(HeapObject) == kObjectHeaderBytes);
static_assert(sizeof(ArrayObject) == kArrayElementsOffset);

// A host value as externref. Its type pointer is Heap::host_object_type().
struct HostObject : HeapObject {
  uint64_t value;
};

// A thrown exception. Its type pointer is Heap::exception_type(); payload slots follow, in the order of the tag's parameters.
struct ExceptionObject : HeapObject {
  const TagInstance* tag;
  uint32_t payload_slots;
  uint32_t unused;
  uint64_t* payload() { return reinterpret_cast<uint64_t*>(this + 1); }
};
static_assert(sizeof(ExceptionObject) == 24);

constexpr uint64_t make_i31(uint32_t value) { return static_cast<uint32_t>(value << 1 | 1); }
constexpr bool is_i31(uint64_t ref) { return ref & 1; }
constexpr int32_t i31_get_s(uint64_t ref) { return static_cast<int32_t>(static_cast<uint32_t>(ref)) >> 1; }
constexpr uint32_t i31_get_u(uint64_t ref) { return static_cast<uint32_t>(ref) >> 1; }

static_assert(offsetof(InstanceData, memory0_base) == 0);
static_assert(offsetof(InstanceData, memory0_size) == 8);
static_assert(offsetof(InstanceData, context) == 16);
static_assert(offsetof(ExecutionContext, watch) == offsetof(ExecutionContext, interrupt) + sizeof(uint32_t));
static_assert(sizeof(MachineEntry) == sizeof(void*) && MachineEntry::is_always_lock_free);

}  // namespace arris::runtime
