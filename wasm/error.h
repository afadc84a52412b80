// Error: why a module was refused, and where. A value; first error wins. Traps are not errors (wasm/trap.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wasm/index.h"

namespace arris {

enum class ErrorPhase : uint8_t { malformed, invalid, unlinkable, limit, other };

enum class ErrorCode : uint8_t {
#define ERROR(name, phase, message) name,
#include "wasm/errors.def"
};

ErrorPhase phase_of(ErrorCode code);
// The specification's message.
std::string_view message_of(ErrorCode code);
std::string_view to_string(ErrorPhase phase);

inline constexpr uint64_t kNoOffset = ~uint64_t{0};

struct Error {
  ErrorCode code;
  uint64_t offset = kNoOffset;     // byte offset in the module, or kNoOffset
  std::string detail = {};         // what exactly, in a few words; may be empty
  uint32_t func_index = kNoIndex;  // the function whose body is at fault, or kNoIndex

  // "type mismatch: expected i32, found i64 (function 3, byte offset 0x2a)": one line without the file's name.
  std::string to_string() const;
};

}  // namespace arris
