// Core dumps, read back with a reader of the format and instantiated as the modules they are.
#include "arris/core_dump.h"

#include <cstring>
#include <optional>

#include "arris/inspect.h"
#include "engine/engine_testing.h"

namespace arris::api {
namespace {

using testing::World;

Config interpreted() {
  Config config;
  config.features = Features::all();
  config.tier = Tier::interp;
  return config;
}

struct Value {
  uint8_t type;
  uint64_t bits;
  friend bool operator==(const Value&, const Value&) = default;
};
constexpr Value kMissing{0x01, 0};
Value i32(int32_t v) { return {0x7F, static_cast<uint64_t>(int64_t{v})}; }
Value i64(int64_t v) { return {0x7E, static_cast<uint64_t>(v)}; }

struct CoreFrame {
  uint32_t instance, func, offset;
  std::vector<Value> locals, stack;
};

// Trusting: the dump has been decoded by the engine before.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : p_(bytes.data()), end_(p_ + bytes.size()) {}
  bool at_end() const { return p_ == end_; }
  uint8_t u8() { return *p_++; }
  uint64_t sleb() {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
      byte = *p_++;
      value |= uint64_t{byte & 0x7Fu} << shift;
      shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40)) value |= ~uint64_t{0} << shift;
    return value;
  }
  uint32_t u32() {
    uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      uint8_t byte = *p_++;
      value |= static_cast<uint32_t>(byte & 0x7F) << shift;
      if (!(byte & 0x80)) return value;
    }
  }
  std::string text() {
    uint32_t size = u32();
    std::string out(reinterpret_cast<const char*>(p_), size);
    p_ += size;
    return out;
  }
  std::vector<Value> values() {
    std::vector<Value> all;
    for (uint32_t n = u32(); n > 0; --n) {
      Value value{u8(), 0};
      if (value.type == 0x7F || value.type == 0x7E) value.bits = sleb();
      if (value.type == 0x7D || value.type == 0x7C) {
        size_t size = value.type == 0x7D ? 4 : 8;
        std::memcpy(&value.bits, p_, size);
        p_ += size;
      }
      all.push_back(value);
    }
    return all;
  }

 private:
  const uint8_t* p_;
  const uint8_t* end_;
};

// Runs `name` of the module, which traps, and returns the dump.
std::vector<uint8_t> dump_of(World& world, Instance instance, std::string_view name, std::vector<Val> arguments) {
  std::vector<uint8_t> dump;
  int count = 0;
  world.store.on_trap([&](const CoreDump& core) {
    ++count;
    dump.clear();
    EXPECT_TRUE(core.write("program.wasm", [&](std::span<const uint8_t> piece) {
      dump.insert(dump.end(), piece.begin(), piece.end());
      return true;
    }));
  });
  EXPECT_FALSE(instance.func(name)->call(arguments));
  EXPECT_EQ(count, 1);
  return dump;
}

std::span<const uint8_t> section(const std::vector<uint8_t>& dump, std::string_view name) {
  for (const SectionView& one : read_sections(dump).sections) {
    if (one.id == 0 && one.name == name) return one.payload;
  }
  ADD_FAILURE() << "no section " << name;
  return {};
}

std::vector<CoreFrame> frames_of(const std::vector<uint8_t>& dump) {
  Reader in(section(dump, "corestack"));
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.text(), "main");
  std::vector<CoreFrame> frames;
  for (uint32_t n = in.u32(); n > 0; --n) {
    EXPECT_EQ(in.u8(), 0);
    CoreFrame frame;
    frame.instance = in.u32();
    frame.func = in.u32();
    frame.offset = in.u32();
    frame.locals = in.values();
    frame.stack = in.values();
    frames.push_back(std::move(frame));
  }
  EXPECT_TRUE(in.at_end());
  return frames;
}

