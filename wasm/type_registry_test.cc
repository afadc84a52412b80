#include "wasm/type_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace arris {
namespace {

ValType ref_to(uint32_t index, bool nullable = true) { return ValType::ref(HeapType::concrete(index), nullable); }

SubType func(ResultType params, ResultType results) {
  SubType t;
  t.func = {std::move(params), std::move(results)};
  return t;
}

SubType structure(std::vector<FieldType> fields, uint32_t supertype = kNoIndex, bool is_final = false) {
  SubType t;
  t.kind = CompositeKind::struct_;
  t.fields = std::move(fields);
  t.supertype = supertype;
  t.is_final = is_final;
  return t;
}

// A module's type section as it is decoded: groups one after the other.
class Types {
 public:
  explicit Types(TypeRegistry& registry) : registry_(registry) {}
  std::expected<void, ErrorCode> add(std::vector<SubType> group) {
    uint32_t first = static_cast<uint32_t>(ids.size());
    std::vector<CanonicalTypeId> earlier = ids;
    auto added = registry_.add_group(group, first, earlier, ids);
    if (added && !group.empty()) firsts_.push_back(ids[first]);
    return added;
  }
  std::vector<CanonicalTypeId> ids;

  // As if the module were gone: a hold for each group.
  void drop() {
    registry_.release(firsts_);
    firsts_.clear();
    ids.clear();
  }

 private:
  TypeRegistry& registry_;
  std::vector<CanonicalTypeId> firsts_;
};

TEST(TypeRegistry, EqualFunctionTypesOfTwoModulesShareAnId) {
  TypeRegistry registry;
  Types a(registry), b(registry);
  ASSERT_TRUE(a.add({func({kI32}, {kI64})}));
  ASSERT_TRUE(b.add({func({}, {})}));
  ASSERT_TRUE(b.add({func({kI32}, {kI64})}));
  EXPECT_EQ(a.ids[0], b.ids[1]);
  EXPECT_NE(a.ids[0], b.ids[0]);
}

TEST(TypeRegistry, RecursiveGroupsAreEqualWhateverTheirIndices) {
  TypeRegistry registry;
  Types a(registry), b(registry);
  ASSERT_TRUE(a.add({structure({{ref_to(1), true}}), structure({{ref_to(0), true}})}));
  ASSERT_TRUE(b.add({func({}, {})}));
  ASSERT_TRUE(b.add({structure({{ref_to(2), true}}), structure({{ref_to(1), true}})}));
  EXPECT_EQ(a.ids[0], b.ids[1]);
  EXPECT_EQ(a.ids[1], b.ids[2]);
  EXPECT_EQ(registry.get(a.ids[0]).fields[0].storage, ref_to(a.ids[1].value));
}

TEST(TypeRegistry, TheSameTypeInGroupsOfDifferentSizeDiffers) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({func({}, {})}));
  ASSERT_TRUE(a.add({func({}, {}), func({}, {})}));
  EXPECT_NE(a.ids[0], a.ids[1]);
  EXPECT_NE(a.ids[1], a.ids[2]);
}

TEST(TypeRegistry, FinalityAndMutabilityDistinguishTypes) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({{kI32, false}})}));
  ASSERT_TRUE(a.add({structure({{kI32, true}})}));
  ASSERT_TRUE(a.add({structure({{kI32, false}}, kNoIndex, true)}));
  EXPECT_NE(a.ids[0], a.ids[1]);
  EXPECT_NE(a.ids[0], a.ids[2]);
}

TEST(TypeRegistry, DisplayGivesEveryAncestor) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({})}));
  ASSERT_TRUE(a.add({structure({{kI32, false}}, 0)}));
  ASSERT_TRUE(a.add({structure({{kI32, false}, {kI64, false}}, 1)}));
  ASSERT_TRUE(a.add({structure({{kF32, false}}, 0)}));
  EXPECT_TRUE(registry.is_subtype(a.ids[2], a.ids[0]));
  EXPECT_TRUE(registry.is_subtype(a.ids[2], a.ids[1]));
  EXPECT_TRUE(registry.is_subtype(a.ids[2], a.ids[2]));
  EXPECT_FALSE(registry.is_subtype(a.ids[0], a.ids[2]));
  EXPECT_FALSE(registry.is_subtype(a.ids[3], a.ids[1]));
  const CanonicalType& t = registry.get(a.ids[2]);
  ASSERT_EQ(t.depth, 2u);
  EXPECT_EQ(t.display[0]->id, a.ids[0]);
  EXPECT_EQ(t.display[1]->id, a.ids[1]);
  EXPECT_EQ(t.display[2], &t);
}

