// Deadline: interrupts a Store after a time, from a thread of its own that only exists if a limit was given.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "arris/arris.h"

namespace arris::cli {

class Deadline {
 public:
  Deadline(const api::InterruptHandle& handle, std::chrono::nanoseconds limit);
  ~Deadline();  // cancels
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable cancelled_changed_;
  bool cancelled_ = false;
  std::thread thread_;
};

}  // namespace arris::cli
