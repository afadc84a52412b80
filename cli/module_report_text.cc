// ModuleReport as text for people. Names and strings of the module are escaped: they may say anything.
#include <map>

#include <fmt/format.h>

#include "base/printable.h"
#include "cli/module_report.h"

namespace arris::cli {
namespace {

constexpr size_t kMaxListed = 200;  // of one kind: a hostile module may declare a million

class TextReport {
 public:
  explicit TextReport(const ModuleReport& report) : r_(report), f_(report.facts) {}

  std::string write() {
    line("{}: WebAssembly module, {} bytes{}", r_.file, r_.bytes.size(),
         f_.name.empty() ? "" : ", named " + quoted(f_.name));
    sections();
    list("types", f_.types, 0);
    imports();
    exports();
    list("tables", f_.tables, imported(api::ExternKind::table));
    list("memories", f_.memories, imported(api::ExternKind::memory));
    list("globals", f_.globals, imported(api::ExternKind::global));
    list("tags", f_.tags, imported(api::ExternKind::tag));
    functions();
    segments("data segments", f_.data, "bytes");
    segments("element segments", f_.elements, "items");
    features();
    extras();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(arguments)...);
    out_ += '\n';
  }
  void cut(size_t count) {
    if (count > kMaxListed) line("  and {} more", count - kMaxListed);
  }

  uint32_t imported(api::ExternKind kind) const {
    uint32_t count = 0;
    for (const api::ImportFacts& import : f_.imports) count += import.kind == kind;
    return count;
  }

  void sections() {
    line("\nsections ({}):", f_.sections.size());
    size_t listed = 0;
    for (const api::SectionView& section : f_.sections) {
      if (++listed > kMaxListed) break;
      std::string name = section.id == 0 ? "custom " + quoted(section.name) : std::string(section.name);
      line("  {:#010x}  {:>9} bytes  {}", section.offset, section.content.size(), name);
    }
    cut(f_.sections.size());
  }

  void list(const char* title, const std::vector<std::string>& items, uint32_t first) {
    if (items.empty()) return;
    line("\n{} ({}):", title, items.size());
    for (size_t i = 0; i < items.size() && i < kMaxListed; ++i) line("  {:>4}  {}", first + i, items[i]);
    cut(items.size());
  }

  void imports() {
    if (f_.imports.empty()) return;
    line("\nimports ({}):", f_.imports.size());
    for (size_t i = 0; i < f_.imports.size() && i < kMaxListed; ++i) {
      const api::ImportFacts& import = f_.imports[i];
      const Provision& provision = r_.provisions[i];
      std::string status;
      if (provision.kind != Provision::Kind::unknown) status = fmt::format("  [{}]", to_string(provision.kind));
      if (!provision.note.empty()) status += " " + provision.note;
      line("  {} {} {}{}", quoted(import.module), quoted(import.name), import.type, status);
    }
    cut(f_.imports.size());
  }

  void exports() {
    if (f_.exports.empty()) return;
    line("\nexports ({}):", f_.exports.size());
    for (size_t i = 0; i < f_.exports.size() && i < kMaxListed; ++i) {
      const api::ExportFacts& one = f_.exports[i];
      line("  {} {} = {} {}", quoted(one.name), one.type.empty() ? "(?)" : one.type,
           api::kExternKindNames[static_cast<int>(one.kind)], one.index);
    }
    cut(f_.exports.size());
  }

  void functions() {
    if (f_.funcs.empty() && !f_.start) return;
    line("\nfunctions: {} of its own, {} bytes of code, {} imported", f_.funcs.size(), r_.code_bytes,
         f_.imported_funcs);
    if (f_.start) line("  start function: {}", *f_.start);
    if (!r_.largest.empty()) line("  largest:");
    for (uint32_t position : r_.largest) {
      const api::FuncFacts& func = f_.funcs[position];
      line("    {:>9} bytes at {:#x}  func {}{} {}", func.size, func.offset, func.index,
           func.name.empty() ? "" : " " + quoted(func.name, 80), func.type);
    }
  }

  void segments(const char* title, const api::SegmentFacts& facts, const char* unit) {
    if (facts.count == 0) return;
    line("\n{}: {}, {} active, {} {} in all", title, facts.count, facts.active, facts.size, unit);
  }

  void features() {
    if (f_.error) return;
    if (r_.needs.empty()) {
      line("\nfeatures needed: none beyond WebAssembly 1.0");
      return;
    }
    line("\nfeatures needed:");
    for (const api::FeatureNeed& need : r_.needs) {
      std::string place = need.what;
      if (need.func_index) place += fmt::format(" in func {}", *need.func_index);
      if (need.offset != api::kNoOffset) place += fmt::format(" at {:#x}", need.offset);
      line("  {:<26} {}", flag_of(need.feature), place);
    }
  }

  void extras() {
    if (f_.named_funcs != 0) line("\nnames: {} functions, {} locals", f_.named_funcs, f_.named_locals);
    if (!r_.producers.empty()) line("\nproducers:");
    for (const Producer& producer : r_.producers)
      line("  {}: {} {}", printable(producer.field), printable(producer.name), printable(producer.version));
    if (r_.dwarf_sections != 0) {
      line("\ndebug information: DWARF, {} sections, {} bytes", r_.dwarf_sections, r_.dwarf_bytes);
    }
  }

  const ModuleReport& r_;
  const api::ModuleFacts& f_;
  std::string out_;
};

}  // namespace

std::string to_text(const ModuleReport& report) { return TextReport(report).write(); }

}  // namespace arris::cli
