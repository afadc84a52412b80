// On alignment: bodies of compiled functions have rsp aligned to 16, so at a stub's first instruction rsp is 8 past that.
#include "jit/stubs.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "masm/x64.h"
#include "runtime/store.h"

namespace arris::jit {
namespace {

using masm::Address;
using masm::at;
using masm::Cond;
using masm::Fp;
using masm::FpKind;
using masm::Gp;
using masm::Label;
using masm::Width;
using Masm = masm::X64Masm;
using runtime::ExecutionContext;
using runtime::FuncInstance;
using runtime::InstanceData;
using runtime::Outcome;

constexpr Gp kStack = Masm::kStack;
constexpr Gp kInstance = Masm::kInstance;
// Free in stubs: neither arguments nor kept for anybody.
constexpr Gp kTemp = Masm::kRbx;

constexpr Gp kSavedForC[] = {Masm::kRbp, Masm::kRbx, Masm::kR12, Masm::kR13, Masm::kR14, Masm::kR15};
static_assert(std::size(kSavedForC) % 2 == 0);  // with the image's address below, rsp is aligned

constexpr int32_t kWord = sizeof(uint64_t);

template <class Member>
int32_t offset_of_member(Member member) {
  return static_cast<int32_t>(member);
}
#define OFFSET(type, member) offset_of_member(offsetof(type, member))

class StubWriter {
 public:
  explicit StubWriter(masm::CpuFeatures features) : masm_(features) {}

  Stubs write(runtime::CodeSpace& space) {
    const uint32_t trap = begin("trap");
    write_trap();
    const uint32_t throw_exception = begin("throw");
    write_throw();
    const uint32_t call_other = begin("call_other");
    const uint32_t instance_return = write_call_other();
    const uint32_t tail_call_other = begin("tail_call_other");
    write_tail_call_other();
    const uint32_t interrupt = begin("interrupt");
    write_interrupt(false);
    const uint32_t interrupt_entry = begin("interrupt_entry");
    write_interrupt(true);
    const uint32_t slow_entry = begin("slow_entry");
    write_slow_entry(&slow_call);
    const uint32_t beyond_stack = begin("beyond_stack");
    write_slow_entry(&interpret_call);
    begin("leave_frame");
    masm_.bind(leave_frame_);
    write_slow_entry(&interpret_frame);
    const uint32_t enter = begin("enter");
    write_enter();
    const uint32_t enter_loop = begin("enter_loop");
    masm_.push(Masm::kLocals);
    frame_is(2 * kWord);
    move(Masm::kLocals, Masm::kArgumentBase);
    masm_.jump_reg(Masm::kCallee);
    described_.back().end = masm_.offset();
    CHECK(masm_.finish());

    Stubs stubs;
    const std::span<const uint8_t> code = masm_.code();
    const std::span<uint8_t> pages = space.allocate(code.size());
    if (pages.empty()) return stubs;
    std::memcpy(pages.data(), code.data(), code.size());
    auto block = std::make_unique<runtime::CodeBlock>();
    block->stubs = std::move(described_);
    stubs.block = space.publish(pages, std::move(block));
    if (stubs.block == nullptr) return stubs;
    const uint8_t* begin = stubs.block->begin;
    stubs.enter_loop = begin + enter_loop;
    stubs.trap = begin + trap;
    stubs.throw_exception = begin + throw_exception;
    stubs.call_other = begin + call_other;
    stubs.tail_call_other = begin + tail_call_other;
    stubs.interrupt = begin + interrupt;
    stubs.interrupt_entry = begin + interrupt_entry;
    stubs.slow_entry = begin + slow_entry;
    stubs.beyond_stack = begin + beyond_stack;
    stubs.enter = reinterpret_cast<Enter>(reinterpret_cast<uintptr_t>(begin + enter));
    stubs.leave = begin + masm_.offset_of(leave_);
    stubs.instance_return = reinterpret_cast<uintptr_t>(begin + instance_return);
    return stubs;
  }

