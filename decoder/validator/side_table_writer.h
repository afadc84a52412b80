// SideTableWriter: collects a function's branches and handlers while their targets are still unknown, then encodes them as
// wasm/side_table.h says. SideTableArena: where encoded tables live. Private to the validator.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "decoder/validator/plain_stack.h"
#include "wasm/index.h"
#include "wasm/module.h"
#include "wasm/side_table.h"

namespace arris::validator {

// Chunks of tables; addresses stay valid, and the chunks end up in the Module.
class SideTableArena {
 public:
  SideTableEntry* add_entries(size_t count);
  ExceptionHandler* add_handlers(size_t count);
  void move_to(Module& module);

 private:
  static constexpr size_t kChunkEntries = 8192;
  static constexpr size_t kChunkHandlers = 512;
  std::vector<std::unique_ptr<SideTableEntry[]>> entry_chunks_;
  std::vector<std::unique_ptr<ExceptionHandler[]>> handler_chunks_;
  size_t entries_left_ = 0;
  size_t handlers_left_ = 0;
  SideTableEntry* next_entry_ = nullptr;
  ExceptionHandler* next_handler_ = nullptr;
};

// The branches and catch clauses that wait for a label's position: heads of lists through the records.
struct LabelUses {
  uint32_t branches = kNoIndex;
  uint32_t clauses = kNoIndex;
};

class SideTableWriter {
 public:
  void clear();
  uint32_t next_entry() const { return static_cast<uint32_t>(branches_.size()); }

  // A branch whose target is known; `owner` and `target` are offsets from the body's first instruction.
  uint32_t add(uint32_t owner, uint32_t target, uint32_t target_entry, uint32_t keep, uint32_t drop) {
    if (!branches_.has_room()) [[unlikely]]
      branches_.reserve_more();
    return add_unchecked(owner, target, target_entry, keep, drop);
  }
  // The same without any call, if there is room.
  bool has_room() const { return branches_.has_room(); }
  uint32_t add_unchecked(uint32_t owner, uint32_t target, uint32_t target_entry, uint32_t keep, uint32_t drop) {
    branches_.push_unchecked({owner, target, target_entry, keep, drop});
    widest_ |= keep | drop;
    return static_cast<uint32_t>(branches_.size() - 1);
  }
  void resolve_branches(uint32_t first, uint32_t target, uint32_t target_entry) {
    for (uint32_t i = first; i != kNoIndex;) {
      Branch& branch = branches_[i];
      i = branch.target_entry;
      branch.target = target;
      branch.target_entry = target_entry;
    }
  }
  // A branch to a label that is still to come.
  void add_use(LabelUses& uses, uint32_t owner, uint32_t keep, uint32_t drop) {
    uses.branches = add(owner, 0, uses.branches, keep, drop);
  }
  void set_target(uint32_t entry, uint32_t target, uint32_t target_entry) {
    branches_[entry].target = target;
    branches_[entry].target_entry = target_entry;
  }
  // The return entry. `values`: FuncCode::frame_offset is known at the end only.
  void add_return(uint32_t result_slots, uint32_t v128_local_slots) {
    uint32_t index = next_entry();
    returns_.push_back(index);
    widest_ |= v128_local_slots;
    add(0, 0, index + v128_local_slots, result_slots, 0);
  }
  void add_rethrow(uint32_t exception_slot) { add(0, exception_slot, next_entry(), 0, 0); }

  // Clauses are added when read and listed when their range ends, which is innermost first.
  uint32_t add_clause(const ExceptionHandler& handler) {
    clauses_.push_back(handler);
    return static_cast<uint32_t>(clauses_.size() - 1);
  }
  void add_clause_use(LabelUses& uses, uint32_t clause) {
    clauses_[clause].target_entry = uses.clauses;
    uses.clauses = clause;
  }
  ExceptionHandler& clause(uint32_t index) { return clauses_[index]; }
  uint32_t clause_count() const { return static_cast<uint32_t>(clauses_.size()); }
  void list_clause(uint32_t index) { order_.push_back(index); }

  // All uses of a label go to `target`.
  void resolve(const LabelUses& uses, uint32_t target, uint32_t target_entry);

  // Encodes everything and completes `code`'s table members (frame_offset must be set).
  void finish(SideTableArena& arena, FuncCode& code);

 private:
  struct Branch {
    uint32_t owner;
    uint32_t target;
    uint32_t target_entry;  // while the target is unknown: the next branch to the same label
    uint32_t keep;
    uint32_t drop;
  };
  static bool is_wide(const Branch& branch, int64_t delta_entry);

  PlainStack<Branch> branches_;
  uint32_t widest_ = 0;  // has all bits of every keep and drop, and of v128_local_slots
  std::vector<uint32_t> returns_;
  std::vector<ExceptionHandler> clauses_;
  std::vector<uint32_t> order_;
};

}  // namespace arris::validator
