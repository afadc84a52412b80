// The pass itself: setting a body up, the loop over its instructions, and errors. Opcodes typed by hand are found in a table
// of member functions, complete by construction; the others follow their row (operator_rows.h).
#include "decoder/validator/function_validator.h"

#include <algorithm>

#include "decoder/instruction_skipper.h"
#include "decoder/validator/by_hand.h"
#include "wasm/limits.h"

namespace arris::validator {
namespace {

// One instruction pushes at most kMaxFunctionResults values beyond the limit before the loop sees the error.
constexpr size_t kOperandCapacity = limits::kMaxOperandSlots + 2 * limits::kMaxFunctionResults + 64;

bool is_constant(Opcode op, uint32_t features) {
  auto has = [features](Feature f) { return (features >> static_cast<unsigned>(f)) & 1; };
  switch (op) {
    case Opcode::end:
    case Opcode::i32_const:
    case Opcode::i64_const:
    case Opcode::f32_const:
    case Opcode::f64_const:
    case Opcode::v128_const:
    case Opcode::global_get:
    case Opcode::ref_null:
    case Opcode::ref_func: return true;
    case Opcode::i32_add:
    case Opcode::i32_sub:
    case Opcode::i32_mul:
    case Opcode::i64_add:
    case Opcode::i64_sub:
    case Opcode::i64_mul: return has(Feature::extended_const);
    case Opcode::struct_new:
    case Opcode::struct_new_default:
    case Opcode::array_new:
    case Opcode::array_new_default:
    case Opcode::array_new_fixed:
    case Opcode::ref_i31:
    case Opcode::any_convert_extern:
    case Opcode::extern_convert_any: return has(Feature::gc);
    default: return false;
  }
}

}  // namespace

constinit const std::array<FunctionValidator::Handler, kOpcodeCount> FunctionValidator::Handlers::kTable = make();

FunctionValidator::FunctionValidator(ModuleContext& context, bool fast)
    : context_(context),
      module_(context.module),
      registry_(context.registry),
      features_(context.module.features.bits()),
      fast_(fast),
      // Untouched pages cost nothing; ValType needs no construction.
      operands_(static_cast<ValType*>(std::malloc(kOperandCapacity * sizeof(ValType)))) {
  CHECK(operands_ != nullptr);
  fast_locals_[kFastLocals] = kI32;
  fast_locals_[kFastLocals + 1] = kI64;
  if (!module_.memories.empty() && module_.features.has(Feature::memory64))
    memory0_address_ = to_val_type(module_.memories[0].limits.address);
  plain_memory_ = !module_.memories.empty() && module_.memories[0].limits.address == AddressType::i32;
}

bool FunctionValidator::begin_body(const FuncBody& body) {
  code_copy_ = module_.code.get() + (body.code_offset - module_.code_begin);
  in_ = Cursor(module_, {body.code_offset, body.body.end() - body.code_offset});
  code_begin_ = op_ = in_.position();
  has_copy_ = in_constant_ = false;
  table_.clear();
  sp_ = floor_ = operands_.get();
  slots_ = max_slots_ = 0;
  legacy_depth_ = max_legacy_depth_ = 0;
  init_log_.clear();
  control_.clear();
  if (!begin_locals(body)) return false;
  ControlFrame frame;
  frame.kind = FrameKind::func;
  frame.type = func_type_;
  control_.push(frame);
  return true;
}

bool FunctionValidator::validate_body(uint32_t func_index, SideTableArena& arena) {
  uint32_t body_index = func_index - module_.imported_funcs;
  const FuncBody& body = module_.bodies[body_index];
  func_type_ = &context_.func_type(func_index);
  if (begin_body(body) && run(body)) {
    FuncCode& code = context_.module.func_codes[body_index];
    code.code = code_copy_;
    code.begin = &code.unprepared;
    code.has_vector_forms = has_copy_;
    code.code_size = static_cast<uint32_t>(in_.end() - code_begin_);
    code.param_slots = func_type_->param_slots;
    code.result_slots = func_type_->result_slots;
    code.param_count = static_cast<uint32_t>(func_type_->func.params.size());
    code.local_count = local_count_;
    code.v128_local_slots = 2 * v128_count_;
    code.frame_offset = local_count_ + max_legacy_depth_;
    code.max_operand_slots = std::max(max_slots_, code.result_slots);
    code.type = func_type_->id;
    code.has_v128_params = code.param_slots != code.param_count;
    table_.finish(arena, code);
    return true;
  }
  Error error = in_.take_error();
  error.func_index = func_index;
  in_ = Cursor();
  in_.fail(std::move(error));
  return false;
}

bool FunctionValidator::operands_before(uint32_t func_index, uint32_t offset, std::vector<ValType>& operands) {
  const FuncBody& body = module_.bodies[func_index - module_.imported_funcs];
  func_type_ = &context_.func_type(func_index);
  if (!begin_body(body)) return false;
  while (!control_.empty() && !in_.at_end() && body.code_offset + next_offset() < offset) {
    op_ = in_.position();
    if (!step(kPlainRows[in_.u8()])) return false;
  }
  operands.assign(operands_.get(), sp_);
  return body.code_offset + next_offset() == offset;
}

bool FunctionValidator::validate_const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals) {
  code_copy_ = nullptr;
  in_ = Cursor(module_, expr.code);
  code_begin_ = op_ = in_.position();
  in_constant_ = true;
  visible_globals_ = visible_globals;
  table_.clear();
  sp_ = floor_ = operands_.get();
  slots_ = max_slots_ = 0;
  init_log_.clear();
  control_.clear();
  ControlFrame frame;
  frame.kind = FrameKind::constant;
  frame.result = expected;
  control_.push(frame);
  return run_constant();
}