 private:
  uint32_t begin(const char* name) {
    masm_.align(16);
    const uint32_t here = masm_.offset();
    if (!described_.empty()) described_.back().end = here;
    described_.push_back({name, here, here, here, 0, false});
    return here;
  }
  // From here on the stub has so much of the stack, its return address included.
  void frame_is(uint32_t bytes) {
    described_.back().frame_at = masm_.offset();
    described_.back().frame_bytes = bytes;
  }
  void load(Gp d, const Address& from) { masm_.load_gp(Width::w64, d, from); }
  void store(const Address& to, Gp s) { masm_.store_gp(Width::w64, to, s); }
  void move(Gp d, Gp s) { masm_.move(Width::w64, d, s); }
  void add_to_stack(int32_t bytes) { masm_.lea(Width::w64, kStack, at(kStack, bytes)); }
  void stack_address(Gp d, int32_t offset) { masm_.lea(Width::w64, d, at(kStack, offset)); }
  template <class Function>
  void call_cpp(Function* function) {
    masm_.move_imm(Width::w64, Masm::kRax, reinterpret_cast<uintptr_t>(function));
    masm_.call_reg(Masm::kRax);
  }
  void load_memory_base() { load(Masm::kMemoryBase, at(kInstance, OFFSET(InstanceData, memory0_base))); }

  // Ends the activation with this outcome.
  void leave(Outcome outcome) {
    masm_.move_imm(Width::w32, Masm::kRax, static_cast<uint64_t>(outcome));
    masm_.jump(leave_);
  }

  void write_trap() {
    masm_.bind(trap_);
    move(Masm::kRsi, Masm::kRdi);
    move(Masm::kRdi, kInstance);
    stack_address(Masm::kRdx, kWord);
    add_to_stack(-kWord);
    frame_is(2 * kWord);
    call_cpp(&record_trap);
    leave(Outcome::trap);
  }

  // A trap at an entry is the caller's: the new frame is popped, what lies on top of the stack then is the caller's return address. So it
  // is where the interpreter goes on: what remains is as at a function's entry.
  void write_interrupt(bool at_entry) {
    load(kTemp, at(kInstance, OFFSET(InstanceData, context)));
    store(at(kTemp, OFFSET(ExecutionContext, stack_top)), Masm::kRsi);
    move(Masm::kRdi, kInstance);
    add_to_stack(-kWord);
    frame_is(2 * kWord);
    call_cpp(&answer_interrupt);
    add_to_stack(kWord);
    const Label stop = masm_.new_label();
    masm_.branch_zero(Width::w32, Masm::kRax, stop, true);
    masm_.ret();
    masm_.bind(stop);
    const Label trap = masm_.new_label();
    masm_.branch_imm(Width::w32, Cond::ne, Masm::kRax, kLeave, trap);
    static_assert(offsetof(GivenUpFrame, locals) == kWord && offsetof(GivenUpFrame, at_entry) == 2 * kWord);
    masm_.pop(Masm::kGpArguments[0]);
    move(Masm::kGpArguments[1], Masm::kLocals);
    masm_.move_imm(Width::w32, Masm::kGpArguments[2], at_entry);
    masm_.pop(Masm::kLocals);
    masm_.jump(leave_frame_);
    masm_.bind(trap);
    if (at_entry) {
      add_to_stack(kWord);
      masm_.pop(Masm::kLocals);
    }
    move(Masm::kRdi, Masm::kRax);
    masm_.jump(trap_);
  }

