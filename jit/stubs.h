// Stubs: the machine code between compiled functions and everything else, made once per engine through the Masm.
// For jit/machine.h and the compiler (by MachineIndex, builtins.def). README.md has the calling convention.
//
//   enter            C++ into compiled code: saves what C++ wants kept, loads the argument registers from a RegisterImage, calls,
//                    and stores the result registers back. Ends with Outcome::ok, or through `leave` with another outcome.
//   enter_loop       called like a function by `enter`, with the locals pointer for a base and the place in the loop for a callee: makes
//                    the frame and goes on there
//   trap             records the trap with its backtrace, then leaves
//   throw_exception  goes on at the handler's landing pad, or leaves
//   call_other       calls a function of another instance (or of the host) with r15 and r14 of that instance
//   tail_call_other  the same in tail position, in constant space
//   interrupt        asks whether to go on, then does, or traps, or has the interpreter go on; interrupt_entry: traps on behalf of the
//                    caller
//   leave            jump; eax = Outcome: ends the activation
//   slow_entry       stands for a function without code: lays the register arguments out in their row and has C++ run the
//                    function in the interpreter or the host, or compile it and go on there
//   beyond_stack     the same for a function with code that has no room on the stack: interpreted in any case
#pragma once

#include <cstddef>
#include <cstdint>

#include "masm/cpu_features.h"
#include "runtime/code_space.h"
#include "runtime/layout.h"
#include "wasm/v128.h"

namespace arris::jit {

// The registers that carry arguments and results between compiled functions.
struct alignas(16) RegisterImage {
  uint64_t gp[6];  // the first is the result's
  uint64_t* base;  // the arguments' row
  const runtime::FuncInstance* callee;
  V128 fp[8];  // the first is the result's
};

// Returns an Outcome. `entry_sp` is ExecutionContext::entry_sp.
using Enter = uint64_t (*)(RegisterImage* image, const void* code, runtime::InstanceData* instance,
                           uintptr_t* entry_sp);

struct Stubs {
  const runtime::CodeBlock* block = nullptr;
  Enter enter = nullptr;
  const void* enter_loop = nullptr;
  const void* trap = nullptr;
  const void* throw_exception = nullptr;
  const void* call_other = nullptr;
  const void* tail_call_other = nullptr;
  const void* interrupt = nullptr;
  const void* interrupt_entry = nullptr;
  const void* slow_entry = nullptr;
  const void* beyond_stack = nullptr;
  const void* leave = nullptr;
  uintptr_t instance_return = 0;  // the return address in call_other
};

// block == null if there is no room in `space`.
Stubs make_stubs(runtime::CodeSpace& space, masm::CpuFeatures features);

// What the stubs call (machine_calls.cc).

struct SlowResult {
  enum Kind : uint64_t { done, code, trap, exception };
  Kind kind;
  const void* address;  // kind == code: go on there, with the image's arguments
};
SlowResult slow_call(RegisterImage* image, runtime::InstanceData* instance, uintptr_t exit_sp);
SlowResult interpret_call(RegisterImage* image, runtime::InstanceData* instance, uintptr_t exit_sp);

// Returns a TrapCode; none: go on. Or kLeave: the frame is given up, and interpret_frame does the rest of the function.
inline constexpr uint32_t kLeave = 0x100;
uint64_t answer_interrupt(runtime::InstanceData* instance);

// What interpret_frame finds in the image's first registers.
struct GivenUpFrame {
  uintptr_t pc;      // the return address of the call of `interrupt`
  uint64_t* locals;  // everything is in its home slot
  uint64_t at_entry;
};
SlowResult interpret_frame(RegisterImage* image, runtime::InstanceData* instance, uintptr_t exit_sp);

void record_trap(runtime::InstanceData* instance, uint64_t code, uintptr_t exit_sp);

struct UnwindTarget {
  uintptr_t sp;
  uint64_t* locals;
  runtime::InstanceData* instance;
  const void* address;
};
// Finds the handler of `exception` (null: the one pending in the Store) in this activation. False: it stays pending.
uint64_t unwind(runtime::InstanceData* instance, runtime::ExceptionObject* exception, uintptr_t exit_sp,
                uint64_t* locals, UnwindTarget* target);

}  // namespace arris::jit
