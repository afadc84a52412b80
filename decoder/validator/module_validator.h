// ModuleValidator: checks a module's declarations, in the order of the specification, and fills the ModuleContext that bodies
// are checked against. Private to the validator. Spec: validation/modules.
#pragma once

#include <expected>

#include "decoder/validator/function_validator.h"
#include "decoder/validator/module_context.h"

namespace arris::validator {

class ModuleValidator {
 public:
  explicit ModuleValidator(ModuleContext& context)
      : context_(context), module_(context.module), registry_(context.registry), exprs_(context) {}

  // Everything but the bodies.
  std::expected<void, Error> validate();

 private:
  using Result = std::expected<void, Error>;

  Result types();
  Result sub_type(uint32_t index);
  Result imports();
  Result functions();
  Result tables();
  Result memories();
  Result tags();
  Result globals();
  Result exports();
  Result start();
  Result elems();
  Result elem_items(const ElemSegment& segment);
  Result datas();

  Result func_type_index(TypeIndex index, uint64_t offset);
  Result tag_type(TypeIndex index, uint64_t offset);
  Result table_type(const TableType& type);
  Result memory_type(const MemoryType& type);
  Result const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals);
  Result known_type(ValType type);
  bool is_field_subtype(const FieldType& sub, const FieldType& super) const;
  bool matches_super(const CanonicalType& sub, const CanonicalType& super) const;

  ModuleContext& context_;
  Module& module_;
  const TypeRegistry& registry_;
  FunctionValidator exprs_;
};

}  // namespace arris::validator
