// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::cli {

namespace {

// A command below the program as it is typed: "trust create"; the program itself is "".
using Visit = std::function<void(const std::string& path, const Description& command)>;

void visit_all(const Description& command, const std::string& path, const Visit& visit) {
  visit(path, command);
  for (const Description& sub : command.commands) {
    visit_all(sub, path.empty() ? sub.name : path + " " + sub.name, visit);
  }
}

std::string function_name(const Description& program) {
  std::string name = program.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string words_of(const Description& command, const Description& program) {
  std::string words;
  for (const Description& sub : command.commands) words += sub.name + " ";
  for (const Option& option : command.options) words += option.names.back() + " ";
  if (&command == &program) return words;
  for (const Option& option : program.options) words += option.names.back() + " ";
  return words;
}

std::string bash_script(const Description& program) {
  std::vector<std::string> paths;
  std::string cases;
  visit_all(program, "", [&](const std::string& path, const Description& command) {
    if (!path.empty()) paths.push_back(format("\"{}\"", path));
    cases += format("    \"{}\") words=\"{}\" ;;\n", path, words_of(command, program));
  });
  return format(R"(_{0}() {{
  local path="" word words=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{path:+$path }}$word" in
    {1}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path" in
{2}  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}") $(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o filenames -F _{0} {3})",
                function_name(program), joined(paths, " | "), cases, program.name);
}

std::string fish_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "'";
}

std::string fish_option(const std::string& start, const Option& option) {
  std::string line = start;
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return format("{}{} -d {}\n", line, option.type.empty() ? "" : " -r", fish_quoted(option.help));
}

std::string fish_script(const Description& program) {
  const std::string at = format("__{}_at", function_name(program));
  std::vector<std::string> paths;
  std::string lines;
  for (const Option& option : program.options) {
    lines += fish_option(format("complete -c {}", program.name), option);
  }
  visit_all(program, "", [&](const std::string& path, const Description& command) {
    const std::string start = format("complete -c {} -n \"{} '{}'\"", program.name, at, path);
    if (!path.empty()) paths.push_back(fish_quoted(path));
    for (const Description& sub : command.commands) {
      lines += format("{} -f -a {} -d {}\n", start, sub.name, fish_quoted(sub.purpose));
    }
    if (&command == &program) return;
    for (const Option& option : command.options) lines += fish_option(start, option);
  });
  return format(R"(function {0}
  set -l path ""
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim -- "$path $word")
    contains -- "$longer" {1}; and set path $longer
  end
  test "$path" = "$argv[1]"
end
{2})",
                at, joined(paths, " "), trimmed(lines, "\n"));
}

}  // namespace

// A new command or option is completed without a line here: the tree comes from the parser.
std::string completion_script(const Description& program, const std::string& shell) {
  if (shell == "bash") return bash_script(program);
  // zsh runs bash's script through its own compatibility.
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(program);
  if (shell == "fish") return fish_script(program);
  throw Error(Errc::usage, format("found the shell \"{}\", expected bash, zsh or fish", shell));
}

}  // namespace sealift::cli
