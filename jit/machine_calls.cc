// What happens at the border of compiled code: entering it, and what its stubs call. Arguments travel in registers inside and in
// one row of slots outside; here they change over.
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/os/fault_signals.h"
#include "jit/machine.h"
#include "jit/module_code.h"
#include "jit/stubs.h"
#include "masm/x64_registers.h"
#include "runtime/exception_handlers.h"
#include "runtime/interrupt.h"
#include "runtime/store.h"

namespace arris::jit {

using runtime::ExecutionContext;
using runtime::FuncInstance;
using runtime::InstanceData;
using runtime::MachineExit;
using runtime::Outcome;
using runtime::Store;

namespace {

bool is_fp(ValType type) { return type == kF32 || type == kF64 || type.is_vec(); }

uint64_t* fp_words(RegisterImage& image, size_t i) { return reinterpret_cast<uint64_t*>(&image.fp[i]); }

// Calls each(slot, type, word) for every value that travels in a register: its place in the row, and in the image.
template <class Each>
void for_each_in_registers(const ResultType& types, size_t max_gp, size_t max_fp, uint64_t* row, RegisterImage& image,
                           Each each) {
  size_t gp = 0, fp = 0;
  for (ValType type : types) {
    if (is_fp(type)) {
      if (fp < max_fp) each(row, type, fp_words(image, fp));
      ++fp;
    } else {
      if (gp < max_gp) each(row, type, &image.gp[gp]);
      ++gp;
    }
    row += type.slots();
  }
}

constexpr size_t kGpArguments = std::size(masm::X64Registers::kGpArguments);
constexpr size_t kFpArguments = std::size(masm::X64Registers::kFpArguments);

// A register holds a value of 32 bits with anything above it; a slot holds zeros there.
void to_slot(uint64_t* slot, ValType type, const uint64_t* word) {
  slot[0] = type == kI32 || type == kF32 ? static_cast<uint32_t>(word[0]) : word[0];
  if (type.is_vec()) slot[1] = word[1];
}
void from_slot(const uint64_t* slot, ValType type, uint64_t* word) {
  word[0] = slot[0];
  if (type.is_vec()) word[1] = slot[1];
}

void load_arguments(const FuncType& type, uint64_t* row, RegisterImage& image) {
  for_each_in_registers(type.params, kGpArguments, kFpArguments, row, image, from_slot);
}
void store_arguments(const FuncType& type, uint64_t* row, RegisterImage& image) {
  for_each_in_registers(type.params, kGpArguments, kFpArguments, row, image, to_slot);
}
void load_results(const FuncType& type, uint64_t* row, RegisterImage& image) {
  for_each_in_registers(type.results, 1, 1, row, image, from_slot);
}
void store_results(const FuncType& type, uint64_t* row, RegisterImage& image) {
  for_each_in_registers(type.results, 1, 1, row, image, to_slot);
}

// Room on the native stack for entering compiled code, without which a function is rather interpreted. Small, so that what is used of
// the native stack before may be used by others.
constexpr uintptr_t kEnterBytes = 4 << 10;
constexpr uint32_t kLoopTicksBeyondStack = 256;  // until a loop without that asks again

bool has_room_to_enter(const ExecutionContext& context) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return here > context.native_stack_limit && here - context.native_stack_limit >= kEnterBytes;
}

bool is_near_stack_end(const ExecutionContext& context, const uint64_t* base) {
  return base > context.stack_limit || static_cast<size_t>(context.stack_limit - base) < kStackMarginSlots;
}

// A compiled frame uses at least as much of the value stack as of the native stack (32 bytes there; 16 here, and 16 more with a
// call into another instance). So one limit on the value stack keeps both. Beyond it calls are interpreted (interpret_call).
uint64_t* stack_limit(const ExecutionContext& context, uint64_t* base) {
  constexpr uintptr_t kOwnBytes = 1024;  // `enter` and its caller, and the way back to the interpreter
  if (is_near_stack_end(context, base)) return base;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const uintptr_t lowest = context.native_stack_limit + kOwnBytes;
  const uintptr_t native_bytes = here > lowest ? here - lowest : 0;
  const auto slots = static_cast<size_t>(context.stack_limit - base) - kStackMarginSlots;
  return base + std::min<uintptr_t>(slots, native_bytes / sizeof(uint64_t));
}

// Enters compiled code; `image` has the registers.
Outcome enter(const Stubs& stubs, ExecutionContext& context, const FuncInstance& func, const void* entry,
              RegisterImage& image, uint64_t* base) {
  os::ensure_alternate_stack();
  if (context.fuel_enabled) context.interrupt.fetch_or(runtime::kInterruptFuel, std::memory_order_relaxed);
  uint64_t* const outer_limit = context.machine_stack_limit;
  const uintptr_t outer_entry_sp = context.entry_sp;
  context.machine_stack_limit = stack_limit(context, base);
  const auto outcome = static_cast<Outcome>(stubs.enter(&image, entry, func.instance, &context.entry_sp));
  context.machine_stack_limit = outer_limit;
  context.entry_sp = outer_entry_sp;
  return outcome;
}

const Stubs& stubs_of(const FuncInstance& func) { return ModuleCode::of(*func.instance->module)->machine().stubs(); }

// The interpreter may use the value stack to its end.
Outcome interpret_near_stack_end(Store& store, const FuncInstance* func, uint64_t* slots) {
  for (;;) {
    const Outcome outcome = store.options().interpret(store, *func, slots);
    if (outcome != Outcome::tail_call) return outcome;
    func = store.tail_call().func;
  }
}

}  // namespace

