// Loads, stores and atomics of every opcode: values, registers left alone, and that the offset an operation returns is that of
// the instruction that faults.
#include <csetjmp>
#include <csignal>
#include <thread>

#include "gtest/gtest.h"
#include "masm/code_testing.h"

namespace arris::masm::testing {
namespace {

constexpr Gp kRax = X64Masm::kRax, kRcx = X64Masm::kRcx, kRdx = X64Masm::kRdx, kRsi = X64Masm::kRsi,
             kRbx = X64Masm::kRbx, kRdi = X64Masm::kRdi, kR12 = X64Masm::kR12, kR13 = X64Masm::kR13;

std::vector<Opcode> opcodes_with(Immediates immediates, std::string_view kind, uint8_t prefix) {
  std::vector<Opcode> ops;
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    const std::string_view s = info(op).signature;
    if (info(op).immediates != immediates || s == "*" ||
        (info(op).prefix == kPrefixThreads) != (prefix == kPrefixThreads))
      continue;
    const bool is_store = s.ends_with(":");
    if (is_store == (kind == "store")) ops.push_back(op);
  }
  return ops;
}

// What a load of `op` makes of the bytes there.
Value loaded(Opcode op, const uint8_t* bytes) {
  uint64_t u64;
  V128 v;
  std::memcpy(&u64, bytes, 8);
  std::memcpy(&v, bytes, 16);
  switch (op) {
    case Opcode::i32_load:
    case Opcode::f32_load:
    case Opcode::i64_load32_u: return {static_cast<uint32_t>(u64), 0};
    case Opcode::i64_load:
    case Opcode::f64_load: return {u64, 0};
    case Opcode::i32_load8_s: return {static_cast<uint32_t>(static_cast<int8_t>(u64)), 0};
    case Opcode::i32_load8_u:
    case Opcode::i64_load8_u: return {static_cast<uint8_t>(u64), 0};
    case Opcode::i32_load16_s: return {static_cast<uint32_t>(static_cast<int16_t>(u64)), 0};
    case Opcode::i32_load16_u:
    case Opcode::i64_load16_u: return {static_cast<uint16_t>(u64), 0};
    case Opcode::i64_load8_s: return {static_cast<uint64_t>(static_cast<int8_t>(u64)), 0};
    case Opcode::i64_load16_s: return {static_cast<uint64_t>(static_cast<int16_t>(u64)), 0};
    case Opcode::i64_load32_s: return {static_cast<uint64_t>(static_cast<int32_t>(u64)), 0};
    case Opcode::v128_load: return to_value(v);
    case Opcode::v128_load8x8_s: return to_value(num::v128_load8x8_s(u64));
    case Opcode::v128_load8x8_u: return to_value(num::v128_load8x8_u(u64));
    case Opcode::v128_load16x4_s: return to_value(num::v128_load16x4_s(u64));
    case Opcode::v128_load16x4_u: return to_value(num::v128_load16x4_u(u64));
    case Opcode::v128_load32x2_s: return to_value(num::v128_load32x2_s(u64));
    case Opcode::v128_load32x2_u: return to_value(num::v128_load32x2_u(u64));
    case Opcode::v128_load8_splat: return to_value(num::v128_load8_splat(static_cast<uint8_t>(u64)));
    case Opcode::v128_load16_splat: return to_value(num::v128_load16_splat(static_cast<uint16_t>(u64)));
    case Opcode::v128_load32_splat: return to_value(num::v128_load32_splat(static_cast<uint32_t>(u64)));
    case Opcode::v128_load64_splat: return to_value(num::v128_load64_splat(u64));
    case Opcode::v128_load32_zero: return to_value(num::v128_load32_zero(static_cast<uint32_t>(u64)));
    case Opcode::v128_load64_zero: return to_value(num::v128_load64_zero(u64));
    default: ADD_FAILURE() << "no reference for " << info(op).mnemonic; return {};
  }
}

// Where a fault happened, found through a handler of this test alone.
sigjmp_buf fault_return;
volatile uintptr_t fault_pc;
void on_fault(int, siginfo_t*, void* context) {
  fault_pc = static_cast<uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  siglongjmp(fault_return, 1);
}

class MemoryTest : public ::testing::Test {
 protected:
  MemoryTest() {
    std::mt19937_64 random(11);
    for (uint8_t& b : bytes_) b = static_cast<uint8_t>(random());
  }