bool FunctionValidator::run(const FuncBody& body) {
  if (fast_) {
    if (!run_fast()) return false;
    // Immediates that reach beyond the body: the careful way, from the beginning, knows what to say.
    if (in_.position() > in_.end() && !begin_body(body)) return false;
  }
  return run_carefully();
}

bool FunctionValidator::run_carefully() {
  while (!control_.empty() && !in_.at_end()) {
    op_ = in_.position();
    if (!step(kPlainRows[in_.u8()])) return false;
  }
  if (control_.empty()) return in_.at_end() ? in_.ok() : in_.fail(ErrorCode::section_size_mismatch);
  if (in_.ok()) decoder::fail_missing_end(in_, module_);
  return false;
}

bool FunctionValidator::run_constant() {
  while (!control_.empty()) {
    op_ = in_.position();
    Opcode op = decoder::read_opcode(in_, module_.features);
    if (!in_.ok()) return false;
    if (!is_constant(op, features_)) return fail(ErrorCode::constant_expression_required);
    if (!step_row(row_of(op))) return false;
  }
  return in_.ok();
}

bool FunctionValidator::step_row(const OperatorRow& row) { return step(row); }

// Loads and stores of a 32-bit memory 0 with nothing special about them; all others take the careful way.
inline bool FunctionValidator::step_mem_arg(const OperatorRow& row) {
  const uint8_t* start = in_.position();
  if (in_.u8() <= row.align_log2 && memory0_address_ == kI32 && row.feature == Feature::mvp && in_.u64() <= UINT32_MAX)
      [[likely]] {
    if (row.push_count == 1 && sp_ > floor_ && sp_[-1] == kI32) {
      sp_[-1] = static_cast<TypeCode>(row.push[0]);
      return in_.ok();
    }
    if (row.push_count == 0 && sp_ - floor_ >= 2 && sp_[-1].bits() == row.pop[1] && sp_[-2] == kI32) {
      sp_ -= 2;
      slots_ -= 2;
      return in_.ok();
    }
  }
  if (!in_.ok()) return false;
  in_.seek(start);
  ValType address;
  return read_mem_arg(row, address) && apply(row, address);
}

