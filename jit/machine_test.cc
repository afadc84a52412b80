// The surroundings of compiled code, with functions assembled by hand as the compiler would: entering and leaving, calls to the host,
// to functions without code and to other instances, traps by instruction and by fault, backtraces, exceptions, limits.
#include "jit/machine.h"

#include <gtest/gtest.h>
#include <csignal>
#include <functional>
#include <initializer_list>

#include "base/os/virtual_memory.h"
#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "jit/module_code.h"
#include "masm/x64.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "text/wat.h"

namespace arris::jit {
namespace {

using masm::at;
using masm::Fp;
using masm::FpKind;
using masm::Gp;
using masm::Width;
using Masm = masm::X64Masm;
using runtime::Extern;
using runtime::FuncInstance;
using runtime::Instance;
using runtime::InstanceData;
using runtime::Outcome;
using runtime::Store;
using Slots = std::vector<uint64_t>;

// Stands for the interpreter.
std::function<Outcome(Store&, const FuncInstance&, uint64_t*)> interpreter;

Outcome interpret(Store& store, const FuncInstance& func, uint64_t* slots) { return interpreter(store, func, slots); }

Outcome execute(Store& store, const FuncInstance& func, uint64_t* slots) {
  const void* code = find_code(func);
  return code != nullptr ? run(store, func, code, slots) : interpret(store, func, slots);
}

// One function as the compiler would make it. The base of the frame is the locals pointer (no v128 locals).
class Assembler {
 public:
  Masm masm{masm::CpuFeatures()};
  CompiledFunction out;

  Assembler() {
    masm.push(Masm::kLocals);
    masm.move(Width::w64, Masm::kLocals, Masm::kArgumentBase);
  }
  // The calls and faults of `wasm_offset`.
  void note(uint32_t native, uint32_t wasm_offset) { out.pc_map.add(native, wasm_offset); }
  masm::Address local(int32_t i) { return at(Masm::kLocals, 8 * i); }
  masm::Address stub(MachineIndex index) {
    masm.load_gp(Width::w64, Masm::kScratch, at(Masm::kInstance, offsetof(InstanceData, machine)));
    return at(Masm::kScratch, 8 * static_cast<int32_t>(index));
  }
  void load_func(uint32_t index) {
    masm.load_gp(Width::w64, Masm::kCallee, at(Masm::kInstance, offsetof(InstanceData, funcs)));
    masm.load_gp(Width::w64, Masm::kCallee, at(Masm::kCallee, static_cast<int32_t>(8 * index)));
  }
  // Calls function `index` with its row at local `row`.
  void call(uint32_t index, int32_t row, uint32_t wasm_offset) {
    load_func(index);
    masm.lea(Width::w64, Masm::kArgumentBase, local(row));
    note(masm.call_mem(stub(MachineIndex::call_other)), wasm_offset);
    masm.lea(Width::w64, Masm::kLocals, local(-row));
  }
  CompiledFunction ret() {
    masm.pop(Masm::kScratch);
    masm.ret();
    return finish();
  }
  CompiledFunction finish() {
    EXPECT_TRUE(masm.finish()) << masm.error();
    out.bytes.assign(masm.code().begin(), masm.code().end());
    out.code_size = static_cast<uint32_t>(out.bytes.size());
    return std::move(out);
  }
};

class MachineTest : public testing::Test {
 protected:
  MachineTest() : store_(options()) { interpreter = nullptr; }

  runtime::StoreOptions options() {
    runtime::StoreOptions options;
    options.execute = &execute;
    options.interpret = &interpret;
    options.machine = &machine_->support();
    options.registry = registry_;
    return options;
  }