Outcome run(Store& store, const FuncInstance& func, const void* entry, uint64_t* slots) {
  if (is_near_stack_end(store.context(), slots)) [[unlikely]]
    return interpret_near_stack_end(store, &func, slots);
  RegisterImage image;
  load_arguments(func.type->func, slots, image);
  image.base = slots;
  image.callee = &func;
  const Outcome outcome = enter(stubs_of(func), store.context(), func, entry, image, slots);
  if (outcome == Outcome::ok) store_results(func.type->func, slots, image);
  return outcome;
}

Outcome run_loop(Store& store, const runtime::LoopEntry& loop, uint64_t* locals) {
  const FuncInstance& func = *loop.func;
  RegisterImage image;
  image.base = locals;
  image.callee = static_cast<const FuncInstance*>(loop.address);  // what enter_loop takes it for
  const Stubs& stubs = stubs_of(func);
  const Outcome outcome = enter(stubs, store.context(), func, stubs.enter_loop, image, locals);
  if (outcome == Outcome::ok) store_results(func.type->func, locals - func.code->v128_local_slots, image);
  return outcome;
}

// ---- Called by stubs ---------------------------------------------------------------------------------------------------------

const void* find_code(const FuncInstance& func) {
  if (func.code == nullptr || !has_room_to_enter(*func.instance->context)) return nullptr;
  if (func.instance->entries != nullptr) {
    const void* entry = func.entry_slot->load(std::memory_order_acquire);
    const runtime::CodeSpace& space = *func.instance->store->options().machine->space;
    if (space.find(reinterpret_cast<uintptr_t>(entry))->module != nullptr) return entry;
  }
  return find_or_compile(func);
}

runtime::LoopEntry find_loop(InstanceData* instance, const FuncCode& func_code, const uint8_t* loop) {
  ExecutionContext& context = *instance->context;
  if (has_room_to_enter(context) && !is_near_stack_end(context, context.stack_top))
    return find_or_compile_loop(*instance, func_code, loop);
  context.loop_ticks = kLoopTicksBeyondStack;
  return {nullptr, nullptr};
}

// How the stub goes on after the interpreter ran image.callee, whose results are at image.base, for compiled code of `instance`.
static SlowResult after_interpreting(Outcome outcome, RegisterImage& image, const InstanceData* instance) {
  const FuncInstance& func = *image.callee;
  switch (outcome) {
    case Outcome::ok: break;
    case Outcome::trap: return {SlowResult::trap, nullptr};
    case Outcome::exception: return {SlowResult::exception, nullptr};
    case Outcome::tail_call: {
      const runtime::TailCall call = instance->store->tail_call();
      load_arguments(call.func->type->func, image.base, image);
      image.callee = call.func;
      if (call.func->instance == instance) return {SlowResult::code, call.code};
      return {SlowResult::code, stubs_of(func).tail_call_other};
    }
  }
  load_results(func.type->func, image.base, image);
  return {SlowResult::done, nullptr};
}

SlowResult slow_call(RegisterImage* image, InstanceData* instance, uintptr_t exit_sp) {
  const FuncInstance& func = *image->callee;
  if (func.code != nullptr) {
    if (const void* code = find_or_compile(func)) return {SlowResult::code, code};
  } else {
    HostBridges& bridges = ModuleCode::of(*instance->module)->machine().bridges();
    if (const void* bridge = bridges.connect(func, {instance->funcs, instance->imported_funcs}))
      return {SlowResult::code, bridge};
  }
  return interpret_call(image, instance, exit_sp);
}

