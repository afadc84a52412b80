// How fast machine code is written: per operation of the seam, beside asmjit's own Assembler doing the same instructions.
// Built where Google Benchmark is (target arris-masm-bench); README.md quotes it.
#include <asmjit/x86.h>

#include "benchmark/benchmark.h"
#include "masm/x64.h"

namespace arris::masm {
namespace {

class NoTraps final : public TrapSink {
 public:
  Label trap_label(TrapCode) override { return Label{}; }
};

// What a compiler of scalar code says most: loads, additions, constants, comparisons with branches, stores.
template <class M>
void write_scalar_mix(M& m, TrapSink& traps) {
  constexpr Gp a = M::kRax, b = M::kRcx, c = M::kR8;
  const Label done = m.new_label();
  m.load(Opcode::i32_load, a, at(M::kMemoryBase, b, 0, 16));
  m.binary(Opcode::i32_add, a, a, c, traps);
  m.binary_imm(Opcode::i32_and, a, a, 1023, traps);
  m.load_gp(Width::w64, b, at(M::kLocals, 24));
  m.binary(Opcode::i64_mul, b, b, a, traps);
  m.compare_and_branch_imm(Opcode::i32_lt_s, a, 100, done);
  m.binary(Opcode::f64_add, Fp{0}, Fp{0}, Fp{1}, traps);
  m.store(Opcode::i64_store, at(M::kMemoryBase, a, 0, 8), b);
  m.move_imm(Width::w32, c, 7);
  m.bind(done);
  m.store_gp(Width::w64, at(M::kLocals, 16), a);
}
constexpr int kMixInstructions = 11;

void scalar_mix(benchmark::State& state) {
  X64Masm masm(CpuFeatures::detect());
  NoTraps traps;
  size_t bytes = 0;
  for (auto _ : state) {
    masm.reset();
    for (int i = 0; i < 1000; ++i) write_scalar_mix(masm, traps);
    masm.finish();
    bytes += masm.code().size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * 1000 * kMixInstructions);
}
BENCHMARK(scalar_mix);

void scalar_mix_small_functions(benchmark::State& state) {
  X64Masm masm(CpuFeatures::detect());
  NoTraps traps;
  size_t bytes = 0;
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) {
      masm.reset();
      for (int j = 0; j < 10; ++j) write_scalar_mix(masm, traps);
      masm.finish();
      bytes += masm.code().size();
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * 1000 * kMixInstructions);
}
BENCHMARK(scalar_mix_small_functions);

void scalar_mix_asmjit(benchmark::State& state) {
  namespace x86 = asmjit::x86;
  size_t bytes = 0;
  for (auto _ : state) {
    asmjit::CodeHolder holder;
    holder.init(asmjit::Environment(asmjit::Arch::kX64));
    x86::Assembler m(&holder);
    for (int i = 0; i < 1000; ++i) {
      const asmjit::Label done = m.newLabel();
      m.mov(x86::eax, x86::dword_ptr(x86::r14, x86::rcx, 0, 16));
      m.add(x86::eax, x86::r8d);
      m.and_(x86::eax, 1023);
      m.mov(x86::rcx, x86::qword_ptr(x86::rbp, 24));
      m.imul(x86::rcx, x86::rax);
      m.cmp(x86::eax, 100);
      m.long_().jl(done);
      m.vaddsd(x86::xmm0, x86::xmm0, x86::xmm1);
      m.mov(x86::qword_ptr(x86::r14, x86::rax, 0, 8), x86::rcx);
      m.mov(x86::r8d, 7);
      m.bind(done);
      m.mov(x86::qword_ptr(x86::rbp, 16), x86::rax);
    }
    bytes += holder.codeSize();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * 1000 * kMixInstructions);
}
BENCHMARK(scalar_mix_asmjit);

void vector_mix(benchmark::State& state) {
  X64Masm masm(CpuFeatures::detect());
  NoTraps traps;
  size_t bytes = 0;
  for (auto _ : state) {
    masm.reset();
    for (int i = 0; i < 1000; ++i) {
      masm.load(Opcode::v128_load, Fp{1}, at(X64Masm::kMemoryBase, X64Masm::kRcx));
      masm.binary(Opcode::i32x4_add, Fp{2}, Fp{1}, Fp{0}, traps);
      masm.binary(Opcode::f32x4_mul, Fp{3}, Fp{2}, Fp{0}, traps);
      masm.binary(Opcode::i8x16_gt_s, Fp{4}, Fp{3}, Fp{0}, traps);
      masm.store(Opcode::v128_store, at(X64Masm::kMemoryBase, X64Masm::kRdx), Fp{4});
    }
    masm.finish();
    bytes += masm.code().size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * 1000 * 5);
}
BENCHMARK(vector_mix);

}  // namespace
}  // namespace arris::masm

BENCHMARK_MAIN();
