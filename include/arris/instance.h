// Instance: an instantiated module in a Store. A handle (store.h tells its lifetime). Spec: exec/modules, instantiation.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "arris/detail/fwd.h"
#include "arris/extern.h"
#include "arris/module.h"
#include "arris/trap.h"

namespace arris::api {

// Why a module could not be instantiated: refused (Error: imports missing or of the wrong type, limits), or its segments or
// start function trapped (Trap).
class InstantiationError {
 public:
  InstantiationError(Error error) : reason_(std::move(error)) {}  // NOLINT
  InstantiationError(Trap trap) : reason_(std::move(trap)) {}     // NOLINT
  const Error* error() const { return std::get_if<Error>(&reason_); }
  const Trap* trap() const { return std::get_if<Trap>(&reason_); }
  std::string to_string() const;

 private:
  std::variant<Error, Trap> reason_;
};

class Instance {
 public:
  // Instantiates with one value per import, in the order of Module::imports(), and runs the start function. Linker finds the
  // values by name. On failure, writes already made to imported memories and tables stay. Spec: exec/modules.
  static std::expected<Instance, InstantiationError> create(StoreRef store, const Module& module,
                                                            std::span<const Extern> imports);

  Module module() const;
  StoreRef store() const;
  // Exports by name, and by position as in Module::exports().
  std::optional<Extern> get(std::string_view name) const;
  Extern export_at(uint32_t position) const;
  uint32_t export_count() const;
  // Absent: no such export, or one of another kind.
  std::optional<Func> func(std::string_view name) const;
  std::optional<Memory> memory(std::string_view name) const;
  std::optional<Table> table(std::string_view name) const;
  std::optional<Global> global(std::string_view name) const;
  std::optional<Tag> tag(std::string_view name) const;
  // An exported function with a C++ signature. Errors: unknown_function, type_mismatch.
  template <class Signature>
  std::expected<TypedFunc<Signature>, Error> typed(std::string_view name) const {
    auto found = func(name);
    if (!found) return std::unexpected(Error{ErrorCode::unknown_function, kNoOffset, std::string(name)});
    return found->template typed<Signature>();
  }

  friend bool operator==(const Instance& a, const Instance& b) { return a.data_ == b.data_; }

 private:
  friend struct detail::Access;
  Instance(detail::StoreState* store, arris::runtime::InstanceData* data) : store_(store), data_(data) {}
  detail::StoreState* store_;
  arris::runtime::InstanceData* data_;
};

}  // namespace arris::api
