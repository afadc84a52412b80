// The code of a function that is called for the first time: its private copy, in the form that the engine chose for the module.
// Functions that nobody calls cost nothing, neither when the module is loaded nor in memory. For the interpreter and the engine.
#pragma once

#include "wasm/module.h"

namespace arris::interp {

// What functions will be made into; before the module is published. Plain is what it is otherwise.
void choose_form(Module& module, CodeForm form);

// Makes and publishes the code of `func`, unless that has been done; by any number of threads at once.
void prepare(const Module& module, const FuncCode& func);
// The same for all functions: for tests and tools that look at code.
void prepare_all(const Module& module);

// The function whose entry before it is prepared is at `ip`, or null if there is code at `ip`.
const FuncCode* unprepared_at(const Module& module, const uint8_t* ip);

}  // namespace arris::interp
