#include "interp/prepare.h"

#include "interp/metering.h"
#include "interp/quicken.h"
#include "wasm/instruction_reader.h"

namespace arris::interp {
namespace {

// Where the instructions of `func` begin. The pristine bytes tell; the copy may hold internal opcodes.
std::vector<uint32_t> instruction_starts(const Module& module, const FuncCode& func) {
  std::vector<uint32_t> starts;
  starts.reserve(func.code_size / 2 + 1);
  const uint8_t* const begin = module.bytes.data() + module.offset_of(func.code);
  for (const uint8_t* p = begin; p < begin + func.code_size;) {
    starts.push_back(static_cast<uint32_t>(p - begin));
    skip_immediates(read_opcode(p), p);
  }
  return starts;
}

}  // namespace

void choose_form(Module& module, CodeForm form) {
  module.code_form = form;
  if (form == CodeForm::metered)
    module.unmetered_code = std::make_unique_for_overwrite<uint8_t[]>(module.code_end - module.code_begin);
}

void prepare(const Module& module, const FuncCode& func) {
  std::lock_guard lock(module.preparing);
  if (func.is_prepared()) return;
  module.copy_code(func);
  const size_t at = static_cast<size_t>(func.code - module.code.get());
  const std::span code(module.code.get() + at, func.code_size);
  switch (module.code_form) {
    case CodeForm::plain: break;
    case CodeForm::quickened: quicken(code, instruction_starts(module, func)); break;
    case CodeForm::metered: meter(code, instruction_starts(module, func), module.unmetered_code.get() + at); break;
  }
  func.publish();
}

void prepare_all(const Module& module) {
  for (const FuncCode& func : module.func_codes) prepare(module, func);
}

const FuncCode* unprepared_at(const Module& module, const uint8_t* ip) {
  const auto begin = reinterpret_cast<uintptr_t>(module.func_codes.data());
  const uintptr_t at = reinterpret_cast<uintptr_t>(ip) - begin;
  const size_t index = at / sizeof(FuncCode);
  return index < module.func_codes.size() ? &module.func_codes[index] : nullptr;
}

}  // namespace arris::interp
