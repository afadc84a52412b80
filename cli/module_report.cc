#include "cli/module_report.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/leb128.h"
#include "wasi/wasi.h"

namespace arris::cli {
namespace {

constexpr size_t kLargestFunctions = 5;
constexpr size_t kMaxProducers = 100;

// Counted names of a custom section; stops at the first that is not there.
class NameReader {
 public:
  explicit NameReader(std::span<const uint8_t> bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  uint32_t number() {
    auto value = decode_uleb<uint32_t>(rest_.data(), rest_.data() + rest_.size());
    ok_ = ok_ && value.status == LebStatus::ok;
    if (!ok_) return 0;
    rest_ = rest_.subspan(value.length);
    return value.value;
  }
  std::string_view name() {
    uint32_t size = number();
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    std::string_view name(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return name;
  }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

std::vector<Producer> read_producers(std::span<const uint8_t> payload) {
  NameReader in(payload);
  std::vector<Producer> all;
  for (uint32_t fields = in.number(); fields > 0 && in.ok(); --fields) {
    std::string_view field = in.name();
    for (uint32_t values = in.number(); values > 0 && in.ok() && all.size() < kMaxProducers; --values) {
      std::string_view name = in.name();
      std::string_view version = in.name();
      if (in.ok()) all.push_back({field, name, version});
    }
  }
  return all;
}

Provision provision_of(const api::ImportType& import, const api::ImportStatus& status) {
  using Kind = api::ImportStatus::Kind;
  // wasi-threads: the memory that the threads share is made for the module.
  const api::MemoryType* memory = import.type.memory();
  if (memory && memory->shared) return {Provision::Kind::with_threads, {}};
  switch (status.kind) {
    case Kind::provided: return {Provision::Kind::provided, {}};
    case Kind::missing: return {Provision::Kind::missing, status.note};
    case Kind::mismatched:
    case Kind::refused: break;
  }
  return {Provision::Kind::mismatched, status.note};
}

std::vector<Provision> check_imports(std::span<const uint8_t> bytes) {
  api::Config config;
  config.features = api::Features::all();
  config.quicken = false;
  api::Engine engine(config);
  auto module = api::Module::compile(engine, bytes);
  if (!module) return {};
  auto store = api::Store::create(engine);
  if (!store) return {};
  api::Linker linker(engine);
  wasi::Wasi::add_to_linker(linker);
  std::vector<api::ImportType> imports = module->imports();
  std::vector<api::ImportStatus> statuses = linker.check(*store, *module);
  std::vector<Provision> all;
  for (size_t i = 0; i < imports.size(); ++i) all.push_back(provision_of(imports[i], statuses[i]));
  return all;
}

void find_largest(ModuleReport& report) {
  const auto& funcs = report.facts.funcs;
  std::vector<uint32_t> order(funcs.size());
  std::iota(order.begin(), order.end(), 0u);
  size_t shown = std::min(order.size(), kLargestFunctions);
  std::ranges::partial_sort(order, order.begin() + static_cast<ptrdiff_t>(shown), [&](uint32_t a, uint32_t b) {
    return funcs[a].size != funcs[b].size ? funcs[a].size > funcs[b].size : a < b;
  });
  order.resize(shown);
  report.largest = std::move(order);
  for (const api::FuncFacts& func : funcs) report.code_bytes += func.size;
}

}  // namespace

ModuleReport make_module_report(std::string file, std::span<const uint8_t> bytes, bool with_features) {
  ModuleReport report;
  report.file = std::move(file);
  report.bytes = bytes;
  report.facts = api::inspect(bytes);
  report.provisions.resize(report.facts.imports.size());
  if (!report.facts.error) {
    auto provisions = check_imports(bytes);
    if (provisions.size() == report.facts.imports.size()) report.provisions = std::move(provisions);
    if (with_features) report.needs = api::needed_features(bytes);
  }
  for (const api::SectionView& section : report.facts.sections) {
    if (section.id != 0) continue;
    if (section.name == "producers") report.producers = read_producers(section.payload);
    if (section.name.starts_with(".debug_")) {
      ++report.dwarf_sections;
      report.dwarf_bytes += section.payload.size();
    }
  }
  find_largest(report);
  return report;
}

std::string_view flag_of(api::Feature feature) {
  for (const api::FeatureInfo& info : api::all_features()) {
    if (info.feature == feature) return info.flag;
  }
  return {};
}

std::string_view to_string(Provision::Kind kind) {
  switch (kind) {
    case Provision::Kind::provided: return "provided";
    case Provision::Kind::with_threads: return "provided with --max-threads";
    case Provision::Kind::missing: return "not provided";
    case Provision::Kind::mismatched: return "of another type";
    case Provision::Kind::unknown: break;
  }
  return "unknown";
}

}  // namespace arris::cli
