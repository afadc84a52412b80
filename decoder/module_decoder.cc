// Reads the header, then section by section: every section gets a cursor of its own, bounded to its size, and must use it up.
#include "decoder/module_decoder.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "decoder/instruction_skipper.h"
#include "decoder/sections.h"
#include "wasm/limits.h"

namespace arris::decoder {
namespace {

constexpr uint8_t kMagic[4] = {0x00, 'a', 's', 'm'};
constexpr uint8_t kVersion[4] = {1, 0, 0, 0};

struct Section {
  uint8_t id;
  Feature feature;
  void (*decode)(Cursor&, Module&);
};

// In the order in which they must stand.
constexpr Section kSections[] = {
    {1, Feature::mvp, decode_type_section},
    {2, Feature::mvp, decode_import_section},
    {3, Feature::mvp, decode_function_section},
    {4, Feature::mvp, decode_table_section},
    {5, Feature::mvp, decode_memory_section},
    {13, Feature::exceptions, decode_tag_section},
    {6, Feature::mvp, decode_global_section},
    {7, Feature::mvp, decode_export_section},
    {8, Feature::mvp, decode_start_section},
    {9, Feature::mvp, decode_elem_section},
    {12, Feature::bulk_memory, decode_data_count_section},
    {10, Feature::mvp, decode_code_section},
    {11, Feature::mvp, decode_data_section},
};

bool is_enabled(const Section& section, Features features) {
  return features.has(section.feature) ||
         (section.feature == Feature::exceptions && features.has(Feature::legacy_exceptions));
}

class ModuleDecoder {
 public:
  explicit ModuleDecoder(Module& module)
      : module_(module), in_(module, {0, static_cast<uint32_t>(module.bytes.size())}) {}

  bool decode() {
    if (!header()) return false;
    while (in_.ok() && !in_.at_end()) section();
    return in_.ok() && consistent_lengths();
  }
  Error take_error() { return in_.take_error(); }

 private:
  bool header() {
    return expect(kMagic, ErrorCode::magic_not_detected) && expect(kVersion, ErrorCode::unknown_binary_version);
  }

  bool expect(const uint8_t (&bytes)[4], ErrorCode mismatch) {
    const uint8_t* start = in_.position();
    uint32_t present = std::min<uint32_t>(in_.remaining(), sizeof bytes);
    if (present < sizeof bytes) return in_.fail(ErrorCode::unexpected_end, in_.end());
    if (std::memcmp(start, bytes, sizeof bytes) != 0) return in_.fail(mismatch, start);
    in_.skip(sizeof bytes);
    return true;
  }

  void section() {
    const uint8_t* start = in_.position();
    uint8_t id = in_.u8();
    const Section* known = find(id);
    if (id != 0 && !known) {
      in_.fail(ErrorCode::malformed_section_id, start);
      return;
    }
    uint32_t size = in_.u32();
    if (!in_.ok()) return;
    if (size > in_.remaining()) {
      in_.fail(ErrorCode::length_out_of_bounds);
      return;
    }
    if (known && known < next_) {
      in_.fail(ErrorCode::unexpected_section, start);
      return;
    }
    Cursor content(module_, in_.take(size));
    if (known) {
      next_ = known + 1;
      last_id_ = id;
      known->decode(content, module_);
    } else {
      decode_custom_section(content, module_, last_id_);
    }
    if (content.ok() && !content.at_end()) content.fail(ErrorCode::section_size_mismatch);
    if (!content.ok()) in_.fail(content.take_error());
  }

  const Section* find(uint8_t id) const {
    for (const Section& section : kSections) {
      if (section.id == id) return is_enabled(section, module_.features) ? &section : nullptr;
    }
    return nullptr;
  }

  bool consistent_lengths() {
    if (module_.bodies.size() != module_.funcs.size() - module_.imported_funcs) {
      return in_.fail(ErrorCode::inconsistent_function_lengths);
    }
    if (module_.data_count && *module_.data_count != module_.datas.size()) {
      return in_.fail(ErrorCode::inconsistent_data_count);
    }
    return true;
  }

  Module& module_;
  Cursor in_;
  const Section* next_ = kSections;  // earlier ones may no longer come
  uint8_t last_id_ = 0;
};

}  // namespace

bool has_binary_magic(std::span<const uint8_t> bytes) {
  return bytes.size() >= sizeof kMagic && std::memcmp(bytes.data(), kMagic, sizeof kMagic) == 0;
}

std::expected<std::shared_ptr<Module>, Error> decode_module(std::vector<uint8_t> bytes, const DecodeOptions& options) {
  CHECK(options.registry != nullptr);
  if (bytes.size() > limits::kMaxModuleBytes) {
    return std::unexpected(Error{.code = ErrorCode::limit_exceeded, .offset = 0, .detail = "module too large"});
  }
  auto module = std::make_shared<Module>();
  module->bytes = std::move(bytes);
  module->features = options.features;
  module->registry = options.registry;
  module->type_holds = TypeHolds(options.registry);
  ModuleDecoder decoder(*module);
  if (decoder.decode()) return module;
  Error error = decoder.take_error();
  if (phase_of(error.code) == ErrorPhase::malformed) {
    // The first error in the order of the bytes is the one to report, and bodies have not been read yet.
    std::optional<Error> in_body = find_malformed_body(*module);
    if (in_body && in_body->offset < error.offset) error = std::move(*in_body);
  }
  if (options.partial) *options.partial = std::move(module);
  return std::unexpected(std::move(error));
}

}  // namespace arris::decoder
