#include "symbols/trap_report.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/engine_testing.h"
#include "symbols/demangle.h"
#include "symbols/dwarf.h"

namespace arris::symbols {
namespace {

using api::testing::World;
using namespace std::chrono_literals;

TEST(Demangle, Cxx) {
  EXPECT_EQ(demangle("_Z6divideii"), "divide(int, int)");
  EXPECT_EQ(demangle("_ZN4math6VectorIdE3dotERKS1_"), "math::Vector<double>::dot(math::Vector<double> const&)");
  EXPECT_EQ(demangle("_ZSt4sortIPiEvT_S1_"), "void std::sort<int*>(int*, int*)");
}

TEST(Demangle, RustLegacyWithoutItsHash) {
  EXPECT_EQ(demangle("_ZN4core9panicking5panic17hd8a0cdf3a4a1b2c3E"), "core::panicking::panic");
  EXPECT_EQ(demangle("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE"),
            "<alloc::string::String as core::fmt::Display>::fmt");
}

TEST(Demangle, RustV0) {
  EXPECT_EQ(demangle("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(demangle("_RNvMs_NtCs1234_7mycrate4mathNtB4_6Vector3dot"), "<mycrate::math::Vector>::dot");
  EXPECT_EQ(demangle("_RINvNtC3std3mem8align_ofdE"), "std::mem::align_of::<f64>");
}

TEST(Demangle, LeavesOtherNamesAlone) {
  for (const char* name : {"", "main", "_start", "_Z", "_R", "_Znonsense", "_ZN", "_RNv", "Z6divideii"})
    EXPECT_EQ(demangle(name), name);
}

TEST(TrapReport, IsThePlainOneWithoutSymbols) {
  World world;
  auto result = world.func("(module (func $f (export \"f\") unreachable))").call({});
  EXPECT_EQ(trap_report(result.error()), result.error().to_string());
  api::Trap bare("no frames");
  EXPECT_EQ(trap_report(bare), "trap: no frames");
}

TEST(TrapReport, DemanglesNames) {
  World world;
  auto result = world.func("(module (func $_Z6divideii (export \"f\") unreachable))").call({});
  EXPECT_NE(trap_report(result.error()).find("\n    0: divide(int, int) at 0x"), std::string::npos)
      << trap_report(result.error());
}

TEST(TrapReport, FallsBackWhenANameExplodes) {
  // Each parameter is a pair of the one before: 2^35 characters in the end.
  std::string name = "_Z1fSt4pairIiiE";
  for (int i = 0; i < 35; ++i) {
    std::string previous = "S" + std::string(1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]) + "_";
    name += "S_I" + previous + previous + "E";
  }
  World world;
  auto result = world.func("(module (func $" + name + " (export \"f\") unreachable))").call({});
  auto begin = std::chrono::steady_clock::now();
  std::string report = trap_report(result.error(), 300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(report.starts_with("trap: unreachable\n    0: ")) << report.substr(0, 100);
}

TEST(TrapReport, SurvivesJunkAsDebugInformation) {
  World world;
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    std::string module = "(module (func $f (export \"f\") unreachable)";
    for (const char* name : {".debug_info", ".debug_abbrev", ".debug_line", ".debug_str", ".debug_ranges"}) {
      module += std::string("(@custom \"") + name + "\" \"";
      for (unsigned k = random() % 200; k > 0; --k) {
        char byte[4];
        std::snprintf(byte, sizeof byte, "\\%02x", static_cast<unsigned>(random() % 256));
        module += byte;
      }
      module += "\")";
    }
    auto result = world.func(module + ")").call({});
    std::string report = trap_report(result.error());
    EXPECT_TRUE(report.starts_with("trap: unreachable\n    0: f at 0x")) << report;
  }
}

}  // namespace
}  // namespace arris::symbols
