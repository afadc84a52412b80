#include "runtime/pc_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace arris::runtime {
namespace {

void expect_same_answers(const std::vector<PcEntry>& entries, uint32_t end) {
  PcMapWriter writer;
  for (const PcEntry& entry : entries) writer.add(entry.native_offset, entry.wasm_offset);
  ASSERT_EQ(writer.count(), entries.size());
  const std::vector<uint8_t> bytes(writer.bytes().begin(), writer.bytes().end());
  const PcMap map{bytes, writer.restarts()};
  for (uint32_t native = 0; native < end; ++native) {
    const auto at = std::lower_bound(entries.begin(), entries.end(), native,
                                     [](const PcEntry& e, uint32_t value) { return e.native_offset < value; });
    const auto after = std::upper_bound(entries.begin(), entries.end(), native,
                                        [](uint32_t value, const PcEntry& e) { return value < e.native_offset; });
    uint32_t wasm = 0;
    const bool is_exact = at != entries.end() && at->native_offset == native;
    ASSERT_EQ(map.find_exact(native, &wasm), is_exact) << native;
    if (is_exact) ASSERT_EQ(wasm, at->wasm_offset) << native;
    ASSERT_EQ(map.find_at_or_below(native, &wasm), after != entries.begin()) << native;
    if (after != entries.begin()) ASSERT_EQ(wasm, std::prev(after)->wasm_offset) << native;
  }
}

TEST(PcMap, AnswersAsAListOfEntriesWould) {
  std::mt19937 random(7);
  for (uint32_t count : {0u, 1u, 2u, 63u, 64u, 65u, 128u, 129u, 1000u}) {
    std::vector<PcEntry> entries;
    PcEntry entry{};
    for (uint32_t i = 0; i < count; ++i) {
      // Steps of zero, small ones, ones of two bytes; wasm offsets that go back, as in code behind the function.
      entry.native_offset += random() % 8 == 0 ? random() % 300 : random() % 3;
      entry.wasm_offset = random() % 16 == 0 ? random() : entry.wasm_offset + random() % 9;
      entries.push_back(entry);
    }
    expect_same_answers(entries, entry.native_offset + 3);
  }
}

TEST(PcMap, ManyEntriesAtOneOffset) {
  std::vector<PcEntry> entries;
  for (uint32_t i = 0; i < 300; ++i) entries.push_back({i < 200 ? 5u : 6u, i});
  expect_same_answers(entries, 8);
}

TEST(PcMap, TakesTwoBytesForAnEntryNearTheLast) {
  PcMapWriter writer;
  for (uint32_t i = 0; i < 640; ++i) writer.add(10 * i, 5 * i);
  EXPECT_EQ(writer.bytes().size(), 2 * 640u);
  EXPECT_EQ(writer.restarts().size(), 9u);
  writer.clear();
  EXPECT_EQ(writer.bytes().size(), 0u);
  writer.add(3, 4);
  EXPECT_TRUE(writer.restarts().empty());
  EXPECT_EQ(writer.bytes()[1], 8u) << "counted from zero again";
}

}  // namespace
}  // namespace arris::runtime
