#include "runtime/machine_frames.h"

#include "base/check.h"

namespace arris::runtime {
namespace {

uintptr_t word(uintptr_t address) { return *reinterpret_cast<const uintptr_t*>(address); }

}  // namespace

MachineFrames::MachineFrames(const MachineSupport& support, const MachineExit& exit, uint64_t* locals)
    : support_(support), instance_(exit.instance), locals_(locals), sp_(exit.sp) {
  resolve(word(sp_ - sizeof(uintptr_t)), exit.by_fault);
}

void MachineFrames::next() {
  locals_ = reinterpret_cast<uint64_t*>(word(sp_));
  const uintptr_t pc = word(sp_ + sizeof(uintptr_t));
  sp_ += 2 * sizeof(uintptr_t);
  resolve(pc, false);
}

void MachineFrames::resolve(uintptr_t pc, bool by_fault) {
  while (pc == support_.instance_return) {
    instance_ = reinterpret_cast<InstanceData*>(word(sp_));
    pc = word(sp_ + sizeof(uintptr_t));
    sp_ += 2 * sizeof(uintptr_t);
  }
  function_ = nullptr;
  // A return address lies behind its call, which may end its function, its block and its page.
  const uintptr_t inside = by_fault ? pc : pc - 1;
  block_ = support_.space->find(inside);
  CHECK(block_ != nullptr);
  if (block_->module == nullptr) return;  // the stub through which C++ entered
  function_ = block_->find(inside);
  CHECK(function_ != nullptr);
  CHECK(by_fault ? block_->find_fault(*function_, pc, &wasm_offset_)
                 : block_->find_call(*function_, pc, &wasm_offset_));
}

}  // namespace arris::runtime