  struct Emitted {
    Reg result;       // stored as the first result, whole
    uint32_t offset;  // what the operation returned
  };
  using Body = std::function<Emitted(X64Masm&)>;

  void assemble_on(CpuFeatures features, std::vector<Reg> operands, const Body& body) {
    X64Masm masm(features);
    operands_ = std::move(operands);
    may_change_ = {};
    assemble(masm, operands_, [&](TrapSink&) {
      const Emitted emitted = body(masm);
      offset_ = emitted.offset;
      if (!emitted.result.valid()) return;
      may_change_.add(emitted.result);
      if (emitted.result.is_fp()) {
        masm.store_fp(FpKind::v128, result_address(0), emitted.result.fp());
      } else {
        masm.store_gp(Width::w64, result_address(0), emitted.result.gp());
      }
    });
    ASSERT_TRUE(masm.finish()) << masm.error();
    arena_.clear();
    function_ = arena_.add(masm.code());
    arena_.make_executable();
  }
  Value call(std::initializer_list<Value> values) {
    std::copy(values.begin(), values.end(), frame_.operands);
    EXPECT_EQ(run(function_, frame_, operands_, may_change_), "");
    return frame_.results[0];
  }
  // The function must fault, at the offset that the operation returned.
  void expect_fault(std::initializer_list<Value> values, const std::string& what) {
    struct sigaction action = {}, before;
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &before);
    std::copy(values.begin(), values.end(), frame_.operands);
    fault_pc = 0;
    if (sigsetjmp(fault_return, 1) == 0) {
      run(function_, frame_, operands_, may_change_);
      ADD_FAILURE() << what << " did not fault";
    } else {
      EXPECT_EQ(fault_pc, reinterpret_cast<uintptr_t>(function_) + offset_) << what;
    }
    sigaction(SIGSEGV, &before, nullptr);
  }
  Value pointer(size_t offset = 0) const { return {reinterpret_cast<uint64_t>(bytes_) + offset, 0}; }
  static constexpr Value kNowhere{0x1000, 0};

  alignas(16) uint8_t bytes_[256];
  std::vector<Reg> operands_;
  RegisterSets may_change_;
  CodeArena arena_;
  CodeArena::Function function_ = nullptr;
  uint32_t offset_ = 0;
  Frame frame_{};
};

Reg destination_of(Opcode op, Gp gp) {
  const char result = info(op).signature.back();
  return result == 'i' || result == 'I' ? Reg(gp) : Reg(Fp{12});
}

TEST_F(MemoryTest, LoadsOfEveryKind) {
  for (CpuFeatures features : {CpuFeatures::detect(), CpuFeatures{}}) {
    for (Opcode op : opcodes_with(Immediates::mem_arg, "load", 0)) {
      const Reg d = destination_of(op, kRbx), same = destination_of(op, kRcx);
      // Base and displacement of each size; base, index and scale; the destination being the address.
      const auto check = [&](Reg target, Address address, std::initializer_list<Value> operands, size_t offset) {
        assemble_on(features, {Reg(kRcx), Reg(kR12)},
                    [&](X64Masm& m) { return Emitted{target, m.load(op, target, address)}; });
        const Value expected = loaded(op, bytes_ + offset);
        Value actual = call(operands);
        if (info(op).signature.back() != 'V') actual.high = 0;
        ASSERT_EQ(actual, expected) << info(op).mnemonic << " " << name_of(features);
        expect_fault({kNowhere, {0, 0}}, std::string(info(op).mnemonic));
      };
      check(d, at(kRcx), {pointer(5), {}}, 5);
      check(d, at(kRcx, 9), {pointer(), {}}, 9);
      check(d, at(kRcx, -3), {pointer(10), {}}, 7);
      check(d, at(kRcx, 1000), {pointer(static_cast<size_t>(-980)), {}}, 20);
      check(d, at(kRcx, kR12), {pointer(), {33, 0}}, 33);
      check(d, at(kRcx, kR12, 3, 1), {pointer(), {4, 0}}, 33);
      check(same, at(kRcx, kR12, 0, 2), {pointer(), {6, 0}}, 8);
    }
  }
}

