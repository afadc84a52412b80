// Blocks, branches and the side-table entries they own (wasm/side_table.h).
#include <algorithm>

#include "decoder/instruction_skipper.h"
#include "decoder/type_reader.h"
#include "decoder/validator/function_validator.h"
#include "wasm/limits.h"

namespace arris::validator {

bool FunctionValidator::read_block(ControlFrame& frame) {
  const uint8_t code = in_.peek();
  if (code >= static_cast<uint8_t>(TypeCode::f64) && code <= static_cast<uint8_t>(TypeCode::i32)) [[likely]] {
    in_.u8();
    frame.result = static_cast<TypeCode>(code);
    return true;
  }
  BlockType type = decoder::read_block_type(in_, module_.features);
  if (!in_.ok()) return false;
  switch (type.kind) {
    case BlockType::Kind::empty: return true;
    case BlockType::Kind::value:
      if (!context_.has_type(type.value)) return fail_index(ErrorCode::unknown_type, type.value.heap().index());
      frame.result = module_.canonical(type.value);
      return true;
    case BlockType::Kind::type_index:
      if (type.type_index >= context_.types.size()) return fail_index(ErrorCode::unknown_type, type.type_index);
      frame.type = context_.types[type.type_index];
      return frame.type->kind == CompositeKind::func ||
             fail(ErrorCode::type_mismatch, "block type is not a function type");
  }
  return false;
}

// Enters a block whose type is in `frame`: its parameters pass from the enclosing block's operands to its own.
bool FunctionValidator::push_frame(FrameKind kind, ControlFrame frame) {
  if (frame.type && !pop_types(frame.type->func.params)) return false;
  if (control_.size() > limits::kMaxControlDepth) return fail(ErrorCode::limit_exceeded, "blocks nested too deeply");
  frame.kind = kind;
  frame.opcode_offset = opcode_offset();
  frame.arm_offset = next_offset();
  frame.floor = static_cast<uint32_t>(sp_ - operands_.get());
  frame.slot_floor = slots_;
  frame.init_floor = static_cast<uint32_t>(init_log_.size());
  frame.entry = table_.next_entry();
  floor_ = sp_;
  if (frame.type) push_types(frame.type->func.params);
  control_.push(frame);
  return true;
}

// The end of an arm: exactly the results must be there.
bool FunctionValidator::pop_results(ControlFrame& frame) {
  if (!pop_types(results_of(frame))) return false;
  if (sp_ != floor_) [[unlikely]] {
    return fail(ErrorCode::type_mismatch,
                std::to_string(sp_ - floor_) + " values remaining at the end of a block, top is " + describe(sp_[-1]));
  }
  slots_ = frame.slot_floor;
  return true;
}

// Leaves the innermost block, whose results have been popped, and gives them to the enclosing one.
void FunctionValidator::pop_frame() {
  ControlFrame& frame = control_.back();
  if (init_log_.size() > frame.init_floor) forget_initialized(frame.init_floor);
  const CanonicalType* type = frame.type;
  ValType result = frame.result;
  control_.pop();
  floor_ = operands_.get() + control_.back().floor;
  if (type) {
    push_types(type->func.results);
  } else if (!result.is_bottom()) {
    push(result);
  }
}

ControlFrame* FunctionValidator::label(uint32_t depth) {
  if (depth < control_.size()) [[likely]]
    return &control_[control_.size() - 1 - depth];
  fail_index(ErrorCode::unknown_label, depth);
  return nullptr;
}

// Records a branch from the current instruction with the operands as they are now. In unreachable code operands may be
// missing; such an entry is never used.
void FunctionValidator::add_branch(ControlFrame& target) {
  uint32_t keep = label_slots(target);
  uint32_t below = target.slot_floor + keep;
  uint32_t drop = slots_ > below ? slots_ - below : 0;
  if (target.kind == FrameKind::loop) {
    table_.add(opcode_offset(), target.opcode_offset, target.entry, keep, drop);
  } else {
    table_.add_use(target.uses, opcode_offset(), keep, drop);
  }
}

void FunctionValidator::resolve(ControlFrame& frame, uint32_t target) {
  table_.resolve(frame.uses, target, table_.next_entry());
}

void FunctionValidator::add_return() { table_.add_return(func_type_->result_slots, 2 * v128_count_); }

void FunctionValidator::set_unreachable() {
  ControlFrame& frame = control_.back();
  frame.unreachable = true;
  sp_ = floor_;
  slots_ = frame.slot_floor;
}

bool FunctionValidator::on_unreachable(Opcode) {
  set_unreachable();
  return true;
}

bool FunctionValidator::on_nop(Opcode) { return true; }

bool FunctionValidator::on_block(Opcode op) {
  ControlFrame frame;
  return read_block(frame) && push_frame(op == Opcode::loop ? FrameKind::loop : FrameKind::block, frame);
}

bool FunctionValidator::on_if(Opcode) {
  ControlFrame frame;
  if (!read_block(frame) || !pop(kI32) || !push_frame(FrameKind::if_, frame)) return false;
  table_.add(opcode_offset(), 0, 0, 0, 0);  // set at `else` or `end`; frame.entry is its index
  return true;
}

bool FunctionValidator::on_else(Opcode) {
  ControlFrame& frame = control_.back();
  if (frame.kind != FrameKind::if_) return fail(ErrorCode::end_opcode_expected, "else without if");
  if (!pop_results(frame)) return false;
  table_.add_use(frame.uses, opcode_offset(), 0, 0);
  table_.set_target(frame.entry, next_offset(), table_.next_entry());
  if (init_log_.size() > frame.init_floor) forget_initialized(frame.init_floor);
  frame.kind = FrameKind::else_;
  frame.unreachable = false;
  frame.arm_offset = next_offset();
  if (frame.type) push_types(frame.type->func.params);
  return true;
}

bool FunctionValidator::on_end(Opcode) {
  ControlFrame& frame = control_.back();
  if (!pop_results(frame)) return false;
  switch (frame.kind) {
    case FrameKind::func: return end_function(frame);
    case FrameKind::constant: control_.pop(); return true;
    case FrameKind::loop: pop_frame(); return true;
    case FrameKind::if_: {
      // Without `else` the parameters are the results.
      std::span<const ValType> results = results_of(frame);
      std::span<const ValType> params =
          frame.type ? std::span<const ValType>(frame.type->func.params) : std::span<const ValType>();
      bool same = params.size() == results.size();
      for (size_t i = 0; same && i < params.size(); ++i) same = registry_.is_subtype(params[i], results[i]);
      if (!same) return fail(ErrorCode::type_mismatch, "if without else must have the same parameters and results");
      table_.set_target(frame.entry, next_offset(), table_.next_entry());
      break;
    }
    case FrameKind::try_table: close_try_table(frame); break;
    case FrameKind::catch_:
    case FrameKind::catch_all: --legacy_depth_; break;
    case FrameKind::block:
    case FrameKind::else_:
    case FrameKind::try_: break;
  }
  resolve(frame, next_offset());
  pop_frame();
  return true;
}

bool FunctionValidator::end_function(ControlFrame& frame) {
  resolve(frame, opcode_offset());
  add_return();
  control_.pop();
  return true;
}

// The operands a branch takes are there, and from now on have the label's types. Spec: br_if, br_on_null.
bool FunctionValidator::check_label_operands(const ControlFrame& target) {
  std::span<const ValType> types = label_types(target);
  if (types.empty() || top_equals(types)) return true;
  if (!pop_types(types)) return false;
  push_types(types);
  return true;
}

// The same without a change to the operands. Spec: br_table.
bool FunctionValidator::peek_label_operands(const ControlFrame& target) {
  std::span<const ValType> types = label_types(target);
  for (size_t i = 0; i < types.size(); ++i) {
    ValType want = types[types.size() - 1 - i];
    if (static_cast<size_t>(sp_ - floor_) <= i) return control_.back().unreachable || fail_mismatch(want, kBottom);
    ValType found = sp_[-1 - static_cast<ptrdiff_t>(i)];
    if (found != want && !registry_.is_subtype(found, want)) return fail_mismatch(want, found);
  }
  return true;
}

bool FunctionValidator::on_br(Opcode) {
  ControlFrame* target = label(in_.u32());
  if (!target) return false;
  add_branch(*target);
  if (!pop_types(label_types(*target))) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::on_br_if(Opcode) {
  ControlFrame* target = label(in_.u32());
  if (!target || !pop(kI32)) return false;
  add_branch(*target);
  return check_label_operands(*target);
}

bool FunctionValidator::on_br_table(Opcode) {
  const uint8_t* start = in_.position();
  uint32_t count = in_.u32();
  if (count > limits::kMaxBrTableLabels && count <= in_.remaining()) {
    return in_.fail(ErrorCode::limit_exceeded, start, "too many br_table labels");
  }
  if (!pop(kI32)) return false;
  ++br_table_epoch_;
  size_t arity = 0;
  for (uint64_t i = 0; i <= count; ++i) {
    uint32_t depth = in_.u32();
    if (!in_.ok()) return false;
    ControlFrame* target = label(depth);
    if (!target) return false;
    add_branch(*target);
    if (i == 0) arity = label_types(*target).size();
    if (label_types(*target).size() != arity) return fail(ErrorCode::type_mismatch, "br_table labels differ in arity");
    if (target->br_table_epoch == br_table_epoch_) continue;
    target->br_table_epoch = br_table_epoch_;
    if (!peek_label_operands(*target)) return false;
  }
  set_unreachable();
  return true;
}

bool FunctionValidator::on_return(Opcode) {
  add_return();
  if (!pop_types(func_type_->func.results)) return false;
  set_unreachable();
  return true;
}

}  // namespace arris::validator
