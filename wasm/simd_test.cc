// Every vector instruction, lane by lane, against a scalar reference over grids of edge values. Integer references
// are written here in 128-bit arithmetic; float references are numeric.h's scalars, which numeric_test.cc holds
// against independent ones.
//
// Binary grids place every pair of edge values in every lane: lane i of step k holds pair k + i of all pairs in order.
#include "wasm/simd.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "wasm/numeric.h"

namespace arris::num {
namespace {

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
std::vector<float> edges<float>() {
  return float_edges<float, uint32_t>({0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff, 0x7fd23456, 0xffffffff});
}
template <>
std::vector<double> edges<double>() {
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

// --- Integer lanes -------------------------------------------------------------------------------------------------

TEST(Simd, IntegerEqualityAndSignedOrder) {
  const auto check = []<class S>(S, Binary eq, Binary ne, Binary lt, Binary gt, Binary le, Binary ge) {
    check_compare<S>("eq", eq, std::equal_to<S>());
    check_compare<S>("ne", ne, std::not_equal_to<S>());
    check_compare<S>("lt_s", lt, std::less<S>());
    check_compare<S>("gt_s", gt, std::greater<S>());
    check_compare<S>("le_s", le, std::less_equal<S>());
    check_compare<S>("ge_s", ge, std::greater_equal<S>());
  };
  check(int8_t{}, i8x16_eq, i8x16_ne, i8x16_lt_s, i8x16_gt_s, i8x16_le_s, i8x16_ge_s);
  check(int16_t{}, i16x8_eq, i16x8_ne, i16x8_lt_s, i16x8_gt_s, i16x8_le_s, i16x8_ge_s);
  check(int32_t{}, i32x4_eq, i32x4_ne, i32x4_lt_s, i32x4_gt_s, i32x4_le_s, i32x4_ge_s);
  check(int64_t{}, i64x2_eq, i64x2_ne, i64x2_lt_s, i64x2_gt_s, i64x2_le_s, i64x2_ge_s);
}
TEST(Simd, IntegerUnsignedOrder) {
  const auto check = []<class U>(U, Binary lt, Binary gt, Binary le, Binary ge) {
    check_compare<U>("lt_u", lt, std::less<U>());
    check_compare<U>("gt_u", gt, std::greater<U>());
    check_compare<U>("le_u", le, std::less_equal<U>());
    check_compare<U>("ge_u", ge, std::greater_equal<U>());
  };
  check(uint8_t{}, i8x16_lt_u, i8x16_gt_u, i8x16_le_u, i8x16_ge_u);
  check(uint16_t{}, i16x8_lt_u, i16x8_gt_u, i16x8_le_u, i16x8_ge_u);
  check(uint32_t{}, i32x4_lt_u, i32x4_gt_u, i32x4_le_u, i32x4_ge_u);
}
TEST(Simd, IntegerAddSubNegAbsWrap) {
  const auto check = []<class S>(S, Binary add, Binary sub, Unary neg, Unary abs) {
    check_binary<S>("add", add, [](S a, S b) { return static_cast<S>(Big{a} + b); });
    check_binary<S>("sub", sub, [](S a, S b) { return static_cast<S>(Big{a} - b); });
    check_unary<S>("neg", neg, [](S a) { return static_cast<S>(-Big{a}); });
    check_unary<S>("abs", abs, [](S a) { return static_cast<S>(a < 0 ? -Big{a} : Big{a}); });
  };
  check(int8_t{}, i8x16_add, i8x16_sub, i8x16_neg, i8x16_abs);
  check(int16_t{}, i16x8_add, i16x8_sub, i16x8_neg, i16x8_abs);
  check(int32_t{}, i32x4_add, i32x4_sub, i32x4_neg, i32x4_abs);
  check(int64_t{}, i64x2_add, i64x2_sub, i64x2_neg, i64x2_abs);
}
TEST(Simd, IntegerMulWraps) {
  check_binary<int16_t>("i16x8_mul", i16x8_mul, [](int16_t a, int16_t b) { return static_cast<int16_t>(Big{a} * b); });
  check_binary<int32_t>("i32x4_mul", i32x4_mul, [](int32_t a, int32_t b) { return static_cast<int32_t>(Big{a} * b); });
  check_binary<int64_t>("i64x2_mul", i64x2_mul, [](int64_t a, int64_t b) { return static_cast<int64_t>(Big{a} * b); });
}
TEST(Simd, SaturatingAddSub) {
  const auto check = []<class T>(T, Binary add, Binary sub) {
    check_binary<T>("add_sat", add, [](T a, T b) { return clamp_to<T>(Big{a} + b); });
    check_binary<T>("sub_sat", sub, [](T a, T b) { return clamp_to<T>(Big{a} - b); });
  };
  check(int8_t{}, i8x16_add_sat_s, i8x16_sub_sat_s);
  check(uint8_t{}, i8x16_add_sat_u, i8x16_sub_sat_u);
  check(int16_t{}, i16x8_add_sat_s, i16x8_sub_sat_s);
  check(uint16_t{}, i16x8_add_sat_u, i16x8_sub_sat_u);
}
TEST(Simd, IntegerMinMax) {
  const auto check = []<class T>(T, Binary min, Binary max) {
    check_binary<T>("min", min, [](T a, T b) { return std::min(a, b); });
    check_binary<T>("max", max, [](T a, T b) { return std::max(a, b); });
  };
  check(int8_t{}, i8x16_min_s, i8x16_max_s);
  check(uint8_t{}, i8x16_min_u, i8x16_max_u);
  check(int16_t{}, i16x8_min_s, i16x8_max_s);
  check(uint16_t{}, i16x8_min_u, i16x8_max_u);
  check(int32_t{}, i32x4_min_s, i32x4_max_s);
  check(uint32_t{}, i32x4_min_u, i32x4_max_u);
}
TEST(Simd, AverageRoundsUp) {
  check_binary<uint8_t>("i8x16_avgr_u", i8x16_avgr_u,
                        [](uint8_t a, uint8_t b) { return static_cast<uint8_t>((Big{a} + b + 1) / 2); });
  check_binary<uint16_t>("i16x8_avgr_u", i16x8_avgr_u,
                         [](uint16_t a, uint16_t b) { return static_cast<uint16_t>((Big{a} + b + 1) / 2); });
}
TEST(Simd, PopcntOfEveryByte) {
  for (int first = 0; first < 256; ++first) {
    V128Array<uint8_t> lanes, expected;
    for (int i = 0; i < 16; ++i) {
      lanes[i] = static_cast<uint8_t>(first + i);
      expected[i] = 0;
      for (int bit = 0; bit < 8; ++bit) expected[i] += lanes[i] >> bit & 1;
    }
    EXPECT_EQ(v128_lanes<uint8_t>(i8x16_popcnt(v128_from_lanes<uint8_t>(lanes))), expected);
  }
}
int16_t q15_multiply(int16_t a, int16_t b) { return clamp_to<int16_t>((Big{a} * b + 0x4000) >> 15); }
TEST(Simd, Q15MultiplyRoundsAndSaturates) {
  check_binary<int16_t>("i16x8_q15mulr_sat_s", i16x8_q15mulr_sat_s, q15_multiply);
  EXPECT_EQ(i16x8_q15mulr_sat_s(i16x8_splat(0x8000), i16x8_splat(0x8000)), i16x8_splat(0x7fff));
}
TEST(Simd, ShiftsTakeTheCountModuloTheLaneWidth) {
  const auto check = []<class S>(S, Shift shl, Shift shr_s, Shift shr_u) {
    using U = std::make_unsigned_t<S>;
    constexpr uint32_t kBits = sizeof(S) * 8;
    std::vector<uint32_t> counts = {0x80000000, 0xffffffff, 0x100 + 3, 0x10000 + 1};
    for (uint32_t n = 0; n <= 130; ++n) counts.push_back(n);
    const auto values = edges<S>();
    for (uint32_t count : counts) {
      const uint32_t n = count % kBits;
      for (size_t k = 0; k < values.size(); ++k) {
        const auto a = window(values, k);
        const auto v = v128_from_lanes<S>(a);
        const auto left = v128_lanes<S>(shl(v, count)), arithmetic = v128_lanes<S>(shr_s(v, count)),
                   logical = v128_lanes<S>(shr_u(v, count));
        for (size_t i = 0; i < a.size(); ++i) {
          ASSERT_EQ(left[i], static_cast<S>(static_cast<Big>(static_cast<U>(a[i])) << n))
              << "shl " << +a[i] << " by " << count;
          ASSERT_EQ(arithmetic[i], static_cast<S>(Big{a[i]} >> n)) << "shr_s " << +a[i] << " by " << count;
          ASSERT_EQ(logical[i], static_cast<S>(static_cast<Big>(static_cast<U>(a[i])) >> n))
              << "shr_u " << +a[i] << " by " << count;
        }
      }
    }
  };
  check(int8_t{}, i8x16_shl, i8x16_shr_s, i8x16_shr_u);
  check(int16_t{}, i16x8_shl, i16x8_shr_s, i16x8_shr_u);
  check(int32_t{}, i32x4_shl, i32x4_shr_s, i32x4_shr_u);
  check(int64_t{}, i64x2_shl, i64x2_shr_s, i64x2_shr_u);
}

// --- Widening and narrowing ----------------------------------------------------------------------------------------

TEST(Simd, NarrowReadsSignedAndSaturates) {
  const auto check = []<class Wide, class Narrow>(Wide, Narrow, Binary op) {
    check_whole<Wide>("narrow", op, [](const V128Array<Wide>& a, const V128Array<Wide>& b) {
      V128Array<Narrow> result;
      for (size_t i = 0; i < a.size(); ++i) {
        result[i] = clamp_to<Narrow>(a[i]);
        result[i + a.size()] = clamp_to<Narrow>(b[i]);
      }
      return result;
    });
  };
  check(int16_t{}, int8_t{}, i8x16_narrow_i16x8_s);
  check(int16_t{}, uint8_t{}, i8x16_narrow_i16x8_u);
  check(int32_t{}, int16_t{}, i16x8_narrow_i32x4_s);
  check(int32_t{}, uint16_t{}, i16x8_narrow_i32x4_u);
}
template <class Wide, class Narrow>
void check_widening(Unary extend_low, Unary extend_high, Binary extmul_low, Binary extmul_high) {
  for (bool high : {false, true}) {
    check_whole<Narrow>("extmul", high ? extmul_high : extmul_low,
                        [&](const V128Array<Narrow>& a, const V128Array<Narrow>& b) {
                          V128Array<Wide> result;
                          const size_t offset = high ? result.size() : 0;
                          for (size_t i = 0; i < result.size(); ++i)
                            result[i] = static_cast<Wide>(Big{a[i + offset]} * b[i + offset]);
                          return result;
                        });
    const auto values = edges<Narrow>();
    for (size_t k = 0; k < values.size(); ++k) {
      const auto a = window(values, k);
      const auto actual = v128_lanes<Wide>((high ? extend_high : extend_low)(v128_from_lanes<Narrow>(a)));
      for (size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i], Wide{a[i + (high ? actual.size() : 0)]});
    }
  }
}
TEST(Simd, ExtendAndExtendedMultiply) {
  check_widening<int16_t, int8_t>(i16x8_extend_low_i8x16_s, i16x8_extend_high_i8x16_s, i16x8_extmul_low_i8x16_s,
                                  i16x8_extmul_high_i8x16_s);
  check_widening<uint16_t, uint8_t>(i16x8_extend_low_i8x16_u, i16x8_extend_high_i8x16_u, i16x8_extmul_low_i8x16_u,
                                    i16x8_extmul_high_i8x16_u);
  check_widening<int32_t, int16_t>(i32x4_extend_low_i16x8_s, i32x4_extend_high_i16x8_s, i32x4_extmul_low_i16x8_s,
                                   i32x4_extmul_high_i16x8_s);
  check_widening<uint32_t, uint16_t>(i32x4_extend_low_i16x8_u, i32x4_extend_high_i16x8_u, i32x4_extmul_low_i16x8_u,
                                     i32x4_extmul_high_i16x8_u);
  check_widening<int64_t, int32_t>(i64x2_extend_low_i32x4_s, i64x2_extend_high_i32x4_s, i64x2_extmul_low_i32x4_s,
                                   i64x2_extmul_high_i32x4_s);
  check_widening<uint64_t, uint32_t>(i64x2_extend_low_i32x4_u, i64x2_extend_high_i32x4_u, i64x2_extmul_low_i32x4_u,
                                     i64x2_extmul_high_i32x4_u);
}
TEST(Simd, PairwiseExtendedAdd) {
  const auto check = []<class Wide, class Narrow>(Wide, Narrow, Unary op) {
    // Pairs of edges: interleave the grid so that neighbours meet in every combination.
    const auto values = edges<Narrow>();
    for (Narrow even : values) {
      for (size_t k = 0; k < values.size(); ++k) {
        auto a = window(values, k);
        for (size_t i = 0; i < a.size(); i += 2) a[i] = even;
        const auto actual = v128_lanes<Wide>(op(v128_from_lanes<Narrow>(a)));
        for (size_t i = 0; i < actual.size(); ++i)
          ASSERT_EQ(actual[i], static_cast<Wide>(Big{a[2 * i]} + a[2 * i + 1]));
      }
    }
  };
  check(int16_t{}, int8_t{}, i16x8_extadd_pairwise_i8x16_s);
  check(uint16_t{}, uint8_t{}, i16x8_extadd_pairwise_i8x16_u);
  check(int32_t{}, int16_t{}, i32x4_extadd_pairwise_i16x8_s);
  check(uint32_t{}, uint16_t{}, i32x4_extadd_pairwise_i16x8_u);
}
TEST(Simd, DotProductWraps) {
  check_whole<int16_t>("i32x4_dot_i16x8_s", i32x4_dot_i16x8_s,
                       [](const V128Array<int16_t>& a, const V128Array<int16_t>& b) {
                         V128Array<int32_t> sums;
                         for (size_t i = 0; i < 4; ++i)
                           sums[i] = static_cast<int32_t>(Big{a[2 * i]} * b[2 * i] + Big{a[2 * i + 1]} * b[2 * i + 1]);
                         return sums;
                       });
  EXPECT_EQ(i32x4_dot_i16x8_s(i16x8_splat(0x8000), i16x8_splat(0x8000)), i32x4_splat(0x80000000));
}

// --- Bits, lanes and tests -----------------------------------------------------------------------------------------

TEST(Simd, BitwiseOperations) {
  check_binary<uint64_t>("v128_and", v128_and, [](uint64_t a, uint64_t b) { return a & b; });
  check_binary<uint64_t>("v128_andnot", v128_andnot, [](uint64_t a, uint64_t b) { return a & ~b; });
  check_binary<uint64_t>("v128_or", v128_or, [](uint64_t a, uint64_t b) { return a | b; });
  check_binary<uint64_t>("v128_xor", v128_xor, [](uint64_t a, uint64_t b) { return a ^ b; });
  check_unary<uint64_t>("v128_not", v128_not, [](uint64_t a) { return ~a; });
  // Every combination of (a, b, mask) bits in one byte.
  const V128 a = i8x16_splat(0b11110000), b = i8x16_splat(0b11001100), mask = i8x16_splat(0b10101010);
  EXPECT_EQ(v128_bitselect(a, b, mask), i8x16_splat(0b11100100));
}
TEST(Simd, AnyTrueSeesEveryBit) {
  EXPECT_EQ(v128_any_true(V128{}), 0u);
  for (size_t bit = 0; bit < 128; ++bit) {
    V128Array<uint8_t> bytes{};
    bytes[bit / 8] = static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(v128_any_true(v128_from_lanes<uint8_t>(bytes)), 1u) << bit;
  }
}
template <class T>
void check_lane_tests(uint32_t (*all_true)(V128), uint32_t (*bitmask)(V128)) {
  constexpr size_t kLanes = 16 / sizeof(T);
  constexpr T kTop = T{1} << (sizeof(T) * 8 - 1);
  for (uint32_t pattern = 0; pattern < (1u << kLanes); ++pattern) {
    V128Array<T> nonzero, negative;
    for (size_t i = 0; i < kLanes; ++i) {
      const bool set = pattern >> i & 1;
      nonzero[i] = set ? static_cast<T>(T{1} << (pattern + i) % (sizeof(T) * 8)) : T{0};
      negative[i] = set ? static_cast<T>(kTop | i) : static_cast<T>(kTop - 1 - i);
    }
    ASSERT_EQ(all_true(v128_from_lanes<T>(nonzero)), pattern == (1u << kLanes) - 1 ? 1u : 0u) << pattern;
    ASSERT_EQ(bitmask(v128_from_lanes<T>(negative)), pattern);
    ASSERT_EQ(simd::portable::sign_mask<T>(v128_from_lanes<T>(negative)), pattern);
  }
}
TEST(Simd, AllTrueAndBitmaskForEveryPatternOfLanes) {
  check_lane_tests<uint8_t>(i8x16_all_true, i8x16_bitmask);
  check_lane_tests<uint16_t>(i16x8_all_true, i16x8_bitmask);
  check_lane_tests<uint32_t>(i32x4_all_true, i32x4_bitmask);
  check_lane_tests<uint64_t>(i64x2_all_true, i64x2_bitmask);
}

const V128 kBytes = v128_from_lanes<uint8_t>(
    {0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x08, 0x19, 0x2a, 0x3b, 0x4c, 0x5d, 0x6e, 0x7f});

TEST(Simd, ExtractLaneExtends) {
  const auto bytes = v128_lanes<uint8_t>(kBytes);
  for (uint32_t i = 0; i < 16; ++i) {
    EXPECT_EQ(i8x16_extract_lane_u(kBytes, i), bytes[i]);
    EXPECT_EQ(static_cast<int32_t>(i8x16_extract_lane_s(kBytes, i)), bytes[i] < 0x80 ? bytes[i] : bytes[i] - 0x100);
  }
  EXPECT_EQ(i16x8_extract_lane_u(kBytes, 0), 0x9180u);
  EXPECT_EQ(i16x8_extract_lane_s(kBytes, 0), 0xffff9180u);
  EXPECT_EQ(i16x8_extract_lane_s(kBytes, 7), 0x7f6eu);
  EXPECT_EQ(i32x4_extract_lane(kBytes, 0), 0xb3a29180u);
  EXPECT_EQ(i32x4_extract_lane(kBytes, 3), 0x7f6e5d4cu);
  EXPECT_EQ(i64x2_extract_lane(kBytes, 0), 0xf7e6d5c4b3a29180u);
  EXPECT_EQ(i64x2_extract_lane(kBytes, 1), 0x7f6e5d4c3b2a1908u);
}
template <class T>
void check_replace_lane(auto replace, T value) {
  for (uint32_t lane = 0; lane < 16 / sizeof(T); ++lane) {
    auto expected = v128_lanes<T>(kBytes);
    expected[lane] = value;
    EXPECT_EQ(replace(kBytes, lane), v128_from_lanes<T>(expected)) << lane;
  }
}
TEST(Simd, ReplaceLaneTouchesOnlyItsLane) {
  check_replace_lane<uint8_t>([](V128 v, uint32_t lane) { return i8x16_replace_lane(v, 0xabcdef12, lane); }, 0x12);
  check_replace_lane<uint16_t>([](V128 v, uint32_t lane) { return i16x8_replace_lane(v, 0xabcdef12, lane); }, 0xef12);
  check_replace_lane<uint32_t>([](V128 v, uint32_t lane) { return i32x4_replace_lane(v, 0xabcdef12, lane); },
                               0xabcdef12);
  check_replace_lane<uint64_t>([](V128 v, uint32_t lane) { return i64x2_replace_lane(v, 0x123456789abcdef0, lane); },
                               0x123456789abcdef0);
  check_replace_lane<uint32_t>(
      [](V128 v, uint32_t lane) { return f32x4_replace_lane(v, std::bit_cast<float>(0x7f800001), lane); }, 0x7f800001);
  check_replace_lane<uint64_t>(
      [](V128 v, uint32_t lane) { return f64x2_replace_lane(v, std::bit_cast<double>(0x7ff0000000000001), lane); },
      0x7ff0000000000001);
}
TEST(Simd, SplatFillsEveryLane) {
  V128Array<uint8_t> bytes;
  bytes.fill(0x12);
  EXPECT_EQ(i8x16_splat(0xabcdef12), v128_from_lanes<uint8_t>(bytes));
  EXPECT_EQ(i16x8_splat(0xabcdef12), v128_from_lanes<uint32_t>({0xef12ef12, 0xef12ef12, 0xef12ef12, 0xef12ef12}));
  EXPECT_EQ(i32x4_splat(0xabcdef12), v128_from_lanes<uint32_t>({0xabcdef12, 0xabcdef12, 0xabcdef12, 0xabcdef12}));
  EXPECT_EQ(i64x2_splat(0x123456789abcdef0), v128_from_lanes<uint64_t>({0x123456789abcdef0, 0x123456789abcdef0}));
  EXPECT_EQ(f32x4_splat(-0.0f), i32x4_splat(0x80000000)) << "the sign of zero survives";
  EXPECT_EQ(f32x4_splat(std::bit_cast<float>(0xff812345)), i32x4_splat(0xff812345)) << "a signalling NaN survives";
  EXPECT_EQ(f64x2_splat(std::bit_cast<double>(0x7ff0000000000001)), i64x2_splat(0x7ff0000000000001));
  EXPECT_EQ(f32x4_extract_lane(v128_from_lanes<float>({1, 2, 3, 4}), 2), 3.0f);
  EXPECT_EQ(f64x2_extract_lane(v128_from_lanes<double>({1, 2}), 1), 2.0);
  EXPECT_EQ(i32_reinterpret_f32(f32x4_extract_lane(i32x4_splat(0x7f800001), 3)), 0x7f800001u);
}
TEST(Simd, SwizzleZeroesEveryIndexOutOfRange) {
  const auto source = v128_lanes<uint8_t>(kBytes);
  for (int first = 0; first < 256; ++first) {
    V128Array<uint8_t> indices, expected;
    for (int i = 0; i < 16; ++i) {
      indices[i] = static_cast<uint8_t>(first + i * 7);
      expected[i] = indices[i] < 16 ? source[indices[i]] : 0;
    }
    for (Binary op : {Binary{i8x16_swizzle}, Binary{i8x16_relaxed_swizzle}, Binary{simd::portable::swizzle}}) {
      EXPECT_EQ(op(kBytes, v128_from_lanes<uint8_t>(indices)), v128_from_lanes<uint8_t>(expected)) << first;
    }
  }
}
TEST(Simd, ShuffleChoosesFromBothOperands) {
  const V128 other = v128_not(kBytes);
  for (int first = 0; first < 32; ++first) {
    for (int step : {0, 1, 3, 31}) {
      V128Array<uint8_t> lanes, expected;
      for (int i = 0; i < 16; ++i) {
        lanes[i] = static_cast<uint8_t>((first + i * step) % 32);
        expected[i] = lanes[i] < 16 ? v128_lanes<uint8_t>(kBytes)[lanes[i]] : v128_lanes<uint8_t>(other)[lanes[i] - 16];
      }
      EXPECT_EQ(i8x16_shuffle(kBytes, other, v128_from_lanes<uint8_t>(lanes)), v128_from_lanes<uint8_t>(expected))
          << first << " " << step;
    }
  }
}

// --- Memory forms --------------------------------------------------------------------------------------------------

TEST(Simd, LoadAndStoreAtAnyAlignment) {
  uint8_t memory[48], copy[48];
  for (size_t i = 0; i < sizeof(memory); ++i) memory[i] = static_cast<uint8_t>(i * 5);
  for (size_t offset = 0; offset < 17; ++offset) {
    const V128 v = v128_load(memory + offset);
    for (size_t i = 0; i < 16; ++i) EXPECT_EQ(v128_lanes<uint8_t>(v)[i], memory[offset + i]);
    std::memset(copy, 0xee, sizeof(copy));
    v128_store(copy + offset, v);
    for (size_t i = 0; i < sizeof(copy); ++i) EXPECT_EQ(copy[i], i >= offset && i < offset + 16 ? memory[i] : 0xee);
  }
}
TEST(Simd, ExtendingLoads) {
  const uint64_t bits = 0x80017fff8000ff01;
  EXPECT_EQ(v128_load8x8_s(bits), v128_from_lanes<int16_t>({0x01, -1, 0, -128, -1, 0x7f, 0x01, -128}));
  EXPECT_EQ(v128_load8x8_u(bits), v128_from_lanes<uint16_t>({0x01, 0xff, 0, 0x80, 0xff, 0x7f, 0x01, 0x80}));
  EXPECT_EQ(v128_load16x4_s(bits), v128_from_lanes<int32_t>({-255, -32768, 0x7fff, -32767}));
  EXPECT_EQ(v128_load16x4_u(bits), v128_from_lanes<uint32_t>({0xff01, 0x8000, 0x7fff, 0x8001}));
  EXPECT_EQ(v128_load32x2_s(bits), v128_from_lanes<uint64_t>({0xffffffff8000ff01, 0xffffffff80017fff}));
  EXPECT_EQ(v128_load32x2_u(bits), v128_from_lanes<uint64_t>({0x8000ff01, 0x80017fff}));
}
TEST(Simd, SplattingAndZeroExtendingLoads) {
  EXPECT_EQ(v128_load8_splat(0x9a), i8x16_splat(0x9a));
  EXPECT_EQ(v128_load16_splat(0x9abc), i16x8_splat(0x9abc));
  EXPECT_EQ(v128_load32_splat(0x9abcdef0), i32x4_splat(0x9abcdef0));
  EXPECT_EQ(v128_load64_splat(0x9abcdef012345678), i64x2_splat(0x9abcdef012345678));
  EXPECT_EQ(v128_load32_zero(0x9abcdef0), v128_from_lanes<uint32_t>({0x9abcdef0, 0, 0, 0}));
  EXPECT_EQ(v128_load64_zero(0x9abcdef012345678), v128_from_lanes<uint64_t>({0x9abcdef012345678, 0}));
}
TEST(Simd, LaneLoadsAndStores) {
  check_replace_lane<uint8_t>([](V128 v, uint32_t lane) { return v128_load8_lane(0x12, v, lane); }, 0x12);
  check_replace_lane<uint16_t>([](V128 v, uint32_t lane) { return v128_load16_lane(0x1234, v, lane); }, 0x1234);
  check_replace_lane<uint32_t>([](V128 v, uint32_t lane) { return v128_load32_lane(0x12345678, v, lane); }, 0x12345678);
  check_replace_lane<uint64_t>([](V128 v, uint32_t lane) { return v128_load64_lane(0x1234567898765432, v, lane); },
                               0x1234567898765432);
  for (uint32_t lane = 0; lane < 16; ++lane)
    EXPECT_EQ(v128_store8_lane(kBytes, lane), v128_lanes<uint8_t>(kBytes)[lane]);
  for (uint32_t lane = 0; lane < 8; ++lane)
    EXPECT_EQ(v128_store16_lane(kBytes, lane), v128_lanes<uint16_t>(kBytes)[lane]);
  for (uint32_t lane = 0; lane < 4; ++lane)
    EXPECT_EQ(v128_store32_lane(kBytes, lane), v128_lanes<uint32_t>(kBytes)[lane]);
  for (uint32_t lane = 0; lane < 2; ++lane)
    EXPECT_EQ(v128_store64_lane(kBytes, lane), v128_lanes<uint64_t>(kBytes)[lane]);
}

// --- Float lanes ---------------------------------------------------------------------------------------------------

TEST(Simd, FloatComparisons) {
  const auto check = []<class F>(F, Binary eq, Binary ne, Binary lt, Binary gt, Binary le, Binary ge) {
    check_compare<F>("eq", eq, std::equal_to<F>());
    check_compare<F>("ne", ne, std::not_equal_to<F>());
    check_compare<F>("lt", lt, std::less<F>());
    check_compare<F>("gt", gt, std::greater<F>());
    check_compare<F>("le", le, std::less_equal<F>());
    check_compare<F>("ge", ge, std::greater_equal<F>());
  };
  check(float{}, f32x4_eq, f32x4_ne, f32x4_lt, f32x4_gt, f32x4_le, f32x4_ge);
  check(double{}, f64x2_eq, f64x2_ne, f64x2_lt, f64x2_gt, f64x2_le, f64x2_ge);
}
TEST(Simd, FloatSignOperationsKeepEveryPayload) {
  check_unary<uint32_t>("f32x4_abs", f32x4_abs, [](uint32_t a) { return a & 0x7fffffff; });
  check_unary<uint32_t>("f32x4_neg", f32x4_neg, [](uint32_t a) { return a ^ 0x80000000; });
  check_unary<uint64_t>("f64x2_abs", f64x2_abs, [](uint64_t a) { return a & 0x7fffffffffffffff; });
  check_unary<uint64_t>("f64x2_neg", f64x2_neg, [](uint64_t a) { return a ^ 0x8000000000000000; });
  check_unary<float>("f32x4_abs", f32x4_abs, f32_abs);
  check_unary<float>("f32x4_neg", f32x4_neg, f32_neg);
  check_unary<double>("f64x2_abs", f64x2_abs, f64_abs);
  check_unary<double>("f64x2_neg", f64x2_neg, f64_neg);
}
TEST(Simd, FloatRoundingAndSqrt) {
  check_unary<float, UpToNan>("f32x4_ceil", f32x4_ceil, f32_ceil);
  check_unary<float, UpToNan>("f32x4_floor", f32x4_floor, f32_floor);
  check_unary<float, UpToNan>("f32x4_trunc", f32x4_trunc, f32_trunc);
  check_unary<float, UpToNan>("f32x4_nearest", f32x4_nearest, f32_nearest);
  check_unary<float, UpToNan>("f32x4_sqrt", f32x4_sqrt, f32_sqrt);
  check_unary<double, UpToNan>("f64x2_ceil", f64x2_ceil, f64_ceil);
  check_unary<double, UpToNan>("f64x2_floor", f64x2_floor, f64_floor);
  check_unary<double, UpToNan>("f64x2_trunc", f64x2_trunc, f64_trunc);
  check_unary<double, UpToNan>("f64x2_nearest", f64x2_nearest, f64_nearest);
  check_unary<double, UpToNan>("f64x2_sqrt", f64x2_sqrt, f64_sqrt);
}
TEST(Simd, FloatArithmetic) {
  check_binary<float, UpToNan>("f32x4_add", f32x4_add, f32_add);
  check_binary<float, UpToNan>("f32x4_sub", f32x4_sub, f32_sub);
  check_binary<float, UpToNan>("f32x4_mul", f32x4_mul, f32_mul);
  check_binary<float, UpToNan>("f32x4_div", f32x4_div, f32_div);
  check_binary<double, UpToNan>("f64x2_add", f64x2_add, f64_add);
  check_binary<double, UpToNan>("f64x2_sub", f64x2_sub, f64_sub);
  check_binary<double, UpToNan>("f64x2_mul", f64x2_mul, f64_mul);
  check_binary<double, UpToNan>("f64x2_div", f64x2_div, f64_div);
}
TEST(Simd, FloatMinMax) {
  check_binary<float, UpToNan>("f32x4_min", f32x4_min, f32_min);
  check_binary<float, UpToNan>("f32x4_max", f32x4_max, f32_max);
  check_binary<double, UpToNan>("f64x2_min", f64x2_min, f64_min);
  check_binary<double, UpToNan>("f64x2_max", f64x2_max, f64_max);
}
// pmin and pmax choose an operand as it is, signalling NaNs and signs of zero included: the first unless the second
// is strictly better.
TEST(Simd, PseudoMinMaxMoveBits) {
  const auto check = []<class F>(F, Binary pmin, Binary pmax) {
    check_binary<F>("pmin", pmin, [](F a, F b) { return b < a ? b : a; });
    check_binary<F>("pmax", pmax, [](F a, F b) { return a < b ? b : a; });
  };
  check(float{}, f32x4_pmin, f32x4_pmax);
  check(double{}, f64x2_pmin, f64x2_pmax);
  EXPECT_EQ(f32x4_pmin(f32x4_splat(0.0f), f32x4_splat(-0.0f)), f32x4_splat(0.0f));
  EXPECT_EQ(f32x4_pmax(i32x4_splat(0x7f800001), f32x4_splat(1)), i32x4_splat(0x7f800001));
  EXPECT_EQ(f32x4_pmax(f32x4_splat(1), i32x4_splat(0x7f800001)), f32x4_splat(1));
}

// --- Conversions ---------------------------------------------------------------------------------------------------

TEST(Simd, TruncationOfF32Saturates) {
  for (Unary op : {Unary{i32x4_trunc_sat_f32x4_s}, Unary{i32x4_relaxed_trunc_f32x4_s},
                   Unary{simd::portable::truncate_saturated_f32x4_s}}) {
    check_unary<float>("i32x4_trunc_sat_f32x4_s", op, i32_trunc_sat_f32_s);
  }
  for (Unary op : {Unary{i32x4_trunc_sat_f32x4_u}, Unary{i32x4_relaxed_trunc_f32x4_u}}) {
    check_unary<float>("i32x4_trunc_sat_f32x4_u", op, i32_trunc_sat_f32_u);
  }
}
TEST(Simd, TruncationOfF64SaturatesAndZeroesTheHighLanes) {
  const auto check = [](Unary op, uint32_t (*reference)(double)) {
    auto values = edges<double>();
    for (double bound : {0x1p31, -0x1p31, 0x1p32, -1.0}) {
      for (double delta : {-1.5, -1.0, -0.9, -0.5, 0.5, 0.9, 1.0, 1.5}) values.push_back(bound + delta);
    }
    for (size_t k = 0; k < values.size(); ++k) {
      const auto a = window(values, k);
      EXPECT_EQ(op(v128_from_lanes<double>(a)), v128_from_lanes<uint32_t>({reference(a[0]), reference(a[1]), 0, 0}))
          << a[0] << " " << a[1];
    }
  };
  check(i32x4_trunc_sat_f64x2_s_zero, i32_trunc_sat_f64_s);
  check(i32x4_trunc_sat_f64x2_u_zero, i32_trunc_sat_f64_u);
  check(i32x4_relaxed_trunc_f64x2_s_zero, i32_trunc_sat_f64_s);
  check(i32x4_relaxed_trunc_f64x2_u_zero, i32_trunc_sat_f64_u);
}
TEST(Simd, IntegerLanesToFloat) {
  check_unary<uint32_t>("f32x4_convert_i32x4_s", f32x4_convert_i32x4_s, f32_convert_i32_s);
  check_unary<uint32_t>("f32x4_convert_i32x4_u", f32x4_convert_i32x4_u, f32_convert_i32_u);
  EXPECT_EQ(f32x4_convert_i32x4_u(v128_from_lanes<uint32_t>({16777217, 16777219, 0xffffff7f, 0xffffff80})),
            v128_from_lanes<float>({16777216.0f, 16777220.0f, 0x1.fffffep31f, 0x1p32f}));
  const auto values = edges<uint32_t>();
  for (size_t k = 0; k < values.size(); ++k) {
    const auto a = window(values, k);
    const auto v = v128_from_lanes<uint32_t>(a);
    EXPECT_EQ(f64x2_convert_low_i32x4_s(v),
              v128_from_lanes<double>({f64_convert_i32_s(a[0]), f64_convert_i32_s(a[1])}));
    EXPECT_EQ(f64x2_convert_low_i32x4_u(v),
              v128_from_lanes<double>({f64_convert_i32_u(a[0]), f64_convert_i32_u(a[1])}));
  }
}
TEST(Simd, PromoteLow) {
  const auto values = edges<float>();
  for (size_t k = 0; k < values.size(); ++k) {
    const auto a = window(values, k);
    const auto actual = v128_lanes<double>(f64x2_promote_low_f32x4(v128_from_lanes<float>(a)));
    for (size_t i = 0; i < 2; ++i) {
      const double expected = f64_promote_f32(a[i]);
      EXPECT_TRUE(expected == expected ? raw(actual[i]) == raw(expected)
                  : harmless(a[i])     ? magnitude(actual[i]) == kQuietNan<double>
                                       : quiet(actual[i]))
          << std::hex << raw(a[i]);
    }
  }
}
TEST(Simd, DemoteZeroesTheHighLanes) {
  auto values = edges<double>();
  for (double x : {1 + 0x1p-24, 1 + 0x3p-24, 0x1.ffffffp127, 0x1.fffffefffffffp127, 0x1p-150, 0x1.8p-149})
    values.push_back(x);
  for (size_t k = 0; k < values.size(); ++k) {
    const auto a = window(values, k);
    const auto actual = v128_lanes<float>(f32x4_demote_f64x2_zero(v128_from_lanes<double>(a)));
    for (size_t i = 0; i < 2; ++i) {
      const float expected = f32_demote_f64(a[i]);
      EXPECT_TRUE(expected == expected ? raw(actual[i]) == raw(expected)
                  : harmless(a[i])     ? magnitude(actual[i]) == kQuietNan<float>
                                       : quiet(actual[i]))
          << std::hex << raw(a[i]);
    }
    EXPECT_EQ(raw(actual[2]), 0u);
    EXPECT_EQ(raw(actual[3]), 0u);
  }
}

// --- Relaxed: the deterministic profile ----------------------------------------------------------------------------

TEST(Simd, RelaxedMinMaxAreMinMax) {
  check_binary<float, UpToNan>("f32x4_relaxed_min", f32x4_relaxed_min, f32_min);
  check_binary<float, UpToNan>("f32x4_relaxed_max", f32x4_relaxed_max, f32_max);
  check_binary<double, UpToNan>("f64x2_relaxed_min", f64x2_relaxed_min, f64_min);
  check_binary<double, UpToNan>("f64x2_relaxed_max", f64x2_relaxed_max, f64_max);
}
TEST(Simd, RelaxedQ15MultiplySaturates) {
  check_binary<int16_t>("i16x8_relaxed_q15mulr_s", i16x8_relaxed_q15mulr_s, q15_multiply);
  check_binary<int16_t>("portable", simd::portable::q15_multiply_saturated, q15_multiply);
}
TEST(Simd, RelaxedLaneselectLooksAtEveryMaskBit) {
  const V128 a = i8x16_splat(0b11110000), b = i8x16_splat(0b11001100), mask = i8x16_splat(0b10101010);
  for (auto op :
       {i8x16_relaxed_laneselect, i16x8_relaxed_laneselect, i32x4_relaxed_laneselect, i64x2_relaxed_laneselect}) {
    EXPECT_EQ(op(a, b, mask), i8x16_splat(0b11100100));
  }
}
TEST(Simd, RelaxedMaddRoundsTwice) {
  const auto f32 = [](float x) { return f32x4_splat(x); };
  const auto f64 = [](double x) { return f64x2_splat(x); };
  const float max32 = std::numeric_limits<float>::max();
  EXPECT_EQ(f32x4_relaxed_madd(f32(2), f32(3), f32(4)), f32(10));
  EXPECT_EQ(f32x4_relaxed_nmadd(f32(2), f32(3), f32(4)), f32(-2));
  EXPECT_EQ(f32x4_relaxed_madd(f32(max32), f32(2), f32(-max32)), f32(std::numeric_limits<float>::infinity()));
  EXPECT_EQ(f32x4_relaxed_madd(f32(0x1.000004p+0f), f32(0x1.0002p+0f), f32(-0x1.000204p+0f)), f32(0));
  EXPECT_EQ(f32x4_relaxed_nmadd(f32(-0x1.000004p+0f), f32(0x1.0002p+0f), f32(-0x1.000204p+0f)), f32(0));
  EXPECT_EQ(f64x2_relaxed_madd(f64(1 + 0x1p-30), f64(1 + 0x1p-30), f64(-(1 + 0x1p-29))), f64(0));
  EXPECT_EQ(f64x2_relaxed_nmadd(f64(1 + 0x1p-30), f64(-(1 + 0x1p-30)), f64(-(1 + 0x1p-29))), f64(0));
  EXPECT_EQ(f64x2_relaxed_nmadd(f64(2), f64(3), f64(4)), f64(-2));
}
TEST(Simd, RelaxedDotIsSignedAndSaturatesPairs) {
  const auto pairs = [](const V128Array<int8_t>& a, const V128Array<int8_t>& b) {
    V128Array<int16_t> sums;
    for (size_t i = 0; i < 8; ++i)
      sums[i] = clamp_to<int16_t>(Big{a[2 * i]} * b[2 * i] + Big{a[2 * i + 1]} * b[2 * i + 1]);
    return sums;
  };
  check_whole<int8_t>("i16x8_relaxed_dot_i8x16_i7x16_s", i16x8_relaxed_dot_i8x16_i7x16_s, pairs);
  check_whole<int8_t>(
      "i32x4_relaxed_dot_i8x16_i7x16_add_s",
      [](V128 a, V128 b) {
        return i32x4_relaxed_dot_i8x16_i7x16_add_s(a, b, v128_from_lanes<int32_t>({1, -2, INT32_MAX, INT32_MIN}));
      },
      [&](const V128Array<int8_t>& a, const V128Array<int8_t>& b) {
        const V128Array<int32_t> addend = {1, -2, INT32_MAX, INT32_MIN};
        const auto sums = pairs(a, b);
        V128Array<int32_t> result;
        for (size_t i = 0; i < 4; ++i) result[i] = static_cast<int32_t>(Big{sums[2 * i]} + sums[2 * i + 1] + addend[i]);
        return result;
      });
  EXPECT_EQ(i16x8_relaxed_dot_i8x16_i7x16_s(i8x16_splat(0x80), i8x16_splat(0x80)), i16x8_splat(0x7fff));
  EXPECT_EQ(i16x8_relaxed_dot_i8x16_i7x16_s(i8x16_splat(0x80), i8x16_splat(0x81)), i16x8_splat(32512));
}

}  // namespace
}  // namespace arris::num
