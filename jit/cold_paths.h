// What is rare, emitted behind the function's code: traps, interruptions, entries in the middle of a loop, bounds and type checks
// that did not succeed at first sight.
#pragma once

#include "jit/loop_scan.h"

namespace arris::jit {

// TrapCode::none: the code is in kGpResult, from a builtin.
template <class Masm>
Label FunctionCompiler<Masm>::trap_label(TrapCode code) {
  for (size_t i = trap_paths_.size(); i > 0 && trap_paths_[i - 1].offset == offset_; --i) {
    if (trap_paths_[i - 1].code == code) return trap_paths_[i - 1].label;
  }
  const Label label = masm_.new_label();
  trap_paths_.push_back({label, offset_, code});
  return label;
}

template <class Masm>
void FunctionCompiler<Masm>::save_entries(const MergeState& state) {
  for (const MergeEntry& entry : entries(state)) {
    if (!(entry.flags & kStored)) emit_store(entry.kind, entry.slot, entry.reg);
  }
}

template <class Masm>
void FunctionCompiler<Masm>::load_entries(const MergeState& state) {
  for (const MergeEntry& entry : entries(state)) emit_load(entry.kind, entry.reg, entry.slot);
}

// Jumps to `path`, which calls answer_interrupt, if ExecutionContext::interrupt is set; where fuel is counted, if anything but the
// counting asks for attention or no fuel is left, and otherwise pays. The context is in the scratch register.
template <class Masm>
void FunctionCompiler<Masm>::branch_if_called_upon(Label path) {
  const auto field = [](size_t offset) { return masm::at(Masm::kScratch, static_cast<int32_t>(offset)); };
  const Address fuel = field(offsetof(runtime::ExecutionContext, fuel));
  const uint32_t expected = options_.count_fuel ? runtime::kInterruptFuel : 0;
  masm_.branch_mem_imm(Width::w32, Cond::ne, field(offsetof(runtime::ExecutionContext, interrupt)),
                       static_cast<int32_t>(expected), path);
  if (!options_.count_fuel) return;
  masm_.branch_mem_imm(Width::w64, Cond::le_s, fuel, 0, path);
  masm_.add_to_memory(Width::w64, fuel, -1);
}

// Goes on unless ExecutionContext::interrupt is set; `state` says what is in registers here.
template <class Masm>
void FunctionCompiler<Masm>::check_interrupt(const MergeState& state) {
  const Label path = masm_.new_label(), back = masm_.new_label();
  masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, context)));
  branch_if_called_upon(path);
  masm_.bind(back);
  interrupt_paths_.push_back({path, back, offset_, state, next_slot_});
}

template <class Masm>
void FunctionCompiler<Masm>::emit_cold_paths() {
  for (const InterruptPath& path : interrupt_paths_) {
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    save_entries(path.state);
    emit_interrupt_call(MachineIndex::interrupt, path.top_slot);
    load_entries(path.state);
    masm_.jump(path.back);
  }
  for (const OsrPath& path : osr_paths_) {
    offset_ = path.offset;
    note_position();
    out_->osr_entries.push_back({path.offset, masm_.offset()});
    load_entries(path.state);
    masm_.jump(path.head);
  }
  for (const BoundsPath& path : bounds_paths_) {
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    const Address cached = instance_field(offsetof(runtime::InstanceData, memory0_size));
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, memories)));
    masm_.load_gp(Width::w64, Masm::kScratch, masm::at(Masm::kScratch));
    masm_.load_gp(Width::w64, Masm::kScratch,
                  masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(runtime::MemoryInstance, size_bytes))));
    masm_.branch_mem(Width::w64, Cond::eq, Masm::kScratch, cached, trap_label(TrapCode::out_of_bounds_memory_access));
    masm_.store_gp(Width::w64, cached, Masm::kScratch);
    masm_.jump(path.again);
  }
  for (const OtherCallPath& path : other_call_paths_) {
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    load_machine_table();
    if (!path.back.valid()) {
      masm_.jump_mem(machine_entry(MachineIndex::tail_call_other));
      note_table_use(MachineIndex::tail_call_other);
    } else {
      note_call(masm_.call_mem(machine_entry(MachineIndex::call_other)));
      note_table_use(MachineIndex::call_other);
      masm_.jump(path.back);
    }
  }
  for (const SubtypePath& path : subtype_paths_) {
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    const Address type = masm::at(path.callee, static_cast<int32_t>(offsetof(runtime::FuncInstance, type)));
    masm_.load_gp(Width::w64, Masm::kScratch, type);
    masm_.branch_mem_imm(Width::w32, Cond::lt_u,
                         masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(CanonicalType, depth))),
                         static_cast<int32_t>(path.type->depth), path.mismatch);
    masm_.load_gp(Width::w64, Masm::kScratch,
                  masm::at(Masm::kScratch, static_cast<int32_t>(offsetof(CanonicalType, display))));
    masm_.branch_mem(Width::w64, Cond::ne, path.temp,
                     masm::at(Masm::kScratch, static_cast<int32_t>(path.type->depth * sizeof(void*))), path.mismatch);
    masm_.jump(path.back);
  }
  emit_allocation_paths();
  // Last: the paths above may need some.
  for (size_t i = 0; i < trap_paths_.size(); ++i) {
    const TrapPath path = trap_paths_[i];
    offset_ = path.offset;
    note_position();
    masm_.bind(path.label);
    load_machine_table();
    const Address stub = machine_entry(MachineIndex::trap);
    if (path.code == TrapCode::none) {
      masm_.move(Width::w32, Masm::kGpArguments[0], Masm::kGpResult);
      note_call(masm_.call_mem(stub));
    } else {
      note_call(masm_.trap(path.code, stub));
    }
    note_table_use(MachineIndex::trap, path.code);
  }
}

}  // namespace arris::jit
