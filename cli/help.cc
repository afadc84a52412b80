#include "cli/help.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace arris::cli {
namespace {

constexpr unsigned kNameColumn = 2;
constexpr unsigned kHelpColumn = 30;

// Appends `text` wrapped to `width`, every line after the first indented; the first starts in column `at`.
void append_wrapped(std::string& out, std::string_view text, unsigned at, unsigned indent, unsigned width) {
  unsigned column = at;
  bool line_is_empty = true;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line_is_empty && column + 1 + word.size() > width) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      line_is_empty = true;
    }
    if (!line_is_empty) {
      out += ' ';
      ++column;
    }
    out += word;
    column += static_cast<unsigned>(word.size());
    line_is_empty = false;
  }
  out += '\n';
}

void append_row(std::string& out, const std::string& label, std::string_view help, unsigned width) {
  out.append(kNameColumn, ' ');
  out += label;
  unsigned column = kNameColumn + static_cast<unsigned>(label.size());
  if (column + 2 > kHelpColumn) {
    out += '\n';
    column = 0;
  }
  out.append(kHelpColumn - column, ' ');
  append_wrapped(out, help, kHelpColumn, kHelpColumn, width);
}

std::string label_of(const OptionRow& row) {
  std::string label = row.letter != 0 ? std::string("-") + row.letter + ", " : "";
  label += "--" + std::string(row.name);
  if (!row.value.empty()) label += " " + std::string(row.value);
  return label;
}

// A feature has two rows, one for each switch; they share a line.
bool is_feature_switch(const OptionRow& row) { return row.group == Group::features && row.feature != kNoFeature; }

void append_features(std::string& out, const std::vector<OptionRow>& rows, unsigned width) {
  append_row(out, "--enable-X, --disable-X", "One feature on or off, where X is:", width);
  constexpr std::string_view kEnable = "enable-";
  for (const OptionRow& row : rows) {
    if (is_feature_switch(row) && row.name.starts_with(kEnable) && !row.help.empty())
      append_row(out, "  " + std::string(row.name.substr(kEnable.size())), row.help, width);
  }
}

void append_options(std::string& out, const CommandRow& command, const Options& options, unsigned width) {
  OptionList list(command.id, options.form);
  const auto& rows = list.rows();
  for (Group group : kGroups) {
    bool has_heading = false;
    auto heading = [&] {
      if (!std::exchange(has_heading, true)) out += "\n" + std::string(heading_of(group)) + ":\n";
    };
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].group != group || rows[i].help.empty() || is_feature_switch(rows[i])) continue;
      heading();
      append_row(out, label_of(rows[i]), rows[i].help, width);
    }
    if (group == Group::features && has_heading) append_features(out, rows, width);
    if (group == Group::general) {
      heading();
      append_row(out, "-h, --help", "Print this", width);
    }
  }
}

void append_paragraph(std::string& out, std::string_view text, unsigned width) {
  if (text.empty()) return;
  out += '\n';
  append_wrapped(out, text, 0, 0, width);
}

}  // namespace

unsigned help_width() {
  constexpr unsigned kNarrowest = 72, kWidest = 120, kDefault = 100;
  winsize size{};
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
    return std::clamp<unsigned>(size.ws_col, kNarrowest, kWidest);
  return kDefault;
}

std::string command_help(const CommandRow& command, const Options& options, unsigned width) {
  std::string summary(command.summary);
  summary[0] = static_cast<char>(std::toupper(summary[0]));
  std::string out = "Usage: " + options.program +
                    (command.id == CommandId::run ? " [run]" : " " + std::string(command.name)) + " [OPTIONS] " +
                    std::string(command.operands) + "\n\n";
  append_wrapped(out, summary + ".", 0, 0, width);
  append_options(out, command, options, width);
  append_paragraph(out, command.details, width);
  return out;
}

std::string program_help(const Options& options, unsigned width) {
  const std::string& name = options.program;
  const CommandRow& run = command_row(CommandId::run);
  std::string out = "Usage: " + name + " [run] [OPTIONS] " + std::string(run.operands) + "\n       " + name +
                    " COMMAND [OPTIONS] ...\n\nCommands:\n";
  for (const CommandRow& row : command_rows()) {
    if (row.forms & forms_of(options.form))
      append_row(out, std::string(row.name) + " " + std::string(row.operands), row.summary, width);
  }
  out += "\n`" + name + " COMMAND --help` lists a command's options. Those of `run`:\n";
  append_options(out, run, options, width);
  append_paragraph(out, run.details, width);
  out += "\nExamples:\n";
  for (const char* line : {"hello.wat", "--dir /data:./data app.wasm input.txt", "--reactor math.wasm add 2 40"})
    out += "  " + name + " " + line + "\n";
  return out;
}

}  // namespace arris::cli
