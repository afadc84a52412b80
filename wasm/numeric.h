// The numeric semantics of WebAssembly's scalar instructions, written once.
//
// For: the interpreter, constant expressions, constant folding, the runtime's slow paths and tests. simd.h is the
// same for vectors.
//
// Shape
//  - One function per opcode, named by the opcode's identifier (mnemonic with '.' -> '_'); operands in stack order.
//  - i32 and i64 are uint32_t and uint64_t, f32 and f64 are float and double. Comparisons and eqz return uint32_t 0
//    or 1.
//  - An instruction that can trap is `NumTrap op(operands..., Result* out)`: NumTrap::none and *out written, or a
//    trap and *out untouched.
//  - Two-result instructions (wide arithmetic) return Wide128.
//
// Invariants
//  - No undefined behaviour for any operand: shift counts are masked, signed overflow wraps, casts are range-checked
//    first.
//  - NaN: abs, neg, copysign and reinterpret are bit operations and keep every payload, signalling ones too. Every
//    other operation that yields a NaN yields a quiet one, canonical when all NaN operands are canonical. That is
//    what SSE and NEON do; a port to a machine that does otherwise must quieten here.
//  - Results never depend on the floating-point environment's exception flags; rounding is to nearest, ties to even
//    (the C++ default environment), and ceil/floor/trunc/nearest do not consult the environment at all. Nothing is
//    ever contracted into a fused operation.
//
// Specification: execution/numerics; the wide-arithmetic proposal.
#ifndef ARRIS_WASM_NUMERIC_H_
#define ARRIS_WASM_NUMERIC_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace arris::num {

// Why a numeric instruction trapped; wasm/traps.def gives each its message under the same name.
enum class NumTrap : uint8_t { none, integer_divide_by_zero, integer_overflow, invalid_conversion_to_integer };

// A 128-bit integer as the two i64 values the stack carries (low is pushed first).
struct Wide128 {
  uint64_t low;
  uint64_t high;
  friend constexpr bool operator==(const Wide128&, const Wide128&) = default;
};

