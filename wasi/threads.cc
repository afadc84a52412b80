#include "wasi/threads.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

#include "wasi/types.h"

namespace arris::wasi {
namespace {

constexpr int32_t kMaxTid = 0x1FFFFFFF;  // thread ids are 29 bits wide

}  // namespace

struct ThreadGroup::Start {
  std::shared_ptr<ThreadGroup> group;
  int32_t tid;
  int32_t argument;
};

ThreadGroup::ThreadGroup(const api::Linker& linker, const api::Module& module, api::StoreRef first,
                         uint32_t max_threads, uint64_t fuel, Prepare prepare)
    : linker_(linker), module_(module), max_threads_(max_threads), fuel_(fuel), prepare_(std::move(prepare)) {
  stores_.emplace(0, first.interrupt_handle());
}

// Held for a few instructions only. A signal handler that comes meanwhile on the same thread does not wait.
bool ThreadGroup::with_stores(bool wait, auto use) {
  while (stores_in_use_.test_and_set(std::memory_order_acquire)) {
    if (!wait) return false;
    sched_yield();
  }
  use(stores_);
  stores_in_use_.clear(std::memory_order_release);
  return true;
}

void ThreadGroup::interrupt_others() {
  with_stores(false, [](auto& stores) {
    for (auto& [tid, handle] : stores) {
      if (tid != 0) handle.interrupt();
    }
  });
}

int32_t ThreadGroup::spawn(int32_t start_arg) {
  constexpr int32_t kAgain = -static_cast<int32_t>(Errno::again);
  std::lock_guard lock(mutex_);
  if (ending_ || live_ >= max_threads_) return kAgain;
  auto start = std::make_unique<Start>(shared_from_this(), next_tid_, start_arg);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, &run_thread, start.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return kAgain;
  [[maybe_unused]] Start* owned_by_thread = start.release();
  ++live_;
  int32_t tid = next_tid_;
  next_tid_ = next_tid_ == kMaxTid ? 1 : next_tid_ + 1;
  return tid;
}

void* ThreadGroup::run_thread(void* argument) {
  std::unique_ptr<Start> start(static_cast<Start*>(argument));
  std::shared_ptr<ThreadGroup> group = start->group;
  auto trap = group->run(start->tid, start->argument);
  if (trap) group->end(std::move(trap));
  std::lock_guard lock(group->mutex_);
  --group->live_;
  group->thread_ended_.notify_all();
  return nullptr;
}

std::optional<api::Trap> ThreadGroup::run(int32_t tid, int32_t start_arg) {
  std::shared_ptr<void> state;  // outlives the store
  auto store = api::Store::create(module_.engine());
  if (!store) return api::Trap("thread: " + store.error().to_string());
  store->set_fuel(fuel_);
  state = prepare_(*store, *this);
  {
    std::lock_guard lock(mutex_);
    if (ending_) return std::nullopt;
    with_stores(true, [&](auto& stores) { stores.insert_or_assign(tid, store->interrupt_handle()); });
  }
  auto call = [&]() -> std::optional<api::Trap> {
    auto instance = linker_.instantiate(*store, module_);
    if (!instance) {
      if (const api::Trap* trap = instance.error().trap()) return *trap;
      return api::Trap("thread: " + instance.error().to_string());
    }
    auto function = instance->typed<void(int32_t, int32_t)>("wasi_thread_start");
    if (!function) return api::Trap("thread: the module exports no wasi_thread_start (i32, i32)");
    auto result = (*function)(tid, start_arg);
    if (!result) return result.error();
    return std::nullopt;
  };
  auto trap = call();
  std::lock_guard lock(mutex_);
  with_stores(true, [&](auto& stores) { stores.erase(tid); });
  return trap;
}

void ThreadGroup::end(std::optional<api::Trap> reason) {
  std::lock_guard lock(mutex_);
  if (ending_) return;  // what stops because it was told to is no reason
  ending_ = true;
  reason_ = std::move(reason);
  with_stores(true, [](auto& stores) {
    for (auto& [tid, handle] : stores) handle.interrupt();
  });
}

std::optional<api::Trap> ThreadGroup::finish(std::optional<api::Trap> first) {
  {
    std::lock_guard lock(mutex_);
    with_stores(true, [](auto& stores) { stores.erase(0); });
  }
  end(std::move(first));
  std::unique_lock lock(mutex_);
  thread_ended_.wait(lock, [this] { return live_ == 0; });
  return reason_;
}

}  // namespace arris::wasi
