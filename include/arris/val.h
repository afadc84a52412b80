// Val: a value of any WebAssembly type, with its type. Spec: exec/runtime, values.
//
// Numbers and vectors are plain bits; NaN payloads are kept. References are rooted (ref.h), so a Val that holds one belongs to
// its Store's thread.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include "arris/ref.h"
#include "arris/types.h"

namespace arris::api {

class Val {
 public:
  Val() : Val(int32_t{0}) {}
  Val(int32_t value) : Val(kI32, static_cast<uint32_t>(value)) {}   // NOLINT
  Val(uint32_t value) : Val(kI32, value) {}                         // NOLINT
  Val(int64_t value) : Val(kI64, static_cast<uint64_t>(value)) {}   // NOLINT
  Val(uint64_t value) : Val(kI64, value) {}                         // NOLINT
  Val(float value) : Val(kF32, std::bit_cast<uint32_t>(value)) {}   // NOLINT
  Val(double value) : Val(kF64, std::bit_cast<uint64_t>(value)) {}  // NOLINT
  Val(V128 value) : type_(kV128) {                                  // NOLINT
    auto halves = std::bit_cast<Halves>(value);
    low_ = halves.low;
    high_ = halves.high;
  }
  Val(Ref ref) : type_(ref.type()), ref_(std::move(ref)) {}  // NOLINT
  static Val f32_bits(uint32_t bits) { return Val(kF32, bits); }
  static Val f64_bits(uint64_t bits) { return Val(kF64, bits); }
  // The default value of a type (zero, null); the type must be defaultable.
  static Val zero(ValType type) { return type.is_ref() ? Val(Ref::null(type.heap())) : Val(type, 0); }

  ValType type() const { return type_; }
  // Each only for a value of that type; on others the result is unspecified (but never undefined behaviour).
  int32_t i32() const { return static_cast<int32_t>(low_); }
  uint32_t u32() const { return static_cast<uint32_t>(low_); }
  int64_t i64() const { return static_cast<int64_t>(low_); }
  uint64_t u64() const { return low_; }
  float f32() const { return std::bit_cast<float>(u32()); }
  double f64() const { return std::bit_cast<double>(low_); }
  uint32_t f32_bits() const { return u32(); }
  uint64_t f64_bits() const { return low_; }
  V128 v128() const { return std::bit_cast<V128>(Halves{low_, high_}); }
  const Ref& ref() const { return ref_; }

 private:
  friend struct detail::Access;
  struct Halves {
    uint64_t low, high;
  };
  Val(ValType type, uint64_t low) : type_(type), low_(low) {}

  ValType type_;
  uint64_t low_ = 0;
  uint64_t high_ = 0;
  Ref ref_;  // null unless type_ is a reference type
};

}  // namespace arris::api
