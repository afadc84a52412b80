// Func: a function in a Store, WebAssembly's or the host's; TypedFunc: the same with its C++ signature checked once.
// Spec: exec/runtime, function instances.
//
// Calls may nest: host functions may call back into WebAssembly. A call that would exhaust the value stack or the native stack
// traps with call_stack_exhausted.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "arris/caller.h"
#include "arris/detail/fwd.h"
#include "arris/detail/host_function.h"
#include "arris/detail/values.h"
#include "arris/store.h"
#include "arris/trap.h"
#include "arris/types.h"
#include "arris/val.h"

namespace arris::api {

class Func {
 public:
  // A host function from a C++ callable (lambda, function object, function pointer) with parameters and results as
  // detail/values.h lists them:
  //   void|T|std::tuple<T...>|std::expected<void|T|std::tuple<T...>, Trap>  (T...)  or  (Caller&, T...)
  // The callable is copied or moved in and lives as long as the Store. It must not throw C++ exceptions.
  template <class F>
  static Func wrap(StoreRef store, F&& callable) {
    return from_host_function(store, detail::make_host_function(std::forward<F>(callable)));
  }

  // A host function of a type known only at run time. `results` come filled with zeros and nulls of the result types.
  using Callback =
      std::function<std::expected<void, Trap>(Caller& caller, std::span<const Val> args, std::span<Val> results)>;
  static Func create(StoreRef store, const FuncType& type, Callback callback);
  // The same without Vals: `slots` holds the arguments and receives the results (i32 and f32 zero-extended, v128 as two slots,
  // low half first; references as Refs cannot be: use `create`). Nothing is checked; no allocation per call.
  using SlotsCallback = std::function<std::expected<void, Trap>(Caller& caller, std::span<uint64_t> slots)>;
  static Func create_unchecked(StoreRef store, const FuncType& type, SlotsCallback callback);

  FuncType type() const;
  bool is_host() const;
  StoreRef store() const;

  // Calls it. Arguments of the wrong number or type give a Trap host_error that says so, and nothing runs.
  std::expected<std::vector<Val>, Trap> call(std::span<const Val> args) const;
  std::expected<std::vector<Val>, Trap> call(std::initializer_list<Val> args) const {
    return call(std::span<const Val>(args.begin(), args.size()));
  }

  // With a C++ signature: func.typed<double(int32_t, int64_t)>(), several results as std::tuple. Error type_mismatch if the
  // function has another type. A plain Ref there fits every reference type (arguments are checked at each call).
  template <class Signature>
  std::expected<TypedFunc<Signature>, Error> typed() const;

  friend bool operator==(const Func& a, const Func& b) { return a.func_ == b.func_; }

 private:
  friend struct detail::Access;
  template <class Signature>
  friend class TypedFunc;
  Func(detail::StoreState* store, const arris::runtime::FuncInstance* func) : store_(store), func_(func) {}
  static Func from_host_function(StoreRef store, detail::HostFunction function);
  // The check of typed(). `plain_ref` tells, for parameters then results, which are a plain Ref and so fit any reference type.
  std::expected<void, Error> check_signature(const FuncType& type, std::span<const bool> plain_ref) const;

  detail::StoreState* store_;
  const arris::runtime::FuncInstance* func_;
};

namespace detail {

// The call behind TypedFunc. `slots` holds the arguments and receives the results. False: take_trap tells why.
[[nodiscard]] bool call_slots(StoreState* store, const arris::runtime::FuncInstance* func, uint64_t* slots,
                              uint32_t param_slots, uint32_t result_slots);
Trap take_trap(StoreState* store);
// An argument reference that does not fit parameter `index`.
Trap bad_argument(uint32_t index);
// Converts reference argument number `index` by the function's own parameter type.
bool argument_ref_to_slot(const StoreState* store, const arris::runtime::FuncInstance* func, uint32_t index,
                          const Ref& ref, uint64_t* slot);
Ref result_ref_from_slot(StoreState* store, const arris::runtime::FuncInstance* func, uint32_t index, uint64_t bits);

template <class... Ts>
struct PlainRefs {
  static constexpr size_t kCount = sizeof...(Ts);
  static constexpr bool kAre[kCount + 1] = {std::is_same_v<Ts, Ref>..., false};
};
template <class R>
struct ResultPlainRefs : PlainRefs<R> {};
template <>
struct ResultPlainRefs<void> : PlainRefs<> {};
template <class... Ts>
struct ResultPlainRefs<std::tuple<Ts...>> : PlainRefs<Ts...> {};

}  // namespace detail

// Calling does not allocate (references get their roots). Cheap to copy; valid as long as its Store.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
  using Params = detail::ValueList<std::remove_cvref_t<Args>...>;
  using Results = detail::ResultTraits<R>;
  static constexpr uint32_t kSlots = Params::kSlots > Results::kSlots ? Params::kSlots : Results::kSlots;

