// InstructionReader: steps through the instructions of validated (or at least decoded) code, yielding opcode and immediates.
// For tools and compilers: printer, const-expression evaluator, JIT. The validator has its own checking reader and the
// interpreter reads in place; the shape of the immediates comes from one column of opcodes.def for all of them.
//
// Trusts its input: use it only on code that the decoder accepted. Pristine bytes only: it does not know internal opcodes.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/leb128.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"
#include "wasm/types.h"

namespace arris {

struct MemArg {
  uint32_t align_log2 = 0;
  uint32_t memory = 0;
  uint64_t offset = 0;
};

// A block type: no type, one value type, or a type index.
struct BlockType {
  enum class Kind : uint8_t { empty, value, type_index } kind = Kind::empty;
  ValType value;
  uint32_t type_index = 0;
};

struct CatchClause {
  HandlerKind kind;  // catch_ .. catch_all_ref
  uint32_t tag = kNoIndex;
  uint32_t label = 0;
};

// The immediates of one instruction. Which members hold is given by info(opcode).immediates.
struct Instruction {
  Opcode opcode = Opcode::invalid;
  const uint8_t* start = nullptr;  // its first byte
  const uint8_t* end = nullptr;    // one past its last byte
  uint32_t index[2] = {0, 0};      // indices, labels, counts, in the order they are encoded
  BlockType block_type;
  MemArg mem_arg;
  uint64_t bits[2] = {0, 0};  // constants: i32 sign-extended, float bits, v128 low and high; lane in bits[0]
  HeapType heap[2];
  bool nullable[2] = {false, false};  // br_on_cast: source, target
  uint32_t list_count = 0;            // label_table: targets without the default; val_types; try_table: clauses
  const uint8_t* list = nullptr;      // first encoded element of the list
};

ValType read_val_type(const uint8_t*& p);
HeapType read_heap_type(const uint8_t*& p);
BlockType read_block_type(const uint8_t*& p);
CatchClause read_catch_clause(const uint8_t*& p);

// Reads one instruction at `p` and moves past it.
Instruction read_instruction(const uint8_t*& p);

// For those who need but little of an instruction: its opcode, and the way past what follows it.
Opcode read_opcode(const uint8_t*& p);
void skip_immediates(Opcode op, const uint8_t*& p);

}  // namespace arris
