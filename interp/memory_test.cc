// Addresses at every edge: 64-bit overflow, byte-sized pages, several memories, growth that the cached size has not seen.
#include <gtest/gtest.h>

#include "interp/test_machine.h"

namespace arris::interp {
namespace {

using test::Instance;
using test::Machine;

class Memories : public Machine {
 protected:
  void expect_out_of_bounds(Instance* instance, std::string_view name, const test::Slots& arguments) {
    expect_trap(instance, name, arguments, TrapCode::out_of_bounds_memory_access);
  }
};

constexpr uint64_t kPage = 65536;

TEST_F(Memories, Address64NeverWraps) {
  Instance* instance = run(R"((module (memory i64 1)
    (func (export "at") (param i64) (result i32) (i32.load8_u (local.get 0)))
    (func (export "short") (param i64) (result i64) (i64.load offset=120 (local.get 0)))
    (func (export "long") (param i64) (result i64) (i64.load offset=0xffffffffffffffff (local.get 0)))
    (func (export "store") (param i64) (i64.store offset=1 (local.get 0) (i64.const 1)))
    (func (export "vector") (param i64) (v128.store offset=16 (local.get 0) (v128.const i64x2 1 2)))))");
  expect(instance, "at", {kPage - 1}, {0});
  for (uint64_t bad : {kPage, uint64_t{1} << 32, ~uint64_t{0}}) expect_out_of_bounds(instance, "at", {bad});
  expect(instance, "short", {kPage - 128}, {0});
  for (uint64_t bad : {kPage - 127, ~uint64_t{0}, ~uint64_t{0} - 119, ~uint64_t{0} - 127, ~uint64_t{0} - 128}) {
    expect_out_of_bounds(instance, "short", {bad});
  }
  for (uint64_t bad : {uint64_t{0}, uint64_t{1}, uint64_t{9}, ~uint64_t{0}})
    expect_out_of_bounds(instance, "long", {bad});
  expect(instance, "store", {kPage - 9}, {});
  for (uint64_t bad : {kPage - 8, ~uint64_t{0}, ~uint64_t{0} - 1}) expect_out_of_bounds(instance, "store", {bad});
  expect(instance, "vector", {kPage - 32}, {});
  for (uint64_t bad : {kPage - 31, ~uint64_t{0} - 15, ~uint64_t{0} - 31})
    expect_out_of_bounds(instance, "vector", {bad});
}

TEST_F(Memories, Address32PlusOffsetMayPassFourGiB) {
  Instance* instance = run(R"((module (memory 1)
    (func (export "f") (param i32) (result i32) (i32.load offset=0xffffffff (local.get 0)))
    (func (export "g") (param i32) (result i32) (i32.load offset=100 (local.get 0)))))");
  for (uint64_t bad : {0u, 1u, 4u, 0xFFFFFFFFu}) expect_out_of_bounds(instance, "f", {bad});
  for (uint64_t bad : {0xFFFFFFFFu, 0xFFFFFFFFu - 99, 0xFFFFFFFFu - 103}) expect_out_of_bounds(instance, "g", {bad});
}

TEST_F(Memories, PagesOfOneByteEndAtAnyByte) {
  Instance* instance = run(R"((module (memory 5 20 (pagesize 1))
    (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "load64") (param i32) (result i64) (i64.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))))");
  expect(instance, "load8", {4}, {0});
  expect_out_of_bounds(instance, "load8", {5});
  expect(instance, "load32", {1}, {0});
  expect_out_of_bounds(instance, "load32", {2});
  expect_out_of_bounds(instance, "load64", {0});
  expect(instance, "grow", {3}, {5});
  expect(instance, "size", {}, {8});
  expect(instance, "load64", {0}, {0});
  expect_out_of_bounds(instance, "load64", {1});
  expect(instance, "grow", {13}, {0xFFFFFFFF});
}

