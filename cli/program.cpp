// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <system_error>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/startup.hpp"
#include "cli/completion.hpp"
#include "cli/progress.hpp"

namespace sealift::cli {

// What Command describes, and what will run.
class Command::Parser {
 public:
  Parser(CLI::App& app, std::function<void(Session&)>& work) : app_(app), work_(work) {}
  CLI::App& app() { return app_; }
  std::function<void(Session&)>& work() { return work_; }

 private:
  CLI::App& app_;
  std::function<void(Session&)>& work_;
};

namespace {

void require(CLI::Option* option, Presence presence) {
  if (presence == Presence::required) option->required();
}

void print_error(const std::string& program, const Globals& globals, const Error& error) {
  if (globals.json) {
    Json problems = Json::array();
    for (const Problem& problem : error.problems()) {
      problems.push_back({{"message", problem.message}, {"hint", problem.hint}});
    }
    const Json value = {{"error",
                         {{"code", name(error.code())},
                          {"message", error.message()},
                          {"hint", error.hint()},
                          {"problems", std::move(problems)}}}};
    std::fputs(to_pretty(value).c_str(), stdout);
    std::fflush(stdout);
    return;
  }
  for (const Problem& problem : error.problems()) {
    std::fputs(format("{}: error: {}\n", program, problem.message).c_str(), stderr);
    if (!problem.hint.empty()) {
      std::fputs(format("{}: hint: {}\n", program, problem.hint).c_str(), stderr);
    }
  }
}

// "--json" counts before a command line can be parsed at all.
bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

void add_globals(CLI::App& app, Globals& globals) {
  app.add_flag("--json", globals.json, "print one JSON document instead of text");
  app.add_flag_callback(
      "-q,--quiet", [&globals] { globals.level = log::Level::quiet; },
      "no progress and no warnings");
  app.add_flag_callback(
      "-v,--verbose", [&globals] { globals.level = log::Level::verbose; },
      "say what is being done");
}

int fail(const std::string& program, const Globals& globals, const Error& error) {
  print_error(program, globals, error);
  return exit_status(error.code());
}

// What left a command, as the Error that it means.
Error as_error(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const Error*>(&exception)) return *error;
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return Error(Errc::io, "memory: the system gave no more",
                 "free some, or raise the limit of it (ulimit -v)");
  }
  if (const auto* refused = dynamic_cast<const std::system_error*>(&exception)) {
    return Error(Errc::io, format("the system refused: {}", refused->what()),
                 "look at the limits of this process (ulimit -a) and run the command again");
  }
  return Error(Errc::internal, format("unexpected failure: {}", exception.what()),
               "this is a defect of sealift; please report it with the command");
}

int run_command(const Program& program, const Globals& globals,
                const std::function<void(Session&)>& work) {
  log::open(program.name, globals.level);
  Output out(globals);
  const SystemClock clock;
  TerminalProgress progress(globals.level);
  Session session{.globals = globals, .out = out, .progress = progress, .clock = clock};
  try {
    work(session);
    progress.end();
    out.finish();
    return session.status;
  } catch (const std::exception& exception) {
    progress.end();
    return fail(program.name, globals, as_error(exception));
  }
}

std::string status_line(Errc code) {
  static const std::map<Errc, std::string> kMeanings = {
      {Errc::internal, "a defect of sealift"},
      {Errc::usage, "the command line was wrong"},
      {Errc::invalid_input, "a file that a person wrote has mistakes"},
      {Errc::untrusted, "not trusted: signatures, keys, version floor or expiry"},
      {Errc::corrupt, "bytes are not what they should be"},
      {Errc::incompatible, "sound, but not for this site, host or version"},
      {Errc::busy, "another installer works on this site"},
      {Errc::io, "the operating system refused (disk full, permission, ...)"},
      {Errc::target_failed, "a step failed; everything was undone"},
      {Errc::needs_operator, "an undo failed or was refused; see status"},
      {Errc::interrupted, "interrupted; everything was undone"}};
  return format("  {:<4} {}", exit_status(code), kMeanings.at(code));
}

}  // namespace

