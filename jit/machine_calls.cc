// What happens at the border of compiled code: entering it, and what its stubs call. Arguments travel in registers inside and in
// one row of slots outside; here they change over.
#include <algorithm>

#include "base/check.h"
#include "base/os/fault_signals.h"
#include "jit/machine.h"
#include "jit/module_code.h"
#include "jit/stubs.h"
#include "masm/x64_registers.h"
#include "runtime/exception_handlers.h"
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

// A compiled frame uses at least as much of the value stack as of the native stack (32 bytes there; 16 here, and 16 more with a
// call into another instance). So one limit on the value stack keeps both.
uint64_t* stack_limit(const ExecutionContext& context, uint64_t* base) {
  constexpr uintptr_t kOwnBytes = 512;  // `enter` and its caller
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  const uintptr_t lowest = context.native_stack_limit + kOwnBytes;
  const uintptr_t native_bytes = here > lowest ? here - lowest : 0;
  uint64_t* limit = context.stack_limit - kStackMarginSlots;
  if (limit <= base) return nullptr;
  return base + std::min<uintptr_t>(static_cast<uintptr_t>(limit - base), native_bytes / sizeof(uint64_t));
}

Outcome exhausted(Store& store) {
  const Outcome outcome = store.set_trap(TrapCode::call_stack_exhausted);
  store.capture_backtrace(nullptr, nullptr, nullptr);
  return outcome;
}

}  // namespace

namespace {

// Enters compiled code; `image` has the registers.
Outcome enter(Store& store, const FuncInstance& func, const void* entry, RegisterImage& image, uint64_t* base) {
  os::ensure_alternate_stack();
  ExecutionContext& context = store.context();
  if (context.fuel_enabled) context.interrupt.fetch_or(runtime::kInterruptFuel, std::memory_order_relaxed);
  uint64_t* limit = stack_limit(context, base);
  if (limit == nullptr) return exhausted(store);
  uint64_t* const outer_limit = context.machine_stack_limit;
  const uintptr_t outer_entry_sp = context.entry_sp;
  context.machine_stack_limit = limit;
  const Stubs& stubs = ModuleCode::of(*func.instance->module)->machine().stubs();
  const auto outcome = static_cast<Outcome>(stubs.enter(&image, entry, func.instance, &context.entry_sp));
  context.machine_stack_limit = outer_limit;
  context.entry_sp = outer_entry_sp;
  return outcome;
}

}  // namespace

Outcome run(Store& store, const FuncInstance& func, const void* entry, uint64_t* slots) {
  RegisterImage image;
  load_arguments(func.type->func, slots, image);
  image.base = slots;
  image.callee = &func;
  const Outcome outcome = enter(store, func, entry, image, slots);
  if (outcome == Outcome::ok) store_results(func.type->func, slots, image);
  return outcome;
}

Outcome run_loop(Store& store, const runtime::LoopEntry& loop, uint64_t* locals) {
  const FuncInstance& func = *loop.func;
  RegisterImage image;
  image.base = locals;
  image.callee = static_cast<const FuncInstance*>(loop.address);  // what enter_loop takes it for
  const Stubs& stubs = ModuleCode::of(*func.instance->module)->machine().stubs();
  const Outcome outcome = enter(store, func, stubs.enter_loop, image, locals);
  if (outcome == Outcome::ok) store_results(func.type->func, locals - func.code->v128_local_slots, image);
  return outcome;
}

// ---- Called by stubs ---------------------------------------------------------------------------------------------------------

SlowResult slow_call(RegisterImage* image, InstanceData* instance, uintptr_t exit_sp) {
  const FuncInstance& func = *image->callee;
  if (const void* code = find_code(func)) return {SlowResult::code, code};
  store_arguments(func.type->func, image->base, *image);
  const Outcome outcome = instance->store->call_from_machine(func, image->base, {exit_sp, instance, false});
  if (outcome == Outcome::trap) return {SlowResult::trap, nullptr};
  if (outcome == Outcome::exception) return {SlowResult::exception, nullptr};
  load_results(func.type->func, image->base, *image);
  return {SlowResult::done, nullptr};
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