TEST_F(Memories, GrowthElsewhereIsSeenBeforeTrapping) {
  Instance* owner = run(R"((module (memory (export "m") 1)
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32) (f64.store (local.get 0) (f64.const 1)))
    (func (export "add") (param i32) (result i32) (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
    (func (export "vector") (param i32) (result i32) (v128.any_true (v128.load (local.get 0))))))");
  Instance* other = run(R"((module (memory (import "" "m") 1)
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))))",
                        {get(*owner, "m")});
  expect_out_of_bounds(owner, "load", {kPage});
  expect(other, "grow", {}, {1});
  expect(owner, "load", {kPage}, {0});
  expect(other, "grow", {}, {2});
  expect(owner, "store", {2 * kPage}, {});
  expect(other, "grow", {}, {3});
  expect(owner, "add", {3 * kPage}, {0});
  expect(other, "grow", {}, {4});
  expect(owner, "vector", {4 * kPage}, {0});
  expect_out_of_bounds(owner, "load", {5 * kPage - 3});
}

TEST_F(Memories, SecondMemoryHasItsOwnBoundsAndWidth) {
  Instance* instance = run(R"((module (memory $a 2) (memory $b i64 1) (data (memory $b) (i64.const 8) "\2a")
    (func (export "b") (param i64) (result i32) (i32.load8_u $b offset=8 (local.get 0)))
    (func (export "lane") (param i64) (result i32)
      (i32x4.extract_lane 3 (v128.load8_lane $b offset=8 12 (local.get 0) (v128.const i64x2 0 0))))
    (func (export "store_lane") (param i64)
      (v128.store16_lane $b 1 (local.get 0) (v128.const i16x8 1 0x102 3 4 5 6 7 8)))
    (func (export "copy") (param i32 i64 i32) (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "a") (param i32) (result i32) (i32.load8_u $a (local.get 0)))
    (func (export "size") (result i32 i64) (memory.size $a) (memory.size $b))
    (func (export "atomic") (param i64) (result i64) (i64.atomic.load $b (local.get 0)))))");
  expect(instance, "b", {0}, {42});
  expect_out_of_bounds(instance, "b", {kPage - 8});
  expect_out_of_bounds(instance, "b", {~uint64_t{0} - 7});
  expect(instance, "lane", {0}, {42});
  expect(instance, "store_lane", {9}, {});
  expect(instance, "b", {1}, {2});
  expect(instance, "b", {2}, {1});
  expect(instance, "copy", {kPage + 1, 8, 3}, {});
  expect(instance, "a", {kPage + 1}, {42});
  expect(instance, "a", {kPage + 3}, {1});
  expect(instance, "size", {}, {2, 1});
  expect_trap(instance, "atomic", {1}, TrapCode::unaligned_atomic);
  expect_out_of_bounds(instance, "atomic", {kPage});
}

TEST_F(Memories, AtomicChecksAreAlignmentThenBoundsThenSharedness) {
  Instance* instance = run(R"((module (memory 1 1)
    (func (export "load") (param i32) (result i32) (i32.atomic.load (local.get 0)))
    (func (export "wait") (param i32) (result i32) (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const 0)))
    (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 1)))
    (func (export "swap8") (param i32 i32) (result i32)
      (i32.atomic.rmw8.cmpxchg_u (i32.const 3) (local.get 0) (local.get 1)))))");
  expect_trap(instance, "load", {kPage + 1}, TrapCode::unaligned_atomic);
  expect_out_of_bounds(instance, "load", {kPage});
  expect_trap(instance, "wait", {kPage + 1}, TrapCode::unaligned_atomic);
  expect_out_of_bounds(instance, "wait", {kPage});
  expect_trap(instance, "wait", {0}, TrapCode::expected_shared_memory);
  expect(instance, "notify", {0}, {0});
  expect_out_of_bounds(instance, "notify", {kPage});
  expect(instance, "swap8", {0x100, 0x2FF}, {0});  // operands wrap to the width
  expect(instance, "swap8", {0xFF, 1}, {0xFF});
  expect(instance, "swap8", {0, 9}, {1});
  expect(instance, "swap8", {1, 9}, {1});
}

}  // namespace
}  // namespace arris::interp
