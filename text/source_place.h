// Where in a text an instruction of the module made from it stands. For messages about modules that are well-formed text and not valid.
// Nothing is kept for this: when it is asked, the text is read again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace arris::text {

// Which text an instruction was made of.
struct SourcePlace {
  uint32_t
      offset;  // of the instruction: from the first byte of its function's local declarations, or as its holder says
  uint32_t source;  // byte offset in the text
};

// The byte of `source` whose instruction holds byte `offset` of wat_to_wasm(source). None if that is in no function's body, or the
// module is written as bytes.
std::optional<size_t> find_source(std::string_view source, uint64_t offset);

}  // namespace arris::text
