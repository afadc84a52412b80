#include "arris/ref.h"

#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

constexpr std::string_view kObjects = R"((module
  (type $node (struct (field i64) (field (mut (ref null $node))) (field i8)))
  (type $bytes (array (mut i16)))
  (func (export "node") (param i64) (result (ref $node))
    (struct.new $node (local.get 0) (struct.new_default $node) (i32.const 200)))
  (func (export "value") (param (ref $node)) (result i64) (struct.get $node 0 (local.get 0)))
  (func (export "array") (param i32) (result arrayref) (array.new $bytes (i32.const 0x12345) (local.get 0)))
  (func (export "garbage") (param i32)
    (loop $l (drop (array.new_default $bytes (i32.const 1000)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "same") (param eqref eqref) (result i32) (ref.eq (local.get 0) (local.get 1)))
  (func (export "extern") (param externref) (result externref) local.get 0)
  (func (export "internalize") (param externref) (result anyref) (any.convert_extern (local.get 0)))
  (func $me (export "func") (result funcref) (ref.func $me))))";

TEST(Ref, SurvivesCollectionsAndKeepsItsIdentity) {
  Config config = testing::full_config();
  config.heap_zeal = true;
  World world(config);
  Instance instance = world.instantiate(kObjects);
  auto node = *instance.typed<Ref(int64_t)>("node");
  auto value = *instance.typed<int64_t(Ref)>("value");
  std::vector<Ref> nodes;
  for (int64_t i = 0; i < 50; ++i) nodes.push_back(*node(i));
  ASSERT_TRUE((*instance.typed<void(int32_t)>("garbage"))(20));
  world.store.collect();
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(*value(nodes[static_cast<size_t>(i)]), i);
  Ref copy = nodes[3];
  EXPECT_EQ(copy, nodes[3]);
  EXPECT_FALSE(copy == nodes[4]);
  EXPECT_EQ(*(*instance.typed<int32_t(Ref, Ref)>("same"))(copy, nodes[3]), 1);
}

TEST(Ref, ReleasesItsRootWithItsLastCopy) {
  World world;
  Instance instance = world.instantiate(kObjects);
  auto array = *instance.typed<Ref(int32_t)>("array");
  world.store.collect();
  uint64_t before = world.store.heap_stats().live_bytes;
  {
    Ref big = *array(1'000'000);
    Ref copy = big;
    big = Ref();
    world.store.collect();
    EXPECT_GE(world.store.heap_stats().live_bytes, before + 2'000'000);
    EXPECT_EQ(copy.length(), 1'000'000u);
  }
  // A conservative scan may meet a stale copy on the value stack: another call overwrites it.
  ASSERT_TRUE((*instance.typed<void(int32_t)>("garbage"))(2));
  world.store.collect();
  EXPECT_LT(world.store.heap_stats().live_bytes, before + 1'000'000);
}

TEST(Ref, TellsWhatItRefersTo) {
  World world;
  Instance instance = world.instantiate(kObjects);
  Ref node = *(*instance.typed<Ref(int64_t)>("node"))(-9);
  EXPECT_TRUE(node.is_struct() && node.is_eq() && node.is_any());
  EXPECT_FALSE(node.is_array() || node.is_func() || node.is_extern() || node.is_i31() || node.is_host() ||
               node.is_null());
  EXPECT_EQ(node.type(), ValType::ref(instance.func("value")->type().params[0].heap(), false));
  EXPECT_EQ(node.length(), 3u);
  EXPECT_EQ(node.get(0)->i64(), -9);
  EXPECT_TRUE(node.get(1)->ref().is_struct());
  EXPECT_TRUE(node.get(1)->ref().get(1)->ref().is_null());
  EXPECT_EQ(node.get(2)->i32(), 200);
  EXPECT_FALSE(node.get(3));
  Ref array = *(*instance.typed<Ref(int32_t)>("array"))(3);
  EXPECT_TRUE(array.is_array());
  EXPECT_EQ(array.length(), 3u);
  EXPECT_EQ(array.get(2)->u32(), 0x2345u);
  EXPECT_FALSE(array.get(3));
}

TEST(Ref, SmallIntegersKeepTheirSign) {
  Ref minus = Ref::i31(-5);
  EXPECT_TRUE(minus.is_i31() && minus.is_eq() && minus.is_any());
  EXPECT_EQ(minus.i31_s(), -5);
  EXPECT_EQ(minus.i31_u(), 0x7FFFFFFBu);
  EXPECT_EQ(minus, Ref::i31(-5));
}

