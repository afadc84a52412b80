// Instantiation of modules filled by hand.
#include "runtime/instance.h"

#include <cstring>

#include <gtest/gtest.h>

#include "runtime/const_expr.h"
#include "runtime/gc_ops.h"
#include "runtime/memory.h"
#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using test::Bytes;
using test::i32_const;
using test::ModuleBuilder;

Extern to_extern(MemoryInstance* memory) {
  Extern e{};
  e.kind = ExternKind::memory;
  e.memory = memory;
  return e;
}
Extern to_extern(TableInstance* table) {
  Extern e{};
  e.kind = ExternKind::table;
  e.table = table;
  return e;
}
Extern to_extern(GlobalInstance* global) {
  Extern e{};
  e.kind = ExternKind::global;
  e.global = global;
  return e;
}
Extern to_extern(FuncInstance* func) {
  Extern e{};
  e.kind = ExternKind::func;
  e.func = func;
  return e;
}
Extern to_extern(TagInstance* tag) {
  Extern e{};
  e.kind = ExternKind::tag;
  e.tag = tag;
  return e;
}

class Instantiation : public testing::Test {
 protected:
  static StoreOptions zealous() {
    StoreOptions options = test::test_options();
    options.heap.zeal = true;  // a value that is not rooted does not survive the next allocation
    return options;
  }
  FuncInstance* host_func(ResultType params, ResultType results) {
    return store_.new_host_func(test::func_type(store_, std::move(params), std::move(results)), nullptr, nullptr,
                                nullptr);
  }
  // The message of the refusal, or "" if instantiation succeeds.
  std::string refusal(ModuleBuilder& builder, std::vector<Extern> imports) {
    auto result = instantiate(store_, builder.finish(), imports);
    if (result) return "";
    EXPECT_EQ(result.error().outcome, Outcome::ok);
    return std::string(message_of(result.error().error.code));
  }

  Store store_{zealous()};
};

TEST_F(Instantiation, OfTheEmptyModule) {
  ModuleBuilder builder(store_);
  auto instance = instantiate(store_, builder.finish(), {});
  ASSERT_TRUE(instance);
  EXPECT_EQ((*instance)->data().store, &store_);
  EXPECT_EQ((*instance)->data().memory0_base, nullptr);
}

