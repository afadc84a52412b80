// Checks the syntax of instructions without their types: to find the end of constant expressions, and to tell a malformed
// body from an invalid one. Table-driven by the `immediates` column of opcodes.def. Spec: binary/instructions.
#pragma once

#include <optional>

#include "decoder/cursor.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"

namespace arris::decoder {

// Steps over one instruction; false on error. Block structure is the caller's.
bool skip_instruction(Cursor& in, Features features, Opcode& opcode);

// Reads instructions up to and with the `end` that matches none of their own blocks.
ConstExpr read_const_expr(Cursor& in, Features features);

// A function body from its first instruction to the cursor's end, which must be just behind the matching `end`.
bool check_body_syntax(Cursor& in, const Module& module);

// The first syntax error in the bodies decoded so far, if there is one.
std::optional<Error> find_malformed_body(const Module& module);

// The error of a body that stops before its `end`: `in` is at the body's end. What follows the body decides its name.
void fail_missing_end(Cursor& in, const Module& module);

// Reads the opcode of the next instruction; Opcode::invalid after an error (also for opcodes of disabled features).
Opcode read_opcode(Cursor& in, Features features);

}  // namespace arris::decoder
