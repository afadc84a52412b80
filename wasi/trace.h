// One line per WASI call, for --strace: decoded arguments and results, by the signatures of wasi/preview1.def.
//   path_open(fd: 3, dirflags: FOLLOW, path: "a.txt", oflags: 0, ...) = SUCCESS, opened: 4
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wasi/guest_memory.h"
#include "wasi/types.h"

namespace arris::wasi {

struct TracedFunction {
  std::string_view name;
  std::string_view signature;
  Snapshot snapshot;
};

// After the call. `args`: its WebAssembly arguments.
std::string trace_line(const TracedFunction& function, std::span<const uint64_t> args, const Guest& guest,
                       Errno result);

}  // namespace arris::wasi
