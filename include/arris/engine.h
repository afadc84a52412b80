// Engine: configuration and the type identities shared by its modules and stores.
//
// A cheap handle to shared state: copies are the same engine. Thread-safe. Modules and Stores keep their engine alive.
// There is no global state: engines know nothing of each other, and what belongs to one must not be given to another.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "arris/config.h"
#include "arris/detail/fwd.h"

namespace arris::api {

// What Stores used, where Config says to measure it.
struct StoreUsage {
  uint64_t instructions = 0;
  std::chrono::nanoseconds host_time{};
};

class Engine {
 public:
  explicit Engine(const Config& config = {});

  const Config& config() const;
  // Text form of a type in which defined types are written out, not as the canonical ids that to_string shows.
  std::string describe(ValType type) const;
  std::string describe(const FuncType& type) const;
  // Of the Stores of this engine that have ended, together: those of a guest's threads, for example. StoreRef::instructions and
  // host_time tell about a living one.
  StoreUsage usage_of_ended_stores() const;
  // Why Config::profile has no effect: its file could not be made. Empty if all is well.
  std::string_view profile_error() const;
  // Is `sub` a subtype of `super`? Spec: validation/matching.
  bool is_subtype(ValType sub, ValType super) const;

  friend bool operator==(const Engine&, const Engine&) = default;

 private:
  friend struct detail::Access;
  std::shared_ptr<detail::EngineState> state_;
};

}  // namespace arris::api