SlowResult interpret_call(RegisterImage* image, InstanceData* instance, uintptr_t exit_sp) {
  const FuncInstance& func = *image->callee;
  store_arguments(func.type->func, image->base, *image);
  return after_interpreting(instance->store->call_from_machine(func, image->base, {exit_sp, instance, false}), *image,
                            instance);
}

namespace {

bool is_time_to_leave(const InstanceData& instance) {
  ExecutionContext& context = *instance.context;
  if (!(context.interrupt.load(std::memory_order_relaxed) & runtime::kInterruptLeave)) return false;
  const uint32_t every = ModuleCode::of(*instance.module)->machine().options().tier_down_every;
  return every != 0 && ++context.leave_ticks % every == 0 && has_room_to_enter(context);
}

// As a prologue leaves it to the body: what the body takes for zeros is not there yet.
void zero_locals(const FuncInstance& func, uint64_t* locals) {
  const FuncCode& code = *func.code;
  uint32_t v128_param_slots = 0;
  for (ValType type : func.type->func.params) v128_param_slots += type.is_vec() ? 2 : 0;
  std::fill(locals - code.v128_local_slots, locals - v128_param_slots, 0);
  std::fill(locals + code.param_count, locals + code.frame_offset, 0);
}

// Compiled code stores an f32 without what is above it.
void extend_f32_locals(const Module& module, const FuncInstance& func, uint64_t* locals) {
  const auto extend = [&locals](ValType type) {
    if (type == kF32) *locals = static_cast<uint32_t>(*locals);
    ++locals;
  };
  for (ValType type : func.type->func.params) extend(type);
  for (const LocalGroup& group : module.bodies[func.index.value - module.imported_funcs].locals) {
    for (uint32_t i = 0; i < group.count; ++i) extend(group.type);
  }
}

}  // namespace

uint64_t answer_interrupt(InstanceData* instance) {
  if (const TrapCode trap = runtime::answer_interrupt(*instance->context); trap != TrapCode::none)
    return static_cast<uint64_t>(trap);
  return is_time_to_leave(*instance) ? kLeave : 0;
}

SlowResult interpret_frame(RegisterImage* image, InstanceData* instance, uintptr_t exit_sp) {
  GivenUpFrame frame;
  std::memcpy(&frame, image->gp, sizeof frame);
  const Module& module = *instance->module;
  ModuleCode& code = ModuleCode::of(module)->code_for(*instance);
  const runtime::CodeBlock& block = *code.machine().space().find(frame.pc - 1);
  const runtime::CodeBlock::Function& function = *block.find(frame.pc - 1);
  const FuncInstance& func = *instance->funcs[instance->imported_funcs + function.index];
  uint32_t loop_offset = kNoIndex;
  if (frame.at_entry) {
    zero_locals(func, frame.locals);
  } else {
    CHECK(block.find_call(function, frame.pc, &loop_offset));
    code.complete_frame(function.index, loop_offset, frame.locals);
  }
  extend_f32_locals(module, func, frame.locals);
  image->callee = &func;
  image->base = frame.locals - func.code->v128_local_slots;
  Store& store = *instance->store;
  return after_interpreting(store.resume_from_machine(func, frame.locals, loop_offset, instance->context->stack_top,
                                                      {exit_sp, instance, false}),
                            *image, instance);
}

void record_trap(InstanceData* instance, uint64_t code, uintptr_t exit_sp) {
  const bool by_fault = code & runtime::CodeSpace::kFaultBit;
  instance->store->trap_in_machine(static_cast<TrapCode>(code & 0xFF), {exit_sp, instance, by_fault});
}

uint64_t unwind(InstanceData* instance, runtime::ExceptionObject* exception, uintptr_t exit_sp, uint64_t* locals,
                UnwindTarget* target) {
  Store& store = *instance->store;
  if (exception == nullptr) exception = store.take_exception();
  for (runtime::MachineFrames frames(*store.options().machine, {exit_sp, instance, false}, locals); !frames.at_end();
       frames.next()) {
    const FuncCode& code = frames.block().module->func_codes[frames.function().index];
    const ExceptionHandler* handler = runtime::find_handler(code, frames.wasm_offset(), *exception, frames.instance());
    if (handler == nullptr) continue;
    runtime::enter_handler(*handler, code, frames.locals(), *exception);
    const auto index = static_cast<size_t>(handler - code.handlers.data());
    const uint8_t* landing_pad = frames.block().landing_pad(frames.function(), index);
    CHECK(landing_pad != nullptr);
    *target = {frames.sp(), frames.locals(), frames.instance(), landing_pad};
    return 1;
  }
  store.set_exception(exception);
  return 0;
}

}  // namespace arris::jit
