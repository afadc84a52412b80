// Backtraces over frames written by hand as layout.h describes them.
#include <gtest/gtest.h>

#include "runtime/instance.h"
#include "runtime/test_module.h"

namespace arris::runtime {
namespace {

using test::Bytes;
using test::ModuleBuilder;

// (func $0 (nop) (call 1) (nop) (end))   call: 2 bytes at offset 1
// (func $1 (i32.const 5000) (drop) (call 0) (unreachable) (end))   i32.const: 3 bytes; call at 4; unreachable at 6
const Bytes kFirst = {0x01, 0x10, 0x01, 0x01, 0x0B};
const Bytes kSecond = {0x41, 0x88, 0x27, 0x1A, 0x10, 0x00, 0x00, 0x0B};

class Backtraces : public testing::Test {
 protected:
  Backtraces() {
    ModuleBuilder builder(store_);
    TypeIndex type = builder.add_func_type({kI32}, {});
    builder.bytes({0, 0, 0, 0, 0, 0, 0});  // so that offsets in the module and in functions differ
    first_ = builder.add_func(type, kFirst);
    second_ = builder.add_func(type, kSecond);
    module_ = builder.finish();
    instance_ = *instantiate(store_, module_, {});
    next_ = store_.context().stack_base;
  }

  const uint8_t* ip(FuncIndex func, uint32_t offset) { return module_->func_codes[func.value].code + offset; }
  uint32_t offset(FuncIndex func, uint32_t at) { return module_->bodies[func.value].code_offset + at; }

  // A frame of `func` (one parameter, then the record) whose caller goes on at `return_ip`.
  uint64_t* push_frame(FuncIndex func, const uint8_t* return_ip, uint64_t* caller) {
    uint64_t* locals = next_;
    const FuncCode& code = module_->func_codes[func.value];
    auto* record = reinterpret_cast<FrameRecord*>(locals + code.frame_offset);
    *record = {return_ip, nullptr, caller, caller ? &instance_->data() : nullptr};
    next_ = locals + code.frame_offset + kFrameRecordSlots;
    return locals;
  }

  static void expect_frame(const BacktraceFrame& frame, const Instance* instance, FuncIndex func, uint32_t at) {
    EXPECT_EQ(frame.module, &instance->module());
    EXPECT_EQ(frame.func, func);
    EXPECT_EQ(frame.offset, at);
  }

