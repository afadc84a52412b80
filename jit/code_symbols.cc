#include "jit/code_symbols.h"

#include <unordered_map>

namespace arris::jit {
namespace {

std::string one_line(std::string_view name) {
  std::string out(name.substr(0, kMaxSymbolBytes));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return out;
}

// Module::func_name searches the exports each time; for many functions this looks at each once.
class FuncNames {
 public:
  static constexpr size_t kMany = 8;
  FuncNames(const Module& module, size_t count) : module_(module), is_indexed_(count > kMany) {
    if (!is_indexed_) return;
    for (const Export& e : module.exports) {
      if (e.kind == ExternKind::func) exported_.try_emplace(e.index, module.text(e.name));
    }
    for (const NameAssoc& name : module.names.funcs) named_.try_emplace(name.index, module.text(name.name));
  }
  std::string name(uint32_t func) const {
    if (!is_indexed_) return or_index(module_.func_name(FuncIndex(func)), func);
    for (const auto* names : {&named_, &exported_}) {
      const auto found = names->find(func);
      if (found != names->end() && !found->second.empty()) return or_index(found->second, func);
    }
    return or_index({}, func);
  }

 private:
  static std::string or_index(std::string_view name, uint32_t func) {
    return name.empty() ? "wasm-function[" + std::to_string(func) + "]" : one_line(name);
  }

  const Module& module_;
  bool is_indexed_;
  std::unordered_map<uint32_t, std::string_view> named_, exported_;
};

}  // namespace

std::string module_prefix(const Module& module) {
  if (!module.names.module) return {};
  const std::string_view name = module.text(*module.names.module);
  return name.empty() ? std::string() : one_line(name) + "!";
}

std::vector<CodeSymbol> symbols_of(const runtime::CodeBlock& block) {
  std::vector<CodeSymbol> symbols;
  for (const runtime::CodeBlock::Stub& stub : block.stubs)
    symbols.push_back({stub.begin, stub.end, kNoIndex, std::string("arris!") + stub.name});
  if (block.module == nullptr || block.functions.empty()) return symbols;
  const Module& module = *block.module;
  const std::string prefix = module_prefix(module);
  const FuncNames names(module, block.functions.size());
  for (size_t i = 0; i + 1 < block.functions.size(); ++i) {
    const runtime::CodeBlock::Function& f = block.functions[i];
    const uint32_t func = f.index + module.imported_funcs;
    symbols.push_back({f.begin, f.end, func, prefix + names.name(func)});
  }
  return symbols;
}

}  // namespace arris::jit