TEST(CoreDump, HoldsFramesLocalsAndOperands) {
  World world(interpreted());
  Instance instance = world.instantiate(R"((module $crash
    (memory (export "m") 3)
    (global (export "g") (mut i64) (i64.const 5))
    (func $divide (param $a i32) (param $b i32) (result i32) (local $t i64) (local $f f32) (local $v v128) (local $r funcref)
      (local.set $t (i64.const -7)) (local.set $f (f32.const 1.5))
      (i64.const 11) (i32.const 13)
      (i32.div_s (local.get $a) (local.get $b))
      (i32.add) (drop) (drop) (i32.const 0))
    (func (export "run") (param i32) (result i32)
      (global.set 0 (i64.const -9))
      (i32.store (i32.const 70000) (i32.const 0x11223344))
      (i32.const 21)
      (call $divide (i32.const 6) (local.get 0))
      (i32.add))))");
  std::vector<uint8_t> dump = dump_of(world, instance, "run", {Val(0)});
  std::vector<CoreFrame> frames = frames_of(dump);
  ASSERT_EQ(frames.size(), 2u);
  std::span<const uint8_t> bytes = instance.module().bytes();
  ModuleFacts facts = inspect(bytes);
  auto opcode = [&](const CoreFrame& f) { return bytes[facts.funcs[f.func].offset + f.offset]; };
  EXPECT_EQ(frames[0].func, 0u);
  EXPECT_EQ(frames[1].func, 1u);
  EXPECT_EQ(opcode(frames[1]), 0x10);  // call
  uint64_t one_and_a_half = 0x3FC00000;
  EXPECT_EQ(frames[0].locals,
            (std::vector<Value>{i32(6), i32(0), i64(-7), {0x7D, one_and_a_half}, kMissing, kMissing}));
  ASSERT_GE(frames[0].stack.size(), 2u);
  EXPECT_EQ(frames[0].stack[0], i64(11));
  EXPECT_TRUE(frames[0].stack[1] == i32(13) || frames[0].stack[1] == kMissing);
  EXPECT_EQ(frames[1].locals, (std::vector<Value>{i32(0)}));
  EXPECT_EQ(frames[1].stack, (std::vector<Value>{i32(21)}));

  Reader core(section(dump, "core"));
  EXPECT_EQ(core.u8(), 0);
  EXPECT_EQ(core.text(), "program.wasm");
  Reader modules(section(dump, "coremodules"));
  EXPECT_EQ(modules.u32(), 1u);
  EXPECT_EQ(modules.u8(), 0);
  EXPECT_EQ(modules.text(), "crash");
  Reader instances(section(dump, "coreinstances"));
  EXPECT_EQ(instances.u32(), 1u);
  EXPECT_EQ(instances.u8(), 0);
  EXPECT_EQ(instances.u32(), 0u);  // module
  EXPECT_EQ(instances.u32(), 1u);  // memories
  EXPECT_EQ(instances.u32(), 0u);
  EXPECT_EQ(instances.u32(), 1u);  // globals
  EXPECT_EQ(instances.u32(), 0u);
  EXPECT_TRUE(instances.at_end());
}

TEST(CoreDump, IsAModuleWithTheMemoriesAndGlobals) {
  World world(interpreted());
  Instance instance = world.instantiate(R"((module
    (memory 1 2) (memory i64 2)
    (global (mut i32) (i32.const -3)) (global (mut f64) (f64.const 2.5)) (global (mut v128) (v128.const i64x2 1 2))
    (global (mut externref) (ref.null extern)) (global (mut anyref) (ref.i31 (i32.const 5))) (global (mut funcref) (ref.func 0))
    (func (export "run")
      (i64.store offset=4090 (i32.const 0) (i64.const -2))
      (i32.store8 1 (i64.const 131071) (i32.const 99))
      (global.set 0 (i32.const 77))
      unreachable)))");
  std::vector<uint8_t> dump = dump_of(world, instance, "run", {});
  ModuleFacts facts = inspect(dump);
  ASSERT_FALSE(facts.error) << facts.error->to_string();
  EXPECT_EQ(facts.memories, (std::vector<std::string>{"(memory 1 2)", "(memory i64 2)"}));
  EXPECT_EQ(facts.globals, (std::vector<std::string>{"(global i32)", "(global f64)", "(global v128)",
                                                     "(global externref)", "(global anyref)", "(global funcref)"}));
  EXPECT_EQ(facts.data.count, 2u);
  EXPECT_EQ(facts.data.size, 3 * 4096u);  // the first value lies on two pages

  // Instantiated, its memories and globals have the values: seen through the text format, with exports added.
  auto module = Module::compile(world.engine, dump);
  ASSERT_TRUE(module);
  std::string text = module->to_text();
  size_t end = text.rfind(')');
  text.insert(
      end, "(export \"a\" (memory 0)) (export \"b\" (memory 1)) (export \"g\" (global 0)) (export \"h\" (global 1))");
  Instance restored = world.instantiate(text);
  EXPECT_EQ(restored.memory("a")->load<int64_t>(4090), -2);
  EXPECT_EQ(restored.memory("b")->load<uint8_t>(131071), 99);
  EXPECT_EQ(restored.memory("b")->load<uint8_t>(131070), 0);
  EXPECT_EQ(restored.global("g")->get().i32(), 77);
  EXPECT_EQ(restored.global("h")->get().f64(), 2.5);
}

