// getopt_long does the parsing; the table says what there is. Three of its habits are corrected: abbreviations of long options are
// refused (a later option would make them ambiguous), messages are ours, and words are collected here, not permuted.
#include "cli/parse.h"

#include <getopt.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/print.h"

namespace arris::cli {
namespace {

constexpr int kLongBase = 256;  // getopt_long's value for row i is kLongBase + i; help comes after the rows

struct Parser {
  const CommandRow& command;
  Options& options;
  const OptionList list;
  std::vector<option> long_options;
  std::string letters = "+:h";  // stop at words, tell missing values apart

  Parser(const CommandRow& for_command, Options& into)
      : command(for_command), options(into), list(for_command.id, into.form) {
    int value = kLongBase;
    for (const OptionRow& row : list.rows()) {
      int takes_value = row.value.empty() ? no_argument : required_argument;
      // The names are parts of string literals or of the list's strings: terminated.
      long_options.push_back({row.name.data(), takes_value, nullptr, value++});
      if (row.letter != 0) letters += std::string(1, row.letter) + (takes_value ? ":" : "");
    }
    long_options.push_back({"help", no_argument, nullptr, 'h'});
    long_options.push_back({});
  }

  int complain(const std::string& what) const {
    print_error("{}\nSee `{} {}--help`.\n", what, options.program,
                command.id == CommandId::run ? "" : std::string(command.name) + " ");
    return kExitSetup;
  }
  std::string prefix() const { return options.program + ": "; }

  int complain_unknown(std::string_view word) const {
    std::string_view name = word.substr(0, word.find('='));
    std::string_view bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
    Nearest nearest(bare);
    for (const OptionRow& row : list.rows()) {
      if (!row.help.empty()) nearest.consider(row.name);
    }
    // WasmEdge's own words, which scripts may look for, in its form.
    std::string message = options.form == Form::wasmedge ? "unknown option: " + std::string(bare)
                                                         : prefix() + "unknown option: " + std::string(name);
    if (!nearest.found().empty()) message += "; did you mean --" + std::string(nearest.found()) + "?";
    return complain(message);
  }

  const OptionRow* row_of(int result) const {
    if (result >= kLongBase) return &list.rows()[static_cast<size_t>(result - kLongBase)];
    for (const OptionRow& row : list.rows()) {
      if (row.letter != 0 && row.letter == result) return &row;
    }
    return nullptr;
  }

  std::expected<void, int> apply(const OptionRow& row, const char* value) {
    auto applied = row.apply(options, value != nullptr ? value : "", row);
    if (applied) return {};
    return std::unexpected(complain(prefix() + "--" + std::string(row.name) +
                                    (row.value.empty() ? "" : " " + std::string(value)) + ": " + applied.error()));
  }

  std::expected<void, int> take_option(int argc, char** argv) {
    std::string_view word = argv[optind];
    int result = getopt_long(argc, argv, letters.c_str(), long_options.data(), nullptr);
    if (result == '?' && optopt >= kLongBase && word.contains('='))
      return std::unexpected(complain(prefix() + std::string(word.substr(0, word.find('='))) + ": takes no value"));
    if (result == '?') return std::unexpected(complain_unknown(word));
    if (result == ':') return std::unexpected(complain(prefix() + std::string(word) + ": a value is missing"));
    const OptionRow* row = result == 'h' ? nullptr : row_of(result);
    if (word.starts_with("--")) {
      std::string_view name = word.substr(2, word.find('=') == word.npos ? word.npos : word.find('=') - 2);
      if (name != (row != nullptr ? row->name : "help")) return std::unexpected(complain_unknown(word));
    }
    if (row != nullptr) return apply(*row, optarg);
    print("{}", command_help(command, options, help_width()));
    return std::unexpected(finish_output(options.program) ? kExitOk : kExitSetup);
  }

  std::expected<void, int> parse(int argc, char** argv) {
    opterr = 0;
    optind = 1;
    bool only_words = false;
    while (optind < argc) {
      std::string_view word = argv[optind];
      if (!only_words && word == "--") {
        only_words = true;
        ++optind;
      } else if (!only_words && word.size() > 1 && word[0] == '-') {
        auto taken = take_option(argc, argv);
        if (!taken) return taken;
      } else {
        options.words.emplace_back(word);
        only_words = only_words || command.passes_words_on;
        ++optind;
      }
    }
    if (options.words.size() < command.min_words)
      return std::unexpected(
          complain(prefix() + std::string(command.name) + ": expected " + std::string(command.operands)));
    if (options.words.size() > command.max_words)
      return std::unexpected(complain(prefix() + std::string(command.name) + ": \"" + options.words[command.max_words] +
                                      "\" is one word too many; expected " + std::string(command.operands)));
    return {};
  }
};

}  // namespace

std::expected<void, int> parse_command_line(const CommandRow& command, int argc, char** argv, Options& options) {
  return Parser(command, options).parse(argc, argv);
}

}  // namespace arris::cli