namespace detail {

template <std::unsigned_integral U>
constexpr U shift_count(U count) {
  return count & (std::numeric_limits<U>::digits - 1);
}
template <std::unsigned_integral U>
constexpr std::make_signed_t<U> as_signed(U x) {
  return static_cast<std::make_signed_t<U>>(x);
}
// Sign-extends the low bits of x that fit Narrow.
template <std::signed_integral Narrow, std::unsigned_integral U>
constexpr U sign_extend(U x) {
  return static_cast<U>(static_cast<std::make_signed_t<U>>(static_cast<Narrow>(x)));
}
template <std::unsigned_integral U>
constexpr U shift_right_signed(U x, U count) {
  return static_cast<U>(as_signed(x) >> shift_count(count));
}

template <std::unsigned_integral U>
[[nodiscard]] constexpr NumTrap div_signed(U a, U b, U* out) {
  using S = std::make_signed_t<U>;
  if (b == 0) [[unlikely]]
    return NumTrap::integer_divide_by_zero;
  if (as_signed(b) == -1 && as_signed(a) == std::numeric_limits<S>::min()) [[unlikely]]
    return NumTrap::integer_overflow;
  *out = static_cast<U>(as_signed(a) / as_signed(b));
  return NumTrap::none;
}
template <std::unsigned_integral U>
[[nodiscard]] constexpr NumTrap div_unsigned(U a, U b, U* out) {
  if (b == 0) [[unlikely]]
    return NumTrap::integer_divide_by_zero;
  *out = a / b;
  return NumTrap::none;
}
// x rem -1 is 0 for every x; the minimum must not reach the machine's divide, which faults on it.
template <std::unsigned_integral U>
[[nodiscard]] constexpr NumTrap rem_signed(U a, U b, U* out) {
  if (b == 0) [[unlikely]]
    return NumTrap::integer_divide_by_zero;
  *out = as_signed(b) == -1 ? 0 : static_cast<U>(as_signed(a) % as_signed(b));
  return NumTrap::none;
}
template <std::unsigned_integral U>
[[nodiscard]] constexpr NumTrap rem_unsigned(U a, U b, U* out) {
  if (b == 0) [[unlikely]]
    return NumTrap::integer_divide_by_zero;
  *out = a % b;
  return NumTrap::none;
}

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
template <class F>
inline constexpr BitsOf<F> kSignBit = BitsOf<F>{1} << (sizeof(F) * 8 - 1);
template <class F>
constexpr BitsOf<F> bits(F x) {
  return std::bit_cast<BitsOf<F>>(x);
}
template <std::floating_point F>
constexpr F from_bits(BitsOf<F> x) {
  return std::bit_cast<F>(x);
}

template <class F>
constexpr F float_abs(F x) {
  return from_bits<F>(bits(x) & ~kSignBit<F>);
}
template <class F>
constexpr F float_neg(F x) {
  return from_bits<F>(bits(x) ^ kSignBit<F>);
}
template <class F>
constexpr F float_copysign(F magnitude, F sign) {
  return from_bits<F>((bits(magnitude) & ~kSignBit<F>) | (bits(sign) & kSignBit<F>));
}
// `b < a ? b : a` and its mirror differ only when the operands are equal, and equal operands differ only as zeros:
// the union of the two bit patterns is then -0 as min asks. Each is one minss. a + b quietens whichever operand is a
// NaN.
template <class F>
constexpr F float_min(F a, F b) {
  if (a != a || b != b) [[unlikely]]
    return a + b;
  return from_bits<F>(bits(a < b ? a : b) | bits(b < a ? b : a));
}
template <class F>
constexpr F float_max(F a, F b) {
  if (a != a || b != b) [[unlikely]]
    return a + b;
  return from_bits<F>(bits(a > b ? a : b) & bits(b > a ? b : a));
}
template <class F>
constexpr F float_add(F a, F b) {
#pragma clang fp contract(off)
  return a + b;
}
template <class F>
constexpr F float_sub(F a, F b) {
#pragma clang fp contract(off)
  return a - b;
}
template <class F>
constexpr F float_mul(F a, F b) {
#pragma clang fp contract(off)
  return a * b;
}
// Division by zero is defined by IEEE 754, which is what every target of ours does; C++ alone leaves it undefined.
template <class F>
[[clang::no_sanitize("float-divide-by-zero")]] constexpr F float_div(F a, F b) {
  return a / b;
}

// Is trunc(x) a value of Int? False for NaN. Each bound is exact in F: the upper one is a power of two; the lower one
// is the minimum minus one where F can hold that, else no value of F lies between the two and the minimum itself is
// the (inclusive) bound.
template <std::integral Int, std::floating_point F>
constexpr bool truncates_into(F x) {
  constexpr F kUpper = static_cast<F>(std::numeric_limits<Int>::max() / 2 + 1) * F{2};
  if constexpr (std::unsigned_integral<Int>) {
    return x > F{-1} && x < kUpper;
  } else if constexpr (std::numeric_limits<F>::digits > std::numeric_limits<Int>::digits) {
    return x > -kUpper - F{1} && x < kUpper;
  } else {
    return x >= -kUpper && x < kUpper;
  }
}
template <std::integral Int, std::floating_point F>
[[nodiscard]] constexpr NumTrap trunc_or_trap(F x, std::make_unsigned_t<Int>* out) {
  if (!truncates_into<Int>(x)) [[unlikely]] {
    return x != x ? NumTrap::invalid_conversion_to_integer : NumTrap::integer_overflow;
  }
  *out = static_cast<std::make_unsigned_t<Int>>(static_cast<Int>(x));
  return NumTrap::none;
}
template <std::integral Int, std::floating_point F>
constexpr std::make_unsigned_t<Int> trunc_saturating(F x) {
  using U = std::make_unsigned_t<Int>;
  if (truncates_into<Int>(x)) [[likely]]
    return static_cast<U>(static_cast<Int>(x));
  if (x != x) return 0;
  return static_cast<U>(x < F{0} ? std::numeric_limits<Int>::min() : std::numeric_limits<Int>::max());
}

}  // namespace detail

