#include "arris/engine.h"

#include "engine/access.h"
#include "engine/tiers.h"

namespace arris::api {
namespace {

std::string describe_func(const arris::TypeRegistry& registry, const FuncType& type, int depth);

constexpr FeatureInfo kFeatures[] = {
#define FEATURE(name, flag, release, description) {Feature::name, #name, flag, release, description},
#include "wasm/features.def"
};

// Defined types are written out to this depth; deeper ones (recursive types have no end) as their ids.
constexpr int kMaxDepth = 2;

std::string describe_type(const arris::TypeRegistry& registry, ValType type, int depth) {
  if (!type.is_ref() || !type.heap().is_concrete() || depth >= kMaxDepth) return to_string(type);
  const arris::CanonicalType& defined = registry.get(arris::CanonicalTypeId(type.heap().index()));
  std::string out = type.is_nullable() ? "(ref null (" : "(ref (";
  switch (defined.kind) {
    case arris::CompositeKind::func: out += describe_func(registry, defined.func, depth + 1); break;
    case arris::CompositeKind::struct_:
    case arris::CompositeKind::array:
      out += defined.kind == arris::CompositeKind::struct_ ? "struct" : "array";
      for (const arris::FieldType& field : defined.fields) {
        std::string storage = describe_type(registry, field.storage, depth + 1);
        out += field.is_mutable ? " (mut " + storage + ")" : " " + storage;
      }
      break;
  }
  return out + "))";
}

std::string describe_func(const arris::TypeRegistry& registry, const FuncType& type, int depth) {
  auto list = [&](const char* keyword, const ResultType& types) {
    std::string out;
    if (types.empty()) return out;
    out = std::string(" (") + keyword;
    for (ValType t : types) out += " " + describe_type(registry, t, depth);
    return out + ")";
  };
  return "func" + list("param", type.params) + list("result", type.results);
}

}  // namespace

std::span<const FeatureInfo> all_features() { return kFeatures; }

Engine::Engine(const Config& config)
    : state_(std::make_shared<detail::EngineState>(config, std::make_shared<arris::TypeRegistry>(), nullptr)) {
  detail::create_tiers(*state_);
  if (config.instruction_budget != ~uint64_t{0})
    state_->instruction_budget = std::make_shared<std::atomic<uint64_t>>(config.instruction_budget);
}

const Config& Engine::config() const { return state_->config; }

// Types are held while they are looked at: their modules may end in another thread.
std::string Engine::describe(ValType type) const {
  arris::TypeHolds holds(state_->registry);
  return describe_type(*state_->registry, holds.hold(type), 0);
}
std::string Engine::describe(const FuncType& type) const {
  arris::TypeHolds holds(state_->registry);
  return "(" + describe_func(*state_->registry, holds.hold(type), 0) + ")";
}

std::string_view Engine::profile_error() const { return detail::profile_error(*state_); }

StoreUsage Engine::usage_of_ended_stores() const {
  return {
      state_->ended_instructions.load(std::memory_order_relaxed),
      std::chrono::nanoseconds(static_cast<int64_t>(state_->ended_host_nanoseconds.load(std::memory_order_relaxed)))};
}

bool Engine::is_subtype(ValType sub, ValType super) const {
  arris::TypeHolds holds(state_->registry);
  return state_->registry->is_subtype(holds.hold(sub), holds.hold(super));
}

}  // namespace arris::api
