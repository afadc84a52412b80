// arris-fuzz-diff: the same generated modules in every tier; whatever the tiers disagree about is a finding.
// Compared: results, trap codes with their whole backtrace (function and offset), calls of the host, and at the end globals,
// memories and tables. NaNs in results and globals are equal to each other; everything else is compared by bits.
#include <CLI/CLI.hpp>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arris/arris.h"
#include "fuzz/generator/encoder.h"
#include "fuzz/generator/generator.h"

namespace {

using namespace arris::api;
using arris::fuzz::Generated;
using arris::fuzz::Skipped;

struct TierUnderTest {
  const char* name;
  Engine engine;
};

std::vector<TierUnderTest> make_tiers() {
  Config config;
  config.features = Features::all();
  config.validation_threads = 1;
  config.limits.max_stack_bytes = 256 << 10;
  config.limits.max_heap_bytes = 4 << 20;
  config.tier = Tier::interp;
  std::vector<TierUnderTest> tiers;
  config.quicken = false;
  tiers.push_back({"interp-plain", Engine(config)});
  config.quicken = true;
  tiers.push_back({"interp", Engine(config)});
  config.tier = Tier::jit;
  tiers.push_back({"jit", Engine(config)});
  config.baseline_cpu = true;
  tiers.push_back({"jit-baseline-cpu", Engine(config)});
  config.baseline_cpu = false;
  config.mixed_tiers_seed = 7;
  tiers.push_back({"jit-mixed", Engine(config)});
  config.mixed_tiers_seed = 0;
  config.explicit_bounds_checks = true;
  tiers.push_back({"jit-explicit-bounds", Engine(config)});
  config.explicit_bounds_checks = false;
  config.tier = Tier::auto_;
  config.tier_up_seed = 11;
  tiers.push_back({"auto", Engine(config)});
  config.tier_down_every = 3;
  tiers.push_back({"auto-up-and-down", Engine(config)});
  return tiers;
}

std::string describe(const Val& value) {
  char text[64];
  switch (value.type().code()) {
    case TypeCode::f32:
      if (std::isnan(value.f32())) return "nan";
      std::snprintf(text, sizeof text, "f32:%08x", value.f32_bits());
      return text;
    case TypeCode::f64:
      if (std::isnan(value.f64())) return "nan";
      std::snprintf(text, sizeof text, "f64:%016llx", static_cast<unsigned long long>(value.f64_bits()));
      return text;
    case TypeCode::i32: return "i32:" + std::to_string(value.i32());
    case TypeCode::i64: return "i64:" + std::to_string(value.i64());
    case TypeCode::v128: {
      auto halves = std::bit_cast<std::array<unsigned long long, 2>>(value.v128());
      std::snprintf(text, sizeof text, "v128:%016llx%016llx", halves[1], halves[0]);
      return text;
    }
    default: break;
  }
  const Ref& ref = value.ref();
  if (ref.is_null()) return "null";
  if (ref.is_i31()) return "i31:" + std::to_string(ref.i31_s());
  if (ref.is_struct() || ref.is_array()) return "object of " + std::to_string(ref.length());
  return "ref";
}

std::string describe(const Trap& trap) {
  std::string text = "trap " + std::to_string(static_cast<int>(trap.code()));
  size_t shown = 0;
  for (const Frame& frame : trap.frames()) {
    if (++shown > 12) break;
    text += " " + std::to_string(frame.func_index) + "@" + std::to_string(frame.offset);
  }
  return text + " of " + std::to_string(trap.frames().size() + trap.omitted_frames());
}

std::vector<Val> arguments(const FuncType& type, arris::fuzz::Random& random) {
  static constexpr uint64_t kInts[] = {0,          1,     ~uint64_t{0}, 0x80000000, 0x8000000000000000,
                                       0x7FFFFFFF, 65535, 65532,        7,          100};
  static constexpr double kFloats[] = {0.0, -0.0, 1.5, -3.25, 1e30, 2147483648.0, 1e-320};
  std::vector<Val> values;
  for (ValType param : type.params) {
    uint64_t bits = random.percent(70) ? random.pick(kInts) : random.next();
    double number = random.percent(10) ? std::nan("") : random.pick(kFloats);
    switch (param.code()) {
      case TypeCode::i32: values.emplace_back(static_cast<uint32_t>(bits)); break;
      case TypeCode::i64: values.emplace_back(bits); break;
      case TypeCode::f32: values.emplace_back(static_cast<float>(number)); break;
      case TypeCode::f64: values.emplace_back(number); break;
      case TypeCode::v128:
        values.emplace_back(std::bit_cast<V128>(std::array<uint64_t, 2>{bits, random.next()}));
        break;
      default: values.push_back(Val::zero(param));
    }
  }
  return values;
}

uint64_t hash(std::span<const uint8_t> bytes) {
  uint64_t h = 0xcbf29ce484222325;
  for (uint8_t byte : bytes) h = (h ^ byte) * 0x100000001b3;
  return h;
}

struct Counters {
  uint64_t modules = 0, functions = 0, calls = 0, traps = 0;
};

// Everything that can be observed, a line each.
std::vector<std::string> observe(const Engine& engine, uint64_t seed, std::span<const uint8_t> bytes,
                                 Counters* counters) {
  std::vector<std::string> lines;
  auto module = Module::compile(engine, bytes);
  if (!module) return {"invalid: " + module.error().to_string()};
  auto store = Store::create(engine);
  if (!store) return {"no store"};
  uint64_t host_calls = 0;
  Func host = Func::wrap(*store, [&host_calls](int64_t x) -> int64_t {
    host_calls = host_calls * 31 + static_cast<uint64_t>(x);
    return static_cast<int64_t>(static_cast<uint64_t>(x) ^ (host_calls & 0xFF));
  });
  Extern imports[] = {host};
  auto instance = Instance::create(*store, *module, imports);
  if (!instance) return {"not instantiated: " + instance.error().to_string()};
  auto fuel = instance->global("g0");
  arris::fuzz::Random random(seed ^ 0x5851F42D4C957F2D);
  for (int round = 0; round < 3; ++round) {
    for (uint32_t i = 1; auto func = instance->func("f" + std::to_string(i)); ++i) {
      (void)fuel->set(Val(int32_t{30}));
      std::vector<Val> args = arguments(func->type(), random);
      std::string line = "f" + std::to_string(i) + "(";
      for (const Val& arg : args) line += describe(arg) + " ";
      line += ") = ";
      auto results = func->call(args);
      if (counters != nullptr) ++counters->calls, counters->traps += results ? 0 : 1;
      if (results) {
        for (const Val& result : *results) line += describe(result) + " ";
      } else {
        line += describe(results.error());
      }
      lines.push_back(std::move(line));
    }
  }
  lines.push_back("host " + std::to_string(host_calls));
  for (uint32_t i = 0; i < instance->export_count(); ++i) {
    Extern value = instance->export_at(i);
    std::string line = "export " + std::to_string(i) + " ";
    if (const Global* global = value.global()) line += describe(global->get());
    if (const Memory* memory = value.memory())
      line += std::to_string(memory->size_bytes()) + " bytes, hash " + std::to_string(hash(memory->data()));
    if (const Table* table = value.table())
      for (uint64_t k = 0; k < table->size(); ++k) line += table->get(k)->is_null() ? '0' : '1';
    lines.push_back(std::move(line));
  }
  return lines;
}

struct Difference {
  const char* tier;
  std::string expected, got;
};

std::optional<Difference> compare(const std::vector<TierUnderTest>& tiers, uint64_t seed,
                                  std::span<const uint8_t> bytes, Counters* counters) {
  auto expected = observe(tiers[0].engine, seed, bytes, counters);
  if (expected[0].starts_with("invalid")) return Difference{tiers[0].name, "a valid module", expected[0]};
  for (size_t t = 1; t < tiers.size(); ++t) {
    auto got = observe(tiers[t].engine, seed, bytes, nullptr);
    for (size_t i = 0; i < expected.size() || i < got.size(); ++i) {
      std::string a = i < expected.size() ? expected[i] : "nothing", b = i < got.size() ? got[i] : "nothing";
      if (a != b) return Difference{tiers[t].name, a, b};
    }
  }
  return std::nullopt;
}

// Leaves out statement after statement while the tiers still differ.
Skipped shrink(const std::vector<TierUnderTest>& tiers, uint64_t seed, const Generated& generated) {
  Skipped skipped;
  bool invalid = !Module::compile(tiers[0].engine, generated.bytes);
  for (uint32_t func = 1; func <= generated.statements.size(); ++func) {
    for (uint32_t i = generated.statements[func - 1]; i-- > 0;) {
      skipped.insert({func, i});
      Generated smaller = arris::fuzz::generate(seed, skipped);
      bool fails = compare(tiers, seed, smaller.bytes, nullptr).has_value();
      bool same_kind = invalid == !Module::compile(tiers[0].engine, smaller.bytes);
      if (!fails || !same_kind) skipped.erase({func, i});
    }
  }
  return skipped;
}

void report(const std::vector<TierUnderTest>& tiers, uint64_t seed, const Generated& generated,
            const Difference& found) {
  std::printf("seed %llu: %s differs from %s\n  expected %s\n  got      %s\n", static_cast<unsigned long long>(seed),
              found.tier, tiers[0].name, found.expected.c_str(), found.got.c_str());
  std::fflush(stdout);
  Generated small = arris::fuzz::generate(seed, shrink(tiers, seed, generated));
  if (auto again = compare(tiers, seed, small.bytes, nullptr))
    std::printf("made smaller: %s\n  expected %s\n  got      %s\n", again->tier, again->expected.c_str(),
                again->got.c_str());
  std::string path = "fuzz-diff-" + std::to_string(seed) + ".wasm";
  if (std::FILE* file = std::fopen(path.c_str(), "wb")) {
    std::fwrite(small.bytes.data(), 1, small.bytes.size(), file);
    std::fclose(file);
    std::printf("  in %s\n", path.c_str());
  }
  std::fflush(stdout);
}

int report_coverage(const arris::fuzz::OpcodeSet& emitted) {
  int missing = 0;
  for (unsigned i = 0; i < arris::kOpcodeCount; ++i) {
    auto opcode = static_cast<arris::Opcode>(i);
    if (emitted.test(i)) continue;
    ++missing;
    std::printf("not emitted: %s\n", std::string(arris::info(opcode).mnemonic).c_str());
  }
  std::printf("%zu of %u opcodes emitted\n", emitted.count(), arris::kOpcodeCount);
  return missing;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares the tiers on generated modules.");
  uint64_t seed = 1, count = 0;
  double seconds = 60;
  bool print = false, coverage = false, verbose = false;
  app.add_option("--seconds", seconds, "how long, unless --count is given");
  app.add_option("--seed", seed, "the first seed; the following ones are counted up");
  app.add_option("--count", count, "how many seeds");
  app.add_flag("--print", print, "write the seed's module as text instead");
  app.add_flag("--verbose", verbose, "name each seed before it runs");
  app.add_flag("--coverage", coverage, "fail unless every opcode was emitted");
  CLI11_PARSE(app, argc, argv);

  auto tiers = make_tiers();
  if (print) {
    auto module = Module::compile(tiers[0].engine, arris::fuzz::generate(seed).bytes);
    std::printf("%s\n", module ? module->to_text().c_str() : module.error().to_string().c_str());
    return module ? 0 : 1;
  }
  Counters counters;
  arris::fuzz::OpcodeSet emitted;
  int differences = 0;
  auto start = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  for (uint64_t first = seed; count != 0 ? seed < first + count : elapsed() < seconds; ++seed) {
    if (verbose) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    Generated generated = arris::fuzz::generate(seed);
    emitted |= generated.opcodes;
    ++counters.modules;
    counters.functions += generated.statements.size();
    if (auto found = compare(tiers, seed, generated.bytes, &counters)) {
      report(tiers, seed, generated, *found);
      if (++differences == 20) break;
    }
  }
  double time = elapsed();
  std::printf(
      "%llu modules, %llu functions, %llu calls (%llu trapped) in %zu tiers in %.1f s: %.0f modules/s; last seed %llu; "
      "%d differences\n",
      static_cast<unsigned long long>(counters.modules), static_cast<unsigned long long>(counters.functions),
      static_cast<unsigned long long>(counters.calls), static_cast<unsigned long long>(counters.traps), tiers.size(),
      time, static_cast<double>(counters.modules) / time, static_cast<unsigned long long>(seed - 1), differences);
  if (coverage && report_coverage(emitted) != 0) return 1;
  return differences == 0 ? 0 : 1;
}