TEST_F(MemoryTest, StoresOfEveryKind) {
  for (Opcode op : opcodes_with(Immediates::mem_arg, "store", 0)) {
    const size_t size = size_t{1} << natural_alignment_log2(op);
    const bool is_integer = info(op).signature[1] == 'i' || info(op).signature[1] == 'I';
    const Value value{0x8182838485868788, 0x9192939495969798};
    const auto expect_stored = [&](const uint8_t* before, size_t at) {
      for (size_t i = 0; i < sizeof(bytes_); ++i) {
        const uint8_t expected =
            i >= at && i < at + size ? reinterpret_cast<const uint8_t*>(&value)[i - at] : before[i];
        ASSERT_EQ(bytes_[i], expected) << info(op).mnemonic << " byte " << i;
      }
    };
    const auto check = [&](Reg s, Address address, size_t at) {
      assemble_on(CpuFeatures{}, {Reg(kRcx), Reg(kR12), s},
                  [&](X64Masm& m) { return Emitted{Reg{}, m.store(op, address, s)}; });
      uint8_t before[sizeof(bytes_)];
      std::memcpy(before, bytes_, sizeof(bytes_));
      call({pointer(), {7, 0}, value});
      expect_stored(before, at);
      expect_fault({kNowhere, {0, 0}, value}, std::string(info(op).mnemonic));
    };
    for (Gp gp : {kRax, kRsi, kRdi, kR13}) check(is_integer ? Reg(gp) : Reg(Fp{gp.id}), at(kRcx, kR12, 0, 40), 47);
    check(is_integer ? Reg(kRbx) : Reg(Fp{11}), at(kRcx, 128), 128);
    if (op == Opcode::v128_store) continue;
    for (uint64_t constant : {value.low, uint64_t{5}, ~uint64_t{0}}) {
      assemble_on(CpuFeatures{}, {Reg(kRcx), Reg(kR12)},
                  [&](X64Masm& m) { return Emitted{Reg{}, m.store_imm(op, at(kRcx, kR12), constant)}; });
      call({pointer(), {64, 0}});
      EXPECT_EQ(std::memcmp(bytes_ + 64, &constant, size), 0) << info(op).mnemonic;
      expect_fault({kNowhere, {0, 0}}, std::string(info(op).mnemonic));
    }
  }
}

TEST_F(MemoryTest, LanesOfEveryKind) {
  const Value vector{0x0102030405060708, 0x1112131415161718};
  for (CpuFeatures features : {CpuFeatures::detect(), CpuFeatures{}}) {
    for (bool is_store : {false, true}) {
      for (Opcode op : opcodes_with(Immediates::mem_arg_lane, is_store ? "store" : "load", 0)) {
        const size_t size = size_t{1} << natural_alignment_log2(op);
        for (uint8_t lane = 0; lane < 16 / size; ++lane) {
          for (Fp d : {Fp{3}, Fp{9}}) {
            assemble_on(features, {Reg(kRcx), Reg(Fp{9})}, [&](X64Masm& m) {
              if (is_store) return Emitted{Reg{}, m.store_lane(op, at(kRcx, 3), Fp{9}, lane)};
              return Emitted{Reg(d), m.load_lane(op, d, at(kRcx, 3), Fp{9}, lane)};
            });
            Value expected = vector;
            const Value actual = call({pointer(50), vector});
            if (is_store) {
              EXPECT_EQ(std::memcmp(bytes_ + 53, reinterpret_cast<const uint8_t*>(&vector) + lane * size, size), 0);
            } else {
              std::memcpy(reinterpret_cast<uint8_t*>(&expected) + lane * size, bytes_ + 53, size);
              EXPECT_EQ(actual, expected) << info(op).mnemonic << " lane " << int{lane};
            }
            expect_fault({kNowhere, vector}, std::string(info(op).mnemonic));
          }
        }
      }
    }
  }
}

// --- Atomics ---------------------------------------------------------------------------------------------------------

