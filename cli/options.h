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
    app.add_flag_function(
           "--enable-all", [this](int64_t) { features_ = api::Features::all(); }, "Every feature")
        ->group(kGroup)
        ->trigger_on_parse();
    for (const api::FeatureInfo& f : api::all_features()) {
      app.add_flag_function(
             "--enable-" + std::string(f.flag),
             [this, feature = f.feature](int64_t) { features_ = features_.with(feature); },
             "On: " + std::string(f.description))
          ->group(kGroup)
          ->trigger_on_parse();
      app.add_flag_function(
             "--disable-" + std::string(f.flag),
             [this, feature = f.feature](int64_t) { features_ = features_.without(feature); },
             "Off: " + std::string(f.description))
          ->group(kGroup)
          ->trigger_on_parse();
    }
  }
  api::Features features() const { return features_; }

 private:
  api::Features features_ = api::Features::command_line_default();
};

}  // namespace arris::cli
