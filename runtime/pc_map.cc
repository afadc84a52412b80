#include "runtime/pc_map.h"

#include <algorithm>

#include "base/leb128.h"

namespace arris::runtime {

void PcMapWriter::stop() {
  constexpr size_t kMostGroupBytes = kPcMapGroup * 10;
  const size_t used = bytes().size();
  if (count_ != 0) restarts_.push_back({last_, static_cast<uint32_t>(used)});
  if (room_.size() - used < kMostGroupBytes) {
    room_.resize(2 * room_.size() + kMostGroupBytes);
    end_ = room_.data() + used;
  }
  next_stop_ += kPcMapGroup;
}

void PcMapWriter::put(uint32_t value) {
  for (; value >= 0x80; value >>= 7) *end_++ = static_cast<uint8_t>(value | 0x80);
  *end_++ = static_cast<uint8_t>(value);
}

// From the last restart whose entries may be at `native_offset` on.
class PcMap::Reader {
 public:
  Reader(const PcMap& map, uint32_t native_offset) : p_(map.bytes.data()), end_(p_ + map.bytes.size()) {
    const auto after =
        std::lower_bound(map.restarts.begin(), map.restarts.end(), native_offset,
                         [](const PcRestart& r, uint32_t value) { return r.last.native_offset < value; });
    if (after == map.restarts.begin()) return;
    entry_ = std::prev(after)->last;
    p_ += std::prev(after)->at;
    has_entry_ = true;
  }
  bool next() {
    if (p_ == end_) return false;
    entry_.native_offset += read_uleb<uint32_t>(p_);
    const auto zigzag = read_uleb<uint32_t>(p_);
    entry_.wasm_offset += zigzag >> 1 ^ -(zigzag & 1);
    return true;
  }
  const PcEntry& entry() const { return entry_; }
  bool has_entry() const { return has_entry_; }  // before the first next()

 private:
  const uint8_t* p_;
  const uint8_t* end_;
  PcEntry entry_{};
  bool has_entry_ = false;
};

bool PcMap::find_exact(uint32_t native_offset, uint32_t* wasm_offset) const {
  for (Reader reader(*this, native_offset); reader.next();) {
    if (reader.entry().native_offset < native_offset) continue;
    *wasm_offset = reader.entry().wasm_offset;
    return reader.entry().native_offset == native_offset;
  }
  return false;
}

bool PcMap::find_at_or_below(uint32_t native_offset, uint32_t* wasm_offset) const {
  Reader reader(*this, native_offset);
  bool found = reader.has_entry();
  *wasm_offset = reader.entry().wasm_offset;
  for (; reader.next() && reader.entry().native_offset <= native_offset; found = true)
    *wasm_offset = reader.entry().wasm_offset;
  return found;
}

}  // namespace arris::runtime
