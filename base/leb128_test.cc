#include "base/leb128.h"

#include <gtest/gtest.h>

namespace arris {
namespace {

template <class T, unsigned Bits = sizeof(T) * 8>
LebResult<T> unsigned_of(std::vector<uint8_t> b) {
  return decode_uleb<T, Bits>(b.data(), b.data() + b.size());
}
template <class T, unsigned Bits = sizeof(T) * 8>
LebResult<T> signed_of(std::vector<uint8_t> b) {
  return decode_sleb<T, Bits>(b.data(), b.data() + b.size());
}

TEST(Leb128, RoundTripsUnsigned) {
  for (uint64_t v : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{0xFFFFFFFF}, ~uint64_t{0}}) {
    std::vector<uint8_t> bytes;
    write_uleb(bytes, v);
    auto r = decode_uleb<uint64_t>(bytes.data(), bytes.data() + bytes.size());
    EXPECT_EQ(r.status, LebStatus::ok);
    EXPECT_EQ(r.value, v);
    EXPECT_EQ(r.length, bytes.size());
    const uint8_t* p = bytes.data();
    EXPECT_EQ(read_uleb<uint64_t>(p), v);
    EXPECT_EQ(p, bytes.data() + bytes.size());
  }
}

TEST(Leb128, RoundTripsSigned) {
  for (int64_t v :
       {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65}, INT64_MIN, INT64_MAX}) {
    std::vector<uint8_t> bytes;
    write_sleb(bytes, v);
    auto r = decode_sleb<int64_t>(bytes.data(), bytes.data() + bytes.size());
    EXPECT_EQ(r.status, LebStatus::ok);
    EXPECT_EQ(r.value, v);
    const uint8_t* p = bytes.data();
    EXPECT_EQ(read_sleb<int64_t>(p), v);
  }
}

TEST(Leb128, AcceptsLongFormsUpToTheLimit) {
  EXPECT_EQ(unsigned_of<uint32_t>({0x80, 0x80, 0x80, 0x80, 0x00}).status, LebStatus::ok);
  EXPECT_EQ(signed_of<int32_t>({0xFF, 0xFF, 0xFF, 0xFF, 0x7F}).value, -1);
  EXPECT_EQ((signed_of<int64_t, 33>({0xFF, 0xFF, 0xFF, 0xFF, 0x7F}).value), -1);
}

TEST(Leb128, RejectsUnusedBitsLengthAndTruncation) {
  EXPECT_EQ(unsigned_of<uint32_t>({0x80, 0x80, 0x80, 0x80, 0x10}).status, LebStatus::too_large);
  EXPECT_EQ(unsigned_of<uint32_t>({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}).status, LebStatus::too_long);
  EXPECT_EQ(unsigned_of<uint32_t>({0x80}).status, LebStatus::truncated);
  EXPECT_EQ(signed_of<int32_t>({0x80, 0x80, 0x80, 0x80, 0x70}).status, LebStatus::too_large);
  EXPECT_EQ(signed_of<int32_t>({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}).status, LebStatus::too_large);
  EXPECT_EQ(signed_of<int64_t>({}).status, LebStatus::truncated);
}

}  // namespace
}  // namespace arris