// --- i32 -----------------------------------------------------------------------------------------------------------
constexpr uint32_t i32_eqz(uint32_t a) { return a == 0; }
constexpr uint32_t i32_eq(uint32_t a, uint32_t b) { return a == b; }
constexpr uint32_t i32_ne(uint32_t a, uint32_t b) { return a != b; }
constexpr uint32_t i32_lt_s(uint32_t a, uint32_t b) { return detail::as_signed(a) < detail::as_signed(b); }
constexpr uint32_t i32_lt_u(uint32_t a, uint32_t b) { return a < b; }
constexpr uint32_t i32_gt_s(uint32_t a, uint32_t b) { return detail::as_signed(a) > detail::as_signed(b); }
constexpr uint32_t i32_gt_u(uint32_t a, uint32_t b) { return a > b; }
constexpr uint32_t i32_le_s(uint32_t a, uint32_t b) { return detail::as_signed(a) <= detail::as_signed(b); }
constexpr uint32_t i32_le_u(uint32_t a, uint32_t b) { return a <= b; }
constexpr uint32_t i32_ge_s(uint32_t a, uint32_t b) { return detail::as_signed(a) >= detail::as_signed(b); }
constexpr uint32_t i32_ge_u(uint32_t a, uint32_t b) { return a >= b; }

constexpr uint32_t i32_clz(uint32_t a) { return static_cast<uint32_t>(std::countl_zero(a)); }
constexpr uint32_t i32_ctz(uint32_t a) { return static_cast<uint32_t>(std::countr_zero(a)); }
constexpr uint32_t i32_popcnt(uint32_t a) { return static_cast<uint32_t>(std::popcount(a)); }
constexpr uint32_t i32_add(uint32_t a, uint32_t b) { return a + b; }
constexpr uint32_t i32_sub(uint32_t a, uint32_t b) { return a - b; }
constexpr uint32_t i32_mul(uint32_t a, uint32_t b) { return a * b; }
[[nodiscard]] constexpr NumTrap i32_div_s(uint32_t a, uint32_t b, uint32_t* out) {
  return detail::div_signed(a, b, out);
}
[[nodiscard]] constexpr NumTrap i32_div_u(uint32_t a, uint32_t b, uint32_t* out) {
  return detail::div_unsigned(a, b, out);
}
[[nodiscard]] constexpr NumTrap i32_rem_s(uint32_t a, uint32_t b, uint32_t* out) {
  return detail::rem_signed(a, b, out);
}
[[nodiscard]] constexpr NumTrap i32_rem_u(uint32_t a, uint32_t b, uint32_t* out) {
  return detail::rem_unsigned(a, b, out);
}
constexpr uint32_t i32_and(uint32_t a, uint32_t b) { return a & b; }
constexpr uint32_t i32_or(uint32_t a, uint32_t b) { return a | b; }
constexpr uint32_t i32_xor(uint32_t a, uint32_t b) { return a ^ b; }
constexpr uint32_t i32_shl(uint32_t a, uint32_t b) { return a << detail::shift_count(b); }
constexpr uint32_t i32_shr_s(uint32_t a, uint32_t b) { return detail::shift_right_signed(a, b); }
constexpr uint32_t i32_shr_u(uint32_t a, uint32_t b) { return a >> detail::shift_count(b); }
constexpr uint32_t i32_rotl(uint32_t a, uint32_t b) { return std::rotl(a, static_cast<int>(detail::shift_count(b))); }
constexpr uint32_t i32_rotr(uint32_t a, uint32_t b) { return std::rotr(a, static_cast<int>(detail::shift_count(b))); }
constexpr uint32_t i32_extend8_s(uint32_t a) { return detail::sign_extend<int8_t>(a); }
constexpr uint32_t i32_extend16_s(uint32_t a) { return detail::sign_extend<int16_t>(a); }

