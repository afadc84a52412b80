// Store: everything a set of instances shares: instances, functions, memories, tables, globals, tags, the GC heap, the value
// stack, and the state of a trap or exception in flight. Spec: exec/runtime, store. Single-threaded; threads of a guest are
// several Stores that share memories (SharedMemory).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/os/virtual_memory.h"
#include "runtime/heap.h"
#include "runtime/layout.h"
#include "wasm/error.h"

namespace arris::runtime {

class Memory;    // runtime/memory.h: owns a MemoryInstance and its reservation; shared_ptr when shared between Stores
class Instance;  // runtime/instance.h: owns an InstanceData and its arrays

// Runs a wasm function on the value stack: arguments at slots[0 .. param_slots), results there afterwards. The door through
// which the runtime calls a tier it does not know (floor 6): the interpreter's run function, later a dispatcher.
using ExecuteFn = Outcome (*)(Store& store, const FuncInstance& func, uint64_t* slots);

struct StoreOptions {
  ExecuteFn execute = nullptr;
  uint64_t max_stack_bytes = uint64_t{8} << 20;   // value stack
  HeapOptions heap;
  uint64_t max_memory_bytes = ~uint64_t{0};       // over all memories of the store: growth beyond fails
  uint64_t max_memory_pages = ~uint64_t{0};       // per memory: growth beyond fails
  uint64_t max_table_elements = limits::kMaxTableElements;
  std::shared_ptr<TypeRegistry> registry;
  void* embedder = nullptr;                       // whose Store it is; the runtime only keeps it
};

// One line of a backtrace, innermost first.
struct BacktraceFrame {
  const Module* module;    // null for a host function
  const InstanceData* instance;
  FuncIndex func;
  uint32_t offset;         // byte offset in the module of the instruction
};

struct TrapState {
  TrapCode code = TrapCode::none;
  std::string message;     // host_error and details; empty: message_of(code)
  std::vector<BacktraceFrame> backtrace;
};

// Marks an invocation on the native stack; linked through ExecutionContext::entry_frame.
struct EntryFrame {
  EntryFrame* previous;
  // Set before leaving wasm code for a host function, so that a backtrace can continue below it: the frame that called.
  const uint8_t* exit_ip;
  uint64_t* exit_locals;
  InstanceData* exit_instance;
};

class Store final : public RootProvider {
 public:
  explicit Store(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  ExecutionContext& context() { return context_; }
  Heap& heap() { return heap_; }
  TypeRegistry& registry() { return *options_.registry; }
  const StoreOptions& options() const { return options_; }

  // Creation of store objects; the Store owns them until its end. Types are canonical.
  FuncInstance* new_host_func(const CanonicalType& type, HostCallback callback, void* environment,
                              void (*drop_environment)(void*));
  // Null when refused by a limit or by the system.
  MemoryInstance* new_memory(const MemoryType& type);
  MemoryInstance* adopt_memory(std::shared_ptr<Memory> memory);  // a shared memory made elsewhere
  std::shared_ptr<Memory> find_shared_memory(const MemoryInstance* memory) const;
  TableInstance* new_table(const TableType& canonical_type, uint64_t initial_reference);
  GlobalInstance* new_global(ValType canonical_type, bool is_mutable, uint64_t low, uint64_t high);
  TagInstance* new_tag(const CanonicalType& type);
  Instance* adopt_instance(std::unique_ptr<Instance> instance);

  // Growth: the old size in pages or elements, or -1 (as ~0).
  uint64_t grow_memory(MemoryInstance& memory, uint64_t delta_pages);
  uint64_t grow_table(TableInstance& table, uint64_t delta, uint64_t reference);

  // Calls any function from the host: checks the native stack and the value stack, links an EntryFrame, dispatches to the
  // tier or the host callback. `arguments` and `results` are slots; sizes must match func.type's.
  Outcome invoke(const FuncInstance& func, std::span<const uint64_t> arguments, std::span<uint64_t> results);

  // Traps. set_trap fills the message only; capture_backtrace walks frames from (ip, locals, instance) outwards.
  Outcome set_trap(TrapCode code, std::string message = {});
  void capture_backtrace(const uint8_t* ip, uint64_t* locals, InstanceData* instance);
  const TrapState& trap() const { return trap_; }
  TrapState take_trap();

  // An exception leaving wasm code or a host function; a GC root while pending.
  void set_exception(ExceptionObject* exception) { pending_exception_ = exception; }
  ExceptionObject* pending_exception() const { return pending_exception_; }
  ExceptionObject* take_exception();

  // References that the embedder holds: rooted until released. Handles are reused.
  uint32_t add_root(uint64_t reference);
  uint64_t root(uint32_t handle) const;
  void remove_root(uint32_t handle);

  void visit_roots(RootVisitor& visitor) override;

 private:
  StoreOptions options_;
  ExecutionContext context_{};
  os::Reservation stack_;
  TrapState trap_;
  ExceptionObject* pending_exception_ = nullptr;
  // ... storage of the objects above: to be completed by the room's author.
  Heap heap_;
};

}  // namespace arris::runtime
