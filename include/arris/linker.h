// Linker: names for what modules import, and instantiation by name.
//
// Belongs to an Engine, not to a Store: host functions and shared memories defined here serve any number of Stores (each Store
// gets its own function object when a module that imports it is instantiated there, once). Externs and instances that are
// defined belong to their Store, and a module linked with them must be instantiated in that one.
// A finished Linker may be used from several threads at once (const functions), for different Stores.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "arris/detail/fwd.h"
#include "arris/engine.h"
#include "arris/extern.h"
#include "arris/instance.h"
#include "arris/module.h"

namespace arris::api {

// What a linker has for one import.
struct ImportStatus {
  enum class Kind : uint8_t {
    provided,
    missing,
    mismatched,  // there, but of another type
    refused,     // there, but the store could not take it
  };
  Kind kind;
  std::string note;             // missing: the most similar name, if any; otherwise what does not fit. Safe to show.
  std::optional<Extern> value;  // provided
};

class Linker {
 public:
  explicit Linker(const Engine& engine) : engine_(engine) {}

  const Engine& engine() const { return engine_; }

  // Defining a name again replaces it.
  void define(std::string_view module, std::string_view name, const Extern& value) { set(module, name, value); }
  void define(std::string_view module, std::string_view name, const SharedMemory& memory) { set(module, name, memory); }
  // A host function from a C++ callable: signatures as for Func::wrap. Per-store state: Caller::data<T>(). If the Linker serves
  // several threads, the callable is called by all of them.
  template <class F>
  void define_func(std::string_view module, std::string_view name, F&& callable) {
    set(module, name, detail::make_host_function(std::forward<F>(callable)));
  }
  // The same with a type known only at run time, as for Func::create.
  void define_func(std::string_view module, std::string_view name, const FuncType& type, Func::Callback callback);
  void define_func_unchecked(std::string_view module, std::string_view name, const FuncType& type,
                             Func::SlotsCallback callback);
  // All exports of an instance under a module name.
  void define_instance(std::string_view module, const Instance& instance);

  // The value under a name as seen in `store`.
  std::optional<Extern> get(StoreRef store, std::string_view module, std::string_view name) const;

  // What this linker has for each import of `module`, in order. All three must belong to one engine.
  std::vector<ImportStatus> check(StoreRef store, const Module& module) const;
  // A value for every import of `module`, in order. The error names every import that is missing (with its type and the most
  // similar name there is) and every one of the wrong type, names escaped (base/printable.h). Errors: unknown_import,
  // incompatible_import_type.
  std::expected<std::vector<Extern>, Error> resolve(StoreRef store, const Module& module) const;
  // resolve, then Instance::create.
  std::expected<Instance, InstantiationError> instantiate(StoreRef store, const Module& module) const;

 private:
  using Item = std::variant<Extern, SharedMemory, detail::HostFunction>;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using NameMap = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void set(std::string_view module, std::string_view name, Item item);
  const Item* find(std::string_view module, std::string_view name) const;
  static std::expected<Extern, Error> materialize(StoreRef store, const Item& item);
  std::string suggest(const ImportType& import) const;
  ImportStatus status_of(StoreRef store, const Module& module, const ImportType& import, size_t index) const;

  Engine engine_;
  NameMap<NameMap<Item>> modules_;
};

}  // namespace arris::api