uint64_t combined(std::string_view mnemonic, uint64_t old, uint64_t operand) {
  const auto has = [&](std::string_view part) { return mnemonic.find(part) != mnemonic.npos; };
  if (has(".add")) return old + operand;
  if (has(".sub")) return old - operand;
  if (has(".and")) return old & operand;
  if (has(".or")) return old | operand;
  if (has(".xor")) return old ^ operand;
  return operand;  // xchg
}

TEST_F(MemoryTest, AtomicsOfEveryKind) {
  for (bool is_store : {false, true}) {
    for (Opcode op : opcodes_with(Immediates::mem_arg, is_store ? "store" : "load", kPrefixThreads)) {
      const std::string_view mnemonic = info(op).mnemonic;
      if (mnemonic.starts_with("memory.")) continue;  // wait and notify are the runtime's
      const size_t size = size_t{1} << natural_alignment_log2(op);
      const uint64_t mask = size == 8 ? ~uint64_t{0} : (uint64_t{1} << size * 8) - 1;
      const bool exchange = mnemonic.find("cmpxchg") != mnemonic.npos, rmw = mnemonic.find("rmw") != mnemonic.npos;
      const Value operand{0xF1F2F3F4A5B6C7D8, 0};
      uint64_t old;
      for (Gp d : {kRbx, kRdx, kRsi, kRax}) {
        for (bool matches : {true, false}) {
          std::memcpy(&old, bytes_ + 48, 8);
          const Value expected_value{matches ? old : ~old, 0};
          assemble_on(CpuFeatures{}, {Reg(kRcx), Reg(kRdx), exchange ? Reg(kRsi) : Reg{}}, [&](X64Masm& m) {
            const Address address = at(kRcx, 8);
            if (is_store) return Emitted{Reg{}, m.atomic_store(op, address, kRdx)};
            if (!rmw) return Emitted{Reg(d), m.atomic_load(op, d, address)};
            if (!exchange) return Emitted{Reg(d), m.atomic_rmw(op, d, address, kRdx)};
            return Emitted{Reg(d), m.atomic_cmpxchg(op, d, address, kRsi, kRdx)};
          });
          X64Masm rules{CpuFeatures{}};
          may_change_.gp = may_change_.gp | rules.clobbers(op);
          const Value result = call({pointer(40), operand, expected_value});
          uint64_t now;
          std::memcpy(&now, bytes_ + 48, 8);
          const bool writes = is_store || (rmw && (!exchange || matches));
          const uint64_t written = exchange || is_store ? operand.low : combined(mnemonic, old, operand.low);
          EXPECT_EQ(now, writes ? (old & ~mask) | (written & mask) : old) << mnemonic;
          if (!is_store) EXPECT_EQ(result.low, old & mask) << mnemonic;
          expect_fault({kNowhere, operand, expected_value}, std::string(mnemonic));
        }
      }
    }
  }
}

// Two threads through the locked instruction and through the loop: nothing is lost.
TEST_F(MemoryTest, AtomicsAreAtomic) {
  constexpr int kTimes = 100000;
  struct Case {
    Opcode op;
    uint64_t operand[2];
    uint64_t expected;
  };
  const Case cases[] = {{Opcode::i64_atomic_rmw_add, {1, 1 << 20}, kTimes + (uint64_t{kTimes} << 20)},
                        {Opcode::i32_atomic_rmw_xor, {1, 2}, 0}};
  for (const Case& c : cases) {
    alignas(8) uint64_t cell = 0;
    assemble_on(CpuFeatures{}, {Reg(kRcx), Reg(kRdx)},
                [&](X64Masm& m) { return Emitted{Reg(kRbx), m.atomic_rmw(c.op, kRbx, at(kRcx), kRdx)}; });
    const auto work = [&](uint64_t operand) {
      Frame frame{};
      frame.operands[0].low = reinterpret_cast<uint64_t>(&cell);
      frame.operands[1].low = operand;
      for (int i = 0; i < kTimes; ++i) function_(&frame);
    };
    std::thread first(work, c.operand[0]), second(work, c.operand[1]);
    first.join();
    second.join();
    EXPECT_EQ(cell, c.expected) << info(c.op).mnemonic;
  }
}

}  // namespace
}  // namespace arris::masm::testing
