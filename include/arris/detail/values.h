// How C++ types stand for WebAssembly types in typed calls and host functions:
//   bool, enums up to 4 bytes, 4-byte integers  i32        8-byte integers and enums  i64
//   float f32   double f64   V128 v128           Ref, ExternRef externref   FuncRef funcref   AnyRef anyref   ExnRef exnref
// ValueTraits<T> gives the type and moves a value between C++ and value-stack slots (runtime/layout.h).
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "arris/detail/fwd.h"
#include "arris/ref.h"
#include "arris/types.h"

namespace arris::api::detail {

// False if the reference is of another Store or its type does not match `type`.
bool ref_to_slot(const StoreState* store, const Ref& ref, ValType type, uint64_t* slot);
Ref ref_from_slot(StoreState* store, uint64_t bits, ValType static_type);

template <class T>
struct ValueTraits;

// Integers and enums.
template <class T>
  requires(std::is_enum_v<T> || std::same_as<T, bool> || (std::integral<T> && sizeof(T) >= 4))
struct ValueTraits<T> {
  static constexpr uint32_t kSlots = 1;
  static constexpr bool kIsRef = false;
  static constexpr ValType type() { return sizeof(T) <= 4 ? kI32 : kI64; }
  static T load(StoreState*, const uint64_t* slots) { return static_cast<T>(slots[0]); }
  static bool store(const StoreState*, T value, uint64_t* slots) {
    if constexpr (sizeof(T) <= 4) {
      slots[0] = static_cast<uint32_t>(value);
    } else {
      slots[0] = static_cast<uint64_t>(value);
    }
    return true;
  }
};

template <>
struct ValueTraits<float> {
  static constexpr uint32_t kSlots = 1;
  static constexpr bool kIsRef = false;
  static constexpr ValType type() { return kF32; }
  static float load(StoreState*, const uint64_t* slots) {
    return std::bit_cast<float>(static_cast<uint32_t>(slots[0]));
  }
  static bool store(const StoreState*, float value, uint64_t* slots) {
    slots[0] = std::bit_cast<uint32_t>(value);
    return true;
  }
};

template <>
struct ValueTraits<double> {
  static constexpr uint32_t kSlots = 1;
  static constexpr bool kIsRef = false;
  static constexpr ValType type() { return kF64; }
  static double load(StoreState*, const uint64_t* slots) { return std::bit_cast<double>(slots[0]); }
  static bool store(const StoreState*, double value, uint64_t* slots) {
    slots[0] = std::bit_cast<uint64_t>(value);
    return true;
  }
};

template <>
struct ValueTraits<V128> {
  static constexpr uint32_t kSlots = 2;
  static constexpr bool kIsRef = false;
  static constexpr ValType type() { return kV128; }
  static V128 load(StoreState*, const uint64_t* slots) {
    V128 value;
    std::memcpy(&value, slots, sizeof value);
    return value;
  }
  static bool store(const StoreState*, V128 value, uint64_t* slots) {
    std::memcpy(slots, &value, sizeof value);
    return true;
  }
};

template <std::derived_from<Ref> T>
struct ValueTraits<T> {
  static constexpr uint32_t kSlots = 1;
  static constexpr bool kIsRef = true;
  static constexpr ValType type() {
    if constexpr (std::same_as<T, FuncRef>) return kFuncRef;
    if constexpr (std::same_as<T, AnyRef>) return kAnyRef;
    if constexpr (std::same_as<T, ExnRef>) return kExnRef;
    return kExternRef;
  }
  static T load(StoreState* state, const uint64_t* slots) { return T(ref_from_slot(state, slots[0], type())); }
  static bool store(const StoreState* state, const T& value, uint64_t* slots) {
    return ref_to_slot(state, value, type(), slots);
  }
};

template <class T>
concept Value = requires { ValueTraits<T>::kSlots; };

// A result list: void, one value, or a tuple of values.
template <class R>
struct ResultTraits {
  static_assert(Value<R>, "not a type that WebAssembly values map to (arris/detail/values.h lists them)");
  static constexpr uint32_t kSlots = ValueTraits<R>::kSlots;
  static void append_types(ResultType& types) { types.push_back(ValueTraits<R>::type()); }
  static R load(StoreState* store, const uint64_t* slots) { return ValueTraits<R>::load(store, slots); }
  static bool store(const StoreState* state, const R& result, uint64_t* slots) {
    return ValueTraits<R>::store(state, result, slots);
  }
};

template <>
struct ResultTraits<void> {
  static constexpr uint32_t kSlots = 0;
  static void append_types(ResultType&) {}
};

// Slot offset of each element of a list of values.
template <class... Ts>
struct ValueList {
  static constexpr uint32_t kSlots = (ValueTraits<Ts>::kSlots + ... + 0);
  static void append_types(ResultType& types) { (types.push_back(ValueTraits<Ts>::type()), ...); }
  static std::tuple<Ts...> load(StoreState* store, const uint64_t* slots) {
    // Braces: evaluated from left to right.
    return std::tuple<Ts...>{load_next<Ts>(store, slots)...};
  }
  static bool store(const StoreState* state, uint64_t* slots, const Ts&... values) {
    return (store_next(state, values, slots) && ...);
  }

 private:
  template <class T>
  static T load_next(StoreState* store, const uint64_t*& slots) {
    const uint64_t* here = slots;
    slots += ValueTraits<T>::kSlots;
    return ValueTraits<T>::load(store, here);
  }
  template <class T>
  static bool store_next(const StoreState* state, const T& value, uint64_t*& slots) {
    uint64_t* here = slots;
    slots += ValueTraits<T>::kSlots;
    return ValueTraits<T>::store(state, value, here);
  }
};

template <class... Ts>
struct ResultTraits<std::tuple<Ts...>> {
  static constexpr uint32_t kSlots = ValueList<Ts...>::kSlots;
  static void append_types(ResultType& types) { ValueList<Ts...>::append_types(types); }
  static std::tuple<Ts...> load(StoreState* store, const uint64_t* slots) {
    return ValueList<Ts...>::load(store, slots);
  }
  static bool store(const StoreState* state, const std::tuple<Ts...>& results, uint64_t* slots) {
    return std::apply([&](const Ts&... values) { return ValueList<Ts...>::store(state, slots, values...); }, results);
  }
};

}  // namespace arris::api::detail
