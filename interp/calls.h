// Frames: how a function's frame comes to be and what the call handlers share. For the call handlers, the exception search and
// the entry.
#pragma once

#include "interp/machine.h"
#include "runtime/interrupt.h"
#include "runtime/store.h"

namespace arris::interp {

using runtime::answer_interrupt;
using runtime::ExecutionContext;

// A side-table entry in full, from its short or its wide form.
struct Branch {
  int64_t delta_ip;
  int64_t delta_entry;
  uint64_t keep;
  uint64_t drop;
};
inline Branch read_branch(const SideTableEntry* entry) {
  if (entry->drop != kWideDrop) return {entry->delta_ip, entry->delta_entry, entry->keep, entry->drop};
  WideBranch wide;
  std::memcpy(&wide, entry + entry->delta_ip, sizeof wide);
  return {wide.delta_ip, wide.delta_entry, wide.keep, wide.drop};
}

// Where an outermost frame returns to. Never executed: a frame whose caller_instance is null ends the invocation.
extern const uint8_t kExitCode[1];

// Would the frame of `callee`, over arguments at `base`, end below the stack limit?
bool frame_fits(const ExecutionContext& context, const FuncCode& callee, const uint64_t* base);

// Builds the frame of `callee` over its arguments at `base`, returning as `record` says; the frame fits. Returns the locals pointer.
uint64_t* build_frame(const FuncInstance& callee, uint64_t* base, const FrameRecord& record);

INTERP_INLINE bool is_interrupted(const InstanceData* inst) {
  return inst->context->interrupt.load(std::memory_order_relaxed) != 0;
}
// Is there anything to do at a loop head or function entry: an interruption, or a question to the tier above?
INTERP_INLINE bool is_called_upon(const InstanceData* inst) {
  using Word [[gnu::may_alias]] = const uint64_t;
  return __atomic_load_n(reinterpret_cast<Word*>(&inst->context->interrupt), __ATOMIC_RELAXED) != 0;
}

// The function that is running at `ip`, an address within one of its instructions.
inline const FuncCode& current_function(const InstanceData* inst, const uint8_t* ip) {
  return inst->func_codes[inst->module->find_func(ip).value - inst->imported_funcs];
}

// Goes on in the caller of a frame that compiled code has ended with the outcome in tos: ip, st, locals and inst are as the frame's
// record has them, and the results end below sp.
HANDLER(resume_caller);

INTERP_INLINE FrameRecord* record_of(uint64_t* locals, uint32_t frame_offset) {
  return reinterpret_cast<FrameRecord*>(locals + frame_offset);
}

}  // namespace arris::interp