// --- i64 -----------------------------------------------------------------------------------------------------------
constexpr uint32_t i64_eqz(uint64_t a) { return a == 0; }
constexpr uint32_t i64_eq(uint64_t a, uint64_t b) { return a == b; }
constexpr uint32_t i64_ne(uint64_t a, uint64_t b) { return a != b; }
constexpr uint32_t i64_lt_s(uint64_t a, uint64_t b) { return detail::as_signed(a) < detail::as_signed(b); }
constexpr uint32_t i64_lt_u(uint64_t a, uint64_t b) { return a < b; }
constexpr uint32_t i64_gt_s(uint64_t a, uint64_t b) { return detail::as_signed(a) > detail::as_signed(b); }
constexpr uint32_t i64_gt_u(uint64_t a, uint64_t b) { return a > b; }
constexpr uint32_t i64_le_s(uint64_t a, uint64_t b) { return detail::as_signed(a) <= detail::as_signed(b); }
constexpr uint32_t i64_le_u(uint64_t a, uint64_t b) { return a <= b; }
constexpr uint32_t i64_ge_s(uint64_t a, uint64_t b) { return detail::as_signed(a) >= detail::as_signed(b); }
constexpr uint32_t i64_ge_u(uint64_t a, uint64_t b) { return a >= b; }

constexpr uint64_t i64_clz(uint64_t a) { return static_cast<uint64_t>(std::countl_zero(a)); }
constexpr uint64_t i64_ctz(uint64_t a) { return static_cast<uint64_t>(std::countr_zero(a)); }
constexpr uint64_t i64_popcnt(uint64_t a) { return static_cast<uint64_t>(std::popcount(a)); }
constexpr uint64_t i64_add(uint64_t a, uint64_t b) { return a + b; }
constexpr uint64_t i64_sub(uint64_t a, uint64_t b) { return a - b; }
constexpr uint64_t i64_mul(uint64_t a, uint64_t b) { return a * b; }
[[nodiscard]] constexpr NumTrap i64_div_s(uint64_t a, uint64_t b, uint64_t* out) {
  return detail::div_signed(a, b, out);
}
[[nodiscard]] constexpr NumTrap i64_div_u(uint64_t a, uint64_t b, uint64_t* out) {
  return detail::div_unsigned(a, b, out);
}
[[nodiscard]] constexpr NumTrap i64_rem_s(uint64_t a, uint64_t b, uint64_t* out) {
  return detail::rem_signed(a, b, out);
}
[[nodiscard]] constexpr NumTrap i64_rem_u(uint64_t a, uint64_t b, uint64_t* out) {
  return detail::rem_unsigned(a, b, out);
}
constexpr uint64_t i64_and(uint64_t a, uint64_t b) { return a & b; }
constexpr uint64_t i64_or(uint64_t a, uint64_t b) { return a | b; }
constexpr uint64_t i64_xor(uint64_t a, uint64_t b) { return a ^ b; }
constexpr uint64_t i64_shl(uint64_t a, uint64_t b) { return a << detail::shift_count(b); }
constexpr uint64_t i64_shr_s(uint64_t a, uint64_t b) { return detail::shift_right_signed(a, b); }
constexpr uint64_t i64_shr_u(uint64_t a, uint64_t b) { return a >> detail::shift_count(b); }
constexpr uint64_t i64_rotl(uint64_t a, uint64_t b) { return std::rotl(a, static_cast<int>(detail::shift_count(b))); }
constexpr uint64_t i64_rotr(uint64_t a, uint64_t b) { return std::rotr(a, static_cast<int>(detail::shift_count(b))); }
constexpr uint64_t i64_extend8_s(uint64_t a) { return detail::sign_extend<int8_t>(a); }
constexpr uint64_t i64_extend16_s(uint64_t a) { return detail::sign_extend<int16_t>(a); }
constexpr uint64_t i64_extend32_s(uint64_t a) { return detail::sign_extend<int32_t>(a); }

