// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::cli {

namespace {

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* sub : app.get_subcommands({})) words += sub->get_name() + " ";
  for (const CLI::Option* option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

void add_cases(const CLI::App& app, const std::string& path, std::string& cases) {
  cases += format("    \"{}\") words=\"{}\" ;;\n", path, words_of(app));
  for (const CLI::App* sub : app.get_subcommands({})) {
    add_cases(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), cases);
  }
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell != "bash" && shell != "zsh") {
    throw Error(Errc::usage, format("found the shell \"{}\", expected bash or zsh", shell));
  }
  std::string cases;
  add_cases(app, "", cases);
  std::string function = app.get_name();
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
                cases, function, app.get_name());
}

}  // namespace sealift::cli
