#include "arris/caller.h"

#include "engine/access.h"

namespace arris::api {

using detail::Access;

StoreRef Caller::store() const { return Access::store(store_); }

std::optional<Instance> Caller::instance() const {
  if (instance_ == nullptr) return std::nullopt;
  return Access::instance(store_, instance_);
}

std::optional<Memory> Caller::memory() const {
  if (instance_ == nullptr || instance_->module->memories.empty()) return std::nullopt;
  return Access::memory(store_, instance_->memories[0]);
}

std::optional<Extern> Caller::get_export(std::string_view name) const {
  if (instance_ == nullptr) return std::nullopt;
  return Access::instance(store_, instance_).get(name);
}

Trap Caller::exception(const Tag& tag, std::span<const Val> payload) const {
  auto made = Ref::exception(store(), tag, payload);
  return made ? Trap::exception(*made) : std::move(made).error();
}

}  // namespace arris::api
