// The tables against themselves, against --help and against docs/cli.md.
#include "cli/option_table.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "arris/config.h"
#include "cli/help.h"

namespace arris::cli {
namespace {

constexpr Form kForms[] = {Form::own, Form::wasmedge};

// Calls f(command, form, row) for every option there is.
template <class F>
void for_each_option(F f) {
  for (const CommandRow& command : command_rows()) {
    for (Form form : kForms) {
      if (!(command.forms & forms_of(form))) continue;
      OptionList list(command.id, form);
      for (const OptionRow& row : list.rows()) f(command, form, row);
    }
  }
}

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

// Every word of the text that starts with two dashes, without them.
std::set<std::string> options_in(const std::string& text) {
  std::set<std::string> names;
  for (size_t at = 0; (at = text.find("--", at)) != text.npos;) {
    bool starts_word = at == 0 || !is_name_char(text[at - 1]);
    at += 2;
    size_t end = at;
    while (end < text.size() && is_name_char(text[end])) ++end;
    if (starts_word && end > at && text[at] != '-') names.insert(text.substr(at, end - at));
    at = end;
  }
  return names;
}

std::string manual() {
  std::ifstream file(std::string(ARRIS_SOURCE_DIR) + "/docs/cli.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

Options options_of(Form form) {
  Options options;
  options.form = form;
  options.program = form == Form::own ? "arris" : "wasmedge";
  return options;
}

TEST(OptionTable, NamesAreUniqueInEachCommandAndForm) {
  for (const CommandRow& command : command_rows()) {
    for (Form form : kForms) {
      std::set<std::string_view> names = {"help"};
      std::set<char> letters = {'h'};
      OptionList list(command.id, form);
      for (const OptionRow& row : list.rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << command.name << " --" << row.name;
        EXPECT_TRUE(row.letter == 0 || letters.insert(row.letter).second) << command.name << " -" << row.letter;
      }
    }
  }
}

TEST(OptionTable, HelpTextsAreSentencesWithoutPeriodThatFitShells) {
  for_each_option([](const CommandRow& command, Form, const OptionRow& row) {
    EXPECT_FALSE(row.help.ends_with('.')) << row.name;
    EXPECT_EQ(row.help.find_first_of("\\\"`$\n"), row.help.npos) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), row.name.npos) << row.name;
  });
}

TEST(OptionTable, HelpListsEveryOptionThatHasAHelpText) {
  for_each_option([](const CommandRow& command, Form form, const OptionRow& row) {
    std::string help = command_help(command, options_of(form), 100);
    bool is_feature = row.feature != kNoFeature;
    std::string label = is_feature
                            ? "    " + std::string(row.name.substr(row.name.find('-') + 1)) + " "
                            : "--" + std::string(row.name) + (row.value.empty() ? "" : " " + std::string(row.value));
    if (row.help.empty()) {
      EXPECT_EQ(help.find(label), help.npos) << command.name << " --help lists " << row.name;
    } else {
      EXPECT_NE(help.find(label), help.npos) << command.name << " --help has no " << row.name;
    }
  });
}

TEST(OptionTable, HelpStaysWithinTheTerminal) {
  for (unsigned width : {72u, 80u, 100u, 120u}) {
    for (const CommandRow& command : command_rows()) {
      std::string help =
          command_help(command, options_of(Form::own), width) + program_help(options_of(Form::wasmedge), width);
      for (size_t at = 0; at < help.size();) {
        size_t end = help.find('\n', at);
        EXPECT_LE(end - at, width) << help.substr(at, end - at);
        at = end + 1;
      }
    }
  }
}

TEST(OptionTable, ProgramHelpNamesEveryCommandAndEveryOptionOfRun) {
  for (Form form : kForms) {
    std::string help = program_help(options_of(form), 100);
    for (const CommandRow& command : command_rows()) {
      bool has = help.find("\n  " + std::string(command.name) + " ") != help.npos;
      EXPECT_EQ(has, (command.forms & forms_of(form)) != 0) << command.name;
    }
    std::set<std::string> listed = options_in(help);
    OptionList list(CommandId::run, form);
    for (const OptionRow& row : list.rows()) {
      if (row.feature == kNoFeature && !row.help.empty())
        EXPECT_TRUE(listed.contains(std::string(row.name))) << row.name;
    }
  }
}

TEST(OptionTable, TheManualKnowsEveryCommandAndEveryOption) {
  std::string text = manual();
  std::set<std::string> documented = options_in(text);
  for (const CommandRow& command : command_rows()) {
    std::string name(command.name);
    EXPECT_TRUE(text.find("`arris " + name) != text.npos || text.find("`arris [" + name) != text.npos) << name;
  }
  for_each_option([&](const CommandRow& command, Form, const OptionRow& row) {
    bool is_feature = row.feature != kNoFeature && !row.help.empty();
    bool has = is_feature ? text.find("`" + std::string(row.name.substr(row.name.find('-') + 1)) + "`") != text.npos
                          : documented.contains(std::string(row.name));
    // "--enable-... and with --disable-" stands for the other half of WasmEdge's names.
    if (row.help.empty() && row.name.starts_with("disable-")) return;
    EXPECT_TRUE(has) << command.name << " --" << row.name << " is not in docs/cli.md";
  });
}

TEST(OptionTable, TheManualInventsNoOption) {
  std::set<std::string> known = {"help", "version", "enable-", "disable-"};
  for_each_option([&](const CommandRow&, Form, const OptionRow& row) { known.emplace(row.name); });
  for (const std::string& name : options_in(manual()))
    EXPECT_TRUE(known.contains(name)) << "docs/cli.md has --" << name;
}

}  // namespace
}  // namespace arris::cli
