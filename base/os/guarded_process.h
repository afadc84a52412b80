// run_guarded: does work on untrusted bytes in a process of its own, so that whatever goes wrong there (a crash, a hang, memory
// without end, even code that an attacker brought in) ends with that process. For libraries we did not write.
//
// The work sees a copy of this process's memory (fork), may compute and allocate, and returns bytes through a pipe. It has a limit
// of time and of memory, and where the system can do it (Linux: seccomp) no system call besides those for memory and for
// writing its result: no files, no network, no signals. Where there is no fork the work is not done.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace arris::os {

struct GuardLimits {
  std::chrono::milliseconds time{3000};
  size_t memory_bytes = size_t{1} << 30;  // besides what this process has already
  size_t result_bytes = size_t{16} << 20;
};

// The bytes that `work` returned; none if it crashed, was stopped by a limit, or could not be started. The bytes are untrusted.
std::optional<std::string> run_guarded(const std::function<std::string()>& work, const GuardLimits& limits = {});

}  // namespace arris::os
