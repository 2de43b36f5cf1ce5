// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <algorithm>
#include <cctype>
#include <span>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::cli {

namespace {

constexpr std::size_t kShown = 80;

std::vector<std::string> names_of(const std::list<Description>& commands) {
  std::vector<std::string> names;
  for (const Description& command : commands) names.push_back(command.name);
  return names;
}

std::string suggestion(const std::string& typed, const std::vector<std::string>& known) {
  const std::string near = nearest(typed, known);
  return near.empty() ? "" : format("; did you mean \"{}\"?", near);
}

class Reader {
 public:
  explicit Reader(const Description& program) { invocation_.route = {&program}; }

  Invocation read(std::span<const std::string> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word == "--") break;
      if (word.starts_with("--")) {
        i += read_long(word);
      } else if (word.size() > 1 && word.front() == '-' &&
                 std::isdigit(static_cast<unsigned char>(word[1])) == 0) {
        i += read_short(word);
      } else {
        read_word(word);
      }
    }
    if (invocation_.asked == Asked::run && !command().commands.empty()) refuse_half_a_command();
    return std::move(invocation_);
  }

 private:
  const Description& command() const { return *invocation_.route.back(); }
  std::string help_hint() const { return format("see: {} --help", path_of(invocation_.route)); }

  // How many of the next words belong to the option.
  std::size_t read_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const Option& option = option_of(word.substr(0, equals));
    return !option.type.empty() && equals == word.npos ? 1 : 0;
  }

  // "-qv", "-oFILE": letters, the last of which may have a value.
  std::size_t read_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const Option& option = option_of(std::string("-") + word[i]);
      if (!option.type.empty()) return i + 1 == word.size() ? 1 : 0;
    }
    return 0;
  }

  const Option& option_of(const std::string& name) {
    std::vector<std::string> known;
    for (auto command = invocation_.route.rbegin(); command != invocation_.route.rend();
         ++command) {
      for (const Option& option : (*command)->options) {
        if (option.has(name)) return ask(option);
        known.push_back(option.names.back());
      }
    }
    throw Error(Errc::usage,
                format("unknown option \"{}\" of {}{}", printable(name, kShown),
                       path_of(invocation_.route), suggestion(name, known)),
                help_hint());
  }

  const Option& ask(const Option& option) {
    if (option.has("--help")) invocation_.asked = Asked::help;
    if (option.has("--help-all")) invocation_.asked = Asked::help_of_all;
    if (option.has("--version")) invocation_.asked = Asked::version;
    return option;
  }

  void read_word(const std::string& word) {
    if (command().name == kHelpCommand) {
      invocation_ = {.route = {invocation_.route.front()}, .asked = Asked::help};
      helping_ = true;
    }
    if (const Description* sub = command().command(word)) {
      invocation_.route.push_back(sub);
    } else if (!command().commands.empty() || helping_) {
      throw Error(Errc::usage,
                  format("unknown command \"{}\"{}", printable(word, kShown),
                         suggestion(word, names_of(command().commands))),
                  help_hint());
    }
  }

  [[noreturn]] void refuse_half_a_command() const {
    throw Error(Errc::usage,
                format("found no command behind \"{}\", expected one of: {}",
                       path_of(invocation_.route), joined(names_of(command().commands))),
                help_hint());
  }

  Invocation invocation_;
  bool helping_ = false;
};

}  // namespace

Invocation read_command_line(const Description& program, const std::vector<std::string>& words) {
  Invocation found = Reader(program).read(words);
  if (found.asked == Asked::run && found.route.back()->name == kHelpCommand) {
    return {.route = {&program}, .asked = Asked::help};
  }
  return found;
}

}  // namespace sealift::cli
