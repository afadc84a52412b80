#include "base/os/guarded_process.h"

#if defined(__unix__) || defined(__APPLE__)

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#if defined(__linux__)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <cstddef>
#endif

// Sanitizers make system calls of their own, and reserve more address space than any limit.
#if defined(__SANITIZE_ADDRESS__)
#define ARRIS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define ARRIS_SANITIZED 1
#endif
#endif

namespace arris::os {
namespace {

using Clock = std::chrono::steady_clock;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

#if !defined(ARRIS_SANITIZED)
size_t address_space_in_use() {
  int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[128];
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  return std::strtoul(text, nullptr, 10) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void limit(int resource, rlim_t value) {
  rlimit limits{value, value};
  setrlimit(resource, &limits);
}
#endif

#if defined(__linux__) && !defined(ARRIS_SANITIZED) && (defined(__x86_64__) || defined(__aarch64__))
#if defined(__x86_64__)
constexpr uint32_t kThisArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kThisArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Everything else fails with EPERM. `result_fd` is the only descriptor that can be written to.
void forbid_system_calls(int result_fd) {
#define ARRIS_ALLOW(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kThisArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      ARRIS_ALLOW(brk),
      ARRIS_ALLOW(mmap),
      ARRIS_ALLOW(mremap),
      ARRIS_ALLOW(munmap),
      ARRIS_ALLOW(madvise),
      ARRIS_ALLOW(futex),
      ARRIS_ALLOW(exit),
      ARRIS_ALLOW(exit_group),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(result_fd), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
#undef ARRIS_ALLOW
  sock_fprog filter{static_cast<unsigned short>(sizeof program / sizeof program[0]), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
#else
void forbid_system_calls(int) {}
#endif

void shut_in(const GuardLimits& limits, int result_fd) {
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGXCPU}) std::signal(signal, SIG_DFL);
#if !defined(ARRIS_SANITIZED)
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(limits.time.count() / 1000 + 1));
  if (size_t in_use = address_space_in_use()) limit(RLIMIT_AS, in_use + limits.memory_bytes);
#endif
  forbid_system_calls(result_fd);
}

[[noreturn]] void do_work(const std::function<std::string()>& work, const GuardLimits& limits, int result_fd) {
  shut_in(limits, result_fd);
  std::string result = work();
  result += '.';  // tells a whole result from the beginning of one
  const char* p = result.data();
  size_t left = result.size();
  while (left > 0) {
    ssize_t n = write(result_fd, p, left);
    if (n <= 0) _exit(1);
    p += n;
    left -= static_cast<size_t>(n);
  }
  _exit(0);
}

bool read_result(int fd, const GuardLimits& limits, std::string& result) {
  auto deadline = Clock::now() + limits.time;
  char buffer[16384];
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd ready{fd, POLLIN, 0};
    int n = poll(&ready, 1, static_cast<int>(left));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    if (result.size() + static_cast<size_t>(got) > limits.result_bytes) return false;
    result.append(buffer, static_cast<size_t>(got));
  }
  if (!result.ends_with('.')) return false;
  result.pop_back();
  return true;
}

}  // namespace

std::optional<std::string> run_guarded(const std::function<std::string()>& work, const GuardLimits& limits) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  Fd in(ends[0]), out(ends[1]);
  fcntl(in.get(), F_SETFD, FD_CLOEXEC);
  fcntl(out.get(), F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child < 0) return std::nullopt;
  if (child == 0) do_work(work, limits, out.get());
  out.close();
  std::string result;
  bool whole = read_result(in.get(), limits, result);
  if (!whole) kill(child, SIGKILL);
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (!whole) return std::nullopt;
  return result;
}

}  // namespace arris::os

#else

namespace arris::os {

std::optional<std::string> run_guarded(const std::function<std::string()>&, const GuardLimits&) { return std::nullopt; }

}  // namespace arris::os

#endif
