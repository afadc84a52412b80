// print_wat: a Module as WAT, flat instructions with indentation. For cli, bug reports and tests.
//
// The text parses back to the same module: the same bytes up to canonical encoding (shortest LEB128 and segment forms, data count
// section only where needed) and the place of custom sections. Everything is spelled by the tables of wasm/.
#pragma once

#include <string>

#include "wasm/module.h"

namespace arris::text {

struct PrintOptions {
  bool use_names = true;        // identifiers and (@name ...) from the name section; else indices only
  bool custom_sections = true;  // other custom sections as (@custom ...), branch hints as annotations
};

// The module must have been validated: its bodies are read without checks.
std::string print_wat(const Module& module, const PrintOptions& options = {});

}  // namespace arris::text
