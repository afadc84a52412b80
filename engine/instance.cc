#include "arris/instance.h"

#include "engine/access.h"
#include "engine/tiers.h"

namespace arris::api {

using detail::Access;
using detail::StoreState;

std::string InstantiationError::to_string() const {
  if (const Error* refused = error()) return refused->to_string();
  return trap()->to_string();
}

namespace detail {

const arris::runtime::MemoryImage* ModuleState::memory_image() const {
  std::call_once(image_once_, [this] { image_ = arris::runtime::MemoryImage::create(*module); });
  return image_.get();
}

InstantiationError instantiation_error(StoreState* state, arris::runtime::InstantiationFailure failure) {
  if (failure.outcome == arris::runtime::Outcome::ok) return std::move(failure.error);
  return take_trap(state);
}

std::expected<arris::runtime::Instance*, InstantiationError> instantiate(StoreState* state, const Module& module,
                                                                         std::span<const Extern> imports) {
  if (!(module.engine() == state->engine)) {
    return std::unexpected(
        Error{ErrorCode::incompatible_import_type, kNoOffset, "module and store belong to different engines"});
  }
  const arris::Module& decoded = Access::module(module);
  if (imports.size() != decoded.imports.size()) {
    return std::unexpected(Error{ErrorCode::unknown_import, kNoOffset,
                                 "the module has " + std::to_string(decoded.imports.size()) + " imports, " +
                                     std::to_string(imports.size()) + " values were given"});
  }
  std::vector<arris::runtime::Extern> values(imports.size());
  for (size_t i = 0; i < imports.size(); ++i) {
    if (!Access::to_runtime(state, imports[i], values[i])) {
      return std::unexpected(Error{ErrorCode::incompatible_import_type, kNoOffset,
                                   "the value for import " + std::to_string(i) + " belongs to another store"});
    }
  }
  if (auto ready = detail::prepare_module(*Access::state(state->engine), decoded); !ready)
    return std::unexpected(std::move(ready).error());
  // Before any code runs: host functions ask for their caller's exports, and what a failed instantiation leaves may be called.
  const auto& shared = Access::shared_state(module);
  state->modules.emplace(shared->module.get(), shared);
  auto made = arris::runtime::instantiate(state->store, shared->module, values, shared->memory_image());
  if (!made) return std::unexpected(instantiation_error(state, std::move(made).error()));
  return *made;
}

}  // namespace detail

std::expected<Instance, InstantiationError> Instance::create(StoreRef store, const Module& module,
                                                             std::span<const Extern> imports) {
  StoreState* state = Access::state(store);
  auto made = detail::instantiate(state, module, imports);
  if (!made) return std::unexpected(std::move(made).error());
  return Instance(state, &(*made)->data());
}

Module Instance::module() const { return Access::module(store_->modules.find(data_->module)->second); }
StoreRef Instance::store() const { return Access::store(store_); }
uint32_t Instance::export_count() const { return static_cast<uint32_t>(data_->module->exports.size()); }

Extern Instance::export_at(uint32_t position) const {
  const arris::Export& one = data_->module->exports[position];
  switch (one.kind) {
    case ExternKind::func: break;
    case ExternKind::table: return Access::table(store_, data_->tables[one.index]);
    case ExternKind::memory: return Access::memory(store_, data_->memories[one.index]);
    case ExternKind::global: return Access::global(store_, data_->globals[one.index]);
    case ExternKind::tag: return Access::tag(store_, data_->tags[one.index]);
  }
  return Access::func(store_, data_->funcs[one.index]);
}

std::optional<Extern> Instance::get(std::string_view name) const {
  const auto& exports = store_->modules.find(data_->module)->second->exports;
  auto found = exports.find(name);
  if (found == exports.end()) return std::nullopt;
  return export_at(found->second);
}

namespace {

template <class T>
std::optional<T> only(const std::optional<Extern>& value) {
  if (!value) return std::nullopt;
  const T* wanted = std::get_if<T>(&value->variant());
  return wanted != nullptr ? std::optional<T>(*wanted) : std::nullopt;
}

}  // namespace

std::optional<Func> Instance::func(std::string_view name) const { return only<Func>(get(name)); }
std::optional<Memory> Instance::memory(std::string_view name) const { return only<Memory>(get(name)); }
std::optional<Table> Instance::table(std::string_view name) const { return only<Table>(get(name)); }
std::optional<Global> Instance::global(std::string_view name) const { return only<Global>(get(name)); }
std::optional<Tag> Instance::tag(std::string_view name) const { return only<Tag>(get(name)); }

}  // namespace arris::api