TEST(CoreDump, GoesAcrossInstancesAndHostFunctions) {
  World world(interpreted());
  Instance inner = world.instantiate(R"((module $inner (memory (export "m") 1)
    (func (export "crash") (param i32) unreachable)))");
  world.linker.define_instance("inner", inner);
  world.linker.define_func("h", "through",
                           [](Caller& caller) { return (*caller.instance()->typed<void()>("middle"))(); });
  Instance outer = world.instantiate(R"((module $outer (import "inner" "m" (memory 1))
    (import "inner" "crash" (func $crash (param i32))) (import "h" "through" (func $through))
    (func (export "middle") (call $crash (i32.const 5)))
    (func (export "run") (local i64) (local.set 0 (i64.const 1)) (call $through))))");
  std::vector<CoreFrame> frames = frames_of(dump_of(world, outer, "run", {}));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].instance, 0u);
  EXPECT_EQ(frames[0].locals, (std::vector<Value>{i32(5)}));
  EXPECT_EQ(frames[1].instance, 1u);
  EXPECT_EQ(frames[2].instance, 1u);
  EXPECT_EQ(frames[2].locals, (std::vector<Value>{i64(1)}));
}

TEST(CoreDump, IsNotMadeForExitsAndStopsWhenTheSinkSaysSo) {
  World world(interpreted());
  world.linker.define_func("h", "exit", []() -> std::expected<void, Trap> { return std::unexpected(Trap::exit(3)); });
  Instance instance = world.instantiate(R"((module (import "h" "exit" (func $exit)) (memory 1)
    (func (export "exit") (call $exit)) (func (export "trap") (i32.store (i32.const 0) (i32.const 1)) unreachable)))");
  int dumps = 0;
  world.store.on_trap([&](const CoreDump& core) {
    ++dumps;
    EXPECT_EQ(core.code(), TrapCode::unreachable);
    EXPECT_FALSE(core.write("", [](std::span<const uint8_t>) { return false; }));
  });
  EXPECT_FALSE(instance.func("exit")->call({}));
  EXPECT_EQ(dumps, 0);
  EXPECT_FALSE(instance.func("trap")->call({}));
  EXPECT_EQ(dumps, 1);
  world.store.on_trap(nullptr);
  EXPECT_FALSE(instance.func("trap")->call({}));
  EXPECT_EQ(dumps, 1);
}

TEST(CoreDump, OfVeryDeepStacks) {
  World world(interpreted());
  Instance instance = world.instantiate(
      "(module (func $f (export \"run\") (param i32) (result i32)"
      " (i32.add (i32.const 1) (call $f (i32.add (local.get 0) (i32.const 1))))))");
  std::vector<CoreFrame> frames = frames_of(dump_of(world, instance, "run", {Val(0)}));
  EXPECT_EQ(frames.size(), 100u);
  EXPECT_EQ(frames.back().locals, (std::vector<Value>{i32(0)}));
  EXPECT_EQ(frames[98].locals, (std::vector<Value>{i32(1)}));
  EXPECT_EQ(frames[98].stack, (std::vector<Value>{i32(1)}));
}

}  // namespace
}  // namespace arris::api
