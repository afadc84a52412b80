// Store::capture_backtrace: walks the frames of layout.h, innermost first, across the invocations on the native stack.
//
// A stack may be hundreds of thousands of frames deep, so only the ends are kept: the first kBacktraceEnds frames, and the last ones
// in a ring. Return addresses point behind the calling instruction; where that began is found afterwards for the kept frames
// alone, by stepping once through each function concerned.
#include <algorithm>
#include <vector>

#include "runtime/machine_frames.h"
#include "runtime/store.h"
#include "wasm/instruction_reader.h"

namespace arris::runtime {
namespace {

class Backtrace {
 public:
  void add_host() { add({nullptr, nullptr, FuncIndex(), 0}); }

  // The frames of one invocation, from the one that runs at `ip` to the outermost. `callee_began`: what that one calls does run; if it
  // is a tail call, the frame is only there because the interpreter still needs its place.
  void add_frames(const uint8_t* ip, uint64_t* locals, const InstanceData* instance, bool callee_began) {
    for (;;) {
      const FuncCode* code = find_code(*instance, ip);
      if (!code) return;
      const bool is_replaced = callee_began && is_tail_call(*instance->module, *code, ip);
      callee_began = false;
      if (!is_replaced) add({instance->module, instance, func_, instance->module->offset_of(ip), locals});
      auto* record = reinterpret_cast<const FrameRecord*>(locals + code->frame_offset);
      if (!record->caller_instance) return;
      ip = record->return_ip - 1;  // within the calling instruction
      locals = record->caller_locals;
      instance = record->caller_instance;
    }
  }

  // The same of an activation of compiled code.
  void add_machine_frames(const MachineSupport& support, const MachineExit& exit) {
    for (MachineFrames frames(support, exit); !frames.at_end(); frames.next()) {
      const Module& module = *frames.block().module;
      const uint32_t index = frames.function().index;
      add({&module, frames.instance(), FuncIndex(index + module.imported_funcs),
           module.bodies[index].code_offset + frames.wasm_offset()});
    }
  }

  void finish(TrapState& trap) {
    size_t kept = std::min<size_t>(count_ - head_.size(), kBacktraceEnds);
    trap.omitted_frames = count_ - head_.size() - kept;
    if (kept == kBacktraceEnds) std::rotate(tail_.begin(), tail_.begin() + oldest_, tail_.end());
    head_.insert(head_.end(), tail_.begin(), tail_.end());
    resolve_offsets(head_);
    trap.backtrace = std::move(head_);
  }

 private:
  // Is the instruction that holds `ip` a tail call? Where `ip` is its beginning, if it is one.
  static bool is_tail_call(const Module& module, const FuncCode& code, const uint8_t* ip) {
    const uint8_t* const at = module.bytes.data() + module.offset_of(ip);
    const auto is = [at](Opcode op) { return *at == info(op).code; };
    if (!is(Opcode::return_call) && !is(Opcode::return_call_indirect) && !is(Opcode::return_call_ref)) return false;
    // It may also be within another instruction.
    const uint8_t* next = module.bytes.data() + module.offset_of(code.code);
    while (next < at) read_instruction(next);
    return next == at;
  }

  void add(const BacktraceFrame& frame) {
    ++count_;
    if (head_.size() < kBacktraceEnds) {
      head_.push_back(frame);
    } else if (tail_.size() < kBacktraceEnds) {
      tail_.push_back(frame);
    } else {
      tail_[oldest_] = frame;
      oldest_ = (oldest_ + 1) % kBacktraceEnds;
    }
  }

  // Deep recursion stays in few functions: try the last one before searching.
  const FuncCode* find_code(const InstanceData& instance, const uint8_t* ip) {
    if (code_ && module_ == instance.module && ip >= code_->code && ip < code_->code + code_->code_size) return code_;
    module_ = instance.module;
    func_ = module_->find_func(ip);
    code_ = func_.valid() ? &instance.func_codes[func_.value - instance.imported_funcs] : nullptr;
    return code_;
  }

  // Moves every offset to the start of the instruction that holds it.
  static void resolve_offsets(std::vector<BacktraceFrame>& frames) {
    std::vector<BacktraceFrame*> order;
    for (BacktraceFrame& frame : frames) {
      if (frame.module) order.push_back(&frame);
    }
    std::sort(order.begin(), order.end(), [](const BacktraceFrame* a, const BacktraceFrame* b) {
      return a->module != b->module ? std::less<>()(a->module, b->module) : a->offset < b->offset;
    });
    const uint8_t* next = nullptr;
    const BacktraceFrame* previous = nullptr;
    uint32_t start = 0;
    for (BacktraceFrame* frame : order) {
      const Module& module = *frame->module;
      const uint8_t* bytes = module.bytes.data();
      bool same_func = previous && previous->module == frame->module && previous->func == frame->func;
      if (!same_func) {
        start = module.bodies[frame->func.value - module.imported_funcs].code_offset;
        next = bytes + start;
      }
      while (next <= bytes + frame->offset) {
        start = static_cast<uint32_t>(next - bytes);
        read_instruction(next);
      }
      frame->offset = start;
      previous = frame;
    }
  }

  std::vector<BacktraceFrame> head_;
  std::vector<BacktraceFrame> tail_;
  size_t oldest_ = 0;
  size_t count_ = 0;
  const Module* module_ = nullptr;
  const FuncCode* code_ = nullptr;
  FuncIndex func_;
};

}  // namespace

void Store::capture_backtrace(const uint8_t* ip, uint64_t* locals, InstanceData* instance) {
  if (trap_.has_backtrace) return;
  trap_.has_backtrace = true;
  Backtrace backtrace;
  auto* entry = static_cast<const EntryFrame*>(context_.entry_frame);
  if (instance) {
    // Where a callee has no room, its frame's place is taken.
    backtrace.add_frames(ip, locals, instance, trap_.code == TrapCode::call_stack_exhausted);
    if (entry) entry = entry->previous;
  }
  for (; entry; entry = entry->previous) {
    if (entry->exit_func) backtrace.add_host();
    if (entry->exit_instance) backtrace.add_frames(entry->exit_ip, entry->exit_locals, entry->exit_instance, true);
    if (entry->machine_exit.sp != 0) backtrace.add_machine_frames(*options_.machine, entry->machine_exit);
  }
  backtrace.finish(trap_);
  if (options_.on_trap) options_.on_trap(*this);
  for (BacktraceFrame& frame : trap_.backtrace) frame.locals = nullptr;
}

}  // namespace arris::runtime
