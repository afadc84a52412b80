// X64Asmjit: asmjit's assembler writing into an X64Emitter's buffer, for the instructions that are not worth an encoder of ours.
// For masm's own .cc files: nobody else sees asmjit.
#pragma once

#include <asmjit/x86.h>

#include "masm/x64_emitter.h"

namespace arris::masm {

struct X64Emitter::Encoder {
  asmjit::CodeHolder holder;
  asmjit::x86::Assembler assembler;
};

class X64Asmjit {
 public:
  using InstId = asmjit::InstId;
  using Xmm = asmjit::x86::Xmm;
  using Operand = asmjit::Operand_;

  template <class... Operands>
  static void emit(X64Emitter& e, InstId id, const Operands&... operands) {
    e.ensure();
    auto& assembler = e.encoder_->assembler;
    assembler._bufferPtr = e.p_;
    if (assembler.emit(id, operands...) != asmjit::kErrorOk) [[unlikely]] {
      refuse(e, id);
      return;
    }
    e.p_ = assembler._bufferPtr;
  }
  // The last operand of the instruction just emitted was constant_memory() of this constant.
  static void used_constant(X64Emitter& e, uint32_t constant, uint8_t trailing) {
    e.constant_uses_.push_back({e.offset() - 4 - trailing, constant, trailing});
  }
  static asmjit::x86::Mem constant_memory() { return asmjit::x86::ptr(asmjit::x86::rip, 0); }
  static asmjit::x86::Mem memory(Address a) {
    const asmjit::x86::Gp base = asmjit::x86::gpq(a.base.id);
    return a.index.valid() ? asmjit::x86::ptr(base, asmjit::x86::gpq(a.index.id), a.scale_log2, a.displacement)
                           : asmjit::x86::ptr(base, a.displacement);
  }

 private:
  [[gnu::cold]] static void refuse(X64Emitter& e, InstId id);
};

}  // namespace arris::masm
