// Cursor: reads untrusted bytes in order. For the decoder and the validator.
//
// Invariants: never reads outside its range; the first error sticks, carries its byte offset in the module, and moves the
// cursor to its end, so that every later read fails too and loops stop. Reads return 0 after an error: test ok() before a
// value becomes an index, a size or a loop bound that is acted on.
// A cursor knows only its range and where that range lies in the module, so a range may be a section that has just arrived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/leb128.h"
#include "wasm/error.h"
#include "wasm/module.h"

namespace arris::decoder {

class Cursor {
 public:
  Cursor() = default;
  // Reads [begin, end), whose first byte is at `offset` of the module.
  Cursor(const uint8_t* begin, const uint8_t* end, uint32_t offset = 0)
      : pos_(begin), end_(end), base_(begin), present_end_(end), base_offset_(offset) {}
  Cursor(const Module& module, ByteRange range)
      : Cursor(module.bytes.data() + range.offset, module.bytes.data() + range.end(), range.offset) {
    present_end_ = module.bytes.data() + module.bytes.size();
  }

  bool ok() const { return !failed_; }
  const Error& error() const { return error_; }
  Error take_error() { return std::move(error_); }
  const uint8_t* position() const { return pos_; }
  const uint8_t* end() const { return end_; }
  uint32_t remaining() const { return static_cast<uint32_t>(end_ - pos_); }
  bool at_end() const { return pos_ == end_; }
  // Offset of the next byte in the module.
  uint32_t offset() const { return offset_of(pos_); }
  uint32_t offset_of(const uint8_t* p) const { return static_cast<uint32_t>(p - base_) + base_offset_; }

  uint8_t u8() {
    if (pos_ < end_) [[likely]]
      return *pos_++;
    fail_at_end();
    return 0;
  }
  // The next byte without taking it; 0 at the end (where the next read will fail).
  uint8_t peek() const { return pos_ < end_ ? *pos_ : 0; }

  uint32_t u32() {
    if (pos_ < end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    if (end_ - pos_ >= 2 && pos_[1] < 0x80) {
      uint32_t value = (pos_[0] & 0x7Fu) | uint32_t{pos_[1]} << 7;
      pos_ += 2;
      return value;
    }
    return u32_slow();
  }
  uint64_t u64() {
    if (pos_ < end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    if (end_ - pos_ >= 2 && pos_[1] < 0x80) {
      uint64_t value = (pos_[0] & 0x7Fu) | uint64_t{pos_[1]} << 7;
      pos_ += 2;
      return value;
    }
    return u64_slow();
  }
  int32_t s32() {
    if (pos_ < end_ && *pos_ < 0x80) [[likely]]
      return static_cast<int8_t>(*pos_++ << 1) >> 1;
    return s32_slow();
  }
  int64_t s33();
  int64_t s64();

  // Steps over `n` bytes.
  void skip(uint32_t n) {
    if (n <= remaining()) [[likely]] {
      pos_ += n;
    } else {
      fail_at_end();
    }
  }
  // The next `n` bytes as a range of the module.
  ByteRange take(uint32_t n) {
    ByteRange range{offset(), n};
    skip(n);
    return ok() ? range : ByteRange{};
  }
  // Goes back to, or on to, an earlier position in the range.
  void seek(const uint8_t* position) { pos_ = position; }

  // Records an error, if it is the first; returns false for the caller to pass on.
  [[gnu::cold, gnu::noinline]] bool fail(ErrorCode code, const uint8_t* at, std::string detail = {});
  [[gnu::cold, gnu::noinline]] bool fail(ErrorCode code) { return fail(code, pos_); }
  [[gnu::cold, gnu::noinline]] bool fail(Error error);

 private:
  [[gnu::cold, gnu::noinline]] void fail_at_end();
  uint32_t u32_slow();
  uint64_t u64_slow();
  int32_t s32_slow();
  template <class T>
  T finish(LebResult<T> result, LebStatus (*judge)(const uint8_t*, const uint8_t*));

  const uint8_t* pos_ = nullptr;
  const uint8_t* end_ = nullptr;
  const uint8_t* base_ = nullptr;
  const uint8_t* present_end_ = nullptr;  // bytes are there up to here: only to name an error
  uint32_t base_offset_ = 0;
  bool failed_ = false;
  Error error_{ErrorCode::unexpected_end};
};

}  // namespace arris::decoder