TEST_F(Instantiation, MissingImportsAreUnknown) {
  ModuleBuilder builder(store_);
  builder.import_func(builder.add_func_type({}, {}));
  auto result = instantiate(store_, builder.finish(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::unknown_import);
  EXPECT_EQ(result.error().error.detail, "\"env\" \"func\"");
}

TEST_F(Instantiation, FunctionImportsMatchBySubtype) {
  constexpr const char* kIncompatible = "incompatible import type";
  ModuleBuilder builder(store_);
  builder.import_func(builder.add_func_type({kI32}, {kI64}));
  EXPECT_EQ(refusal(builder, {to_extern(host_func({kI32}, {kI64}))}), "");
  EXPECT_EQ(refusal(builder, {to_extern(host_func({kI32}, {kI32}))}), kIncompatible);
  EXPECT_EQ(refusal(builder, {to_extern(store_.new_global(kI32, false, 0, 0))}), kIncompatible);
}

TEST_F(Instantiation, MemoryImportsMatchByLimitsAndKind) {
  constexpr const char* kIncompatible = "incompatible import type";
  auto import = [&](const MemoryType& expected, const MemoryType& given) {
    ModuleBuilder builder(store_);
    builder.import_memory(expected);
    return refusal(builder, {to_extern(store_.new_memory(given))});
  };
  using test::memory_type;
  using test::unbounded_memory_type;
  EXPECT_EQ(import(memory_type(1, 3), memory_type(2, 3)), "");
  EXPECT_EQ(import(memory_type(1, 3), memory_type(2, 2)), "");
  EXPECT_EQ(import(unbounded_memory_type(1), memory_type(1, 2)), "");
  EXPECT_EQ(import(memory_type(2, 3), memory_type(1, 3)), kIncompatible);
  EXPECT_EQ(import(memory_type(1, 3), memory_type(1, 4)), kIncompatible);
  EXPECT_EQ(import(memory_type(1, 65'536), unbounded_memory_type(1)), kIncompatible);
  EXPECT_EQ(import(memory_type(1, 3), memory_type(1, 3, true)), kIncompatible);
  EXPECT_EQ(import(memory_type(1, 3, true), memory_type(1, 3)), kIncompatible);
  EXPECT_EQ(import(memory_type(0, 3), memory_type(0, 3, false, 0)), kIncompatible);
  EXPECT_EQ(import(memory_type(0, 3), memory_type(0, 3, false, 16, AddressType::i64)), kIncompatible);
}

TEST_F(Instantiation, MemoryImportsMatchByCurrentSize) {
  MemoryInstance* memory = store_.new_memory(test::memory_type(1, 3));
  ModuleBuilder builder(store_);
  builder.import_memory(test::memory_type(2, 3));
  EXPECT_NE(refusal(builder, {to_extern(memory)}), "");
  store_.grow_memory(*memory, 1);
  EXPECT_EQ(refusal(builder, {to_extern(memory)}), "");
}

TEST_F(Instantiation, TableGlobalAndTagImportsMatch) {
  constexpr const char* kIncompatible = "incompatible import type";
  auto table = [&](const TableType& expected, const TableType& given) {
    ModuleBuilder builder(store_);
    builder.import_table(expected);
    return refusal(builder, {to_extern(store_.new_table(given, 0))});
  };
  EXPECT_EQ(table(test::table_type(kFuncRef, 1, 9), test::table_type(kFuncRef, 2, 9)), "");
  EXPECT_EQ(table(test::table_type(kFuncRef, 1, 9), test::table_type(kExternRef, 2, 9)), kIncompatible);
  EXPECT_EQ(table(test::table_type(kFuncRef, 1, 8), test::table_type(kFuncRef, 2, 9)), kIncompatible);

  auto global = [&](const GlobalType& expected, ValType type, bool is_mutable) {
    ModuleBuilder builder(store_);
    builder.import_global(expected);
    return refusal(builder, {to_extern(store_.new_global(type, is_mutable, 0, 0))});
  };
  ValType null_func = ValType::ref(AbstractHeap::nofunc, true);
  EXPECT_EQ(global({kFuncRef, false}, null_func, false), "");
  EXPECT_EQ(global({kFuncRef, true}, null_func, true), kIncompatible);
  EXPECT_EQ(global({kFuncRef, true}, kFuncRef, true), "");
  EXPECT_EQ(global({kFuncRef, false}, kFuncRef, true), kIncompatible);
  EXPECT_EQ(global({kI32, false}, kI64, false), kIncompatible);

  ModuleBuilder builder(store_);
  builder.import_tag(builder.add_func_type({kI32}, {}));
  EXPECT_EQ(refusal(builder, {to_extern(store_.new_tag(test::func_type(store_, {kI32}, {})))}), "");
  EXPECT_EQ(refusal(builder, {to_extern(store_.new_tag(test::func_type(store_, {kI64}, {})))}), kIncompatible);
}

TEST_F(Instantiation, GlobalsAreEvaluatedInOrder) {
  ModuleBuilder builder(store_);
  builder.import_global({kI32, false});
  // (global i32 (i32.add (i32.mul (global.get 0) (i32.const 3)) (i32.const -1)))
  builder->globals.push_back({{kI32, false}, builder.expr({0x23, 0x00, 0x41, 0x03, 0x6C, 0x41, 0x7F, 0x6A, 0x0B})});
  // (global i64 (i64.sub (i64.const 2) (i64.const 3)))
  builder->globals.push_back({{kI64, true}, builder.expr({0x42, 0x02, 0x42, 0x03, 0x7D, 0x0B})});
  builder->globals.push_back({{kI32, false}, builder.expr({0x23, 0x01, 0x0B})});  // refers to an earlier global
  Bytes vector = {0xFD, 0x0C};
  for (uint8_t i = 1; i <= 16; ++i) vector.push_back(i);
  vector.push_back(0x0B);
  builder->globals.push_back({{kV128, false}, builder.expr(vector)});
  builder->globals.push_back({{kV128, false}, builder.expr({0x23, 0x04, 0x0B})});
  Extern seven = to_extern(store_.new_global(kI32, false, 7, 0));
  auto instance = instantiate(store_, builder.finish(), {&seven, 1});
  ASSERT_TRUE(instance);
  GlobalInstance* const* globals = (*instance)->data().globals;
  EXPECT_EQ(globals[1]->value[0], 20u);
  EXPECT_EQ(globals[2]->value[0], ~uint64_t{0});
  EXPECT_EQ(globals[3]->value[0], 20u);
  EXPECT_EQ(globals[5]->value[0], 0x0807060504030201u);
  EXPECT_EQ(globals[5]->value[1], 0x100F0E0D0C0B0A09u);
  EXPECT_EQ(store_.context().stack_top, store_.context().stack_base);
}

TEST_F(Instantiation, ConstantExpressionsMakeObjectsThatSurvive) {
  ModuleBuilder builder(store_);
  SubType pair;
  pair.kind = CompositeKind::struct_;
  pair.fields = {{kAnyRef, true}, {TypeCode::i8, true}};
  builder.add_type(pair);
  SubType list;
  list.kind = CompositeKind::array;
  list.fields = {{kAnyRef, true}};
  builder.add_type(list);
  // (array.new_fixed 1 3 (struct.new 0 (ref.i31 (i32.const 5)) (i32.const 66)) (ref.null any) (array.new 1 (ref.null) (i32.const 2)))
  builder->globals.push_back(
      {{kAnyRef, false}, builder.expr({0x41, 0x05, 0xFB, 0x1C, 0x41, 0xC2, 0x00, 0xFB, 0x00, 0x00,  // struct.new 0
                                       0xD0, 0x6E,                                                  // ref.null any
                                       0xD0, 0x6E, 0x41, 0x02, 0xFB, 0x06, 0x01,                    // array.new 1
                                       0xFB, 0x08, 0x01, 0x03,            // array.new_fixed 1 3
                                       0xFB, 0x1B, 0xFB, 0x1A, 0x0B})});  // extern.convert_any any.convert_extern
  // (struct.new_default 0), (array.new_default 1 (i32.const 4))
  builder->globals.push_back({{kAnyRef, false}, builder.expr({0xFB, 0x01, 0x00, 0x0B})});
  builder->globals.push_back({{kAnyRef, false}, builder.expr({0x41, 0x04, 0xFB, 0x07, 0x01, 0x0B})});
  auto instance = instantiate(store_, builder.finish(), {});
  ASSERT_TRUE(instance);
  GlobalInstance* const* globals = (*instance)->data().globals;
  ArrayObject* array = to_array(globals[0]->value[0]);
  ASSERT_EQ(array->length, 3u);
  auto* items = reinterpret_cast<uint64_t*>(array->elements());
  EXPECT_EQ(items[1], 0u);
  EXPECT_EQ(to_array(items[2])->length, 2u);
  StructObject* object = to_struct(items[0]);
  const CanonicalType& type = *(*instance)->data().types[0];
  EXPECT_EQ(object->type, &type);
  EXPECT_EQ(*reinterpret_cast<uint64_t*>(object->field(type.field_offsets[0])), make_i31(5));
  EXPECT_EQ(*object->field(type.field_offsets[1]), 66);
  EXPECT_EQ(to_struct(globals[1]->value[0])->type, &type);
  EXPECT_EQ(to_array(globals[2]->value[0])->length, 4u);
}

TEST_F(Instantiation, ExhaustedHeapTrapsAndLeavesNothingBehind) {
  ModuleBuilder builder(store_);
  SubType list;
  list.kind = CompositeKind::array;
  list.fields = {{kI64, true}};
  builder.add_type(list);
  builder->memories.push_back(test::memory_type(1, 1));
  builder->globals.push_back(
      {{kAnyRef, false}, builder.expr({0x41, 0x7F, 0xFB, 0x07, 0x00, 0x0B})});  // length 2^32 - 1
  StoreMark before = store_.mark();
  auto result = instantiate(store_, builder.finish(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().outcome, Outcome::trap);
  EXPECT_EQ(store_.trap().code, TrapCode::gc_heap_exhausted);
  StoreMark after = store_.mark();
  EXPECT_EQ(after.memories, before.memories);
  EXPECT_EQ(after.instances, before.instances);
}

// Words of the value stack that nothing has overwritten yet still point to it.
TEST_F(Instantiation, WhatAFailedOneMadeKeepsItsTypes) {
  size_t types = store_.registry().size();
  {
    ModuleBuilder builder(store_);
    SubType pair;
    pair.kind = CompositeKind::struct_;
    pair.fields = {{kAnyRef, true}, {kI64, true}};
    builder.add_type(pair);
    builder->globals.push_back({{kAnyRef, false}, builder.expr({0xFB, 0x01, 0x00, 0x0B})});
    builder->tables.push_back({test::table_type(kFuncRef, limits::kMaxTableElements + 1, UINT32_MAX), {}});
    ASSERT_FALSE(instantiate(store_, builder.finish(), {}));
  }
  EXPECT_EQ(store_.registry().size(), types + 1);
  ExecutionContext& context = store_.context();
  HeapObject* made = store_.heap().find_object(*context.stack_top);
  ASSERT_NE(made, nullptr);
  ++context.stack_top;
  store_.heap().collect();
  --context.stack_top;
  EXPECT_EQ(made->type->ref_offsets.size(), 1u);
}

TEST_F(Instantiation, SegmentsAreCopiedAndActiveOnesDropped) {
  ModuleBuilder builder(store_);
  TypeIndex type = builder.add_func_type({}, {});
  FuncIndex f = builder.add_func(type, {0x0B});
  FuncIndex g = builder.add_func(type, {0x0B});
  builder->memories.push_back(test::memory_type(1, 1));
  builder->tables.push_back(
      {test::table_type(kFuncRef, 4, 4), builder.expr({0xD2, 0x00, 0x0B})});  // filled with ref.func 0
  builder->datas.push_back({SegmentMode::active, MemoryIndex(0), builder.expr(i32_const(5)), builder.bytes({1, 2, 3})});
  builder->datas.push_back({SegmentMode::passive, {}, {}, builder.bytes({9})});
  ElemSegment indices;
  indices.mode = SegmentMode::active;
  indices.table = TableIndex(0);
  indices.offset = builder.expr(i32_const(2));
  indices.type = kFuncRef;
  indices.count = 1;
  indices.items = builder.bytes({0x01});
  builder->elems.push_back(indices);
  ElemSegment expressions;
  expressions.type = kFuncRef;
  expressions.count = 2;
  expressions.is_expressions = true;
  expressions.items = builder.bytes({0xD2, 0x01, 0x0B, 0xD0, 0x70, 0x0B});
  builder->elems.push_back(expressions);
  ElemSegment declared = indices;
  declared.mode = SegmentMode::declarative;
  builder->elems.push_back(declared);
  builder->exports.push_back({builder.text("g"), ExternKind::func, g.value});
  builder->exports.push_back({builder.text("m"), ExternKind::memory, 0});

  auto instance = instantiate(store_, builder.finish(), {});
  ASSERT_TRUE(instance);
  InstanceData& data = (*instance)->data();
  const uint8_t expected[] = {0, 1, 2, 3, 0};
  EXPECT_EQ(std::memcmp(data.memory0_base + 4, expected, 5), 0);
  EXPECT_EQ(data.memory0_size, limits::kWasmPageBytes);
  auto ref_f = reinterpret_cast<uint64_t>(data.funcs[f.value]);
  auto ref_g = reinterpret_cast<uint64_t>(data.funcs[g.value]);
  const uint64_t* table = data.tables[0]->elements;
  EXPECT_EQ(table[1], ref_f);
  EXPECT_EQ(table[2], ref_g);
  EXPECT_EQ(table[3], ref_f);
  EXPECT_EQ(data.datas[0].size, 0u);
  EXPECT_EQ(data.datas[1].size, 1u);
  EXPECT_EQ(data.elems[0].size, 0u);
  EXPECT_EQ(data.elems[2].size, 0u);
  ASSERT_EQ(data.elems[1].size, 2u);
  EXPECT_EQ(data.elems[1].elements[0], ref_g);
  EXPECT_EQ(data.elems[1].elements[1], 0u);
  EXPECT_EQ(data.funcs[1], data.funcs[0] + 1);  // contiguous
  EXPECT_EQ((*instance)->export_at(0).func, data.funcs[g.value]);
  EXPECT_EQ((*instance)->export_at(1).memory, data.memories[0]);
}

TEST_F(Instantiation, OutOfBoundsSegmentsTrapAfterEarlierOnesWereWritten) {
  MemoryInstance* memory = store_.new_memory(test::memory_type(1, 1));
  ModuleBuilder builder(store_);
  builder.import_memory(test::memory_type(1, 1));
  builder->datas.push_back({SegmentMode::active, MemoryIndex(0), builder.expr(i32_const(0)), builder.bytes({1})});
  // i32.const -1: an address, not a negative number
  builder->datas.push_back({SegmentMode::active, MemoryIndex(0), builder.expr({0x41, 0x7F, 0x0B}), builder.bytes({2})});
  builder->datas.push_back({SegmentMode::active, MemoryIndex(0), builder.expr(i32_const(1)), builder.bytes({3})});
  Extern import = to_extern(memory);
  auto result = instantiate(store_, builder.finish(), {&import, 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().outcome, Outcome::trap);
  EXPECT_EQ(store_.trap().code, TrapCode::out_of_bounds_memory_access);
  EXPECT_EQ(memory->base[0], 1);
  EXPECT_EQ(memory->base[1], 0);
}

TEST_F(Instantiation, FailedOneKeepsItsFunctionsAliveInImportedTables) {
  TableInstance* table = store_.new_table(test::table_type(kFuncRef, 2, 2), 0);
  {
    ModuleBuilder builder(store_);
    builder.import_table(test::table_type(kFuncRef, 1, 9));
    builder.add_func(builder.add_func_type({}, {}), {0x0B});
    for (uint8_t offset : {1, 2}) {
      ElemSegment segment;
      segment.mode = SegmentMode::active;
      segment.table = TableIndex(0);
      segment.offset = builder.expr(i32_const(offset));
      segment.type = kFuncRef;
      segment.count = 1;
      segment.items = builder.bytes({0x00});
      builder->elems.push_back(segment);
    }
    Extern import = to_extern(table);
    auto result = instantiate(store_, builder.finish(), {&import, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(store_.trap().code, TrapCode::out_of_bounds_table_access);
  }
  auto* func = reinterpret_cast<FuncInstance*>(table->elements[1]);
  ASSERT_NE(func, nullptr);
  EXPECT_EQ(func->index, FuncIndex(0));
  EXPECT_EQ(func->instance->module->funcs.size(), 1u);
}

TEST_F(Instantiation, RefusesWhatExceedsTheStoresLimits) {
  StoreOptions options = test::test_options();
  options.max_memory_pages = 2;
  options.max_table_elements = 3;
  Store store(options);
  ModuleBuilder memory(store);
  memory->memories.push_back(test::memory_type(3, 3));
  auto result = instantiate(store, memory.finish(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::limit_exceeded);
  ModuleBuilder table(store);
  table->tables.push_back({test::table_type(kFuncRef, 4, 4), std::nullopt});
  result = instantiate(store, table.finish(), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::limit_exceeded);
}

TEST_F(Instantiation, PassiveElementsAreRootsUntilDropped) {
  ModuleBuilder builder(store_);
  SubType box;
  box.kind = CompositeKind::struct_;
  box.fields = {{kI32, true}};
  builder.add_type(box);
  ElemSegment segment;
  segment.type = kAnyRef;
  segment.count = 2;
  segment.is_expressions = true;
  segment.items = builder.bytes({0x41, 0x07, 0xFB, 0x00, 0x00, 0x0B, 0x41, 0x08, 0xFB, 0x00, 0x00, 0x0B});
  builder->elems.push_back(segment);
  auto instance = instantiate(store_, builder.finish(), {});
  ASSERT_TRUE(instance);
  ElemInstance& elem = (*instance)->data().elems[0];
  uint64_t ref = elem.elements[0];
  store_.heap().collect();
  ASSERT_NE(store_.heap().find_object(ref), nullptr);
  EXPECT_EQ(*to_struct(ref)->field(kObjectHeaderBytes), 7);
  elem_drop(elem);
  store_.heap().collect();
  EXPECT_EQ(store_.heap().find_object(ref), nullptr);
}

TEST(InstantiationStart, RunsAndItsTrapIsReported) {
  static int runs;
  runs = 0;
  StoreOptions options = test::test_options();
  options.execute = [](Store& store, const FuncInstance& func, uint64_t*) {
    ++runs;
    return func.index.value == 0 ? Outcome::ok : store.set_trap(TrapCode::unreachable);
  };
  Store store(options);
  for (uint32_t start : {0u, 1u}) {
    ModuleBuilder builder(store);
    TypeIndex type = builder.add_func_type({}, {});
    builder.add_func(type, {0x0B});
    builder.add_func(type, {0x0B});
    builder->start = FuncIndex(start);
    auto result = instantiate(store, builder.finish(), {});
    EXPECT_EQ(runs, static_cast<int>(start) + 1);
    if (start == 0) {
      EXPECT_TRUE(result);
    } else {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().outcome, Outcome::trap);
      EXPECT_EQ(store.trap().code, TrapCode::unreachable);
    }
  }
}

}  // namespace
}  // namespace arris::runtime
