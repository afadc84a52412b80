// locate_declaration: where in the bytes a declaration begins. For messages about declarations that turn out to be invalid: nothing
// records their offsets, since hardly anybody ever asks.
#pragma once

#include <cstdint>

#include "wasm/module.h"

namespace arris::decoder {

enum class DeclarationKind : uint8_t { type = 1, function = 3, table = 4, memory = 5, start = 8, tag = 13 };

// `index`: within the section, so without imported ones. kNoOffset if there is no such declaration. The module has been decoded.
uint64_t locate_declaration(const Module& module, DeclarationKind kind, uint32_t index);

}  // namespace arris::decoder
