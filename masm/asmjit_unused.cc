// What asmjit's assembler refers to and this engine never asks it for: logs, validation of instructions, prologs and argument moves
// of function calls, named constants. Each would bring its tables into a static program, 75 KB of them (asmjit has a build option for
// most of it, but not after it was built). The definitions are weak: a program that uses asmjit itself and more of it gets asmjit's.
#include "masm/x64_asmjit.h"

#define ARRIS_UNUSED [[gnu::weak]]

ASMJIT_BEGIN_NAMESPACE

class FuncArgsAssignment;

namespace x86 {
// Would set the functions behind the settings that X64Emitter leaves alone.
ARRIS_UNUSED void assignEmitterFuncs(BaseEmitter*) {}
}  // namespace x86

namespace EmitterUtils {
// Without a logger only the error itself is left to report.
ARRIS_UNUSED Error logInstructionFailed(BaseEmitter* emitter, Error error, InstId, InstOptions, const Operand_&,
                                        const Operand_&, const Operand_&, const Operand_*) {
  return emitter->reportError(error);
}
ARRIS_UNUSED void logInstructionEmitted(BaseAssembler*, InstId, InstOptions, const Operand_&, const Operand_&,
                                        const Operand_&, const Operand_*, uint32_t, uint32_t, uint8_t*) {}
ARRIS_UNUSED void logLabelBound(BaseAssembler*, const Label&) noexcept {}
}  // namespace EmitterUtils

namespace Formatter {
ARRIS_UNUSED Error formatLabel(String&, FormatFlags, const BaseEmitter*, uint32_t) noexcept {
  return kErrorInvalidState;
}
ARRIS_UNUSED Error formatDataType(String&, FormatFlags, Arch, TypeId) noexcept { return kErrorInvalidState; }
ARRIS_UNUSED Error formatData(String&, FormatFlags, Arch, TypeId, const void*, size_t, size_t) noexcept {
  return kErrorInvalidState;
}
}  // namespace Formatter

ARRIS_UNUSED Error Logger::logf(const char*, ...) noexcept { return kErrorInvalidState; }
ARRIS_UNUSED void ConstPool::fill(void*) const noexcept {}

ASMJIT_END_NAMESPACE
