// Comparisons that branch and choose, against the comparison's own function in arris::num.
#include <array>

#include "gtest/gtest.h"
#include "masm/code_testing.h"

namespace arris::masm::testing {
namespace {

constexpr Gp kRax = X64Masm::kRax, kRcx = X64Masm::kRcx, kRdx = X64Masm::kRdx, kRsi = X64Masm::kRsi,
             kR12 = X64Masm::kR12, kR13 = X64Masm::kR13;

std::vector<Opcode> comparisons() {
  std::vector<Opcode> ops;
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    if (X64Masm::is_compare(static_cast<Opcode>(i))) ops.push_back(static_cast<Opcode>(i));
  }
  return ops;
}
char operand_type(Opcode op) { return info(op).signature[0]; }
bool compares_floats(Opcode op) { return operand_type(op) == 'f' || operand_type(op) == 'F'; }

bool holds(Opcode op, const Value& a, const Value& b) {
  const Value operands[] = {a, b};
  Value result;
  (void)references()[static_cast<unsigned>(op)](operands, &result);
  return result.low != 0;
}

// One function, run on many operands; `expected` computes the first result from the operands.
class Snippet {
 public:
  using Body = std::function<void(X64Masm&)>;
  Snippet(CpuFeatures features, std::vector<Reg> operands, RegisterSets may_change, const Body& body)
      : operands_(std::move(operands)), may_change_(may_change) {
    X64Masm masm(features);
    assemble(masm, operands_, [&](TrapSink&) { body(masm); });
    EXPECT_TRUE(masm.finish()) << masm.error();
    function_ = arena_.add(masm.code());
    arena_.make_executable();
  }
  Value operator()(std::initializer_list<Value> values) {
    std::copy(values.begin(), values.end(), frame_.operands);
    EXPECT_EQ(run(function_, frame_, operands_, may_change_), "");
    return frame_.results[0];
  }

 private:
  std::vector<Reg> operands_;
  RegisterSets may_change_;
  CodeArena arena_;
  CodeArena::Function function_ = nullptr;
  Frame frame_{};
};

// Stores 1 as the result if the branch is taken, else 0.
Snippet::Body branch_body(const std::function<void(X64Masm&, Label)>& branch) {
  return [branch](X64Masm& masm) {
    const Label taken = masm.new_label(), done = masm.new_label();
    branch(masm, taken);
    masm.store_slot_imm(result_address(0), 0);
    masm.jump(done);
    masm.bind(taken);
    masm.store_slot_imm(result_address(0), 1);
    masm.bind(done);
  };
}

class ComparisonTest : public ::testing::TestWithParam<Opcode> {
 protected:
  ComparisonTest() : values_(values_of(operand_type(op_), random_)) {}
  Reg left() const { return compares_floats(op_) ? Reg(Fp{1}) : Reg(kRcx); }
  Reg right() const { return compares_floats(op_) ? Reg(Fp{9}) : Reg(kR12); }

