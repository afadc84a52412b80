#include "runtime/memory_image.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/leb128.h"

namespace arris::runtime {
namespace {

// Holes between segments take address space and, once read, storage: no more of them than so.
constexpr uint64_t kMaxSpread = 4;

bool may_have_image(const Module& module) {
  if (module.memories.empty() || module.imported_memories != 0) return false;
  const MemoryType& type = module.memories[0];
  return !type.shared && type.page_size_log2 == 16;
}

// The value of `i32.const N` or `i64.const N` alone.
std::optional<uint64_t> plain_constant(std::span<const uint8_t> code, AddressType address) {
  bool is_64 = address == AddressType::i64;
  if (code.size() < 3 || code[0] != (is_64 ? 0x42 : 0x41) || code[code.size() - 1] != 0x0B) return std::nullopt;
  const uint8_t* p = code.data() + 1;
  uint64_t value = is_64 ? static_cast<uint64_t>(read_sleb<int64_t>(p)) : static_cast<uint32_t>(read_sleb<int32_t>(p));
  return p == code.data() + code.size() - 1 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::unique_ptr<const MemoryImage> MemoryImage::create(const Module& module) {
  if (!may_have_image(module)) return nullptr;
  const MemoryType& type = module.memories[0];
  uint64_t memory_bytes = type.limits.min << type.page_size_log2;
  uint64_t begin = memory_bytes, end = 0, data_bytes = 0;
  std::vector<os::Image::Part> parts;
  for (const DataSegment& segment : module.datas) {
    if (segment.mode != SegmentMode::active) continue;
    auto offset = plain_constant(module.range(segment.offset.code), type.limits.address);
    std::span<const uint8_t> bytes = module.range(segment.bytes);
    if (segment.memory.value != 0 || !offset || bytes.size() > memory_bytes || *offset > memory_bytes - bytes.size())
      return nullptr;
    if (bytes.empty()) continue;
    begin = std::min(begin, *offset);
    end = std::max(end, *offset + bytes.size());
    data_bytes += bytes.size();
    parts.push_back({*offset, bytes.data(), bytes.size()});
  }
  if (data_bytes < kMinImageBytes || (end - begin) / kMaxSpread > data_bytes) return nullptr;
  uint64_t page = os::page_size();
  begin &= ~(page - 1);
  end = (end + page - 1) & ~(page - 1);  // within the memory: its pages are multiples of the system's
  if (end > memory_bytes) return nullptr;
  for (os::Image::Part& part : parts) part.offset -= begin;
  os::Image image = os::Image::create(end - begin, parts.data(), parts.size());
  if (!image) return nullptr;
  return std::unique_ptr<const MemoryImage>(new MemoryImage(begin, static_cast<os::Image&&>(image)));
}

}  // namespace arris::runtime
