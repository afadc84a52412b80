#include "runtime/code_space.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/os/executable_memory.h"
#include "runtime/memory.h"
#include "wasm/instruction_reader.h"
#include "wasm/trap.h"

namespace arris::runtime {
namespace {

uint64_t round_up(uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

}  // namespace

// ---- CodeBlock -------------------------------------------------------------------------------------------------------------

const CodeBlock::Function* CodeBlock::find(uintptr_t pc) const {
  if (functions.size() < 2) return nullptr;
  const auto offset = static_cast<uint32_t>(pc - reinterpret_cast<uintptr_t>(begin));
  auto after = std::upper_bound(functions.begin(), functions.end() - 1, offset,
                                [](uint32_t value, const Function& f) { return value < f.begin; });
  if (after == functions.begin()) return nullptr;
  const Function& function = *std::prev(after);
  return offset < function.end ? &function : nullptr;
}

PcMap CodeBlock::pc_map(const Function& function) const {
  const Function& next = *(&function + 1);
  return {std::span(pc_maps).subspan(function.pc_map, next.pc_map - function.pc_map),
          std::span(pc_restarts).subspan(function.pc_restarts, next.pc_restarts - function.pc_restarts)};
}

bool CodeBlock::find_call(const Function& function, uintptr_t return_address, uint32_t* wasm_offset) const {
  const auto native = static_cast<uint32_t>(return_address - reinterpret_cast<uintptr_t>(begin)) - function.begin;
  return pc_map(function).find_exact(native, wasm_offset);
}

bool CodeBlock::find_fault(const Function& function, uintptr_t pc, uint32_t* wasm_offset) const {
  const auto native = static_cast<uint32_t>(pc - reinterpret_cast<uintptr_t>(begin)) - function.begin;
  return pc_map(function).find_at_or_below(native, wasm_offset);
}

const uint8_t* CodeBlock::landing_pad(const Function& function, size_t handler) const {
  const uint32_t at = landing_pads[function.landing_pads + handler];
  return at == ~uint32_t{0} ? nullptr : begin + function.begin + at;
}

const uint8_t* CodeBlock::osr_entry(const Function& function, uint32_t loop_offset) const {
  const auto last = osr_entries.begin() + (&function + 1)->osr_entries;
  auto found = std::lower_bound(osr_entries.begin() + function.osr_entries, last, loop_offset,
                                [](const PcEntry& entry, uint32_t value) { return entry.wasm_offset < value; });
  return found != last && found->wasm_offset == loop_offset ? begin + function.begin + found->native_offset : nullptr;
}

// ---- CodeSpace -------------------------------------------------------------------------------------------------------------

std::unique_ptr<CodeSpace> CodeSpace::create(uint64_t max_bytes) {
  const uint64_t page = os::page_size();
  std::unique_ptr<CodeSpace> space(new CodeSpace());
  space->page_shift_ = static_cast<unsigned>(std::countr_zero(page));
  space->code_bytes_ = round_up(max_bytes, page);
  const uint64_t pages = space->code_bytes_ >> space->page_shift_;
  const uint64_t table_bytes = round_up(pages * sizeof(std::atomic<const CodeBlock*>), page);
  space->reservation_ = os::Reservation(table_bytes + space->code_bytes_);
  if (!space->reservation_ || !os::commit(space->reservation_.data(), table_bytes)) return nullptr;
  // Fresh pages read as zero, and a null pointer is zero: the table is ready, and takes storage only where it is used.
  space->by_page_ = reinterpret_cast<std::atomic<const CodeBlock*>*>(space->reservation_.data());
  space->code_begin_ = space->reservation_.data() + table_bytes;
  space->free_.emplace(0, pages);
  return space;
}

CodeSpace::~CodeSpace() { DCHECK(used_pages_ == 0); }

std::span<uint8_t> CodeSpace::allocate(uint64_t bytes) {
  if (bytes == 0 || bytes > code_bytes_) return {};
  const uint64_t pages = round_up(bytes, uint64_t{1} << page_shift_) >> page_shift_;
  std::lock_guard lock(mutex_);
  for (auto run = free_.begin(); run != free_.end(); ++run) {
    const auto [first, count] = *run;
    if (count < pages) continue;
    uint8_t* at = code_begin_ + (first << page_shift_);
    if (!os::commit(at, pages << page_shift_)) return {};
    free_.erase(run);
    if (count > pages) free_.emplace(first + pages, count - pages);
    used_pages_ += pages;
    return {at, pages << page_shift_};
  }
  return {};
}

void CodeSpace::free_pages(uint64_t page, uint64_t count) {
  os::decommit(code_begin_ + (page << page_shift_), count << page_shift_);
  std::lock_guard lock(mutex_);
  used_pages_ -= count;
  auto after = free_.upper_bound(page);
  if (after != free_.end() && page + count == after->first) {
    count += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    auto before = std::prev(after);
    if (before->first + before->second == page) {
      before->second += count;
      return;
    }
  }
  free_.emplace(page, count);
}

void CodeSpace::give_up(std::span<uint8_t> pages) {
  free_pages(static_cast<uint64_t>(pages.data() - code_begin_) >> page_shift_, pages.size() >> page_shift_);
}

const CodeBlock* CodeSpace::publish(std::span<uint8_t> pages, std::unique_ptr<CodeBlock> block) {
  block->begin = pages.data();
  block->size = pages.size();
  if (!os::seal_executable(pages.data(), pages.size())) {
    give_up(pages);
    return nullptr;
  }
  const uint64_t first = static_cast<uint64_t>(pages.data() - code_begin_) >> page_shift_;
  for (uint64_t i = 0; i < pages.size() >> page_shift_; ++i)
    by_page_[first + i].store(block.get(), std::memory_order_release);
  if (observer_ != nullptr) observer_->published(*block);
  return block.release();
}

void CodeSpace::release(const CodeBlock* block) {
  if (observer_ != nullptr) observer_->released(*block);
  const uint64_t first = static_cast<uint64_t>(block->begin - code_begin_) >> page_shift_;
  const uint64_t pages = block->size >> page_shift_;
  for (uint64_t i = 0; i < pages; ++i) by_page_[first + i].store(nullptr, std::memory_order_release);
  free_pages(first, pages);
  delete block;
}

uint64_t CodeSpace::used_bytes() const {
  std::lock_guard lock(mutex_);
  return used_pages_ << page_shift_;
}

bool CodeSpace::redirect_faults(const void* stub) {
  fault_stub_ = stub;
  if (fault_range_.open(code_begin_, code_begin_ + code_bytes_, &filter_fault, this)) return true;
  fault_stub_ = nullptr;
  return false;
}

namespace {

// What it means that the instruction at `p` reads or writes through null; none: it does no such thing.
TrapCode trap_of_null(const uint8_t* p) {
  switch (read_opcode(p)) {
    case Opcode::struct_get:
    case Opcode::struct_get_s:
    case Opcode::struct_get_u:
    case Opcode::struct_set: return TrapCode::null_structure_reference;
    case Opcode::array_get:
    case Opcode::array_get_s:
    case Opcode::array_get_u:
    case Opcode::array_set:
    case Opcode::array_len: return TrapCode::null_array_reference;
    case Opcode::call_ref: return TrapCode::null_function_reference;
    case Opcode::call_indirect:
    case Opcode::return_call_indirect: return TrapCode::uninitialized_element;
    default: return TrapCode::none;
  }
}

}  // namespace

bool CodeSpace::filter_fault(const void* self, const os::Fault& fault, os::FaultTarget& target) {
  const auto& space = *static_cast<const CodeSpace*>(self);
  // An access elsewhere is no guest's: a mistake of ours, which must not look like a trap.
  const bool is_in_memory =
      fault.base != 0 && fault.address - fault.base < kMemory32ReservationBytes + kMemory32GuardBytes;
  const bool is_null = fault.address < kNullGuardBytes;
  if (!is_in_memory && !is_null) return false;
  const CodeBlock* block = space.find(fault.pc);
  if (block == nullptr || block->module == nullptr) return false;
  const CodeBlock::Function* function = block->find(fault.pc);
  uint32_t wasm_offset;
  if (function == nullptr || !block->find_fault(*function, fault.pc, &wasm_offset)) return false;
  TrapCode code = TrapCode::out_of_bounds_memory_access;
  if (is_null) {
    const Module& module = *block->module;
    code = trap_of_null(module.bytes.data() + module.bodies[function->index].code_offset + wasm_offset);
    if (code == TrapCode::none) return false;
  }
  target = {space.fault_stub_, static_cast<uint64_t>(code) | kFaultBit};
  return true;
}

}  // namespace arris::runtime
