// Every vector instruction, lane by lane, against a scalar reference over grids of edge values. Integer references
// are written here in 128-bit arithmetic; float references are numeric.h's scalars, which numeric_test.cc holds
// against independent ones.
#include "wasm/simd_testing.h"

namespace arris::num {
namespace {

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

}  // namespace
}  // namespace arris::num
