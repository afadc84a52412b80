// arris objdump: the instructions of functions, and beside them what a tier makes of them: the machine code of the compiler, or the
// superinstructions of the interpreter.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/printable.h"
#include "cli/commands.h"
#include "cli/disassembly.h"
#include "cli/module_file.h"
#include "cli/print.h"
#include "cli/quantity.h"
#include "cli/report.h"

namespace arris::cli {
namespace {

constexpr std::string_view kMachineMargin = "                  ";

std::string title(const api::Module& module, uint32_t func) {
  const std::string_view name = module.func_name(func);
  const std::string quoted_name = name.empty() ? "" : " " + quoted(name);
  return fmt::format("func {}{} {}", func, quoted_name, module.engine().describe(module.func_type(func)));
}

void print_interpreted(const api::Module& module, uint32_t func, const std::vector<api::ListedInstruction>& wasm) {
  print("{}:\n", title(module, func));
  for (const api::ListedInstruction& one : wasm) {
    if (one.quickened.empty()) {
      print("  {:#010x}  {}\n", one.offset, one.text);
    } else {
      print("  {:#010x}  {:<32}  ; {}\n", one.offset, one.text, one.quickened);
    }
  }
}

class MachineListing {
 public:
  MachineListing(const api::MachineCode& code, std::optional<std::vector<MachineInstruction>> instructions)
      : code_(code), instructions_(std::move(instructions)) {}

  void print_all(const std::vector<api::ListedInstruction>& wasm) const {
    const auto& positions = code_.positions;
    const size_t rare = code_.out_of_line != 0 ? code_.out_of_line : positions.size();
    print("  entry\n");
    print_position(0);
    size_t next = 1;
    for (const api::ListedInstruction& one : wasm) {
      print("  {:#010x}  {}\n", one.offset, one.text);
      for (; next < rare && positions[next].offset == one.offset; ++next) print_position(next);
    }
    for (size_t i = rare; i < positions.size(); ++i) {
      if (end_of(i) == positions[i].native_offset) continue;
      if (positions[i].offset == positions[0].offset && i == rare) {
        print("  rare, at the entry\n");
      } else {
        print("  rare, of {:#010x}\n", positions[i].offset);
      }
      print_position(i);
    }
    if (code_.bytes.size() > code_.code_size) {
      print("  constants and jump tables\n");
      print_bytes(code_.code_size, static_cast<uint32_t>(code_.bytes.size()));
    }
  }

 private:
  uint32_t end_of(size_t position) const {
    return position + 1 < code_.positions.size() ? code_.positions[position + 1].native_offset : code_.code_size;
  }

  void print_position(size_t index) const {
    const uint32_t begin = code_.positions[index].native_offset, end = end_of(index);
    if (!instructions_) return print_bytes(begin, end);
    auto one = std::lower_bound(instructions_->begin(), instructions_->end(), begin,
                                [](const MachineInstruction& i, uint32_t offset) { return i.offset < offset; });
    for (; one != instructions_->end() && one->offset < end; ++one) {
      const std::string comment = comment_of(*one);
      if (comment.empty()) {
        print("{}{:5x}:  {}\n", kMachineMargin, one->offset, one->text);
      } else {
        print("{}{:5x}:  {:<32}  ; {}\n", kMachineMargin, one->offset, one->text, comment);
      }
    }
  }

  void print_bytes(uint32_t begin, uint32_t end) const {
    constexpr uint32_t kPerLine = 16;
    for (uint32_t line = begin; line < end; line += kPerLine) {
      std::string text;
      for (uint32_t i = line; i < std::min(line + kPerLine, end); ++i) text += fmt::format(" {:02x}", code_.bytes[i]);
      print("{}{:5x}: {}\n", kMachineMargin, line, text);
    }
  }

  static std::string text_of(const api::MachineCode::Target& target) {
    return target.is_trap ? "trap: " + target.name : target.name;
  }

