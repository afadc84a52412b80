// Edge cases of every scalar instruction, against references that share no code with numeric.h: 128-bit arithmetic
// for integers, double for f32, hand-made tables for the boundaries. Operands pass through a volatile so that the
// machine's instruction is tested and not the compiler's constant folding.
#include "wasm/numeric.h"

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "wasm/numeric_testing.h"

namespace arris::num {
namespace {

// --- Integers ------------------------------------------------------------------------------------------------------

template <class U>
std::vector<U> integer_edges() {
  constexpr int kBits = sizeof(U) * 8;
  std::vector<U> edges = {0, 1, 2, 3, 5, 7, 10, 31, 32, 33, 63, 64, 65, 100, static_cast<U>(0x0123456789abcdef)};
  for (int bit = 7; bit < kBits; bit += 8) {
    for (int delta = -1; delta <= 1; ++delta) edges.push_back((U{1} << bit) + static_cast<U>(delta));
    edges.push_back((U{1} << bit) << 1);
  }
  for (size_t i = 0, n = edges.size(); i < n; ++i) edges.push_back(U{0} - edges[i]);
  return edges;
}

template <class U>
struct IntegerOps {
  using S = std::make_signed_t<U>;
  using Binary = U (*)(U, U);
  using Unary = U (*)(U);
  using Compare = uint32_t (*)(U, U);
  using Trapping = NumTrap (*)(U, U, U*);
  uint32_t (*eqz)(U);
  Compare eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u;
  Unary clz, ctz, popcnt, extend8_s, extend16_s;
  Binary add, sub, mul, and_, or_, xor_, shl, shr_s, shr_u, rotl, rotr;
  Trapping div_s, div_u, rem_s, rem_u;
};
constexpr IntegerOps<uint32_t> kI32 = {
    i32_eqz,   i32_eq,   i32_ne,   i32_lt_s,  i32_lt_u,  i32_gt_s,   i32_gt_u,      i32_le_s,
    i32_le_u,  i32_ge_s, i32_ge_u, i32_clz,   i32_ctz,   i32_popcnt, i32_extend8_s, i32_extend16_s,
    i32_add,   i32_sub,  i32_mul,  i32_and,   i32_or,    i32_xor,    i32_shl,       i32_shr_s,
    i32_shr_u, i32_rotl, i32_rotr, i32_div_s, i32_div_u, i32_rem_s,  i32_rem_u};
constexpr IntegerOps<uint64_t> kI64 = {
    i64_eqz,   i64_eq,   i64_ne,   i64_lt_s,  i64_lt_u,  i64_gt_s,   i64_gt_u,      i64_le_s,
    i64_le_u,  i64_ge_s, i64_ge_u, i64_clz,   i64_ctz,   i64_popcnt, i64_extend8_s, i64_extend16_s,
    i64_add,   i64_sub,  i64_mul,  i64_and,   i64_or,    i64_xor,    i64_shl,       i64_shr_s,
    i64_shr_u, i64_rotl, i64_rotr, i64_div_s, i64_div_u, i64_rem_s,  i64_rem_u};

template <class U>
bool bit_of(U x, int index) {
  return (x >> index) & 1;
}
// Moves every bit by itself: destination = source position + distance, dropped or wrapped past the ends; fill
// supplies vacant ones.
template <class U>
U move_bits(U x, int distance, bool wrap, bool fill) {
  constexpr int kBits = sizeof(U) * 8;
  U result = 0;
  for (int to = 0; to < kBits; ++to) {
    const int from = to - distance;
    const bool inside = from >= 0 && from < kBits;
    const bool bit = inside ? bit_of(x, from) : wrap ? bit_of(x, (from % kBits + kBits) % kBits) : fill;
    if (bit) result |= U{1} << to;
  }
  return result;
}

template <class U>
void check_comparisons(const IntegerOps<U>& op, U a, U b) {
  const Big sa = static_cast<std::make_signed_t<U>>(a), sb = static_cast<std::make_signed_t<U>>(b), ua = a, ub = b;
  EXPECT_EQ(op.eq(a, b), ua == ub ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.ne(a, b), ua != ub ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.lt_s(a, b), sa < sb ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.lt_u(a, b), ua < ub ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.gt_s(a, b), sa > sb ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.gt_u(a, b), ua > ub ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.le_s(a, b), sa <= sb ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.le_u(a, b), ua <= ub ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.ge_s(a, b), sa >= sb ? 1u : 0u) << a << " " << b;
  EXPECT_EQ(op.ge_u(a, b), ua >= ub ? 1u : 0u) << a << " " << b;
}
template <class U>
void check_arithmetic(const IntegerOps<U>& op, U a, U b) {
  const Big ua = a, ub = b;
  const int count = static_cast<int>(b % (sizeof(U) * 8));
  const bool negative = static_cast<std::make_signed_t<U>>(a) < 0;
  EXPECT_EQ(op.add(a, b), static_cast<U>(ua + ub)) << a << " " << b;
  EXPECT_EQ(op.sub(a, b), static_cast<U>(ua - ub)) << a << " " << b;
  EXPECT_EQ(op.mul(a, b), static_cast<U>(static_cast<unsigned __int128>(ua) * static_cast<unsigned __int128>(ub)))
      << a << " " << b;
  EXPECT_EQ(op.and_(a, b), static_cast<U>(a & b));
  EXPECT_EQ(op.or_(a, b), static_cast<U>(a | b));
  EXPECT_EQ(op.xor_(a, b), static_cast<U>(a ^ b));
  EXPECT_EQ(op.shl(a, b), move_bits(a, count, false, false)) << a << " " << b;
  EXPECT_EQ(op.shr_u(a, b), move_bits(a, -count, false, false)) << a << " " << b;
  EXPECT_EQ(op.shr_s(a, b), move_bits(a, -count, false, negative)) << a << " " << b;
  EXPECT_EQ(op.rotl(a, b), move_bits(a, count, true, false)) << a << " " << b;
  EXPECT_EQ(op.rotr(a, b), move_bits(a, -count, true, false)) << a << " " << b;
}
template <class U>
void check_division(const IntegerOps<U>& op, U a, U b) {
  const Big sa = static_cast<std::make_signed_t<U>>(a), sb = static_cast<std::make_signed_t<U>>(b), ua = a, ub = b;
  const auto expect = [&](typename IntegerOps<U>::Trapping function, const char* name, NumTrap trap, Big value) {
    constexpr U kUntouched = 0x5a;
    U out = kUntouched;
    EXPECT_EQ(function(a, b, &out), trap) << name << " " << a << " " << b;
    EXPECT_EQ(out, trap == NumTrap::none ? static_cast<U>(value) : kUntouched) << name << " " << a << " " << b;
  };
  const NumTrap zero = b == 0 ? NumTrap::integer_divide_by_zero : NumTrap::none;
  const bool overflow = sb == -1 && sa == std::numeric_limits<std::make_signed_t<U>>::min();
  expect(op.div_s, "div_s", overflow ? NumTrap::integer_overflow : zero, b == 0 ? 0 : sa / sb);
  expect(op.div_u, "div_u", zero, b == 0 ? 0 : ua / ub);
  expect(op.rem_s, "rem_s", zero, b == 0 ? 0 : sa % sb);
  expect(op.rem_u, "rem_u", zero, b == 0 ? 0 : ua % ub);
}
template <class U>
void check_unary(const IntegerOps<U>& op, U a) {
  constexpr int kBits = sizeof(U) * 8;
  U leading = 0, trailing = 0, ones = 0;
  while (leading < kBits && !bit_of(a, kBits - 1 - static_cast<int>(leading))) ++leading;
  while (trailing < kBits && !bit_of(a, static_cast<int>(trailing))) ++trailing;
  for (int i = 0; i < kBits; ++i) ones += bit_of(a, i);
  EXPECT_EQ(op.eqz(a), a == 0 ? 1u : 0u) << a;
  EXPECT_EQ(op.clz(a), leading) << a;
  EXPECT_EQ(op.ctz(a), trailing) << a;
  EXPECT_EQ(op.popcnt(a), ones) << a;
  const Big byte = a & 0xff, half = a & 0xffff;
  EXPECT_EQ(op.extend8_s(a), static_cast<U>(byte >= 0x80 ? byte - 0x100 : byte)) << a;
  EXPECT_EQ(op.extend16_s(a), static_cast<U>(half >= 0x8000 ? half - 0x10000 : half)) << a;
}
template <class U>
void check_integers(const IntegerOps<U>& op) {
  for (U a : integer_edges<U>()) {
    check_unary(op, opaque(a));
    for (U b : integer_edges<U>()) {
      check_comparisons(op, opaque(a), opaque(b));
      check_arithmetic(op, opaque(a), opaque(b));
      check_division(op, opaque(a), opaque(b));
    }
  }
}

TEST(Numeric, I32OperationsMatchExactArithmetic) { check_integers(kI32); }
TEST(Numeric, I64OperationsMatchExactArithmetic) { check_integers(kI64); }

TEST(Numeric, DivisionEdgesByName) {
  uint32_t out = 7;
  EXPECT_EQ(i32_div_s(0x80000000u, opaque(0xffffffffu), &out), NumTrap::integer_overflow);
  EXPECT_EQ(i32_rem_s(0x80000000u, opaque(0xffffffffu), &out), NumTrap::none);
  EXPECT_EQ(out, 0u);
  EXPECT_EQ(i32_div_s(0x80000000u, opaque(0u), &out), NumTrap::integer_divide_by_zero);
  EXPECT_EQ(i32_div_s(static_cast<uint32_t>(-7), opaque(2u), &out), NumTrap::none);
  EXPECT_EQ(static_cast<int32_t>(out), -3) << "division truncates";
  EXPECT_EQ(i32_rem_s(static_cast<uint32_t>(-7), opaque(2u), &out), NumTrap::none);
  EXPECT_EQ(static_cast<int32_t>(out), -1) << "the remainder has the dividend's sign";
  uint64_t wide = 7;
  EXPECT_EQ(i64_div_s(uint64_t{1} << 63, opaque(~uint64_t{0}), &wide), NumTrap::integer_overflow);
  EXPECT_EQ(i64_rem_s(uint64_t{1} << 63, opaque(~uint64_t{0}), &wide), NumTrap::none);
  EXPECT_EQ(wide, 0u);
}

TEST(Numeric, CountsAndShiftsAtZeroAndAtTheWidth) {
  EXPECT_EQ(i32_clz(opaque(0u)), 32u);
  EXPECT_EQ(i32_ctz(opaque(0u)), 32u);
  EXPECT_EQ(i64_clz(opaque(uint64_t{0})), 64u);
  EXPECT_EQ(i64_ctz(opaque(uint64_t{0})), 64u);
  EXPECT_EQ(i32_shl(1, opaque(32u)), 1u);
  EXPECT_EQ(i32_shr_s(0x80000000u, opaque(33u)), 0xc0000000u);
  EXPECT_EQ(i32_rotl(0xabcd9876u, opaque(0u)), 0xabcd9876u);
  EXPECT_EQ(i32_rotr(0xabcd9876u, opaque(32u)), 0xabcd9876u);
  EXPECT_EQ(i64_shl(1, opaque(uint64_t{64})), 1u);
  EXPECT_EQ(i64_shl(1, opaque(uint64_t{1} << 32)), 1u) << "the count is taken modulo 64, not truncated elsewhere";
  EXPECT_EQ(i64_rotl(0xabcd987602468aceu, opaque(uint64_t{0})), 0xabcd987602468aceu);
}

TEST(Numeric, IntegerConversions) {
  EXPECT_EQ(i32_wrap_i64(0xdeadbeef80000001u), 0x80000001u);
  EXPECT_EQ(i64_extend_i32_s(0x80000000u), 0xffffffff80000000u);
  EXPECT_EQ(i64_extend_i32_s(0x7fffffffu), 0x7fffffffu);
  EXPECT_EQ(i64_extend_i32_u(0x80000000u), 0x80000000u);
  EXPECT_EQ(i64_extend32_s(0x1280000000u), 0xffffffff80000000u);
  EXPECT_EQ(i64_extend32_s(0xffffffff7fffffffu), 0x7fffffffu);
}

TEST(Numeric, WideArithmeticMatches128BitIntegers) {
  using UBig = unsigned __int128;
  const auto wide = [](UBig x) { return Wide128{static_cast<uint64_t>(x), static_cast<uint64_t>(x >> 64)}; };
  const auto joined = [](uint64_t low, uint64_t high) { return static_cast<UBig>(high) << 64 | low; };
  const std::vector<uint64_t> edges = {
      0, 1, 2, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x123456789abcdef0};
  for (uint64_t a : edges) {
    for (uint64_t b : edges) {
      EXPECT_EQ(i64_mul_wide_u(opaque(a), opaque(b)), wide(static_cast<UBig>(a) * b));
      // Schoolbook on the unsigned product: a negative operand subtracts the other one from the high half.
      const UBig correction = (a >> 63 ? static_cast<UBig>(b) << 64 : 0) + (b >> 63 ? static_cast<UBig>(a) << 64 : 0);
      EXPECT_EQ(i64_mul_wide_s(opaque(a), opaque(b)), wide(static_cast<UBig>(a) * b - correction));
      for (uint64_t c : edges) {
        for (uint64_t d : edges) {
          EXPECT_EQ(i64_add128(opaque(a), opaque(b), opaque(c), opaque(d)), wide(joined(a, b) + joined(c, d)));
          EXPECT_EQ(i64_sub128(opaque(a), opaque(b), opaque(c), opaque(d)), wide(joined(a, b) - joined(c, d)));
        }
      }
    }
  }
}

// --- Floats --------------------------------------------------------------------------------------------------------

template <class F>
struct FloatOps {
  using Binary = F (*)(F, F);
  using Unary = F (*)(F);
  using Compare = uint32_t (*)(F, F);
  Unary abs, neg, ceil, floor, trunc, nearest, sqrt;
  Binary add, sub, mul, div, min, max, copysign;
  Compare eq, ne, lt, gt, le, ge;
};
constexpr FloatOps<float> kF32 = {f32_abs, f32_neg, f32_ceil, f32_floor, f32_trunc, f32_nearest, f32_sqrt,
                                  f32_add, f32_sub, f32_mul,  f32_div,   f32_min,   f32_max,     f32_copysign,
                                  f32_eq,  f32_ne,  f32_lt,   f32_gt,    f32_le,    f32_ge};
constexpr FloatOps<double> kF64 = {f64_abs, f64_neg, f64_ceil, f64_floor, f64_trunc, f64_nearest, f64_sqrt,
                                   f64_add, f64_sub, f64_mul,  f64_div,   f64_min,   f64_max,     f64_copysign,
                                   f64_eq,  f64_ne,  f64_lt,   f64_gt,    f64_le,    f64_ge};

// The result of an operation on operands of which one is a NaN.
template <class F>
void expect_legal_nan(F result, std::initializer_list<F> operands, const char* what) {
  bool all_canonical = true;
  for (F operand : operands) all_canonical &= !is_nan(operand) || is_canonical_nan(operand);
  if (all_canonical) {
    EXPECT_TRUE(is_canonical_nan(result)) << what << " gave " << std::hex << bits_of(result);
  } else {
    EXPECT_TRUE(is_quiet_nan(result)) << what << " gave " << std::hex << bits_of(result);
  }
}
template <class F>
void check_nan_propagation(const FloatOps<F>& op) {
  std::vector<F> all = number_edges<F>();
  for (F nan : nan_kinds<F>()) all.push_back(nan);
  for (F nan : nan_kinds<F>()) {
    for (auto unary : {op.ceil, op.floor, op.trunc, op.nearest, op.sqrt})
      expect_legal_nan(unary(opaque(nan)), {nan}, "unary");
    for (F other : all) {
      for (auto binary : {op.add, op.sub, op.mul, op.div, op.min, op.max}) {
        expect_legal_nan(binary(opaque(nan), opaque(other)), {nan, other}, "nan on the left");
        expect_legal_nan(binary(opaque(other), opaque(nan)), {nan, other}, "nan on the right");
      }
      for (auto compare : {op.eq, op.lt, op.gt, op.le, op.ge}) {
        EXPECT_EQ(compare(opaque(nan), opaque(other)), 0u);
        EXPECT_EQ(compare(opaque(other), opaque(nan)), 0u);
      }
      EXPECT_EQ(op.ne(opaque(nan), opaque(other)), 1u);
      EXPECT_EQ(op.ne(opaque(other), opaque(nan)), 1u);
    }
  }
}
TEST(Numeric, F32NanOperandsGiveLegalNans) { check_nan_propagation(kF32); }
TEST(Numeric, F64NanOperandsGiveLegalNans) { check_nan_propagation(kF64); }

template <class F>
void check_generated_nans(const FloatOps<F>& op) {
  const F infinity = opaque(std::numeric_limits<F>::infinity()), zero = opaque(F{0});
  EXPECT_TRUE(is_canonical_nan(op.sub(infinity, infinity)));
  EXPECT_TRUE(is_canonical_nan(op.add(infinity, -infinity)));
  EXPECT_TRUE(is_canonical_nan(op.mul(infinity, zero)));
  EXPECT_TRUE(is_canonical_nan(op.div(zero, zero)));
  EXPECT_TRUE(is_canonical_nan(op.div(infinity, infinity)));
  EXPECT_TRUE(is_canonical_nan(op.sqrt(opaque(F{-1}))));
  EXPECT_EQ(bits_of(op.sqrt(opaque(-zero))), Format<F>::kSign);
  EXPECT_EQ(op.div(opaque(F{1}), zero), infinity);
  EXPECT_EQ(op.div(opaque(F{1}), -zero), -infinity);
}
TEST(Numeric, F32InvalidOperationsGiveCanonicalNans) { check_generated_nans(kF32); }
TEST(Numeric, F64InvalidOperationsGiveCanonicalNans) { check_generated_nans(kF64); }

template <class F>
void check_sign_operations(const FloatOps<F>& op) {
  constexpr auto kSign = Format<F>::kSign;
  std::vector<F> all = number_edges<F>();
  for (F nan : nan_kinds<F>()) all.push_back(nan);
  for (F a : all) {
    EXPECT_EQ(bits_of(op.abs(opaque(a))), bits_of(a) & ~kSign);
    EXPECT_EQ(bits_of(op.neg(opaque(a))), bits_of(a) ^ kSign);
    for (F b : all) {
      EXPECT_EQ(bits_of(op.copysign(opaque(a), opaque(b))), (bits_of(a) & ~kSign) | (bits_of(b) & kSign));
    }
  }
}
TEST(Numeric, F32SignOperationsKeepEveryPayload) { check_sign_operations(kF32); }
TEST(Numeric, F64SignOperationsKeepEveryPayload) { check_sign_operations(kF64); }

// Order with -0 below +0: minimum and maximum are then plain choices.
template <class F>
bool below(F a, F b) {
  return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}
template <class F>
void check_order(const FloatOps<F>& op) {
  for (F a : number_edges<F>()) {
    for (F b : number_edges<F>()) {
      EXPECT_EQ(bits_of(op.min(opaque(a), opaque(b))), bits_of(below(b, a) ? b : a)) << a << " " << b;
      EXPECT_EQ(bits_of(op.max(opaque(a), opaque(b))), bits_of(below(a, b) ? b : a)) << a << " " << b;
      const bool zeros = (bits_of(a) | bits_of(b)) << 1 == 0;
      const bool less = !zeros && below(a, b), greater = !zeros && below(b, a);
      EXPECT_EQ(op.eq(opaque(a), opaque(b)), !less && !greater ? 1u : 0u);
      EXPECT_EQ(op.ne(opaque(a), opaque(b)), less || greater ? 1u : 0u);
      EXPECT_EQ(op.lt(opaque(a), opaque(b)), less ? 1u : 0u);
      EXPECT_EQ(op.gt(opaque(a), opaque(b)), greater ? 1u : 0u);
      EXPECT_EQ(op.le(opaque(a), opaque(b)), !greater ? 1u : 0u);
      EXPECT_EQ(op.ge(opaque(a), opaque(b)), !less ? 1u : 0u);
    }
  }
}
TEST(Numeric, F32MinMaxAndComparisonsOrderSignedZeros) { check_order(kF32); }
TEST(Numeric, F64MinMaxAndComparisonsOrderSignedZeros) { check_order(kF64); }

// A double holds every f32 result with enough spare bits (53 >= 2 * 24 + 2) that rounding it once more to f32 is exact.
TEST(Numeric, F32ArithmeticIsCorrectlyRounded) {
  const auto same = [](float actual, double exact) {
    if (std::isnan(exact)) return is_canonical_nan(actual);
    return bits_of(actual) == bits_of(static_cast<float>(exact));
  };
  for (float a : number_edges<float>()) {
    EXPECT_TRUE(same(f32_sqrt(opaque(a)), std::sqrt(double{a}))) << a;
    for (float b : number_edges<float>()) {
      EXPECT_TRUE(same(f32_add(opaque(a), opaque(b)), double{a} + b)) << a << " " << b;
      EXPECT_TRUE(same(f32_sub(opaque(a), opaque(b)), double{a} - b)) << a << " " << b;
      EXPECT_TRUE(same(f32_mul(opaque(a), opaque(b)), double{a} * b)) << a << " " << b;
      EXPECT_TRUE(same(f32_div(opaque(a), opaque(b)), f64_div(double{a}, double{b}))) << a << " " << b;
    }
  }
}
TEST(Numeric, F64ArithmeticIsCorrectlyRounded) {
  const double ulp = 0x1p-52, max = std::numeric_limits<double>::max();
  EXPECT_EQ(f64_add(opaque(1.0), ulp / 2), 1.0) << "a tie goes to even";
  EXPECT_EQ(f64_add(opaque(1 + ulp), ulp / 2), 1 + 2 * ulp) << "a tie goes to even";
  EXPECT_EQ(f64_add(opaque(1.0), 0x1.8p-53), 1 + ulp);
  EXPECT_EQ(f64_sub(opaque(1.0), 0x1p-54), 1.0);
  EXPECT_EQ(f64_sub(opaque(1.0), 0x1p-53), 1 - ulp / 2);
  EXPECT_EQ(f64_mul(opaque(1 + ulp), 1 + ulp), 1 + 2 * ulp);
  EXPECT_EQ(f64_mul(opaque(0x1p-1074), 0.5), 0.0) << "a tie between 0 and the least subnormal";
  EXPECT_EQ(f64_mul(opaque(0x1p-1074), 1.5), 0x1p-1073) << "a tie between one and two least subnormals";
  EXPECT_EQ(f64_div(opaque(1.0), 3.0), 0x1.5555555555555p-2);
  EXPECT_EQ(f64_div(opaque(2.0), 3.0), 0x1.5555555555555p-1);
  EXPECT_EQ(f64_sqrt(opaque(2.0)), 0x1.6a09e667f3bcdp+0);
  EXPECT_EQ(f64_add(opaque(max), 0x1p969), max);
  EXPECT_EQ(f64_add(opaque(max), 0x1p970), std::numeric_limits<double>::infinity());
}
TEST(Numeric, MultiplyThenAddIsNeverFused) {
  EXPECT_EQ(f32_add(f32_mul(opaque(0x1.000004p+0f), opaque(0x1.0002p+0f)), opaque(-0x1.000204p+0f)), 0.0f);
  // (1 + 2^-30)^2 = 1 + 2^-29 + 2^-60: the last term is lost when the product is rounded, and only then.
  EXPECT_EQ(f64_add(f64_mul(opaque(1 + 0x1p-30), opaque(1 + 0x1p-30)), opaque(-(1 + 0x1p-29))), 0.0);
}

// --- Rounding to integral values -----------------------------------------------------------------------------------

// Rounds by integer arithmetic; beyond 2^52 (and for infinities) every value is integral already.
enum class Rounding { up, down, to_zero, nearest_even };
template <class F>
F round_by_hand(F x, Rounding rounding) {
  if (!(std::fabs(x) < F{0x1p52})) return x;
  const auto truncated = static_cast<int64_t>(x);
  const F fraction = x - static_cast<F>(truncated);  // Exact, and carries x's sign.
  int64_t result = truncated;
  const F size = fraction < 0 ? -fraction : fraction;
  const int64_t away = x < 0 ? truncated - 1 : truncated + 1;
  if (rounding == Rounding::up && fraction > 0) result = away;
  if (rounding == Rounding::down && fraction < 0) result = away;
  if (rounding == Rounding::nearest_even && (size > F{0.5} || (size == F{0.5} && truncated % 2 != 0))) result = away;
  return std::copysign(static_cast<F>(result), x);
}
template <class F>
void check_rounding(const FloatOps<F>& op) {
  std::vector<F> inputs = number_edges<F>();
  for (F whole : {F{0}, F{1}, F{2}, F{3}, F{4}, F{1000}, F{1001}, F{0x1p22}, F{0x1p23}, F{0x1p24}, F{0x1p51}, F{0x1p52},
                  F{0x1p53}, F{0x1p62}}) {
    for (F fraction : {F{0}, F{0.25}, F{0.5}, F{0.75}, F{1}}) {
      const F x = whole + fraction;
      for (F y : {x, std::nextafter(x, F{0}), std::nextafter(x, std::numeric_limits<F>::infinity())}) {
        inputs.push_back(y);
        inputs.push_back(-y);
      }
    }
  }
  for (F x : inputs) {
    EXPECT_EQ(bits_of(op.ceil(opaque(x))), bits_of(round_by_hand(x, Rounding::up))) << x;
    EXPECT_EQ(bits_of(op.floor(opaque(x))), bits_of(round_by_hand(x, Rounding::down))) << x;
    EXPECT_EQ(bits_of(op.trunc(opaque(x))), bits_of(round_by_hand(x, Rounding::to_zero))) << x;
    EXPECT_EQ(bits_of(op.nearest(opaque(x))), bits_of(round_by_hand(x, Rounding::nearest_even))) << x;
  }
}
TEST(Numeric, F32RoundingMatchesIntegerArithmetic) { check_rounding(kF32); }
TEST(Numeric, F64RoundingMatchesIntegerArithmetic) { check_rounding(kF64); }

template <class F>
void check_halfway(const FloatOps<F>& op) {
  EXPECT_EQ(bits_of(op.nearest(opaque(F{0.5}))), bits_of(F{0}));
  EXPECT_EQ(op.nearest(opaque(F{1.5})), F{2});
  EXPECT_EQ(op.nearest(opaque(F{2.5})), F{2});
  EXPECT_EQ(op.nearest(opaque(F{3.5})), F{4});
  EXPECT_EQ(bits_of(op.nearest(opaque(F{-0.5}))), bits_of(-F{0}));
  EXPECT_EQ(op.nearest(opaque(F{-1.5})), F{-2});
  EXPECT_EQ(op.nearest(opaque(F{-2.5})), F{-2});
  EXPECT_EQ(op.nearest(opaque(std::nextafter(F{0.5}, F{0}))), F{0});
  EXPECT_EQ(bits_of(op.ceil(opaque(F{-0.9}))), bits_of(-F{0}));
  EXPECT_EQ(bits_of(op.trunc(opaque(F{-0.9}))), bits_of(-F{0}));
}
TEST(Numeric, NearestTakesTiesToEvenAndKeepsTheSignOfZero) {
  check_halfway(kF32);
  check_halfway(kF64);
  EXPECT_EQ(f64_nearest(opaque(0x1p52 - 0.5)), 0x1p52);
  EXPECT_EQ(f64_nearest(opaque(0x1p52 - 1.5)), 0x1p52 - 2);
  EXPECT_EQ(f64_nearest(opaque(0x1p52 + 1)), 0x1p52 + 1);
  EXPECT_EQ(f32_nearest(opaque(0x1p23f - 0.5f)), 0x1p23f);
  EXPECT_EQ(f32_nearest(opaque(8388609.0f)), 8388609.0f);
}
TEST(Numeric, RoundingInstructionsIgnoreTheRoundingMode) {
  const int saved = std::fegetround();
  for (int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const volatile float nearest32 = f32_nearest(opaque(2.5f)), ceil32 = f32_ceil(opaque(2.25f));
    const volatile double nearest64 = f64_nearest(opaque(3.5)), floor64 = f64_floor(opaque(-2.25)),
                          trunc64 = f64_trunc(opaque(-2.75));
    ASSERT_EQ(std::fesetround(saved), 0);
    EXPECT_EQ(nearest32, 2.0f);
    EXPECT_EQ(ceil32, 3.0f);
    EXPECT_EQ(nearest64, 4.0);
    EXPECT_EQ(floor64, -3.0);
    EXPECT_EQ(trunc64, -2.0);
  }
}

}  // namespace
}  // namespace arris::num
