#include "wasm/error.h"

#include <cinttypes>
#include <cstdio>

namespace arris {
namespace {
struct Row {
  ErrorPhase phase;
  std::string_view message;
};
constexpr Row kRows[] = {
#define ERROR(name, phase, message) {ErrorPhase::phase, message},
#include "wasm/errors.def"
};
}  // namespace

ErrorPhase phase_of(ErrorCode code) { return kRows[static_cast<unsigned>(code)].phase; }
std::string_view message_of(ErrorCode code) { return kRows[static_cast<unsigned>(code)].message; }

std::string_view to_string(ErrorPhase phase) {
  switch (phase) {
    case ErrorPhase::malformed: return "malformed";
    case ErrorPhase::invalid: return "invalid";
    case ErrorPhase::unlinkable: return "unlinkable";
    case ErrorPhase::limit: return "limit";
    case ErrorPhase::other: return "error";
  }
  return "error";
}

std::string Error::to_string() const {
  std::string out(message_of(code));
  if (!detail.empty()) out += ": " + detail;
  char place[64];
  if (func_index != kNoIndex && offset != kNoOffset) {
    std::snprintf(place, sizeof place, " (function %" PRIu32 ", byte offset 0x%" PRIx64 ")", func_index, offset);
    out += place;
  } else if (offset != kNoOffset) {
    std::snprintf(place, sizeof place, " (byte offset 0x%" PRIx64 ")", offset);
    out += place;
  } else if (func_index != kNoIndex) {
    std::snprintf(place, sizeof place, " (function %" PRIu32 ")", func_index);
    out += place;
  }
  return out;
}

}  // namespace arris
