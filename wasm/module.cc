#include "wasm/module.h"

#include <algorithm>
#include <cstring>

#include "wasm/opcodes.h"

namespace arris {

void Module::copy_code(const FuncCode& func) const {
  uint8_t* const copy = code.get() + (func.code - code.get());
  if (!func.has_vector_forms) std::memcpy(copy, bytes.data() + offset_of(func.code), func.code_size);
  copy[func.code_size - 1] = info(Opcode::return_).code;  // the side table has its entry (wasm/side_table.h)
}

FuncIndex Module::find_func(const uint8_t* ip) const {
  auto after = std::upper_bound(func_codes.begin(), func_codes.end(), ip,
                                [](const uint8_t* p, const FuncCode& f) { return p < f.code; });
  if (after == func_codes.begin()) return {};
  const FuncCode& f = *(after - 1);
  if (ip >= f.code + f.code_size) return {};
  return FuncIndex(imported_funcs + static_cast<uint32_t>(&f - func_codes.data()));
}

std::string_view Module::func_name(FuncIndex f) const {
  auto at = std::lower_bound(names.funcs.begin(), names.funcs.end(), f.value,
                             [](const NameAssoc& a, uint32_t index) { return a.index < index; });
  if (at != names.funcs.end() && at->index == f.value) return text(at->name);
  for (const Export& e : exports) {
    if (e.kind == ExternKind::func && e.index == f.value) return text(e.name);
  }
  return {};
}

}  // namespace arris