  // Where a call leads, and of a jump to a rare path, which trap that is.
  std::string comment_of(const MachineInstruction& one) const {
    for (const api::MachineCode::Target& target : code_.targets) {
      if (target.native_offset == one.end) return text_of(target);
    }
    const auto to = jump_target(one.text);
    if (!to || code_.out_of_line == 0) return {};
    for (size_t i = code_.out_of_line; i < code_.positions.size(); ++i) {
      if (code_.positions[i].native_offset != *to) continue;
      for (const api::MachineCode::Target& target : code_.targets) {
        if (target.native_offset > *to && target.native_offset <= end_of(i)) return "to " + text_of(target);
      }
    }
    return {};
  }

  const api::MachineCode& code_;
  const std::optional<std::vector<MachineInstruction>> instructions_;
};

class Dumper {
 public:
  Dumper(const Options& options, const api::Module& module) : o_(options), module_(module), lister_(module) {}

  // True if it is the module's own.
  bool begin(uint32_t func) {
    func_ = func;
    wasm_ = lister_.list(func);
    return !wasm_.empty();
  }

  int dump() {
    if (o_.tier == api::Tier::interp) {
      print_interpreted(module_, func_, wasm_);
      return kExitOk;
    }
    auto code = module_.machine_code(func_);
    if (!code) return fail(o_, fmt::format("{}: {}", o_.words.front(), code.error().to_string()));
    auto instructions = disassemble({code->bytes.data(), code->code_size});
    if (!instructions && !told_) {
      print_error("{}: objdump could not be run, so bytes instead of instructions; it is in the package binutils\n",
                  o_.program);
      told_ = true;
    }
    print("{}: {} bytes of machine code\n", title(module_, func_), code->bytes.size());
    MachineListing(*code, std::move(instructions)).print_all(wasm_);
    return kExitOk;
  }

 private:
  const Options& o_;
  const api::Module& module_;
  const api::InstructionLister lister_;
  uint32_t func_ = 0;
  std::vector<api::ListedInstruction> wasm_;
  bool told_ = false;
};

// By index or by name; imported ones are not there.
std::optional<uint32_t> find_func(const api::Module& module, const std::string& word) {
  if (const auto index = parse_count(word))
    return *index < module.func_count() ? std::optional(static_cast<uint32_t>(*index)) : std::nullopt;
  const std::string_view name = word.starts_with('$') ? std::string_view(word).substr(1) : word;
  for (uint32_t i = 0; i < module.func_count(); ++i) {
    if (module.func_name(i) == name) return i;
  }
  // An export whose function has another name of its own.
  for (const api::ExportFacts& one : api::inspect(module.bytes()).exports) {
    if (one.name == name && one.kind == api::ExternKind::func) return one.index;
  }
  return std::nullopt;
}

}  // namespace

int objdump_command(const Options& options) {
  const std::string& file = options.words.front();
  api::Config config;
  config.features = options.features;
  config.tier = api::Tier::interp;  // nothing runs; with --tier=interp its code is shown
  const api::Engine engine(config);
  auto module = load_module(engine, file, Log(options));
  if (!module) return fail_loading(options, module.error());
  std::vector<uint32_t> funcs;
  for (size_t i = 1; i < options.words.size(); ++i) {
    const auto func = find_func(*module, options.words[i]);
    if (!func) return fail(options, fmt::format("{}: there is no function {}", file, quoted(options.words[i])));
    funcs.push_back(*func);
  }
  const bool all = funcs.empty();
  for (uint32_t i = 0; all && i < module->func_count(); ++i) funcs.push_back(i);
  Dumper dumper(options, *module);
  bool is_first = true;
  for (uint32_t func : funcs) {
    if (!dumper.begin(func)) {
      if (all) continue;
      return fail(options, fmt::format("{}: function {} is imported", file, func));
    }
    if (!is_first) print("\n");
    is_first = false;
    if (const int code = dumper.dump(); code != kExitOk) return code;
  }
  return kExitOk;
}

}  // namespace arris::cli
