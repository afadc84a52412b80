// The heap in large: millions of objects, deep and wide graphs, memory that runs out and goes back.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "runtime/heap_testing.h"

namespace arris::runtime {
namespace {

TEST_F(HeapTest, MarksAListOfTenMillionNodes) {
  Heap heap(limit(512 << 20), roots_);
  constexpr uint64_t kNodes = 10'000'000 / kScale;
  roots_.precise = {0};
  for (uint64_t i = 0; i < kNodes; ++i) {
    StructObject* node = heap.allocate_struct(node_);
    ASSERT_TRUE(node);
    field(node, 0) = roots_.precise[0];
    field(node, 1) = i;
    roots_.precise[0] = ref(node);
  }
  heap.collect();
  EXPECT_EQ(heap.stats().live_bytes, kNodes * 24);
  uint64_t expected = kNodes;
  for (uint64_t r = roots_.precise[0]; r; r = field(reinterpret_cast<HeapObject*>(r), 0)) {
    ASSERT_EQ(field(reinterpret_cast<HeapObject*>(r), 1), --expected);
  }
  EXPECT_EQ(expected, 0u);
  EXPECT_EQ(heap.stats().allocated_objects, kNodes);
  EXPECT_LT(heap.stats().collections, 12u);  // geometric growth, not one per megabyte
}

// Deep to the left, to the right, and alternating.
TEST_F(HeapTest, MarksATreeAMillionDeep) {
  constexpr uint64_t kDepth = 1'000'000 / kScale;
  for (int shape = 0; shape < 3; ++shape) {
    Heap heap({}, roots_);
    roots_.precise = {0, 0};
    for (uint64_t i = 0; i < kDepth; ++i) {
      roots_.precise[1] = ref(heap.allocate_struct(pair_));
      StructObject* parent = heap.allocate_struct(pair_);
      ASSERT_TRUE(parent);
      uint32_t deep = shape == 2 ? i % 2 : static_cast<uint32_t>(shape);
      field(parent, deep) = roots_.precise[0];
      field(parent, 1 - deep) = roots_.precise[1];
      roots_.precise[0] = ref(parent);
    }
    roots_.precise[1] = 0;
    heap.collect();
    EXPECT_EQ(heap.stats().live_bytes, kDepth * 2 * 24);
  }
}

// A list whose nodes hold many boxes: they pile up on the mark stack, ever under the next node, until it is full.
TEST_F(HeapTest, AFullMarkStackLosesNothing) {
  constexpr uint64_t kLimit = uint64_t{8} << 20;
  constexpr uint32_t kBoxes = 128;
  Heap heap(limit(kLimit), roots_);
  const CanonicalType& box = add_struct({kAnyRef});
  const CanonicalType& wide = add_struct(std::vector<ValType>(kBoxes + 1, kAnyRef));
  roots_.precise = {0, 0, 0};
  uint64_t nodes = 0;
  auto add_node = [&] {
    StructObject* node = heap.allocate_struct(wide);
    if (!node) return false;
    roots_.precise[1] = ref(node);
    for (uint32_t i = 0; i < kBoxes; ++i) {
      StructObject* leaf = heap.allocate_struct(leaf_);
      if (!leaf) return false;
      field(leaf, 0) = nodes * kBoxes + i;
      roots_.precise[2] = ref(leaf);
      StructObject* boxed = heap.allocate_struct(box);
      if (!boxed) return false;
      field(boxed, 0) = ref(leaf);
      field(node, i) = ref(boxed);
    }
    field(node, kBoxes) = roots_.precise[0];
    roots_.precise[0] = ref(node);
    ++nodes;
    return true;
  };
  while (add_node()) {}
  roots_.precise.resize(1);
  ASSERT_GT(nodes * (kBoxes - 10), kLimit / 64 * 5 / 4);  // more than the stack has room for
  heap.collect();
  EXPECT_LT(heap.stats().collections, 30u);
  for (uint64_t r = roots_.precise[0]; r; r = field(reinterpret_cast<HeapObject*>(r), kBoxes)) {
    --nodes;
    for (uint32_t i = 0; i < kBoxes; ++i) {
      HeapObject* boxed = heap.find_object(field(reinterpret_cast<HeapObject*>(r), i));
      ASSERT_TRUE(boxed);
      HeapObject* leaf = heap.find_object(field(boxed, 0));
      ASSERT_TRUE(leaf);
      ASSERT_EQ(field(leaf, 0), nodes * kBoxes + i);
    }
  }
  EXPECT_EQ(nodes, 0u);
}

// Many big arrays at once: each waits on the stack with its position.
TEST_F(HeapTest, ArraysOfArraysAreMarkedWhole) {
  Heap heap({}, roots_);
  constexpr uint32_t kOuter = 1000 / kScale;
  constexpr uint32_t kInner = 3000;
  ArrayObject* outer = heap.allocate_array(refs_, kOuter);
  roots_.precise = {ref(outer)};
  for (uint32_t i = 0; i < kOuter; ++i) {
    ArrayObject* inner = heap.allocate_array(refs_, kInner);
    element(outer, i) = ref(inner);
    for (uint32_t j = 0; j < kInner; ++j) element(inner, j) = ref(heap.allocate_struct(leaf_));
  }
  heap.collect();
  uint64_t leaves = uint64_t{kOuter} * kInner * 16;
  uint64_t arrays = kOuter * uint64_t{kCellBytes[size_class_of(16 + 8 * kInner)]};
  EXPECT_EQ(heap.stats().live_bytes, leaves + arrays + kCellBytes[size_class_of(16 + 8 * kOuter)]);
}

TEST_F(HeapTest, AGigabyteOfGarbageFitsUnderASmallLimit) {
  Heap heap(limit(32 << 20), roots_);
  constexpr uint64_t kBytes = 1'000'000'000 / kScale;
  roots_.precise.assign(1000, 0);
  uint64_t i = 0;
  while (heap.stats().allocated_bytes < kBytes) {
    for (int n = 0; n < 1000; ++n, ++i) {
      HeapObject* object = i % 512 == 0     ? static_cast<HeapObject*>(heap.allocate_array(refs_, i % 2000))
                           : i % 19997 == 0 ? static_cast<HeapObject*>(heap.allocate_array(bytes_, 70'000))
                                            : heap.allocate_struct(node_);
      ASSERT_TRUE(object);
      roots_.precise[i % 1000] = ref(object);
    }
  }
  HeapStats stats = heap.stats();
  EXPECT_LE(stats.peak_used_bytes, uint64_t{32} << 20);
  EXPECT_GE(stats.allocated_objects, i);
  EXPECT_GT(stats.collections, 1u);
  EXPECT_LT(stats.collections, kBytes / 1'000'000);
  EXPECT_GE(stats.total_pause_ns, stats.max_pause_ns);
  EXPECT_GT(stats.max_pause_ns, 0u);
}

TEST_F(HeapTest, ExhaustionGivesNullAndEndsWhenRootsAreDropped) {
  Heap heap(limit(4 << 20), roots_);
  for (int round = 0; round < 5; ++round) {
    uint64_t n = 0;
    while (StructObject* node = heap.allocate_struct(node_)) {
      field(node, 0) = roots_.precise.empty() ? 0 : roots_.precise[0];
      roots_.precise = {ref(node)};
      ++n;
    }
    EXPECT_GE(n * 24, (uint64_t{4} << 20) * 99 / 100);
    EXPECT_EQ(heap.allocate_array(bytes_, 0), nullptr);
    EXPECT_EQ(heap.allocate_array(bytes_, 100'000), nullptr);
    roots_.precise.clear();
  }
  EXPECT_NE(heap.allocate_array(bytes_, 4'000'000), nullptr);
}

TEST_F(HeapTest, EverySizeMayUseTheWholeHeapInTurn) {
  Heap heap(limit(4 << 20), roots_);
  for (uint32_t bytes : {16u, 32'768u, 24u, 1000u, 200'000u, 128u, 5000u, 48u, 1'000'000u, 20'000u}) {
    roots_.precise.clear();
    uint64_t n = 0;
    while (ArrayObject* array = heap.allocate_array(bytes_, bytes - kArrayElementsOffset)) {
      roots_.precise.push_back(ref(array));
      ++n;
    }
    EXPECT_GE(n * bytes, (uint64_t{4} << 20) * 3 / 4) << bytes;
  }
}

// One survivor in every block of a large class: no block is free, but there is room in the cells beside them.
TEST_F(HeapTest, SmallObjectsUseTheCellsOfLargerClasses) {
  Heap heap(limit(4 << 20), roots_);
  std::vector<uint64_t> all;
  const CanonicalType& large = struct_of_size(4096);
  while (StructObject* object = heap.allocate_struct(large)) { roots_.precise.push_back(ref(object)); }
  ASSERT_EQ(roots_.precise.size(), 1024u);
  for (size_t i = 0; i < roots_.precise.size(); i += 16) all.push_back(roots_.precise[i]);
  roots_.precise = all;
  uint32_t n = 0;
  while (StructObject* object = heap.allocate_struct(leaf_)) {
    roots_.precise.push_back(ref(object));
    ++n;
  }
  EXPECT_EQ(n, 1024u - 64u);
  heap.collect();
  for (uint64_t r : roots_.precise) ASSERT_TRUE(heap.find_object(r));
  EXPECT_EQ(heap.allocate_struct(leaf_), nullptr);
}

uint64_t resident_bytes() {
  long pages = 0;
  long total = 0;
  FILE* f = std::fopen("/proc/self/statm", "r");
  if (!f) return 0;
  int n = std::fscanf(f, "%ld %ld", &total, &pages);
  std::fclose(f);
  return n == 2 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

TEST_F(HeapTest, MemoryGoesBackToTheSystem) {
  Heap heap(limit(256 << 20), roots_);
  uint64_t before = resident_bytes();
  ASSERT_GT(before, 0u);
  const CanonicalType& type = struct_of_size(128);
  roots_.precise = {ref(heap.allocate_array(bytes_, 60'000'000))};
  for (int i = 0; i < 500'000; ++i) {
    StructObject* node = heap.allocate_struct(type);
    ASSERT_TRUE(node);
    field(node, 0) = 1;
    roots_.precise.push_back(ref(node));
  }
  auto* array = static_cast<ArrayObject*>(heap.find_object(roots_.precise[0]));
  ASSERT_TRUE(array);
  std::fill_n(array->elements(), array->length, uint8_t{1});
  EXPECT_GT(resident_bytes(), before + (uint64_t{110} << 20));
  std::vector<uint64_t>().swap(roots_.precise);
  heap.collect();
  EXPECT_LT(resident_bytes(), before + (uint64_t{24} << 20));
  EXPECT_NE(heap.allocate_array(bytes_, 200'000'000), nullptr);
}

}  // namespace
}  // namespace arris::runtime
