// The names, layouts and values here are fixed: a debugger looks for them in the program. The list belongs to the process, and so
// does its lock; engines share both.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "jit/code_elf.h"
#include "jit/code_observers.h"

extern "C" {

struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};

enum jit_actions_t : uint32_t { JIT_NOACTION = 0, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};

// Weak, as other code generators in one program may define the same.
__attribute__((weak, used)) jit_descriptor __jit_debug_descriptor = {1, JIT_NOACTION, nullptr, nullptr};

// The debugger stops here. What it does makes it unlike any other function, so that the linker does not take them for one.
__attribute__((weak, used, noinline)) void __jit_debug_register_code() {
  asm volatile("" : : "r"(&__jit_debug_descriptor) : "memory");
}
}

namespace arris::jit {
namespace {

constinit std::mutex mutex;

class GdbRegistrar final : public runtime::CodeObserver {
 public:
  ~GdbRegistrar() override {
    std::lock_guard lock(mutex);
    while (!entries_.empty()) remove(entries_.begin());
  }

  void published(const runtime::CodeBlock& block) override {
    auto entry = std::make_unique<Entry>();
    entry->image = make_code_elf(block);
    entry->code.symfile_addr = entry->image.data();
    entry->code.symfile_size = entry->image.size();
    std::lock_guard lock(mutex);
    entry->code.next_entry = __jit_debug_descriptor.first_entry;
    if (entry->code.next_entry != nullptr) entry->code.next_entry->prev_entry = &entry->code;
    __jit_debug_descriptor.first_entry = &entry->code;
    tell(JIT_REGISTER_FN, &entry->code);
    entries_.emplace(&block, std::move(entry));
  }

  void released(const runtime::CodeBlock& block) override {
    std::lock_guard lock(mutex);
    const auto found = entries_.find(&block);
    if (found != entries_.end()) remove(found);
  }

 private:
  struct Entry {
    jit_code_entry code{};
    std::string image;
  };
  using Entries = std::map<const runtime::CodeBlock*, std::unique_ptr<Entry>>;

  // Under the lock.
  void remove(Entries::iterator at) {
    jit_code_entry& code = at->second->code;
    (code.prev_entry != nullptr ? code.prev_entry->next_entry : __jit_debug_descriptor.first_entry) = code.next_entry;
    if (code.next_entry != nullptr) code.next_entry->prev_entry = code.prev_entry;
    tell(JIT_UNREGISTER_FN, &code);
    entries_.erase(at);
  }

  static void tell(jit_actions_t action, jit_code_entry* entry) {
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_descriptor.relevant_entry = entry;
    __jit_debug_register_code();
    __jit_debug_descriptor.action_flag = JIT_NOACTION;
    __jit_debug_descriptor.relevant_entry = nullptr;
  }

  Entries entries_;  // under the same lock
};

}  // namespace

ObserverPtr make_gdb_registrar() { return std::make_unique<GdbRegistrar>(); }

}  // namespace arris::jit