// Wide arithmetic (proposal): 128-bit operands arrive as low, high pairs.
constexpr Wide128 i64_add128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  const uint64_t low = a_low + b_low;
  return {low, a_high + b_high + (low < a_low)};
}
constexpr Wide128 i64_sub128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  return {a_low - b_low, a_high - b_high - (a_low < b_low)};
}
constexpr Wide128 i64_mul_wide_u(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}
constexpr Wide128 i64_mul_wide_s(uint64_t a, uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(static_cast<__int128>(detail::as_signed(a)) * detail::as_signed(b));
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}

// --- f32 -----------------------------------------------------------------------------------------------------------
constexpr uint32_t f32_eq(float a, float b) { return a == b; }
constexpr uint32_t f32_ne(float a, float b) { return a != b; }
constexpr uint32_t f32_lt(float a, float b) { return a < b; }
constexpr uint32_t f32_gt(float a, float b) { return a > b; }
constexpr uint32_t f32_le(float a, float b) { return a <= b; }
constexpr uint32_t f32_ge(float a, float b) { return a >= b; }

constexpr float f32_abs(float a) { return detail::float_abs(a); }
constexpr float f32_neg(float a) { return detail::float_neg(a); }
constexpr float f32_copysign(float a, float b) { return detail::float_copysign(a, b); }
// The elementwise builtins become roundss/sqrtss (SSE4.1, NEON): no libm call, no errno, no look at the rounding mode.
inline float f32_ceil(float a) { return __builtin_elementwise_ceil(a); }
inline float f32_floor(float a) { return __builtin_elementwise_floor(a); }
inline float f32_trunc(float a) { return __builtin_elementwise_trunc(a); }
inline float f32_nearest(float a) { return __builtin_elementwise_roundeven(a); }
inline float f32_sqrt(float a) { return __builtin_elementwise_sqrt(a); }
constexpr float f32_add(float a, float b) { return detail::float_add(a, b); }
constexpr float f32_sub(float a, float b) { return detail::float_sub(a, b); }
constexpr float f32_mul(float a, float b) { return detail::float_mul(a, b); }
constexpr float f32_div(float a, float b) { return detail::float_div(a, b); }
constexpr float f32_min(float a, float b) { return detail::float_min(a, b); }
constexpr float f32_max(float a, float b) { return detail::float_max(a, b); }

// --- f64 -----------------------------------------------------------------------------------------------------------
constexpr uint32_t f64_eq(double a, double b) { return a == b; }
constexpr uint32_t f64_ne(double a, double b) { return a != b; }
constexpr uint32_t f64_lt(double a, double b) { return a < b; }
constexpr uint32_t f64_gt(double a, double b) { return a > b; }
constexpr uint32_t f64_le(double a, double b) { return a <= b; }
constexpr uint32_t f64_ge(double a, double b) { return a >= b; }

constexpr double f64_abs(double a) { return detail::float_abs(a); }
constexpr double f64_neg(double a) { return detail::float_neg(a); }
constexpr double f64_copysign(double a, double b) { return detail::float_copysign(a, b); }
inline double f64_ceil(double a) { return __builtin_elementwise_ceil(a); }
inline double f64_floor(double a) { return __builtin_elementwise_floor(a); }
inline double f64_trunc(double a) { return __builtin_elementwise_trunc(a); }
inline double f64_nearest(double a) { return __builtin_elementwise_roundeven(a); }
inline double f64_sqrt(double a) { return __builtin_elementwise_sqrt(a); }
constexpr double f64_add(double a, double b) { return detail::float_add(a, b); }
constexpr double f64_sub(double a, double b) { return detail::float_sub(a, b); }
constexpr double f64_mul(double a, double b) { return detail::float_mul(a, b); }
constexpr double f64_div(double a, double b) { return detail::float_div(a, b); }
constexpr double f64_min(double a, double b) { return detail::float_min(a, b); }
constexpr double f64_max(double a, double b) { return detail::float_max(a, b); }

