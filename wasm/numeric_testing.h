// What tests of numeric semantics share: operands that the compiler cannot fold, floats by their bits, edge values.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace arris::num {

using Big = __int128;

template <class T>
T opaque(T x) {
  volatile T hidden = x;
  return hidden;
}

template <class F>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr Bits kQuiet = 0x00400000, kInfinity = 0x7f800000, kSign = 0x80000000;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr Bits kQuiet = 0x0008000000000000, kInfinity = 0x7ff0000000000000, kSign = 0x8000000000000000;
};
template <class F>
typename Format<F>::Bits bits_of(F x) {
  return std::bit_cast<typename Format<F>::Bits>(x);
}
template <class F>
F float_of(typename Format<F>::Bits x) {
  return std::bit_cast<F>(x);
}
template <class F>
bool is_nan(F x) {
  return (bits_of(x) & ~Format<F>::kSign) > Format<F>::kInfinity;
}
template <class F>
bool is_canonical_nan(F x) {
  return (bits_of(x) & ~Format<F>::kSign) == (Format<F>::kInfinity | Format<F>::kQuiet);
}
template <class F>
bool is_quiet_nan(F x) {
  return is_nan(x) && (bits_of(x) & Format<F>::kQuiet) != 0;
}

template <class F>
std::vector<F> nan_kinds() {
  using L = Format<F>;
  std::vector<F> kinds;
  for (auto sign : {typename L::Bits{0}, L::kSign}) {
    for (typename L::Bits payload :
         {L::kQuiet, L::kQuiet | 1, L::kQuiet - 1, typename L::Bits{1}, L::kQuiet | (L::kQuiet - 1)}) {
      kinds.push_back(float_of<F>(sign | L::kInfinity | payload));
    }
  }
  return kinds;
}
template <class F>
std::vector<F> number_edges() {
  using Limits = std::numeric_limits<F>;
  std::vector<F> edges = {0,
                          1,
                          2,
                          3,
                          F(0.5),
                          F(0.1),
                          F(1.5),
                          F(1e10),
                          Limits::epsilon(),
                          1 + Limits::epsilon(),
                          Limits::min(),
                          Limits::denorm_min(),
                          Limits::max(),
                          std::nextafter(Limits::min(), F{0}),
                          Limits::infinity()};
  for (size_t i = 0, n = edges.size(); i < n; ++i) edges.push_back(-edges[i]);
  return edges;
}

}  // namespace arris::num
