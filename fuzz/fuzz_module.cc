// Any bytes as a binary module: decoded and validated with every feature on, or refused with an error that says something.
// A valid module must print as text that is again a valid module.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "arris/arris.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  arris::api::Config config;
  config.features = arris::api::Features::all();
  config.validation_threads = 1;
  arris::api::Engine engine(config);
  auto module = arris::api::Module::compile(engine, std::span(data, size));
  if (!module) {
    if (module.error().to_string().empty()) std::abort();
    return 0;
  }
  if (!arris::api::Module::compile_text(engine, module->to_text())) std::abort();
  return 0;
}