TEST(TypeRegistry, AbstractHeapTypesFormTheirFourHierarchies) {
  TypeRegistry registry;
  using enum AbstractHeap;
  auto sub = [&](HeapType a, HeapType b) { return registry.is_subtype(a, b); };
  EXPECT_TRUE(sub(i31, eq));
  EXPECT_TRUE(sub(struct_, any));
  EXPECT_TRUE(sub(none, array));
  EXPECT_TRUE(sub(nofunc, AbstractHeap::func));
  EXPECT_TRUE(sub(noextern, extern_));
  EXPECT_TRUE(sub(noexn, exn));
  EXPECT_TRUE(sub(bottom, exn));
  EXPECT_FALSE(sub(any, eq));
  EXPECT_FALSE(sub(AbstractHeap::func, any));
  EXPECT_FALSE(sub(none, AbstractHeap::func));
  EXPECT_FALSE(sub(struct_, array));
}

TEST(TypeRegistry, ConcreteTypesSitBetweenTheirKindAndItsBottom) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({})}));
  ASSERT_TRUE(a.add({func({}, {})}));
  HeapType s = HeapType::concrete(a.ids[0].value);
  HeapType f = HeapType::concrete(a.ids[1].value);
  using enum AbstractHeap;
  EXPECT_TRUE(registry.is_subtype(s, HeapType(struct_)));
  EXPECT_TRUE(registry.is_subtype(s, HeapType(eq)));
  EXPECT_TRUE(registry.is_subtype(HeapType(none), s));
  EXPECT_FALSE(registry.is_subtype(HeapType(nofunc), s));
  EXPECT_TRUE(registry.is_subtype(f, HeapType(AbstractHeap::func)));
  EXPECT_TRUE(registry.is_subtype(HeapType(nofunc), f));
  EXPECT_FALSE(registry.is_subtype(f, HeapType(any)));
  EXPECT_EQ(registry.top_of(s), any);
  EXPECT_EQ(registry.top_of(f), AbstractHeap::func);
}

TEST(TypeRegistry, NullableReferencesAreSupertypesOfNonNullable) {
  TypeRegistry registry;
  EXPECT_TRUE(registry.is_subtype(kFuncRef.as_non_null(), kFuncRef));
  EXPECT_FALSE(registry.is_subtype(kFuncRef, kFuncRef.as_non_null()));
  EXPECT_TRUE(registry.is_subtype(kBottom, kI32));
  EXPECT_FALSE(registry.is_subtype(kI32, kI64));
  EXPECT_FALSE(registry.is_subtype(kI32, kFuncRef));
}

TEST(TypeRegistry, HostFunctionTypesMeetTheModulesTypes) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({})}));
  ASSERT_TRUE(a.add({func({ref_to(0)}, {kV128})}));
  FuncType host{{ref_to(a.ids[0].value)}, {kV128}};
  CanonicalTypeId id = registry.add_func_type(host);
  EXPECT_EQ(id, a.ids[1]);
  EXPECT_EQ(registry.get(id).param_slots, 1u);
  EXPECT_EQ(registry.get(id).result_slots, 2u);
}

TEST(TypeRegistry, StructLayoutAlignsFieldsAndListsReferences) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(
      a.add({structure({{TypeCode::i8, true}, {kI32, true}, {kAnyRef, true}, {TypeCode::i16, true}, {kV128, true}})}));
  const CanonicalType& t = registry.get(a.ids[0]);
  EXPECT_EQ(t.field_offsets, (std::vector<uint32_t>{8, 12, 16, 24, 32}));
  EXPECT_EQ(t.ref_offsets, (std::vector<uint32_t>{16}));
  EXPECT_EQ(t.object_size, 48u);
}

