// Caller: what a host function may know of who called it. Valid during the call only.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "arris/detail/fwd.h"
#include "arris/memory.h"
#include "arris/store.h"
#include "arris/val.h"

namespace arris::api {

class Extern;

class Caller {
 public:
  StoreRef store() const;
  template <class T>
  T* data() const {
    return store().data<T>();
  }

  // The instance whose code called; empty when the host itself called.
  std::optional<Instance> instance() const;
  // The calling instance's memory 0, exported or not.
  std::optional<Memory> memory() const;
  // An export of the calling instance.
  std::optional<Extern> get_export(std::string_view name) const;

  // A Trap that throws a new exception: `return std::unexpected(caller.exception(tag, payload));`. A payload that does not
  // match the tag gives a Trap host_error instead.
  Trap exception(const Tag& tag, std::span<const Val> payload) const;

  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  // For the engine.
  Caller(detail::StoreState* store, arris::runtime::InstanceData* instance) : store_(store), instance_(instance) {}

 private:
  detail::StoreState* store_;
  arris::runtime::InstanceData* instance_;
};

}  // namespace arris::api
