// Any text as a WAST script: parsed, its quoted modules too, or refused.
#include <cstdint>
#include <string_view>

#include "text/script.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view source(reinterpret_cast<const char*>(data), size);
  auto script = arris::text::parse_script(source, {.features = arris::Features::all()});
  if (!script) return 0;
  for (const arris::text::Command& command : script->commands) {
    if (command.has_module) (void)arris::text::encode(command.module);
  }
  return 0;
}
