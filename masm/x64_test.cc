#include "masm/x64.h"

#include <sys/mman.h>

#include "gtest/gtest.h"

namespace arris::masm {
namespace {

class NoTraps final : public TrapSink {
 public:
  Label trap_label(TrapCode) override { return Label{}; }
};

TEST(X64MasmTest, AddsInAnyPlacementOfOperands) {
  X64Masm masm(CpuFeatures::detect());
  NoTraps traps;
  masm.binary(Opcode::i32_add, X64Masm::kRax, X64Masm::kRdi, X64Masm::kRsi, traps);
  masm.ret();
  ASSERT_TRUE(masm.finish()) << masm.error();
  const auto code = masm.code();
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  memcpy(page, code.data(), code.size());
  mprotect(page, 4096, PROT_READ | PROT_EXEC);
  EXPECT_EQ(reinterpret_cast<uint32_t (*)(uint32_t, uint32_t)>(page)(40, 2), 42u);
  munmap(page, 4096);
}

}  // namespace
}  // namespace arris::masm
