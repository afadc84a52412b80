#include "jit/compiler.h"

#include "jit/function_compiler_all.h"
#include "masm/x64.h"

namespace arris::jit {

struct Compiler::Implementation {
  FunctionCompiler<masm::X64Masm> detected{masm::CpuFeatures::detect()};
  FunctionCompiler<masm::X64Masm> baseline{masm::CpuFeatures()};
};

Compiler::Compiler() : implementation_(std::make_unique<Implementation>()) {}
Compiler::~Compiler() = default;

std::expected<void, CompileError> Compiler::compile(const Module& module, FuncIndex func, const CompileOptions& options,
                                                    CompiledFunction& out) {
  auto& compiler = options.baseline_cpu ? implementation_->baseline : implementation_->detected;
  return compiler.compile(module, func, options, out);
}

}  // namespace arris::jit
