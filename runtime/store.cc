#include "runtime/store.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/check.h"
#include "runtime/instance.h"
#include "runtime/machine_frames.h"
#include "runtime/memory.h"

namespace arris::runtime {

struct Store::HostFunc {
  FuncInstance func;
  void (*drop_environment)(void*);

  HostFunc(const FuncInstance& f, void (*drop)(void*)) : func(f), drop_environment(drop) {}
  HostFunc(const HostFunc&) = delete;
  HostFunc& operator=(const HostFunc&) = delete;
  ~HostFunc() {
    if (drop_environment) drop_environment(func.host_environment);
  }
};

Store::Store(const StoreOptions& options)
    : options_(options), type_holds_(options.registry), heap_(options.heap, *this) {
  // Committed as a whole: the kernel provides pages when they are first touched. The page behind stays inaccessible. If the
  // system refuses, every invocation traps with call stack exhausted.
  uint64_t page = os::page_size();
  uint64_t bytes = std::min(options_.max_stack_bytes, ~uint64_t{0} - 2 * page);
  bytes = (bytes + page - 1) & ~(page - 1);
  stack_ = os::Reservation(bytes + page);
  if (!stack_ || !os::commit(stack_.data(), bytes)) return;
  context_.stack_base = context_.stack_top = reinterpret_cast<uint64_t*>(stack_.data());
  context_.stack_limit = context_.stack_base + bytes / sizeof(uint64_t);
  context_.instruction_limit = options_.instruction_budget ? 0 : options_.max_instructions;
}

Store::~Store() {
  host_funcs_.clear();  // environments may hold what looks at the rest
}

// ---- Objects ---------------------------------------------------------------------------------------------------------------

const CanonicalType& Store::func_type(const FuncType& type) {
  auto is_defined = [](ValType t) { return t.is_ref() && t.heap().is_concrete(); };
  bool names_types = std::ranges::any_of(type.params, is_defined) || std::ranges::any_of(type.results, is_defined);
  CanonicalTypeId id = names_types ? registry().add_func_type(type_holds_.hold(type)) : registry().add_func_type(type);
  type_holds_.adopt(id);
  return registry().get(id);
}

void Store::hold_types(const Module& module) {
  for (CanonicalTypeId id : module.canonical_types) {
    if (registry().hold(id)) type_holds_.adopt(id);
  }
}

FuncInstance* Store::new_host_func(const CanonicalType& type, HostCallback callback, void* environment,
                                   void (*drop_environment)(void*)) {
  FuncInstance func{&type, nullptr, nullptr, callback, environment, FuncIndex(), slow_entry()};
  return &host_funcs_.emplace_back(func, drop_environment).func;
}

const MachineEntry* Store::slow_entry() const { return options_.machine ? &options_.machine->slow_entry : nullptr; }

uint64_t Store::memory_bytes() const {
  uint64_t sum = 0;
  for (const auto& memory : memories_) sum += memory->instance().size_bytes.load(std::memory_order_relaxed);
  return sum;
}

bool Store::within_limits(const MemoryType& type) const {
  uint64_t in_use = memory_bytes();
  uint64_t left = options_.max_memory_bytes > in_use ? options_.max_memory_bytes - in_use : 0;
  return type.limits.min <= std::min(options_.max_memory_pages, left >> type.page_size_log2);
}

bool Store::within_limits(const TableType& type) const { return type.limits.min <= options_.max_table_elements; }

MemoryInstance* Store::new_memory(const MemoryType& type) {
  if (!within_limits(type)) return nullptr;
  std::shared_ptr<Memory> memory = Memory::create(type);
  if (!memory) return nullptr;
  return &memories_.emplace_back(std::move(memory))->instance();
}

MemoryInstance* Store::adopt_memory(std::shared_ptr<Memory> memory) {
  if (std::find(memories_.begin(), memories_.end(), memory) != memories_.end()) return &memory->instance();
  return &memories_.emplace_back(std::move(memory))->instance();
}

std::shared_ptr<Memory> Store::find_shared_memory(const MemoryInstance* memory) const {
  return memory->shared ? memory->owner->shared_from_this() : nullptr;
}

TableInstance* Store::new_table(const TableType& type, uint64_t initial_reference) {
  if (!within_limits(type)) return nullptr;
  std::unique_ptr<Table> table = Table::create(type, initial_reference);
  if (!table) return nullptr;
  return &tables_.emplace_back(std::move(table))->instance();
}

GlobalInstance* Store::new_global(ValType type, bool is_mutable, uint64_t low, uint64_t high) {
  return &globals_.emplace_back(GlobalInstance{{low, high}, type, is_mutable});
}

TagInstance* Store::new_tag(const CanonicalType& type) { return &tags_.emplace_back(TagInstance{&type}); }

Instance* Store::adopt_instance(std::unique_ptr<Instance> instance) {
  return instances_.emplace_back(std::move(instance)).get();
}

uint64_t Store::grow_memory(MemoryInstance& memory, uint64_t delta_pages) {
  uint64_t in_use = memory_bytes();
  uint64_t left = options_.max_memory_bytes > in_use ? options_.max_memory_bytes - in_use : 0;
  if (delta_pages > left >> memory.page_size_log2) return kGrowFailed;
  return memory.owner->grow(delta_pages, options_.max_memory_pages);
}

uint64_t Store::grow_table(TableInstance& table, uint64_t delta, uint64_t reference) {
  return table.owner->grow(delta, reference, options_.max_table_elements);
}

MemoryType Store::type_of(const MemoryInstance& memory) { return memory.owner->type(); }

StoreMark Store::mark() const {
  return {host_funcs_.size(), memories_.size(), tables_.size(), globals_.size(), tags_.size(), instances_.size()};
}

void Store::rewind(const StoreMark& mark) {
  instances_.resize(mark.instances);
  memories_.resize(mark.memories);
  tables_.resize(mark.tables);
  while (globals_.size() > mark.globals) globals_.pop_back();
  while (tags_.size() > mark.tags) tags_.pop_back();
}

void Store::clear(uint64_t keep_stack_bytes) {
  CHECK(context_.host_depth == 0);
  trap_ = {};
  pending_exception_ = nullptr;
  roots_.clear();
  free_roots_.clear();
  if (heap_.is_used()) {
    std::destroy_at(&heap_);
    std::construct_at(&heap_, options_.heap, *this);
  }
  context_.interrupt.store(0, std::memory_order_relaxed);
  context_.fuel = 0;
  context_.instructions = 0;
  context_.instruction_limit = options_.instruction_budget ? 0 : options_.max_instructions;
  host_nanoseconds_ = 0;
  uint64_t page = os::page_size();
  uint64_t kept = (keep_stack_bytes + page - 1) & ~(page - 1);
  if (stack_.size() > kept + page) os::discard(stack_.data() + kept, stack_.size() - page - kept);
}

// ---- Calls -----------------------------------------------------------------------------------------------------------------

[[gnu::noinline, gnu::cold]] Outcome Store::exhausted() {
  Outcome outcome = set_trap(TrapCode::call_stack_exhausted);
  capture_backtrace(nullptr, nullptr, nullptr);
  return outcome;
}

namespace {

// Few, as a rule. The barrier keeps the compiler from calling memcpy, which takes longer than the copying.
void copy_slots(const uint64_t* from, size_t count, uint64_t* to) {
  for (size_t i = 0; i < count; ++i) {
    uint64_t slot = from[i];
    __asm__("" : "+r"(slot));
    to[i] = slot;
  }
}

[[gnu::noinline, gnu::cold]] Outcome host_trapped(Store& store) {
  store.capture_backtrace(nullptr, nullptr, nullptr);
  return Outcome::trap;
}

}  // namespace

Outcome Store::invoke(const FuncInstance& func, std::span<const uint64_t> arguments, std::span<uint64_t> results) {
  DCHECK(arguments.size() == func.type->param_slots && results.size() == func.type->result_slots);
  if (!has_native_stack()) return exhausted();
  uint64_t* base = context_.stack_top;
  size_t area = std::max(arguments.size(), results.size());
  if (area > static_cast<size_t>(context_.stack_limit - base)) return exhausted();
  copy_slots(arguments.data(), arguments.size(), base);
  constexpr uint64_t kZero = 0;
  for (size_t i = arguments.size(); i < area; ++i) copy_slots(&kZero, 1, base + i);

  EntryFrame entry{};
  entry.previous = static_cast<EntryFrame*>(context_.entry_frame);
  context_.entry_frame = &entry;
  ++context_.host_depth;
  context_.stack_top = base + area;
  Outcome outcome;
  if (func.code) {
    DCHECK(options_.execute != nullptr);
    outcome = options_.execute(*this, func, base);
  } else {
    entry.exit_func = &func;
    outcome = run_host(func, nullptr, base);
  }
  if (outcome == Outcome::ok) copy_slots(base, results.size(), results.data());
  context_.stack_top = base;
  --context_.host_depth;
  context_.entry_frame = entry.previous;
  return outcome;
}

Outcome Store::call_host(const FuncInstance& func, InstanceData* caller, uint64_t* slots, const uint8_t* exit_ip,
                         uint64_t* exit_locals) {
  // No need to ask which thread this is: the enclosing invocation did.
  size_t area = std::max(func.type->param_slots, func.type->result_slots);
  bool has_room = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) >= context_.native_stack_limit &&
                  area <= static_cast<size_t>(context_.stack_limit - slots);
  if (!has_room) [[unlikely]] {
    Outcome outcome = set_trap(TrapCode::call_stack_exhausted);
    capture_backtrace(exit_ip, exit_locals, caller);
    return outcome;
  }
  auto* entry = static_cast<EntryFrame*>(context_.entry_frame);
  entry->exit_ip = exit_ip;
  entry->exit_locals = exit_locals;
  entry->exit_instance = caller;
  entry->exit_func = &func;
  context_.stack_top = slots + area;
  Outcome outcome = run_host(func, caller, slots);
  entry->exit_instance = nullptr;
  entry->exit_func = nullptr;
  return outcome;
}

