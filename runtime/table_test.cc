#include "runtime/table.h"

#include <gtest/gtest.h>

#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using test::table_type;

std::vector<uint64_t> contents(const TableInstance& table) { return {table.elements, table.elements + table.size}; }

TEST(Table, StartsFilledWithTheInitialReference) {
  auto table = Table::create(table_type(kFuncRef, 3, 5), 77);
  EXPECT_EQ(contents(table->instance()), (std::vector<uint64_t>{77, 77, 77}));
}

TEST(Table, MayBeEmpty) {
  auto table = Table::create(table_type(kFuncRef, 0, 0), 0);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->grow(1, 0, 100), ~uint64_t{0});
  EXPECT_EQ(table_fill(table->instance(), 0, 0, 0), TrapCode::none);
}

TEST(Table, GrowsToTheSmallerOfMaximumAndLimit) {
  auto table = Table::create(table_type(kFuncRef, 1, 5), 1);
  EXPECT_EQ(table->grow(2, 2, 100), 1u);
  EXPECT_EQ(contents(table->instance()), (std::vector<uint64_t>{1, 2, 2}));
  EXPECT_EQ(table->grow(2, 2, 4), ~uint64_t{0});
  EXPECT_EQ(table->grow(3, 2, 100), ~uint64_t{0});
  EXPECT_EQ(table->grow(~uint64_t{0}, 2, 100), ~uint64_t{0});
  EXPECT_EQ(table->grow(2, 3, 100), 3u);
  EXPECT_EQ(contents(table->instance()), (std::vector<uint64_t>{1, 2, 2, 3, 3}));
}

TEST(Table, GrowingOneByOneKeepsContents) {
  auto table = Table::create(table_type(kFuncRef, 0, 10'000), 0);
  for (uint64_t i = 0; i < 10'000; ++i) ASSERT_EQ(table->grow(1, i, 10'000), i);
  for (uint64_t i = 0; i < 10'000; ++i) ASSERT_EQ(table->instance().elements[i], i);
}

TEST(Table, TypeTellsCurrentSizeAndDeclaredMaximum) {
  auto table = Table::create(table_type(kExternRef, 1, 5), 0);
  table->grow(1, 0, 9);
  TableType type = Table::type_of(table->instance());
  EXPECT_EQ(type.limits, (Limits{2, 5, true, AddressType::i32}));
  EXPECT_EQ(type.element, kExternRef);
}

TEST(TableOps, FillCopyInitAreAllOrNothing) {
  auto table = Table::create(table_type(kFuncRef, 4, 4), 0);
  TableInstance& t = table->instance();
  EXPECT_EQ(table_fill(t, 2, 9, 2), TrapCode::none);
  EXPECT_EQ(table_fill(t, 3, 8, 2), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(contents(t), (std::vector<uint64_t>{0, 0, 9, 9}));
  EXPECT_EQ(table_fill(t, 5, 8, 0), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(table_fill(t, ~uint64_t{0}, 8, 2), TrapCode::out_of_bounds_table_access);

  uint64_t items[] = {1, 2, 3};
  ElemInstance elem{items, 3};
  EXPECT_EQ(table_init(t, 0, elem, 1, 2), TrapCode::none);
  EXPECT_EQ(contents(t), (std::vector<uint64_t>{2, 3, 9, 9}));
  EXPECT_EQ(table_init(t, 0, elem, 2, 2), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(table_init(t, 3, elem, 0, 2), TrapCode::out_of_bounds_table_access);
  elem_drop(elem);
  EXPECT_EQ(table_init(t, 0, elem, 0, 1), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(table_init(t, 4, elem, 0, 0), TrapCode::none);

  EXPECT_EQ(table_copy(t, 1, t, 0, 3), TrapCode::none);
  EXPECT_EQ(contents(t), (std::vector<uint64_t>{2, 2, 3, 9}));
  EXPECT_EQ(table_copy(t, 2, t, 0, 3), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(table_copy(t, 0, t, 2, 3), TrapCode::out_of_bounds_table_access);
}

}  // namespace
}  // namespace arris::runtime
