#include "arris/func.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "engine/access.h"

namespace arris::api {

using arris::runtime::FuncInstance;
using arris::runtime::InstanceData;
using arris::runtime::Outcome;
using detail::Access;
using detail::StoreState;

namespace {

// The environment of a host function in one Store.
struct OwningEnvironment : detail::HostEnvironment {
  std::shared_ptr<void> keep;
};

void drop_environment(void* environment) {
  delete static_cast<OwningEnvironment*>(static_cast<detail::HostEnvironment*>(environment));
}

struct DynamicCallable {
  FuncType type;
  Func::Callback callback;
  arris::TypeHolds holds;  // on what `type` names: a Linker keeps functions when no module has those types any more
};

// The arguments or results of one call, which are few, in place.
class ValBuffer {
 public:
  explicit ValBuffer(size_t capacity) {
    if (capacity > kInline)
      large_.reserve(capacity);
    else
      small_ = reinterpret_cast<Val*>(storage_);
  }
  ValBuffer(const ValBuffer&) = delete;
  ValBuffer& operator=(const ValBuffer&) = delete;
  ~ValBuffer() {
    if (small_ != nullptr) std::destroy_n(small_, size_);
  }
  void push_back(Val value) {
    if (small_ != nullptr)
      std::construct_at(small_ + size_++, std::move(value));
    else
      large_.push_back(std::move(value));
  }
  std::span<Val> values() { return small_ != nullptr ? std::span<Val>(small_, size_) : std::span<Val>(large_); }

 private:
  static constexpr size_t kInline = 8;
  alignas(Val) std::byte storage_[kInline * sizeof(Val)];
  Val* small_ = nullptr;  // in storage_, unless there are more
  size_t size_ = 0;
  std::vector<Val> large_;
};

Outcome dynamic_trampoline(void* environment, arris::runtime::Store&, InstanceData* instance,
                           uint64_t* slots) noexcept {
  auto* host = static_cast<detail::HostEnvironment*>(environment);
  auto& callable = *static_cast<DynamicCallable*>(host->callable);
  ValBuffer args(callable.type.params.size());
  ValBuffer result_buffer(callable.type.results.size());
  const uint64_t* next = slots;
  for (ValType type : callable.type.params) {
    args.push_back(detail::val_from_slots(host->store, next, type));
    next += type.slots();
  }
  for (ValType type : callable.type.results) result_buffer.push_back(Val::zero(type));
  const std::span<Val> results = result_buffer.values();
  Caller caller(host->store, instance);
  if (auto done = callable.callback(caller, args.values(), results); !done)
    return detail::raise(host->store, std::move(done).error());
  uint64_t* out = slots;
  for (size_t i = 0; i < results.size(); ++i) {
    ValType type = callable.type.results[i];
    if (!detail::val_to_slots(host->store, results[i], type, out)) {
      return detail::raise(host->store, Trap("a host function returned a " + to_string(results[i].type()) +
                                             " as result " + std::to_string(i) + " of type " + to_string(type)));
    }
    out += type.slots();
  }
  return detail::kOutcomeOk;
}

struct SlotsCallable {
  Func::SlotsCallback callback;
  uint32_t slots;
  arris::TypeHolds holds;
};

Outcome slots_trampoline(void* environment, arris::runtime::Store&, InstanceData* instance, uint64_t* slots) noexcept {
  auto* host = static_cast<detail::HostEnvironment*>(environment);
  auto& callable = *static_cast<SlotsCallable*>(host->callable);
  Caller caller(host->store, instance);
  if (auto done = callable.callback(caller, {slots, callable.slots}); !done)
    return detail::raise(host->store, std::move(done).error());
  return detail::kOutcomeOk;
}

uint32_t slots_of(const ResultType& types) {
  uint32_t slots = 0;
  for (ValType type : types) slots += type.slots();
  return slots;
}

// Most calls need few slots: no allocation for those.
class SlotBuffer {
 public:
  explicit SlotBuffer(size_t count) {
    if (count > kInline) large_.resize(count);
  }
  uint64_t* data() { return large_.empty() ? small_ : large_.data(); }

