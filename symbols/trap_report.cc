// The guarded process answers with a list of counted strings, frame by frame (write_answer, read_answer); this process believes
// none of it: counts are checked, and what is shown is escaped.
#include "symbols/trap_report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/os/guarded_process.h"
#include "base/printable.h"
#include "symbols/demangle.h"
#include "symbols/dwarf.h"

namespace arris::symbols {
namespace {

constexpr size_t kMaxNameBytes = 4096;  // of a mangled name that is worth demangling
constexpr size_t kShownNameBytes = 1024;
constexpr size_t kMaxInlineDepth = 64;

// What there is to say about one frame besides what the Trap says.
struct FrameSymbols {
  std::string name;                   // demangled
  std::vector<SourceFrame> location;  // innermost first
};

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The debug information of one module.
struct ModuleSymbols {
  std::vector<DebugSection> sections;
  uint64_t code_offset = 0;

  explicit ModuleSymbols(const api::Module& module) {
    constexpr uint8_t kCodeSection = 10;
    constexpr size_t kMaxSections = 64;
    for (const api::SectionView& section : module.sections()) {
      if (section.id == kCodeSection) code_offset = section.offset;
      if (section.id == 0 && section.name.starts_with(".debug_") && sections.size() < kMaxSections)
        sections.push_back({section.name, text_of(section.payload)});
    }
  }
  bool has_dwarf() const {
    return std::ranges::any_of(sections, [](const DebugSection& s) { return s.name == ".debug_info"; });
  }
};

using ModuleTable = std::map<const uint8_t*, ModuleSymbols>;

const uint8_t* key_of(const api::Module& module) { return module.bytes().data(); }

// ---- In the guarded process ------------------------------------------------------------------------------------------------

std::vector<FrameSymbols> look_up(std::span<const api::Frame> frames, const ModuleTable& modules) {
  std::map<const uint8_t*, std::unique_ptr<DwarfReader>> readers;
  std::vector<FrameSymbols> all;
  for (const api::Frame& frame : frames) {
    FrameSymbols& out = all.emplace_back();
    if (frame.func_name.size() <= kMaxNameBytes) out.name = demangle(frame.func_name);
    if (!frame.module) continue;
    const ModuleSymbols& module = modules.at(key_of(*frame.module));
    if (!module.has_dwarf() || frame.offset < module.code_offset) continue;
    auto& reader = readers[key_of(*frame.module)];
    if (!reader) reader = std::make_unique<DwarfReader>(module.sections);
    out.location = reader->find(frame.offset - module.code_offset);
    if (out.location.size() > kMaxInlineDepth) out.location.resize(kMaxInlineDepth);
    for (SourceFrame& source : out.location) {
      if (source.function.size() <= kMaxNameBytes) source.function = demangle(source.function);
    }
  }
  return all;
}

void put(std::string& out, uint32_t value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }
void put(std::string& out, const std::string& text) {
  std::string_view cut = std::string_view(text).substr(0, 4 * kShownNameBytes);
  put(out, static_cast<uint32_t>(cut.size()));
  out += cut;
}

std::string write_answer(const std::vector<FrameSymbols>& all) {
  std::string out;
  for (const FrameSymbols& frame : all) {
    put(out, frame.name);
    put(out, static_cast<uint32_t>(frame.location.size()));
    for (const SourceFrame& source : frame.location) {
      put(out, source.function);
      put(out, source.file);
      put(out, source.line);
      put(out, source.column);
    }
  }
  return out;
}

// ---- Here ------------------------------------------------------------------------------------------------------------------

class AnswerReader {
 public:
  explicit AnswerReader(std::string_view answer) : rest_(answer) {}
  bool ok() const { return ok_; }

