#include "decoder/validator/operand_types.h"

#include "decoder/module_decoder.h"
#include "decoder/validator/function_validator.h"
#include "decoder/validator/module_validator.h"
#include "decoder/validator/validator.h"

namespace arris::validator {

struct OperandTypes::State {
  explicit State(std::shared_ptr<Module> m) : module(std::move(m)), context(*module) {}

  std::shared_ptr<Module> module;
  ModuleContext context;
  std::unique_ptr<FunctionValidator> functions;
};

OperandTypes::OperandTypes(const Module& module) {
  auto copy = decoder::decode_module(module.bytes, {.features = module.features, .registry = module.registry});
  if (!copy || !validate_module(**copy)) return;
  state_ = std::make_unique<State>(*std::move(copy));
  if (!ModuleValidator(state_->context).validate()) return;
  state_->functions = std::make_unique<FunctionValidator>(state_->context);
}

OperandTypes::~OperandTypes() = default;

std::optional<std::vector<ValType>> OperandTypes::before(FuncIndex func, uint32_t offset) {
  std::vector<ValType> types;
  if (!state_ || !state_->functions || !state_->functions->operands_before(func.value, offset, types))
    return std::nullopt;
  return types;
}

}  // namespace arris::validator
