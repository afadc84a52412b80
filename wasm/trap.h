// TrapCode: the reasons execution ends abruptly. Spec: exec/runtime, traps.
#pragma once

#include <cstdint>
#include <string_view>

namespace arris {

enum class TrapCode : uint8_t {
  none,
#define TRAP(name, message, wasmedge_code) name,
#include "wasm/traps.def"
};

inline constexpr std::string_view kTrapMessages[] = {
    "",
#define TRAP(name, message, wasmedge_code) message,
#include "wasm/traps.def"
};

inline constexpr uint16_t kWasmEdgeTrapCodes[] = {
    0,
#define TRAP(name, message, wasmedge_code) wasmedge_code,
#include "wasm/traps.def"
};

constexpr uint16_t wasmedge_code_of(TrapCode code) { return kWasmEdgeTrapCodes[static_cast<unsigned>(code)]; }
constexpr std::string_view message_of(TrapCode code) { return kTrapMessages[static_cast<unsigned>(code)]; }

}  // namespace arris
