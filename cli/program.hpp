// SPDX-License-Identifier: Apache-2.0
#pragma once

// What both programs share: global options, subcommands, help, errors and exit statuses. Everything
// about CLI11 stays in program.cpp; commands describe themselves through Command.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "cli/description.hpp"
#include "cli/output.hpp"

namespace sealift::cli {

// Statuses that are answers, not failures. Beyond the statuses of failures (exit_status() in
// base/error.hpp), so that a script can tell.
inline constexpr int kDiffers = 20;

// Whether what was asked for has been done for good.
enum class Effect {
  none,
  changed  // and cannot fail any more: whatever is thrown afterwards, or cannot be printed, warns
};

// What a running command is given. One for each run of a command; all that it refers to outlives
// it.
struct Session {
  const Globals& globals;
  Output& out;
  Progress& progress;
  const Clock& clock;
  int status = 0;  // the exit status where nothing failed
  Effect effect = Effect::none;
  // Runs when everything was said, whether the command failed or not; what it throws is a warning.
  std::function<void()> afterwards = {};
};

// A subcommand under construction. The variables must live as long as the program runs;
// make_options() gives a command's options that life.
class Command {
 public:
  class Parser;
  explicit Command(std::shared_ptr<Parser> parser) : parser_(std::move(parser)) {}

  // An argument by position.
  Command& argument(const std::string& name, std::string& value, const std::string& help,
                    Presence presence);
  // The rest of the arguments.
  Command& arguments(const std::string& name, std::vector<std::string>& values,
                     const std::string& help, Presence presence);
  // "--name", or "-n,--name": `type` is what help shows as its value, such as FILE.
  Command& option(const std::string& name, std::string& value, const std::string& type,
                  const std::string& help, Presence presence = Presence::optional);
  Command& option(const std::string& name, std::optional<int>& value, const std::string& type,
                  const std::string& help);
  // May be given several times.
  Command& options(const std::string& name, std::vector<std::string>& values,
                   const std::string& type, const std::string& help,
                   Presence presence = Presence::optional);
  Command& flag(const std::string& name, bool& value, const std::string& help);
  // The heading of the commands that follow, in the list of this command's help.
  Command& group(const std::string& heading);
  // A command below this one: what it does in one line, and what else must be known.
  Command sub(const std::string& name, const std::string& purpose, const std::string& more = {});
  // A line that works, and what it does.
  Command& example(const std::string& line, const std::string& meaning);
  // A variable of the environment that it reads.
  Command& reads(const std::string& variable, const std::string& meaning);
  // The failures that its help lists, beside usage and internal; and answers that are no failures.
  Command& fails_with(const std::vector<Errc>& codes, const std::vector<Meaning>& more = {});
  // What an Error thrown by `work` makes of the process, run_main() decides.
  Command& runs(std::function<void(Session&)> work);

 private:
  std::shared_ptr<Parser> parser_;
};

struct Program {
  std::string name;
  std::string purpose;
  // Adds the program's options and commands.
  std::function<void(Command&)> describe;
};

// Parses, runs, prints errors; the exit status of the process. Nothing is thrown out of it.
int run_main(int argc, char** argv, const Program& program);

// Options of a command, kept until the process ends.
template <typename Options>
Options& make_options() {
  static std::vector<std::unique_ptr<Options>> kept;
  kept.push_back(std::make_unique<Options>());
  return *kept.back();
}

// What Enter says, and any other answer.
enum class Usual { no, yes };
// Asks on the terminal; Error{usage} where there is none. True for y or yes, or where that is usual
// for all but n and no.
bool confirm(const std::string& question, Usual usual = Usual::no);
// Whether a person reads standard output and types on standard input.
bool is_with_person();

}  // namespace sealift::cli
