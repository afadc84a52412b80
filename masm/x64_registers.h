// Who owns which register of x86-64 (docs: masm/README.md). Both Masms inherit this: compilers write Masm::kInstance.
#pragma once

#include "masm/types.h"

namespace arris::masm {

struct X64Registers {
  static constexpr Gp kRax{0}, kRcx{1}, kRdx{2}, kRbx{3}, kRsp{4}, kRbp{5}, kRsi{6}, kRdi{7};
  static constexpr Gp kR8{8}, kR9{9}, kR10{10}, kR11{11}, kR12{12}, kR13{13}, kR14{14}, kR15{15};

  // Pinned while compiled code runs.
  static constexpr Gp kInstance = kR15;    // InstanceData*
  static constexpr Gp kMemoryBase = kR14;  // of memory 0
  static constexpr Gp kLocals = kRbp;      // the running frame on the value stack
  static constexpr Gp kStack = kRsp;       // native stack: return addresses and saved kLocals
  // The Masm's own: never live across one of its operations. kScratch may be an operand of the operations marked "scratch".
  static constexpr Gp kScratch = kR11;
  static constexpr Fp kFpScratch{15}, kFpScratch2{14};

  static constexpr GpSet kAllocatableGp{kRax, kRcx, kRdx, kRbx, kRsi, kRdi, kR8, kR9, kR10, kR12, kR13};
  static constexpr FpSet kAllocatableFp = FpSet::from_bits(0x3FFF);

  // Calls between compiled functions.
  static constexpr Gp kGpArguments[] = {kRdi, kRsi, kRdx, kRcx, kR8, kR9};
  static constexpr Fp kFpArguments[] = {Fp{0}, Fp{1}, Fp{2}, Fp{3}, Fp{4}, Fp{5}, Fp{6}, Fp{7}};
  static constexpr Gp kArgumentBase = kRax;  // where the arguments' row lies
  static constexpr Gp kCallee = kR10;        // FuncInstance* of a call through an entry slot
  static constexpr Gp kGpResult = kRax;
  static constexpr Fp kFpResult{0};
  // Calls of C++ (System V): arguments in kGpArguments too, results in kGpResult, kGpResult2 and kFpResult.
  static constexpr Gp kGpResult2 = kRdx;
  static constexpr GpSet kCalleeSavedByC{kRbx, kRbp, kR12, kR13, kR14, kR15};
};

}  // namespace arris::masm
