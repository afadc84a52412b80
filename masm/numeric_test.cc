// Every numeric opcode, scalar and vector, executed in many placements of its operands, with every set of processor features,
// on edge and random values, against arris::num. Registers outside the destination and the declared clobbers must survive.
#include <algorithm>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "masm/code_testing.h"

namespace arris::masm::testing {
namespace {

constexpr Gp kRax = X64Masm::kRax, kRcx = X64Masm::kRcx, kRdx = X64Masm::kRdx, kRsi = X64Masm::kRsi,
             kR12 = X64Masm::kR12, kR13 = X64Masm::kR13, kRbx = X64Masm::kRbx;

struct Signature {
  std::string_view operands, results;
};
Signature signature_of(Opcode op) {
  const std::string_view s = info(op).signature;
  const size_t colon = s.find(':');
  return {s.substr(0, colon), s.substr(colon + 1)};
}
bool is_fp(char type) { return type == 'f' || type == 'F' || type == 'V'; }

// Destination, then operands, for each kind of register; used row by row.
constexpr Gp kGpPlacements[][4] = {
    {kRsi, kRbx, kR12, kR13}, {kRax, kRax, kRcx, kRdx}, {kRcx, kRax, kRcx, kRdx}, {kRdx, kRcx, kRax, kRsi},
    {kRcx, kRcx, kRcx, kRcx}, {kRdx, kRdx, kRax, kRcx}, {kR12, kR12, kRcx, kR12}, {kRsi, kRcx, kRdx, kRax},
    {kR13, kRdx, kRdx, kRsi}, {kRax, kRsi, kRax, kRbx}, {kRdx, kRax, kRdx, kRcx}, {kRsi, kRcx, kRsi, kRsi},
};
constexpr uint8_t kFpPlacements[][4] = {{0, 1, 2, 3},    {1, 1, 2, 3},  {2, 1, 2, 3},   {3, 1, 2, 3},
                                        {4, 4, 4, 4},    {0, 5, 5, 6},  {9, 8, 13, 10}, {13, 13, 9, 13},
                                        {12, 0, 12, 12}, {3, 9, 3, 11}, {7, 6, 8, 7},   {0, 0, 11, 9}};
constexpr size_t kPlacementCount = std::size(kGpPlacements);
static_assert(kPlacementCount == std::size(kFpPlacements));

Reg place(char type, size_t placement, size_t position) {
  if (is_fp(type)) return Fp{kFpPlacements[placement][position]};
  return kGpPlacements[placement][position];
}

void store_result(X64Masm& masm, char type, Reg d) {
  if (type == 'V') {
    masm.store_fp(FpKind::v128, result_address(0), d.fp());
  } else if (d.is_fp()) {
    masm.store_fp(type == 'f' ? FpKind::f32 : FpKind::f64, result_address(0), d.fp());
  } else {
    masm.store_gp(Width::w64, result_address(0), d.gp());
  }
}

TrapCode trap_code(num::NumTrap trap) {
  switch (trap) {
    case num::NumTrap::none: return TrapCode::none;
    case num::NumTrap::integer_divide_by_zero: return TrapCode::integer_divide_by_zero;
    case num::NumTrap::integer_overflow: return TrapCode::integer_overflow;
    case num::NumTrap::invalid_conversion_to_integer: return TrapCode::invalid_conversion_to_integer;
  }
  return TrapCode::none;
}

enum class Form { registers, constant, memory };
constexpr const char* kFormNames[] = {"registers", "constant", "memory"};

// One assembled function of one opcode.
struct Case {
  Opcode op;
  Form form;
  size_t placement;
  CpuFeatures features;
  Value immediate;  // the constant operand, the lane, or the lanes of a shuffle
  CodeArena::Function function = nullptr;

  std::string name() const {
    return std::string(info(op).mnemonic) + " (" + kFormNames[static_cast<int>(form)] + ", placement " +
           std::to_string(placement) + ", " + name_of(features) + ")";
  }
};

class NumericTest {
 public:
  void test(Opcode op) {
    random_.seed(static_cast<unsigned>(op) + 1);
    const auto [operands, results] = signature_of(op);
    for (char type : operands) values_.push_back(values_of(type, random_));
    for (CpuFeatures features : feature_sets()) {
      std::vector<Case> cases = cases_of(op, features);
      for (Case& c : cases) {
        if (!assemble_case(c)) return;
      }
      // Most opcodes use one feature or none: what assembles to the same code need not run again.
      std::erase_if(cases, [](const Case& c) { return c.function == nullptr; });
      arena_.make_executable();
      for (const Case& c : cases) {
        run_case(c);
        if (::testing::Test::HasFailure()) return;
      }
      arena_.clear();
    }
  }

