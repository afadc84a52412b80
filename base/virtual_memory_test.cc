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

TEST(VirtualMemory, MovedReservationHasOneOwner) {
  Reservation a(page_size());
  uint8_t* data = a.data();
  Reservation b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b.data(), data);
}

}  // namespace
}  // namespace arris::os
