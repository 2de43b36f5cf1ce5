// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which command a command line means, before its values are read.

#include <string>
#include <vector>

#include "cli/description.hpp"

namespace sealift::cli {

enum class Asked { run, help, help_of_all, version };

struct Invocation {
  Route route;
  Asked asked = Asked::run;
};

inline constexpr const char* kHelpCommand = "help";

// `words` are those behind the program's name; `help COMMAND...` asks for the help of a command.
// Throws Error{usage} for a command or an option that does not exist, with the nearest one, and for
// a command of which only those below it can run.
Invocation read_command_line(const Description& program, const std::vector<std::string>& words);

}  // namespace sealift::cli
