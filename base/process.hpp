// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs another program: an argument list, never a shell. The child dies with its parent.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stream.hpp"

namespace sealift {

// What a program has of our environment.
enum class Inherit {
  all,
  nothing  // and it is a process group of its own, which ends as a whole when the time is up
};

// Whether a program may have more rights than we have, by set-uid bits or capabilities of a file.
enum class Privileges {
  keep,   // what a site or a person named, such as sudo; engines need it for newuidmap
  no_new  // for good, and for all that it starts (PR_SET_NO_NEW_PRIVS)
};

struct Command {
  std::vector<std::string> arguments;  // the first is the program, looked up in PATH
  std::string folder;                  // working directory; empty: this one
  std::string input;                   // standard input
  std::chrono::seconds timeout{60};
  std::size_t output_limit = 1 << 20;  // bytes kept of each stream; the rest is dropped
  // What it has in its environment beside ours.
  std::vector<std::pair<std::string, std::string>> environment = {};
  Inherit inherit = Inherit::all;
  Privileges privileges = Privileges::keep;
};

// Of a program that ended, well or not.
struct Outcome {
  int status;                // exit status; 128+N when ended by signal N
  std::string output;        // what it wrote to standard output, cut at the limit
  std::string error_output;  // of standard error: its end, at most twice the limit
};

// What a program said, on one line, bounded and printable.
std::string said(const Outcome& outcome);

// Nothing where the program does not exist; Error{io} where it cannot be run or takes too long.
std::optional<Outcome> run(const Command& command);
// Whether there is such a program, as execvp() would look for it.
bool is_program(const std::string& program);
// A program for the person at this terminal, which has our streams; its exit status. Error{io}
// where it cannot be started.
int run_in_foreground(const std::vector<std::string>& arguments);

// A program that works while bytes stream to or from it; Command::timeout is how long it may do
// nothing. One that was not waited for by finish() is killed.
// The constructors throw Error{io}, also where the program does not exist.

// Takes its standard input.
class ProgramSink : public Sink {
 public:
  explicit ProgramSink(const Command& command);
  ~ProgramSink() override;
  // Error{io} with what the program said, where it ended before.
  void write(std::string_view bytes) override;
  // The same; false where it ended before. finish() says how.
  bool offer(std::string_view bytes);
  Outcome finish();

 private:
  struct Running;
  friend class ProgramSource;
  std::unique_ptr<Running> running_;
};

// Gives its standard output; Outcome::output stays empty.
class ProgramSource : public Source {
 public:
  explicit ProgramSource(const Command& command);
  ~ProgramSource() override;
  std::size_t read(std::span<char> into) override;
  Outcome finish();

 private:
  std::unique_ptr<ProgramSink::Running> running_;
};

}  // namespace sealift
