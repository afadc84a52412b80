// HostBridges: how compiled code calls functions of the host: for each signature a piece of machine code that lays the register
// arguments out in their row, calls the host function there, and fetches the results into their registers. A host function's first
// call comes through stubs.h, slow_entry, which asks for its bridge. Bridges are the engine's, so that they outlive every Store.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "jit/stubs.h"
#include "runtime/code_space.h"
#include "runtime/layout.h"

namespace arris::jit {

class HostBridges {
 public:
  HostBridges(runtime::CodeSpace& space, const Stubs& stubs) : space_(space), stubs_(stubs) {}
  ~HostBridges();
  HostBridges(const HostBridges&) = delete;
  HostBridges& operator=(const HostBridges&) = delete;

  // Compiled code calls this host function through its bridge from now on. Returns the bridge, or null if there is no executable
  // memory. Thread-safe. `neighbours` are functions that may be called soon: a bridge takes few bytes of a page.
  const void* connect(const runtime::FuncInstance& func, std::span<runtime::FuncInstance* const> neighbours);

 private:
  bool make(std::span<const std::string> signatures);

  runtime::CodeSpace& space_;
  const Stubs& stubs_;
  std::mutex mutex_;
  std::map<std::string, runtime::MachineEntry> entries_;  // by signature; entries stay where they are
  std::vector<const runtime::CodeBlock*> blocks_;
  bool refused_ = false;
};

}  // namespace arris::jit
