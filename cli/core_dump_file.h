// --coredump FILE: the dump of a trap, written while it is being raised, and what to tell the user about it afterwards.
#pragma once

#include <string>

#include "arris/arris.h"
#include "arris/core_dump.h"

namespace arris::cli {

class CoreDumpFile {
 public:
  // An empty path: no dump.
  explicit CoreDumpFile(std::string path) : path_(std::move(path)) {}
  CoreDumpFile(const CoreDumpFile&) = delete;
  CoreDumpFile& operator=(const CoreDumpFile&) = delete;

  // Dumps traps of `store`, a later one over an earlier one. This object has to outlive its running code.
  void attach(api::StoreRef store, std::string executable_name);
  // One line about the dump that was or could not be written; empty if there was no trap.
  const std::string& outcome() const { return outcome_; }

 private:
  void write(const api::CoreDump& core, const std::string& executable_name);

  std::string path_;
  std::string outcome_;
};

}  // namespace arris::cli
