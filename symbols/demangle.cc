#include "symbols/demangle.h"

#include <cxxabi.h>
#include <cstdlib>

// libiberty's header declares C++ demangling, too, which the C++ runtime has already; this is the one function used.
extern "C" int rust_demangle_callback(const char* mangled, int options,
                                      void (*callback)(const char* data, size_t size, void* opaque), void* opaque);

namespace arris::symbols {

// WebAssembly has no leading underscore of its own, but a name may come from a tool for a system that has.
bool is_mangled(std::string_view name) {
  return name.starts_with("_Z") || name.starts_with("__Z") || name.starts_with("_R") || name.starts_with("__R");
}

std::string demangle(const std::string& name) {
  if (!is_mangled(name)) return name;
  const char* mangled = name.c_str() + (name.starts_with("__") ? 1 : 0);
  // Rust first: its legacy names are well-formed C++ names, with a hash at the end.
  std::string out;
  auto append = [](const char* data, size_t size, void* opaque) {
    static_cast<std::string*>(opaque)->append(data, size);
  };
  if (rust_demangle_callback(mangled, 0, append, &out) != 0 && !out.empty()) return out;
  int status = 0;
  char* text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  if (!text) return name;
  out = text;
  std::free(text);
  return out;
}

}  // namespace arris::symbols