  Store store_{test::test_options()};
  std::shared_ptr<const Module> module_;
  Instance* instance_ = nullptr;
  FuncIndex first_, second_;
  uint64_t* next_ = nullptr;
};

TEST_F(Backtraces, NameTheTrappingAndTheCallingInstructions) {
  uint64_t* outer = push_frame(first_, nullptr, nullptr);
  uint64_t* inner = push_frame(second_, ip(first_, 3), outer);
  store_.set_trap(TrapCode::unreachable);
  store_.capture_backtrace(ip(second_, 6), inner, &instance_->data());
  const auto& trace = store_.trap().backtrace;
  ASSERT_EQ(trace.size(), 2u);
  expect_frame(trace[0], instance_, second_, offset(second_, 6));
  expect_frame(trace[1], instance_, first_, offset(first_, 1));
  EXPECT_EQ(store_.trap().omitted_frames, 0u);
}

TEST_F(Backtraces, PointToTheStartOfAnInstruction) {
  uint64_t* locals = push_frame(second_, nullptr, nullptr);
  store_.set_trap(TrapCode::unreachable);
  store_.capture_backtrace(ip(second_, 2), locals, &instance_->data());
  ASSERT_EQ(store_.trap().backtrace.size(), 1u);
  expect_frame(store_.trap().backtrace[0], instance_, second_, offset(second_, 0));
}

TEST_F(Backtraces, AreCapturedOncePerTrap) {
  uint64_t* locals = push_frame(second_, nullptr, nullptr);
  store_.set_trap(TrapCode::unreachable);
  store_.capture_backtrace(ip(second_, 6), locals, &instance_->data());
  store_.capture_backtrace(ip(second_, 0), locals, &instance_->data());
  EXPECT_EQ(store_.trap().backtrace[0].offset, offset(second_, 6));
  store_.set_trap(TrapCode::unreachable);
  EXPECT_TRUE(store_.trap().backtrace.empty());
}

TEST_F(Backtraces, AreNotWalkedAgainForATrapThatHasOne) {
  uint64_t* locals = push_frame(second_, nullptr, nullptr);
  TrapState trap{.code = TrapCode::unreachable};
  trap.has_backtrace = true;
  store_.set_trap(std::move(trap));
  store_.capture_backtrace(ip(second_, 6), locals, &instance_->data());
  EXPECT_TRUE(store_.trap().backtrace.empty());
}

TEST_F(Backtraces, KeepBothEndsOfDeepRecursion) {
  uint64_t* locals = push_frame(first_, nullptr, nullptr);
  constexpr uint32_t kDepth = 100'001;
  for (uint32_t i = 1; i < kDepth; ++i) {
    locals = i % 2 ? push_frame(second_, ip(first_, 3), locals) : push_frame(first_, ip(second_, 6), locals);
  }
  ASSERT_LE(next_, store_.context().stack_limit);
  store_.set_trap(TrapCode::call_stack_exhausted);
  store_.capture_backtrace(ip(first_, 1), locals, &instance_->data());
  const auto& trace = store_.trap().backtrace;
  ASSERT_EQ(trace.size(), 2 * kBacktraceEnds);
  EXPECT_EQ(store_.trap().omitted_frames, kDepth - 2 * kBacktraceEnds);
  for (uint32_t i = 0; i < kBacktraceEnds;
       ++i) {  // from either end, first_ and second_ alternate beginning with first_
    bool is_first = i % 2 == 0;
    FuncIndex func = is_first ? first_ : second_;
    uint32_t call = is_first ? offset(first_, 1) : offset(second_, 4);
    expect_frame(trace[i], instance_, func, call);
    expect_frame(trace[trace.size() - 1 - i], instance_, func, call);
  }
}

TEST_F(Backtraces, CountFramesBetweenOneAndTwoEnds) {
  for (uint32_t depth : {kBacktraceEnds, kBacktraceEnds + 1, 2 * kBacktraceEnds, 2 * kBacktraceEnds + 1}) {
    next_ = store_.context().stack_base;
    uint64_t* locals = push_frame(first_, nullptr, nullptr);
    for (uint32_t i = 1; i < depth; ++i) locals = push_frame(first_, ip(first_, 3), locals);
    store_.set_trap(TrapCode::unreachable);
    store_.capture_backtrace(ip(first_, 0), locals, &instance_->data());
    EXPECT_EQ(store_.trap().backtrace.size() + store_.trap().omitted_frames, depth);
    EXPECT_EQ(store_.trap().omitted_frames, depth > 2 * kBacktraceEnds ? 1u : 0u);
  }
}

// wasm first -> host -> (invoke) wasm second, which traps. The tier is played by a callback.
TEST(BacktracesAcrossHost, ContinueBelowHostFunctions) {
  struct World {
    Instance* instance = nullptr;
    FuncInstance* host = nullptr;
  };
  static World world;
  StoreOptions options = test::test_options();
  options.execute = [](Store& store, const FuncInstance& func, uint64_t* slots) {
    auto* record = reinterpret_cast<FrameRecord*>(slots + func.code->frame_offset);
    *record = {};
    store.context().stack_top = slots + func.code->frame_offset + kFrameRecordSlots;
    if (func.index.value == 0) {
      return store.call_host(*world.host, func.instance, store.context().stack_top, func.code->code + 1, slots);
    }
    store.set_trap(TrapCode::unreachable);
    store.capture_backtrace(func.code->code + 6, slots, func.instance);
    return Outcome::trap;
  };
  Store store(options);
  auto host = [](void*, Store& s, InstanceData* caller, uint64_t*) {
    EXPECT_EQ(caller, &world.instance->data());
    uint64_t argument = 0;
    return s.invoke(*caller->funcs[1], {&argument, 1}, {});
  };
  world.host = store.new_host_func(test::func_type(store, {}, {}), host, nullptr, nullptr);
  ModuleBuilder builder(store);
  TypeIndex type = builder.add_func_type({kI32}, {});
  builder.add_func(type, kFirst);
  builder.add_func(type, kSecond);
  auto module = builder.finish();
  world.instance = *instantiate(store, module, {});

  uint64_t argument = 0;
  EXPECT_EQ(store.invoke(*world.instance->data().funcs[0], {&argument, 1}, {}), Outcome::trap);
  TrapState trap = store.take_trap();
  ASSERT_EQ(trap.backtrace.size(), 3u);
  EXPECT_EQ(trap.backtrace[0].func, FuncIndex(1));
  EXPECT_EQ(trap.backtrace[0].offset, module->bodies[1].code_offset + 6);
  EXPECT_EQ(trap.backtrace[1].module, nullptr);
  EXPECT_EQ(trap.backtrace[2].func, FuncIndex(0));
  EXPECT_EQ(trap.backtrace[2].offset, module->bodies[0].code_offset + 1);

  // The host puts an earlier trap on its way again: the backtrace stays.
  store.set_trap(std::move(trap));
  EXPECT_EQ(store.trap().backtrace.size(), 3u);
}

}  // namespace
}  // namespace arris::runtime
