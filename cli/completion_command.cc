// arris completion SHELL: scripts made from the tables of option_table.h, for the names `arris` and `wasmedge`.
#include <string>

#include "base/joined.h"
#include "cli/commands.h"
#include "cli/option_table.h"
#include "cli/print.h"
#include "cli/report.h"

namespace arris::cli {
namespace {

struct Program {
  std::string_view name;
  Form form;
};
constexpr Program kPrograms[] = {{"arris", Form::own}, {"wasmedge", Form::wasmedge}};

bool has(const CommandRow& row, Form form) { return row.forms & forms_of(form); }

std::string option_words(const CommandRow& command, Form form) {
  std::string words = "--help";
  OptionList list(command.id, form);
  for (const OptionRow& row : list.rows()) {
    if (!row.help.empty()) append(words, {" --", row.name});
  }
  return words;
}

std::string command_words(Form form) {
  std::string words;
  for (const CommandRow& row : command_rows()) {
    if (has(row, form)) append(words, {words.empty() ? "" : " ", row.name});
  }
  return words;
}

std::string replace_each(std::string_view text, char what, std::string_view by) {
  std::string out;
  for (char c : text) c == what ? out += by : out += c;
  return out;
}

// In single quotes; each shell has its own way to put one inside.
std::string zsh_quoted(std::string_view text) { return joined({"'", replace_each(text, '\'', "'\\''"), "'"}); }
std::string fish_quoted(std::string_view text) { return joined({"'", replace_each(text, '\'', "\\'"), "'"}); }

// Inside the specifications of _arguments, colons and brackets mean something.
std::string zsh_escaped(std::string_view text) {
  return replace_each(replace_each(replace_each(text, ':', "\\:"), '[', "\\["), ']', "\\]");
}

std::string bash_script() {
  std::string out =
      "# bash completion for arris; made by `arris completion bash`\n"
      "_arris_complete() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" command=run options=\n"
      "  case \"${COMP_WORDS[0]##*/} ${COMP_WORDS[1]}\" in\n";
  for (const Program& program : kPrograms) {
    for (const CommandRow& row : command_rows()) {
      if (has(row, program.form)) append(out, {"    '", program.name, " ", row.name, "') command=", row.name, " ;;\n"});
    }
  }
  out += "  esac\n  case \"${COMP_WORDS[0]##*/} $command\" in\n";
  for (const Program& program : kPrograms) {
    for (const CommandRow& row : command_rows()) {
      if (has(row, program.form))
        append(out, {"    '", program.name, " ", row.name, "') options='", option_words(row, program.form), "' ;;\n"});
    }
  }
  out +=
      "  esac\n  COMPREPLY=()\n  if [[ $word == -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n    return\n  fi\n"
      "  mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n  (( COMP_CWORD == 1 )) || return\n"
      "  case \"${COMP_WORDS[0]##*/}\" in\n";
  for (const Program& program : kPrograms) {
    append(out, {"    ", program.name, ") mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W '",
                 command_words(program.form), "' -- \"$word\") ;;\n"});
  }
  return out + "  esac\n}\ncomplete -o filenames -F _arris_complete arris wasmedge\n";
}

std::string zsh_script() {
  std::string out =
      "#compdef arris wasmedge\n# zsh completion for arris; made by `arris completion zsh`\n_arris() {\n"
      "  local command=run\n  local -a commands options\n  case \"${words[1]:t}\" in\n";
  for (const Program& program : kPrograms) {
    append(out, {"    ", program.name, ") commands=("});
    for (const CommandRow& row : command_rows()) {
      if (has(row, program.form)) append(out, {" ", zsh_quoted(joined({row.name, ":", row.summary}))});
    }
    out += " ) ;;\n";
  }
  out += "  esac\n  (( ${commands[(I)${words[2]}:*]} )) && command=${words[2]}\n  case \"${words[1]:t} $command\" in\n";
  for (const Program& program : kPrograms) {
    for (const CommandRow& row : command_rows()) {
      if (!has(row, program.form)) continue;
      append(out, {"    '", program.name, " ", row.name, "') options=( '--help[print help]'"});
      OptionList list(row.id, program.form);
      for (const OptionRow& option : list.rows()) {
        if (option.help.empty()) continue;
        std::string spec =
            joined({"*--", option.name, option.value.empty() ? "" : "=", "[", zsh_escaped(option.help), "]"});
        if (!option.value.empty()) append(spec, {":", zsh_escaped(option.value), ":_files"});
        append(out, {" ", zsh_quoted(spec)});
      }
      out += " ) ;;\n";
    }
  }
  return out +
         "  esac\n  (( CURRENT == 2 )) && _describe command commands\n  _arguments -S \"${options[@]}\" "
         "'*:file:_files'\n}\n"
         "_arris \"$@\"\n";
}

std::string fish_script() {
  std::string out = "# fish completion for arris; made by `arris completion fish`\n";
  for (const Program& program : kPrograms) {
    std::string complete = joined({"complete -c ", program.name});
    for (const CommandRow& row : command_rows()) {
      if (!has(row, program.form)) continue;
      append(out, {complete, " -n __fish_use_subcommand -a ", row.name, " -d ", fish_quoted(row.summary), "\n"});
      std::string condition = row.id == CommandId::run
                                  ? joined({"'not __fish_seen_subcommand_from ", command_words(program.form),
                                            "; or __fish_seen_subcommand_from run'"})
                                  : joined({"'__fish_seen_subcommand_from ", row.name, "'"});
      OptionList list(row.id, program.form);
      for (const OptionRow& option : list.rows()) {
        if (option.help.empty()) continue;
        append(out, {complete,
                     " -n ",
                     condition,
                     " -l ",
                     option.name,
                     option.value.empty() ? "" : " -r",
                     option.letter != 0 ? " -s " : "",
                     {&option.letter, option.letter != 0 ? 1U : 0U},
                     " -d ",
                     fish_quoted(option.help),
                     "\n"});
      }
    }
  }
  return out;
}

}  // namespace

int completion_command(const Options& options) {
  const std::string& shell = options.words.front();
  if (shell == "bash") {
    print("{}", bash_script());
  } else if (shell == "zsh") {
    print("{}", zsh_script());
  } else if (shell == "fish") {
    print("{}", fish_script());
  } else {
    return fail(options, "completion: \"" + shell + "\" is no shell known here; expected bash, zsh or fish");
  }
  return kExitOk;
}

}  // namespace arris::cli
