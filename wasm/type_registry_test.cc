#include "wasm/type_registry.h"

#include <gtest/gtest.h>

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
    return registry_.add_group(group, first, earlier, ids);
  }
  std::vector<CanonicalTypeId> ids;

 private:
  TypeRegistry& registry_;
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

}  // namespace
}  // namespace arris
