#include "arris/linker.h"

#include <algorithm>

#include "base/nearest.h"
#include "engine/access.h"

namespace arris::api {

using detail::Access;
using detail::StoreState;

namespace {

// One line per problem; of many, which a hostile module may have, only the first.
class ProblemList {
 public:
  template <class Describe>
  void add(Describe describe) {
    if (++count_ > kMaxListed) return;
    if (count_ > 1) text_ += "\n  ";
    text_ += describe();
  }
  bool empty() const { return count_ == 0; }
  std::string text() const {
    return count_ <= kMaxListed ? text_ : text_ + "\n  and " + std::to_string(count_ - kMaxListed) + " more";
  }

 private:
  static constexpr size_t kMaxListed = 50;
  std::string text_;
  size_t count_ = 0;
};

}  // namespace

void Linker::set(std::string_view module, std::string_view name, Item item) {
  auto space = modules_.find(module);
  if (space == modules_.end()) space = modules_.emplace(std::string(module), NameMap<Item>()).first;
  space->second.insert_or_assign(std::string(name), std::move(item));
}

const Linker::Item* Linker::find(std::string_view module, std::string_view name) const {
  auto space = modules_.find(module);
  if (space == modules_.end()) return nullptr;
  auto item = space->second.find(name);
  return item != space->second.end() ? &item->second : nullptr;
}

void Linker::define_func(std::string_view module, std::string_view name, const FuncType& type,
                         Func::Callback callback) {
  set(module, name, detail::make_dynamic_host_function(type, std::move(callback)));
}

void Linker::define_func_unchecked(std::string_view module, std::string_view name, const FuncType& type,
                                   Func::SlotsCallback callback) {
  set(module, name, detail::make_slots_host_function(type, std::move(callback)));
}

void Linker::define_instance(std::string_view module, const Instance& instance) {
  const arris::Module& decoded = Access::module(instance.module());
  for (uint32_t i = 0; i < decoded.exports.size(); ++i)
    set(module, decoded.text(decoded.exports[i].name), instance.export_at(i));
}

std::expected<Extern, Error> Linker::materialize(StoreRef store, const Item& item) {
  if (const auto* value = std::get_if<Extern>(&item)) return *value;
  if (const auto* shared = std::get_if<SharedMemory>(&item)) {
    auto memory = Memory::from_shared(store, *shared);
    if (!memory) return std::unexpected(std::move(memory).error());
    return *memory;
  }
  // One function object per Store, so that it keeps its identity across modules.
  const auto& function = *std::get_if<detail::HostFunction>(&item);
  StoreState* state = Access::state(store);
  auto& known = state->host_funcs[function.callable.get()];
  if (known == nullptr) known = Access::instance(Access::host_func(store, function));
  return Access::func(state, known);
}

std::optional<Extern> Linker::get(StoreRef store, std::string_view module, std::string_view name) const {
  const Item* item = find(module, name);
  if (item == nullptr) return std::nullopt;
  auto value = materialize(store, *item);
  return value ? std::optional(*value) : std::nullopt;
}

std::string Linker::describe_missing(const ImportType& import) const {
  std::string out =
      "\"" + std::string(import.module) + "\" \"" + std::string(import.name) + "\" " + to_string(import.type);
  arris::Nearest nearest(import.name);
  auto space = modules_.find(import.module);
  if (space != modules_.end()) {
    for (const auto& entry : space->second) nearest.consider(entry.first);
    return nearest.found().empty() ? out : out + ", did you mean \"" + std::string(nearest.found()) + "\"?";
  }
  // The whole module name is unknown: a module of a similar name, or another module that has this very name.
  arris::Nearest module(import.module);
  std::string_view elsewhere;
  for (const auto& entry : modules_) {
    module.consider(entry.first);
    bool has = entry.second.find(import.name) != entry.second.end();
    if (has && (elsewhere.empty() || entry.first < elsewhere)) elsewhere = entry.first;
  }
  if (!module.found().empty()) return out + ", did you mean module \"" + std::string(module.found()) + "\"?";
  if (!elsewhere.empty()) return out + ", which module \"" + std::string(elsewhere) + "\" has";
  return out + " (no module of that name is provided)";
}

std::expected<std::vector<Extern>, Error> Linker::resolve(StoreRef store, const Module& module) const {
  StoreState* state = Access::state(store);
  if (!(engine_ == state->engine) || !(engine_ == module.engine())) {
    return std::unexpected(
        Error{ErrorCode::incompatible_import_type, kNoOffset, "module, store and linker belong to different engines"});
  }
  const arris::Module& decoded = Access::module(module);
  std::vector<ImportType> imports = module.imports();
  std::vector<Extern> values;
  values.reserve(imports.size());
  ProblemList missing, mismatched;
  for (size_t i = 0; i < imports.size(); ++i) {
    const ImportType& import = imports[i];
    const Item* item = find(import.module, import.name);
    if (item == nullptr) {
      missing.add([&] { return describe_missing(import); });
      continue;
    }
    auto value = materialize(store, *item);
    if (!value) return std::unexpected(std::move(value).error());
    arris::runtime::Extern raw;
    std::string why = Access::to_runtime(state, *value, raw)
                          ? arris::runtime::explain_import_mismatch(state->store, decoded, decoded.imports[i], raw)
                          : "the value belongs to another store";
    if (!why.empty())
      mismatched.add(
          [&] { return "\"" + std::string(import.module) + "\" \"" + std::string(import.name) + "\": " + why; });
    values.push_back(*value);
  }
  if (!missing.empty()) return std::unexpected(Error{ErrorCode::unknown_import, kNoOffset, missing.text()});
  if (!mismatched.empty())
    return std::unexpected(Error{ErrorCode::incompatible_import_type, kNoOffset, mismatched.text()});
  return values;
}

std::expected<Instance, InstantiationError> Linker::instantiate(StoreRef store, const Module& module) const {
  auto values = resolve(store, module);
  if (!values) return std::unexpected(std::move(values).error());
  return Instance::create(store, module, *values);
}

}  // namespace arris::api
