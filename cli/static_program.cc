// Definitions that a static program would otherwise take from the C and C++ libraries together with a lot that this one never
// runs. Linked into `arris` only: the engine's libraries and their tests have the libraries' own. cli/README.md has the sizes.
//
// 1. C++ exceptions. Everything here is compiled without them, so whatever a library throws (std::bad_alloc, an error in starting
//    a std::thread) ends the process, after looking in vain for a handler through tables of 110 KB. Here it ends at once. Nothing
//    cancels a thread or ends it by pthread_exit either, which would unwind as well.
// 2. The C library's DNS resolver: pthread_create only stores where its state is, in a variable beside all of its code.
// 3. pthread_getattr_np, which reads /proc/self/maps by sscanf, and that brings every float format and wide characters.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // gettid, pthread_getattr_np
#endif
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <typeinfo>
#include <utility>

namespace {

[[noreturn]] void end_process(const char* why) {
  static constexpr char kStart[] = "arris: ended by an unexpected ", kNewline[] = "\n";
  (void)!::write(2, kStart, sizeof kStart - 1);
  (void)!::write(2, why, std::strlen(why));
  (void)!::write(2, kNewline, 1);
  std::abort();
}

[[noreturn]] void terminate_handler() { end_process("std::terminate"); }
[[noreturn]] void no_unwinding() { end_process("unwinding of the stack"); }

}  // namespace

// Names of the libraries' own are the point here, and addresses read as numbers:
// NOLINTBEGIN(bugprone-reserved-identifier,performance-no-int-to-ptr)
namespace __cxxabiv1 {
extern void (*__terminate_handler)();
constinit void (*__terminate_handler)() = &terminate_handler;
}  // namespace __cxxabiv1

extern "C" {

[[noreturn]] void __cxa_throw(void*, std::type_info* type, void (*)(void*)) { end_process(type->name()); }
[[noreturn]] void __cxa_rethrow() { no_unwinding(); }
void* __cxa_allocate_exception(size_t size) noexcept {
  alignas(std::max_align_t) static char memory[1024];  // one is made, and then the process ends
  return size <= sizeof memory ? memory : nullptr;
}
void __cxa_free_exception(void*) noexcept {}
void* __cxa_begin_catch(void*) noexcept { no_unwinding(); }
void __cxa_end_catch() { no_unwinding(); }
void __cxa_call_terminate(void*) noexcept { no_unwinding(); }
int __gxx_personality_v0() { no_unwinding(); }
int __gcc_personality_v0() { no_unwinding(); }
[[noreturn]] void _Unwind_Resume(void*) { no_unwinding(); }
int _Unwind_ForcedUnwind() { no_unwinding(); }
uintptr_t _Unwind_GetCFA(void*) { no_unwinding(); }

thread_local constinit void* __libc_resp = nullptr;

}  // extern "C"

namespace {

struct Mapping {
  uintptr_t low = 0, high = 0;
  uintptr_t below = 0;  // the end of the mapping before it
};

// The mapping of this process that holds `address`, by /proc/self/maps: lines of "LOW-HIGH ...", addresses ascending.
bool find_mapping(uintptr_t address, Mapping& found) {
  int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char buffer[4096];
  uintptr_t number = 0, low = 0, below = 0;
  bool in_addresses = true, is_found = false;
  for (ssize_t length; !is_found && (length = ::read(fd, buffer, sizeof buffer)) > 0;) {
    for (const char* p = buffer; p < buffer + length && !is_found; ++p) {
      if (*p == '\n') {
        in_addresses = true;
        number = 0;
      } else if (in_addresses && *p == '-') {
        low = std::exchange(number, 0);
      } else if (in_addresses && *p == ' ') {
        in_addresses = false;
        is_found = address >= low && address < number;
        if (is_found) found = {low, number, below};
        below = number;
      } else if (in_addresses) {
        number = number << 4 | static_cast<uintptr_t>(*p <= '9' ? *p - '0' : *p - 'a' + 10);
      }
    }
  }
  ::close(fd);
  return is_found;
}

}  // namespace

// Of the calling thread only, and of the attributes only the stack.
extern "C" int pthread_getattr_np(pthread_t thread, pthread_attr_t* attributes) noexcept {
  Mapping stack;
  if (thread != ::pthread_self() || !find_mapping(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)), stack))
    return ENOENT;
  if (::getpid() == ::gettid()) {  // the first thread's grows, down to its limit or to what lies below
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) != 0) return errno;
    constexpr uintptr_t kGapBytes = 1 << 20;  // the kernel keeps this free
    uintptr_t room = stack.high - stack.below;
    stack.low = stack.high - std::min<uintptr_t>(limit.rlim_cur, room > 2 * kGapBytes ? room - kGapBytes : room);
  }
  int error = ::pthread_attr_init(attributes);
  return error != 0 ? error
                    : ::pthread_attr_setstack(attributes, reinterpret_cast<void*>(stack.low), stack.high - stack.low);
}
// NOLINTEND(bugprone-reserved-identifier,performance-no-int-to-ptr)