  std::shared_ptr<Module> load(std::string_view wat) {
    auto bytes = text::wat_to_wasm(wat, {Features::all()});
    EXPECT_TRUE(bytes.has_value());
    auto module = decoder::decode_module(std::move(*bytes), {Features::all(), registry_});
    EXPECT_TRUE(module.has_value());
    EXPECT_TRUE(validator::validate_module(**module).has_value());
    return *module;
  }
  Instance* instantiate(std::shared_ptr<Module> module, std::initializer_list<Extern> imports = {}) {
    auto instance = runtime::instantiate(store_, std::move(module), std::span(imports.begin(), imports.size()));
    EXPECT_TRUE(instance.has_value());
    return *instance;
  }
  void install(const Module& module, uint32_t index, const CompiledFunction& function) {
    ModuleCode* code = ModuleCode::attach(module, machine_);
    ASSERT_NE(code, nullptr);
    ASSERT_TRUE(code->activate());
    ASSERT_TRUE(code->install(index, function).has_value());
    EXPECT_NE(code->code(index), nullptr);
  }
  Extern host(FuncType type, runtime::HostCallback callback, void* environment = nullptr) {
    Extern result;
    result.kind = ExternKind::func;
    result.func = store_.new_host_func(registry_->get(registry_->add_func_type(type)), callback, environment, nullptr);
    return result;
  }
  Outcome call(Instance* instance, uint32_t func, const Slots& arguments, Slots* results) {
    const FuncInstance& f = *instance->data().funcs[func];
    results->resize(f.type->result_slots);
    return store_.invoke(f, arguments, *results);
  }
  Slots call_ok(Instance* instance, uint32_t func, const Slots& arguments) {
    Slots results;
    EXPECT_EQ(call(instance, func, arguments, &results), Outcome::ok);
    return results;
  }
  runtime::TrapState call_trap(Instance* instance, uint32_t func, const Slots& arguments) {
    Slots results;
    EXPECT_EQ(call(instance, func, arguments, &results), Outcome::trap);
    return store_.take_trap();
  }
  static uint32_t offset(const Module& module, uint32_t func, uint32_t at) {
    return module.bodies[func - module.imported_funcs].code_offset + at;
  }

