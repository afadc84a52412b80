#include "spectest/matching.h"

#include <bit>

#include <fmt/format.h>

namespace arris::spectest {
namespace {

using text::NanPattern;
using text::V128Shape;
using text::ValueKind;

constexpr uint32_t kF32Exponent = 0x7F800000, kF32Quiet = 0x00400000, kF32Magnitude = 0x7FFFFFFF;
constexpr uint64_t kF64Exponent = 0x7FF0000000000000, kF64Quiet = 0x0008000000000000,
                   kF64Magnitude = 0x7FFFFFFFFFFFFFFF;

// A canonical NaN has exactly the quiet bit in its payload; an arithmetic one at least that bit. The sign is free.
bool matches_f32(uint32_t actual, uint32_t expected, NanPattern pattern) {
  switch (pattern) {
    case NanPattern::none: return actual == expected;
    case NanPattern::canonical: return (actual & kF32Magnitude) == (kF32Exponent | kF32Quiet);
    case NanPattern::arithmetic: return (actual & (kF32Exponent | kF32Quiet)) == (kF32Exponent | kF32Quiet);
  }
  return false;
}

bool matches_f64(uint64_t actual, uint64_t expected, NanPattern pattern) {
  switch (pattern) {
    case NanPattern::none: return actual == expected;
    case NanPattern::canonical: return (actual & kF64Magnitude) == (kF64Exponent | kF64Quiet);
    case NanPattern::arithmetic: return (actual & (kF64Exponent | kF64Quiet)) == (kF64Exponent | kF64Quiet);
  }
  return false;
}

struct Halves {
  uint64_t lo, hi;
};

bool matches_v128(Halves actual, const text::Value& expected) {
  if (expected.shape == V128Shape::f32x4) {
    for (unsigned lane = 0; lane < 4; ++lane) {
      unsigned shift = (lane & 1) * 32;
      auto part = [&](uint64_t lo, uint64_t hi) { return static_cast<uint32_t>((lane < 2 ? lo : hi) >> shift); };
      if (!matches_f32(part(actual.lo, actual.hi), part(expected.lo, expected.hi), expected.nan[lane])) return false;
    }
    return true;
  }
  if (expected.shape == V128Shape::f64x2) {
    return matches_f64(actual.lo, expected.lo, expected.nan[0]) && matches_f64(actual.hi, expected.hi, expected.nan[1]);
  }
  return actual.lo == expected.lo && actual.hi == expected.hi;
}

bool matches_ref(const api::Ref& ref, const text::Value& expected) {
  if (expected.kind == ValueKind::ref_null) return ref.is_null();
  if (ref.is_null()) return false;
  switch (expected.kind) {
    case ValueKind::ref_func: return ref.is_func();
    case ValueKind::ref_extern:
      return ref.is_extern() && (!expected.has_number || (ref.is_host() && ref.host_value() == expected.lo));
    case ValueKind::ref_host:
      return ref.is_any() && ref.is_host() && (!expected.has_number || ref.host_value() == expected.lo);
    case ValueKind::ref_any: return ref.is_any();
    case ValueKind::ref_eq: return ref.is_eq();
    case ValueKind::ref_i31: return ref.is_i31();
    case ValueKind::ref_struct: return ref.is_struct();
    case ValueKind::ref_array: return ref.is_array();
    case ValueKind::ref_exn: return ref.is_exn();
    default: return false;
  }
}

std::string describe_float(uint64_t bits, NanPattern pattern, int digits) {
  if (pattern == NanPattern::canonical) return "nan:canonical";
  if (pattern == NanPattern::arithmetic) return "nan:arithmetic";
  return fmt::format("{:#0{}x}", bits, digits + 2);
}

}  // namespace

std::expected<api::Val, std::string> to_val(api::StoreRef store, const text::Value& value) {
  switch (value.kind) {
    case ValueKind::i32: return api::Val(static_cast<uint32_t>(value.lo));
    case ValueKind::i64: return api::Val(value.lo);
    case ValueKind::f32: return api::Val::f32_bits(static_cast<uint32_t>(value.lo));
    case ValueKind::f64: return api::Val::f64_bits(value.lo);
    case ValueKind::v128: return api::Val(std::bit_cast<api::V128>(Halves{value.lo, value.hi}));
    case ValueKind::ref_null: return api::Val(value.heap ? api::Ref::null(*value.heap) : api::Ref());
    case ValueKind::ref_extern:
    case ValueKind::ref_host: {
      auto ref = api::Ref::host(store, value.lo);
      if (!ref) return std::unexpected(std::string(ref.error().message()));
      return api::Val(value.kind == ValueKind::ref_host ? ref->to_any() : *ref);
    }
    default: return std::unexpected("not a constant: " + describe(value));
  }
}

bool matches(const api::Val& actual, const text::Value& expected) {
  switch (expected.kind) {
    case ValueKind::i32: return actual.type() == api::kI32 && actual.u32() == static_cast<uint32_t>(expected.lo);
    case ValueKind::i64: return actual.type() == api::kI64 && actual.u64() == expected.lo;
    case ValueKind::f32:
      return actual.type() == api::kF32 &&
             matches_f32(actual.f32_bits(), static_cast<uint32_t>(expected.lo), expected.nan[0]);
    case ValueKind::f64:
      return actual.type() == api::kF64 && matches_f64(actual.f64_bits(), expected.lo, expected.nan[0]);
    case ValueKind::v128:
      return actual.type() == api::kV128 && matches_v128(std::bit_cast<Halves>(actual.v128()), expected);
    case ValueKind::either:
      for (const text::Value& alternative : expected.alternatives) {
        if (matches(actual, alternative)) return true;
      }
      return false;
    default: return actual.type().is_ref() && matches_ref(actual.ref(), expected);
  }
}

std::string describe(const api::Val& value) {
  api::ValType type = value.type();
  if (type == api::kI32 || type == api::kF32) return fmt::format("{}:{:#010x}", api::to_string(type), value.u32());
  if (type == api::kI64 || type == api::kF64) return fmt::format("{}:{:#018x}", api::to_string(type), value.u64());
  if (type == api::kV128) {
    Halves halves = std::bit_cast<Halves>(value.v128());
    return fmt::format("v128:0x{:016x}_{:016x}", halves.hi, halves.lo);
  }
  const api::Ref& ref = value.ref();
  if (ref.is_null()) return "(ref.null)";
  if (ref.is_host()) return fmt::format("({} {})", ref.is_extern() ? "ref.extern" : "ref.host", ref.host_value());
  return api::to_string(ref.type());
}

std::string describe(const text::Value& value) {
  switch (value.kind) {
    case ValueKind::i32: return fmt::format("i32:{:#010x}", value.lo);
    case ValueKind::i64: return fmt::format("i64:{:#018x}", value.lo);
    case ValueKind::f32: return "f32:" + describe_float(value.lo, value.nan[0], 8);
    case ValueKind::f64: return "f64:" + describe_float(value.lo, value.nan[0], 16);
    case ValueKind::v128: {
      std::string out = fmt::format("v128:0x{:016x}_{:016x}", value.hi, value.lo);
      for (NanPattern p : value.nan) {
        if (p != NanPattern::none) out += " " + describe_float(0, p, 8);
      }
      return out;
    }
    case ValueKind::either: {
      std::string out = "(either";
      for (const text::Value& alternative : value.alternatives) out += " " + describe(alternative);
      return out + ")";
    }
    case ValueKind::ref_null: return "(ref.null)";
    case ValueKind::ref_func: return "(ref.func)";
    case ValueKind::ref_extern: return value.has_number ? fmt::format("(ref.extern {})", value.lo) : "(ref.extern)";
    case ValueKind::ref_host: return fmt::format("(ref.host {})", value.lo);
    case ValueKind::ref_any: return "(ref.any)";
    case ValueKind::ref_eq: return "(ref.eq)";
    case ValueKind::ref_i31: return "(ref.i31)";
    case ValueKind::ref_struct: return "(ref.struct)";
    case ValueKind::ref_array: return "(ref.array)";
    case ValueKind::ref_exn: return "(ref.exn)";
  }
  return "?";
}

bool message_matches(std::string_view actual, std::string_view expected) {
  return actual.starts_with(expected) || expected.starts_with(actual);
}

}  // namespace arris::spectest
