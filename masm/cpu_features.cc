#include "masm/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace arris::masm {

#if defined(__x86_64__)
namespace {

// XCR0 bits 1 and 2: the operating system saves SSE and AVX state.
bool os_saves_avx() {
  uint32_t low, high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 6) == 6;
}

}  // namespace

CpuFeatures CpuFeatures::detect() {
  CpuFeatures result;
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    if (c & bit_POPCNT) result = result.with(CpuFeature::popcnt);
    if ((c & bit_OSXSAVE) && (c & bit_AVX) && os_saves_avx()) result = result.with(CpuFeature::avx);
  }
  // BMI's instructions are VEX-encoded and fault, like AVX's, where the system has not enabled that.
  if (result.has(CpuFeature::avx) && __get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    if (b & bit_BMI) result = result.with(CpuFeature::bmi1);
    if (b & bit_BMI2) result = result.with(CpuFeature::bmi2);
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT)) result = result.with(CpuFeature::lzcnt);
  return result;
}
#else
CpuFeatures CpuFeatures::detect() { return {}; }
#endif

bool CpuFeatures::mask(std::string_view names) {
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view{} : names.substr(comma + 1);
    bool known = name == "all";
    if (known) bits_ = 0;
    for (unsigned i = 0; i < kCpuFeatureCount; ++i) {
      if (name != kCpuFeatureNames[i]) continue;
      bits_ &= ~(1u << i);
      known = true;
    }
    if (!known) return false;
  }
  return true;
}

}  // namespace arris::masm
