// Calls, parametric instructions and globals.
#include "decoder/type_reader.h"
#include "decoder/validator/function_validator.h"

namespace arris::validator {
namespace {

constexpr uint8_t internal_code(Opcode op) {
  switch (op) {
#define INTERNAL(name, code, original) \
  case Opcode::original: return code;
#include "wasm/internal_opcodes.def"
    default: return 0;
  }
}

}  // namespace

// A type index that must name a function type.
const CanonicalType* FunctionValidator::read_func_type() {
  uint32_t index = in_.u32();
  if (!in_.ok()) return nullptr;
  if (index >= context_.types.size()) {
    fail_index(ErrorCode::unknown_type, index);
    return nullptr;
  }
  const CanonicalType* type = context_.types[index];
  if (type->kind == CompositeKind::func) return type;
  fail(ErrorCode::type_mismatch, "type " + std::to_string(index) + " is not a function type");
  return nullptr;
}

// Arguments to results; a tail call returns them, so they must be the caller's.
bool FunctionValidator::finish_call(const CanonicalType& type, bool tail) {
  if (!pop_types(type.func.params)) return false;
  if (!tail) {
    push_types(type.func.results);
    return true;
  }
  const ResultType& results = func_type_->func.results;
  if (type.func.results.size() != results.size()) {
    return fail(ErrorCode::type_mismatch, "the callee's results are not the caller's");
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (!registry_.is_subtype(type.func.results[i], results[i])) return fail_mismatch(results[i], type.func.results[i]);
  }
  add_return();
  set_unreachable();
  return true;
}

bool FunctionValidator::on_call(Opcode op) {
  uint32_t index = in_.u32();
  if (index >= module_.funcs.size()) return fail_index(ErrorCode::unknown_function, index);
  return finish_call(context_.func_type(index), op == Opcode::return_call);
}

bool FunctionValidator::on_call_indirect(Opcode op) {
  const CanonicalType* type = read_func_type();
  uint32_t table;
  if (!type || !read_table(table)) return false;
  if (!registry_.is_subtype(context_.tables[table], kFuncRef)) {
    return fail(ErrorCode::type_mismatch, "table " + std::to_string(table) + " does not hold functions");
  }
  return pop(to_val_type(module_.tables[table].type.limits.address)) &&
         finish_call(*type, op == Opcode::return_call_indirect);
}

bool FunctionValidator::on_call_ref(Opcode op) {
  const CanonicalType* type = read_func_type();
  if (!type || !pop(ValType::ref(HeapType::concrete(type->id.value), true))) return false;
  return finish_call(*type, op == Opcode::return_call_ref);
}

bool FunctionValidator::on_drop(Opcode) {
  ValType type;
  if (!pop_any(type)) return false;
  if (type.is_vec()) use_vector_form(internal_code(Opcode::drop));
  return true;
}

bool FunctionValidator::on_select(Opcode) {
  ValType b, a;
  if (!pop(kI32) || !pop_any(b) || !pop_any(a)) return false;
  if (a.is_ref() || b.is_ref())
    return fail(ErrorCode::type_mismatch, "select without a type takes numbers and vectors");
  ValType type = a.is_bottom() ? b : a;
  if (!b.is_bottom() && b != type) return fail_mismatch(type, b);
  if (type.is_vec()) use_vector_form(internal_code(Opcode::select));
  push(type);
  return true;
}

bool FunctionValidator::on_select_t(Opcode) {
  uint32_t count = in_.u32();
  if (!in_.ok()) return false;
  if (count != 1) return fail(ErrorCode::invalid_result_arity);
  ValType type = decoder::read_val_type(in_, module_.features);
  if (!in_.ok()) return false;
  if (!context_.has_type(type)) return fail_index(ErrorCode::unknown_type, type.heap().index());
  type = module_.canonical(type);
  if (!pop(kI32) || !pop(type) || !pop(type)) return false;
  push(type);
  return true;
}

bool FunctionValidator::on_global_get(Opcode) {
  uint32_t index = in_.u32();
  size_t visible = in_constant_ ? visible_globals_ : context_.globals.size();
  if (index >= visible) return fail_index(ErrorCode::unknown_global, index);
  if (in_constant_ && module_.globals[index].type.is_mutable) return fail(ErrorCode::constant_expression_required);
  ValType type = context_.globals[index];
  if (type.is_vec()) use_vector_form(internal_code(Opcode::global_get));
  push(type);
  return true;
}

bool FunctionValidator::on_global_set(Opcode) {
  uint32_t index = in_.u32();
  if (index >= context_.globals.size()) return fail_index(ErrorCode::unknown_global, index);
  if (!module_.globals[index].type.is_mutable) return fail_index(ErrorCode::immutable_global, index);
  ValType type = context_.globals[index];
  if (type.is_vec()) use_vector_form(internal_code(Opcode::global_set));
  return pop(type);
}

}  // namespace arris::validator
