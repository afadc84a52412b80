// What the generator writes with: a seeded source of randomness and a buffer of bytes with the format's numbers.
// Both are deterministic on every machine: a seed names the same module everywhere. Spec: binary/values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/opcodes.h"

namespace arris::fuzz {

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  bool percent(uint32_t n) { return below(100) < n; }
  template <class T, size_t kSize>
  const T& pick(const T (&from)[kSize]) {
    return from[below(kSize)];
  }

 private:
  uint64_t state_;
};

class Bytes {
 public:
  void byte(uint8_t b) { data.push_back(b); }
  void u(uint64_t v) {
    do {
      uint8_t low = v & 0x7F;
      v >>= 7;
      byte(v != 0 ? low | 0x80 : low);
    } while (v != 0);
  }
  void s(int64_t v) {
    for (;;) {
      uint8_t low = v & 0x7F;
      v >>= 7;
      bool last = (v == 0 && (low & 0x40) == 0) || (v == -1 && (low & 0x40) != 0);
      byte(last ? low : low | 0x80);
      if (last) return;
    }
  }
  void raw(std::span<const uint8_t> more) { data.insert(data.end(), more.begin(), more.end()); }
  void fixed(uint64_t v, unsigned size) {
    for (unsigned i = 0; i < size; ++i) byte(static_cast<uint8_t>(v >> (8 * i)));
  }
  void name(std::string_view text) {
    u(text.size());
    for (char c : text) byte(static_cast<uint8_t>(c));
  }
  void op(Opcode opcode) {
    auto row = info(opcode);
    if (row.prefix != 0) {
      byte(row.prefix);
      u(row.code);
    } else {
      byte(static_cast<uint8_t>(row.code));
    }
  }
  // As a section or body: its size, then the bytes.
  void sized(const Bytes& part) {
    u(part.data.size());
    raw(part.data);
  }

  std::vector<uint8_t> data;
};

}  // namespace arris::fuzz
