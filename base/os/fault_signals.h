// Hardware faults of compiled code, turned into jumps. For runtime/code_space.h.
//
// A fault whose pc lies in a registered range is offered to the range's filter; if that takes it, the thread goes on at an address
// of the filter's choice, as if the faulting instruction had called it: the pc is on the stack like a return address. All other
// faults go to whoever handled the signal before us, as they would have: an embedder's own handlers still see their own faults.
// Nothing is installed before the first range is registered.
#pragma once

#include <cstdint>

namespace arris::os {

struct Fault {
  uintptr_t pc;
  uintptr_t address;  // of the access
  uintptr_t base;     // what the thread has in the register where machine code keeps its memory's base: r14 on x86-64
};

struct FaultTarget {
  const void* address;
  uint64_t argument;  // in the first argument register of C
};

// Runs in a signal handler: atomics and plain reads only.
using FaultFilter = bool (*)(const void* owner, const Fault& fault, FaultTarget& target);

// A range of addresses whose faults are filtered, while it exists. Thread-safe.
class FaultRange {
 public:
  FaultRange() = default;
  FaultRange(const FaultRange&) = delete;
  FaultRange& operator=(const FaultRange&) = delete;
  ~FaultRange();
  // False if this system's faults cannot be redirected.
  bool open(const void* begin, const void* end, FaultFilter filter, const void* owner);

  struct Node;

 private:
  Node* node_ = nullptr;
};

// Gives the calling thread an alternate signal stack, until it ends, unless it has one. Cheap when called again.
void ensure_alternate_stack();

}  // namespace arris::os
