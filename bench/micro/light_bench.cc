// light/ and kernel/: three kernels twice, from machine code scheduled by hand for x86-64 (light: what the machine can do, the
// speed of light) and from WebAssembly through Arris (kernel). Both are checked to give the same answer before they are timed.
// The algorithms are the same; only the code differs: no row uses an instruction (crc32, AVX) that the other could not.
#define XBYAK_NO_EXCEPTION
#include <xbyak/xbyak.h>

#include <cstring>
#include <vector>

#include "bench/micro/fixture.h"

namespace arris::bench {
namespace {

constexpr uint32_t kBytes = 65536;  // of input, behind one page with the table
constexpr uint32_t kInput = 65536;
constexpr uint32_t kMemory = 3 * 65536;  // table, input, output
constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;

constexpr std::string_view kKernels = R"((module
  (memory (export "memory") 3)
  (func (export "crc") (param $at i32) (param $end i32) (param $crc i32) (result i32)
    (loop $next
      (local.set $crc (i32.xor
        (i32.shr_u (local.get $crc) (i32.const 8))
        (i32.load (i32.shl (i32.and (i32.xor (local.get $crc) (i32.load8_u (local.get $at))) (i32.const 255)) (i32.const 2)))))
      (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))
    (local.get $crc))
  (func (export "mix") (param $at i32) (param $end i32) (param $hash i64) (result i64)
    (loop $next
      (local.set $hash (i64.add
        (i64.rotl (i64.mul (i64.xor (local.get $hash) (i64.load (local.get $at))) (i64.const 0x9E3779B97F4A7C15)) (i64.const 29))
        (local.get $hash)))
      (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
    (local.get $hash))
  (func (export "saxpy") (param $at i32) (param $end i32) (param $a f32)
    (local $factor v128)
    (local.set $factor (f32x4.splat (local.get $a)))
    (loop $next
      (v128.store offset=65536 (local.get $at)
        (f32x4.add (f32x4.mul (v128.load (local.get $at)) (local.get $factor)) (v128.load offset=65536 (local.get $at))))
      (br_if $next (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))))
)";

std::vector<uint8_t> initial_memory() {
  std::vector<uint8_t> memory(kMemory);
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320u & -(crc & 1));
    std::memcpy(&memory[4 * i], &crc, 4);
  }
  for (uint32_t i = 0; i < kBytes; i += 4) {  // small floats, which are bytes like any others for the hashes
    float value = static_cast<float>(i * 7919 % 10007) / 1024;
    std::memcpy(&memory[kInput + i], &value, 4);
  }
  return memory;
}

// uint32_t (const uint8_t* memory, const uint8_t* at, const uint8_t* end, uint32_t crc)
struct Crc : Xbyak::CodeGenerator {
  using Function = uint32_t(const uint8_t*, const uint8_t*, const uint8_t*, uint32_t);
  Crc() {
    // The chain is load -> xor -> index: input bytes come eight at a time so that only the table's latency stays in it.
    Xbyak::Label next;
    mov(eax, ecx);
    L(next);
    mov(r8, ptr[rsi]);
    add(rsi, 8);
    for (int byte = 0; byte < 8; ++byte) {
      movzx(r9d, r8b);
      movzx(r10d, al);
      shr(eax, 8);
      xor_(r9d, r10d);
      if (byte < 7) shr(r8, 8);
      xor_(eax, ptr[rdi + r9 * 4]);
    }
    cmp(rsi, rdx);
    jne(next);
    ret();
  }
};

// uint64_t (const uint8_t* at, const uint8_t* end, uint64_t hash)
struct Mix : Xbyak::CodeGenerator {
  using Function = uint64_t(const uint8_t*, const uint8_t*, uint64_t);
  Mix() {
    Xbyak::Label next;
    mov(rax, rdx);
    mov(rcx, kFactor);
    L(next);
    for (int word = 0; word < 4; ++word) {
      mov(rdx, ptr[rdi + 8 * word]);
      xor_(rdx, rax);
      imul(rdx, rcx);
      rol(rdx, 29);
      add(rax, rdx);
    }
    add(rdi, 32);
    cmp(rdi, rsi);
    jne(next);
    ret();
  }
};

// void (uint8_t* at, uint8_t* end, float a)
struct Saxpy : Xbyak::CodeGenerator {
  using Function = void(uint8_t*, uint8_t*, float);
  Saxpy() {
    Xbyak::Label next;
    shufps(xmm0, xmm0, 0);
    L(next);
    for (int lane = 0; lane < 4; ++lane) movups(Xbyak::Xmm(1 + lane), ptr[rdi + 16 * lane]);
    for (int lane = 0; lane < 4; ++lane) {
      movups(Xbyak::Xmm(5 + lane), ptr[rdi + 65536 + 16 * lane]);
      mulps(Xbyak::Xmm(1 + lane), xmm0);
    }
    for (int lane = 0; lane < 4; ++lane) addps(Xbyak::Xmm(1 + lane), Xbyak::Xmm(5 + lane));
    for (int lane = 0; lane < 4; ++lane) movups(ptr[rdi + 65536 + 16 * lane], Xbyak::Xmm(1 + lane));
    add(rdi, 64);
    cmp(rdi, rsi);
    jne(next);
    ret();
  }
};

struct Guest : Fixture {
  Guest() : Fixture(kKernels), memory(instance->memory("memory")->data()) {
    auto initial = initial_memory();
    std::memcpy(memory.data(), initial.data(), initial.size());
  }
  std::span<uint8_t> memory;
};

struct Hand {
  std::vector<uint8_t> memory = initial_memory();
  uint8_t* input() { return memory.data() + kInput; }
  uint8_t* end() { return input() + kBytes; }
};

void count_bytes(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * int64_t{kBytes}); }

