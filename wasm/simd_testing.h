// Edge values of every lane type, and checks of vector instructions lane by lane against scalar references.
// Binary grids place every pair of edge values in every lane: lane i of step k holds pair k + i of all pairs in order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "wasm/numeric.h"
#include "wasm/simd.h"

namespace arris::num {

using Big = __int128;
using Unary = V128 (*)(V128);
using Binary = V128 (*)(V128, V128);
using Shift = V128 (*)(V128, uint32_t);

// --- Edge values ---------------------------------------------------------------------------------------------------

template <class T>
std::vector<T> edges() {
  using U = std::make_unsigned_t<T>;
  std::vector<T> values = {0, 1, 2, 3, 15, 16, 0x55, 100};
  for (int bit = 3; bit < static_cast<int>(sizeof(T) * 8); bit += 4) {
    for (int delta : {-1, 0, 1}) values.push_back(static_cast<T>((U{1} << bit) + static_cast<U>(delta)));
  }
  for (size_t i = 0, n = values.size(); i < n; ++i) values.push_back(static_cast<T>(U{0} - static_cast<U>(values[i])));
  return values;
}
template <class F, class U>
std::vector<F> float_edges(std::initializer_list<U> nans) {
  using Limits = std::numeric_limits<F>;
  std::vector<F> values = {0,
                           1,
                           2,
                           F(0.5),
                           F(0.9),
                           F(1.5),
                           F(2.5),
                           F(3.5),
                           F(0.1),
                           F(1e10),
                           Limits::min(),
                           Limits::denorm_min(),
                           Limits::max(),
                           Limits::infinity()};
  for (F power : {F(0x1p22), F(0x1p23), F(0x1p31), F(0x1p32), F(0x1p52), F(0x1p53), F(0x1p63)}) {
    for (F value : {power, std::nextafter(power, F{0}), std::nextafter(power, Limits::infinity()), power - F{1},
                    power + F{1}, power - F(0.5)}) {
      values.push_back(value);
    }
  }
  for (size_t i = 0, n = values.size(); i < n; ++i) values.push_back(-values[i]);
  for (U nan : nans) values.push_back(std::bit_cast<F>(nan));
  return values;
}
template <>
inline std::vector<float> edges<float>() {
  return float_edges<float, uint32_t>({0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff, 0x7fd23456, 0xffffffff});
}
template <>
inline std::vector<double> edges<double>() {
  return float_edges<double, uint64_t>({0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, 0xfff7ffffffffffff,
                                        0x7ffa345678901234, ~uint64_t{0}});
}

// --- Lane-wise checks ----------------------------------------------------------------------------------------------

template <class T>
V128Array<T> window(const std::vector<T>& values, size_t start, size_t stride = 1) {
  V128Array<T> lanes;
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = values[(start + i) / stride % values.size()];
  return lanes;
}
// The bits of a lane, for comparison and for messages.
template <class T>
uint64_t raw(T x) {
  if constexpr (sizeof(T) == 8) return std::bit_cast<uint64_t>(x);
  if constexpr (sizeof(T) == 4) return std::bit_cast<uint32_t>(x);
  if constexpr (sizeof(T) == 2) return std::bit_cast<uint16_t>(x);
  if constexpr (sizeof(T) == 1) return std::bit_cast<uint8_t>(x);
}

template <class F>
constexpr uint64_t kQuietNan = sizeof(F) == 4 ? 0x7fc00000 : 0x7ff8000000000000;
template <class F>
uint64_t magnitude(F x) {
  return raw(x) & (sizeof(F) == 4 ? 0x7fffffff : 0x7fffffffffffffff);
}
template <class F>
bool quiet(F x) {
  return (raw(x) & kQuietNan<F>) == kQuietNan<F>;
}
template <class F>
bool harmless(F x) {  // Not a NaN, or a canonical one: cannot make a result's NaN non-canonical.
  return x == x || magnitude(x) == kQuietNan<F>;
}

// How a result lane is compared with its reference: bit for bit, or (arithmetic) with any NaN the specification allows.
struct Exactly {
  template <class T, class... In>
  static bool same(T actual, T expected, In...) {
    return raw(actual) == raw(expected);
  }
};
struct UpToNan {
  template <class T, class... In>
  static bool same(T actual, T expected, In... in) {
    if (expected == expected) return raw(actual) == raw(expected);
    return (harmless(in) && ...) ? magnitude(actual) == kQuietNan<T> : quiet(actual);
  }
};

// op on lanes of T gives, per lane, reference(a) of type R (of T's width).
template <class T, class Policy = Exactly, class Reference>
void check_unary(const char* name, Unary op, Reference reference) {
  const auto values = edges<T>();
  for (size_t k = 0; k < values.size(); ++k) {
    const auto a = window(values, k);
    using R = decltype(reference(a[0]));
    const auto actual = v128_lanes<R>(op(v128_from_lanes<T>(a)));
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_TRUE(Policy::same(actual[i], reference(a[i]), a[i]))
          << name << " lane " << i << std::hex << " of 0x" << raw(a[i]) << " gave 0x" << raw(actual[i])
          << ", expected 0x" << raw(reference(a[i]));
    }
  }
}
template <class T, class Policy = Exactly, class Reference>
void check_binary(const char* name, Binary op, Reference reference) {
  const auto values = edges<T>();
  for (size_t k = 0; k < values.size() * values.size(); ++k) {
    const auto a = window(values, k, values.size()), b = window(values, k);
    using R = decltype(reference(a[0], b[0]));
    const auto actual = v128_lanes<R>(op(v128_from_lanes<T>(a), v128_from_lanes<T>(b)));
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_TRUE(Policy::same(actual[i], reference(a[i], b[i]), a[i], b[i]))
          << name << " lane " << i << std::hex << " of 0x" << raw(a[i]) << ", 0x" << raw(b[i]) << " gave 0x"
          << raw(actual[i]) << ", expected 0x" << raw(reference(a[i], b[i]));
    }
  }
}
// A comparison: all ones or all zeros, in a lane as wide as T.
template <class T, class Reference>
void check_compare(const char* name, Binary op, Reference reference) {
  using Mask = std::conditional_t<
      sizeof(T) == 1, int8_t,
      std::conditional_t<sizeof(T) == 2, int16_t, std::conditional_t<sizeof(T) == 4, int32_t, int64_t>>>;
  check_binary<T>(name, op, [&](T a, T b) { return reference(a, b) ? Mask{-1} : Mask{0}; });
}
// As check_binary, for operations that build each output vector from whole input vectors.
template <class T, class Reference>
void check_whole(const char* name, Binary op, Reference reference) {
  const auto values = edges<T>();
  for (size_t k = 0; k < values.size() * values.size(); ++k) {
    const auto a = window(values, k, values.size()), b = window(values, k);
    const auto expected = reference(a, b);
    using R = typename decltype(expected)::value_type;
    const auto actual = v128_lanes<R>(op(v128_from_lanes<T>(a), v128_from_lanes<T>(b)));
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(raw(actual[i]), raw(expected[i])) << name << " lane " << i << " at step " << k;
    }
  }
}

template <class T>
T clamp_to(Big x) {
  return static_cast<T>(std::clamp<Big>(x, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

inline int16_t q15_multiply(int16_t a, int16_t b) { return clamp_to<int16_t>((Big{a} * b + 0x4000) >> 15); }

}  // namespace arris::num
