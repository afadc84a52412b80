// CoreDump: the state of a Store in which something has just trapped, before its frames unwind: frames with their locals and
// operands, memories, globals. For debuggers: written as a WebAssembly core dump, which wasmgdb and others read.
// Format: tool-conventions, Coredump.md: a module of its own whose custom sections `core`, `coremodules`, `coreinstances` and
// `corestack` say what its memories, data segments and globals are the state of.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "arris/store.h"
#include "arris/trap.h"

namespace arris::api {

// Lives during the hook that is given it (StoreRef::on_trap), no longer.
class CoreDump {
 public:
  CoreDump(const CoreDump&) = delete;
  CoreDump& operator=(const CoreDump&) = delete;

  TrapCode code() const;

  // Hands the dump over piece by piece; pieces point into the guest's memories. A sink that returns false ends it.
  using Sink = std::function<bool(std::span<const uint8_t>)>;
  // Runs of zero pages are left out. Values that the format cannot hold (references, vectors) or that only a register held are
  // written as missing; of a very deep stack the middle is left out, as in backtraces. False if the sink said so, or if the
  // memories hold more than a section can (4 GiB).
  bool write(std::string_view executable_name, const Sink& sink) const;

 private:
  friend struct detail::Access;
  explicit CoreDump(detail::StoreState* store) : store_(store) {}
  detail::StoreState* store_;
};

}  // namespace arris::api