  uint32_t number() {
    uint32_t value = 0;
    std::string_view bytes = take(sizeof value);
    if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string text() {
    uint32_t size = number();
    return std::string(take(size));
  }

 private:
  std::string_view take(size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::vector<FrameSymbols> read_answer(std::string_view answer, size_t frames) {
  AnswerReader in(answer);
  std::vector<FrameSymbols> all(frames);
  for (FrameSymbols& frame : all) {
    frame.name = in.text();
    uint32_t count = in.number();
    if (count > kMaxInlineDepth) return {};
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
      SourceFrame& source = frame.location.emplace_back();
      source.function = in.text();
      source.file = in.text();
      source.line = in.number();
      source.column = in.number();
    }
    if (!in.ok()) return {};
  }
  return all;
}

std::string place(const SourceFrame& source) {
  if (source.file.empty()) return {};
  std::string out = ", " + printable(source.file, kShownNameBytes);
  if (source.line != 0) out += ":" + std::to_string(source.line);
  if (source.line != 0 && source.column != 0) out += ":" + std::to_string(source.column);
  return out;
}

std::string shown_name(const api::Frame& frame, const FrameSymbols& symbols) {
  bool is_inlined = symbols.location.size() > 1 && !symbols.location[0].function.empty();
  if (is_inlined) return printable(symbols.location[0].function, kShownNameBytes);
  if (!symbols.name.empty()) return printable(symbols.name, kShownNameBytes);
  if (frame.is_host) return "host function";
  if (!symbols.location.empty() && !symbols.location[0].function.empty())
    return printable(symbols.location[0].function, kShownNameBytes);
  return "func[" + std::to_string(frame.func_index) + "]";
}

std::string describe(const api::Frame& frame, const FrameSymbols& symbols) {
  std::string out = shown_name(frame, symbols);
  if (!frame.module_name.empty()) out += " (" + printable(frame.module_name) + ")";
  if (frame.is_host) return out;
  char text[32];
  std::snprintf(text, sizeof text, " at 0x%" PRIx32, frame.offset);
  out += text;
  if (!symbols.location.empty()) out += place(symbols.location[0]);
  for (size_t i = 1; i < symbols.location.size(); ++i) {
    const SourceFrame& outer = symbols.location[i];
    out += "\n       inlined into " + (outer.function.empty() ? "?" : printable(outer.function, kShownNameBytes));
    out += place(outer);
  }
  return out;
}

std::string compose(const api::Trap& trap, const std::vector<FrameSymbols>& symbols) {
  std::string out = "trap: " + printable_message(trap.message());
  uint64_t number = 0;
  char text[64];
  for (size_t i = 0; i < trap.frames().size(); ++i) {
    if (i == trap.omitted_at() && trap.omitted_frames() != 0) {
      std::snprintf(text, sizeof text, "\n       ... %" PRIu64 " frames left out", trap.omitted_frames());
      out += text;
      number += trap.omitted_frames();
    }
    std::snprintf(text, sizeof text, "\n  %3" PRIu64 ": ", number++);
    out += text + describe(trap.frames()[i], symbols[i]);
  }
  return out;
}

}  // namespace

std::string trap_report(const api::Trap& trap, std::chrono::milliseconds time_limit) {
  ModuleTable modules;
  bool has_work = false;
  for (const api::Frame& frame : trap.frames()) {
    if (is_mangled(frame.func_name)) has_work = true;
    if (!frame.module) continue;
    auto known = modules.try_emplace(key_of(*frame.module), *frame.module).first;
    if (known->second.has_dwarf()) has_work = true;
  }
  if (trap.exit_status() || !has_work) return trap.to_string();
  auto answer = os::run_guarded([&] { return write_answer(look_up(trap.frames(), modules)); },
                                {.time = time_limit, .memory_bytes = size_t{2} << 30});
  if (!answer) return trap.to_string();
  std::vector<FrameSymbols> symbols = read_answer(*answer, trap.frames().size());
  return symbols.empty() ? trap.to_string() : compose(trap, symbols);
}

}  // namespace arris::symbols
