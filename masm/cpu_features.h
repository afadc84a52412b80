// What the processor can do beyond the floor: x86-64-v2 (SSE4.2), but for POPCNT, which is a feature here.
//
// For: X64Masm, which chooses encodings by it, and whoever stores machine code (code may only run where features() of its
// making are present). Detected by the caller when it needs them, kept by the engine: no global state here.
#pragma once

#include <cstdint>
#include <string_view>

namespace arris::masm {

enum class CpuFeature : uint8_t { popcnt, lzcnt, bmi1, bmi2, avx };
inline constexpr unsigned kCpuFeatureCount = 5;
inline constexpr std::string_view kCpuFeatureNames[kCpuFeatureCount] = {"popcnt", "lzcnt", "bmi1", "bmi2", "avx"};

class CpuFeatures {
 public:
  constexpr CpuFeatures() = default;  // the floor: none
  // Of this processor and its operating system (which must save the wide registers for avx).
  static CpuFeatures detect();
  static constexpr CpuFeatures from_bits(uint32_t bits) {
    CpuFeatures features;
    features.bits_ = bits;
    return features;
  }

  constexpr bool has(CpuFeature f) const { return bits_ >> static_cast<unsigned>(f) & 1; }
  constexpr CpuFeatures without(CpuFeature f) const { return from_bits(bits_ & ~(1u << static_cast<unsigned>(f))); }
  constexpr CpuFeatures with(CpuFeature f) const { return from_bits(bits_ | 1u << static_cast<unsigned>(f)); }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(CpuFeatures, CpuFeatures) = default;

  // Removes the features named in a comma-separated list ("avx,bmi2"; "all" for all of them): the switch of tests and the
  // command line. False if a name is unknown.
  bool mask(std::string_view names);

 private:
  uint32_t bits_ = 0;
};

}  // namespace arris::masm
