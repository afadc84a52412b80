#include "masm/recorder.h"

#include "gtest/gtest.h"
#include "masm/seam.h"

namespace arris::masm {
namespace {

static_assert(MasmSeam<X64Masm>);
static_assert(MasmSeam<TextMasm>);

class LabelPerTrap final : public TrapSink {
 public:
  explicit LabelPerTrap(TextMasm& masm) : masm_(masm) {}
  Label trap_label(TrapCode) override { return masm_.new_label(); }

 private:
  TextMasm& masm_;
};

// A small "function" written once for any Masm.
template <MasmSeam M>
void sum_down(M& m, TrapSink& traps) {
  const Label again = m.new_label();
  m.move_imm(Width::w32, M::kRax, 0);
  m.bind(again);
  m.binary(Opcode::i32_add, M::kRax, M::kRax, M::kRdi, traps);
  m.binary_imm(Opcode::i32_sub, M::kRdi, M::kRdi, 1, traps);
  m.branch_zero(Width::w32, M::kRdi, again, true);
  m.ret();
}

TEST(TextMasmTest, RecordsALinePerOperation) {
  TextMasm masm(CpuFeatures{});
  LabelPerTrap traps(masm);
  sum_down(masm, traps);
  ASSERT_TRUE(masm.finish());
  EXPECT_EQ(masm.text(),
            "  move.w32 rax, 0\n"
            "L0:\n"
            "  i32.add rax, rax, rdi\n"
            "  i32.sub rdi, rdi, 1\n"
            "  branch nonzero.w32 rdi -> L0\n"
            "  ret\n");
  EXPECT_EQ(masm.offset(), 5u);
}

TEST(TextMasmTest, ShowsAddressesConstantsAndTraps) {
  TextMasm masm(CpuFeatures{});
  LabelPerTrap traps(masm);
  EXPECT_EQ(masm.load(Opcode::i32_load8_u, TextMasm::kRcx, at(TextMasm::kMemoryBase, TextMasm::kRdi, 0, 16)), 0u);
  masm.store_slot_imm(at(TextMasm::kLocals, -8), 0x123456789A);
  masm.fp_const(FpKind::v128, Fp{3}, 1, ~uint64_t{0});
  masm.binary(Opcode::i32_div_s, TextMasm::kRax, TextMasm::kRax, TextMasm::kRcx, traps);
  masm.binary_imm(Opcode::i32_div_s, TextMasm::kRax, TextMasm::kRax, 10, traps);
  EXPECT_EQ(masm.call_mem(at(TextMasm::kInstance, 96)), 6u) << "the line behind the call";
  EXPECT_EQ(masm.text(),
            "  load i32.load8_u rcx, [r14 + rdi + 16]\n"
            "  store.slot [rbp - 8], 0x123456789a\n"
            "  const.v128 xmm3, 1, -1\n"
            "  i32.div_s rax, rax, rcx -> L0 -> L1\n"
            "  i32.div_s rax, rax, 10\n"
            "  call [r15 + 96]\n");
}

TEST(TextMasmTest, FailsOnALabelThatIsJumpedToButNotBound) {
  TextMasm masm(CpuFeatures{});
  masm.new_label();
  masm.jump(masm.new_label());
  EXPECT_FALSE(masm.finish());
  EXPECT_EQ(masm.error(), "a label that is jumped to is not bound: L1");
}

}  // namespace
}  // namespace arris::masm