const void* Store::find_machine_code(const FuncInstance& func) { return options_.machine->find_code(func); }

Outcome Store::call_machine(const FuncInstance& func, const void* code, InstanceData* caller, uint64_t* slots,
                            const uint8_t* exit_ip, uint64_t* exit_locals) {
  auto* outer = static_cast<EntryFrame*>(context_.entry_frame);
  outer->exit_ip = exit_ip;
  outer->exit_locals = exit_locals;
  outer->exit_instance = caller;
  const size_t area = std::max(func.type->param_slots, func.type->result_slots);
  const bool has_room = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) >= context_.native_stack_limit &&
                        area <= static_cast<size_t>(context_.stack_limit - slots);
  Outcome outcome;
  if (!has_room) [[unlikely]] {
    outcome = exhausted();
  } else {
    EntryFrame entry{};
    entry.previous = outer;
    context_.entry_frame = &entry;
    context_.stack_top = slots + area;
    outcome = options_.machine->run(*this, func, code, slots);
    context_.entry_frame = outer;
  }
  outer->exit_instance = nullptr;
  return outcome;
}

LoopEntry Store::find_machine_loop(InstanceData* instance, const FuncCode& code, const uint8_t* loop) {
  return options_.machine->find_loop(instance, code, loop);
}

Outcome Store::run_machine_loop(const LoopEntry& loop, InstanceData* instance, uint64_t* locals,
                                const FrameRecord& record) {
  auto* outer = static_cast<EntryFrame*>(context_.entry_frame);
  // The frame itself is part of the inner activation; what called it is not.
  outer->exit_ip = record.return_ip - 1;
  outer->exit_locals = record.caller_locals;
  outer->exit_instance = record.caller_instance;
  Outcome outcome;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < context_.native_stack_limit) [[unlikely]] {
    outer->exit_ip = loop.func->code->code;
    outer->exit_locals = locals;
    outer->exit_instance = instance;
    outcome = exhausted();
  } else {
    EntryFrame entry{};
    entry.previous = outer;
    context_.entry_frame = &entry;
    outcome = options_.machine->run_loop(*this, loop, locals);
    context_.entry_frame = outer;
  }
  outer->exit_instance = nullptr;
  return outcome;
}

