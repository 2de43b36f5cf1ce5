// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::cli {

namespace {

std::string words_of(const CommandTree& command) {
  std::string words;
  for (const CommandTree& sub : command.commands) words += sub.name + " ";
  for (const std::string& option : command.options) words += "--" + option + " ";
  return words;
}

void add_cases(const CommandTree& command, const std::string& path, std::string& cases) {
  cases += format("    \"{}\") words=\"{}\" ;;\n", path, words_of(command));
  for (const CommandTree& sub : command.commands) {
    add_cases(sub, path.empty() ? sub.name : path + " " + sub.name, cases);
  }
}

}  // namespace

// A new command or option is completed without a line here: the tree comes from the parser.
std::string completion_script(const CommandTree& program, const std::string& shell) {
  if (shell != "bash" && shell != "zsh") {
    throw Error(Errc::usage, format("found the shell \"{}\", expected bash or zsh", shell));
  }
  std::string cases;
  add_cases(program, "", cases);
  std::string function = program.name;
  std::replace(function.begin(), function.end(), '-', '_');
  // zsh runs bash's script through its own compatibility.
  return format(R"({}_{}() {{
  local path="" word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    [[ $word == -* ]] && continue
    path="${{path:+$path }}$word"
  done
  while :; do
    words=""
    case "$path" in
{}    esac
    [[ -n $words || -z $path ]] && break
    [[ $path == *" "* ]] && path="${{path% *}}" || path=""
  done
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}") $(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _{} {})",
                shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "", function,
                cases, function, program.name);
}

}  // namespace sealift::cli
