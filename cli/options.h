// Options that several subcommands share.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "arris/arris.h"

namespace arris::cli {

// --enable-X and --disable-X per proposal, --wasm-1/2/3, --enable-all. The default is 3.0 plus threads and wide arithmetic.
class FeatureOptions {
 public:
  void add_to(CLI::App& app) {
    constexpr const char* kGroup = "WebAssembly features";
    auto release = [this](int n) { return [this, n](int64_t) { features_ = api::Features::release(n); }; };
    app.add_flag_function("--wasm-1", release(1), "WebAssembly 1.0 only")->group(kGroup)->trigger_on_parse();
    app.add_flag_function("--wasm-2", release(2), "WebAssembly 2.0 only")->group(kGroup)->trigger_on_parse();
    app.add_flag_function("--wasm-3", release(3), "WebAssembly 3.0 exactly")->group(kGroup)->trigger_on_parse();
    app.add_flag_function("--enable-all", [this](int64_t) { features_ = api::Features::all(); }, "Every feature")
        ->group(kGroup)
        ->trigger_on_parse();
#define FEATURE(name, flag, release_number, description)                                                       \
  app.add_flag_function("--enable-" flag, [this](int64_t) { features_ = features_.with(api::Feature::name); }, \
                        "On: " description)                                                                    \
      ->group(kGroup)                                                                                          \
      ->trigger_on_parse();                                                                                    \
  app.add_flag_function("--disable-" flag,                                                                     \
                        [this](int64_t) { features_ = features_.without(api::Feature::name); },                \
                        "Off: " description)                                                                   \
      ->group(kGroup)                                                                                          \
      ->trigger_on_parse();
#include "wasm/features.def"
  }
  api::Features features() const { return features_; }

 private:
  api::Features features_ = api::Features::command_line_default();
};

}  // namespace arris::cli
