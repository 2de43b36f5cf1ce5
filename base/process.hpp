// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs another program: an argument list, never a shell. The child dies with its parent.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sealift {

struct Command {
  std::vector<std::string> arguments;  // the first is the program, looked up in PATH
  std::string folder;                  // working directory; empty: this one
  std::string input;                   // standard input
  std::chrono::seconds timeout{60};
  std::size_t output_limit = 1 << 20;  // bytes kept of each stream; the rest is dropped
};

struct Outcome {
  int status;  // exit status; 128+N when ended by signal N
  std::string output;
  std::string error_output;
};

// Nothing where the program does not exist; Error{io} where it cannot be run or takes too long.
std::optional<Outcome> run(const Command& command);

}  // namespace sealift
