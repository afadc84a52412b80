// Any text as a module in the text format: bytes that the decoder takes as well-formed or invalid, or an error with a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "arris/arris.h"
#include "text/wat.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view source(reinterpret_cast<const char*>(data), size);
  auto bytes = arris::text::wat_to_wasm(source, {.features = arris::Features::all()});
  if (!bytes) {
    if (bytes.error().message.empty() || bytes.error().line == 0) std::abort();
    return 0;
  }
  arris::api::Config config;
  config.features = arris::api::Features::all();
  config.validation_threads = 1;
  (void)arris::api::Module::validate(arris::api::Engine(config), *bytes);
  return 0;
}
