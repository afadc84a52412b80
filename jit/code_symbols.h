// Names of pieces of code in a block, for profilers and debuggers.
//
// A function is "MODULE!NAME": the module's name from its name section (absent: nothing, and no `!`), and the function's from there or
// from an export, else "wasm-function[INDEX]". A stub is "arris!NAME". Names come from guests: control characters are replaced and
// overlong names cut, so that a line stays one line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/code_space.h"

namespace arris::jit {

inline constexpr size_t kMaxSymbolBytes = 512;

struct CodeSymbol {
  uint32_t begin;  // offset in the block
  uint32_t end;
  uint32_t func;  // index in the module, imported functions counted; kNoIndex: a stub
  std::string name;
};

// By address.
std::vector<CodeSymbol> symbols_of(const runtime::CodeBlock& block);

// `MODULE!` of these names, for whoever shows the module elsewhere.
std::string module_prefix(const Module& module);

}  // namespace arris::jit
