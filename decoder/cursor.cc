#include "decoder/cursor.h"

namespace arris::decoder {

bool Cursor::fail(Error error) {
  if (!failed_) {
    failed_ = true;
    error_ = std::move(error);
  }
  pos_ = end_;
  return false;
}

bool Cursor::fail(ErrorCode code, const uint8_t* at, std::string detail) {
  return fail(Error{.code = code, .offset = offset_of(at), .detail = std::move(detail)});
}

void Cursor::fail_at_end() { fail(ErrorCode::unexpected_end_of_section, end_); }

// An integer that runs over the end of its section may be wrong in itself, which is what the reference would call it.
template <class T>
T Cursor::finish(LebResult<T> result, LebStatus (*judge)(const uint8_t*, const uint8_t*)) {
  LebStatus status = result.status;
  if (status == LebStatus::truncated && present_end_ != end_ && !failed_) status = judge(pos_, present_end_);
  if (result.status == LebStatus::ok) {
    pos_ += result.length;
    return result.value;
  }
  if (status == LebStatus::too_long) {
    fail(ErrorCode::integer_too_long, pos_);
  } else if (status == LebStatus::too_large) {
    fail(ErrorCode::integer_too_large, pos_);
  } else {
    fail_at_end();
  }
  return 0;
}

uint32_t Cursor::u32_slow() {
  return finish(decode_uleb<uint32_t>(pos_, end_),
                [](auto p, auto end) { return decode_uleb<uint32_t>(p, end).status; });
}
uint64_t Cursor::u64_slow() {
  return finish(decode_uleb<uint64_t>(pos_, end_),
                [](auto p, auto end) { return decode_uleb<uint64_t>(p, end).status; });
}
int32_t Cursor::s32_slow() {
  return finish(decode_sleb<int32_t>(pos_, end_), [](auto p, auto end) { return decode_sleb<int32_t>(p, end).status; });
}
int64_t Cursor::s33() {
  return finish(decode_sleb<int64_t, 33>(pos_, end_),
                [](auto p, auto end) { return decode_sleb<int64_t, 33>(p, end).status; });
}
int64_t Cursor::s64() {
  return finish(decode_sleb<int64_t>(pos_, end_), [](auto p, auto end) { return decode_sleb<int64_t>(p, end).status; });
}

}  // namespace arris::decoder