  void write_throw() {
    masm_.bind(throw_);
    constexpr int32_t kFrame = sizeof(UnwindTarget) + 3 * kWord;
    static_assert((kFrame + kWord) % 16 == 0);
    move(Masm::kRsi, Masm::kRdi);
    move(Masm::kRdi, kInstance);
    stack_address(Masm::kRdx, kWord);
    move(Masm::kRcx, Masm::kLocals);
    add_to_stack(-kFrame);
    frame_is(kFrame + kWord);
    move(Masm::kR8, kStack);
    call_cpp(&unwind);
    const Label uncaught = masm_.new_label();
    masm_.branch_zero(Width::w32, Masm::kRax, uncaught);
    load(kInstance, at(kStack, OFFSET(UnwindTarget, instance)));
    load(Masm::kLocals, at(kStack, OFFSET(UnwindTarget, locals)));
    load(kTemp, at(kStack, OFFSET(UnwindTarget, address)));
    load(kStack, at(kStack, OFFSET(UnwindTarget, sp)));
    load_memory_base();
    masm_.jump_reg(kTemp);
    masm_.bind(uncaught);
    leave(Outcome::exception);
  }

  uint32_t write_call_other() {
    const Label host = masm_.new_label();
    load(kTemp, at(Masm::kCallee, OFFSET(FuncInstance, instance)));
    masm_.branch_zero(Width::w64, kTemp, host);
    masm_.bind(call_in_instance_);
    masm_.push(kInstance);
    frame_is(2 * kWord);
    move(kInstance, kTemp);
    load_memory_base();
    load(kTemp, at(Masm::kCallee, OFFSET(FuncInstance, entry_slot)));
    const uint32_t instance_return = masm_.call_mem(at(kTemp));
    masm_.bind(instance_return_);
    masm_.pop(kInstance);
    load_memory_base();
    masm_.ret();
    // A host function has no instance: it sees its caller's.
    masm_.bind(host);
    masm_.bind(jump_to_entry_);
    load(kTemp, at(Masm::kCallee, OFFSET(FuncInstance, entry_slot)));
    masm_.jump_mem(at(kTemp));
    return instance_return;
  }

  // The frame is popped: the return address is the caller's. If that is call_other's, the caller's instance is saved already and
  // need not be saved again; so chains of tail calls between instances take one such frame.
  void write_tail_call_other() {
    load(kTemp, at(Masm::kCallee, OFFSET(FuncInstance, instance)));
    masm_.branch_zero(Width::w64, kTemp, jump_to_entry_);
    masm_.branch(Width::w64, Cond::eq, kTemp, kInstance, jump_to_entry_);
    masm_.label_address(Masm::kR12, instance_return_);
    load(Masm::kR13, at(kStack));
    masm_.branch(Width::w64, Cond::ne, Masm::kR12, Masm::kR13, call_in_instance_);
    move(kInstance, kTemp);
    load_memory_base();
    masm_.jump(jump_to_entry_);
  }

  void store_arguments(Gp image) {
    for (size_t i = 0; i < std::size(Masm::kGpArguments); ++i) store(gp_at(image, i), Masm::kGpArguments[i]);
    store(at(image, OFFSET(RegisterImage, base)), Masm::kArgumentBase);
    store(at(image, OFFSET(RegisterImage, callee)), Masm::kCallee);
    for (size_t i = 0; i < std::size(Masm::kFpArguments); ++i)
      masm_.store_fp(FpKind::v128, fp_at(image, i), Masm::kFpArguments[i]);
  }
  void load_arguments(Gp image) {
    for (size_t i = 0; i < std::size(Masm::kFpArguments); ++i)
      masm_.load_fp(FpKind::v128, Masm::kFpArguments[i], fp_at(image, i));
    load(Masm::kArgumentBase, at(image, OFFSET(RegisterImage, base)));
    load(Masm::kCallee, at(image, OFFSET(RegisterImage, callee)));
    for (size_t i = 0; i < std::size(Masm::kGpArguments); ++i) load(Masm::kGpArguments[i], gp_at(image, i));
  }
  static Address gp_at(Gp image, size_t i) {
    return at(image, OFFSET(RegisterImage, gp) + kWord * static_cast<int32_t>(i));
  }
  static Address fp_at(Gp image, size_t i) {
    return at(image, OFFSET(RegisterImage, fp) + 16 * static_cast<int32_t>(i));
  }

