#include "cli/deadline.h"

namespace arris::cli {

Deadline::Deadline(const api::InterruptHandle& handle, std::chrono::nanoseconds limit)
    : thread_([this, handle, limit] {
        std::unique_lock lock(mutex_);
        if (!cancelled_changed_.wait_for(lock, limit, [this] { return cancelled_; })) handle.interrupt();
      }) {}

Deadline::~Deadline() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  cancelled_changed_.notify_all();
  thread_.join();
}

}  // namespace arris::cli
