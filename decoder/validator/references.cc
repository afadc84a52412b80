// References: null, functions, casts and the branches on them, i31 and conversions.
#include "decoder/type_reader.h"
#include "decoder/validator/function_validator.h"

namespace arris::validator {

// A heap type immediate, in canonical form.
bool FunctionValidator::read_heap_type(HeapType& heap) {
  HeapType declared = decoder::read_heap_type(in_, module_.features);
  if (!in_.ok()) return false;
  if (!context_.has_type(declared)) return fail_index(ErrorCode::unknown_type, declared.index());
  heap = module_.canonical(declared);
  return true;
}

// Any reference. In unreachable code the type may be unknown: then a non-null reference to the bottom heap type, which is a
// subtype of every reference type.
bool FunctionValidator::pop_ref(ValType& type) {
  if (!pop_any(type)) return false;
  if (type.is_bottom()) type = ValType::ref(AbstractHeap::bottom, false);
  return type.is_ref() || fail(ErrorCode::type_mismatch, "expected a reference, found " + describe(type));
}

bool FunctionValidator::on_ref_null(Opcode) {
  HeapType heap;
  if (!read_heap_type(heap)) return false;
  push(ValType::ref(heap, true));
  return true;
}

bool FunctionValidator::on_ref_is_null(Opcode) {
  ValType type;
  if (!pop_ref(type)) return false;
  push(kI32);
  return true;
}

bool FunctionValidator::on_ref_func(Opcode) {
  uint32_t index = in_.u32();
  if (!in_.ok()) return false;
  if (index >= module_.funcs.size()) return fail_index(ErrorCode::unknown_function, index);
  if (in_constant_) {
    context_.module.declared_func_refs[index] = true;
  } else if (!module_.declared_func_refs[index]) {
    return fail_index(ErrorCode::undeclared_function_reference, index);
  }
  push(ValType::ref(HeapType::concrete(context_.func_type(index).id.value), false));
  return true;
}

bool FunctionValidator::on_ref_eq(Opcode) {
  ValType eq = ValType::ref(AbstractHeap::eq, true);
  if (!pop(eq) || !pop(eq)) return false;
  push(kI32);
  return true;
}

bool FunctionValidator::on_ref_as_non_null(Opcode) {
  ValType type;
  if (!pop_ref(type)) return false;
  push(type.as_non_null());
  return true;
}

bool FunctionValidator::on_br_on_null(Opcode) {
  ControlFrame* target = label(in_.u32());
  ValType type;
  if (!target || !pop_ref(type)) return false;
  add_branch(*target);
  if (!check_label_operands(*target)) return false;
  push(type.as_non_null());
  return true;
}

// Branches with the reference on top of the label's other operands; falls through without it.
bool FunctionValidator::on_br_on_non_null(Opcode) {
  ControlFrame* target = label(in_.u32());
  ValType type;
  if (!target || !pop_ref(type)) return false;
  if (label_types(*target).empty()) return fail(ErrorCode::type_mismatch, "the label takes no reference");
  push(type.as_non_null());
  add_branch(*target);
  return check_label_operands(*target) && pop_any(type);
}

bool FunctionValidator::on_ref_test(Opcode op) {
  HeapType heap;
  if (!read_heap_type(heap) || !pop(ValType::ref(registry_.top_of(heap), true))) return false;
  bool is_test = op == Opcode::ref_test || op == Opcode::ref_test_null;
  push(is_test ? kI32 : ValType::ref(heap, op == Opcode::ref_cast_null));
  return true;
}

bool FunctionValidator::on_br_on_cast(Opcode op) {
  uint8_t flags = in_.u8();
  if (flags > 3) return in_.fail(ErrorCode::malformed_cast_flags, in_.position() - 1);
  uint32_t depth = in_.u32();
  HeapType from_heap, to_heap;
  if (!read_heap_type(from_heap) || !read_heap_type(to_heap)) return false;
  ControlFrame* target = label(depth);
  if (!target) return false;
  ValType from = ValType::ref(from_heap, flags & 1);
  ValType to = ValType::ref(to_heap, flags & 2);
  if (!registry_.is_subtype(to, from)) return fail_mismatch(from, to);
  // What is left of `from` when the cast to `to` fails: null is in `to` if `to` is nullable.
  ValType rest = to.is_nullable() ? from.as_non_null() : from;
  bool branch_on_success = op == Opcode::br_on_cast;
  if (label_types(*target).empty()) return fail(ErrorCode::type_mismatch, "the label takes no reference");
  if (!pop(from)) return false;
  push(branch_on_success ? to : rest);
  add_branch(*target);
  ValType taken;
  if (!check_label_operands(*target) || !pop_any(taken)) return false;
  push(branch_on_success ? rest : to);
  return true;
}

bool FunctionValidator::on_convert(Opcode op) {
  bool to_any = op == Opcode::any_convert_extern;
  ValType type;
  if (!pop_ref(type)) return false;
  ValType from = to_any ? kExternRef : kAnyRef;
  if (!registry_.is_subtype(type, from)) return fail_mismatch(from, type);
  push(ValType::ref(to_any ? AbstractHeap::any : AbstractHeap::extern_, type.is_nullable()));
  return true;
}

bool FunctionValidator::on_i31(Opcode op) {
  if (op == Opcode::ref_i31) {
    if (!pop(kI32)) return false;
    push(ValType::ref(AbstractHeap::i31, false));
    return true;
  }
  if (!pop(ValType::ref(AbstractHeap::i31, true))) return false;
  push(kI32);
  return true;
}

}  // namespace arris::validator
