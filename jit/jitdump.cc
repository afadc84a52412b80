#include <elf.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <span>

#include "base/os/profile_file.h"
#include "jit/code_observers.h"
#include "jit/code_symbols.h"
#include "wasm/module.h"

namespace arris::jit {
namespace {

using runtime::CodeBlock;

constexpr uint32_t kMagic = 0x4A69'5444;
constexpr uint32_t kVersion = 1;
enum RecordId : uint32_t { kCodeLoad = 0, kDebugInfo = 2, kCodeClose = 3 };

struct FileHeader {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t total_size = sizeof(FileHeader);
  uint32_t machine = EM_X86_64;
  uint32_t padding = 0;
  uint32_t pid;
  uint64_t timestamp;
  uint64_t flags = 0;
};
static_assert(sizeof(FileHeader) == 40);

struct RecordHeader {
  uint32_t id;
  uint32_t total_size;
  uint64_t timestamp;
};
struct CodeLoad {
  uint32_t pid, tid;
  uint64_t vma, address, size, index;
};
struct DebugInfo {
  uint64_t address, count;
};
struct DebugEntry {
  uint64_t address;
  uint32_t line, discriminator;
};
static_assert(sizeof(CodeLoad) == 40 && sizeof(DebugEntry) == 16);

template <class Row>
void put(std::string& out, const Row& row) {
  out.append(reinterpret_cast<const char*>(&row), sizeof row);
}
void put_text(std::string& out, std::string_view text) {
  out += text;
  out += '\0';
}

class Jitdump final : public runtime::CodeObserver {
 public:
  int open(const std::string& path) {
    if (const int problem = file_.open(path)) return problem;
    std::string header;
    put(header, FileHeader{.pid = os::process_id(), .timestamp = os::monotonic_nanoseconds()});
    file_.append(header);
    return file_.mark() ? 0 : EACCES;  // a folder whose files may not be executed
  }
  ~Jitdump() override {
    std::string record;
    put(record, RecordHeader{kCodeClose, sizeof(RecordHeader), os::monotonic_nanoseconds()});
    file_.append(record);
  }

  void published(const CodeBlock& block) override {
    std::span<const runtime::PcEntry> positions = block.positions;
    const std::string file = block.module != nullptr ? file_name(*block.module) : std::string();
    std::lock_guard lock(mutex_);
    const uint64_t now = os::monotonic_nanoseconds();
    std::string records;
    for (const CodeSymbol& symbol : symbols_of(block)) {
      size_t count = 0;
      while (count < positions.size() && positions[count].native_offset < symbol.end) ++count;
      if (symbol.func != kNoIndex && count != 0) {
        const uint32_t own = symbol.func - block.module->imported_funcs;
        add_lines(records, block, positions.first(count), block.module->bodies[own].code_offset, file, now);
      }
      positions = positions.subspan(count);
      add_code(records, block, symbol, now);
    }
    file_.append(records);
  }
  void released(const CodeBlock&) override {}

 private:
  static std::string file_name(const Module& module) {
    const std::string prefix = module_prefix(module);
    return (prefix.empty() ? "module" : prefix.substr(0, prefix.size() - 1)) + ".wasm";
  }

  // Comes before the code it describes.
  static void add_lines(std::string& out, const CodeBlock& block, std::span<const runtime::PcEntry> positions,
                        uint32_t code_offset, const std::string& file, uint64_t now) {
    const auto base = reinterpret_cast<uintptr_t>(block.begin);
    const size_t size =
        sizeof(RecordHeader) + sizeof(DebugInfo) + positions.size() * (sizeof(DebugEntry) + file.size() + 1);
    put(out, RecordHeader{kDebugInfo, static_cast<uint32_t>(size), now});
    put(out, DebugInfo{base + positions.front().native_offset, positions.size()});
    for (const runtime::PcEntry& at : positions) {
      put(out, DebugEntry{base + at.native_offset, code_offset + at.wasm_offset, 0});
      put_text(out, file);
    }
  }

  void add_code(std::string& out, const CodeBlock& block, const CodeSymbol& symbol, uint64_t now) {
    const uint32_t size = symbol.end - symbol.begin;
    const uint8_t* code = block.begin + symbol.begin;
    const auto address = reinterpret_cast<uintptr_t>(code);
    const size_t record = sizeof(RecordHeader) + sizeof(CodeLoad) + symbol.name.size() + 1 + size;
    put(out, RecordHeader{kCodeLoad, static_cast<uint32_t>(record), now});
    put(out, CodeLoad{os::process_id(), os::thread_id(), address, address, size, next_index_++});
    put_text(out, symbol.name);
    out.append(reinterpret_cast<const char*>(code), size);
  }

  std::mutex mutex_;
  os::ProfileFile file_;
  uint64_t next_index_ = 0;
};

}  // namespace

ObserverPtr make_jitdump(std::string* error) {
  auto dump = std::make_unique<Jitdump>();
  const char* folder = std::getenv("JITDUMPDIR");
  std::string path = folder != nullptr && *folder != '\0' ? std::string(folder) + "/" : "./";
  path += "jit-" + std::to_string(os::process_id()) + ".dump";
  const int problem = dump->open(path);
  if (problem == 0) return dump;
  *error = path + ": " + std::strerror(problem);
  return nullptr;
}

}  // namespace arris::jit
