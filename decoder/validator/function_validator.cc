// The pass itself: setting a body up, the loop over its instructions, and errors. Opcodes typed by hand are found in a table
// of member functions, complete by construction; the others follow their row (operator_rows.h).
#include "decoder/validator/function_validator.h"

#include <algorithm>

#include "decoder/instruction_skipper.h"
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

struct FunctionValidator::Handlers {
  using V = FunctionValidator;
  static consteval std::array<Handler, kOpcodeCount> make() {
    std::array<Handler, kOpcodeCount> table{};
    auto set = [&table](Handler handler, auto... ops) { ((table[static_cast<unsigned>(ops)] = handler), ...); };
    using enum Opcode;
    set(&V::on_unreachable, unreachable);
    set(&V::on_nop, nop);
    set(&V::on_block, block, loop);
    set(&V::on_if, if_);
    set(&V::on_else, else_);
    set(&V::on_end, end);
    set(&V::on_br, br);
    set(&V::on_br_if, br_if);
    set(&V::on_br_table, br_table);
    set(&V::on_return, return_);
    set(&V::on_call, call, return_call);
    set(&V::on_call_indirect, call_indirect, return_call_indirect);
    set(&V::on_call_ref, call_ref, return_call_ref);
    set(&V::on_throw, throw_);
    set(&V::on_throw_ref, throw_ref);
    set(&V::on_try_table, try_table);
    set(&V::on_try, try_);
    set(&V::on_catch, catch_, catch_all);
    set(&V::on_delegate, delegate);
    set(&V::on_rethrow, rethrow);
    set(&V::on_drop, drop);
    set(&V::on_select, select);
    set(&V::on_select_t, select_t);
    set(&V::on_global_get, global_get);
    set(&V::on_global_set, global_set);
    set(&V::on_memory_copy, memory_copy);
    set(&V::on_table_access, table_get, table_set, table_size, table_grow, table_fill);
    set(&V::on_table_bulk, table_init, table_copy);
    set(&V::on_ref_null, ref_null);
    set(&V::on_ref_is_null, ref_is_null);
    set(&V::on_ref_func, ref_func);
    set(&V::on_ref_eq, ref_eq);
    set(&V::on_ref_as_non_null, ref_as_non_null);
    set(&V::on_br_on_null, br_on_null);
    set(&V::on_br_on_non_null, br_on_non_null);
    set(&V::on_ref_test, ref_test, ref_test_null, ref_cast, ref_cast_null);
    set(&V::on_br_on_cast, br_on_cast, br_on_cast_fail);
    set(&V::on_convert, any_convert_extern, extern_convert_any);
    set(&V::on_i31, ref_i31, i31_get_s, i31_get_u);
    set(&V::on_struct_new, struct_new, struct_new_default);
    set(&V::on_struct_get, struct_get, struct_get_s, struct_get_u);
    set(&V::on_struct_set, struct_set);
    set(&V::on_array_new, array_new, array_new_default);
    set(&V::on_array_new_fixed, array_new_fixed);
    set(&V::on_array_new_segment, array_new_data, array_new_elem);
    set(&V::on_array_get, array_get, array_get_s, array_get_u);
    set(&V::on_array_set, array_set);
    set(&V::on_array_len, array_len);
    set(&V::on_array_fill, array_fill);
    set(&V::on_array_copy, array_copy);
    set(&V::on_array_init_segment, array_init_data, array_init_elem);
    return table;
  }
  static const std::array<Handler, kOpcodeCount> kTable;
};

constinit const std::array<FunctionValidator::Handler, kOpcodeCount> FunctionValidator::Handlers::kTable = make();

FunctionValidator::FunctionValidator(ModuleContext& context)
    : context_(context),
      module_(context.module),
      registry_(context.registry),
      features_(context.module.features.bits()),
      // Untouched pages cost nothing; ValType needs no construction.
      operands_(static_cast<ValType*>(std::malloc(kOperandCapacity * sizeof(ValType)))) {
  CHECK(operands_ != nullptr);
  if (!module_.memories.empty() && module_.features.has(Feature::memory64))
    memory0_address_ = to_val_type(module_.memories[0].limits.address);
}

bool FunctionValidator::begin_body(const FuncBody& body) {
  code_copy_ = module_.code.get() + (body.code_offset - module_.code_begin);
  in_ = Cursor(module_, {body.code_offset, body.body.end() - body.code_offset});
  code_begin_ = op_ = in_.position();
  in_constant_ = false;
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
  control_.push_back(frame);
  return true;
}

bool FunctionValidator::validate_body(uint32_t func_index, SideTableArena& arena) {
  uint32_t body_index = func_index - module_.imported_funcs;
  const FuncBody& body = module_.bodies[body_index];
  func_type_ = &context_.func_type(func_index);
  if (begin_body(body) && run()) {
    FuncCode& code = context_.module.func_codes[body_index];
    code.code = code_copy_;
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
  control_.push_back(frame);
  return run_constant();
}

bool FunctionValidator::run() {
  while (!in_.at_end()) {
    op_ = in_.position();
    if (!step(kPlainRows[in_.u8()])) return false;
    if (control_.empty()) {
      if (in_.at_end()) return in_.ok();
      return in_.fail(ErrorCode::section_size_mismatch);
    }
  }
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
