// PcMap: which instruction a function's machine code belongs to, at calls and at what may fault: from native offsets to wasm offsets.
// For compilers, which write one per function (PcMapWriter), and for CodeBlock, which keeps and searches them.
//
// Delta coded, as there is an entry for every memory access and call: the native offset's increase (unsigned LEB128) and the wasm
// offset's change (zigzag), two bytes in all for most. Every kPcMapGroup entries a restart tells where the entries lie and
// what they count from, so that a search decodes a bounded number however large the function is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace arris::runtime {

// Native offsets count from the function's first byte of code, wasm offsets from its first instruction.
struct PcEntry {
  uint32_t native_offset;
  uint32_t wasm_offset;
};

inline constexpr uint32_t kPcMapGroup = 64;

struct PcRestart {
  PcEntry last;  // the entry before
  uint32_t at;   // where the next one lies in the function's bytes
};

// Of one function at a time. Native offsets never decrease.
class PcMapWriter {
 public:
  void add(uint32_t native_offset, uint32_t wasm_offset) {
    if (count_ == next_stop_) [[unlikely]]
      stop();
    ++count_;
    const uint32_t native = native_offset - last_.native_offset;
    const uint32_t change = wasm_offset - last_.wasm_offset;
    const uint32_t wasm = change << 1 ^ -(change >> 31);
    last_ = {native_offset, wasm_offset};
    if ((native | wasm) < 0x80) {
      *end_++ = static_cast<uint8_t>(native);
      *end_++ = static_cast<uint8_t>(wasm);
    } else {
      put(native);
      put(wasm);
    }
  }
  void clear() {
    end_ = room_.data();
    count_ = next_stop_ = 0;
    last_ = {};
    restarts_.clear();
  }

  uint32_t count() const { return count_; }
  const PcEntry& back() const { return last_; }
  std::span<const uint8_t> bytes() const { return {room_.data(), static_cast<size_t>(end_ - room_.data())}; }
  std::span<const PcRestart> restarts() const { return restarts_; }

 private:
  void stop();  // after every group: a restart, and room for the next one
  void put(uint32_t value);

  std::vector<uint8_t> room_;
  uint8_t* end_ = nullptr;
  uint32_t count_ = 0;
  uint32_t next_stop_ = 0;
  PcEntry last_{};
  std::vector<PcRestart> restarts_;
};

// What a writer wrote, wherever it lies now.
struct PcMap {
  std::span<const uint8_t> bytes;
  std::span<const PcRestart> restarts;

  // The first entry at exactly this offset. False: none.
  bool find_exact(uint32_t native_offset, uint32_t* wasm_offset) const;
  // The last entry at or below it.
  bool find_at_or_below(uint32_t native_offset, uint32_t* wasm_offset) const;

 private:
  class Reader;
};

}  // namespace arris::runtime
