// The table of options and the table of commands: what exists, under which names, and what it does. Parsing, --help, shell
// completion and the test of docs/cli.md all read these two and nothing else.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace arris::cli {

enum class CommandId : uint8_t {
  run,
  compile,
  parse,
  validate,
  instantiate,
  wat2wasm,
  wasm2wat,
  inspect,
  ldd,
  objdump,
  completion
};

// Sets of commands and of forms, as bits.
using CommandSet = uint16_t;
using FormSet = uint8_t;
constexpr CommandSet commands_of(auto... ids) {
  return static_cast<CommandSet>(((1u << static_cast<unsigned>(ids)) | ...));
}
constexpr FormSet forms_of(auto... forms) { return static_cast<FormSet>(((1u << static_cast<unsigned>(forms)) | ...)); }

// Headings of --help, in this order.
enum class Group : uint8_t { general, calling, granting, limits, inside, features };
inline constexpr Group kGroups[] = {Group::general, Group::calling, Group::granting,
                                    Group::limits,  Group::inside,  Group::features};
std::string_view heading_of(Group group);

inline constexpr uint8_t kNoFeature = 255;

struct OptionRow;
// The error is a half sentence: "expected a whole number ...".
using Applied = std::expected<void, std::string>;
using Apply = Applied (*)(Options& options, std::string_view value, const OptionRow& row);

struct OptionRow {
  std::string_view name;   // without the dashes
  char letter;             // 0: none
  std::string_view value;  // what follows, for --help; empty: a switch
  Group group;
  CommandSet commands;
  FormSet forms;
  Apply apply;
  std::string_view help;         // empty: accepted, because old scripts pass it, and not listed
  uint8_t feature = kNoFeature;  // of the rows made from wasm/features.def
};

// The options of a command in a form, in the order of --help. Kept alive by the caller; the names of the rows point into it.
class OptionList {
 public:
  OptionList(CommandId command, Form form);
  OptionList(const OptionList&) = delete;
  OptionList& operator=(const OptionList&) = delete;
  const std::vector<OptionRow>& rows() const { return rows_; }

 private:
  std::vector<OptionRow> rows_;
  std::vector<std::string> names_;
};

struct CommandRow {
  CommandId id;
  std::string_view name;
  FormSet forms;
  std::string_view operands;  // after the options: "FILE [ARGS...]"
  uint8_t min_words;
  uint8_t max_words;     // kManyWords: any number
  bool passes_words_on;  // nothing after the first word is an option
  int (*run)(const Options& options);
  std::string_view summary;  // one line
  std::string_view details;  // paragraphs after the options in --help; may be empty
};
inline constexpr uint8_t kManyWords = 255;

std::span<const CommandRow> command_rows();
const CommandRow& command_row(CommandId id);

}  // namespace arris::cli