 private:
  std::vector<Case> cases_of(Opcode op, CpuFeatures features) {
    const auto [operands, results] = signature_of(op);
    std::vector<Case> cases;
    X64Masm masm(features);
    const auto add = [&](Form form, size_t placement, Value immediate = {}) {
      cases.push_back({op, form, placement, features, immediate});
    };
    for (size_t p = 0; p < kPlacementCount; ++p) {
      if (info(op).immediates == Immediates::lane) {
        for (unsigned lane = 0; lane < lane_count(op); ++lane) add(Form::registers, p, {lane, 0});
      } else if (info(op).immediates == Immediates::shuffle) {
        for (const Value& lanes : shuffles()) add(Form::registers, p, lanes);
      } else {
        add(Form::registers, p);
        if (operands.size() == 2 && masm.has_mem(op)) add(Form::memory, p);
      }
    }
    if (operands.size() == 2 && X64Masm::has_imm(op) && info(op).immediates == Immediates::none) {
      size_t placement = 0;
      for (const Value& constant : constants(operands[1])) {
        add(Form::constant, 0, constant);  // destination apart, then in place, then every other
        add(Form::constant, 1, constant);
        add(Form::constant, placement++ % kPlacementCount, constant);
      }
    }
    return cases;
  }
  static unsigned lane_count(Opcode op) {
    const std::string_view m = info(op).mnemonic;
    return m.starts_with("i8") ? 16 : m.starts_with("i16") ? 8 : m.substr(1).starts_with("32") ? 4 : 2;
  }
  std::vector<Value> shuffles() {
    std::vector<V128Array<uint8_t>> all = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                           {16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
                                           {0, 1, 2, 3, 0, 1, 2, 3, 12, 13, 14, 15, 4, 5, 6, 7},
                                           {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
                                           {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2},
                                           {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23},
                                           {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31},
                                           {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23},
                                           {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31},
                                           {16, 0, 17, 1, 18, 2, 19, 3, 20, 4, 21, 5, 22, 6, 23, 7},
                                           {0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27},
                                           {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}};
    for (int i = 0; i < 6; ++i) {
      V128Array<uint8_t> lanes;
      for (uint8_t& lane : lanes) lane = static_cast<uint8_t>(random_() % (i % 2 ? 32 : 16));
      all.push_back(lanes);
    }
    std::vector<Value> values;
    for (const auto& lanes : all) values.push_back(std::bit_cast<Value>(lanes));
    return values;
  }
  std::vector<Value> constants(char type) {
    std::vector<Value> values = values_of(type, random_);
    for (Value& v : values) {
      if (type == 'i') v.low = static_cast<uint32_t>(v.low);
    }
    for (unsigned bit = 0; bit < (type == 'I' ? 64 : 32); ++bit) values.push_back({uint64_t{1} << bit, 0});
    for (uint64_t divisor : {5, 6, 10, 25, 641, 1000, -10, -7, -1000}) {
      values.push_back({type == 'i' ? static_cast<uint32_t>(divisor) : divisor, 0});
    }
    return values;
  }

  bool assemble_case(Case& c) {
    const auto [operands, results] = signature_of(c.op);
    X64Masm masm(c.features);
    std::vector<Reg> registers = registers_of(c);
    const Reg d = place(results[0], c.placement, 0);
    masm::testing::assemble(masm, registers, [&](TrapSink& traps) {
      emit(masm, c, d, registers, traps);
      store_result(masm, results[0], d);
    });
    EXPECT_TRUE(masm.finish()) << c.name() << ": " << masm.error();
    if (!masm.ok()) return false;
    const std::string code(reinterpret_cast<const char*>(masm.code().data()), masm.code().size());
    const std::string identity = code + kFormNames[static_cast<int>(c.form)] + std::to_string(c.immediate.low);
    if (!seen_.insert(identity).second) return true;
    c.function = arena_.add(masm.code());
    EXPECT_NE(c.function, nullptr) << "arena full";
    return c.function != nullptr;
  }
  static std::vector<Reg> registers_of(const Case& c) {
    const std::string_view operands = signature_of(c.op).operands;
    std::vector<Reg> registers;
    for (size_t i = 0; i < operands.size(); ++i) registers.push_back(place(operands[i], c.placement, i + 1));
    if (c.form != Form::registers) registers[1] = Reg{};
    return registers;
  }
  static void emit(X64Masm& masm, const Case& c, Reg d, const std::vector<Reg>& r, TrapSink& traps) {
    if (info(c.op).immediates == Immediates::shuffle) {
      const auto lanes = std::bit_cast<V128Array<uint8_t>>(c.immediate);
      return masm.shuffle(d.fp(), r[0].fp(), r[1].fp(), lanes.data());
    }
    if (info(c.op).immediates == Immediates::lane) {
      const auto lane = static_cast<uint8_t>(c.immediate.low);
      return r.size() == 1 ? masm.extract_lane(c.op, d, r[0].fp(), lane)
                           : masm.replace_lane(c.op, d.fp(), r[0].fp(), r[1], lane);
    }
    if (c.form == Form::constant) return masm.binary_imm(c.op, d, r[0], c.immediate.low, traps);
    if (c.form == Form::memory) return masm.binary_mem(c.op, d, r[0], operand_address(1));
    if (r.size() == 1) return masm.unary(c.op, d, r[0], traps);
    if (r.size() == 2) return masm.binary(c.op, d, r[0], r[1], traps);
    masm.ternary(c.op, d.fp(), r[0].fp(), r[1].fp(), r[2].fp());
  }

  void run_case(const Case& c) {
    const auto [operands, results] = signature_of(c.op);
    const std::vector<Reg> registers = registers_of(c);
    X64Masm masm(c.features);
    const bool constant = c.form == Form::constant;
    RegisterSets may_change{constant ? masm.clobbers_imm(c.op, c.immediate.low) : masm.clobbers(c.op), {}};
    may_change.add(place(results[0], c.placement, 0));
    Frame frame{};
    const auto run_on = [&](size_t count) {
      // Operands in one register are one value; constants replace theirs.
      for (size_t i = 0; i < count; ++i) {
        for (size_t j = i + 1; j < count; ++j) {
          if (registers[i].valid() && registers[i] == registers[j]) frame.operands[i] = frame.operands[j];
        }
      }
      Value values[4];
      std::copy_n(frame.operands, 4, values);
      if (c.form == Form::constant) values[1] = c.immediate;
      if (info(c.op).immediates != Immediates::none) values[count] = c.immediate;
      Value expected;
      const TrapCode trap = trap_code(references()[static_cast<unsigned>(c.op)](values, &expected));
      const std::string complaint = masm::testing::run(c.function, frame, registers, may_change);
      const Value& actual = frame.results[0];
      const bool right = complaint.empty() && static_cast<TrapCode>(frame.trap) == trap &&
                         (trap != TrapCode::none || (same_result(c.op, results[0], values, count, expected, actual) &&
                                                     (results[0] != 'i' || actual.low >> 32 == 0)));
      if (right) return true;
      std::string text;
      for (size_t i = 0; i < count; ++i) text += " " + describe(operands[i], values[i]);
      ADD_FAILURE() << c.name() << " of" << text << complaint << ": expected " << describe(results[0], expected)
                    << " trap " << message_of(trap) << ", got " << describe(results[0], actual) << " trap "
                    << message_of(static_cast<TrapCode>(frame.trap));
      return false;
    };
    if (operands.size() == 1 || c.form == Form::constant) {
      for (const Value& a : values_[0]) {
        frame.operands[0] = a;
        if (!run_on(operands.size())) return;
      }
      return;
    }
    // Pairs: all of them would be too many for vectors; a stride that is coprime to the count visits every value often.
    const size_t steps = operands.back() == 'V' || operands[0] == 'V' ? 600 : values_[0].size() * values_[1].size();
    for (size_t step = 0; step < steps; ++step) {
      for (size_t i = 0; i < operands.size(); ++i) {
        frame.operands[i] = operands[0] == 'V' ? values_[i][random_() % values_[i].size()]
                            : i == 0           ? values_[0][step / values_[1].size()]
                                               : values_[1][step % values_[1].size()];
      }
      if (!run_on(operands.size())) return;
    }
  }

  std::mt19937_64 random_;
  std::vector<std::vector<Value>> values_;
  CodeArena arena_;
  std::set<std::string> seen_;
};

std::vector<Opcode> numeric_opcodes() {
  std::vector<Opcode> ops;
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    if (references()[i] && signature_of(op).results.size() == 1) ops.push_back(op);
  }
  return ops;
}

class NumericOpcodeTest : public ::testing::TestWithParam<Opcode> {};

TEST_P(NumericOpcodeTest, ComputesWhatTheSemanticsSay) { NumericTest().test(GetParam()); }

std::string test_name(const ::testing::TestParamInfo<Opcode>& test) {
  std::string name(info(test.param).mnemonic);
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, NumericOpcodeTest, ::testing::ValuesIn(numeric_opcodes()), test_name);

}  // namespace
}  // namespace arris::masm::testing
