// Moves, constants, wide arithmetic, labels, jumps, calls and failure.
#include "masm/x64.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "masm/code_testing.h"

namespace arris::masm::testing {
namespace {

constexpr Gp kRax = X64Masm::kRax, kRcx = X64Masm::kRcx, kRdx = X64Masm::kRdx, kRbx = X64Masm::kRbx,
             kRsi = X64Masm::kRsi, kRdi = X64Masm::kRdi, kR12 = X64Masm::kR12, kR8 = X64Masm::kR8;

// Assembles a C function and keeps it alive.
template <class F>
class Compiled {
 public:
  explicit Compiled(const std::function<void(X64Masm&)>& body, CpuFeatures features = CpuFeatures::detect()) {
    X64Masm masm(features);
    body(masm);
    EXPECT_TRUE(masm.finish()) << masm.error();
    function_ = reinterpret_cast<F*>(arena_.place(masm.code()));
    arena_.make_executable();
  }
  template <class... A>
  auto operator()(A... arguments) const {
    return function_(arguments...);
  }

 private:
  CodeArena arena_;
  F* function_;
};

TEST(X64MasmTest, MovesAndConstants) {
  for (uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{0x7FFFFFFF}, uint64_t{0x80000000}, uint64_t{0xFFFFFFFF},
        uint64_t{0x100000000}, ~uint64_t{0}, uint64_t{0xFFFFFFFF80000000}, uint64_t{0x123456789ABCDEF0}}) {
    for (Gp through : {kRax, kRcx, kR8}) {
      Compiled<uint64_t()> wide([&](X64Masm& m) {
        m.move_imm(Width::w64, through, value);
        m.move(Width::w64, kRax, through);
        m.ret();
      });
      EXPECT_EQ(wide(), value);
      Compiled<uint64_t()> narrow([&](X64Masm& m) {
        m.move_imm(Width::w64, through, value);
        m.move(Width::w32, kRax, through);
        m.ret();
      });
      EXPECT_EQ(narrow(), static_cast<uint32_t>(value));
      Compiled<uint64_t()> narrow_constant([&](X64Masm& m) {
        m.move_imm(Width::w32, through, value);
        m.move(Width::w64, kRax, through);
        m.ret();
      });
      EXPECT_EQ(narrow_constant(), static_cast<uint32_t>(value));
    }
    Compiled<uint64_t(uint64_t*)> through_slot([&](X64Masm& m) {
      m.store_slot_imm(at(kRdi, 8), value);
      m.copy_slot(at(kRdi), at(kRdi, 8));
      m.add_to_memory(Width::w64, at(kRdi), 1000);
      m.add_to_memory(Width::w64, at(kRdi), -1);
      m.load_gp(Width::w64, kRax, at(kRdi));
      m.ret();
    });
    uint64_t slots[2];
    EXPECT_EQ(through_slot(slots), value + 999);
    Compiled<double()> as_double([&](X64Masm& m) {
      m.fp_const(FpKind::f64, Fp{9}, value);
      m.move_fp(FpKind::f64, Fp{0}, Fp{9});
      m.ret();
    });
    EXPECT_EQ(std::bit_cast<uint64_t>(as_double()), value);
    Compiled<float()> as_float([&](X64Masm& m) {
      m.fp_const(FpKind::f32, Fp{0}, value);
      m.ret();
    });
    EXPECT_EQ(std::bit_cast<uint32_t>(as_float()), static_cast<uint32_t>(value));
    Compiled<void(uint64_t*)> as_vector([&](X64Masm& m) {
      m.fp_const(FpKind::v128, Fp{12}, value, ~value);
      m.fp_const(FpKind::v128, Fp{3}, value, value);
      m.swap_fp(Fp{12}, Fp{3});
      m.store_fp(FpKind::v128, at(kRdi), Fp{3});
      m.copy_slot_pair(at(kRdi, 16), at(kRdi));
      m.ret();
    });
    uint64_t vectors[4];
    as_vector(vectors);
    EXPECT_EQ(vectors[2], value);
    EXPECT_EQ(vectors[3], ~value);
  }
  Compiled<uint64_t(uint64_t, uint64_t)> swapped([&](X64Masm& m) {
    m.move(Width::w64, kR8, kRdi);
    m.swap(kR8, kRsi);
    m.move_gp_to_fp(Width::w64, Fp{13}, kR8);  // second argument
    m.move_fp_to_gp(Width::w64, kRax, Fp{13});
    Traps traps(m);
    m.binary_imm(Opcode::i64_shl, kRax, kRax, 8, traps);
    m.lea(Width::w64, kRax, at(kRax, kRsi, 0, 1));
    m.ret();
  });
  EXPECT_EQ(swapped(5, 7), (7 << 8) + 5 + 1u);
}

TEST(X64MasmTest, ManyConstantsAreEachTheirOwn) {
  Compiled<void(double*)> fill([&](X64Masm& m) {
    for (int i = 0; i < 1000; ++i) {
      m.fp_const(FpKind::f64, Fp{1}, std::bit_cast<uint64_t>(i % 300 + 0.5));
      m.store_fp(FpKind::f64, at(kRdi, i * 8), Fp{1});
    }
    m.ret();
  });
  double values[1000];
  fill(values);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(values[i], i % 300 + 0.5);
}

TEST(X64MasmTest, WideArithmeticInAnyPlacement) {
  const Gp registers[] = {kRax, kRdx, kRcx, kR12};
  std::mt19937_64 random(5);
  const auto pick = [&] { return registers[random() % 4]; };
  const uint64_t edges[] = {0, 1, ~uint64_t{0}, uint64_t{1} << 63, 0x123456789ABCDEF0};
  for (int round = 0; round < 600; ++round) {
    const Opcode ops[] = {Opcode::i64_add128, Opcode::i64_sub128, Opcode::i64_mul_wide_s, Opcode::i64_mul_wide_u};
    const Opcode op = ops[round % 4];
    const bool multiply = round % 4 >= 2;
    const Gp low = pick();
    Gp high = pick();
    while (high == low) high = pick();
    const Reg operands[4] = {pick(), pick(), multiply ? Reg{} : pick(), multiply ? Reg{} : pick()};
    X64Masm masm(CpuFeatures{});
    RegisterSets change{masm.clobbers(op), {}};
    change.add(low);
    change.add(high);
    assemble(masm, operands, [&](TrapSink&) {
      if (multiply) {
        masm.wide_mul(op, low, high, operands[0].gp(), operands[1].gp());
      } else {
        masm.wide_add_sub(op, low, high, operands[0].gp(), operands[1].gp(), operands[2].gp(), operands[3].gp());
      }
      masm.store_gp(Width::w64, result_address(0), low);
      masm.store_gp(Width::w64, result_address(1), high);
    });
    ASSERT_TRUE(masm.finish());
    CodeArena arena;
    const auto function = arena.add(masm.code());
    arena.make_executable();
    for (int i = 0; i < 20; ++i) {
      Frame frame{};
      for (Value& v : frame.operands) v.low = i % 2 ? edges[random() % 5] : random();
      for (int a = 0; a < 4; ++a) {
        for (int b = a + 1; b < 4; ++b) {
          if (operands[a].valid() && operands[a] == operands[b]) frame.operands[a] = frame.operands[b];
        }
      }
      const auto x = [&](int n) { return frame.operands[n].low; };
      const num::Wide128 expected = op == Opcode::i64_add128       ? num::i64_add128(x(0), x(1), x(2), x(3))
                                    : op == Opcode::i64_sub128     ? num::i64_sub128(x(0), x(1), x(2), x(3))
                                    : op == Opcode::i64_mul_wide_s ? num::i64_mul_wide_s(x(0), x(1))
                                                                   : num::i64_mul_wide_u(x(0), x(1));
      ASSERT_EQ(run(function, frame, operands, change), "");
      ASSERT_EQ((num::Wide128{frame.results[0].low, frame.results[1].low}), expected)
          << info(op).mnemonic << " round " << round;
    }
  }
}

// Division by a constant against the machine's own, on dividends around multiples of the divisor.
template <class T>
void divides_by_constants(Opcode quotient, Opcode remainder) {
  std::mt19937_64 random(17);
  constexpr unsigned kBits = sizeof(T) * 8;
  for (int round = 0; round < 3000; ++round) {
    const T divisor = round < 200 ? static_cast<T>(round - 100) : static_cast<T>(random() >> (random() % kBits));
    if (divisor == 0 || divisor == static_cast<T>(-1)) continue;
    X64Masm masm(CpuFeatures::detect());
    Traps traps(masm);
    for (Opcode op : {quotient, remainder}) {
      masm.binary_imm(op, kR8, kRdi, static_cast<uint64_t>(divisor), traps);
      masm.store_gp(Width::w64, at(kRsi, op == quotient ? 0 : 8), kR8);
    }
    masm.ret();
    ASSERT_TRUE(masm.finish());
    static CodeArena arena;
    arena.clear();
    const auto divide = reinterpret_cast<void (*)(uint64_t, uint64_t*)>(arena.place(masm.code()));
    arena.make_executable();
    for (int i = 0; i < 60; ++i) {
      using U = std::make_unsigned_t<T>;
      U dividend = static_cast<U>(random() >> (random() % kBits));
      if (i % 3 == 0) dividend -= dividend % static_cast<U>(divisor);
      if (i % 6 == 0) --dividend;
      if (i == 1) dividend = U{1} << (kBits - 1);
      if (i == 2) dividend = static_cast<U>(~U{0}) >> 1;
      if (i == 4) dividend = ~U{0};
      uint64_t results[2];
      divide(dividend, results);
      const auto x = static_cast<T>(dividend);
      ASSERT_EQ(static_cast<T>(results[0]), static_cast<T>(x / divisor)) << +x << " / " << +divisor;
      ASSERT_EQ(static_cast<T>(results[1]), static_cast<T>(x % divisor)) << +x << " % " << +divisor;
    }
  }
}

TEST(X64MasmTest, DividesByConstants) {
  divides_by_constants<int32_t>(Opcode::i32_div_s, Opcode::i32_rem_s);
  divides_by_constants<uint32_t>(Opcode::i32_div_u, Opcode::i32_rem_u);
  divides_by_constants<int64_t>(Opcode::i64_div_s, Opcode::i64_rem_s);
  divides_by_constants<uint64_t>(Opcode::i64_div_u, Opcode::i64_rem_u);
}

// --- Control ---------------------------------------------------------------------------------------------------------

TEST(X64MasmTest, JumpsNearAndFarForwardAndBack) {
  for (int padding : {0, 10, 120, 127, 130, 100000}) {
    Compiled<uint64_t(uint64_t)> countdown([&](X64Masm& m) {
      const Label loop = m.new_label(), out = m.new_label(), body = m.new_label();
      m.move_imm(Width::w64, kRax, 0);
      m.bind(loop);
      m.branch_zero(Width::w64, kRdi, out);
      m.jump(body);
      for (int i = 0; i < padding; ++i) m.unreachable();
      m.bind(body);
      m.lea(Width::w64, kRax, at(kRax, kRdi));
      m.lea(Width::w64, kRdi, at(kRdi, -1));
      m.branch_imm(Width::w64, Cond::ne, kRdi, 0, loop);
      m.jump(loop);
      m.bind(out);
      m.ret();
    });
    EXPECT_EQ(countdown(10), 55u) << padding;
  }
}

TEST(X64MasmTest, JumpTablesCallsAndAddresses) {
  Compiled<uint64_t(uint64_t)> function([&](X64Masm& m) {
    constexpr int kCases = 300;
    std::vector<Label> labels;
    for (int i = 0; i < kCases; ++i) labels.push_back(m.new_label());
    const Label callee = m.new_label(), place = m.new_label();
    m.push(kRbx);
    m.jump_table(kRdi, labels);
    for (int i = 0; i < kCases; ++i) {
      m.align(i % 2 ? 16 : 1);
      m.bind(labels[static_cast<size_t>(i)]);
      m.move_imm(Width::w64, kRbx, static_cast<uint64_t>(i));
      const uint32_t after = m.call_label(callee);
      EXPECT_EQ(after, m.offset());
      m.label_address(kR8, place);
      m.jump_reg(kR8);
    }
    m.bind(callee);
    m.lea(Width::w64, kRbx, at(kRbx, kRbx));
    m.ret();
    m.bind(place);
    m.label_address(kRax, callee);
    m.push(kRax);
    m.call_mem(at(X64Masm::kStack));
    m.pop(kRax);
    m.label_address(kRax, callee);
    m.call_reg(kRax);
    m.move(Width::w64, kRax, kRbx);
    m.pop(kRbx);
    m.ret();
  });
  for (uint64_t i : {0, 1, 77, 298, 299}) EXPECT_EQ(function(i), i * 8);
}

TEST(X64MasmTest, TrapsHandTheirCodeToTheStub) {
  void* stub_pointer = nullptr;
  CodeArena arena;
  X64Masm m(CpuFeatures{});
  const Label stub = m.new_label();
  // Stands for the real stub: drops the return address and returns the code to the caller.
  m.move(Width::w64, kRsi, kRdi);
  m.label_address(kRax, stub);
  m.store_gp(Width::w64, at(kRsi), kRax);
  const uint32_t after = m.trap(TrapCode::cast_failure, at(kRsi));
  EXPECT_EQ(after, m.offset());
  m.unreachable();
  m.bind(stub);
  m.pop(kRcx);
  m.move(Width::w64, kRax, kRdi);
  m.ret();
  ASSERT_TRUE(m.finish());
  const auto function = reinterpret_cast<uint64_t (*)(void**)>(arena.place(m.code()));
  arena.make_executable();
  EXPECT_EQ(function(&stub_pointer), static_cast<uint64_t>(TrapCode::cast_failure));
}

TEST(X64MasmTest, AlignsWithNops) {
  for (int before = 0; before < 20; ++before) {
    Compiled<uint64_t()> function([&](X64Masm& m) {
      for (int i = 0; i < before; ++i) m.push(kRax);
      for (int i = 0; i < before; ++i) m.pop(kRax);
      m.align(64);
      EXPECT_EQ(m.offset() % 64, 0u);
      m.move_imm(Width::w32, kRax, 7);
      m.ret();
    });
    EXPECT_EQ(function(), 7u);
  }
}

// --- The code as a whole ---------------------------------------------------------------------------------------------

TEST(X64MasmTest, FailsOnALabelThatIsJumpedToButNotBound) {
  X64Masm masm(CpuFeatures{});
  masm.new_label();  // never used: fine
  masm.jump(masm.new_label());
  EXPECT_FALSE(masm.finish());
  EXPECT_FALSE(masm.ok());
  EXPECT_EQ(masm.error(), "a label that is jumped to is not bound");
  EXPECT_TRUE(masm.code().empty());
  masm.reset();
  masm.ret();
  EXPECT_TRUE(masm.finish());
  EXPECT_EQ(masm.code().size(), 1u);
}

TEST(X64MasmTest, TheFirstErrorStays) {
  X64Masm masm(CpuFeatures{});
  masm.ternary(Opcode::i32_add, Fp{0}, Fp{1}, Fp{2}, Fp{3});
  masm.jump(masm.new_label());
  masm.finish();
  EXPECT_EQ(masm.error(), "not implemented: i32.add");
}

TEST(X64MasmTest, ReusedForManyFunctionsGivesTheSameCode) {
  X64Masm masm(CpuFeatures::detect());
  std::vector<uint8_t> first;
  for (int round = 0; round < 3; ++round) {
    masm.reset();
    const Label label = masm.new_label();
    masm.fp_const(FpKind::v128, Fp{1}, 1, 2);
    masm.fp_const(FpKind::f64, Fp{2}, 0x4000000000000000);
    masm.ternary(Opcode::f64x2_relaxed_madd, Fp{1}, Fp{1}, Fp{2}, Fp{3});
    masm.jump(label);
    for (int i = 0; i < 10000; ++i) masm.add_to_memory(Width::w64, at(kRdi, i), i);
    masm.bind(label);
    const Label targets[] = {label, label};
    masm.jump_table(kRcx, targets);
    ASSERT_TRUE(masm.finish());
    std::vector<uint8_t> code(masm.code().begin(), masm.code().end());
    if (round == 0) first = code;
    EXPECT_EQ(code, first);
    EXPECT_LT(masm.instruction_bytes(), code.size());
  }
}

TEST(CpuFeaturesTest, AreMaskedByName) {
  CpuFeatures features = CpuFeatures::from_bits(0x1F);
  EXPECT_TRUE(features.mask("bmi2,avx"));
  EXPECT_FALSE(features.has(CpuFeature::avx));
  EXPECT_FALSE(features.has(CpuFeature::bmi2));
  EXPECT_TRUE(features.has(CpuFeature::popcnt));
  EXPECT_FALSE(features.mask("avx512"));
  EXPECT_TRUE(features.mask("all"));
  EXPECT_EQ(features, CpuFeatures{});
  EXPECT_TRUE(features.mask(""));
}

}  // namespace
}  // namespace arris::masm::testing
