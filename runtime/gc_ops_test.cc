#include "runtime/gc_ops.h"

#include <cstring>

#include <gtest/gtest.h>

#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

class GcOps : public testing::Test {
 protected:
  static StoreOptions small_heap() {
    StoreOptions options = test::test_options();
    options.heap.limit_bytes = 1 << 20;
    return options;
  }
  const CanonicalType& add(SubType type) {
    std::vector<CanonicalTypeId> added;
    auto index = static_cast<uint32_t>(ids_.size());
    EXPECT_TRUE(store_.registry().add_group({&type, 1}, index, ids_, added));
    ids_.push_back(added[0]);
    return store_.registry().get(added[0]);
  }
  const CanonicalType& array_of(ValType storage) {
    SubType type;
    type.kind = CompositeKind::array;
    type.fields = {{storage, true}};
    return add(type);
  }
  const CanonicalType& struct_of(std::vector<ValType> fields, uint32_t supertype = kNoIndex) {
    SubType type;
    type.kind = CompositeKind::struct_;
    type.is_final = false;
    type.supertype = supertype;
    for (ValType field : fields) type.fields.push_back({field, true});
    return add(type);
  }
  bool test(uint64_t ref, HeapType heap, bool nullable = false) {
    return matches(store_.registry(), ref, heap, nullable);
  }
  static HeapType concrete(const CanonicalType& type) { return HeapType::concrete(type.id.value); }

  template <class T>
  static std::vector<T> elements(uint64_t array) {
    std::vector<T> out(to_array(array)->length);
    std::memcpy(out.data(), to_array(array)->elements(), out.size() * sizeof(T));
    return out;
  }

  Store store_{small_heap()};
  Heap& heap_ = store_.heap();
  std::vector<CanonicalTypeId> ids_;
};

TEST_F(GcOps, NullMatchesNullableTypesOnly) {
  const CanonicalType& s = struct_of({kI32});
  for (HeapType heap : {HeapType(AbstractHeap::any), HeapType(AbstractHeap::none), concrete(s)}) {
    EXPECT_TRUE(test(0, heap, true));
    EXPECT_FALSE(test(0, heap, false));
  }
}

