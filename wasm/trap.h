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

constexpr std::string_view message_of(TrapCode code) { return kTrapMessages[static_cast<unsigned>(code)]; }

}  // namespace arris