Outcome Store::call_from_machine(const FuncInstance& func, uint64_t* slots, const MachineExit& exit) {
  if (func.code == nullptr) return static_cast<Outcome>(call_host_from_machine(&func, exit.instance, slots, exit.sp));
  auto* machine = static_cast<EntryFrame*>(context_.entry_frame);
  machine->machine_exit = exit;
  const size_t area = std::max(func.type->param_slots, func.type->result_slots);
  const bool has_room = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) >= context_.native_stack_limit &&
                        area <= static_cast<size_t>(context_.stack_limit - slots);
  Outcome outcome;
  if (!has_room) [[unlikely]] {
    outcome = exhausted();
  } else {
    EntryFrame entry{};
    entry.previous = machine;
    context_.entry_frame = &entry;
    context_.stack_top = slots + area;
    outcome = options_.interpret(*this, func, slots);
    context_.entry_frame = machine;
  }
  machine->machine_exit.sp = 0;
  return outcome;
}

// The exit is written part by part: copied as a whole from where it was just written in parts, it would wait for those stores. What is
// rare is out of line, so that few registers are saved here; and the room is measured where compiled code was left.
uint64_t Store::call_host_from_machine(const FuncInstance* func, InstanceData* caller, uint64_t* slots,
                                       uintptr_t exit_sp) {
  Store& store = *caller->store;
  ExecutionContext& context = store.context_;
  auto* machine = static_cast<EntryFrame*>(context.entry_frame);
  machine->machine_exit.sp = exit_sp;
  machine->machine_exit.instance = caller;
  machine->machine_exit.by_fault = false;
  const size_t area = std::max(func->type->param_slots, func->type->result_slots);
  const bool has_room =
      exit_sp >= context.native_stack_limit && area <= static_cast<size_t>(context.stack_limit - slots);
  Outcome outcome;
  if (!has_room) [[unlikely]] {
    outcome = store.exhausted();
  } else {
    machine->exit_func = func;
    context.stack_top = slots + area;
    if (store.options_.measure_host_time) [[unlikely]]
      outcome = store.run_host_timed(*func, caller, slots);
    else
      outcome = func->host(func->host_environment, store, caller, slots);
    if (outcome == Outcome::trap) [[unlikely]]
      outcome = host_trapped(*machine->machine_exit.instance->store);
    machine->exit_func = nullptr;
  }
  machine->machine_exit.sp = 0;
  return static_cast<uint64_t>(outcome);
}

