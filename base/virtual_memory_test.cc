#include "base/os/virtual_memory.h"

#include <gtest/gtest.h>

namespace arris::os {
namespace {

TEST(VirtualMemory, CommittedPagesReadAsZeroAgainAfterDiscardAndDecommit) {
  size_t page = page_size();
  Reservation r(size_t{1} << 32);
  ASSERT_TRUE(r);
  ASSERT_TRUE(commit(r.data(), 4 * page));
  r.data()[page] = 7;
  ASSERT_TRUE(discard(r.data(), 4 * page));
  EXPECT_EQ(r.data()[page], 0);
  r.data()[page] = 7;
  ASSERT_TRUE(decommit(r.data(), 4 * page));
  ASSERT_TRUE(commit(r.data(), 4 * page));
  EXPECT_EQ(r.data()[page], 0);
}

TEST(VirtualMemory, ClearedRangeReadsAsZeroWhereverItWasTouched) {
  size_t page = page_size();
  Reservation r(8 * page);
  ASSERT_TRUE(commit(r.data(), 8 * page));
  for (size_t at : {size_t{0}, page - 1, 3 * page + 8, 8 * page - 1}) r.data()[at] = 1;
  clear(r.data(), 8 * page);
  for (size_t i = 0; i < 8 * page; ++i) ASSERT_EQ(r.data()[i], 0) << i;
}

TEST(VirtualMemory, ImageIsSharedUntilWrittenTo) {
  size_t page = page_size();
  const uint8_t low[] = {1, 2, 3, 4}, high[] = {9};
  Image::Part parts[] = {{page - 2, low, 4}, {page, high, 1}};
  Image image = Image::create(2 * page, parts, 2);
  if (!image) GTEST_SKIP() << "this system has no images";
  Reservation a(4 * page), b(4 * page);
  for (Reservation* r : {&a, &b}) {
    ASSERT_TRUE(commit(r->data(), 3 * page));
    ASSERT_TRUE(image.map(r->data()));
  }
  auto expect_fresh = [&](const Reservation& r) {
    EXPECT_EQ(r.data()[page - 3], 0);
    EXPECT_EQ(r.data()[page - 2], 1);
    EXPECT_EQ(r.data()[page - 1], 2);
    EXPECT_EQ(r.data()[page], 9);  // the later part
    EXPECT_EQ(r.data()[page + 1], 4);
    EXPECT_EQ(r.data()[page + 2], 0);
    EXPECT_EQ(r.data()[2 * page], 0);
  };
  expect_fresh(a);
  a.data()[page] = 77;
  expect_fresh(b);
  ASSERT_TRUE(discard(a.data(), 2 * page));
  expect_fresh(a);
}

TEST(VirtualMemory, MovedReservationHasOneOwner) {
  Reservation a(page_size());
  uint8_t* data = a.data();
  Reservation b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b.data(), data);
}

}  // namespace
}  // namespace arris::os