TEST_F(GcOps, I31MatchesItsThreeSupertypes) {
  for (uint64_t ref : {make_i31(0), make_i31(0xFFFF'FFFF)}) {
    EXPECT_TRUE(test(ref, AbstractHeap::i31));
    EXPECT_TRUE(test(ref, AbstractHeap::eq));
    EXPECT_TRUE(test(ref, AbstractHeap::any));
    EXPECT_FALSE(test(ref, AbstractHeap::struct_));
    EXPECT_FALSE(test(ref, AbstractHeap::array));
    EXPECT_FALSE(test(ref, AbstractHeap::none, true));
    EXPECT_FALSE(test(ref, concrete(struct_of({kI32}))));
  }
}

TEST_F(GcOps, StructsMatchTheirAncestors) {
  const CanonicalType& top = struct_of({kI32});
  const CanonicalType& middle = struct_of({kI32, kI64}, 0);
  const CanonicalType& bottom = struct_of({kI32, kI64, kF32}, 1);
  const CanonicalType& sibling = struct_of({kI32, kF64}, 0);
  uint64_t ref = 0;
  ASSERT_EQ(struct_new_default(heap_, middle, &ref), TrapCode::none);
  EXPECT_TRUE(test(ref, concrete(top)));
  EXPECT_TRUE(test(ref, concrete(middle)));
  EXPECT_FALSE(test(ref, concrete(bottom)));
  EXPECT_FALSE(test(ref, concrete(sibling)));
  EXPECT_TRUE(test(ref, AbstractHeap::struct_));
  EXPECT_TRUE(test(ref, AbstractHeap::eq));
  EXPECT_FALSE(test(ref, AbstractHeap::array));
  EXPECT_FALSE(test(ref, AbstractHeap::i31));
}

TEST_F(GcOps, HostValuesAreAnyButNotEq) {
  uint64_t ref = to_ref(heap_.allocate_host_object(5));
  EXPECT_TRUE(test(ref, AbstractHeap::extern_));
  EXPECT_TRUE(test(ref, AbstractHeap::any));
  EXPECT_FALSE(test(ref, AbstractHeap::eq));
  EXPECT_FALSE(test(ref, AbstractHeap::struct_));
  EXPECT_FALSE(test(ref, concrete(struct_of({kI32}))));
}

TEST_F(GcOps, FunctionsMatchByTheirType) {
  const CanonicalType& type = test::func_type(store_, {kI32}, {});
  const CanonicalType& other = test::func_type(store_, {kI64}, {});
  auto ref = reinterpret_cast<uint64_t>(store_.new_host_func(type, nullptr, nullptr, nullptr));
  EXPECT_TRUE(test(ref, AbstractHeap::func));
  EXPECT_TRUE(test(ref, concrete(type)));
  EXPECT_FALSE(test(ref, concrete(other)));
  EXPECT_FALSE(test(ref, AbstractHeap::nofunc, true));
}

TEST_F(GcOps, StructNewStoresEveryStorageType) {
  const CanonicalType& type = struct_of({TypeCode::i8, TypeCode::i16, kI32, kI64, kV128, kAnyRef});
  uint64_t slots[] = {0x1FF, 0x12345, 0xFFFF'FFFF, 0x0123'4567'89AB'CDEF, 11, 22, make_i31(3)};
  uint64_t ref = 0;
  ASSERT_EQ(struct_new(heap_, type, slots, &ref), TrapCode::none);
  auto field = [&](size_t i, Extension extension) {
    std::array<uint64_t, 2> value{};
    load_storage(to_struct(ref)->field(type.field_offsets[i]), type.fields[i].storage, extension, value.data());
    return value;
  };
  EXPECT_EQ(field(0, Extension::zero)[0], 0xFFu);
  EXPECT_EQ(field(0, Extension::sign)[0], 0xFFFF'FFFFu);  // an i32: zero-extended to the slot
  EXPECT_EQ(field(1, Extension::zero)[0], 0x2345u);
  EXPECT_EQ(field(1, Extension::sign)[0], 0x2345u);
  EXPECT_EQ(field(2, Extension::zero)[0], 0xFFFF'FFFFu);
  EXPECT_EQ(field(3, Extension::zero)[0], 0x0123'4567'89AB'CDEFu);
  EXPECT_EQ(field(4, Extension::zero), (std::array<uint64_t, 2>{11, 22}));
  EXPECT_EQ(field(5, Extension::zero)[0], make_i31(3));
}

TEST_F(GcOps, ArraysAreMadeInEveryWay) {
  const CanonicalType& bytes = array_of(TypeCode::i8);
  const CanonicalType& vectors = array_of(kV128);
  uint64_t slots[] = {1, 2, 3, 4};
  uint64_t ref = 0;
  ASSERT_EQ(array_new(heap_, bytes, slots, 3, &ref), TrapCode::none);
  EXPECT_EQ(elements<uint8_t>(ref), (std::vector<uint8_t>{1, 1, 1}));
  ASSERT_EQ(array_new(heap_, vectors, slots, 2, &ref), TrapCode::none);
  EXPECT_EQ((elements<std::array<uint64_t, 2>>(ref)), (std::vector<std::array<uint64_t, 2>>{{1, 2}, {1, 2}}));
  uint64_t high_only[] = {0, 9};
  ASSERT_EQ(array_new(heap_, vectors, high_only, 1, &ref), TrapCode::none);
  EXPECT_EQ((elements<std::array<uint64_t, 2>>(ref)), (std::vector<std::array<uint64_t, 2>>{{0, 9}}));
  ASSERT_EQ(array_new_default(heap_, bytes, 2, &ref), TrapCode::none);
  EXPECT_EQ(elements<uint8_t>(ref), (std::vector<uint8_t>{0, 0}));
  ASSERT_EQ(array_new_fixed(heap_, bytes, slots, 4, &ref), TrapCode::none);
  EXPECT_EQ(elements<uint8_t>(ref), (std::vector<uint8_t>{1, 2, 3, 4}));
  ASSERT_EQ(array_new_fixed(heap_, vectors, slots, 2, &ref), TrapCode::none);
  EXPECT_EQ((elements<std::array<uint64_t, 2>>(ref)), (std::vector<std::array<uint64_t, 2>>{{1, 2}, {3, 4}}));
  ASSERT_EQ(array_new_fixed(heap_, bytes, nullptr, 0, &ref), TrapCode::none);
  EXPECT_EQ(to_array(ref)->length, 0u);
}

TEST_F(GcOps, HugeArraysExhaustTheHeap) {
  uint64_t slot = 1;
  uint64_t ref = 99;
  EXPECT_EQ(array_new(heap_, array_of(kI64), &slot, 0xFFFF'FFFF, &ref), TrapCode::gc_heap_exhausted);
  EXPECT_EQ(array_new_default(heap_, array_of(kV128), 0xFFFF'FFFF, &ref), TrapCode::gc_heap_exhausted);
  EXPECT_EQ(ref, 99u);
}

TEST_F(GcOps, ArraysFromSegmentsCheckTheSegment) {
  const CanonicalType& words = array_of(kI32);
  const uint8_t bytes[] = {1, 0, 0, 0, 2, 0, 0, 0, 3};
  DataInstance data{bytes, sizeof bytes};
  uint64_t ref = 0;
  ASSERT_EQ(array_new_data(heap_, words, data, 1, 2, &ref), TrapCode::none);
  EXPECT_EQ(elements<uint32_t>(ref), (std::vector<uint32_t>{0x0200'0000, 0x0300'0000}));
  EXPECT_EQ(array_new_data(heap_, words, data, 2, 2, &ref), TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(array_new_data(heap_, words, data, 0, 0x4000'0001, &ref), TrapCode::out_of_bounds_memory_access);
  data.size = 0;
  EXPECT_EQ(array_new_data(heap_, words, data, 0, 0, &ref), TrapCode::none);

  const CanonicalType& refs = array_of(kAnyRef);
  uint64_t items[] = {make_i31(1), make_i31(2), 0};
  ElemInstance elem{items, 3};
  ASSERT_EQ(array_new_elem(heap_, refs, elem, 1, 2, &ref), TrapCode::none);
  EXPECT_EQ(elements<uint64_t>(ref), (std::vector<uint64_t>{make_i31(2), 0}));
  EXPECT_EQ(array_new_elem(heap_, refs, elem, 2, 2, &ref), TrapCode::out_of_bounds_table_access);
  EXPECT_EQ(array_new_elem(heap_, refs, elem, 0xFFFF'FFFF, 2, &ref), TrapCode::out_of_bounds_table_access);
}

TEST_F(GcOps, BulkOperationsTrapOnNullBeforeBounds) {
  uint64_t slot = 0;
  uint64_t some = 0;
  ASSERT_EQ(array_new_default(heap_, array_of(kI32), 1, &some), TrapCode::none);
  EXPECT_EQ(array_fill(0, 9, &slot, 9), TrapCode::null_array_reference);
  EXPECT_EQ(array_copy(0, 9, some, 0, 0), TrapCode::null_array_reference);
  EXPECT_EQ(array_copy(some, 9, 0, 0, 0), TrapCode::null_array_reference);
  EXPECT_EQ(array_init_data(0, 9, {}, 9, 9), TrapCode::null_array_reference);
  EXPECT_EQ(array_init_elem(0, 9, {}, 9, 9), TrapCode::null_array_reference);
}

TEST_F(GcOps, BulkOperationsAreAllOrNothing) {
  uint64_t ref = 0;
  uint64_t slots[] = {1, 2, 3, 4};
  ASSERT_EQ(array_new_fixed(heap_, array_of(TypeCode::i16), slots, 4, &ref), TrapCode::none);
  auto now = [&] { return elements<uint16_t>(ref); };
  EXPECT_EQ(array_copy(ref, 1, ref, 0, 3), TrapCode::none);
  EXPECT_EQ(now(), (std::vector<uint16_t>{1, 1, 2, 3}));
  EXPECT_EQ(array_copy(ref, 2, ref, 0, 3), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_copy(ref, 0, ref, 4, 1), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_copy(ref, 4, ref, 4, 0), TrapCode::none);
  EXPECT_EQ(array_copy(ref, 5, ref, 4, 0), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_fill(ref, 3, slots + 3, 1), TrapCode::none);
  EXPECT_EQ(array_fill(ref, 3, slots, 2), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_fill(ref, 0xFFFF'FFFF, slots, 2), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(now(), (std::vector<uint16_t>{1, 1, 2, 4}));

  const uint8_t bytes[] = {7, 0, 8, 0, 9};
  DataInstance data{bytes, sizeof bytes};
  EXPECT_EQ(array_init_data(ref, 2, data, 0, 2), TrapCode::none);
  EXPECT_EQ(now(), (std::vector<uint16_t>{1, 1, 7, 8}));
  EXPECT_EQ(array_init_data(ref, 3, data, 0, 2), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_init_data(ref, 0, data, 2, 2), TrapCode::out_of_bounds_memory_access);

  uint64_t refs = 0;
  ASSERT_EQ(array_new_default(heap_, array_of(kAnyRef), 2, &refs), TrapCode::none);
  uint64_t items[] = {make_i31(1), make_i31(2)};
  ElemInstance elem{items, 2};
  EXPECT_EQ(array_init_elem(refs, 1, elem, 1, 1), TrapCode::none);
  EXPECT_EQ(elements<uint64_t>(refs), (std::vector<uint64_t>{0, make_i31(2)}));
  EXPECT_EQ(array_init_elem(refs, 1, elem, 0, 2), TrapCode::out_of_bounds_array_access);
  EXPECT_EQ(array_init_elem(refs, 0, elem, 1, 2), TrapCode::out_of_bounds_table_access);
}

}  // namespace
}  // namespace arris::runtime
