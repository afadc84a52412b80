#include "jit/folding.h"

#include <bit>
#include <string_view>
#include <type_traits>

#include "wasm/numeric.h"
#include "wasm/signature.h"

namespace arris::jit {
namespace {

constexpr bool is_scalar(std::string_view signature, size_t operands) {
  if (signature.size() != operands + 2 || signature[operands] != ':') return false;
  return signature.find_first_of("Va*") == signature.npos;
}
constexpr bool can_trap(std::string_view m) {
  return m.find(".div_") != m.npos || m.find(".rem_") != m.npos ||
         (m.find(".trunc_f") != m.npos && m.find("_sat") == m.npos);
}

// `compute` is called with the operands and, if it can trap, a pointer to the result.
template <Opcode op, class Compute, class... Bits>
bool fold(Compute compute, uint64_t* result, Bits... bits) {
  constexpr std::string_view signature = info(op).signature;
  constexpr size_t operands = sizeof...(Bits);
  if constexpr (!is_scalar(signature, operands)) {
    return false;
  } else {
    using Result = typename SlotType<signature[operands + 1]>::type;
    Result value{};
    auto with = [&](auto... values) {
      if constexpr (can_trap(info(op).mnemonic) && info(op).prefix == 0) {
        return compute(values..., &value) == num::NumTrap::none;
      } else {
        value = compute(values...);
        return true;
      }
    };
    bool ok;
    uint64_t all[] = {bits...};
    if constexpr (operands == 1) {
      ok = with(from_slot<typename SlotType<signature[0]>::type>(all[0]));
    } else {
      ok = with(from_slot<typename SlotType<signature[0]>::type>(all[0]),
                from_slot<typename SlotType<signature[1]>::type>(all[1]));
    }
    if (ok) *result = to_slot(value);
    return ok;
  }
}

}  // namespace

#define FOLD_CASE(id, ...) \
  case Opcode::id: return fold<Opcode::id>([](auto... x) { return num::id(x...); }, result, __VA_ARGS__);

#define SCALAR_UNARY(X)                                                                                                \
  X(i32_eqz)                                                                                                           \
  X(i64_eqz)                                                                                                           \
  X(i32_clz) X(i32_ctz) X(i32_popcnt) X(i64_clz) X(i64_ctz) X(i64_popcnt) X(f32_abs) X(f32_neg) X(f32_ceil)            \
      X(f32_floor) X(f32_trunc) X(f32_nearest) X(f32_sqrt) X(f64_abs) X(f64_neg) X(f64_ceil) X(f64_floor) X(f64_trunc) \
          X(f64_nearest) X(f64_sqrt) X(i32_wrap_i64) X(i32_trunc_f32_s) X(i32_trunc_f32_u) X(i32_trunc_f64_s)          \
              X(i32_trunc_f64_u) X(i64_extend_i32_s) X(i64_extend_i32_u) X(i64_trunc_f32_s) X(i64_trunc_f32_u)         \
                  X(i64_trunc_f64_s) X(i64_trunc_f64_u) X(f32_convert_i32_s) X(f32_convert_i32_u) X(f32_convert_i64_s) \
                      X(f32_convert_i64_u) X(f32_demote_f64) X(f64_convert_i32_s) X(f64_convert_i32_u)                 \
                          X(f64_convert_i64_s) X(f64_convert_i64_u) X(f64_promote_f32) X(i32_reinterpret_f32)          \
                              X(i64_reinterpret_f64) X(f32_reinterpret_i32) X(f64_reinterpret_i64) X(i32_extend8_s)    \
                                  X(i32_extend16_s) X(i64_extend8_s) X(i64_extend16_s) X(i64_extend32_s)

#define SCALAR_BINARY(X)                                                                                               \
  X(i32_eq)                                                                                                            \
  X(i32_ne)                                                                                                            \
  X(i32_lt_s) X(i32_lt_u) X(i32_gt_s) X(i32_gt_u) X(i32_le_s) X(i32_le_u) X(i32_ge_s) X(i32_ge_u) X(i64_eq) X(i64_ne)  \
      X(i64_lt_s) X(i64_lt_u) X(i64_gt_s) X(i64_gt_u) X(i64_le_s) X(i64_le_u) X(i64_ge_s) X(i64_ge_u) X(f32_eq)        \
          X(f32_ne) X(f32_lt) X(f32_gt) X(f32_le) X(f32_ge) X(f64_eq) X(f64_ne) X(f64_lt) X(f64_gt) X(f64_le)          \
              X(f64_ge) X(i32_add) X(i32_sub) X(i32_mul) X(i32_div_s) X(i32_div_u) X(i32_rem_s) X(i32_rem_u)           \
                  X(i32_and) X(i32_or) X(i32_xor) X(i32_shl) X(i32_shr_s) X(i32_shr_u) X(i32_rotl) X(i32_rotr)         \
                      X(i64_add) X(i64_sub) X(i64_mul) X(i64_div_s) X(i64_div_u) X(i64_rem_s) X(i64_rem_u) X(i64_and)  \
                          X(i64_or) X(i64_xor) X(i64_shl) X(i64_shr_s) X(i64_shr_u) X(i64_rotl) X(i64_rotr) X(f32_add) \
                              X(f32_sub) X(f32_mul) X(f32_div) X(f32_min) X(f32_max) X(f32_copysign) X(f64_add)        \
                                  X(f64_sub) X(f64_mul) X(f64_div) X(f64_min) X(f64_max) X(f64_copysign)

bool fold_unary(Opcode op, uint64_t a, uint64_t* result) {
#define X(id) FOLD_CASE(id, a)
  switch (op) {
    SCALAR_UNARY(X)
    default: return false;
  }
#undef X
}

bool fold_binary(Opcode op, uint64_t a, uint64_t b, uint64_t* result) {
#define X(id) FOLD_CASE(id, a, b)
  switch (op) {
    SCALAR_BINARY(X)
    default: return false;
  }
#undef X
}

}  // namespace arris::jit
