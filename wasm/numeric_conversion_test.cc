// Conversions between integers and floats, as numeric_test.cc does the operations: boundaries by tables, rounding by integer
// arithmetic.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "wasm/numeric.h"
#include "wasm/numeric_testing.h"

namespace arris::num {
namespace {

// --- Float to integer ----------------------------------------------------------------------------------------------

constexpr float kNan32 = std::numeric_limits<float>::quiet_NaN(), kInf32 = std::numeric_limits<float>::infinity();
constexpr double kNan64 = std::numeric_limits<double>::quiet_NaN(), kInf64 = std::numeric_limits<double>::infinity();

template <class F, class U>
struct Truncation {
  F input;
  NumTrap trap;
  U result;  // Of the saturating form; of the trapping form, too, when trap is none.
};
template <class F, class U>
void check_truncations(NumTrap (*trapping)(F, U*), U (*saturating)(F), std::vector<Truncation<F, U>> rows) {
  constexpr U kUntouched = 0x5a5a;
  for (const auto& row : rows) {
    U out = kUntouched;
    EXPECT_EQ(trapping(opaque(row.input), &out), row.trap) << row.input;
    EXPECT_EQ(out, row.trap == NumTrap::none ? row.result : kUntouched) << row.input;
    EXPECT_EQ(saturating(opaque(row.input)), row.result) << row.input;
  }
}
constexpr auto kOk = NumTrap::none;
constexpr auto kOverflow = NumTrap::integer_overflow;
constexpr auto kInvalid = NumTrap::invalid_conversion_to_integer;

TEST(Numeric, I32TruncationOfF32AtItsBounds) {
  check_truncations<float, uint32_t>(i32_trunc_f32_s, i32_trunc_sat_f32_s,
                                     {{0.0f, kOk, 0},
                                      {-0.0f, kOk, 0},
                                      {0x1p-149f, kOk, 0},
                                      {1.9f, kOk, 1},
                                      {-1.9f, kOk, ~0u},
                                      {-0.9f, kOk, 0},
                                      {2147483520.0f, kOk, 2147483520u},
                                      {2147483648.0f, kOverflow, 0x7fffffffu},
                                      {-2147483648.0f, kOk, 0x80000000u},
                                      {-2147483904.0f, kOverflow, 0x80000000u},
                                      {kInf32, kOverflow, 0x7fffffffu},
                                      {-kInf32, kOverflow, 0x80000000u},
                                      {kNan32, kInvalid, 0},
                                      {-kNan32, kInvalid, 0}});
  check_truncations<float, uint32_t>(i32_trunc_f32_u, i32_trunc_sat_f32_u,
                                     {{0.0f, kOk, 0},
                                      {-0.0f, kOk, 0},
                                      {-0.9f, kOk, 0},
                                      {-0x1.fffffep-1f, kOk, 0},
                                      {-1.0f, kOverflow, 0},
                                      {1.9f, kOk, 1},
                                      {2147483648.0f, kOk, 0x80000000u},
                                      {4294967040.0f, kOk, 0xffffff00u},
                                      {4294967296.0f, kOverflow, ~0u},
                                      {kInf32, kOverflow, ~0u},
                                      {-kInf32, kOverflow, 0},
                                      {kNan32, kInvalid, 0},
                                      {-kNan32, kInvalid, 0}});
}
TEST(Numeric, I32TruncationOfF64AtItsBounds) {
  check_truncations<double, uint32_t>(i32_trunc_f64_s, i32_trunc_sat_f64_s,
                                      {{0.0, kOk, 0},
                                       {-0.9, kOk, 0},
                                       {0x1p-1074, kOk, 0},
                                       {2147483647.0, kOk, 0x7fffffffu},
                                       {2147483647.9, kOk, 0x7fffffffu},
                                       {0x1.fffffffffffffp30, kOk, 0x7fffffffu},
                                       {2147483648.0, kOverflow, 0x7fffffffu},
                                       {-2147483648.0, kOk, 0x80000000u},
                                       {-2147483648.9, kOk, 0x80000000u},
                                       {-0x1.00000001fffffp31, kOk, 0x80000000u},
                                       {-2147483649.0, kOverflow, 0x80000000u},
                                       {kInf64, kOverflow, 0x7fffffffu},
                                       {-kInf64, kOverflow, 0x80000000u},
                                       {kNan64, kInvalid, 0},
                                       {-kNan64, kInvalid, 0}});
  check_truncations<double, uint32_t>(i32_trunc_f64_u, i32_trunc_sat_f64_u,
                                      {{-0.9, kOk, 0},
                                       {-0x1.fffffffffffffp-1, kOk, 0},
                                       {-1.0, kOverflow, 0},
                                       {2147483648.5, kOk, 0x80000000u},
                                       {4294967295.0, kOk, ~0u},
                                       {4294967295.9, kOk, ~0u},
                                       {4294967296.0, kOverflow, ~0u},
                                       {1e300, kOverflow, ~0u},
                                       {kInf64, kOverflow, ~0u},
                                       {-kInf64, kOverflow, 0},
                                       {kNan64, kInvalid, 0},
                                       {-kNan64, kInvalid, 0}});
}
TEST(Numeric, I64TruncationOfF32AtItsBounds) {
  constexpr uint64_t kMin = uint64_t{1} << 63, kMax = kMin - 1, kAll = ~uint64_t{0};
  check_truncations<float, uint64_t>(i64_trunc_f32_s, i64_trunc_sat_f32_s,
                                     {{-1.9f, kOk, kAll},
                                      {4294967296.0f, kOk, uint64_t{1} << 32},
                                      {0x1.fffffep62f, kOk, 0x7fffff8000000000u},
                                      {0x1p63f, kOverflow, kMax},
                                      {-0x1p63f, kOk, kMin},
                                      {-0x1.000002p63f, kOverflow, kMin},
                                      {kInf32, kOverflow, kMax},
                                      {-kInf32, kOverflow, kMin},
                                      {kNan32, kInvalid, 0}});
  check_truncations<float, uint64_t>(i64_trunc_f32_u, i64_trunc_sat_f32_u,
                                     {{-0.9f, kOk, 0},
                                      {-1.0f, kOverflow, 0},
                                      {0x1p63f, kOk, kMin},
                                      {0x1.000002p63f, kOk, 0x8000010000000000u},
                                      {0x1.fffffep63f, kOk, 0xffffff0000000000u},
                                      {0x1p64f, kOverflow, kAll},
                                      {kInf32, kOverflow, kAll},
                                      {-kInf32, kOverflow, 0},
                                      {kNan32, kInvalid, 0}});
}
TEST(Numeric, I64TruncationOfF64AtItsBounds) {
  constexpr uint64_t kMin = uint64_t{1} << 63, kMax = kMin - 1, kAll = ~uint64_t{0};
  check_truncations<double, uint64_t>(i64_trunc_f64_s, i64_trunc_sat_f64_s,
                                      {{-1.9, kOk, kAll},
                                       {0x1.fffffffffffffp62, kOk, 0x7ffffffffffffc00u},
                                       {0x1p63, kOverflow, kMax},
                                       {-0x1p63, kOk, kMin},
                                       {-0x1.0000000000001p63, kOverflow, kMin},
                                       {kInf64, kOverflow, kMax},
                                       {-kInf64, kOverflow, kMin},
                                       {kNan64, kInvalid, 0},
                                       {-kNan64, kInvalid, 0}});
  check_truncations<double, uint64_t>(i64_trunc_f64_u, i64_trunc_sat_f64_u,
                                      {{-0.9, kOk, 0},
                                       {-1.0, kOverflow, 0},
                                       {0x1p63, kOk, kMin},
                                       {0x1.0000000000001p63, kOk, 0x8000000000000800u},
                                       {0x1.fffffffffffffp63, kOk, 0xfffffffffffff800u},
                                       {0x1p64, kOverflow, kAll},
                                       {kInf64, kOverflow, kAll},
                                       {-kInf64, kOverflow, 0},
                                       {kNan64, kInvalid, 0},
                                       {-kNan64, kInvalid, 0}});
}
TEST(Numeric, TruncationTreatsSignallingNanAsNan) {
  uint32_t out = 0;
  EXPECT_EQ(i32_trunc_f32_s(opaque(float_of<float>(0x7f800001)), &out), kInvalid);
  EXPECT_EQ(i32_trunc_f64_u(opaque(float_of<double>(0xfff0000000000001)), &out), kInvalid);
  EXPECT_EQ(i32_trunc_sat_f32_s(opaque(float_of<float>(0xff800001))), 0u);
}

// --- Integer to float, float to float ------------------------------------------------------------------------------

// Rounds magnitude to F's significand, ties to even, by integer arithmetic.
template <class F>
F convert_by_hand(bool negative, uint64_t magnitude) {
  constexpr int kDigits = std::numeric_limits<F>::digits;
  const int width = 64 - std::countl_zero(magnitude);
  const int dropped = width > kDigits ? width - kDigits : 0;
  uint64_t kept = magnitude >> dropped;
  const uint64_t rest = magnitude - (kept << dropped), half = dropped == 0 ? 1 : uint64_t{1} << (dropped - 1);
  if (rest > half || (rest == half && dropped != 0 && kept % 2 != 0)) ++kept;
  const F result = std::ldexp(static_cast<F>(kept), dropped);
  return negative ? -result : result;
}
TEST(Numeric, IntegerToFloatRoundsOnceToNearestEven) {
  std::vector<uint64_t> inputs = {0,
                                  0xffffff8000000001,
                                  0x8000008000000001,
                                  0x8000004000000000,
                                  0x8000004000000001,
                                  0xfffffe8000000001,
                                  0x7fffff4000000001};
  for (int bit = 0; bit < 64; ++bit) {
    for (uint64_t delta = 0; delta < 4; ++delta) {
      inputs.push_back((uint64_t{1} << bit) + delta);
      inputs.push_back((uint64_t{1} << bit) - delta);
      for (int half : {24, 25, 53, 54}) {  // Around the bit that is half an ulp of f32 and f64.
        if (bit >= half) inputs.push_back((uint64_t{3} << bit >> 1) + (uint64_t{1} << (bit - half)) + delta - 1);
      }
    }
  }
  uint64_t random = 0x9e3779b97f4a7c15;
  for (int i = 0; i < 4000; ++i)
    inputs.push_back((random = random * 6364136223846793005 + 1442695040888963407) >> (i % 40));
  for (uint64_t x : inputs) {
    const auto narrow = static_cast<uint32_t>(x);
    const bool negative64 = x >> 63, negative32 = narrow >> 31;
    const uint64_t size64 = negative64 ? 0 - x : x;
    const uint32_t size32 = negative32 ? 0 - narrow : narrow;
    EXPECT_EQ(f32_convert_i64_u(opaque(x)), convert_by_hand<float>(false, x)) << x;
    EXPECT_EQ(f64_convert_i64_u(opaque(x)), convert_by_hand<double>(false, x)) << x;
    EXPECT_EQ(f32_convert_i64_s(opaque(x)), convert_by_hand<float>(negative64, size64)) << x;
    EXPECT_EQ(f64_convert_i64_s(opaque(x)), convert_by_hand<double>(negative64, size64)) << x;
    EXPECT_EQ(f32_convert_i32_u(opaque(narrow)), convert_by_hand<float>(false, narrow)) << narrow;
    EXPECT_EQ(f64_convert_i32_u(opaque(narrow)), convert_by_hand<double>(false, narrow)) << narrow;
    EXPECT_EQ(f32_convert_i32_s(opaque(narrow)), convert_by_hand<float>(negative32, size32)) << narrow;
    EXPECT_EQ(f64_convert_i32_s(opaque(narrow)), convert_by_hand<double>(negative32, size32)) << narrow;
  }
}
TEST(Numeric, IntegerToFloatHalfwayCasesByName) {
  EXPECT_EQ(f32_convert_i32_u(opaque(16777217u)), 16777216.0f) << "2^24 + 1 is a tie, down to even";
  EXPECT_EQ(f32_convert_i32_u(opaque(16777219u)), 16777220.0f) << "2^24 + 3 is a tie, up to even";
  EXPECT_EQ(f32_convert_i64_u(opaque(uint64_t{0x8000008000000001})), 0x1.000002p63f)
      << "just above a tie, which f64 would hide";
  EXPECT_EQ(f32_convert_i64_u(opaque(uint64_t{0xffffffffffffffff})), 0x1p64f);
  EXPECT_EQ(f64_convert_i64_u(opaque(uint64_t{0x8000000000000400})), 0x1p63) << "a tie, down to even";
  EXPECT_EQ(f64_convert_i64_u(opaque(uint64_t{0x8000000000000401})), 0x1.0000000000001p63);
  EXPECT_EQ(f64_convert_i64_s(opaque(uint64_t{9007199254740993})), 9007199254740992.0);
}
TEST(Numeric, DemoteRoundsToNearestEvenThroughSubnormalsAndOverflow) {
  const auto demote = [](double x) { return bits_of(f32_demote_f64(opaque(x))); };
  EXPECT_EQ(demote(1 + 0x1p-24), bits_of(1.0f));
  EXPECT_EQ(demote(1 + 0x1p-24 + 0x1p-52), bits_of(0x1.000002p0f));
  EXPECT_EQ(demote(1 + 0x3p-24), bits_of(0x1.000004p0f));
  EXPECT_EQ(demote(0x1.fffffefffffffp127), bits_of(0x1.fffffep127f));
  EXPECT_EQ(demote(0x1.ffffffp127), bits_of(kInf32));
  EXPECT_EQ(demote(-0x1.ffffffp127), bits_of(-kInf32));
  EXPECT_EQ(demote(0x1p-149), 1u);
  EXPECT_EQ(demote(0x1p-150), 0u);
  EXPECT_EQ(demote(0x1.0000000000001p-150), 1u);
  EXPECT_EQ(demote(0x1.8p-149), 2u);
  EXPECT_EQ(demote(0x1.fffffffffffffp-127), 0x00800000u) << "rounds up into the normal range";
  EXPECT_EQ(demote(-0x1p-1074), 0x80000000u);
  EXPECT_EQ(demote(kInf64), bits_of(kInf32));
}
TEST(Numeric, PromoteIsExact) {
  EXPECT_EQ(f64_promote_f32(opaque(0x1p-149f)), 0x1p-149);
  EXPECT_EQ(f64_promote_f32(opaque(0x1.fffffep127f)), 0x1.fffffep127);
  EXPECT_EQ(bits_of(f64_promote_f32(opaque(-0.0f))), Format<double>::kSign);
  EXPECT_EQ(f64_promote_f32(opaque(-kInf32)), -kInf64);
}
TEST(Numeric, DemoteAndPromoteOfNansAreLegal) {
  for (double nan : nan_kinds<double>()) {
    const float result = f32_demote_f64(opaque(nan));
    EXPECT_TRUE(is_canonical_nan(nan) ? is_canonical_nan(result) : is_quiet_nan(result)) << std::hex << bits_of(nan);
  }
  for (float nan : nan_kinds<float>()) {
    const double result = f64_promote_f32(opaque(nan));
    EXPECT_TRUE(is_canonical_nan(nan) ? is_canonical_nan(result) : is_quiet_nan(result)) << std::hex << bits_of(nan);
  }
}
TEST(Numeric, ReinterpretKeepsEveryBit) {
  for (uint32_t x : {0u, 0x80000000u, 0x7f800001u, 0xffbfffffu, 0x7fc00000u, 0x3f800000u, ~0u}) {
    EXPECT_EQ(i32_reinterpret_f32(f32_reinterpret_i32(opaque(x))), x);
  }
  for (uint64_t x :
       {uint64_t{0}, uint64_t{1} << 63, uint64_t{0x7ff0000000000001}, uint64_t{0xfff7ffffffffffff}, ~uint64_t{0}}) {
    EXPECT_EQ(i64_reinterpret_f64(f64_reinterpret_i64(opaque(x))), x);
  }
  EXPECT_EQ(f32_reinterpret_i32(0x3f800000u), 1.0f);
  EXPECT_EQ(f64_reinterpret_i64(0xc000000000000000u), -2.0);
}

}  // namespace
}  // namespace arris::num
