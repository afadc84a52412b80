// The side table: what the validator learned about a body that its bytes do not say, in the form the tiers execute.
// Written by decoder/validator in the same pass that checks types; read by the interpreter and the compilers.
//
// Slots: a value takes one 8-byte slot on the value stack, a v128 two. Heights and counts below are in slots.
//
// Branch entries stand in the order of the instructions that own them. The owners, and how many entries each has:
//   br, br_if, br_on_null, br_on_non_null, br_on_cast, br_on_cast_fail   1: the branch
//   br_table                       n + 1, the default last; relative to the br_table instruction
//   if                             1: to the first instruction of the else arm, or after `end` when there is none
//   else, catch, catch_all         1: to after the matching `end` (reached by falling out of the arm before it)
//   try_table                      1: to its first instruction (delta_ip = its length), keep = drop = 0
//   return, the function's `end`, return_call, return_call_indirect, return_call_ref   1: see below
//   rethrow                        1: delta_ip = slot of the caught exception, counted from the frame's locals pointer
// An instruction that falls through advances the pointer past all its entries.
//
// A taken branch: ip = address of the owner's opcode + delta_ip; the entry pointer moves by delta_entry entries, counted
// from the entry itself; `keep` slots on top of the stack move down over the `drop` slots beneath them.
//   - A branch to a loop goes to the `loop` opcode itself (so every iteration passes the interruption check there).
//   - A branch to a block, if, try goes to the instruction after its `end`.
//   - A branch to the function's own label goes to the function's final `end`, which then returns.
// Wide form: drop == kWideDrop means that the numbers did not fit; delta_ip is then the distance in entries from this entry
// to a WideBranch (two entries long), stored behind the function's last entry.
//
// Return entry (for `return` and for the function's final `end`, which the validator overwrites with `return` in the code
// copy, and for tail calls, which leave the same frame): keep = result slots; delta_ip = FuncCode::frame_offset; delta_entry = FuncCode::v128_local_slots (what lies below
// the locals pointer). Results are the top `keep` slots; whatever lies beneath is discarded. Wide form likewise.
#pragma once

#include <cstdint>

namespace arris {

struct SideTableEntry {
  int32_t delta_ip;
  int16_t delta_entry;
  uint8_t keep;
  uint8_t drop;
};
static_assert(sizeof(SideTableEntry) == 8);

inline constexpr uint8_t kWideDrop = 0xFF;

struct WideBranch {
  int32_t delta_ip;
  int32_t delta_entry;
  uint32_t keep;
  uint32_t drop;
};
static_assert(sizeof(WideBranch) == 2 * sizeof(SideTableEntry));

// Exception handlers of a function, innermost first: the first whose range holds the offset of the throwing or calling
// instruction and whose tag matches takes the exception. Costs nothing while nothing is thrown.
enum class HandlerKind : uint8_t {
  catch_,            // pushes the payload
  catch_ref,         // pushes the payload and the exnref
  catch_all,         // pushes nothing
  catch_all_ref,     // pushes the exnref
  legacy_catch,      // pushes the payload; stores the exception in exception_slot for rethrow
  legacy_catch_all,  // pushes nothing; stores the exception likewise
  delegate,  // the search goes on as if the exception had been thrown at target_offset; kNoHandlerTarget: in the caller
};

inline constexpr uint32_t kNoHandlerTarget = 0xFFFFFFFF;

struct ExceptionHandler {
  uint32_t begin_offset;  // covered range of the body, from FuncCode::code, end exclusive
  uint32_t end_offset;
  uint32_t target_offset;   // instruction to go on at
  uint32_t target_entry;    // its index in the side table
  uint32_t height;          // operand stack height (slots) at the target before the payload is pushed
  uint32_t tag_index;       // catch_, catch_ref, legacy_catch
  uint32_t exception_slot;  // legacy: slot from the locals pointer
  HandlerKind kind;
};

}  // namespace arris
