// Faults that are not ours reach whoever was there before; registered ranges get theirs.
#include "base/os/fault_signals.h"

#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <cstring>
#include <thread>

#include "base/os/executable_memory.h"
#include "base/os/virtual_memory.h"

namespace arris::os {
namespace {

#if defined(__linux__) && defined(__x86_64__) && !__has_feature(address_sanitizer)

sigjmp_buf own_jump;
volatile sig_atomic_t own_faults = 0;
void own_handler(int, siginfo_t*, void*) {
  own_faults = own_faults + 1;
  siglongjmp(own_jump, 1);
}

struct Code {
  void* page = reserve(page_size());
  explicit Code(std::initializer_list<uint8_t> bytes) {
    commit(page, page_size());
    std::memcpy(page, std::data(bytes), bytes.size());
    EXPECT_TRUE(seal_executable(page, page_size()));
  }
  ~Code() { release(page, page_size()); }
};

uintptr_t pc_seen = 0;

TEST(FaultSignals, RedirectFaultsOfTheirRangeAndPassOnTheRest) {
  struct sigaction mine{};
  mine.sa_sigaction = &own_handler;
  mine.sa_flags = SA_SIGINFO;
  struct sigaction before{};
  sigaction(SIGSEGV, &mine, &before);

  // fault: mov eax, [rdi]; ret.   target: lea rax, [rdi + 1]; add rsp, 8 (the pc); ret
  Code code({0x8B, 0x07, 0xC3, 0x90, 0x48, 0x8D, 0x47, 0x01, 0x48, 0x83, 0xC4, 0x08, 0xC3});
  auto* bytes = static_cast<uint8_t*>(code.page);
  auto function = reinterpret_cast<uint64_t (*)(const void*)>(bytes);
  {
    FaultRange range;
    ASSERT_TRUE(range.open(
        bytes, bytes + page_size(),
        [](const void* owner, const Fault& fault, FaultTarget& target) {
          pc_seen = fault.pc;
          target = {static_cast<const uint8_t*>(owner) + 4, 41};
          return true;
        },
        bytes));
    ensure_alternate_stack();
    EXPECT_EQ(function(nullptr), 42u);
    EXPECT_EQ(pc_seen, reinterpret_cast<uintptr_t>(bytes));
    std::thread([&] {
      ensure_alternate_stack();
      EXPECT_EQ(function(nullptr), 42u);
    }).join();

    // A fault elsewhere is the embedder's own.
    if (sigsetjmp(own_jump, 1) == 0) *static_cast<volatile int*>(reinterpret_cast<int*>(uintptr_t{16})) = 1;
    EXPECT_EQ(own_faults, 1);
    if (sigsetjmp(own_jump, 1) == 0) raise(SIGSEGV);  // sent, not a fault
    EXPECT_EQ(own_faults, 2);
  }
  if (sigsetjmp(own_jump, 1) == 0) function(nullptr);  // the range is closed
  EXPECT_EQ(own_faults, 3);
}

#endif

}  // namespace
}  // namespace arris::os
