// Looking into modules without running them: sections, declarations, functions, the features they need. For tools. Any bytes
// will do: of a broken module one gets what could be read, and the error.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
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

// Types are texts in the WebAssembly text format, in the type indices of the module; names are as the module has them.
struct ImportFacts {
  std::string_view module;
  std::string_view name;
  ExternKind kind;
  std::string type;
};
struct ExportFacts {
  std::string_view name;
  ExternKind kind;
  uint32_t index;
  std::string type;  // empty if the index is out of range
};
struct FuncFacts {
  uint32_t index;
  std::string_view name;  // may be empty
  std::string type;
  uint64_t offset;  // of its body
  uint64_t size;    // of its body, in bytes
};
struct SegmentFacts {
  uint32_t count = 0;
  uint32_t active = 0;
  uint64_t size = 0;  // data: bytes; element segments: items
};

struct ModuleFacts {
  std::vector<SectionView> sections;
  std::optional<Error> error;  // malformed or invalid, and why; what follows is then what had been read
  std::string_view name;
  std::vector<std::string> types;
  std::vector<ImportFacts> imports;
  std::vector<ExportFacts> exports;
  std::vector<std::string> tables, memories, globals, tags;  // without imported ones
  std::vector<FuncFacts> funcs;                              // without imported ones
  uint32_t imported_funcs = 0;
  std::optional<uint32_t> start;
  SegmentFacts data, elements;
  uint32_t named_funcs = 0;  // by the name section
  uint32_t named_locals = 0;
};

// Every feature is enabled. The views point into `bytes`.
ModuleFacts inspect(std::span<const uint8_t> bytes);

struct FeatureNeed {
  Feature feature;
  uint64_t offset;   // where the module first needs it
  std::string what;  // the instruction there, or the section: "i32.extend8_s", "type section"
  std::optional<uint32_t> func_index;
};

// The features beyond WebAssembly 1.0 that a valid module needs, found by refusing each in turn: so it takes as long as compiling
// the module some twenty times. Empty if the module is not valid with all features.
std::vector<FeatureNeed> needed_features(std::span<const uint8_t> bytes);

}  // namespace arris::api
