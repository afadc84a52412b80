#include "decoder/validator/side_table_writer.h"

#include <algorithm>
#include <cstring>

namespace arris::validator {
namespace {

// `count` elements from a chunk that has room, or from a new one.
template <class T>
T* allocate(std::vector<std::unique_ptr<T[]>>& chunks, T*& next, size_t& left, size_t count, size_t chunk_size) {
  if (count == 0) return nullptr;
  if (count > left) {
    size_t size = std::max(count, chunk_size);
    chunks.push_back(std::make_unique_for_overwrite<T[]>(size));
    next = chunks.back().get();
    left = size;
  }
  T* result = next;
  next += count;
  left -= count;
  return result;
}

}  // namespace

SideTableEntry* SideTableArena::add_entries(size_t count) {
  return allocate(entry_chunks_, next_entry_, entries_left_, count, kChunkEntries);
}

ExceptionHandler* SideTableArena::add_handlers(size_t count) {
  return allocate(handler_chunks_, next_handler_, handlers_left_, count, kChunkHandlers);
}

void SideTableArena::move_to(Module& module) {
  for (auto& chunk : entry_chunks_) module.side_table_chunks.push_back(std::move(chunk));
  for (auto& chunk : handler_chunks_) module.handler_chunks.push_back(std::move(chunk));
  entry_chunks_.clear();
  handler_chunks_.clear();
  entries_left_ = handlers_left_ = 0;
}

void SideTableWriter::clear() {
  branches_.clear();
  widest_ = 0;
  returns_.clear();
  clauses_.clear();
  order_.clear();
}

void SideTableWriter::resolve(const LabelUses& uses, uint32_t target, uint32_t target_entry) {
  resolve_branches(uses.branches, target, target_entry);
  for (uint32_t i = uses.clauses; i != kNoIndex;) {
    ExceptionHandler& handler = clauses_[i];
    i = handler.target_entry;
    handler.target_offset = target;
    handler.target_entry = target_entry;
  }
}

bool SideTableWriter::is_wide(const Branch& branch, int64_t delta_entry) {
  return branch.keep > UINT8_MAX || branch.drop >= kWideDrop || delta_entry < INT16_MIN || delta_entry > INT16_MAX;
}

void SideTableWriter::finish(SideTableArena& arena, FuncCode& code) {
  for (uint32_t i : returns_) branches_[i].target = code.frame_offset;
  size_t count = branches_.size();
  size_t wide_count = 0;
  const bool all_fit = count <= INT16_MAX / 2 && widest_ < 0x80;  // not even looked at one by one
  for (size_t i = 0; !all_fit && i < count; ++i) {
    wide_count += is_wide(branches_[i], static_cast<int64_t>(branches_[i].target_entry) - static_cast<int64_t>(i));
  }
  SideTableEntry* entries = arena.add_entries(count + 2 * wide_count);
  size_t next_wide = count;
  for (size_t i = 0; i < count; ++i) {
    const Branch& branch = branches_[i];
    int32_t delta_ip = static_cast<int32_t>(branch.target - branch.owner);
    int64_t delta_entry = static_cast<int64_t>(branch.target_entry) - static_cast<int64_t>(i);
    if (is_wide(branch, delta_entry)) {
      entries[i] = {static_cast<int32_t>(next_wide - i), 0, 0, kWideDrop};
      WideBranch wide{delta_ip, static_cast<int32_t>(delta_entry), branch.keep, branch.drop};
      std::memcpy(static_cast<void*>(entries + next_wide), &wide, sizeof wide);
      next_wide += 2;
    } else {
      entries[i] = {delta_ip, static_cast<int16_t>(delta_entry), static_cast<uint8_t>(branch.keep),
                    static_cast<uint8_t>(branch.drop)};
    }
  }
  code.side_table = entries;
  code.side_table_size = static_cast<uint32_t>(count + 2 * wide_count);

  ExceptionHandler* handlers = arena.add_handlers(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) handlers[i] = clauses_[order_[i]];
  code.handlers = {handlers, order_.size()};
}

}  // namespace arris::validator
