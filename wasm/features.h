// The set of enabled WebAssembly features. A value type: a decoder, validator or parser is given one and never changes it.
#pragma once

#include <cstdint>

namespace arris {

enum class Feature : uint8_t {
#define FEATURE(name, flag, release, description) name,
#include "wasm/features.def"
};

class Features {
 public:
  // WebAssembly 3.0 exactly: every feature of releases 1 to 3, no companion proposal.
  constexpr Features() : Features(release(3)) {}

  // Every feature of core releases 1..n.
  static constexpr Features release(int n) {
    Features features(uint32_t{0});
#define FEATURE(name, flag, release_number, description) \
  if (release_number != 0 && release_number <= n) features = features.with(Feature::name);
#include "wasm/features.def"
    return features;
  }
  // What the command line enables by default: 3.0 plus the companions that change no answer of the core.
  static constexpr Features command_line_default() {
    return Features().with(Feature::threads).with(Feature::wide_arithmetic);
  }
  static constexpr Features all() {
    Features features(uint32_t{0});
#define FEATURE(name, flag, release_number, description) features = features.with(Feature::name);
#include "wasm/features.def"
    return features;
  }

  constexpr bool has(Feature f) const { return (bits_ >> static_cast<unsigned>(f)) & 1; }
  constexpr Features with(Feature f) const { return Features(bits_ | (1u << static_cast<unsigned>(f))); }
  constexpr Features without(Feature f) const { return Features(bits_ & ~(1u << static_cast<unsigned>(f))); }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(Features, Features) = default;

 private:
  explicit constexpr Features(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

}  // namespace arris
