// PrintNames: what the printer calls things: identifiers from the name section where they are unambiguous, else indices.
//
// A name becomes an identifier if it is not empty, well-formed UTF-8, and the first of its spelling in its space. Any other
// name is kept as a (@name "...") annotation at the definition, so that parsing the text gives the same name section.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "wasm/module.h"

namespace arris::text {

// "$name" or "$\"any name\""; empty if it cannot be an identifier.
std::string to_identifier(std::string_view name);

// A string literal with quotes. `keep_utf8`: well-formed UTF-8 beyond ASCII stays readable; else it is escaped byte by byte.
std::string to_string_literal(std::string_view bytes, bool keep_utf8);

// The names of one index space, by index.
class SpaceNames {
 public:
  SpaceNames() = default;
  SpaceNames(const Module& module, const std::vector<NameAssoc>& names);

  // For uses: the identifier, else the index.
  std::string use(uint32_t index) const;
  // For definitions: " $id", " (@name ...)", or nothing.
  std::string definition(uint32_t index) const;
  bool has(uint32_t index) const { return find(index) != nullptr; }

 private:
  struct Entry {
    uint32_t index;
    bool is_identifier;
    std::string text;  // identifier, or string literal
  };
  const Entry* find(uint32_t index) const;
  std::vector<Entry> entries_;  // ascending
};

// The names of one member of a map of maps (locals of a function, fields of a type); empty if there are none.
SpaceNames member_names(const Module& module, const std::vector<IndirectNameAssoc>& maps, uint32_t index);

}  // namespace arris::text
