// A module that is malformed or invalid is described as far as the decoder came, so nothing here trusts an index.
#include "arris/inspect.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "arris/config.h"
#include "arris/extern.h"
#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "wasm/instruction_reader.h"
#include "wasm/module.h"
#include "wasm/opcodes.h"

namespace arris::api {
namespace {

struct Checked {
  std::shared_ptr<const arris::Module> module;  // null if not even the header was right
  std::optional<Error> error;
};

Checked check(std::span<const uint8_t> bytes, Features features) {
  Checked result;
  arris::decoder::DecodeOptions options{.features = features, .registry = std::make_shared<arris::TypeRegistry>()};
  options.partial = &result.module;
  auto decoded = arris::decoder::decode_module({bytes.begin(), bytes.end()}, options);
  if (!decoded) {
    result.error = std::move(decoded).error();
    return result;
  }
  auto valid = arris::validator::validate_module(**decoded, {.threads = std::thread::hardware_concurrency()});
  result.module = *std::move(decoded);
  if (!valid) result.error = std::move(valid).error();
  return result;
}

// The module's ranges point into its own copy of the bytes; the same ranges of the caller's bytes outlive it.
class Describer {
 public:
  Describer(const arris::Module& module, std::span<const uint8_t> bytes) : module_(module), bytes_(bytes) {}

  void describe(ModuleFacts& facts) const {
    if (module_.names.module) facts.name = text(*module_.names.module);
    for (const SubType& type : module_.types) facts.types.push_back(type_text(type));
    for (const arris::Import& import : module_.imports)
      facts.imports.push_back({text(import.module), text(import.name), import.type.kind, extern_text(import.type)});
    for (const arris::Export& one : module_.exports)
      facts.exports.push_back({text(one.name), one.kind, one.index, item_text(one.kind, one.index)});
    describe_own(facts.tables, ExternKind::table, module_.imported_tables, module_.tables.size());
    describe_own(facts.memories, ExternKind::memory, module_.imported_memories, module_.memories.size());
    describe_own(facts.globals, ExternKind::global, module_.imported_globals, module_.globals.size());
    describe_own(facts.tags, ExternKind::tag, module_.imported_tags, module_.tags.size());
    describe_funcs(facts);
    if (module_.start.valid()) facts.start = module_.start.value;
    for (const arris::DataSegment& segment : module_.datas) count(facts.data, segment.mode, segment.bytes.size);
    for (const arris::ElemSegment& segment : module_.elems) count(facts.elements, segment.mode, segment.count);
    facts.named_funcs = static_cast<uint32_t>(module_.names.funcs.size());
    for (const arris::IndirectNameAssoc& func : module_.names.locals)
      facts.named_locals += static_cast<uint32_t>(func.names.size());
  }

 private:
  std::string_view text(arris::ByteRange range) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + range.offset, range.size};
  }

  static void count(SegmentFacts& facts, arris::SegmentMode mode, uint32_t size) {
    ++facts.count;
    if (mode == arris::SegmentMode::active) ++facts.active;
    facts.size += size;
  }

  static std::string field_text(const FieldType& field) {
    return field.is_mutable ? "(mut " + to_string(field.storage) + ")" : to_string(field.storage);
  }

  static std::string type_text(const SubType& type) {
    std::string out;
    switch (type.kind) {
      case CompositeKind::func: out = to_string(ExternType(type.func)); break;
      case CompositeKind::struct_:
        out = "(struct";
        for (const FieldType& field : type.fields) out += " (field " + field_text(field) + ")";
        out += ")";
        break;
      case CompositeKind::array:
        out = "(array" + (type.fields.empty() ? "" : " " + field_text(type.fields[0])) + ")";
        break;
    }
    if (type.is_final && type.supertype == arris::kNoIndex) return out;
    std::string super = type.supertype == arris::kNoIndex ? "" : std::to_string(type.supertype) + " ";
    return std::string(type.is_final ? "(sub final " : "(sub ") + super + out + ")";
  }

  std::string func_text(arris::TypeIndex type, const char* keyword) const {
    if (type.value >= module_.types.size() || module_.types[type.value].kind != CompositeKind::func)
      return std::string("(") + keyword + " (type " + std::to_string(type.value) + "))";
    const FuncType& func = module_.types[type.value].func;
    return keyword == std::string_view("tag") ? to_string(ExternType(TagType{func})) : to_string(ExternType(func));
  }

