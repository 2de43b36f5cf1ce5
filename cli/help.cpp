// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "base/format.hpp"
#include "base/text.hpp"
#include "base/wrap.hpp"
#include "cli/description.hpp"

namespace sealift::cli {

namespace {

constexpr std::size_t kColumns = 80;
// A word that is longer has its meaning on the next line.
constexpr std::size_t kLongestWord = 28;

std::string with_value(const Option& option, std::string text) {
  if (!option.type.empty()) text += " " + option.type;
  if (option.times == Times::several) text += " ...";
  return text;
}

std::string text_of(const Argument& argument) {
  return argument.times == Times::several ? argument.name + "..." : argument.name;
}

Meaning meaning_of(const Option& option) {
  return {with_value(option, joined(option.names)), option.help};
}

std::vector<Meaning> meanings_of(const std::vector<Option>& options) {
  std::vector<Meaning> found;
  found.reserve(options.size());
  for (const Option& option : options) found.push_back(meaning_of(option));
  return found;
}

std::vector<Meaning> meanings_of(const std::vector<Argument>& arguments) {
  std::vector<Meaning> found;
  found.reserve(arguments.size());
  for (const Argument& argument : arguments) found.push_back({text_of(argument), argument.help});
  return found;
}

// A heading and two columns; nothing where there is nothing to list.
std::string section(const std::string& heading, const std::vector<Meaning>& entries) {
  if (entries.empty()) return {};
  std::size_t width = 0;
  for (const Meaning& entry : entries) {
    if (entry.word.size() <= kLongestWord) width = std::max(width, entry.word.size());
  }
  const std::size_t indent = width + 4;
  std::string text = format("\n{}:\n", heading);
  for (const Meaning& entry : entries) {
    text += "  " + entry.word;
    const bool is_long = entry.word.size() > width;
    text += is_long ? "\n" + std::string(indent, ' ')
                    : std::string(indent - 2 - entry.word.size(), ' ');
    text += wrapped(entry.meaning, kColumns, indent) + "\n";
  }
  return text;
}

std::string usage(const Route& route) {
  const Description& command = *route.back();
  std::string text = path_of(route);
  if (!command.commands.empty()) text += " COMMAND";
  for (const Option& option : command.options) {
    if (option.presence == Presence::required)
      text += " " + with_value(option, option.names.back());
  }
  text += " [OPTIONS]";
  for (const Argument& argument : command.arguments) {
    const std::string word = text_of(argument);
    text += argument.presence == Presence::required ? " " + word : format(" [{}]", word);
  }
  return "Usage: " + wrapped(text, kColumns, 7) + "\n";
}

// Each group in the order in which its first command comes.
std::string commands_of(const Description& command) {
  std::vector<std::string> groups;
  for (const Description& sub : command.commands) {
    if (std::find(groups.begin(), groups.end(), sub.group) == groups.end()) {
      groups.push_back(sub.group);
    }
  }
  std::string text;
  for (const std::string& group : groups) {
    std::vector<Meaning> entries;
    for (const Description& sub : command.commands) {
      if (sub.group == group) entries.push_back({sub.name, sub.purpose});
    }
    text += section(group.empty() ? "Commands" : group, entries);
  }
  return text;
}

std::string sentence(std::string text) {
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text.ends_with('.') ? text : text + ".";
}

std::string examples_of(const Description& command) {
  if (command.examples.empty()) return {};
  std::string text = "\nExamples:\n";
  for (const Meaning& example : command.examples) {
    text += format("  {}\n      {}\n", example.word, wrapped(example.meaning, kColumns, 6));
  }
  return text;
}

Json to_json(const std::vector<Meaning>& entries, const char* word, const char* meaning) {
  Json list = Json::array();
  for (const Meaning& entry : entries) {
    list.push_back({{word, entry.word}, {meaning, entry.meaning}});
  }
  return list;
}

}  // namespace

bool Option::has(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end() ||
         std::find(old_names.begin(), old_names.end(), name) != old_names.end();
}

const Description* Description::command(std::string_view wanted) const {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const Description& sub) { return sub.name == wanted; });
  return found == commands.end() ? nullptr : &*found;
}

std::string path_of(const Route& route) {
  std::vector<std::string> names;
  for (const Description* command : route) names.push_back(command->name);
  return joined(names, " ");
}

std::string help_of(const Route& route) {
  const Description& program = *route.front();
  const Description& command = *route.back();
  std::string text = sentence(command.purpose);
  if (!command.more.empty()) text += " " + command.more;
  text = wrapped(text, kColumns, 0) + "\n\n" + usage(route) + commands_of(command) +
         section("Arguments", meanings_of(command.arguments));
  std::vector<Meaning> variables = command.variables;
  if (route.size() > 1) {
    text += section("Options", meanings_of(command.options));
    variables.insert(variables.end(), program.variables.begin(), program.variables.end());
  }
  text += section("Global options", meanings_of(program.options)) +
          section("Environment variables", variables) + examples_of(command) +
          section("Exit statuses", command.statuses);
  std::string anchor = path_of(route);
  std::replace(anchor.begin(), anchor.end(), ' ', '-');
  return text + format("\nSee docs/commands.md#{}\n", anchor);
}

std::string help_of_all(const Route& route) {
  std::string text = help_of(route);
  for (const Description& sub : route.back()->commands) {
    Route longer = route;
    longer.push_back(&sub);
    text += format("\n{}\n\n", std::string(kColumns, '-')) + help_of_all(longer);
  }
  return text;
}

Json to_json(const Description& command) {
  Json arguments = Json::array();
  for (const Argument& argument : command.arguments) {
    arguments.push_back({{"name", argument.name},
                         {"help", argument.help},
                         {"required", argument.presence == Presence::required},
                         {"several", argument.times == Times::several}});
  }
  Json options = Json::array();
  for (const Option& option : command.options) {
    options.push_back({{"names", option.names},
                       {"oldNames", option.old_names},
                       {"type", option.type},
                       {"help", option.help},
                       {"required", option.presence == Presence::required},
                       {"several", option.times == Times::several}});
  }
  Json commands = Json::array();
  for (const Description& sub : command.commands) commands.push_back(to_json(sub));
  return {{"name", command.name},
          {"purpose", command.purpose},
          {"more", command.more},
          {"group", command.group},
          {"arguments", std::move(arguments)},
          {"options", std::move(options)},
          {"variables", to_json(command.variables, "name", "help")},
          {"examples", to_json(command.examples, "command", "help")},
          {"statuses", to_json(command.statuses, "status", "help")},
          {"commands", std::move(commands)}};
}

}  // namespace sealift::cli
