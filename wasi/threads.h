// ThreadGroup: wasi-threads. Each thread is a Store of its own that instantiates the same module on the same shared memory.
//
// The first reason to end (a trap in any thread, proc_exit, the end of the first thread) ends all: every store is interrupted,
// and finish() waits for the last. Thread-safe. Kept alive by its threads and, for the first Store's waker, by Wasi.
// Proposal: WebAssembly/wasi-threads: thread-spawn(start_arg) calls the export wasi_thread_start(tid, start_arg).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "arris/linker.h"
#include "arris/module.h"
#include "arris/store.h"
#include "arris/trap.h"

namespace arris::wasi {

class ThreadGroup : public std::enable_shared_from_this<ThreadGroup> {
 public:
  // Gives a new Store the host state its functions look for, before anything of it runs. What it returns is kept until the
  // Store is gone.
  using Prepare = std::function<std::shared_ptr<void>(api::StoreRef store, ThreadGroup& group)>;

  ThreadGroup(const api::Linker& linker, const api::Module& module, api::StoreRef first, uint32_t max_threads,
              uint64_t fuel, Prepare prepare);

  // A thread id, or a negated errno: the limit is reached, the group ends, or the host has no more threads.
  int32_t spawn(int32_t start_arg);
  // The first thread is asked to stop: asks the others at the same time, so that they need not wait for it to get round to it.
  // Async-signal-safe. May do nothing if a thread begins or ends just now; finish() asks again.
  void interrupt_others();
  // Called with how the first thread ended. Ends and awaits all others; the reason that ended the group, if it is another's.
  std::optional<api::Trap> finish(std::optional<api::Trap> first);

 private:
  struct Start;
  static void* run_thread(void* start);
  std::optional<api::Trap> run(int32_t tid, int32_t start_arg);
  void end(std::optional<api::Trap> reason);

  const api::Linker& linker_;
  api::Module module_;
  uint32_t max_threads_;
  uint64_t fuel_;
  Prepare prepare_;

  // Runs `use` on stores_; false if it is in use and `wait` is not allowed.
  bool with_stores(bool wait, auto use);

  std::mutex mutex_;
  std::condition_variable thread_ended_;
  // Of running threads; the first is 0. Behind a flag instead of the mutex, as signal handlers look, too.
  std::atomic_flag stores_in_use_;
  std::unordered_map<int32_t, api::InterruptHandle> stores_;
  int32_t next_tid_ = 1;
  uint32_t live_ = 0;
  bool ending_ = false;
  std::optional<api::Trap> reason_;
};

}  // namespace arris::wasi
