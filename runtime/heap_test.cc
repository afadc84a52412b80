#include "runtime/heap.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include "runtime/heap_blocks.h"
#include "runtime/heap_testing.h"

namespace arris::runtime {
namespace {

TEST(HeapSizeClasses, EverySizeFitsItsClassAndNoSmallerOne) {
  for (uint32_t bytes = 0; bytes <= kMaxSmallBytes; ++bytes) {
    uint32_t c = size_class_of(bytes);
    ASSERT_GE(kCellBytes[c], bytes);
    if (c > 0) { ASSERT_LT(kCellBytes[c - 1], bytes); }
  }
}

TEST(HeapSizeClasses, CellStartsAreExact) {
  for (uint32_t c = 0; c < kSizeClasses; ++c) {
    ASSERT_EQ(kCellBytes[c] % 8, 0u);
    for (uint32_t offset = 0; offset < kHeapBlockBytes; ++offset) {
      ASSERT_EQ(is_cell_start(c, offset), offset % kCellBytes[c] == 0) << c << " " << offset;
    }
  }
}

TEST(HeapBlocks, BlocksComeFromBelowAndRunsFromAboveUntilTheyMeet) {
  HeapBlocks blocks;
  ASSERT_TRUE(blocks.reserve(200 * kHeapBlockBytes));
  EXPECT_EQ(blocks.take_small(3), 0u);
  EXPECT_EQ(blocks.take_small(3), 1u);
  EXPECT_EQ(blocks.take_run(70, 0), 130u);
  EXPECT_EQ(blocks.take_run(127, 0), 3u);
  EXPECT_EQ(blocks.take_run(2, 0), kNoBlock);
  EXPECT_EQ(blocks.take_run(1, 0), 2u);
  EXPECT_EQ(blocks.take_small(3), kNoBlock);
  blocks.release(130, 70);
  blocks.release(1, 1);
  EXPECT_EQ(blocks.take_run(71, 0), kNoBlock);
  EXPECT_EQ(blocks.take_run(70, 0), 130u);
  EXPECT_EQ(blocks.take_small(0), 1u);
  EXPECT_EQ(blocks.used(), 200u);
}

TEST(HeapBlocks, RandomRunsNeverOverlapAndArePlacedWheneverTheyFit) {
  constexpr uint32_t kCount = 300;
  HeapBlocks blocks;
  ASSERT_TRUE(blocks.reserve(kCount * kHeapBlockBytes));
  std::vector<bool> used(kCount);
  std::vector<std::pair<uint32_t, uint32_t>> taken;
  std::mt19937 random(7);
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 && !taken.empty()) {
      std::swap(taken[random() % taken.size()], taken.back());
      auto [index, count] = taken.back();
      taken.pop_back();
      blocks.release(index, count);
      std::fill_n(used.begin() + index, count, false);
      continue;
    }
    bool small = random() % 2;
    uint32_t count = small ? 1 : 1 + random() % (random() % 8 ? 12 : 150);
    uint32_t longest = 0;
    for (uint32_t i = 0, run = 0; i < kCount; ++i) longest = std::max(longest, run = used[i] ? 0 : run + 1);
    uint32_t index = small ? blocks.take_small(1) : blocks.take_run(count, 0);
    ASSERT_EQ(index != kNoBlock, longest >= count);
    if (index == kNoBlock) continue;
    for (uint32_t i = index; i < index + count; ++i) {
      ASSERT_FALSE(used[i]);
      used[i] = true;
    }
    taken.push_back({index, count});
    uint32_t seen = 0;  // whatever is used lies in the ranges that collections visit
    blocks.for_each_touched([&](uint32_t i) { seen += used[i]; });
    ASSERT_EQ(seen, blocks.used());
  }
}

TEST_F(HeapTest, ReservesNothingBeforeTheFirstAllocation) {
  Heap heap({}, roots_);
  heap.collect();
  EXPECT_EQ(heap.stats().used_bytes, 0u);
  EXPECT_EQ(heap.stats().collections, 0u);
  EXPECT_EQ(heap.find_object(0), nullptr);
  EXPECT_EQ(heap.find_object(8), nullptr);
  EXPECT_EQ(heap.find_object(ref(reinterpret_cast<HeapObject*>(&heap))), nullptr);
}

