// WAT -> bytes. The parser writes the binary format directly; there is no syntax tree, and the decoder stays the only door
// to a Module. Everything that needs types is left to the validator; what the specification calls malformed is refused here.
// Spec: text format (whole chapter), appendix/custom (name section, annotations), branch-hinting proposal.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "text/source_place.h"
#include "text/text_error.h"
#include "wasm/features.h"

namespace arris::text {

struct WatOptions {
  Features features =
      {};  // accepted for the interface's sake: text of disabled features parses, the validator refuses it
  bool write_names = true;  // identifiers become a name section; (@name ...) annotations always do
  // Gets a place for each instruction of a function, by offset from the first function of the code section.
  std::vector<SourcePlace>* places = nullptr;
};

// `source` is one module, with or without the enclosing (module ...). It is borrowed for the call only.
std::expected<std::vector<uint8_t>, TextError> wat_to_wasm(std::string_view source, const WatOptions& options = {});

}  // namespace arris::text