  std::string extern_text(const arris::ExternType& type) const {
    switch (type.kind) {
      case ExternKind::func: return func_text(type.type, "func");
      case ExternKind::table: return to_string(ExternType(type.table));
      case ExternKind::memory: return to_string(ExternType(type.memory));
      case ExternKind::global: return to_string(ExternType(type.global));
      case ExternKind::tag: return func_text(type.type, "tag");
    }
    return {};
  }

  std::string item_text(ExternKind kind, uint32_t index) const {
    switch (kind) {
      case ExternKind::func: return index < module_.funcs.size() ? func_text(module_.funcs[index], "func") : "";
      case ExternKind::table:
        return index < module_.tables.size() ? to_string(ExternType(module_.tables[index].type)) : "";
      case ExternKind::memory:
        return index < module_.memories.size() ? to_string(ExternType(module_.memories[index])) : "";
      case ExternKind::global:
        return index < module_.globals.size() ? to_string(ExternType(module_.globals[index].type)) : "";
      case ExternKind::tag: return index < module_.tags.size() ? func_text(module_.tags[index], "tag") : "";
    }
    return {};
  }

  void describe_own(std::vector<std::string>& out, ExternKind kind, uint32_t imported, size_t count) const {
    for (uint32_t i = imported; i < count; ++i) out.push_back(item_text(kind, i));
  }

  void describe_funcs(ModuleFacts& facts) const {
    facts.imported_funcs = module_.imported_funcs;
    for (size_t i = 0; i < module_.bodies.size(); ++i) {
      uint32_t index = module_.imported_funcs + static_cast<uint32_t>(i);
      arris::ByteRange body = module_.bodies[i].body;
      FuncFacts func{index, {}, item_text(ExternKind::func, index), body.offset, body.size};
      if (index < module_.funcs.size()) {
        std::string_view name = module_.func_name(arris::FuncIndex(index));
        auto offset = reinterpret_cast<const uint8_t*>(name.data()) - module_.bytes.data();
        if (!name.empty()) func.name = text({static_cast<uint32_t>(offset), static_cast<uint32_t>(name.size())});
      }
      facts.funcs.push_back(std::move(func));
    }
  }

  const arris::Module& module_;
  std::span<const uint8_t> bytes_;
};

// What stands at `offset` of a valid module.
FeatureNeed describe_need(const arris::Module& module, Feature feature, uint64_t offset) {
  FeatureNeed need{feature, offset, {}, std::nullopt};
  auto body = std::ranges::find_if(module.bodies, [&](const arris::FuncBody& b) { return offset < b.body.end(); });
  if (body != module.bodies.end() && offset >= body->body.offset) {
    need.func_index = module.imported_funcs + static_cast<uint32_t>(body - module.bodies.begin());
    need.what = "a local's type";
    const uint8_t* p = module.bytes.data() + body->code_offset;
    const uint8_t* wanted = module.bytes.data() + offset;
    while (p <= wanted) need.what = arris::info(arris::read_instruction(p).opcode).mnemonic;
    return need;
  }
  for (const SectionView& section : read_sections(module.bytes).sections) {
    if (offset < section.start || offset >= section.offset + section.content.size()) continue;
    need.what = std::string(section.name) + " section";
  }
  return need;
}

}  // namespace

ModuleFacts inspect(std::span<const uint8_t> bytes) {
  ModuleFacts facts;
  facts.sections = read_sections(bytes).sections;
  Checked checked = check(bytes, Features::all());
  facts.error = std::move(checked.error);
  if (checked.module) Describer(*checked.module, bytes).describe(facts);
  return facts;
}

std::vector<FeatureNeed> needed_features(std::span<const uint8_t> bytes) {
  Checked with_all = check(bytes, Features::all());
  std::vector<FeatureNeed> needs;
  if (with_all.error) return needs;
  for (const FeatureInfo& info : all_features()) {
    if (info.feature == Feature::mvp) continue;
    Features rest = Features::all().without(info.feature);
    Checked without = check(bytes, rest);
    // Either form of exceptions allows tags; who has nothing but tags needs the newer one.
    if (info.feature == Feature::exceptions && !without.error &&
        !check(bytes, Features::all().without(Feature::legacy_exceptions)).error)
      without = check(bytes, rest.without(Feature::legacy_exceptions));
    if (!without.error) continue;
    uint64_t offset = without.error->offset;
    needs.push_back(offset == kNoOffset ? FeatureNeed{info.feature, kNoOffset, {}, std::nullopt}
                                        : describe_need(*with_all.module, info.feature, offset));
  }
  return needs;
}

}  // namespace arris::api
