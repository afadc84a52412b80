#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "base/os/profile_file.h"
#include "jit/code_observers.h"
#include "jit/code_symbols.h"

namespace arris::jit {
namespace {

class PerfMap final : public runtime::CodeObserver {
 public:
  int open(const std::string& path) { return file_.open(path); }

  void published(const runtime::CodeBlock& block) override {
    std::string lines;
    for (const CodeSymbol& symbol : symbols_of(block)) {
      char place[40];
      const auto address = reinterpret_cast<uintptr_t>(block.begin) + symbol.begin;
      std::snprintf(place, sizeof place, "%" PRIxPTR " %" PRIx32 " ", address, symbol.end - symbol.begin);
      lines += place;
      lines += symbol.name;
      lines += '\n';
    }
    std::lock_guard lock(mutex_);
    file_.append(lines);
  }
  void released(const runtime::CodeBlock&) override {}

 private:
  std::mutex mutex_;
  os::ProfileFile file_;
};

}  // namespace

ObserverPtr make_perf_map(std::string* error) {
  auto map = std::make_unique<PerfMap>();
  const std::string path = "/tmp/perf-" + std::to_string(os::process_id()) + ".map";
  const int problem = map->open(path);
  if (problem == 0) return map;
  *error = path + ": " + std::strerror(problem);
  return nullptr;
}

}  // namespace arris::jit
