// What a program is given, from the command line's words to wasi::WasiConfig.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "wasi/config.h"

namespace arris::cli {

// GUEST:HOST[:readonly], or one path for both.
wasi::Preopen parse_dir(std::string_view text);
// The error is a printable line.
std::expected<wasi::WasiConfig, std::string> make_wasi_config(const Options& options,
                                                              std::vector<std::string> arguments);
// The guest's own name: FILE, or in WasmEdge's form its last component with the extension .wasm.
std::string guest_name(const Options& options);

}  // namespace arris::cli
