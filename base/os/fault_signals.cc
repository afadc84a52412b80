// Ranges are nodes of a list that only grows, so that the handler reads it without locks; a closed range's node is used again.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // REG_RIP
#endif
#include "base/os/fault_signals.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>

namespace arris::os {

struct FaultRange::Node {
  std::atomic<uintptr_t> begin{0};  // 0: closed
  std::atomic<uintptr_t> end{0};
  std::atomic<FaultFilter> filter{nullptr};
  std::atomic<const void*> owner{nullptr};
  Node* next = nullptr;
};

#if defined(__linux__) && defined(__x86_64__)
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS};

// Signal dispositions belong to the process, and so does this.
constinit std::atomic<FaultRange::Node*> first_node{nullptr};
constinit std::mutex mutex;
constinit bool installed = false;
constinit struct sigaction previous_actions[NSIG] = {};

bool redirect(const siginfo_t& info, ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  const auto pc = static_cast<uintptr_t>(registers[REG_RIP]);
  for (FaultRange::Node* node = first_node.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    const uintptr_t begin = node->begin.load(std::memory_order_acquire);
    if (begin == 0 || pc < begin || pc >= node->end.load(std::memory_order_relaxed)) continue;
    FaultTarget target{};
    const Fault fault{pc, reinterpret_cast<uintptr_t>(info.si_addr), static_cast<uintptr_t>(registers[REG_R14])};
    if (!node->filter.load(std::memory_order_relaxed)(node->owner.load(std::memory_order_relaxed), fault, target))
      continue;
    auto* stack = reinterpret_cast<uintptr_t*>(registers[REG_RSP]) - 1;
    *stack = pc;
    registers[REG_RSP] = reinterpret_cast<greg_t>(stack);
    registers[REG_RIP] = reinterpret_cast<greg_t>(target.address);
    registers[REG_RDI] = static_cast<greg_t>(target.argument);
    return true;
  }
  return false;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = previous_actions[signal];
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // Not ours and nobody's: the fault happens again and ends the process as it would have. A signal that somebody sent does not
    // come back, unless we send it again.
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
    if (info->si_code <= 0) ::raise(signal);
  }
}

void handle(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  // A positive code: the kernel reports a fault of this thread. Else somebody sent the signal.
  const bool is_fault = info->si_code > 0;
  if (!is_fault || !redirect(*info, *static_cast<ucontext_t*>(context))) pass_on(signal, info, context);
  errno = saved_errno;
}

bool install() {
  if (installed) return true;
  for (int signal : kSignals) {
    struct sigaction action{};
    action.sa_sigaction = &handle;
    // Not blocked meanwhile: a chained handler may leave by longjmp, and a second fault in it is to be seen.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, &previous_actions[signal]) != 0) return false;
  }
  installed = true;
  return true;
}

class AlternateStack {
 public:
  AlternateStack() {
    stack_t current{};
    if (::sigaltstack(nullptr, &current) != 0 || (current.ss_flags & SS_DISABLE) == 0) return;  // has its own
    const long least = ::sysconf(_SC_MINSIGSTKSZ);
    constexpr size_t kHandlerBytes = 32 << 10;  // handlers that we pass faults on to need some as well
    size_ = ((least > 0 ? static_cast<size_t>(least) : 0) + kHandlerBytes + 4095) & ~size_t{4095};
    memory_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) return;
    stack_t mine{};
    mine.ss_sp = memory_;
    mine.ss_size = size_;
    ::sigaltstack(&mine, nullptr);
  }
  ~AlternateStack() {
    if (memory_ == MAP_FAILED) return;
    stack_t current{};
    if (::sigaltstack(nullptr, &current) == 0 && current.ss_sp == memory_) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      ::sigaltstack(&none, nullptr);
    }
    ::munmap(memory_, size_);
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  void* memory_ = MAP_FAILED;
  size_t size_ = 0;
};

}  // namespace

bool FaultRange::open(const void* begin, const void* end, FaultFilter filter, const void* owner) {
  std::lock_guard lock(mutex);
  if (!install()) return false;
  Node* node = first_node.load(std::memory_order_relaxed);
  while (node != nullptr && node->begin.load(std::memory_order_relaxed) != 0) node = node->next;
  const bool is_new = node == nullptr;
  if (is_new) {
    node = new (std::nothrow) Node();
    if (node == nullptr) return false;
    node->next = first_node.load(std::memory_order_relaxed);
  }
  node->end.store(reinterpret_cast<uintptr_t>(end), std::memory_order_relaxed);
  node->filter.store(filter, std::memory_order_relaxed);
  node->owner.store(owner, std::memory_order_relaxed);
  node->begin.store(reinterpret_cast<uintptr_t>(begin), std::memory_order_release);
  if (is_new) first_node.store(node, std::memory_order_release);
  node_ = node;
  return true;
}

FaultRange::~FaultRange() {
  if (node_ != nullptr) node_->begin.store(0, std::memory_order_release);
}

void ensure_alternate_stack() {
  thread_local const AlternateStack stack;
  (void)&stack;
}

#else

bool FaultRange::open(const void*, const void*, FaultFilter, const void*) { return false; }
FaultRange::~FaultRange() = default;
void ensure_alternate_stack() {}

#endif

}  // namespace arris::os