Outcome Store::resume_from_machine(const FuncInstance& func, uint64_t* locals, uint32_t loop_offset,
                                   uint64_t* stack_top, const MachineExit& exit) {
  auto* machine = static_cast<EntryFrame*>(context_.entry_frame);
  machine->machine_exit = exit;
  EntryFrame entry{};
  entry.previous = machine;
  context_.entry_frame = &entry;
  const Outcome outcome = options_.resume(*this, func, locals, loop_offset, stack_top);
  context_.entry_frame = machine;
  machine->machine_exit.sp = 0;
  return outcome;
}

Outcome Store::trap_in_machine(TrapCode code, const MachineExit& exit) {
  auto* machine = static_cast<EntryFrame*>(context_.entry_frame);
  machine->machine_exit = exit;
  const Outcome outcome = set_trap(code);
  capture_backtrace(nullptr, nullptr, nullptr);
  machine->machine_exit.sp = 0;
  return outcome;
}

bool Store::raise_instruction_limit() {
  constexpr uint64_t kPiece = 1 << 16;
  if (!options_.instruction_budget) return false;
  std::atomic<uint64_t>& budget = *options_.instruction_budget;
  const uint64_t most = std::min(kPiece, options_.max_instructions - context_.instruction_limit);
  uint64_t left = budget.load(std::memory_order_relaxed), piece;
  do {
    piece = std::min(most, left);
  } while (piece != 0 && !budget.compare_exchange_weak(left, left - piece, std::memory_order_relaxed));
  context_.instruction_limit += piece;
  return piece != 0;
}

