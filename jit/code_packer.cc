#include "jit/code_packer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/os/virtual_memory.h"

namespace arris::jit {

using runtime::CodeBlock;

namespace {

// A cache line: at odd multiples of 32 fib takes 1.16 times as long, at odd multiples of 16 1.3 times.
constexpr uint64_t kFunctionAlignment = 64;
// Large enough that a block costs nothing, small enough that what is left over at its end does not matter.
constexpr uint64_t kMaxOpenBytes = uint64_t{1} << 20;
constexpr uint64_t kMinPageBytes = 4096;    // the unit of code space
constexpr uint64_t kBytesPerPcMapByte = 8;  // about
constexpr uint64_t kMinPrefaultBytes = uint64_t{64} << 10;

// Where the next function goes behind one that ends at `end`. Not at `end` itself, where its last call may return to.
constexpr uint64_t place_behind(uint64_t end) { return (end + kFunctionAlignment) & ~(kFunctionAlignment - 1); }

// Where a function that has pages of its own begins in them: anywhere that takes no more pages. If all began at the page's begin, hot
// functions would share a few sets of the instruction cache (a tenth of the time of programs with a dozen such functions).
constexpr uint64_t place_alone(uint32_t index, uint64_t bytes) {
  const uint64_t unused =
      (kMinPageBytes - (bytes + 1) % kMinPageBytes) % kMinPageBytes;  // a byte behind the end is kept, as above
  return (index * 0x9E37'79B1u >> 8) % (unused / kFunctionAlignment + 1) * kFunctionAlignment;
}

template <class T>
uint32_t size_of(const std::vector<T>& v) {
  return static_cast<uint32_t>(v.size());
}

template <class T, class Range>
void append(std::vector<T>& to, const Range& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Of the next function in `code`: what is added from now on is its.
CodeBlock::Function function_at(const CodeBlock& code, uint32_t begin, uint32_t end, uint32_t index) {
  return {begin,
          end,
          index,
          size_of(code.pc_maps),
          size_of(code.pc_restarts),
          size_of(code.landing_pads),
          size_of(code.osr_entries)};
}

}  // namespace

CodePacker::~CodePacker() {
  for (const Block& block : blocks_) space_.give_up(block.pages);
}

bool CodePacker::open(uint64_t bytes) {
  const uint64_t wanted = std::max(bytes, std::min(expected_bytes_, kMaxOpenBytes));
  std::span<uint8_t> pages = space_.allocate(wanted);
  if (pages.empty() && wanted > bytes) pages = space_.allocate(bytes);
  if (pages.empty()) return false;
  if (pages.size() >= kMinPrefaultBytes) os::prefault(pages.data(), pages.size());
  Block& block = blocks_.emplace_back();
  block.pages = pages;
  block.code = std::make_unique<CodeBlock>();
  block.code->module = &module_;
  if (pages.size() >= kMinPrefaultBytes) block.code->pc_maps.reserve(pages.size() / kBytesPerPcMapByte);
  return true;
}

void CodePacker::close() {
  if (end_ == 0) return;
  Block& block = blocks_.back();
  CodeBlock& code = *block.code;
  const auto end = static_cast<uint32_t>(end_ + 1);
  code.functions.push_back(function_at(code, end, end, 0));
  const uint64_t page = os::page_size();
  const uint64_t used = (end_ + page) & ~(page - 1);  // of end_ + 1 bytes, rounded up
  if (used < block.pages.size()) {
    space_.give_up(block.pages.subspan(used));
    block.pages = block.pages.first(used);
  }
  expected_bytes_ -= std::min(expected_bytes_, end_);
  end_ = 0;
}

bool CodePacker::add(uint32_t index, const CompiledFunction& f) {
  const uint64_t size = f.bytes.size();
  uint64_t begin = end_ == 0 ? 0 : place_behind(end_);
  // One more byte belongs to the block: what its last call returns to.
  if (end_ != 0 && begin + size >= blocks_.back().pages.size()) close();
  if (end_ == 0) {
    begin = 0;
    if (!open(size + 1)) return false;
  }
  put(index, f, begin);
  return true;
}

bool CodePacker::add_alone(uint32_t index, const CompiledFunction& f) {
  const uint64_t begin = place_alone(index, f.bytes.size());
  if (!open(begin + f.bytes.size() + 1)) return false;
  put(index, f, begin);
  return true;
}

void CodePacker::put(uint32_t index, const CompiledFunction& f, uint64_t begin) {
  Block& block = blocks_.back();
  CodeBlock& code = *block.code;
  end_ = begin + f.bytes.size();
  const auto at = static_cast<uint32_t>(begin);
  code.functions.push_back(function_at(code, at, static_cast<uint32_t>(end_), index));
  block.entry_offsets.push_back(at + f.entry_offset);
  std::memcpy(block.pages.data() + begin, f.bytes.data(), f.bytes.size());
  append(code.pc_maps, f.pc_map.bytes());
  append(code.pc_restarts, f.pc_map.restarts());
  for (const OsrEntry& e : f.osr_entries) code.osr_entries.push_back({e.native_offset, e.loop_offset});
  for (const runtime::PcEntry& e : f.positions) code.positions.push_back({at + e.native_offset, e.wasm_offset});
  append(code.landing_pads, f.landing_pads);
}

std::vector<CodePacker::Block> CodePacker::finish() {
  close();
  return std::move(blocks_);
}

}  // namespace arris::jit