// --- Conversions ---------------------------------------------------------------------------------------------------
constexpr uint32_t i32_wrap_i64(uint64_t a) { return static_cast<uint32_t>(a); }
constexpr uint64_t i64_extend_i32_s(uint32_t a) { return detail::sign_extend<int32_t>(uint64_t{a}); }
constexpr uint64_t i64_extend_i32_u(uint32_t a) { return a; }

[[nodiscard]] constexpr NumTrap i32_trunc_f32_s(float a, uint32_t* out) {
  return detail::trunc_or_trap<int32_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i32_trunc_f32_u(float a, uint32_t* out) {
  return detail::trunc_or_trap<uint32_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i32_trunc_f64_s(double a, uint32_t* out) {
  return detail::trunc_or_trap<int32_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i32_trunc_f64_u(double a, uint32_t* out) {
  return detail::trunc_or_trap<uint32_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i64_trunc_f32_s(float a, uint64_t* out) {
  return detail::trunc_or_trap<int64_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i64_trunc_f32_u(float a, uint64_t* out) {
  return detail::trunc_or_trap<uint64_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i64_trunc_f64_s(double a, uint64_t* out) {
  return detail::trunc_or_trap<int64_t>(a, out);
}
[[nodiscard]] constexpr NumTrap i64_trunc_f64_u(double a, uint64_t* out) {
  return detail::trunc_or_trap<uint64_t>(a, out);
}

constexpr uint32_t i32_trunc_sat_f32_s(float a) { return detail::trunc_saturating<int32_t>(a); }
constexpr uint32_t i32_trunc_sat_f32_u(float a) { return detail::trunc_saturating<uint32_t>(a); }
constexpr uint32_t i32_trunc_sat_f64_s(double a) { return detail::trunc_saturating<int32_t>(a); }
constexpr uint32_t i32_trunc_sat_f64_u(double a) { return detail::trunc_saturating<uint32_t>(a); }
constexpr uint64_t i64_trunc_sat_f32_s(float a) { return detail::trunc_saturating<int64_t>(a); }
constexpr uint64_t i64_trunc_sat_f32_u(float a) { return detail::trunc_saturating<uint64_t>(a); }
constexpr uint64_t i64_trunc_sat_f64_s(double a) { return detail::trunc_saturating<int64_t>(a); }
constexpr uint64_t i64_trunc_sat_f64_u(double a) { return detail::trunc_saturating<uint64_t>(a); }

// Integer to float rounds once, to nearest with ties to even, straight from the integer (never through the other
// float type).
constexpr float f32_convert_i32_s(uint32_t a) { return static_cast<float>(detail::as_signed(a)); }
constexpr float f32_convert_i32_u(uint32_t a) { return static_cast<float>(a); }
constexpr float f32_convert_i64_s(uint64_t a) { return static_cast<float>(detail::as_signed(a)); }
constexpr float f32_convert_i64_u(uint64_t a) { return static_cast<float>(a); }
constexpr double f64_convert_i32_s(uint32_t a) { return static_cast<double>(detail::as_signed(a)); }
constexpr double f64_convert_i32_u(uint32_t a) { return static_cast<double>(a); }
constexpr double f64_convert_i64_s(uint64_t a) { return static_cast<double>(detail::as_signed(a)); }
constexpr double f64_convert_i64_u(uint64_t a) { return static_cast<double>(a); }
constexpr float f32_demote_f64(double a) { return static_cast<float>(a); }
constexpr double f64_promote_f32(float a) { return static_cast<double>(a); }

constexpr uint32_t i32_reinterpret_f32(float a) { return std::bit_cast<uint32_t>(a); }
constexpr uint64_t i64_reinterpret_f64(double a) { return std::bit_cast<uint64_t>(a); }
constexpr float f32_reinterpret_i32(uint32_t a) { return std::bit_cast<float>(a); }
constexpr double f64_reinterpret_i64(uint64_t a) { return std::bit_cast<double>(a); }

}  // namespace arris::num

#endif  // ARRIS_WASM_NUMERIC_H_
