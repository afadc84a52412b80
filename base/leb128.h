// LEB128 integers: the bounded decoder for untrusted bytes, the trusting decoder for validated code, and the encoder.
// Spec: binary/values, integers. An N-bit integer takes at most ceil(N/7) bytes and its unused bits must be a sign extension.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace arris {

enum class LebStatus : uint8_t { ok, truncated, too_long, too_large };

template <class T>
struct LebResult {
  T value;
  uint8_t length;  // bytes read; 0 unless ok
  LebStatus status;
};

// Decodes an unsigned integer of `Bits` bits from [p, end).
template <class T, unsigned Bits = sizeof(T) * 8>
constexpr LebResult<T> decode_uleb(const uint8_t* p, const uint8_t* end) {
  constexpr unsigned kMaxLength = (Bits + 6) / 7;
  T value = 0;
  for (unsigned i = 0; i < kMaxLength; ++i) {
    if (p + i >= end) return {0, 0, LebStatus::truncated};
    uint8_t byte = p[i];
    if (i == kMaxLength - 1) {
      if (byte & 0x80) return {0, 0, LebStatus::too_long};
      if (byte >> (Bits - 7 * i)) return {0, 0, LebStatus::too_large};
    }
    value |= static_cast<T>(byte & 0x7F) << (7 * i);
    if (!(byte & 0x80)) return {value, static_cast<uint8_t>(i + 1), LebStatus::ok};
  }
  return {0, 0, LebStatus::too_long};
}

// Decodes a signed integer of `Bits` bits (T is a signed type of at least that width).
template <class T, unsigned Bits = sizeof(T) * 8>
constexpr LebResult<T> decode_sleb(const uint8_t* p, const uint8_t* end) {
  constexpr unsigned kMaxLength = (Bits + 6) / 7;
  uint64_t value = 0;
  for (unsigned i = 0; i < kMaxLength; ++i) {
    if (p + i >= end) return {0, 0, LebStatus::truncated};
    uint8_t byte = p[i];
    if (i == kMaxLength - 1) {
      if (byte & 0x80) return {0, 0, LebStatus::too_long};
      constexpr unsigned kUsed = Bits - 7 * (kMaxLength - 1);    // value bits in the last byte
      uint8_t rest = static_cast<uint8_t>(byte >> (kUsed - 1));  // sign bit and unused bits must agree
      if (rest != 0 && rest != (0x7F >> (kUsed - 1))) return {0, 0, LebStatus::too_large};
    }
    value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (!(byte & 0x80)) {
      unsigned bits = 7 * (i + 1);
      if (bits < 64 && (byte & 0x40)) value |= ~uint64_t{0} << bits;
      return {static_cast<T>(value), static_cast<uint8_t>(i + 1), LebStatus::ok};
    }
  }
  return {0, 0, LebStatus::too_long};
}

// For validated code only: no bounds, no checks.
template <class T>
inline T read_uleb(const uint8_t*& p) {
  T value = *p++;
  if (value < 0x80) [[likely]]
    return value;
  value &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    uint8_t byte = *p++;
    value |= static_cast<T>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

template <class T>
inline T read_sleb(const uint8_t*& p) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *p++;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      if (shift + 7 < 64 && (byte & 0x40)) value |= ~uint64_t{0} << (shift + 7);
      return static_cast<T>(value);
    }
  }
}

inline void skip_leb(const uint8_t*& p) {
  while (*p++ & 0x80) {}
}

template <class Out>
void write_uleb(Out& out, uint64_t value) {
  do {
    uint8_t byte = value & 0x7F;
    value >>= 7;
    out.push_back(value ? byte | 0x80 : byte);
  } while (value);
}

template <class Out>
void write_sleb(Out& out, int64_t value) {
  for (;;) {
    uint8_t byte = value & 0x7F;
    value >>= 7;
    bool done = (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40));
    out.push_back(done ? byte : byte | 0x80);
    if (done) return;
  }
}

}  // namespace arris