TEST(TypeRegistry, TooDeepAHierarchyIsRefusedAndLeavesNothingBehind) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({})}));
  for (uint32_t i = 0; i < limits::kMaxSubtypeDepth; ++i) ASSERT_TRUE(a.add({structure({}, i)}));
  EXPECT_EQ(registry.get(a.ids.back()).depth, limits::kMaxSubtypeDepth);
  auto result = a.add({structure({}, limits::kMaxSubtypeDepth)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), ErrorCode::limit_exceeded);
  EXPECT_EQ(a.ids.size(), limits::kMaxSubtypeDepth + 1);
}

TEST(TypeRegistry, ThreadsThatAddTheSameTypesAgree) {
  TypeRegistry registry;
  std::vector<std::vector<CanonicalTypeId>> ids(4);
  std::vector<std::thread> threads;
  for (auto& out : ids) {
    threads.emplace_back([&registry, &out] {
      Types types(registry);
      for (uint32_t i = 0; i < 6000; ++i) {  // more than one chunk of the registry
        ResultType params;
        for (uint32_t bits = i; bits; bits >>= 1) params.push_back(bits & 1 ? kI32 : kI64);
        SubType t = func(params, {});
        (void)registry.add_group({&t, 1}, 0, {}, types.ids);
      }
      out = types.ids;
    });
  }
  for (std::thread& t : threads) t.join();
  for (const auto& other : ids) EXPECT_EQ(other, ids[0]);
  EXPECT_EQ(ids[0].size(), 6000u);
}

// A function type of its own for every number below 2^24.
SubType numbered(uint32_t number) {
  ResultType params(1, kF64);
  for (uint32_t bits = number; bits; bits >>= 1) params.push_back(bits & 1 ? kI32 : kI64);
  return func(params, {});
}

TEST(TypeRegistry, TypesGoWithTheLastWhoHoldsThem) {
  TypeRegistry registry;
  Types a(registry), b(registry);
  ASSERT_TRUE(a.add({func({kI32}, {kI64})}));
  ASSERT_TRUE(b.add({func({kI32}, {kI64})}));
  CanonicalTypeId id = a.ids[0];
  const CanonicalType* type = &registry.get(id);
  EXPECT_EQ(registry.size(), 1u);
  a.drop();
  EXPECT_EQ(registry.size(), 1u);
  EXPECT_EQ(&registry.get(id), type);
  EXPECT_EQ(type->func.results, ResultType{kI64});
  ASSERT_TRUE(a.add({func({kI32}, {kI64})}));
  EXPECT_EQ(a.ids[0], id) << "while somebody holds it, its identity stays";
  b.drop();
  a.drop();
  EXPECT_EQ(registry.size(), 0u);
  EXPECT_FALSE(registry.hold(id));
}

TEST(TypeRegistry, AGroupKeepsWhatItRefersTo) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({{kI32, false}})}));
  ASSERT_TRUE(a.add({structure({{kI32, false}, {kI64, false}}, 0)}));
  ASSERT_TRUE(a.add({func({ref_to(1)}, {ref_to(0), ref_to(1)})}));
  CanonicalTypeId super = a.ids[0], sub = a.ids[1], user = a.ids[2];
  ASSERT_TRUE(registry.hold(user));
  a.drop();
  EXPECT_EQ(registry.size(), 3u);
  EXPECT_TRUE(registry.is_subtype(sub, super));
  EXPECT_EQ(registry.get(user).func.params[0], ref_to(sub.value));
  registry.release({&user, 1});
  EXPECT_EQ(registry.size(), 0u);
}

TEST(TypeRegistry, AnyTypeOfAGroupHoldsItAll) {
  TypeRegistry registry;
  Types a(registry);
  ASSERT_TRUE(a.add({structure({{ref_to(1), true}}), structure({{ref_to(0), true}})}));
  CanonicalTypeId first = a.ids[0], second = a.ids[1];
  ASSERT_TRUE(registry.hold(second));
  a.drop();
  EXPECT_EQ(registry.size(), 2u);
  EXPECT_EQ(registry.get(first).fields[0].storage, ref_to(second.value));
  registry.release({&second, 1});
  EXPECT_EQ(registry.size(), 0u);
}