 private:
  static constexpr size_t kInline = 32;
  uint64_t small_[kInline];
  std::vector<uint64_t> large_;
};

}  // namespace

namespace detail {

HostFunction make_dynamic_host_function(const Engine& engine, const FuncType& type, Func::Callback callback) {
  arris::TypeHolds holds(Access::state(engine)->registry);
  FuncType held = holds.hold(type);
  return {held, &dynamic_trampoline, std::make_shared<DynamicCallable>(held, std::move(callback), std::move(holds))};
}

HostFunction make_slots_host_function(const Engine& engine, const FuncType& type, Func::SlotsCallback callback) {
  arris::TypeHolds holds(Access::state(engine)->registry);
  FuncType held = holds.hold(type);
  uint32_t slots = std::max(slots_of(type.params), slots_of(type.results));
  return {std::move(held), &slots_trampoline,
          std::make_shared<SlotsCallable>(std::move(callback), slots, std::move(holds))};
}

bool call_slots(StoreState* store, const FuncInstance* func, uint64_t* slots, uint32_t param_slots,
                uint32_t result_slots) {
  return store->store.invoke(*func, {slots, param_slots}, {slots, result_slots}) == Outcome::ok;
}

bool argument_ref_to_slot(const StoreState* store, const FuncInstance* func, uint32_t index, const Ref& ref,
                          uint64_t* slot) {
  return ref_to_slot(store, ref, func->type->func.params[index], slot);
}

Ref result_ref_from_slot(StoreState* store, const FuncInstance* func, uint32_t index, uint64_t bits) {
  return ref_from_slot(store, bits, func->type->func.results[index]);
}

}  // namespace detail

Func Func::from_host_function(StoreRef store, detail::HostFunction function) {
  StoreState* state = Access::state(store);
  auto* environment = new OwningEnvironment{{state, function.callable.get()}, std::move(function.callable)};
  const arris::CanonicalType& type = state->store.func_type(function.type);
  auto* raw = static_cast<detail::HostEnvironment*>(environment);
  return Func(state, state->store.new_host_func(type, function.trampoline, raw, &drop_environment));
}

Func Func::create(StoreRef store, const FuncType& type, Callback callback) {
  return from_host_function(
      store, detail::make_dynamic_host_function(Access::state(store)->engine, type, std::move(callback)));
}

Func Func::create_unchecked(StoreRef store, const FuncType& type, SlotsCallback callback) {
  return from_host_function(store,
                            detail::make_slots_host_function(Access::state(store)->engine, type, std::move(callback)));
}

FuncType Func::type() const { return func_->type->func; }
bool Func::is_host() const { return func_->host != nullptr; }
StoreRef Func::store() const { return Access::store(store_); }

std::expected<std::vector<Val>, Trap> Func::call(std::span<const Val> args) const {
  const arris::CanonicalType& type = *func_->type;
  const ResultType& params = type.func.params;
  if (args.size() != params.size()) {
    return std::unexpected(Trap("the function takes " + std::to_string(params.size()) + " arguments, " +
                                std::to_string(args.size()) + " were given"));
  }
  SlotBuffer slots(std::max(type.param_slots, type.result_slots));
  uint64_t* next = slots.data();
  for (size_t i = 0; i < args.size(); ++i) {
    if (!detail::val_to_slots(store_, args[i], params[i], next)) {
      return std::unexpected(Trap("argument " + std::to_string(i) + " must be " + to_string(params[i]) + ", found " +
                                  to_string(args[i].type())));
    }
    next += params[i].slots();
  }
  if (!detail::call_slots(store_, func_, slots.data(), type.param_slots, type.result_slots))
    return std::unexpected(detail::take_trap(store_));
  std::vector<Val> results;
  results.reserve(type.func.results.size());
  const uint64_t* result = slots.data();
  for (ValType t : type.func.results) {
    results.push_back(detail::val_from_slots(store_, result, t));
    result += t.slots();
  }
  return results;
}

std::expected<void, Error> Func::check_signature(const FuncType& wanted, std::span<const bool> plain_ref) const {
  const FuncType& actual = func_->type->func;
  auto fits = [&](const ResultType& want, const ResultType& have, std::span<const bool> plain) {
    if (want.size() != have.size()) return false;
    for (size_t i = 0; i < want.size(); ++i) {
      if (plain[i] ? !have[i].is_ref() : want[i] != have[i]) return false;
    }
    return true;
  };
  size_t params = wanted.params.size();
  if (fits(wanted.params, actual.params, plain_ref.first(params)) &&
      fits(wanted.results, actual.results, plain_ref.subspan(params)))
    return {};
  return std::unexpected(Error{ErrorCode::type_mismatch, kNoOffset,
                               "the function has type " + store_->engine.describe(actual) + ", asked for as " +
                                   store_->engine.describe(wanted)});
}

}  // namespace arris::api
