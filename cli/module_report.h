// ModuleReport: what `arris inspect` and `wasm-ldd` know about a module, and the forms they show it in.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arris/arris.h"
#include "arris/inspect.h"

namespace arris::cli {

// Does `arris run` provide an import?
struct Provision {
  enum class Kind : uint8_t { provided, with_threads, missing, mismatched, unknown };
  Kind kind = Kind::unknown;  // unknown: of a module that is not valid
  std::string note;           // printable: the nearest name, or what does not fit
  bool is_provided() const { return kind == Kind::provided || kind == Kind::with_threads; }
};

// A field of the producers section: "language", "processed-by", "sdk". Spec: tool-conventions, ProducersSection.
struct Producer {
  std::string_view field;
  std::string_view name;
  std::string_view version;
};

struct ModuleReport {
  std::string file;
  std::span<const uint8_t> bytes;
  api::ModuleFacts facts;
  std::vector<Provision> provisions;  // by import
  std::vector<api::FeatureNeed> needs;
  std::vector<Producer> producers;
  uint64_t dwarf_sections = 0;
  uint64_t dwarf_bytes = 0;
  uint64_t code_bytes = 0;
  std::vector<uint32_t> largest;  // positions in facts.funcs, largest first
};

// Without `with_features` the search for needed features is left out. The report refers to `bytes`.
ModuleReport make_module_report(std::string file, std::span<const uint8_t> bytes, bool with_features);

std::string to_text(const ModuleReport& report);
std::string to_json(const ModuleReport& report);

std::string_view flag_of(api::Feature feature);  // "simd"
std::string_view to_string(Provision::Kind kind);

}  // namespace arris::cli