Command& Command::argument(const std::string& name, std::string& value, const std::string& help,
                           Presence presence) {
  require(parser_->app().add_option(name, value, help)->option_text(" "), presence);
  return *this;
}

Command& Command::arguments(const std::string& name, std::vector<std::string>& values,
                            const std::string& help, Presence presence) {
  require(parser_->app().add_option(name, values, help)->option_text("..."), presence);
  return *this;
}

Command& Command::option(const std::string& name, std::string& value, const std::string& type,
                         const std::string& help, Presence presence) {
  require(parser_->app().add_option(name, value, help)->option_text(type), presence);
  return *this;
}

Command& Command::option(const std::string& name, std::optional<int>& value,
                         const std::string& type, const std::string& help) {
  parser_->app()
      .add_option_function<int>(
          name, [&value](const int& number) { value = number; }, help)
      ->option_text(type);
  return *this;
}

Command& Command::options(const std::string& name, std::vector<std::string>& values,
                          const std::string& type, const std::string& help, Presence presence) {
  require(parser_->app()
              .add_option(name, values, help)
              ->option_text(type + " ...")
              ->allow_extra_args(false),
          presence);
  return *this;
}

Command& Command::flag(const std::string& name, bool& value, const std::string& help) {
  parser_->app().add_flag(name, value, help);
  return *this;
}

Command Command::sub(const std::string& name, const std::string& help) {
  CLI::App* app = parser_->app().add_subcommand(name, help);
  app->fallthrough();
  return Command(std::make_shared<Parser>(*app, parser_->work()));
}

Command& Command::fails_with(const std::vector<Errc>& codes, const std::string& more) {
  std::string text = "Exit statuses:\n  0    done\n";
  text += status_line(Errc::internal) + "\n" + status_line(Errc::usage);
  for (const Errc code : codes) text += "\n" + status_line(code);
  if (!more.empty()) text += "\n  " + more;
  parser_->app().footer(text);
  return *this;
}

Command& Command::runs(std::function<void(Session&)> work) {
  parser_->app().callback([parser = parser_, work = std::move(work)] {
    // The innermost command's callback comes last.
    parser->work() = work;
  });
  return *this;
}

namespace {

int parse_and_run(int argc, char** argv, const Program& program) {
  Globals globals;
  CLI::App app(program.purpose, program.name);
  app.set_version_flag("--version", std::string(program.name + " " SEALIFT_VERSION));
  app.set_help_all_flag("--help-all", "help of every command");
  app.require_subcommand(1);
  add_globals(app, globals);
  std::function<void(Session&)> work;
  Command root(std::make_shared<Command::Parser>(app, work));
  program.describe(root);

  std::string shell;
  root.sub("completion", "print a completion script for bash or zsh")
      .argument("SHELL", shell, "bash or zsh", Presence::required)
      .fails_with({})
      .runs([&](Session& session) { session.out.line(completion_script(app, shell)); });
  root.fails_with({}, "Every command lists its own statuses: run it with --help.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success) == 0 && std::fflush(stdout) == 0 ? 0 : exit_status(Errc::io);
  } catch (const CLI::ParseError& error) {
    globals.json = asks_for_json(argc, argv);
    return fail(program.name, globals,
                Error(Errc::usage, error.what(), format("see: {} --help", program.name)));
  }
  return run_command(program, globals, work);
}

}  // namespace

int run_main(int argc, char** argv, const Program& program) try {
  prepare_process();
  return parse_and_run(argc, argv, program);
} catch (const std::exception& exception) {
  Globals globals;
  globals.json = asks_for_json(argc, argv);
  return fail(program.name, globals, as_error(exception));
}

bool confirm(const std::string& question) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open()) {
    throw Error(Errc::usage, "a confirmation is needed and there is no terminal to ask on",
                "give --yes");
  }
  FdSink(terminal.get(), "/dev/tty").write(question + " [y/N] ");
  FdSource source(terminal.get(), "/dev/tty");
  std::string answer(64, '\0');
  answer.resize(source.read(answer));
  return answer == "y\n" || answer == "yes\n";
}

}  // namespace sealift::cli
