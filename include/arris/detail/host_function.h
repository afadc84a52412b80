// Host functions from C++ callables: the trampoline between value-stack slots and a C++ call. No allocation per call.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "arris/caller.h"
#include "arris/detail/fwd.h"
#include "arris/detail/values.h"
#include "arris/trap.h"

namespace arris::api::detail {

// What a trampoline is given: begins the environment of every host function (one per Store).
struct HostEnvironment {
  StoreState* store;
  void* callable;
};

using HostTrampoline = arris::runtime::Outcome (*)(void* environment, arris::runtime::Store& store,
                                                   arris::runtime::InstanceData* caller, uint64_t* slots);

// A host function that belongs to no Store yet. The callable is shared by all Stores it is used in.
struct HostFunction {
  FuncType type;  // canonical
  HostTrampoline trampoline = nullptr;
  std::shared_ptr<void> callable;
};

inline constexpr arris::runtime::Outcome kOutcomeOk{0};
// Records the trap or exception in the store.
arris::runtime::Outcome raise(StoreState* store, Trap&& trap);
arris::runtime::Outcome raise_bad_result(StoreState* store);

template <class T>
struct Expected : std::false_type {
  using Value = T;
};
template <class T>
struct Expected<std::expected<T, Trap>> : std::true_type {
  using Value = T;
};

template <class R, bool kTakesCaller, class... Args>
struct HostCall {
  using Params = ValueList<std::remove_cvref_t<Args>...>;
  using Result = typename Expected<R>::Value;

  static FuncType type() {
    FuncType type;
    Params::append_types(type.params);
    ResultTraits<Result>::append_types(type.results);
    return type;
  }

  // noexcept: an exception that leaves the callable ends the process rather than unwinding through WebAssembly frames.
  template <class F>
  static arris::runtime::Outcome trampoline(void* environment, arris::runtime::Store&,
                                            arris::runtime::InstanceData* instance, uint64_t* slots) noexcept {
    auto* host = static_cast<HostEnvironment*>(environment);
    auto& callable = *static_cast<F*>(host->callable);
    auto call = [&](auto&... args) -> R {
      if constexpr (kTakesCaller) {
        Caller caller(host->store, instance);
        return callable(caller, std::forward<Args>(args)...);
      } else {
        return callable(std::forward<Args>(args)...);
      }
    };
    auto args = Params::load(host->store, slots);
    if constexpr (std::is_void_v<R>) {
      std::apply(call, args);
      return kOutcomeOk;
    } else if constexpr (Expected<R>::value) {
      R result = std::apply(call, args);
      if (!result) return raise(host->store, std::move(result).error());
      if constexpr (std::is_void_v<Result>) {
        return kOutcomeOk;
      } else {
        return finish(host->store, *result, slots);
      }
    } else {
      return finish(host->store, std::apply(call, args), slots);
    }
  }

 private:
  static arris::runtime::Outcome finish(StoreState* store, const auto& result, uint64_t* slots) {
    if (!ResultTraits<Result>::store(store, result, slots)) return raise_bad_result(store);
    return kOutcomeOk;
  }
};

template <class R, class... Args>
struct Signature {
  using Call = HostCall<R, false, Args...>;
};
template <class R, class... Args>
struct Signature<R, Caller&, Args...> {
  using Call = HostCall<R, true, Args...>;
};

template <class F>
struct CallableTraits : CallableTraits<decltype(&F::operator())> {};
template <class R, class... Args>
struct CallableTraits<R (*)(Args...)> : Signature<R, Args...> {};
template <class R, class... Args>
struct CallableTraits<R (*)(Args...) noexcept> : Signature<R, Args...> {};
template <class C, class R, class... Args>
struct CallableTraits<R (C::*)(Args...)> : Signature<R, Args...> {};
template <class C, class R, class... Args>
struct CallableTraits<R (C::*)(Args...) const> : Signature<R, Args...> {};
template <class C, class R, class... Args>
struct CallableTraits<R (C::*)(Args...) noexcept> : Signature<R, Args...> {};
template <class C, class R, class... Args>
struct CallableTraits<R (C::*)(Args...) const noexcept> : Signature<R, Args...> {};

template <class F>
HostFunction make_host_function(F&& function) {
  using Stored = std::decay_t<F>;
  using Call = typename CallableTraits<Stored>::Call;
  return {Call::type(), &Call::template trampoline<Stored>, std::make_shared<Stored>(std::forward<F>(function))};
}

}  // namespace arris::api::detail