uint64_t Store::retire_instructions() {
  if (options_.instruction_budget) {
    options_.instruction_budget->fetch_add(context_.instruction_limit - context_.instructions,
                                           std::memory_order_relaxed);
    context_.instruction_limit = 0;
  }
  return std::exchange(context_.instructions, 0);
}

// A host function that calls back is counted once, with what it calls.
Outcome Store::run_host_timed(const FuncInstance& func, InstanceData* caller, uint64_t* slots) {
  if (std::exchange(in_timed_host_, true)) return func.host(func.host_environment, *this, caller, slots);
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome = func.host(func.host_environment, *this, caller, slots);
  host_nanoseconds_ += static_cast<uint64_t>((std::chrono::steady_clock::now() - start) / std::chrono::nanoseconds(1));
  in_timed_host_ = false;
  return outcome;
}

Outcome Store::run_host(const FuncInstance& func, InstanceData* caller, uint64_t* slots) {
  Outcome outcome = options_.measure_host_time ? run_host_timed(func, caller, slots)
                                               : func.host(func.host_environment, *this, caller, slots);
  if (outcome == Outcome::trap) [[unlikely]]
    capture_backtrace(nullptr, nullptr, nullptr);
  return outcome;
}

// ---- Traps and exceptions ----------------------------------------------------------------------------------------------------

Outcome Store::set_trap(TrapCode code, std::string message) {
  trap_ = TrapState{};
  trap_.code = code;
  trap_.message = std::move(message);
  return Outcome::trap;
}

Outcome Store::set_trap(TrapState trap) {
  trap_ = std::move(trap);
  return Outcome::trap;
}

TrapState Store::take_trap() { return std::exchange(trap_, TrapState{}); }

ExceptionObject* Store::take_exception() { return std::exchange(pending_exception_, nullptr); }

// ---- Roots -----------------------------------------------------------------------------------------------------------------

uint32_t Store::add_root(uint64_t reference) {
  if (free_roots_.empty()) {
    roots_.push_back(reference);
    return static_cast<uint32_t>(roots_.size() - 1);
  }
  uint32_t handle = free_roots_.back();
  free_roots_.pop_back();
  roots_[handle] = reference;
  return handle;
}

void Store::remove_root(uint32_t handle) {
  roots_[handle] = 0;
  free_roots_.push_back(handle);
}

void Store::visit_roots(RootVisitor& visitor) {
  auto may_point_to_heap = [&](ValType type) {
    return type.is_ref() && registry().top_of(type.heap()) != AbstractHeap::func;
  };
  visitor.visit_conservatively(context_.stack_base, context_.stack_top);
  for (uint64_t reference : roots_) visitor.visit_reference(reference);
  visitor.visit_reference(reinterpret_cast<uint64_t>(pending_exception_));
  for (const GlobalInstance& global : globals_) {
    if (may_point_to_heap(global.type)) visitor.visit_reference(global.value[0]);
  }
  for (const auto& table : tables_) {
    const TableInstance& instance = table->instance();
    if (!may_point_to_heap(instance.element)) continue;
    for (uint64_t i = 0; i < instance.size; ++i) visitor.visit_reference(instance.elements[i]);
  }
  for (const auto& instance : instances_) instance->visit_roots(visitor);
}

}  // namespace arris::runtime