TEST(TypeRegistry, LongChainsOfGroupsGoWithoutRecursion) {
  TypeRegistry registry;
  Types a(registry);
  constexpr uint32_t kLength = 100'000;
  ASSERT_TRUE(a.add({structure({})}));
  for (uint32_t i = 1; i < kLength; ++i)
    ASSERT_TRUE(registry.add_group(std::vector{structure({{ref_to(0), true}})}, 1, std::vector{a.ids.back()}, a.ids));
  EXPECT_EQ(registry.size(), kLength);
  registry.release(a.ids);
  EXPECT_EQ(registry.size(), 0u);
}

TEST(TypeRegistry, IdsAreUsedAgainAndNeverTwiceAtATime) {
  TypeRegistry registry;
  Types keeper(registry);
  ASSERT_TRUE(keeper.add({numbered(1), numbered(2)}));
  CanonicalTypeId kept = keeper.ids[1];
  uint32_t largest = 0;
  for (uint32_t round = 0; round < 10'000; ++round) {
    Types a(registry);
    ASSERT_TRUE(a.add({numbered(3 * round + 10)}));
    ASSERT_TRUE(a.add({numbered(3 * round + 11), numbered(3 * round + 12)}));
    for (CanonicalTypeId id : a.ids) {
      ASSERT_NE(id, kept);
      largest = std::max(largest, id.value);
      ASSERT_EQ(registry.get(id).id, id);
    }
    ASSERT_EQ(registry.get(a.ids[2]).func, numbered(3 * round + 12).func);
    a.drop();
  }
  EXPECT_EQ(registry.size(), 2u);
  EXPECT_EQ(registry.get(kept).func, numbered(2).func);
  EXPECT_LT(largest, 2'000u);
}

TEST(TypeRegistry, ATypeThatIsGoneIsBottomForTheEmbedder) {
  auto registry = std::make_shared<TypeRegistry>();
  Types a(*registry);
  ASSERT_TRUE(a.add({structure({})}));
  CanonicalTypeId id = a.ids[0];
  {
    TypeHolds holds(registry);
    EXPECT_EQ(holds.hold(ref_to(id.value)), ref_to(id.value));
    a.drop();
    EXPECT_EQ(registry->size(), 1u);
  }
  EXPECT_EQ(registry->size(), 0u);
  TypeHolds holds(registry);
  ValType gone = ValType::ref(AbstractHeap::bottom, true);
  EXPECT_EQ(holds.hold(ref_to(id.value)), gone);
  EXPECT_EQ(holds.hold(ref_to(HeapType::kMaxIndex - 1)), gone) << "never was one";
  EXPECT_EQ(holds.hold(kAnyRef), kAnyRef);
  Types b(*registry);
  ASSERT_TRUE(b.add({structure({})}));
  EXPECT_FALSE(registry->is_subtype(id, b.ids[0]));
  EXPECT_FALSE(registry->is_subtype(b.ids[0], id));
}

TEST(TypeRegistry, ThreadsThatAddAndDropTypesLeaveNothing) {
  TypeRegistry registry;
  Types shared(registry);
  ASSERT_TRUE(shared.add({structure({{kI32, false}})}));
  std::vector<std::thread> threads;
  std::atomic<uint32_t> mistakes = 0;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&registry, &mistakes, id = shared.ids[0]] {
      for (uint32_t i = 0; i < 3'000; ++i) {
        Types types(registry);
        bool ok = types.add({structure({{kI32, false}})}) && types.ids[0] == id;  // alive in the main thread
        ok &= types.add({structure({{kI32, false}, {kI64, true}}, 0)}) && types.add({numbered(i % 7), numbered(i)}) &&
              registry.is_subtype(types.ids[1], id) && registry.get(types.ids[3]).func == numbered(i).func;
        mistakes += !ok;
        types.drop();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(mistakes, 0u);
  EXPECT_EQ(registry.size(), 1u);
  EXPECT_TRUE(registry.hold(shared.ids[0]));
}

}  // namespace
}  // namespace arris