 public:
  std::expected<R, Trap> operator()(const std::remove_cvref_t<Args>&... args) const {
    uint64_t slots[kSlots + 1];
    if constexpr (sizeof...(Args) > 0) {
      uint64_t* next = slots;
      uint32_t index = 0;
      if (!(put(args, next, index) && ...)) [[unlikely]]
        return std::unexpected(detail::bad_argument(index));
    }
    if (!detail::call_slots(store_, func_, slots, Params::kSlots, Results::kSlots)) [[unlikely]]
      return std::unexpected(detail::take_trap(store_));
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return Take<R>::from(*this, slots);
    }
  }

  Func func() const { return Func(store_, func_); }

 private:
  friend class Func;
  TypedFunc(detail::StoreState* store, const arris::runtime::FuncInstance* func) : store_(store), func_(func) {}

  template <class T>
  bool put(const T& value, uint64_t*& next, uint32_t& index) const {
    uint64_t* here = next;
    next += detail::ValueTraits<T>::kSlots;
    bool ok;
    if constexpr (detail::ValueTraits<T>::kIsRef) {
      ok = detail::argument_ref_to_slot(store_, func_, index, value, here);
    } else {
      ok = detail::ValueTraits<T>::store(store_, value, here);
    }
    if (ok) ++index;
    return ok;
  }
  template <class T>
  T take(const uint64_t*& next, uint32_t& index) const {
    const uint64_t* here = next;
    next += detail::ValueTraits<T>::kSlots;
    uint32_t result = index++;
    if constexpr (detail::ValueTraits<T>::kIsRef) {
      return T(detail::result_ref_from_slot(store_, func_, result, *here));
    } else {
      return detail::ValueTraits<T>::load(store_, here);
    }
  }
  template <class T>
  struct Take {
    static T from(const TypedFunc& self, const uint64_t* slots) {
      uint32_t index = 0;
      return self.template take<T>(slots, index);
    }
  };
  template <class... Ts>
  struct Take<std::tuple<Ts...>> {
    static std::tuple<Ts...> from(const TypedFunc& self, const uint64_t* slots) {
      uint32_t index = 0;
      return std::tuple<Ts...>{self.template take<Ts>(slots, index)...};
    }
  };

  detail::StoreState* store_;
  const arris::runtime::FuncInstance* func_;
};

namespace detail {
template <class Signature>
struct SignatureTypes;
template <class R, class... Args>
struct SignatureTypes<R(Args...)> {
  using ParamRefs = PlainRefs<std::remove_cvref_t<Args>...>;
  using ResultRefs = ResultPlainRefs<R>;
  static FuncType type() {
    FuncType type;
    ValueList<std::remove_cvref_t<Args>...>::append_types(type.params);
    ResultTraits<R>::append_types(type.results);
    return type;
  }
};
}  // namespace detail

template <class Signature>
std::expected<TypedFunc<Signature>, Error> Func::typed() const {
  using Types = detail::SignatureTypes<Signature>;
  bool plain_refs[Types::ParamRefs::kCount + Types::ResultRefs::kCount + 1] = {};
  size_t count = 0;
  for (size_t i = 0; i < Types::ParamRefs::kCount; ++i) plain_refs[count++] = Types::ParamRefs::kAre[i];
  for (size_t i = 0; i < Types::ResultRefs::kCount; ++i) plain_refs[count++] = Types::ResultRefs::kAre[i];
  if (auto ok = check_signature(Types::type(), {plain_refs, count}); !ok) return std::unexpected(std::move(ok).error());
  return TypedFunc<Signature>(store_, func_);
}

}  // namespace arris::api
