#include "cli/disassembly.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/os/child_process.h"

namespace arris::cli {
namespace {

std::optional<uint32_t> parse_hex(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "  1f:\tpush   rbp"
std::optional<MachineInstruction> parse_line(std::string_view line) {
  const size_t colon = line.find(":\t");
  if (colon == line.npos) return std::nullopt;
  const auto offset = parse_hex(trim(line.substr(0, colon)));
  if (!offset) return std::nullopt;
  return MachineInstruction{*offset, 0, std::string(trim(line.substr(colon + 2)))};
}

}  // namespace

std::optional<std::vector<MachineInstruction>> disassemble(std::span<const uint8_t> code) {
  const char* const command[] = {
      "objdump",         "-D", "-b",        "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn",
      "--insn-width=16", "-z", "/dev/stdin"};
  const auto text = os::output_of(command, {reinterpret_cast<const char*>(code.data()), code.size()});
  if (!text) return std::nullopt;
  std::vector<MachineInstruction> out;
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (auto instruction = parse_line(rest.substr(0, end))) {
      if (!out.empty()) out.back().end = instruction->offset;
      out.push_back(*std::move(instruction));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (out.empty()) return std::nullopt;
  out.back().end = static_cast<uint32_t>(code.size());
  return out;
}

std::optional<uint32_t> jump_target(std::string_view text) {
  const size_t space = text.rfind(' ');
  if (text.empty() || text.front() != 'j' || space == text.npos) return std::nullopt;
  const std::string_view operand = text.substr(space + 1);
  return operand.starts_with("0x") ? parse_hex(operand.substr(2)) : std::nullopt;
}

}  // namespace arris::cli
