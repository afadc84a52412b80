#include "arris/module.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "engine/access.h"
#include "engine/tiers.h"
#include "interp/prepare.h"

namespace arris::api {
namespace {

TableType canonical(const arris::Module& module, TableType type) {
  type.element = module.canonical(type.element);
  return type;
}

GlobalType canonical(const arris::Module& module, GlobalType type) {
  type.type = module.canonical(type.type);
  return type;
}

// More threads than this gain little: the code section is read once, quickly.
constexpr unsigned kMaxValidationThreads = 8;

// Below this one thread does it all, and nobody needs to know how many there could be (the system is asked through a file).
constexpr size_t kMinBytesForThreads = size_t{1} << 20;

unsigned validation_threads(const Config& config, size_t module_bytes) {
  if (config.validation_threads != 0) return config.validation_threads;
  if (module_bytes < kMinBytesForThreads) return 1;
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxValidationThreads);
}

}  // namespace

namespace detail {

ExternType extern_type(const arris::Module& module, const arris::ExternType& type) {
  switch (type.kind) {
    case ExternKind::func: break;
    case ExternKind::table: return ExternType(canonical(module, type.table));
    case ExternKind::memory: return ExternType(type.memory);
    case ExternKind::global: return ExternType(canonical(module, type.global));
    case ExternKind::tag: return ExternType(TagType{module.canonical_type(type.type).func});
  }
  return ExternType(module.canonical_type(type.type).func);
}

ExternType extern_type(const arris::Module& module, ExternKind kind, uint32_t index) {
  switch (kind) {
    case ExternKind::func: break;
    case ExternKind::table: return ExternType(canonical(module, module.tables[index].type));
    case ExternKind::memory: return ExternType(module.memories[index]);
    case ExternKind::global: return ExternType(canonical(module, module.globals[index].type));
    case ExternKind::tag: return ExternType(TagType{module.canonical_type(module.tags[index]).func});
  }
  return ExternType(module.func_type(arris::FuncIndex(index)).func);
}

}  // namespace detail

std::expected<Module, Error> Module::compile(const Engine& engine, std::vector<uint8_t>&& bytes) {
  const Config& config = engine.config();
  arris::decoder::DecodeOptions decode_options{.features = config.features,
                                               .registry = detail::Access::state(engine)->registry};
  auto decoded = arris::decoder::decode_module(std::move(bytes), decode_options);
  if (!decoded) return std::unexpected(std::move(decoded).error());
  arris::validator::ValidateOptions validate_options{.threads = validation_threads(config, (*decoded)->bytes.size())};
  if (auto ok = arris::validator::validate_module(**decoded, validate_options); !ok)
    return std::unexpected(std::move(ok).error());
  interp::choose_form(**decoded, config.count_instructions ? CodeForm::metered
                                 : config.quicken          ? CodeForm::quickened
                                                           : CodeForm::plain);

  auto state = std::make_shared<detail::ModuleState>(engine, *std::move(decoded));
  const arris::Module& module = *state->module;
  state->exports.reserve(module.exports.size());
  for (uint32_t i = 0; i < module.exports.size(); ++i) state->exports.emplace(module.text(module.exports[i].name), i);
  return Module(std::move(state));
}

std::expected<Module, Error> Module::compile(const Engine& engine, std::span<const uint8_t> bytes) {
  return compile(engine, std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

std::expected<void, Error> Module::validate(const Engine& engine, std::span<const uint8_t> bytes) {
  auto module = compile(engine, bytes);
  if (!module) return std::unexpected(std::move(module).error());
  return {};
}

const Engine& Module::engine() const { return state_->engine; }
std::span<const uint8_t> Module::bytes() const { return state_->module->bytes; }

std::string_view Module::name() const {
  const arris::Module& module = *state_->module;
  return module.names.module ? module.text(*module.names.module) : std::string_view();
}

std::vector<ImportType> Module::imports() const {
  const arris::Module& module = *state_->module;
  std::vector<ImportType> all;
  all.reserve(module.imports.size());
  for (const arris::Import& import : module.imports)
    all.push_back({module.text(import.module), module.text(import.name), detail::extern_type(module, import.type)});
  return all;
}

std::vector<ExportType> Module::exports() const {
  const arris::Module& module = *state_->module;
  std::vector<ExportType> all;
  all.reserve(module.exports.size());
  for (const arris::Export& one : module.exports)
    all.push_back({module.text(one.name), detail::extern_type(module, one.kind, one.index)});
  return all;
}

std::vector<MemoryType> Module::memories() const {
  return {state_->module->memories.begin(), state_->module->memories.end()};
}

std::optional<ExternType> Module::export_type(std::string_view name) const {
  auto found = state_->exports.find(name);
  if (found == state_->exports.end()) return std::nullopt;
  const arris::Export& one = state_->module->exports[found->second];
  return detail::extern_type(*state_->module, one.kind, one.index);
}

std::vector<CustomSectionView> Module::custom_sections() const {
  const arris::Module& module = *state_->module;
  std::vector<CustomSectionView> all;
  all.reserve(module.custom_sections.size());
  for (const arris::CustomSection& section : module.custom_sections)
    all.push_back({module.text(section.name), module.range(section.payload)});
  return all;
}

std::vector<SectionView> Module::sections() const { return read_sections(bytes()).sections; }

uint32_t Module::func_count() const { return static_cast<uint32_t>(state_->module->funcs.size()); }

std::string_view Module::func_name(uint32_t index) const {
  return index < func_count() ? state_->module->func_name(arris::FuncIndex(index)) : std::string_view();
}

FuncType Module::func_type(uint32_t index) const {
  return index < func_count() ? state_->module->func_type(arris::FuncIndex(index)).func : FuncType{};
}

std::expected<MachineCode, Error> Module::machine_code(uint32_t func) const {
  if (func < state_->module->imported_funcs || func >= func_count())
    return std::unexpected(Error{ErrorCode::unknown_function, kNoOffset, "not a function of this module's own"});
  return detail::machine_code(engine().config(), *state_->module, func);
}

std::optional<uint32_t> Module::start() const {
  arris::FuncIndex start = state_->module->start;
  return start.valid() ? std::optional(start.value) : std::nullopt;
}

}  // namespace arris::api
