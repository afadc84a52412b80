// CompiledFunction: what the baseline compiler makes of one function: position-independent bytes and what is known about them.
// Written by the compiler (jit/compiler.h), read by whoever puts code into executable memory, walks machine frames, delivers
// exceptions and enters loops in the middle.
//
// All native offsets count from the first byte of `bytes`. Wasm offsets count from the function's first instruction
// (FuncCode::code, FuncBody::code_offset), as in the side table and the handler table.
//
// Traps and calls: pc_map is sorted by native offset.
//   - For a call, the native offset is that of the return address: an exact match. Calls of the trap and throw stubs are such.
//   - For an instruction that may fault (memory access), it is at or before the faulting instruction, and no other entry lies
//     between: take the last entry at or below the pc.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/pc_map.h"
#include "wasm/trap.h"

namespace arris::jit {

// Where execution may enter at a loop: rbp, r14, r15 and rsp as in a body (native frame pushed), every local and operand in its
// home slot. The interruption check has not been done yet.
struct OsrEntry {
  uint32_t loop_offset;  // wasm offset of the `loop` instruction
  uint32_t native_offset;
};

// A call or jump through InstanceData::machine, for listings. `index` is a MachineIndex.
struct TableUse {
  uint32_t native_offset;  // right behind the instruction
  uint32_t index;
  TrapCode trap = TrapCode::none;  // what the trap stub is told; none: what a builtin returned
};

inline constexpr uint32_t kNoLandingPad = 0xFFFFFFFF;

// An operand at CompileOptions::described_loop whose slot does not hold it as the interpreter wants it: a constant that nobody stored, or
// an f32 with anything above it.
struct OperandFixup {
  int32_t slot;
  bool is_const;
  bool is_v128;  // the upper half is zero
  uint64_t bits;
};

struct CompiledFunction {
  std::vector<uint8_t> bytes;   // code, then constants and jump tables (16-aligned within bytes)
  uint32_t code_size = 0;       // of the code in front of them
  uint32_t entry_offset = 0;    // register entry (jit/README.md, calling convention)
  runtime::PcMapWriter pc_map;  // of what traps, throws or calls
  // By index in FuncCode::handlers: where to go on with everything in home slots and the payload (then the exnref, if the handler
  // pushes one) in the operand slots from ExceptionHandler::height, and a legacy handler's exception in its exception_slot; with
  // rbp, r14, r15, rsp of the frame restored. kNoLandingPad for delegates and for handlers in code that is never reached.
  std::vector<uint32_t> landing_pads;
  std::vector<OsrEntry> osr_entries;  // sorted by loop_offset
  // With CompileOptions::positions: the code from here to the next entry was made for this instruction.
  std::vector<runtime::PcEntry> positions;
  std::vector<TableUse> table_uses;
  std::vector<OperandFixup> fixups;

  void clear() {
    bytes.clear();
    pc_map.clear();
    landing_pads.clear();
    osr_entries.clear();
    positions.clear();
    table_uses.clear();
    fixups.clear();
    code_size = entry_offset = 0;
  }
};

}  // namespace arris::jit