  const Opcode op_ = GetParam();
  std::mt19937_64 random_{7};
  std::vector<Value> values_;
};

TEST_P(ComparisonTest, BranchesIfItHolds) {
  for (bool negate : {false, true}) {
    Snippet registers(CpuFeatures::detect(), {left(), right()}, {}, branch_body([&](X64Masm& masm, Label taken) {
                        masm.compare_and_branch(op_, left(), right(), taken, negate);
                      }));
    Snippet memory(CpuFeatures::detect(), {left(), Reg{}}, {}, branch_body([&](X64Masm& masm, Label taken) {
                     masm.compare_and_branch_mem(op_, left(), operand_address(1), taken, negate);
                   }));
    for (const Value& a : values_) {
      for (const Value& b : values_) {
        const bool expected = holds(op_, a, b) != negate;
        ASSERT_EQ(registers({a, b}).low, expected)
            << describe(operand_type(op_), a) << " " << describe(operand_type(op_), b);
        ASSERT_EQ(memory({a, b}).low, expected)
            << describe(operand_type(op_), a) << " " << describe(operand_type(op_), b);
      }
    }
    if (compares_floats(op_)) continue;
    for (const Value& b : values_) {
      Snippet constant(CpuFeatures::detect(), {left(), Reg{}}, {}, branch_body([&](X64Masm& masm, Label taken) {
                         masm.compare_and_branch_imm(op_, left().gp(), b.low, taken, negate);
                       }));
      for (const Value& a : values_) ASSERT_EQ(constant({a, b}).low, holds(op_, a, b) != negate);
    }
  }
}

TEST_P(ComparisonTest, ChoosesBetweenIntegers) {
  constexpr Gp kPlacements[][3] = {
      {kRax, kRdx, kRsi}, {kRdx, kRdx, kRsi}, {kRsi, kRdx, kRsi}, {kRcx, kRdx, kRsi}, {kRdx, kRdx, kRdx}};
  const Value first{0x1111111122222222, 0}, second{0x3333333344444444, 0};
  for (Width width : {Width::w32, Width::w64}) {
    const uint64_t mask = width == Width::w32 ? UINT32_MAX : UINT64_MAX;
    for (const auto& [d, a, b] : kPlacements) {
      RegisterSets change;
      change.add(d);
      const auto store = [&](X64Masm& masm) { masm.store_gp(Width::w64, result_address(0), d); };
      Snippet registers(CpuFeatures::detect(), {left(), right(), a, b}, change, [&](X64Masm& masm) {
        masm.compare_and_select(op_, left(), right(), width, d, a, b);
        store(masm);
      });
      const bool same = a == b;
      for (const Value& x : values_) {
        for (const Value& y : values_) {
          const uint64_t expected = (holds(op_, x, y) && !same ? first.low : second.low) & mask;
          ASSERT_EQ(registers({x, y, first, second}).low, expected);
        }
      }
      if (compares_floats(op_)) continue;
      Snippet constant(CpuFeatures::detect(), {left(), Reg{}, a, b}, change, [&](X64Masm& masm) {
        masm.compare_and_select_imm(op_, left().gp(), values_[9].low, width, d, a, b);
        store(masm);
      });
      for (const Value& x : values_) {
        ASSERT_EQ(constant({x, {}, first, second}).low,
                  (holds(op_, x, values_[9]) && !same ? first.low : second.low) & mask);
      }
    }
  }
}

Value of_kind(FpKind kind, const Value& v) {
  if (kind == FpKind::f32) return {static_cast<uint32_t>(v.low), 0};
  return kind == FpKind::f64 ? Value{v.low, 0} : v;
}

TEST_P(ComparisonTest, ChoosesBetweenFloatsAndVectors) {
  constexpr Fp kPlacements[][3] = {{{0}, {2}, {3}}, {{2}, {2}, {3}}, {{3}, {2}, {3}},
                                   {{1}, {2}, {3}}, {{9}, {2}, {3}}, {{2}, {2}, {2}}};
  const Value first{0x1111111122222222, 0x5555555566666666}, second{0x3333333344444444, 0x7777777788888888};
  for (CpuFeatures features : {CpuFeatures::detect(), CpuFeatures{}}) {
    for (FpKind kind : {FpKind::f32, FpKind::f64, FpKind::v128}) {
      for (const auto& [d, a, b] : kPlacements) {
        RegisterSets change;
        change.add(d);
        Snippet select(features, {left(), right(), a, b}, change, [&](X64Masm& masm) {
          masm.compare_and_select_fp(op_, left(), right(), kind, d, a, b);
          masm.store_fp(FpKind::v128, result_address(0), d);
        });
        for (size_t i = 0; i < values_.size() * 4; ++i) {
          const Value &x = values_[i % values_.size()], &y = values_[i * 7 / 3 % values_.size()];
          const Value expected = of_kind(kind, holds(op_, x, y) && a != b ? first : second);
          ASSERT_EQ(of_kind(kind, select({x, y, first, second})), expected)
              << static_cast<int>(kind) << " d " << int{d.id};
        }
      }
    }
  }
}

std::string test_name(const ::testing::TestParamInfo<Opcode>& test) {
  std::string name(info(test.param).mnemonic);
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, ComparisonTest, ::testing::ValuesIn(comparisons()), test_name);

TEST(SelectTest, ChoosesByACondition) {
  constexpr Gp kPlacements[][3] = {{kRax, kRdx, kRsi}, {kRdx, kRdx, kRsi}, {kRsi, kRdx, kRsi}, {kRcx, kRdx, kRsi}};
  constexpr Fp kFpPlacements[][3] = {{{0}, {2}, {3}}, {{2}, {2}, {3}}, {{3}, {2}, {3}}};
  const Value first{0x1111111122222222, 0x5555555566666666}, second{0x3333333344444444, 0x7777777788888888};
  const Value conditions[] = {
      {0, 0}, {1, 0}, {0xFFFFFFFF, 0}, {0x80000000, 0}, {0xABCD00000000, 0}, {0xABCD00000001, 0}};
  for (CpuFeatures features : {CpuFeatures::detect(), CpuFeatures{}}) {
    for (const Value& condition : conditions) {
      const Value& chosen = static_cast<uint32_t>(condition.low) ? first : second;
      for (Width width : {Width::w32, Width::w64}) {
        for (const auto& [d, a, b] : kPlacements) {
          RegisterSets change;
          change.add(d);
          Snippet select(features, {Reg(kRcx), a, b}, change, [&](X64Masm& masm) {
            masm.select(width, d, kRcx, a, b);
            masm.store_gp(Width::w64, result_address(0), d);
          });
          EXPECT_EQ(select({condition, first, second}).low,
                    width == Width::w32 ? static_cast<uint32_t>(chosen.low) : chosen.low);
        }
      }
      for (FpKind kind : {FpKind::f32, FpKind::f64, FpKind::v128}) {
        for (const auto& [d, a, b] : kFpPlacements) {
          RegisterSets change;
          change.add(d);
          Snippet select(features, {Reg(kRcx), a, b}, change, [&](X64Masm& masm) {
            masm.select_fp(kind, d, kRcx, a, b);
            masm.store_fp(FpKind::v128, result_address(0), d);
          });
          EXPECT_EQ(of_kind(kind, select({condition, first, second})), of_kind(kind, chosen));
        }
      }
    }
  }
}

TEST(BranchTest, TestsZeroBitsAndConditions) {
  struct Case {
    std::function<void(X64Masm&, Label)> branch;
    std::function<bool(uint64_t, uint64_t)> expected;
  };
  const auto s32 = [](uint64_t x) { return static_cast<int32_t>(x); };
  const auto s64 = [](uint64_t x) { return static_cast<int64_t>(x); };
  const Address b = operand_address(1);
  const Case cases[] = {
      {[](X64Masm& m, Label l) { m.branch_zero(Width::w32, kRcx, l); },
       [](auto x, auto) { return static_cast<uint32_t>(x) == 0; }},
      {[](X64Masm& m, Label l) { m.branch_zero(Width::w64, kRcx, l, true); }, [](auto x, auto) { return x != 0; }},
      {[](X64Masm& m, Label l) { m.branch_bits(kRcx, 1, l, true); }, [](auto x, auto) { return (x & 1) == 0; }},
      {[](X64Masm& m, Label l) { m.branch_bits(kRsi, 0x80, l, false); }, [](auto, auto y) { return (y & 0x80) != 0; }},
      {[](X64Masm& m, Label l) { m.branch_bits(kRcx, 0x80000100, l, false); },
       [](auto x, auto) { return (x & 0x80000100) != 0; }},
      {[](X64Masm& m, Label l) { m.branch(Width::w32, Cond::lt_s, kRcx, kRsi, l); },
       [&](auto x, auto y) { return s32(x) < s32(y); }},
      {[](X64Masm& m, Label l) { m.branch(Width::w64, Cond::ge_u, kRcx, kRsi, l); },
       [](auto x, auto y) { return x >= y; }},
      {[](X64Masm& m, Label l) { m.branch(Width::w64, Cond::gt_u, kRcx, kRsi, l); },
       [](auto x, auto y) { return x > y; }},
      {[](X64Masm& m, Label l) { m.branch_imm(Width::w64, Cond::le_s, kRcx, 100, l); },
       [&](auto x, auto) { return s64(x) <= 100; }},
      {[](X64Masm& m, Label l) { m.branch_imm(Width::w64, Cond::eq, kRcx, uint64_t{1} << 62, l); },
       [](auto x, auto) { return x == uint64_t{1} << 62; }},
      {[=](X64Masm& m, Label l) { m.branch_mem(Width::w64, Cond::lt_u, kRcx, b, l); },
       [](auto x, auto y) { return x < y; }},
      {[=](X64Masm& m, Label l) { m.branch_mem_imm(Width::w32, Cond::ne, b, 0, l); },
       [](auto, auto y) { return static_cast<uint32_t>(y) != 0; }},
      {[=](X64Masm& m, Label l) { m.branch_mem_imm(Width::w64, Cond::gt_s, b, -1000, l); },
       [&](auto, auto y) { return s64(y) > -1000; }},
      {[](X64Masm& m, Label l) { m.add_imm_branch_carry(kR13, kRcx, 100, l); },
       [](auto x, auto) { return x + 100 < x; }},
      {[](X64Masm& m, Label l) { m.add_imm_branch_carry(kR13, kRcx, 0xFFFFFFFF, l); },
       [](auto x, auto) { return x + 0xFFFFFFFF < x; }},
  };
  std::mt19937_64 random(3);
  const std::vector<Value> values = values_of('I', random);
  for (size_t i = 0; i < std::size(cases); ++i) {
    RegisterSets change;
    change.add(kR13);
    Snippet snippet(CpuFeatures::detect(), {Reg(kRcx), Reg(kRsi)}, change, branch_body(cases[i].branch));
    for (const Value& x : values) {
      for (const Value& y : values)
        ASSERT_EQ(snippet({x, y}).low, cases[i].expected(x.low, y.low)) << i << ": " << x.low << " " << y.low;
    }
  }
}

}  // namespace
}  // namespace arris::masm::testing
