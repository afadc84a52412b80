// CodeSpace: the executable memory of one engine, and what is known about the code in it: from a program counter to the function, the
// wasm offset, the landing pads. For the compiling tiers, which put code here, and for whoever walks machine frames.
//
// One reserved address range; blocks take whole pages of it. A block is written, then sealed (readable and executable) for the rest of
// its life, so no page is ever writable and executable at once, and code of a block that runs is never touched. Rather than a
// second, writable mapping of the same pages (memfd): sealing costs one system call per block instead of four per arena, leaves no
// writable alias behind, and lets the kernel merge neighbouring blocks into one mapping.
// A block is released with its module; its pages go back to the system.
//
// find() is one lookup in a table by page: no locks, no allocation, so signal handlers and other threads may call it at any time. The
// caller must know that the block stays (it runs, or its module is held).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/os/fault_signals.h"
#include "base/os/virtual_memory.h"
#include "runtime/pc_map.h"
#include "wasm/module.h"

namespace arris::runtime {

// Of one engine: what would exceed it is not compiled.
inline constexpr uint64_t kMaxCodeBytes = uint64_t{1} << 30;

// Accesses below this address fault: what compiled code reads and writes through a null reference, unchecked.
inline constexpr uint64_t kNullGuardBytes = 4096;

// Immutable once published.
struct CodeBlock {
  struct Function {
    uint32_t begin;  // offset in the block
    uint32_t end;
    uint32_t index;  // of the function in its module, imported ones not counted
    // Ranges of the arrays below; each ends where the next function's begins.
    uint32_t pc_map;  // bytes
    uint32_t pc_restarts;
    uint32_t landing_pads;
    uint32_t osr_entries;
  };
  // Code that is no function's, for whoever names or unwinds it. `frame_bytes`, the return address included, lie on the native stack
  // from `frame_at` on. All offsets are the block's.
  struct Stub {
    const char* name;
    uint32_t begin;
    uint32_t end;
    uint32_t frame_at;
    uint32_t frame_bytes;
    bool enters;  // from C++: what C++ wants kept lies at the frame's outer end
  };

  uint8_t* begin = nullptr;
  uint64_t size = 0;                // whole pages
  const Module* module = nullptr;   // null: stubs
  std::vector<Function> functions;  // sorted; one more as the end of the last
  std::vector<uint8_t> pc_maps;
  std::vector<PcRestart> pc_restarts;
  std::vector<uint32_t> landing_pads;
  std::vector<PcEntry> osr_entries;
  std::vector<Stub> stubs;
  std::vector<PcEntry>
      positions;  // if an observer wants them: of every instruction's code; native offsets are the block's

  // The function that holds the instruction at `pc`, or null. (Of a call: the byte before its return address.)
  const Function* find(uintptr_t pc) const;
  // The instruction that called, by its return address; or the one that faulted, by its own. False if there is none.
  bool find_call(const Function& function, uintptr_t return_address, uint32_t* wasm_offset) const;
  bool find_fault(const Function& function, uintptr_t pc, uint32_t* wasm_offset) const;
  PcMap pc_map(const Function& function) const;
  // By index in FuncCode::handlers; null: the handler is never reached.
  const uint8_t* landing_pad(const Function& function, size_t handler) const;
  // Where to go on at the loop at this wasm offset; or null.
  const uint8_t* osr_entry(const Function& function, uint32_t loop_offset) const;
};

// Is told what code there is: profilers' files, debuggers. Called by whichever thread publishes or releases.
class CodeObserver {
 public:
  virtual ~CodeObserver() = default;
  // Nothing runs in the block yet.
  virtual void published(const CodeBlock& block) = 0;
  // Nothing runs in it any more; its module may be half destroyed.
  virtual void released(const CodeBlock& block) = 0;
};

class CodeSpace {
 public:
  // Null if the system has no address space left.
  static std::unique_ptr<CodeSpace> create(uint64_t max_bytes = kMaxCodeBytes);
  ~CodeSpace();
  CodeSpace(const CodeSpace&) = delete;
  CodeSpace& operator=(const CodeSpace&) = delete;

  // Writable pages for `bytes` of code, or empty when there is no room. Then either publish, or give_up.
  std::span<uint8_t> allocate(uint64_t bytes);
  void give_up(std::span<uint8_t> pages);
  // Seals `pages` and makes them known. Null if the system refuses; the pages are gone then, too.
  const CodeBlock* publish(std::span<uint8_t> pages, std::unique_ptr<CodeBlock> block);
  void release(const CodeBlock* block);

  const CodeBlock* find(uintptr_t pc) const noexcept {
    const uintptr_t offset = pc - reinterpret_cast<uintptr_t>(code_begin_);
    return offset < code_bytes_ ? by_page_[offset >> page_shift_].load(std::memory_order_acquire) : nullptr;
  }

  // From now on a fault of a published function in the address space of its memory 0 (Fault::base is that memory's base) goes on at `stub`, with trap code out_of_bounds_memory_access |
  // kFaultBit as its argument, and the faulting pc as its return address. False if this system cannot.
  static constexpr uint64_t kFaultBit = 0x100;
  bool redirect_faults(const void* stub);
  bool redirects_faults() const { return fault_stub_ != nullptr; }

  uint64_t used_bytes() const;

  // Before the first block. The observer outlives the last.
  void set_observer(CodeObserver* observer) { observer_ = observer; }

 private:
  CodeSpace() = default;
  static bool filter_fault(const void* self, const os::Fault& fault, os::FaultTarget& target);
  void free_pages(uint64_t page, uint64_t count);

  os::Reservation reservation_;  // the table, then the code
  std::atomic<const CodeBlock*>* by_page_ = nullptr;
  uint8_t* code_begin_ = nullptr;
  uint64_t code_bytes_ = 0;
  unsigned page_shift_ = 0;
  const void* fault_stub_ = nullptr;
  CodeObserver* observer_ = nullptr;
  os::FaultRange fault_range_;

  mutable std::mutex mutex_;
  std::map<uint64_t, uint64_t> free_;  // runs of pages: first page, count
  uint64_t used_pages_ = 0;
};

}  // namespace arris::runtime
