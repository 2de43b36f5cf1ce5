// SPDX-License-Identifier: Apache-2.0
#pragma once

// Completion scripts, made from the commands themselves.

#include <string>
#include <vector>

namespace sealift::cli {

// A program or command as its user types it.
struct CommandTree {
  std::string name;
  std::vector<std::string> options;  // long names, without "--"
  std::vector<CommandTree> commands;
};

// Throws Error{usage} for a shell that is not known. For bash or zsh.
std::string completion_script(const CommandTree& program, const std::string& shell);

}  // namespace sealift::cli