void check_answers() {
  Guest guest;
  Hand hand;
  Crc crc;
  Mix mix;
  Saxpy saxpy;
  auto wasm_crc = must(guest.func<uint32_t(uint32_t, uint32_t, uint32_t)>("crc")(kInput, kInput + kBytes, 1u), "crc");
  auto wasm_mix =
      must(guest.func<uint64_t(uint32_t, uint32_t, uint64_t)>("mix")(kInput, kInput + kBytes, uint64_t{1}), "mix");
  must(guest.func<void(uint32_t, uint32_t, float)>("saxpy")(kInput, kInput + kBytes, 1.5f), "saxpy");
  if (wasm_crc != crc.getCode<Crc::Function*>()(hand.memory.data(), hand.input(), hand.end(), 1))
    die("crc", "answers differ");
  if (wasm_mix != mix.getCode<Mix::Function*>()(hand.input(), hand.end(), 1)) die("mix", "answers differ");
  saxpy.getCode<Saxpy::Function*>()(hand.input(), hand.end(), 1.5f);
  if (std::memcmp(guest.memory.data(), hand.memory.data(), kMemory) != 0) die("saxpy", "answers differ");
}

void light_crc(benchmark::State& state) {
  check_answers();
  Hand hand;
  Crc code;
  for (auto _ : state)
    benchmark::DoNotOptimize(code.getCode<Crc::Function*>()(hand.memory.data(), hand.input(), hand.end(), 1));
  count_bytes(state);
}

void light_mix(benchmark::State& state) {
  check_answers();
  Hand hand;
  Mix code;
  for (auto _ : state) benchmark::DoNotOptimize(code.getCode<Mix::Function*>()(hand.input(), hand.end(), 1));
  count_bytes(state);
}

void light_saxpy(benchmark::State& state) {
  check_answers();
  Hand hand;
  Saxpy code;
  for (auto _ : state) code.getCode<Saxpy::Function*>()(hand.input(), hand.end(), 1e-6f);
  count_bytes(state);
}

template <class Signature, class Argument>
void kernel(benchmark::State& state, const char* name, Argument argument) {
  Guest guest;
  auto run = guest.func<Signature>(name);
  for (auto _ : state)
    if (!run(kInput, kInput + kBytes, argument)) return state.SkipWithError("trap");
  count_bytes(state);
}

}  // namespace

void register_light_benchmarks() {
  benchmark::RegisterBenchmark("light/crc", light_crc);
  benchmark::RegisterBenchmark(
      "kernel/crc", [](benchmark::State& s) { kernel<uint32_t(uint32_t, uint32_t, uint32_t)>(s, "crc", 1u); });
  benchmark::RegisterBenchmark("light/mix", light_mix);
  benchmark::RegisterBenchmark(
      "kernel/mix", [](benchmark::State& s) { kernel<uint64_t(uint32_t, uint32_t, uint64_t)>(s, "mix", uint64_t{1}); });
  benchmark::RegisterBenchmark("light/saxpy", light_saxpy);
  benchmark::RegisterBenchmark("kernel/saxpy",
                               [](benchmark::State& s) { kernel<void(uint32_t, uint32_t, float)>(s, "saxpy", 1e-6f); });
}

}  // namespace arris::bench
