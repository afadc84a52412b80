// Vector instructions on lanes of floats, conversions and the relaxed ones; simd_test.cc has the integers.
#include "wasm/simd_testing.h"

namespace arris::num {
namespace {

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
