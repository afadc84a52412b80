// What compiled code does in line where others call the runtime: copies and fills of a few bytes, allocation of small objects. The
// same results, traps and memory as the interpreter's, at every size and near every end.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/guest.h"

namespace arris::test {
namespace {

api::Config interpreter() {
  api::Config config;
  config.tier = api::Tier::interp;
  return config;
}

struct Guest {
  Guest(const api::Config& config, const std::string& text)
      : engine(config),
        store(engine),
        instance(instantiate(api::Linker(engine), store, compile_text(engine, "guest", text))) {}
  std::string run(const std::string& name, std::vector<api::Val> arguments) {
    auto result = func(instance, name).call(arguments);
    if (!result) return result.error().to_string();
    return result->empty() ? "" : std::to_string(result->front().i32());
  }

  api::Engine engine;
  api::Store store;
  api::Instance instance;
};

constexpr int kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 47, 48, 63, 64, 65, 127, 128, 129};

std::string bulk_guest() {
  std::string text = "(module (memory (export \"memory\") 1)";
  for (int size : kSizes) {
    const std::string n = std::to_string(size), constant = "(i32.const " + n + ")";
    text +=
        "(func (export \"copy" + n + "\") (param i32 i32) (memory.copy (local.get 0) (local.get 1) " + constant + "))";
    text +=
        "(func (export \"fill" + n + "\") (param i32 i32) (memory.fill (local.get 0) (local.get 1) " + constant + "))";
    text += "(func (export \"fives" + n + "\") (param i32 i32) (memory.fill (local.get 0) (i32.const 0x1F5) " +
            constant + "))";
  }
  return text + ")";
}

TEST(InLine, SmallCopiesAndFillsAreTheInterpreters) {
  Guest expected(interpreter(), bulk_guest());
  Guest guest(base_config(), bulk_guest());
  const std::span<uint8_t> wanted = expected.instance.memory("memory")->data();
  const std::span<uint8_t> memory = guest.instance.memory("memory")->data();
  uint32_t seed = 1;
  for (size_t i = 0; i < wanted.size(); ++i)
    wanted[i] = memory[i] = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
  const auto both = [&](const std::string& name, int32_t a, int32_t b) {
    EXPECT_EQ(guest.run(name, {a, b}), expected.run(name, {a, b})) << name << " " << a << " " << b;
    ASSERT_TRUE(std::ranges::equal(memory, wanted)) << name << " " << a << " " << b;
  };
  for (int size : kSizes) {
    const std::string n = std::to_string(size);
    const int32_t end = 65536 - size;
    for (int32_t to : {0, 100, end - 1, end, end + 1, 65535, 65536, 65537, -1, -size}) {
      for (int32_t from : {100 - size / 2, 99, 101, 130, end, end + 1, -1}) both("copy" + n, to, from);
      both("fill" + n, to, 0x1234567 + to);
      both("fives" + n, to, 0);
    }
  }
}

// A list of structs and arrays of every kind of field, long enough for many collections; then its checksum.
constexpr std::string_view kObjects = R"((module
  (type $bytes (array (mut i8)))
  (type $vectors (array v128))
  (type $pair (array (mut i64)))
  (rec (type $node (sub (struct (field i8) (field (mut i16)) (field i32) (field i64) (field f32) (field f64) (field v128)
                     (field (ref null $node)) (field (ref $bytes)) (field (ref $pair)) (field i31ref)))))
  (type $empty (struct (field (mut i64)) (field (mut anyref))))
  (func $make (param $i i32) (param $next (ref null $node)) (result (ref $node)) (local $b (ref null $bytes)) (local $x f64)
    (local.set $x (f64.convert_i32_s (local.get $i)))
    (local.set $b (array.new_fixed $bytes 3 (local.get $i) (i32.const 0) (i32.shr_u (local.get $i) (i32.const 8))))
    (struct.new $node (local.get $i) (i32.const -2) (i32.mul (local.get $i) (i32.const 3))
      (i64.extend_i32_u (local.get $i)) (f32.const 1.5) (f64.add (local.get $x) (f64.const 0.5))
      (i32x4.splat (local.get $i)) (local.get $next) (ref.as_non_null (local.get $b))
      (array.new $pair (i64.extend_i32_s (local.get $i)) (i32.const 2)) (ref.i31 (local.get $i))))
  (func $sum (param $n (ref null $node)) (result i32) (local $sum i32) (local $m (ref $node))
    (block $end
      (loop $again
        (local.set $m (br_on_null $end (local.get $n)) )
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (struct.get_s $node 0 (local.get $m))))
        (local.set $sum (i32.add (local.get $sum) (struct.get_u $node 1 (local.get $m))))
        (local.set $sum (i32.xor (local.get $sum) (struct.get $node 2 (local.get $m))))
        (local.set $sum (i32.add (local.get $sum) (i32.wrap_i64 (struct.get $node 3 (local.get $m)))))
        (local.set $sum (i32.add (local.get $sum) (i32.reinterpret_f32 (struct.get $node 4 (local.get $m)))))
        (local.set $sum (i32.add (local.get $sum) (i32.trunc_f64_s (f64.mul (f64.const 2) (struct.get $node 5 (local.get $m))))))
        (local.set $sum (i32.add (local.get $sum) (i32x4.extract_lane 3 (struct.get $node 6 (local.get $m)))))
        (local.set $sum (i32.add (local.get $sum) (array.get_u $bytes (struct.get $node 8 (local.get $m)) (i32.const 0))))
        (local.set $sum (i32.add (local.get $sum) (array.get_u $bytes (struct.get $node 8 (local.get $m)) (i32.const 2))))
        (local.set $sum (i32.add (local.get $sum) (array.len (struct.get $node 8 (local.get $m)))))
        (local.set $sum (i32.add (local.get $sum) (i32.wrap_i64 (array.get $pair (struct.get $node 9 (local.get $m)) (i32.const 1)))))
        (local.set $sum (i32.add (local.get $sum) (i31.get_s (struct.get $node 10 (local.get $m)))))
        (local.set $n (struct.get $node 7 (local.get $m)))
        (br $again)))
    (local.get $sum))
  (func (export "list") (param $count i32) (result i32) (local $head (ref null $node)) (local $junk (ref null $empty))
    (loop $again
      (local.set $head (call $make (local.get $count) (local.get $head)))
      (local.set $junk (struct.new_default $empty))
      (struct.set $empty 1 (local.get $junk) (local.get $head))
      (struct.set $empty 0 (local.get $junk) (i64.add (struct.get $empty 0 (local.get $junk)) (i64.const 7)))
      (drop (array.new_default $vectors (i32.const 5)))
      (drop (array.new_default $bytes (i32.const 0)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i32.add (call $sum (local.get $head)) (i32.wrap_i64 (struct.get $empty 0 (local.get $junk)))))
  ;; Many values alive, in registers and as constants, below operands that are constants, locals and stored ones.
  (func (export "alive") (param $a i32) (param $b i64) (param $c f64) (result i32) (local $n (ref null $pair))
    (i32.add
      (i32.add (local.get $a)
        (i32.wrap_i64 (i64.add (i64.mul (local.get $b) (i64.const 3))
          (i64.add (i64.trunc_f64_s (f64.mul (local.get $c) (f64.const 4)))
            (array.get $pair
              (local.tee $n (array.new_fixed $pair 4 (i64.const 9) (local.get $b) (i64.const 0) (i64.add (local.get $b) (i64.const 1))))
              (local.get $a))))))
      (i32.wrap_i64 (i64.add (array.get $pair (local.get $n) (i32.const 0)) (array.get $pair (local.get $n) (i32.const 3))))))
))";

TEST(InLine, AllocatedObjectsAreTheInterpreters) {
  for (const bool zeal : {false, true}) {
    api::Config config = base_config();
    config.limits.max_heap_bytes = 16 << 20;
    config.heap_zeal = zeal;
    Guest expected(interpreter(), std::string(kObjects));
    Guest guest(config, std::string(kObjects));
    for (const int32_t count : {1, 2, 40, 300, zeal ? 301 : 20'000 / kScale})
      EXPECT_EQ(guest.run("list", {count}), expected.run("list", {count})) << count;
    for (const int32_t a : {0, 1, 2, 3, 4}) {
      for (int round = 0; round < 50; ++round)
        EXPECT_EQ(guest.run("alive", {a, int64_t{11}, 2.5}), expected.run("alive", {a, int64_t{11}, 2.5}));
    }
  }
}

}  // namespace
}  // namespace arris::test