TEST(Ref, HostValuesAreOpaqueToTheGuestAndComeBack) {
  World world;
  Instance instance = world.instantiate(kObjects);
  int object = 0;
  Ref host = *Ref::host(world.store, &object);
  EXPECT_TRUE(host.is_extern() && host.is_host());
  auto pass = *instance.typed<ExternRef(ExternRef)>("extern");
  Ref back = *pass(host);
  EXPECT_EQ(back, host);
  EXPECT_EQ(back.host_pointer(), &object);
  Ref inside = *(*instance.typed<AnyRef(ExternRef)>("internalize"))(host);
  EXPECT_TRUE(inside.is_any() && inside.is_host());
  EXPECT_FALSE(inside.is_extern() || inside.is_eq());
  EXPECT_EQ(inside, host.to_any());
  EXPECT_TRUE(inside.to_extern().is_extern());
  EXPECT_TRUE(pass(Ref())->is_null());
  EXPECT_FALSE(pass(Ref::i31(1)));  // another hierarchy
  EXPECT_EQ(*pass(Ref::i31(1).to_extern()), Ref::i31(1));
}

TEST(Ref, FunctionsLeadBackToTheirHandle) {
  World world;
  Instance instance = world.instantiate(kObjects);
  Ref func = *(*instance.typed<FuncRef()>("func"))();
  ASSERT_TRUE(func.is_func());
  EXPECT_EQ(func.as_func(), instance.func("func"));
  EXPECT_EQ(Ref::func(*instance.func("func")), func);
  Func host = Func::wrap(world.store, [] { return 3; });
  EXPECT_EQ(Ref::func(host).as_func(), host);
  EXPECT_EQ((*Ref::func(host).as_func()->call({}))[0].i32(), 3);
}

TEST(Ref, OfAnotherStoreIsRefused) {
  World world;
  Instance instance = world.instantiate(kObjects);
  Store other(world.engine);
  Ref foreign = *Ref::host(other, uint64_t{1});
  auto pass = *instance.typed<ExternRef(ExternRef)>("extern");
  EXPECT_FALSE(pass(foreign));
  Func foreign_func = Func::wrap(other, [] {});
  Table table = *Table::create(world.store, {kFuncRef, {.min = 1}});
  EXPECT_FALSE(table.set(0, Ref::func(foreign_func)));
}

TEST(Ref, MayOutliveItsStore) {
  Engine engine;
  std::optional<Ref> ref, copy;
  {
    Store store(engine);
    ref = *Ref::host(store, uint64_t{7});
    Store moved = std::move(store);
    EXPECT_EQ(ref->host_value(), 7u);
  }
  copy = ref;
  EXPECT_FALSE(copy->is_null());
  ref.reset();
  copy.reset();
}

TEST(Ref, HostFunctionsTakeAndReturnReferences) {
  World world;
  world.linker.define_func("h", "wrap", [](Caller& caller, uint64_t value) -> std::expected<Ref, Trap> {
    return Ref::host(caller.store(), value);
  });
  world.linker.define_func("h", "unwrap", [](Caller& caller, ExternRef ref) {
    caller.store().collect();
    return ref.is_null() ? uint64_t{0} : ref.host_value();
  });
  world.linker.define_func("h", "liar", [] { return ExternRef(Ref::i31(1)); });
  Instance instance = world.instantiate(R"((module (import "h" "wrap" (func $wrap (param i64) (result externref)))
    (import "h" "unwrap" (func $unwrap (param externref) (result i64))) (import "h" "liar" (func $liar (result externref)))
    (func (export "f") (param i64) (result i64) (call $unwrap (call $wrap (local.get 0))))
    (func (export "null") (result i64) (call $unwrap (ref.null extern)))
    (func (export "liar") (drop (call $liar)))))");
  EXPECT_EQ(*(*instance.typed<uint64_t(uint64_t)>("f"))(1234), 1234u);
  EXPECT_EQ(*(*instance.typed<uint64_t()>("null"))(), 0u);
  EXPECT_EQ((*instance.typed<void()>("liar"))().error().message(),
            "a host function returned a reference that does not match its type");
}

}  // namespace
}  // namespace arris::api