  void write_slow_entry(decltype(&slow_call) function) {
    constexpr int32_t kFrame = sizeof(RegisterImage) + kWord;
    static_assert((kFrame + kWord) % 16 == 0);
    const Label code = masm_.new_label();
    const Label trap = masm_.new_label();
    const Label exception = masm_.new_label();
    add_to_stack(-kFrame);
    frame_is(kFrame + kWord);
    store_arguments(kStack);
    move(Masm::kRdi, kStack);
    move(Masm::kRsi, kInstance);
    stack_address(Masm::kRdx, kFrame + kWord);
    call_cpp(function);
    masm_.branch_imm(Width::w64, Cond::eq, Masm::kGpResult, SlowResult::code, code);
    masm_.branch_imm(Width::w64, Cond::eq, Masm::kGpResult, SlowResult::trap, trap);
    masm_.branch_imm(Width::w64, Cond::eq, Masm::kGpResult, SlowResult::exception, exception);
    load(Masm::kGpResult, gp_at(kStack, 0));
    masm_.load_fp(FpKind::v128, Masm::kFpResult, fp_at(kStack, 0));
    load(Masm::kLocals, at(kStack, OFFSET(RegisterImage, base)));
    add_to_stack(kFrame);
    masm_.ret();

    masm_.bind(code);
    move(kTemp, Masm::kGpResult2);
    load_arguments(kStack);
    add_to_stack(kFrame);
    masm_.jump_reg(kTemp);

    masm_.bind(trap);
    leave(Outcome::trap);

    masm_.bind(exception);
    add_to_stack(kFrame);
    masm_.move_imm(Width::w32, Masm::kRdi, 0);
    masm_.jump(throw_);
  }

  void write_enter() {
    for (Gp r : kSavedForC) masm_.push(r);
    masm_.push(Masm::kRdi);
    frame_is((2 + std::size(kSavedForC)) * kWord);
    described_.back().enters = true;
    store(at(Masm::kRcx), kStack);
    move(kTemp, Masm::kRsi);
    move(kInstance, Masm::kRdx);
    move(Masm::kR12, Masm::kRdi);
    load_memory_base();
    load_arguments(Masm::kR12);
    masm_.call_reg(kTemp);
    load(Masm::kRdi, at(kStack));
    store(gp_at(Masm::kRdi, 0), Masm::kGpResult);
    masm_.store_fp(FpKind::v128, fp_at(Masm::kRdi, 0), Masm::kFpResult);
    masm_.move_imm(Width::w32, Masm::kRax, static_cast<uint64_t>(Outcome::ok));
    const Label restore = masm_.new_label();
    masm_.jump(restore);

    masm_.bind(leave_);
    load(kTemp, at(kInstance, OFFSET(InstanceData, context)));
    load(kStack, at(kTemp, OFFSET(ExecutionContext, entry_sp)));
    masm_.bind(restore);
    masm_.pop(Masm::kRdi);
    for (size_t i = std::size(kSavedForC); i-- > 0;) masm_.pop(kSavedForC[i]);
    masm_.ret();
  }

  Masm masm_;
  std::vector<runtime::CodeBlock::Stub> described_;
  Label leave_ = masm_.new_label();
  Label trap_ = masm_.new_label();
  Label throw_ = masm_.new_label();
  Label call_in_instance_ = masm_.new_label();
  Label jump_to_entry_ = masm_.new_label();
  Label instance_return_ = masm_.new_label();
  Label leave_frame_ = masm_.new_label();
};

}  // namespace

Stubs make_stubs(runtime::CodeSpace& space, masm::CpuFeatures features) { return StubWriter(features).write(space); }

}  // namespace arris::jit