  std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
  std::shared_ptr<Machine> machine_ = std::make_shared<Machine>();
  Store store_;
};

TEST_F(MachineTest, PassesArgumentsAndResultsInRegistersAndRows) {
  auto module = load(
      "(module (func (param i32 i64 f64 v128 i64 i64 i64 i64 i64) (result f64 i64 v128 i32)"
      " unreachable))");
  Assembler a;
  // f64 first: xmm0; first i64: the seventh integer parameter, from its row; v128 and i32: in the results' row.
  a.masm.load_gp(Width::w64, Masm::kGpResult, at(Masm::kLocals, 8 * 9));
  a.masm.store_gp(Width::w64, at(Masm::kLocals, 8 * 4), Masm::kRdi);
  a.masm.store_fp(FpKind::v128, at(Masm::kLocals, 8 * 2), Fp{1});
  install(*module, 0, a.ret());
  Instance* instance = instantiate(module);
  const Slots results = call_ok(instance, 0, {7, 2, 0x4000'0000'0000'0000, 31, 32, 4, 5, 6, 8, 9});
  EXPECT_EQ(results, (Slots{0x4000'0000'0000'0000, 9, 31, 32, 7}));
}

TEST_F(MachineTest, CallsTheHostAndFunctionsWithoutCode) {
  auto module = load(
      "(module (import \"m\" \"h\" (func (param i64 f64) (result i64))) (func (param i64) (result i64) unreachable)"
      " (func (param i64) (result i64) unreachable))");
  Assembler a;
  a.masm.store_gp(Width::w64, a.local(0), Masm::kRdi);
  a.masm.fp_const(FpKind::f64, Fp{0}, 0x3FF0'0000'0000'0000);
  a.call(0, 5, 1);
  a.masm.move(Width::w64, Masm::kRdi, Masm::kGpResult);
  a.call(2, 5, 3);
  a.masm.load_gp(Width::w64, Masm::kRdx, a.local(0));
  a.masm.lea(Width::w64, Masm::kGpResult, at(Masm::kGpResult, Masm::kRdx));
  install(*module, 0, a.ret());
  InstanceData* caller_seen = nullptr;
  Instance* instance = instantiate(module, {host(
                                               {{kI64, kF64}, {kI64}},
                                               [](void* seen, Store&, InstanceData* caller, uint64_t* slots) {
                                                 *static_cast<InstanceData**>(seen) = caller;
                                                 EXPECT_EQ(slots[1], 0x3FF0'0000'0000'0000u);
                                                 slots[0] *= 10;
                                                 return Outcome::ok;
                                               },
                                               &caller_seen)});
  interpreter = [&](Store&, const FuncInstance& func, uint64_t* slots) {
    EXPECT_EQ(func.index.value, 2u);
    slots[0] += 1;
    return Outcome::ok;
  };
  EXPECT_EQ(call_ok(instance, 1, {4}), Slots{45});
  EXPECT_EQ(caller_seen, &instance->data());
}

TEST_F(MachineTest, SwitchesInstancesAndBack) {
  auto callee_module = load("(module (memory 1) (func (export \"f\") (result i32) unreachable))");
  auto module = load("(module (import \"m\" \"f\" (func (result i32))) (memory 1) (func (result i32) unreachable))");
  Assembler read_memory;
  read_memory.masm.load(Opcode::i32_load, Masm::kRax, at(Masm::kMemoryBase));
  install(*callee_module, 0, read_memory.ret());
  Assembler a;
  a.call(0, 3, 0);
  a.masm.load(Opcode::i32_load, Masm::kRdx, at(Masm::kMemoryBase));
  a.masm.lea(Width::w32, Masm::kRax, at(Masm::kRax, Masm::kRdx));
  install(*module, 0, a.ret());
  Instance* callee = instantiate(callee_module);
  callee->data().memory0_base[0] = 40;
  Instance* instance = instantiate(module, {callee->export_at(0)});
  instance->data().memory0_base[0] = 2;
  EXPECT_EQ(call_ok(instance, 1, {}), Slots{42});
  EXPECT_EQ(call_ok(instance, 1, {}), Slots{42});  // the callee's entry is its own now
}

TEST_F(MachineTest, TailCallsBetweenInstancesInConstantSpace) {
  auto ping_module = load(
      "(module (import \"m\" \"h\" (func (param i64) (result i64))) (memory 1) (table 1 funcref)"
      " (func (export \"f\") (param i64) (result i64) unreachable))");
  // Counts down in rdi; calls the function in its table in turn; at zero, the host says where the stack is.
  auto make = [] {
    Assembler a;
    const masm::Label zero = a.masm.new_label();
    a.masm.branch_zero(Width::w64, Masm::kRdi, zero);
    a.masm.lea(Width::w64, Masm::kRdi, at(Masm::kRdi, -1));
    a.masm.load_gp(Width::w64, Masm::kRbx, at(Masm::kInstance, offsetof(InstanceData, tables)));
    a.masm.load_gp(Width::w64, Masm::kRbx, at(Masm::kRbx));
    a.masm.load_gp(Width::w64, Masm::kRbx, at(Masm::kRbx, offsetof(runtime::TableInstance, elements)));
    a.masm.load_gp(Width::w64, Masm::kCallee, at(Masm::kRbx));
    a.masm.move(Width::w64, Masm::kArgumentBase, Masm::kLocals);
    a.masm.pop(Masm::kLocals);
    a.masm.jump_mem(a.stub(MachineIndex::tail_call_other));
    a.masm.bind(zero);
    a.call(0, 4, 9);
    return a.ret();
  };
  auto pong_module = load(
      "(module (import \"m\" \"h\" (func (param i64) (result i64))) (table 1 funcref)"
      " (func (export \"f\") (param i64) (result i64) unreachable))");
  install(*ping_module, 0, make());
  install(*pong_module, 0, make());
  Extern where = host({{kI64}, {kI64}}, [](void*, Store&, InstanceData*, uint64_t* slots) {
    slots[0] = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    return Outcome::ok;
  });
  Instance* ping = instantiate(ping_module, {where});
  Instance* pong = instantiate(pong_module, {where});
  ping->data().tables[0]->elements[0] = reinterpret_cast<uint64_t>(pong->data().funcs[1]);
  pong->data().tables[0]->elements[0] = reinterpret_cast<uint64_t>(ping->data().funcs[1]);
  const uint64_t near = call_ok(ping, 1, {2})[0];
  EXPECT_EQ(call_ok(ping, 1, {100'000})[0], near);
}

TEST_F(MachineTest, TrapsWithBacktracesThroughAllKindsOfFrames) {
  // 1 calls 2, 2 calls the host, the host calls 3, 3 traps at a load.
  auto module = load(
      "(module (import \"m\" \"h\" (func)) (memory 1) (func call 2) (func nop call 0)"
      " (func nop nop nop i32.const 0 i32.load drop))");
  Assembler one, two, three;
  one.call(2, 4, 0);
  install(*module, 0, one.ret());
  two.call(0, 4, 1);
  install(*module, 1, two.ret());
  three.masm.move_imm(Width::w64, Masm::kRdx, 0xFFFF'FFFF);
  three.note(three.masm.offset(), 5);
  three.masm.load(Opcode::i32_load, Masm::kRax, at(Masm::kMemoryBase, Masm::kRdx));
  install(*module, 2, three.ret());
  Instance* instance = nullptr;
  instance = instantiate(module, {host(
                                     {{}, {}},
                                     [](void* environment, Store& store, InstanceData*, uint64_t*) {
                                       Instance* i = *static_cast<Instance**>(environment);
                                       return store.invoke(*i->data().funcs[3], {}, {});
                                     },
                                     &instance)});
  if (machine_->compile_options().explicit_bounds_checks) GTEST_SKIP() << "faults are not redirected in this build";
  for (int i = 0; i < 3; ++i) {
    const runtime::TrapState trap = call_trap(instance, 1, {});
    EXPECT_EQ(trap.code, TrapCode::out_of_bounds_memory_access);
    ASSERT_EQ(trap.backtrace.size(), 4u);
    EXPECT_EQ(trap.backtrace[0].func.value, 3u);
    EXPECT_EQ(trap.backtrace[0].offset, offset(*module, 3, 5));
    EXPECT_EQ(trap.backtrace[1].module, nullptr);
    EXPECT_EQ(trap.backtrace[2].func.value, 2u);
    EXPECT_EQ(trap.backtrace[2].offset, offset(*module, 2, 1));
    EXPECT_EQ(trap.backtrace[3].func.value, 1u);
    EXPECT_EQ(trap.backtrace[3].instance, &instance->data());
  }
}

TEST_F(MachineTest, TrapsOfACallThatEndsItsPage) {
  auto module = load("(module (import \"m\" \"h\" (func)) (func call 0))");
  const auto call_at = [&](Assembler& a, uint32_t from) {
    while (a.masm.offset() < from)
      a.masm.move(from - a.masm.offset() == 2 ? Width::w32 : Width::w64, Masm::kRax, Masm::kRdx);
    a.call(0, 4, 0);
    return a.out.pc_map.back().native_offset;
  };
  Assembler measured, one;
  const uint32_t start = measured.masm.offset();
  const uint32_t call_bytes = call_at(measured, start) - start;
  const auto page = static_cast<uint32_t>(os::page_size());
  ASSERT_EQ(call_at(one, page - call_bytes), page);
  CompiledFunction function = one.finish();
  function.bytes.resize(page);  // nothing follows the call, which never returns
  function.code_size = page;
  install(*module, 0, std::move(function));
  Instance* instance = instantiate(module, {host({{}, {}}, [](void*, Store& store, InstanceData*, uint64_t*) {
                                     return store.set_trap(TrapCode::unreachable);
                                   })});
  const runtime::TrapState trap = call_trap(instance, 1, {});
  EXPECT_EQ(trap.code, TrapCode::unreachable);
  ASSERT_FALSE(trap.backtrace.empty());
  EXPECT_EQ(trap.backtrace.back().func.value, 1u);
  EXPECT_EQ(trap.backtrace.back().offset, offset(*module, 1, 0));
}

// A mistake in compiled code must not pass for a trap.
TEST_F(MachineTest, AFaultOutsideTheMemoryIsNoTrap) {
  auto module = load("(module (memory 1) (func i32.const 0 i32.load drop))");
  Assembler wild;
  wild.masm.move_imm(Width::w64, Masm::kRdx, 64);
  wild.note(wild.masm.offset(), 2);
  wild.masm.load(Opcode::i32_load, Masm::kRax, at(Masm::kRdx));
  install(*module, 0, wild.ret());
  Instance* instance = instantiate(module);
  if (machine_->compile_options().explicit_bounds_checks) GTEST_SKIP() << "faults are not redirected in this build";
  EXPECT_EXIT(call_trap(instance, 0, {}), testing::KilledBySignal(SIGSEGV), "");
}

TEST_F(MachineTest, TrapsThatEndInFunctionsWithoutCodeCarryOn) {
  auto module = load("(module (func (export \"a\") nop call 1) (func unreachable))");
  Assembler a;
  a.call(1, 4, 1);
  install(*module, 0, a.ret());
  interpreter = [&](Store& store, const FuncInstance&, uint64_t*) {
    const Outcome outcome = store.set_trap(TrapCode::unreachable);
    store.capture_backtrace(nullptr, nullptr, nullptr);
    return outcome;
  };
  Instance* instance = instantiate(module);
  const runtime::TrapState trap = call_trap(instance, 0, {});
  EXPECT_EQ(trap.code, TrapCode::unreachable);
  ASSERT_EQ(trap.backtrace.size(), 1u);
  EXPECT_EQ(trap.backtrace[0].offset, offset(*module, 0, 1));
}

TEST_F(MachineTest, ExceptionsLandAcrossInstances) {
  auto thrower_module =
      load("(module (tag (export \"t\") (param i64)) (func (export \"f\") (param i64) local.get 0 throw 0))");
  // try_table at 0, the call in it at 6 or so: the test takes the offsets from the handler table.
  auto module = load(
      "(module (import \"m\" \"t\" (tag $t (param i64))) (import \"m\" \"f\" (func (param i64))) (memory 1)"
      " (func (param i64) (result i64)"
      "  (block (result i64) (try_table (catch $t 0) (call 0 (local.get 0))) (i64.const 1))))");
  Assembler thrower;
  thrower.masm.store_gp(Width::w64, thrower.local(10), Masm::kRdi);
  thrower.masm.move(Width::w64, Masm::kRdi, Masm::kInstance);
  thrower.masm.lea(Width::w64, Masm::kRsi, thrower.local(10));
  thrower.masm.move_imm(Width::w64, Masm::kRdx, 0);
  thrower.masm.call_mem(thrower.stub(MachineIndex::make_exception));
  thrower.masm.move(Width::w64, Masm::kRdi, Masm::kRax);
  thrower.note(thrower.masm.call_mem(thrower.stub(MachineIndex::throw_exception)), 2);
  install(*thrower_module, 0, thrower.ret());
  const FuncCode& code = module->func_codes[0];
  ASSERT_EQ(code.handlers.size(), 1u);
  Assembler a;
  a.call(0, 20, code.handlers[0].begin_offset);
  a.masm.move_imm(Width::w64, Masm::kRax, 1);
  a.masm.pop(Masm::kScratch);
  a.masm.ret();
  a.out.landing_pads = {a.masm.offset()};
  const auto payload = static_cast<int32_t>(code.frame_offset + runtime::kFrameRecordSlots + code.handlers[0].height);
  a.masm.load_gp(Width::w64, Masm::kRax, a.local(payload));
  a.masm.load(Opcode::i32_load, Masm::kRdx, at(Masm::kMemoryBase));
  a.masm.lea(Width::w64, Masm::kRax, at(Masm::kRax, Masm::kRdx));
  install(*module, 0, a.ret());
  Instance* thrower_instance = instantiate(thrower_module);
  Instance* instance = instantiate(module, {thrower_instance->export_at(0), thrower_instance->export_at(1)});
  instance->data().memory0_base[0] = 2;
  EXPECT_EQ(call_ok(instance, 1, {40}), Slots{42});
  // And out of all compiled code.
  Slots none;
  EXPECT_EQ(call(thrower_instance, 0, {1}, &none), Outcome::exception);
  EXPECT_NE(store_.take_exception(), nullptr);
}

TEST_F(MachineTest, CodeIsFreedWithItsModule) {
  ASSERT_TRUE(machine_->prepare());
  const uint64_t before = machine_->space().used_bytes();
  for (int i = 0; i < 100; ++i) {
    auto module = load("(module (func (result i32) i32.const 1))");
    Assembler a;
    a.masm.move_imm(Width::w32, Masm::kRax, 1);
    install(*module, 0, a.ret());
    EXPECT_GT(machine_->space().used_bytes(), before);
  }
  EXPECT_EQ(machine_->space().used_bytes(), before);
}

// More code than one block holds, compiled by several threads.
TEST_F(MachineTest, AllFunctionsOfALargeModuleAreFoundAndFreed) {
  ASSERT_TRUE(machine_->prepare());
  constexpr uint32_t kFuncs = 20'000;
  std::string wat = "(module";
  for (uint32_t i = 0; i < kFuncs; ++i)
    wat += "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const " + std::to_string(i) + ")))";
  wat += ")";
  const runtime::CodeSpace& space = machine_->space();
  const uint64_t before = space.used_bytes();
  {
    auto module = load(wat);
    ASSERT_TRUE(ModuleCode::attach(*module, machine_)->compile_all(3).has_value());
    EXPECT_GT(space.used_bytes(), before + (2u << 20));
  }
  EXPECT_EQ(space.used_bytes(), before);

  auto module = load(wat);
  ModuleCode* code = ModuleCode::attach(*module, machine_);
  ASSERT_TRUE(code->compile_all(3).has_value());
  Instance* instance = instantiate(module);
  for (uint32_t i = 0; i < kFuncs; i += 7) {
    const auto entry = reinterpret_cast<uintptr_t>(code->code(i));
    const runtime::CodeBlock* block = space.find(entry);
    ASSERT_NE(block, nullptr);
    const runtime::CodeBlock::Function* function = block->find(entry);
    ASSERT_NE(function, nullptr);
    EXPECT_EQ(function->index, i);
    // Where its last call would return to is still the block's.
    EXPECT_EQ(space.find(reinterpret_cast<uintptr_t>(block->begin + function->end)), block);
    ASSERT_EQ(call_ok(instance, i, {5}), Slots{5 + i});
  }
}

}  // namespace
}  // namespace arris::jit
