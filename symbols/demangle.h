// demangle: a linker's name as its programmer wrote it: C++ (Itanium ABI) by the C++ runtime, Rust (legacy and v0) by libiberty.
// Private to symbols. A hostile name may take exponential time and memory: only within os::run_guarded.
#pragma once

#include <string>
#include <string_view>

namespace arris::symbols {

bool is_mangled(std::string_view name);
// `name` itself if it is not mangled, or not well.
std::string demangle(const std::string& name);

}  // namespace arris::symbols
