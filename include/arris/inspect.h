// Looking at a module's bytes without compiling them: its sections. For tools; nothing here runs code.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "arris/types.h"

namespace arris::api {

// Views into the bytes that were read.
struct SectionView {
  uint8_t id = 0;         // 0: custom
  std::string_view name;  // the specification's name of the section; of a custom section its own
  uint64_t start = 0;     // offset of its id
  uint64_t offset = 0;    // offset of its content: what DWARF counts code addresses from, in the code section
  std::span<const uint8_t> content;  // of a custom section including its name
  std::span<const uint8_t> payload;  // the content; of a custom section without its name
};

struct SectionList {
  std::vector<SectionView> sections;  // as far as they could be told apart
  std::optional<Error> error;         // why the list ends before the bytes do
};

// Only the framing is read: magic, version, ids and lengths. Any bytes will do.
SectionList read_sections(std::span<const uint8_t> bytes);

}  // namespace arris::api
