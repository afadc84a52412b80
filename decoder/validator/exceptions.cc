// Exceptions: tags, try_table and its handlers, and the legacy proposal's try, catch, delegate and rethrow.
#include <algorithm>

#include "decoder/validator/function_validator.h"

namespace arris::validator {

const CanonicalType* FunctionValidator::read_tag() {
  uint32_t index = in_.u32();
  if (!in_.ok()) return nullptr;
  if (index < module_.tags.size()) return &context_.tag_type(index);
  fail_index(ErrorCode::unknown_tag, index);
  return nullptr;
}

bool FunctionValidator::on_throw(Opcode) {
  const CanonicalType* tag = read_tag();
  if (!tag || !pop_types(tag->func.params)) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::on_throw_ref(Opcode) {
  if (!pop(kExnRef)) return false;
  set_unreachable();
  return true;
}

// Reads one clause of a try_table. Its label counts from outside the try_table.
bool FunctionValidator::read_catch_clause(uint32_t& count) {
  uint8_t kind_code = in_.u8();
  if (kind_code > 3) return in_.fail(ErrorCode::malformed_catch_kind, in_.position() - 1);
  ExceptionHandler handler{};
  handler.kind = static_cast<HandlerKind>(kind_code);
  bool has_tag = handler.kind == HandlerKind::catch_ || handler.kind == HandlerKind::catch_ref;
  bool has_ref = handler.kind == HandlerKind::catch_ref || handler.kind == HandlerKind::catch_all_ref;
  std::span<const ValType> payload;
  if (has_tag) {
    const uint8_t* at = in_.position();
    const CanonicalType* tag = read_tag();
    if (!tag) return false;
    payload = tag->func.params;
    handler.tag_index = read_uleb<uint32_t>(at);
  }
  uint32_t depth = in_.u32();
  if (!in_.ok()) return false;
  ControlFrame* target = label(depth);
  if (!target) return false;
  std::span<const ValType> wanted = label_types(*target);
  bool matches = wanted.size() == payload.size() + has_ref;
  for (size_t i = 0; matches && i < payload.size(); ++i) matches = registry_.is_subtype(payload[i], wanted[i]);
  if (matches && has_ref) matches = registry_.is_subtype(kExnRef.as_non_null(), wanted.back());
  if (!matches) return fail(ErrorCode::type_mismatch, "the catch clause's values are not the label's");

  handler.height = target->slot_floor;
  uint32_t arrival = target->slot_floor + label_slots(*target);
  if (arrival > max_slots_) max_slots_ = arrival;
  uint32_t clause = table_.add_clause(handler);
  if (target->kind == FrameKind::loop) {
    table_.clause(clause).target_offset = target->opcode_offset;
    table_.clause(clause).target_entry = target->entry;
  } else {
    table_.add_clause_use(target->uses, clause);
  }
  ++count;
  return true;
}

bool FunctionValidator::on_try_table(Opcode) {
  ControlFrame frame;
  if (!read_block(frame)) return false;
  frame.first_clause = table_.clause_count();
  uint32_t clauses = in_.u32();
  for (uint32_t i = 0; i < clauses; ++i) {
    if (!in_.ok() || !read_catch_clause(frame.clause_count)) return false;
  }
  // Its entry leads past the clauses to the first instruction.
  uint32_t entry = table_.add(opcode_offset(), next_offset(), 0, 0, 0);
  table_.set_target(entry, next_offset(), entry + 1);
  return push_frame(FrameKind::try_table, frame);
}

void FunctionValidator::close_try_table(ControlFrame& frame) {
  for (uint32_t i = frame.first_clause; i < frame.first_clause + frame.clause_count; ++i) {
    table_.clause(i).begin_offset = frame.arm_offset;
    table_.clause(i).end_offset = opcode_offset();
    table_.list_clause(i);
  }
}

bool FunctionValidator::on_try(Opcode) {
  ControlFrame frame;
  return read_block(frame) && push_frame(FrameKind::try_, frame);
}

bool FunctionValidator::on_catch(Opcode op) {
  ControlFrame& frame = control_.back();
  if (frame.kind != FrameKind::try_ && frame.kind != FrameKind::catch_) {
    return fail(ErrorCode::end_opcode_expected, "catch without try");
  }
  const CanonicalType* tag = nullptr;
  uint32_t tag_index = 0;
  if (op == Opcode::catch_) {
    const uint8_t* at = in_.position();
    tag = read_tag();
    if (!tag) return false;
    tag_index = read_uleb<uint32_t>(at);
  }
  if (!pop_results(frame)) return false;
  if (frame.kind == FrameKind::try_) {
    frame.try_begin = frame.arm_offset;
    frame.try_end = opcode_offset();
    frame.exception_slot = local_count_ + legacy_depth_++;
    max_legacy_depth_ = std::max(max_legacy_depth_, legacy_depth_);
  }
  table_.add_use(frame.uses, opcode_offset(), 0, 0);  // falling out of the arm before
  ExceptionHandler handler{};
  handler.kind = op == Opcode::catch_ ? HandlerKind::legacy_catch : HandlerKind::legacy_catch_all;
  handler.begin_offset = frame.try_begin;
  handler.end_offset = frame.try_end;
  handler.target_offset = next_offset();
  handler.target_entry = table_.next_entry();
  handler.height = frame.slot_floor;
  handler.tag_index = tag_index;
  handler.exception_slot = frame.exception_slot;
  table_.list_clause(table_.add_clause(handler));

  forget_initialized(frame.init_floor);
  frame.kind = op == Opcode::catch_ ? FrameKind::catch_ : FrameKind::catch_all;
  frame.unreachable = false;
  frame.arm_offset = next_offset();
  if (tag) push_types(tag->func.params);
  return true;
}

// Ends a try block; its exceptions go on as if thrown at the start of the labelled block's current arm, which lies in that
// block but in none nested in it.
bool FunctionValidator::on_delegate(Opcode) {
  ControlFrame& frame = control_.back();
  if (frame.kind != FrameKind::try_) return fail(ErrorCode::end_opcode_expected, "delegate without try");
  uint32_t depth = in_.u32();  // counts from outside the try
  if (!in_.ok()) return false;
  if (depth >= control_.size() - 1) return fail_index(ErrorCode::unknown_label, depth);
  if (!pop_results(frame)) return false;
  const ControlFrame& target = control_[control_.size() - 2 - depth];
  ExceptionHandler handler{};
  handler.kind = HandlerKind::delegate;
  handler.begin_offset = frame.arm_offset;
  handler.end_offset = opcode_offset();
  handler.target_offset = target.kind == FrameKind::func ? kNoHandlerTarget : target.arm_offset;
  table_.list_clause(table_.add_clause(handler));
  resolve(frame, next_offset());
  pop_frame();
  return true;
}

bool FunctionValidator::on_rethrow(Opcode) {
  uint32_t depth = in_.u32();
  if (!in_.ok()) return false;
  ControlFrame* target = label(depth);
  if (!target) return false;
  if (target->kind != FrameKind::catch_ && target->kind != FrameKind::catch_all) {
    return fail_index(ErrorCode::invalid_rethrow_label, depth);
  }
  table_.add_rethrow(target->exception_slot);
  set_unreachable();
  return true;
}

}  // namespace arris::validator
