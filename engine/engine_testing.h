// Helpers of tests that use the public API: modules from text, instances in one step. Test-only.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "arris/arris.h"

namespace arris::api::testing {

// 3.0 and what the command line adds to it.
inline Config full_config() {
  Config config;
  config.features = Features::command_line_default();
  return config;
}

inline Module compile(const Engine& engine, std::string_view text) {
  auto module = Module::compile_text(engine, text);
  if (!module) {
    std::fprintf(stderr, "%s\nin: %.*s\n", module.error().to_string().c_str(), static_cast<int>(text.size()),
                 text.data());
    std::abort();  // the test's own mistake
  }
  return *module;
}

// An engine, a store and a linker, ready to use.
struct World {
  Engine engine;
  Store store;
  Linker linker;

  explicit World(const Config& config = full_config()) : engine(config), store(engine), linker(engine) {}

  Instance instantiate(std::string_view text) {
    auto instance = linker.instantiate(store, compile(engine, text));
    if (!instance) {
      std::fprintf(stderr, "%s\n", instance.error().to_string().c_str());
      std::abort();
    }
    return *instance;
  }
  Func func(std::string_view text, std::string_view name = "f") { return *instantiate(text).func(name); }
};

}  // namespace arris::api::testing