TEST_F(HeapTest, ObjectsAreZeroedAlsoInReusedCells) {
  Heap heap(limit(4 << 20), roots_);
  const CanonicalType* types[] = {&leaf_, &pair_, &struct_of_size(200), &struct_of_size(5000), &struct_of_size(50'000)};
  for (int round = 0; round < 20'000; ++round) {
    const CanonicalType& type = *types[round % 5];
    StructObject* object = heap.allocate_struct(type);
    ASSERT_TRUE(object);
    ASSERT_EQ(object->type, &type);
    for (uint32_t i = 0; i < type.object_size / 8 - 1; ++i) {
      ASSERT_EQ(field(object, i), 0u) << round;
      field(object, i) = i % 2 ? ~0ull : ref(object);
    }
  }
  EXPECT_GT(heap.stats().collections, 3u);
  for (int round = 0; round < 200; ++round) {
    ArrayObject* array = heap.allocate_array(bytes_, 100'000 + 17 * round);
    ASSERT_TRUE(array);
    ASSERT_EQ(array->length, 100'000u + 17 * round);
    ASSERT_TRUE(std::all_of(array->elements(), array->elements() + array->length, [](uint8_t b) { return b == 0; }));
    std::fill_n(array->elements(), array->length, uint8_t{0xFF});
  }
}

TEST_F(HeapTest, HostileLengthsAndLimitsGiveNull) {
  Heap heap(limit(1 << 20), roots_);
  EXPECT_EQ(heap.allocate_array(vectors_, ~0u), nullptr);
  EXPECT_EQ(heap.allocate_array(refs_, ~0u), nullptr);
  EXPECT_EQ(heap.allocate_array(bytes_, ~0u), nullptr);
  EXPECT_EQ(heap.allocate_array(bytes_, 1 << 20), nullptr);
  EXPECT_EQ(heap.allocate_exception(nullptr, ~0u), nullptr);
  EXPECT_EQ(heap.stats().collections, 0u);  // what can never fit is not worth one
  EXPECT_NE(heap.allocate_array(bytes_, (1 << 20) - kArrayElementsOffset), nullptr);

  Heap none(limit(0), roots_);
  EXPECT_EQ(none.allocate_struct(leaf_), nullptr);
  EXPECT_EQ(none.allocate_array(bytes_, 0), nullptr);
  EXPECT_EQ(none.allocate_host_object(1), nullptr);

  Heap tiny(limit(1), roots_);  // rounded up to a block
  EXPECT_NE(tiny.allocate_struct(leaf_), nullptr);
  EXPECT_EQ(tiny.allocate_array(bytes_, kHeapBlockBytes), nullptr);

  Heap unlimited(limit(~uint64_t{0}), roots_);
  EXPECT_NE(unlimited.allocate_struct(leaf_), nullptr);
}

TEST_F(HeapTest, RefusedReservationGivesNull) {
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  Heap heap({}, roots_);
  rlimit low{uint64_t{1} << 20, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &low), 0);
  bool refused = heap.allocate_struct(leaf_) == nullptr && heap.allocate_array(bytes_, 1 << 20) == nullptr;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &old), 0);
  EXPECT_TRUE(refused);
  EXPECT_EQ(heap.allocate_struct(leaf_), nullptr);
  heap.collect();
}

TEST_F(HeapTest, EveryKindOfReferenceKeepsItsTargetAlive) {
  Heap heap({}, roots_);
  auto make_leaf = [&](uint64_t value) {
    StructObject* leaf = heap.allocate_struct(leaf_);
    field(leaf, 0) = value;
    return ref(leaf);
  };
  FuncType params;
  params.params = {kI32, kV128, kAnyRef, kFuncRef, kExternRef, kI64};
  TagInstance tag{&registry_.get(registry_.add_func_type(params))};
  FuncInstance func{};
  uint64_t not_reference = make_leaf(1);

  ExceptionObject* exception = heap.allocate_exception(&tag, tag.type->param_slots);
  ASSERT_EQ(exception->payload_slots, 7u);
  exception->payload()[1] = not_reference;  // a v128's halves and an i64 are no references
  exception->payload()[2] = not_reference;
  exception->payload()[3] = make_leaf(2);
  exception->payload()[4] = reinterpret_cast<uint64_t>(&func);
  exception->payload()[5] = ref(heap.allocate_host_object(42));
  exception->payload()[6] = not_reference;
  ArrayObject* array = heap.allocate_array(refs_, 5000);
  element(array, 0) = ref(exception);
  element(array, 1) = make_i31(5);
  element(array, 4999) = make_leaf(3);
  StructObject* pair = heap.allocate_struct(pair_);
  field(pair, 0) = ref(array);
  field(pair, 1) = make_i31(~0u);
  StructObject* number = heap.allocate_struct(leaf_);
  field(number, 0) = not_reference;
  ArrayObject* numbers = heap.allocate_array(add_array(kI64), 1);
  element(numbers, 0) = not_reference;
  roots_.precise = {ref(pair), 0, make_i31(7), reinterpret_cast<uint64_t>(&func), ref(number)};
  roots_.conservative = {ref(numbers), ~0ull, not_reference + 4, not_reference + 8, 1};

  heap.collect();
  EXPECT_EQ(heap.find_object(not_reference), nullptr);
  ASSERT_EQ(heap.find_object(ref(exception)), exception);
  EXPECT_EQ(exception->type, &heap.exception_type());
  EXPECT_EQ(exception->tag, &tag);
  EXPECT_NE(heap.find_object(ref(numbers)), nullptr);
  EXPECT_NE(heap.find_object(ref(number)), nullptr);
  auto* two = heap.find_object(exception->payload()[3]);
  ASSERT_TRUE(two);
  EXPECT_EQ(field(two, 0), 2u);
  auto* three = heap.find_object(element(array, 4999));
  ASSERT_TRUE(three);
  EXPECT_EQ(field(three, 0), 3u);
  auto* host = static_cast<HostObject*>(heap.find_object(exception->payload()[5]));
  ASSERT_TRUE(host);
  EXPECT_EQ(host->type, &heap.host_object_type());
  EXPECT_EQ(host->value, 42u);

  roots_.precise.clear();
  roots_.conservative.clear();
  heap.collect();
  EXPECT_EQ(heap.stats().live_bytes, 0u);
  EXPECT_EQ(heap.stats().used_bytes, 0u);
}

TEST_F(HeapTest, DescriptorsMatchNoTypeButThemselves) {
  Heap heap({}, roots_);
  for (const CanonicalType* type : {&heap.host_object_type(), &heap.exception_type()}) {
    EXPECT_EQ(type->kind, CompositeKind::func);
    ASSERT_TRUE(type->display);
    EXPECT_EQ(type->display[type->depth], type);
  }
  EXPECT_NE(&heap.host_object_type(), &heap.exception_type());
  EXPECT_EQ(&heap.host_object_type(), &heap.host_object_type());
}

// Objects of many shapes with a model beside the heap: identity numbers and edges.
class GraphTest : public HeapTest {
 protected:
  struct Model {
    const CanonicalType* type;
    uint64_t address;
    std::vector<uint64_t> edges;  // ids; 0 is null
    uint32_t seen = 0;
  };

  // Objects: refs first, then an i64 with the id (structs); an array of refs keeps a leaf with its id in element 0.
  uint64_t make(Heap& heap) {
    uint32_t shape = random_() % 16;
    uint64_t id = next_id_++;
    if (shape < 12) {
      const CanonicalType& type = *structs_[shape % structs_.size()];
      StructObject* object = heap.allocate_struct(type);
      if (!object) return 0;
      for (uint32_t i = 0; i < type.object_size / 8 - 1; ++i) EXPECT_EQ(field(object, i), 0u);
      field(object, static_cast<uint32_t>(type.ref_offsets.size())) = id;
      models_[id] = {&type, ref(object), std::vector<uint64_t>(type.ref_offsets.size())};
      return id;
    }
    uint32_t length = random_() % (shape == 15 ? 20'000 : 300);
    ArrayObject* array = heap.allocate_array(refs_, length);
    if (!array) return 0;
    for (uint32_t i = 0; i < length; ++i) EXPECT_EQ(element(array, i), 0u);
    models_[id] = {&refs_, ref(array), std::vector<uint64_t>(length)};
    return id;
  }
  void set_edge(uint64_t from, uint32_t index, uint64_t to) {
    Model& model = models_.at(from);
    model.edges[index] = to;
    uint64_t value = to ? models_.at(to).address : random_() % 2 ? 0 : make_i31(random_());
    auto* object = reinterpret_cast<HeapObject*>(model.address);
    if (model.type == &refs_) {
      element(static_cast<ArrayObject*>(object), index) = value;
    } else {
      field(object, index) = value;
    }
  }
  void update_roots() {
    roots_.precise.clear();
    roots_.conservative.clear();
    for (size_t i = 0; i < root_ids_.size(); ++i) {
      uint64_t address = root_ids_[i] ? models_.at(root_ids_[i]).address : 0;
      (i % 2 ? roots_.precise : roots_.conservative).push_back(address);
    }
  }
  // Compares every reachable object with its model; returns the reachable ids.
  std::vector<uint64_t> verify(Heap& heap) {
    ++epoch_;
    std::vector<uint64_t> work;
    auto reach = [&](uint64_t id) {
      if (id == 0 || models_.at(id).seen == epoch_) return;
      models_.at(id).seen = epoch_;
      work.push_back(id);
    };
    for (uint64_t id : root_ids_) reach(id);
    for (size_t i = 0; i < work.size(); ++i) {
      const Model& model = models_.at(work[i]);
      HeapObject* object = heap.find_object(model.address);
      EXPECT_TRUE(object);
      if (!object) return work;
      EXPECT_EQ(object->type, model.type);
      bool is_array = model.type == &refs_;
      if (is_array) {
        EXPECT_EQ(static_cast<ArrayObject*>(object)->length, model.edges.size());
      } else {
        EXPECT_EQ(field(object, static_cast<uint32_t>(model.edges.size())), work[i]);
      }
      for (uint32_t e = 0; e < model.edges.size(); ++e) {
        uint64_t value = is_array ? element(static_cast<ArrayObject*>(object), e) : field(object, e);
        uint64_t expected = model.edges[e] ? models_.at(model.edges[e]).address : 0;
        EXPECT_TRUE(value == expected || (expected == 0 && is_i31(value)));
        reach(model.edges[e]);
      }
    }
    return work;
  }
  // After a collection: exactly the reachable objects are found.
  void verify_precision(Heap& heap) {
    std::vector<uint64_t> reachable = verify(heap);
    std::unordered_map<uint64_t, Model> kept;
    std::set<uint64_t> addresses;
    uint64_t live_bytes = 0;
    for (uint64_t id : reachable) {
      const Model& m = models_.at(id);
      kept[id] = m;
      addresses.insert(m.address);
      live_bytes += m.type == &refs_ ? 16 + 8 * m.edges.size() : m.type->object_size;
    }
    ASSERT_EQ(addresses.size(), reachable.size());
    for (auto& [id, model] : models_) {
      ASSERT_EQ(heap.find_object(model.address) != nullptr, addresses.contains(model.address));
    }
    EXPECT_GE(heap.stats().live_bytes, live_bytes);
    models_ = std::move(kept);
  }
  void run(Heap& heap, int steps, size_t roots) {
    root_ids_.assign(roots, 0);
    auto random_root = [&] { return root_ids_[random_() % roots]; };
    for (int step = 0; step < steps; ++step) {
      update_roots();
      uint64_t id = make(heap);
      if (id == 0) {  // full: let go of half
        for (size_t i = 0; i < roots; i += 2) root_ids_[i] = 0;
        continue;
      }
      uint32_t edges = static_cast<uint32_t>(models_.at(id).edges.size());
      for (uint32_t i = 0; i < std::min(edges, 6u); ++i) set_edge(id, random_() % edges, random_root());
      uint64_t other = random_root();
      if (other && !models_.at(other).edges.empty()) {
        set_edge(other, random_() % static_cast<uint32_t>(models_.at(other).edges.size()), random_() % 4 ? id : 0);
      }
      if (random_() % 4) root_ids_[random_() % roots] = id;
      if (random_() % 8 == 0) root_ids_[random_() % roots] = 0;
      if (step % 5000 == 4500) std::fill(root_ids_.begin() + 5, root_ids_.end(), 0);
      if (step % 10'000 == 9900) std::fill(root_ids_.begin(), root_ids_.end(), 0);
      if (step % 1000 == 999) {
        update_roots();
        verify(heap);
        heap.collect();
        verify_precision(heap);
        if (HasFailure()) return;
      }
    }
  }

  std::mt19937 random_{42};
  std::vector<const CanonicalType*> structs_ = {&leaf_,
                                                &node_,
                                                &add_struct({kAnyRef, kAnyRef, kI64}),
                                                &add_struct({kAnyRef, kAnyRef, kAnyRef, kAnyRef, kI64}),
                                                [this] {
                                                  std::vector<ValType> fields(30, kAnyRef);
                                                  fields.insert(fields.end(), 20, kI64);
                                                  fields.insert(fields.end(), 10, kV128);
                                                  return &add_struct(fields);
                                                }(),
                                                [this] {
                                                  std::vector<ValType> fields(2, kExternRef);
                                                  fields.insert(fields.end(), 700, kI64);
                                                  return &add_struct(fields);
                                                }()};
  std::unordered_map<uint64_t, Model> models_;
  std::vector<uint64_t> root_ids_;
  uint64_t next_id_ = 1;
  uint32_t epoch_ = 0;
};

TEST_F(GraphTest, RandomGraphsAgreeWithAModel) {
  Heap heap(limit(64 << 20), roots_);
  run(heap, 40'000 / static_cast<int>(kScale), 200);
  EXPECT_GE(heap.stats().collections, 2u);
}

TEST_F(GraphTest, RandomGraphsInATightHeapAgreeWithAModel) {
  Heap heap(limit(2 << 20), roots_);
  run(heap, 40'000 / static_cast<int>(kScale), 60);
  EXPECT_LE(heap.stats().peak_used_bytes, uint64_t{2} << 20);
}

TEST_F(GraphTest, RandomGraphsWithZealAgreeWithAModel) {
  Heap heap({.limit_bytes = 8 << 20, .zeal = true}, roots_);
  run(heap, 4000 / (ARRIS_ASAN ? 4 : 1), 20);
  EXPECT_GE(heap.stats().collections, 1000u);
}

TEST_F(HeapTest, ZealOverwritesWhatIsDead) {
  Heap heap({.limit_bytes = 1 << 20, .zeal = true}, roots_);
  roots_.precise.push_back(ref(heap.allocate_struct(node_)));
  StructObject* lost = heap.allocate_struct(node_);
  field(lost, 1) = 1234;
  ASSERT_NE(heap.allocate_struct(leaf_), nullptr);  // of another size: does not reuse the cell
  EXPECT_EQ(heap.find_object(ref(lost)), nullptr);
  EXPECT_EQ(lost->type, nullptr);
  EXPECT_EQ(field(lost, 1), 0xDBDBDBDBDBDBDBDBull);
}

TEST_F(HeapTest, FindObjectAcceptsExactlyTheStartsOfObjects) {
  Heap heap(limit(64 << 20), roots_);
  std::mt19937_64 random(1);
  std::set<uint64_t> starts;
  std::vector<uint64_t> objects;
  uint64_t low = ~0ull;
  for (int i = 0; i < 1000; ++i) {
    HeapObject* object = i % 3   ? static_cast<HeapObject*>(heap.allocate_struct(*(i % 2 ? &node_ : &pair_)))
                         : i % 5 ? heap.allocate_array(bytes_, static_cast<uint32_t>(random() % 9000))
                                 : heap.allocate_array(bytes_, static_cast<uint32_t>(random() % 90'000));
    ASSERT_TRUE(object);
    // Contents that look like references everywhere.
    if (object->type == &node_ || object->type == &pair_) field(object, 0) = field(object, 1) = ref(object);
    starts.insert(ref(object));
    low = std::min(low, ref(object));
    objects.push_back(ref(object));
    roots_.precise.push_back(ref(object));
  }
  auto check_all = [&] {
    for (uint64_t object : objects) {
      for (uint64_t word = object - 64; word < object + 1000; word += 4) {
        ASSERT_EQ(heap.find_object(word) != nullptr, starts.contains(word)) << std::hex << word;
      }
    }
    for (int i = 0; i < 100'000; ++i) {
      uint64_t word = i % 2 ? random() : low + random() % (64 << 20);
      ASSERT_EQ(heap.find_object(word) != nullptr, starts.contains(word)) << std::hex << word;
    }
  };
  check_all();
  for (size_t i = 0; i < roots_.precise.size(); ++i) {
    std::swap(roots_.precise[i], roots_.precise.back());
    roots_.precise.pop_back();
  }
  heap.collect();
  starts = std::set<uint64_t>(roots_.precise.begin(), roots_.precise.end());
  check_all();
  for (int i = 0; i < 10; ++i) starts.insert(ref(heap.allocate_struct(node_)));
  check_all();
}

}  // namespace
}  // namespace arris::runtime
