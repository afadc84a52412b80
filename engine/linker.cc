#include "arris/linker.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/printable.h"
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
  set(module, name, detail::make_dynamic_host_function(engine_, type, std::move(callback)));
}

void Linker::define_func_unchecked(std::string_view module, std::string_view name, const FuncType& type,
                                   Func::SlotsCallback callback) {
  set(module, name, detail::make_slots_host_function(engine_, type, std::move(callback)));
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

// What there is instead of a missing import, in words. Names are shown escaped: they are the guest's.
std::string Linker::suggest(const ImportType& import) const {
  arris::Nearest nearest(import.name);
  auto space = modules_.find(import.module);
  if (space != modules_.end()) {
    for (const auto& entry : space->second) nearest.consider(entry.first);
    return nearest.found().empty() ? std::string() : "did you mean " + quoted(nearest.found()) + "?";
  }
  // The whole module name is unknown: a module of a similar name, or another module that has this very name.
  arris::Nearest module(import.module);
  std::string_view elsewhere;
  for (const auto& entry : modules_) {
    module.consider(entry.first);
    bool has = entry.second.find(import.name) != entry.second.end();
    if (has && (elsewhere.empty() || entry.first < elsewhere)) elsewhere = entry.first;
  }
  if (!module.found().empty()) return "did you mean module " + quoted(module.found()) + "?";
  if (!elsewhere.empty()) return "which module " + quoted(elsewhere) + " has";
  return "(no module of that name is provided)";
}

ImportStatus Linker::status_of(StoreRef store, const Module& module, const ImportType& import, size_t index) const {
  const Item* item = find(import.module, import.name);
  if (item == nullptr) return {ImportStatus::Kind::missing, suggest(import), std::nullopt};
  auto value = materialize(store, *item);
  if (!value) return {ImportStatus::Kind::refused, value.error().to_string(), std::nullopt};
  const arris::Module& decoded = Access::module(module);
  StoreState* state = Access::state(store);
  arris::runtime::Extern raw;
  if (!Access::to_runtime(state, *value, raw))
    return {ImportStatus::Kind::mismatched, "the value belongs to another store", std::nullopt};
  std::string why = arris::runtime::explain_import_mismatch(state->store, decoded, decoded.imports[index], raw);
  if (!why.empty()) return {ImportStatus::Kind::mismatched, std::move(why), std::nullopt};
  return {ImportStatus::Kind::provided, {}, *std::move(value)};
}

std::vector<ImportStatus> Linker::check(StoreRef store, const Module& module) const {
  std::vector<ImportType> imports = module.imports();
  std::vector<ImportStatus> all;
  all.reserve(imports.size());
  for (size_t i = 0; i < imports.size(); ++i) all.push_back(status_of(store, module, imports[i], i));
  return all;
}

std::expected<std::vector<Extern>, Error> Linker::resolve(StoreRef store, const Module& module) const {
  if (!(engine_ == Access::state(store)->engine) || !(engine_ == module.engine())) {
    return std::unexpected(
        Error{ErrorCode::incompatible_import_type, kNoOffset, "module, store and linker belong to different engines"});
  }
  std::vector<ImportType> imports = module.imports();
  std::vector<Extern> values;
  values.reserve(imports.size());
  ProblemList missing, mismatched;
  for (size_t i = 0; i < imports.size(); ++i) {
    const ImportType& import = imports[i];
    ImportStatus status = status_of(store, module, import, i);
    auto name = [&] { return quoted(import.module) + ' ' + quoted(import.name); };
    switch (status.kind) {
      case ImportStatus::Kind::provided: values.push_back(*std::move(status.value)); break;
      case ImportStatus::Kind::missing:
        missing.add([&] {
          const char* separator = status.note.empty() ? "" : status.note.starts_with('(') ? " " : ", ";
          return name() + ' ' + to_string(import.type) + separator + status.note;
        });
        break;
      case ImportStatus::Kind::mismatched:
      case ImportStatus::Kind::refused: mismatched.add([&] { return name() + ": " + status.note; }); break;
    }
  }
  if (missing.empty() && mismatched.empty()) return values;
  if (missing.empty()) return std::unexpected(Error{ErrorCode::incompatible_import_type, kNoOffset, mismatched.text()});
  std::string text = missing.text();
  if (!mismatched.empty())
    text += "\n" + std::string(message_of(ErrorCode::incompatible_import_type)) + ": " + mismatched.text();
  return std::unexpected(Error{ErrorCode::unknown_import, kNoOffset, std::move(text)});
}

std::expected<Instance, InstantiationError> Linker::instantiate(StoreRef store, const Module& module) const {
  auto values = resolve(store, module);
  if (!values) return std::unexpected(std::move(values).error());
  return Instance::create(store, module, *values);
}

}  // namespace arris::api
