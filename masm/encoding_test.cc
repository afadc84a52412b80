// Encodings as an independent disassembler (LLVM's) reads them: all registers, addresses of every shape, both vector forms.
// The other tests execute a few registers each; this one looks for a wrong REX bit, displacement or ModRM in the rest.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "gtest/gtest.h"
#include "masm/code_testing.h"

namespace arris::masm::testing {
namespace {

constexpr const char* kNames64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr const char* kNames32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                    "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
constexpr const char* kNames16[] = {"ax",  "cx",  "dx",   "bx",   "sp",   "bp",   "si",   "di",
                                    "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"};
constexpr const char* kNames8[] = {"al",  "cl",  "dl",   "bl",   "spl",  "bpl",  "sil",  "dil",
                                   "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};
std::string xmm(unsigned i) { return "xmm" + std::to_string(i); }
Gp gp(unsigned i) { return Gp{static_cast<uint8_t>(i)}; }
Fp fp(unsigned i) { return Fp{static_cast<uint8_t>(i)}; }

class NoTraps final : public TrapSink {
 public:
  Label trap_label(TrapCode) override { return Label{}; }
};

// Instructions and what they must be read as, checked together by one run of the disassembler.
class Encodings {
 public:
  using Emit = std::function<void(X64Masm&)>;
  void expect(const std::string& text, const Emit& emit, CpuFeatures features = CpuFeatures::from_bits(0x1F)) {
    X64Masm masm(features);
    emit(masm);
    ASSERT_TRUE(masm.finish()) << masm.error();
    for (uint8_t byte : masm.code().first(masm.instruction_bytes())) {
      char hex[8];
      snprintf(hex, sizeof(hex), "0x%02x ", byte);
      bytes_ += hex;
    }
    bytes_ += '\n';
    expected_.push_back(text);
  }
  void check() {
    const std::string path = ::testing::TempDir() + "/masm_encodings";
    std::ofstream(path) << bytes_;
    const std::string command = "llvm-mc-19 --disassemble --triple=x86_64 --output-asm-variant=1 " + path + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::vector<std::string> actual;
    char line[256];
    while (fgets(line, sizeof(line), pipe)) {
      std::string text(line);
      text.pop_back();
      while (!text.empty() && text[0] == '\t') text.erase(0, 1);
      if (const size_t tab = text.find('\t'); tab != text.npos) text[tab] = ' ';
      if (text != ".text" && !text.empty()) actual.push_back(text);
    }
    pclose(pipe);
    ASSERT_EQ(actual.size(), expected_.size());
    for (size_t i = 0; i < expected_.size(); ++i) EXPECT_EQ(actual[i], expected_[i]);
  }

 private:
  std::string bytes_;
  std::vector<std::string> expected_;
};

class EncodingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("llvm-mc-19 --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "llvm-mc-19 (package llvm-19) is not here";
  }
  NoTraps traps_;
  Encodings encodings_;
};

struct AddressCase {
  Address address;
  std::string text;
};

// Every base, alone and with indices, with displacements of every size.
std::vector<AddressCase> addresses() {
  std::vector<AddressCase> cases;
  for (unsigned base = 0; base < 16; ++base) {
    for (int32_t displacement : {0, 8, -8, 127, -128, 128, -129, INT32_MAX, INT32_MIN}) {
      const std::string tail = displacement > 0   ? " + " + std::to_string(displacement)
                               : displacement < 0 ? " - " + std::to_string(-int64_t{displacement})
                                                  : "";
      cases.push_back({at(gp(base), displacement), std::string("[") + kNames64[base] + tail + "]"});
      for (unsigned index : {0u, 5u, 8u, 12u, 13u, 15u}) {
        const unsigned scale_log2 = (base + index) % 4;
        const std::string factor = scale_log2 ? std::to_string(1 << scale_log2) + "*" : "";
        cases.push_back({at(gp(base), gp(index), static_cast<uint8_t>(scale_log2), displacement),
                         std::string("[") + kNames64[base] + " + " + factor + kNames64[index] + tail + "]"});
      }
    }
  }
  return cases;
}

TEST_F(EncodingTest, RegistersOfEveryWidth) {
  for (unsigned a = 0; a < 16; ++a) {
    for (unsigned b = 0; b < 16; ++b) {
      const std::string ab64 = std::string(kNames64[a]) + ", " + kNames64[b],
                        ab32 = std::string(kNames32[a]) + ", " + kNames32[b];
      encodings_.expect("mov " + ab32, [&](X64Masm& m) { m.move(Width::w32, gp(a), gp(b)); });
      encodings_.expect("movsx " + std::string(kNames32[a]) + ", " + kNames8[b],
                        [&](X64Masm& m) { m.unary(Opcode::i32_extend8_s, gp(a), gp(b), traps_); });
      encodings_.expect("movsx " + std::string(kNames64[a]) + ", " + kNames16[b],
                        [&](X64Masm& m) { m.unary(Opcode::i64_extend16_s, gp(a), gp(b), traps_); });
      encodings_.expect("movsxd " + std::string(kNames64[a]) + ", " + kNames32[b],
                        [&](X64Masm& m) { m.unary(Opcode::i64_extend32_s, gp(a), gp(b), traps_); });
      encodings_.expect("sub " + ab32, [&](X64Masm& m) { m.binary(Opcode::i32_sub, gp(a), gp(a), gp(b), traps_); });
      encodings_.expect("xor " + ab64, [&](X64Masm& m) { m.binary(Opcode::i64_xor, gp(a), gp(a), gp(b), traps_); });
      encodings_.expect("imul " + ab64, [&](X64Masm& m) { m.binary(Opcode::i64_mul, gp(a), gp(a), gp(b), traps_); });
      encodings_.expect("movq " + xmm(a) + ", " + kNames64[b],
                        [&](X64Masm& m) { m.move_gp_to_fp(Width::w64, fp(a), gp(b)); });
      encodings_.expect("movd " + std::string(kNames32[a]) + ", " + xmm(b),
                        [&](X64Masm& m) { m.move_fp_to_gp(Width::w32, gp(a), fp(b)); });
      encodings_.expect("vaddsd " + xmm(a) + ", " + xmm(b) + ", " + xmm(a ^ b),
                        [&](X64Masm& m) { m.binary(Opcode::f64_add, fp(a), fp(b), fp(a ^ b), traps_); });
      encodings_.expect("vpaddd " + xmm(a) + ", " + xmm(b) + ", " + xmm((a + b) % 16 == a ? b : (a + b) % 16),
                        [&](X64Masm& m) {
                          m.binary(Opcode::i32x4_add, fp(a), fp(b), fp((a + b) % 16 == a ? b : (a + b) % 16), traps_);
                        });
      encodings_.expect("shlx " + ab64 + ", " + kNames64[a ^ 7],
                        [&](X64Masm& m) { m.binary(Opcode::i64_shl, gp(a), gp(b), gp(a ^ 7), traps_); });
      if (a == b) continue;
      encodings_.expect("mov " + ab64, [&](X64Masm& m) { m.move(Width::w64, gp(a), gp(b)); });
      encodings_.expect("movaps " + xmm(a) + ", " + xmm(b), [&](X64Masm& m) { m.move_fp(FpKind::f64, fp(a), fp(b)); });
      encodings_.expect(
          "mulss " + xmm(a) + ", " + xmm(b),
          [&](X64Masm& m) { m.binary(Opcode::f32_mul, fp(a), fp(a), fp(b), traps_); }, CpuFeatures{});
      encodings_.expect(
          "paddd " + xmm(a) + ", " + xmm(b),
          [&](X64Masm& m) { m.binary(Opcode::i32x4_add, fp(a), fp(a), fp(b), traps_); }, CpuFeatures{});
      encodings_.expect("xchg " + ab64, [&](X64Masm& m) { m.swap(gp(a), gp(b)); });
    }
    encodings_.expect("push " + std::string(kNames64[a]), [&](X64Masm& m) { m.push(gp(a)); });
    encodings_.expect("pop " + std::string(kNames64[a]), [&](X64Masm& m) { m.pop(gp(a)); });
    encodings_.expect("call " + std::string(kNames64[a]), [&](X64Masm& m) { m.call_reg(gp(a)); });
    encodings_.expect("jmp " + std::string(kNames64[a]), [&](X64Masm& m) { m.jump_reg(gp(a)); });
    encodings_.expect("and " + std::string(kNames32[a]) + ", 1023",
                      [&](X64Masm& m) { m.binary_imm(Opcode::i32_and, gp(a), gp(a), 1023, traps_); });
    encodings_.expect("sub " + std::string(kNames64[a]) + ", -5",
                      [&](X64Masm& m) { m.binary_imm(Opcode::i64_sub, gp(a), gp(a), ~uint64_t{4}, traps_); });
    encodings_.expect("sar " + std::string(kNames64[a]) + ", 33",
                      [&](X64Masm& m) { m.binary_imm(Opcode::i64_shr_s, gp(a), gp(a), 33, traps_); });
    encodings_.expect("movabs " + std::string(kNames64[a]) + ", 1311768467463790320",
                      [&](X64Masm& m) { m.move_imm(Width::w64, gp(a), 0x123456789ABCDEF0); });
    encodings_.expect("mov " + std::string(kNames32[a]) + ", 305419896",
                      [&](X64Masm& m) { m.move_imm(Width::w64, gp(a), 0x12345678); });
    encodings_.expect("mov " + std::string(kNames64[a]) + ", -2",
                      [&](X64Masm& m) { m.move_imm(Width::w64, gp(a), ~uint64_t{1}); });
  }
  encodings_.check();
}

TEST_F(EncodingTest, AddressesOfEveryShape) {
  unsigned r = 0;
  for (const auto& [address, text] : addresses()) {
    r = (r + 7) % 16;
    encodings_.expect("mov " + std::string(kNames64[r]) + ", qword ptr " + text,
                      [&](X64Masm& m) { m.load_gp(Width::w64, gp(r), address); });
    encodings_.expect("mov byte ptr " + text + ", " + kNames8[r],
                      [&](X64Masm& m) { m.store(Opcode::i32_store8, address, gp(r)); });
    encodings_.expect("mov word ptr " + text + ", 513",
                      [&](X64Masm& m) { m.store_imm(Opcode::i32_store16, address, 0x0201); });
    encodings_.expect("movsx " + std::string(kNames64[r]) + ", word ptr " + text,
                      [&](X64Masm& m) { m.load(Opcode::i64_load16_s, gp(r), address); });
    encodings_.expect("movsd " + xmm(r) + ", qword ptr " + text,
                      [&](X64Masm& m) { m.load(Opcode::f64_load, fp(r), address); });
    encodings_.expect("vaddss " + xmm(r) + ", " + xmm(15 - r) + ", dword ptr " + text,
                      [&](X64Masm& m) { m.binary_mem(Opcode::f32_add, fp(r), fp(15 - r), address); });
    encodings_.expect("vpmovsxbw " + xmm(r) + ", qword ptr " + text,
                      [&](X64Masm& m) { m.load(Opcode::v128_load8x8_s, fp(r), address); });
    encodings_.expect(
        "pextrb byte ptr " + text + ", " + xmm(r) + ", 11",
        [&](X64Masm& m) { m.store_lane(Opcode::v128_store8_lane, address, fp(r), 11); }, CpuFeatures{});
    encodings_.expect("call qword ptr " + text, [&](X64Masm& m) { m.call_mem(address); });
    encodings_.expect("jmp qword ptr " + text, [&](X64Masm& m) { m.jump_mem(address); });
    encodings_.expect("add dword ptr " + text + ", 1000",
                      [&](X64Masm& m) { m.add_to_memory(Width::w32, address, 1000); });
  }
  encodings_.check();
}

}  // namespace
}  // namespace arris::masm::testing