inline bool FunctionValidator::step(const OperatorRow& row) {
  if (!((features_ >> static_cast<unsigned>(row.feature)) & 1)) [[unlikely]] {
    in_.seek(op_);
    decoder::read_opcode(in_, module_.features);
    return false;
  }
  switch (row.path) {
    case Path::illegal:
      in_.seek(op_);
      decoder::read_opcode(in_, module_.features);
      return false;
    case Path::prefixed: return step_prefixed(*op_);
    case Path::unary:
      if (sp_ > floor_ && sp_[-1].bits() == row.pop[0]) [[likely]] {
        sp_[-1] = static_cast<TypeCode>(row.push[0]);
        slots_ = static_cast<uint32_t>(static_cast<int32_t>(slots_) + row.slot_delta);
        if (slots_ > max_slots_) note_height();
        return true;
      }
      return apply(row, kBottom);
    case Path::binary:
      if (sp_ - floor_ >= 2 && sp_[-2].bits() == row.pop[0] && sp_[-1].bits() == row.pop[1]) [[likely]] {
        sp_[-2] = static_cast<TypeCode>(row.push[0]);
        --sp_;
        slots_ = static_cast<uint32_t>(static_cast<int32_t>(slots_) + row.slot_delta);
        return true;
      }
      return apply(row, kBottom);
    case Path::signature: return apply(row, kBottom);
    case Path::immediates: {
      ValType address;
      return check_immediates(row, address) && apply(row, address);
    }
    case Path::mem_arg: return step_mem_arg(row);
    case Path::i32_const:
      in_.s32();
      push(kI32);
      return true;
    case Path::local_get: {
      uint32_t index = in_.u32();
      ValType type;
      if (!local_type(index, type)) return false;
      if (has_special_locals_ && !on_special_local(index, type, Opcode::local_get)) return false;
      push(type);
      return true;
    }
    case Path::local_set: {
      uint32_t index = in_.u32();
      ValType type;
      if (!local_type(index, type) || !pop(type)) return false;
      return !has_special_locals_ || on_special_local(index, type, Opcode::local_set);
    }
    case Path::local_tee: {
      uint32_t index = in_.u32();
      ValType type;
      if (!local_type(index, type) || !pop(type)) return false;
      push(type);
      return !has_special_locals_ || on_special_local(index, type, Opcode::local_tee);
    }
    case Path::by_hand: return (this->*Handlers::kTable[static_cast<unsigned>(row.opcode)])(row.opcode);
  }
  return false;
}

bool FunctionValidator::step_prefixed(uint8_t prefix) {
  uint32_t code = in_.u32();
  if (!in_.ok()) return false;
  Opcode op = find_opcode(prefix, code);
  if (op == Opcode::invalid) {
    in_.seek(op_);
    decoder::read_opcode(in_, module_.features);
    return false;
  }
  return step_row(row_of(op));
}

bool FunctionValidator::pop_slow(ValType want) {
  if (sp_ == floor_) return control_.back().unreachable || fail_mismatch(want, kBottom);
  ValType found = *--sp_;
  slots_ -= found.slots();
  return registry_.is_subtype(found, want) || fail_mismatch(want, found);
}

bool FunctionValidator::pop_types_slow(std::span<const ValType> types) {
  for (size_t i = types.size(); i > 0; --i) {
    if (!pop(types[i - 1])) return false;
  }
  return true;
}

void FunctionValidator::use_vector_form(uint8_t code) {
  if (code_copy_ == nullptr) return;
  if (!has_copy_) std::memcpy(code_copy_, code_begin_, static_cast<size_t>(in_.end() - code_begin_));
  has_copy_ = true;
  code_copy_[opcode_offset()] = code;
}

void FunctionValidator::note_height() {
  max_slots_ = slots_;
  if (slots_ > limits::kMaxOperandSlots) fail(ErrorCode::limit_exceeded, "operand stack too high");
}

bool FunctionValidator::fail(ErrorCode code, std::string detail) { return in_.fail(code, op_, std::move(detail)); }

bool FunctionValidator::fail_index(ErrorCode code, uint64_t index) { return fail(code, std::to_string(index)); }

// Bottom stands for "any value" in `want` and for an empty stack in `found`.
bool FunctionValidator::fail_mismatch(ValType want, ValType found) {
  std::string detail = "expected " + (want.is_bottom() ? std::string("a value") : describe(want));
  detail += ", found " + (found.is_bottom() ? std::string("nothing") : describe(found));
  return fail(ErrorCode::type_mismatch, std::move(detail));
}

// A canonical type in the module's own indices, for messages.
std::string FunctionValidator::describe(ValType type) const {
  if (type.is_ref() && type.heap().is_concrete()) {
    auto& ids = module_.canonical_types;
    auto at = std::find(ids.begin(), ids.end(), CanonicalTypeId(type.heap().index()));
    if (at != ids.end())
      type = ValType::ref(HeapType::concrete(static_cast<uint32_t>(at - ids.begin())), type.is_nullable());
  }
  return to_string(type);
}

}  // namespace arris::validator
