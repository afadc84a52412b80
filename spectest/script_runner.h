// Runs one WAST script whole against the public API and counts what held.
//
// Every command of the script is executed: nothing is skipped. An assertion that does not hold, and a module, register or action
// that fails, is a failure with its line. One Store per script, so that linked modules share it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arris/arris.h"
#include "text/script.h"

namespace arris::spectest {

struct RunOptions {
  api::Config config;
  bool strict_messages = false;  // the messages of assert_malformed, _invalid and _unlinkable must match too
};

struct Failure {
  uint32_t line = 0;
  std::string text;
};

inline constexpr size_t kCommandKinds = static_cast<size_t>(text::CommandKind::wait) + 1;

struct ScriptResult {
  uint64_t passed = 0;                             // assertions that held
  uint64_t failed = 0;                             // assertions that did not, and other commands that failed
  uint64_t skipped = 0;                            // always 0: the field exists so that reports can say so
  std::array<uint64_t, kCommandKinds> executed{};  // commands by kind, assertions and others
  std::vector<Failure> failures;
};

bool is_assertion(text::CommandKind kind);

// `source` is the script's text; a script that does not parse is one failure.
ScriptResult run_script(std::string_view source, const RunOptions& options);

}  // namespace arris::spectest
