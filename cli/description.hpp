// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command says of itself, as data: its help, the completion and the search for a misspelt
// word are made from it.

#include <list>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::cli {

enum class Presence { required, optional };
enum class Times { once, several };

struct Argument {
  std::string name;
  std::string help;
  Presence presence = Presence::optional;
  Times times = Times::once;
};

struct Option {
  std::vector<std::string> names;      // as typed, the short one first: "-o", "--output"
  std::vector<std::string> old_names;  // accepted, and not shown
  std::string type;                    // of its value; empty for a flag
  std::string help;
  Presence presence = Presence::optional;
  Times times = Times::once;

  bool has(std::string_view name) const;
};

// A word, and what it means: an exit status, a variable of the environment, an example.
struct Meaning {
  std::string word;
  std::string meaning;
};

struct Description {
  std::string name;
  std::string purpose;  // one line, as the list of commands has it
  std::string more;     // a sentence or two behind it; may be empty
  std::string group;    // the heading of the list of commands that it stands under
  std::vector<Argument> arguments;
  std::vector<Option> options;
  std::vector<Meaning> variables;
  std::vector<Meaning> examples;
  std::vector<Meaning> statuses;
  std::list<Description> commands;

  const Description* command(std::string_view name) const;
};

// From the program to a command below it. What the first has (options, variables) holds for all.
using Route = std::vector<const Description*>;

// "sealift trust create"
std::string path_of(const Route& route);
// What --help prints: at most 80 columns.
std::string help_of(const Route& route);
// The help of the command and of those below it.
std::string help_of_all(const Route& route);
Json to_json(const Description& command);

}  // namespace sealift::cli
