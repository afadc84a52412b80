// Store: everything a set of instances shares: instances, functions, memories, tables, globals, tags, the GC heap, the value
// stack, and the state of a trap or exception in flight. Spec: exec/runtime, store. Single-threaded; threads of a guest are
// several Stores that share memories (memory.h). A Store may move between threads; it is used by one at a time. Any thread may set
// context().interrupt at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/os/virtual_memory.h"
#include "runtime/heap.h"
#include "runtime/layout.h"
#include "runtime/native_stack.h"
#include "runtime/table.h"
#include "wasm/error.h"
#include "wasm/limits.h"

namespace arris::runtime {

struct MachineSupport;  // runtime/machine_frames.h
class Memory;    // runtime/memory.h: owns a MemoryInstance and its reservation; shared_ptr when shared between Stores
class Instance;  // runtime/instance.h: owns an InstanceData and its arrays

// Runs a wasm function on the value stack: arguments at slots[0 .. param_slots), results there afterwards. The door through
// which the runtime calls a tier it does not know (floor 6): the interpreter's run function, later a dispatcher.
using ExecuteFn = Outcome (*)(Store& store, const FuncInstance& func, uint64_t* slots);
// Goes on within a function whose frame is complete in memory, but for its FrameRecord: with the body of the loop at this offset from the
// function's first instruction, or from the beginning (kNoIndex). Operands end at `stack_top`. Results go to the frame's base.
using ResumeFn = Outcome (*)(Store& store, const FuncInstance& func, uint64_t* locals, uint32_t loop_offset,
                             uint64_t* stack_top);

struct StoreOptions {
  ExecuteFn execute = nullptr;
  // If the Store may run compiled code: the stubs of its engine; and the interpreter, for the functions that have none.
  const MachineSupport* machine = nullptr;
  ExecuteFn interpret = nullptr;
  ResumeFn resume = nullptr;
  uint64_t max_stack_bytes = uint64_t{8} << 20;  // value stack
  HeapOptions heap;
  uint64_t max_memory_bytes = ~uint64_t{0};  // over all memories of the store: growth beyond fails
  uint64_t max_memory_pages = ~uint64_t{0};  // per memory: growth beyond fails
  uint64_t max_table_elements = limits::kMaxTableElements;
  std::shared_ptr<TypeRegistry> registry;
  uint64_t max_instructions = ~uint64_t{0};  // where they are counted
  // What several Stores may execute together: they draw from it a piece at a time and give back what they do not use. Null: none.
  std::shared_ptr<std::atomic<uint64_t>> instruction_budget;
  bool measure_host_time = false;  // Store::host_nanoseconds
  void* embedder = nullptr;        // whose Store it is; the runtime only keeps it
  // Called when a trap has its backtrace and its frames are still there.
  void (*on_trap)(Store& store) = nullptr;
};

// One line of a backtrace, innermost first.
struct BacktraceFrame {
  const Module* module;  // null for a host function
  const InstanceData* instance;
  FuncIndex func;                    // invalid for a host function
  uint32_t offset;                   // byte offset in the module of the instruction that trapped or called
  const uint64_t* locals = nullptr;  // of an interpreted frame, during on_trap
};

struct TrapState {
  TrapCode code = TrapCode::none;
  std::string message = {};                    // host_error and details; empty: message_of(code)
  std::vector<BacktraceFrame> backtrace = {};  // at most kBacktraceEnds innermost and as many outermost frames
  uint64_t omitted_frames = 0;  // left out between backtrace[kBacktraceEnds - 1] and backtrace[kBacktraceEnds]
  // The backtrace was taken where the trap began: it is not walked again in each host function that the trap passes through.
  bool has_backtrace = false;
};
inline constexpr uint32_t kBacktraceEnds = 50;

// Where compiled code was left for C++ (runtime/machine_frames.h). sp: the native stack pointer in the body of the function that
// left, with its return address in the word below; 0 if no compiled code was left.
struct MachineExit {
  uintptr_t sp;
  InstanceData* instance;  // that ran
  bool by_fault;           // the word at sp holds the address of an instruction that faulted
};

// Where compiled code takes over in the middle of a function. A null address: nowhere.
struct LoopEntry {
  const void* address;
  const FuncInstance* func;
};

// What remains to be done of an invocation that ended with Outcome::tail_call: call `func`, which is compiled, with the arguments at the
// slots of the invocation. So chains of tail calls between tiers take constant space.
struct TailCall {
  const FuncInstance* func;
  const void* code;
};

// Marks an activation on the native stack, linked through ExecutionContext::entry_frame: an invocation from the host, a run of
// the interpreter or a run of compiled frames. Where one tier calls the other, each side has its own.
struct EntryFrame {
  EntryFrame* previous;
  MachineExit machine_exit;  // of compiled code, while something else runs on top of it
  // Set by Store::call_host while a host function runs, so that a backtrace can continue below it: the frame that called.
  const uint8_t* exit_ip;
  uint64_t* exit_locals;
  InstanceData* exit_instance;
  const FuncInstance* exit_func;  // the host function
};

// How much a Store held at some moment: what came later can be given up again while nothing refers to it.
struct StoreMark {
  size_t host_funcs, memories, tables, globals, tags, instances;
  friend bool operator==(const StoreMark&, const StoreMark&) = default;
};

class Store final : public RootProvider {
 public:
  explicit Store(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  ExecutionContext& context() { return context_; }
  Heap& heap() { return heap_; }
  TypeRegistry& registry() const { return *options_.registry; }
  const StoreOptions& options() const { return options_; }

  // What FuncInstance::entry_slot of this Store's functions is until they have an entry of their own.
  const MachineEntry* slow_entry() const;

  // Canonical types for what the embedder makes in this Store, which holds them until its end (wasm/type_registry.h). The types they
  // name may be gone already.
  const CanonicalType& func_type(const FuncType& type);
  ValType hold_type(ValType type) { return type_holds_.hold(type); }
  // Of a module whose instance is taken away again: dead objects of its types may be in the heap still, and conservative roots find them.
  void hold_types(const Module& module);

  // Creation of store objects; the Store owns them until its end. Types are canonical, and held by the Store or a module in it.
  FuncInstance* new_host_func(const CanonicalType& type, HostCallback callback, void* environment,
                              void (*drop_environment)(void*));
  // Null when refused: by a limit of this Store if within_limits says no, else by the system.
  bool within_limits(const MemoryType& type) const;
  bool within_limits(const TableType& type) const;
  MemoryInstance* new_memory(const MemoryType& type);
  // A shared memory made elsewhere. Adopting it again is harmless and yields the same instance.
  MemoryInstance* adopt_memory(std::shared_ptr<Memory> memory);
  // Null if the memory is not shared.
  std::shared_ptr<Memory> find_shared_memory(const MemoryInstance* memory) const;
  TableInstance* new_table(const TableType& canonical_type, uint64_t initial_reference);  // null: as for memories
  GlobalInstance* new_global(ValType canonical_type, bool is_mutable, uint64_t low, uint64_t high);
  TagInstance* new_tag(const CanonicalType& type);
  Instance* adopt_instance(std::unique_ptr<Instance> instance);

  // Growth: the old size in pages or elements, or -1 (as ~0).
  uint64_t grow_memory(MemoryInstance& memory, uint64_t delta_pages);
  uint64_t grow_table(TableInstance& table, uint64_t delta, uint64_t reference);

  // Types of store objects, with canonical types and current sizes as minima.
  static MemoryType type_of(const MemoryInstance& memory);
  static TableType type_of(const TableInstance& table) { return Table::type_of(table); }
  static GlobalType type_of(const GlobalInstance& global) { return {global.type, global.is_mutable}; }

  // Calls any function from the host: checks the native stack and the value stack, links an EntryFrame, dispatches to the
  // tier or the host callback. `arguments` and `results` are slots; sizes must match func.type's. Results are written on ok.
  Outcome invoke(const FuncInstance& func, std::span<const uint64_t> arguments, std::span<uint64_t> results);

  // Calls a host function from wasm code: the calling frame is (exit_ip at the call instruction, exit_locals, caller); `slots` on
  // the value stack hold the arguments and receive the results; everything live lies below them. Checks both stacks, keeps
  // stack_top above the slots meanwhile and records the backtrace of a trap. The caller's cached memory0_size may be stale
  // afterwards (growth): it only ever lags.
  Outcome call_host(const FuncInstance& func, InstanceData* caller, uint64_t* slots, const uint8_t* exit_ip,
                    uint64_t* exit_locals);

  // For the interpreter in a Store with ExecutionContext::watch set. The compiled code to call `func` by, or null: the question counts
  // as a call. call_machine is as call_host. The caller's frame need not be anything special.
  const void* find_machine_code(const FuncInstance& func);
  Outcome call_machine(const FuncInstance& func, const void* code, InstanceData* caller, uint64_t* slots,
                       const uint8_t* exit_ip, uint64_t* exit_locals);

  // For an outermost frame that ends with a call of compiled code. Returns Outcome::tail_call.
  Outcome leave_tail_call(const TailCall& call) {
    tail_call_ = call;
    return Outcome::tail_call;
  }
  const TailCall& tail_call() const { return tail_call_; }

  // The same for a loop, asked when ExecutionContext::loop_ticks reaches 0. run_machine_loop runs the rest of the function, whose frame
  // is complete in memory and counts as compiled from then on; results are at the frame's base afterwards.
  LoopEntry find_machine_loop(InstanceData* instance, const FuncCode& code, const uint8_t* loop);
  Outcome run_machine_loop(const LoopEntry& loop, InstanceData* instance, uint64_t* locals, const FrameRecord& record);

  // Runs what compiled code has called and what is not compiled: a host function, or a wasm function by the interpreter, at `slots` as
  // above. `exit` is where compiled code was left, `caller` the calling instance.
  Outcome call_from_machine(const FuncInstance& func, uint64_t* slots, const MachineExit& exit);
  // The same of a host function, for machine code: returns an Outcome. `exit_sp` is MachineExit::sp.
  static uint64_t call_host_from_machine(const FuncInstance* func, InstanceData* caller, uint64_t* slots,
                                         uintptr_t exit_sp);
  // Has the interpreter go on in a frame that compiled code has given up (ResumeFn); `exit` is its caller's.
  Outcome resume_from_machine(const FuncInstance& func, uint64_t* locals, uint32_t loop_offset, uint64_t* stack_top,
                              const MachineExit& exit);
  // Traps in compiled code, with the backtrace from `exit` outwards.
  Outcome trap_in_machine(TrapCode code, const MachineExit& exit);

  // Traps. set_trap fills the message and forgets any earlier backtrace. capture_backtrace walks frames from (ip, locals,
  // instance) outwards, `ip` anywhere in the current instruction, unless the trap has its backtrace already; with a null instance
  // from the host call in progress. Frames: the value stack of layout.h.
  Outcome set_trap(TrapCode code, std::string message = {});
  Outcome set_trap(TrapState trap);  // a trap taken earlier goes on, with its backtrace
  void capture_backtrace(const uint8_t* ip, uint64_t* locals, InstanceData* instance);
  const TrapState& trap() const { return trap_; }
  TrapState take_trap();

  // At the limit of ExecutionContext::instructions: false if it stands, else it was raised by a piece of the budget.
  bool raise_instruction_limit();
  // How many were executed since the last time this was asked; gives the rest of the budget's pieces back.
  uint64_t retire_instructions();

  // Spent in host functions called from wasm code (StoreOptions::measure_host_time).
  uint64_t host_nanoseconds() const { return host_nanoseconds_; }
  uint64_t take_host_nanoseconds() { return std::exchange(host_nanoseconds_, 0); }

  // An exception leaving wasm code or a host function; a GC root while pending.
  void set_exception(ExceptionObject* exception) { pending_exception_ = exception; }
  ExceptionObject* pending_exception() const { return pending_exception_; }
  ExceptionObject* take_exception();

  // References that the embedder holds: rooted until released. Handles are reused.
  uint32_t add_root(uint64_t reference);
  uint64_t root(uint32_t handle) const { return roots_[handle]; }
  void remove_root(uint32_t handle);

  void visit_roots(RootVisitor& visitor) override;

  // For instantiation. rewind drops what was made since the mark, but for host functions.
  StoreMark mark() const;
  void rewind(const StoreMark& mark);

  // For reuse, with Instance::clear for each instance: forgets traps, exceptions, roots, the heap's objects, interruption and what was counted;
  // of the value stack `keep_stack_bytes` stay in storage. Nothing runs, and no reference to the heap is left.
  void clear(uint64_t keep_stack_bytes);

 private:
  struct HostFunc;

  bool has_native_stack() { return native_stack_.has_room(context_); }
  Outcome exhausted();
  Outcome run_host(const FuncInstance& func, InstanceData* caller, uint64_t* slots);
  [[gnu::noinline]] Outcome run_host_timed(const FuncInstance& func, InstanceData* caller, uint64_t* slots);
  uint64_t memory_bytes() const;

  StoreOptions options_;
  TypeHolds type_holds_;  // outlives the objects
  ExecutionContext context_{};
  NativeStack native_stack_;
  os::Reservation stack_;
  TrapState trap_;
  ExceptionObject* pending_exception_ = nullptr;
  TailCall tail_call_{};
  uint64_t host_nanoseconds_ = 0;
  bool in_timed_host_ = false;
  std::deque<HostFunc> host_funcs_;
  std::vector<std::shared_ptr<Memory>> memories_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::deque<GlobalInstance> globals_;
  std::deque<TagInstance> tags_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<uint64_t> roots_;  // by handle; free handles hold 0
  std::vector<uint32_t> free_roots_;
  Heap heap_;
};

}  // namespace arris::runtime
