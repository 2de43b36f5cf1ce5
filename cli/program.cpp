// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <system_error>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log_form.hpp"
#include "base/startup.hpp"
#include "base/terminal.hpp"
#include "base/text.hpp"
#include "base/wrap.hpp"
#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "cli/last_resort.hpp"
#include "cli/place.hpp"
#include "cli/progress.hpp"
#include "cli/typed_file.hpp"
#include "cli/version.hpp"

namespace sealift::cli {

namespace {

// Older spellings of an option, which stay accepted everywhere.
const std::map<std::string, std::string> kOldSpellings = {{"--output", "--out"}};

Option option_entry(const std::string& names, const std::string& type, const std::string& help,
                    Presence presence, Times times) {
  Option option{.names = {},
                .old_names = {},
                .type = type,
                .help = help,
                .presence = presence,
                .times = times};
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    option.names.push_back(names.substr(at, end - at));
    at = end + 1;
  }
  const auto old = kOldSpellings.find(option.names.back());
  if (old != kOldSpellings.end()) option.old_names.push_back(old->second);
  return option;
}

// As CLI11 wants it: all that is accepted.
std::string spellings(const Option& option) {
  std::vector<std::string> all = option.names;
  all.insert(all.end(), option.old_names.begin(), option.old_names.end());
  return joined(all, ",");
}

}  // namespace

// What Command describes, for people and for CLI11, and what will run.
class Command::Parser {
 public:
  Parser(CLI::App& app, Description& description, std::function<void(Session&)>& work)
      : app_(app), description_(description), work_(work) {}
  CLI::App& app() { return app_; }
  Description& description() { return description_; }
  const Option& add(Option option) { return description_.options.emplace_back(std::move(option)); }
  std::function<void(Session&)>& work() { return work_; }

  std::string group;  // of the commands that follow

 private:
  CLI::App& app_;
  Description& description_;
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
      Json& row =
          problems.emplace_back(Json({{"message", problem.message}, {"hint", problem.hint}}));
      if (const auto place = place_of(problem.message, text_of_file)) add_place(*place, row);
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
  if (log::form() == log::Form::json) {
    for (const Problem& problem : error.problems()) {
      log::failure(program, problem.message, name(error.code()), problem.hint);
    }
    return;
  }
  const std::size_t columns = terminal_columns(STDERR_FILENO);
  const bool colored = wants_color(globals.color, STDERR_FILENO);
  const auto say = [&](Tone tone, const std::string& word, const std::string& text) {
    const std::string line = format("{}: {} {}", program, colored ? toned(tone, word) : word, text);
    std::fputs(((columns == 0 ? line : wrapped_line(line, columns)) + "\n").c_str(), stderr);
  };
  for (const Problem& problem : error.problems()) {
    say(Tone::bad, "error:", problem.message);
    if (!problem.hint.empty()) say(Tone::heading, "hint:", problem.hint);
  }
}

Color color_of(const std::string& when) {
  if (when == "auto") return Color::automatic;
  if (when == "always") return Color::always;
  if (when == "never") return Color::never;
  throw Error(Errc::usage, format("--color: found \"{}\", expected auto, always or never", when));
}

log::Form log_form_of(const std::string& form) {
  if (form == "text") return log::Form::text;
  if (form == "json") return log::Form::json;
  throw Error(Errc::usage, format("--log-format: found \"{}\", expected text or json", form));
}

// How an answer or an error is printed counts before a command line can be parsed at all.
Globals form_of_answers(int argc, char** argv) {
  Globals globals;
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_last = i + 1 == words.size();
    if (words[i] == "--json") globals.json = true;
    if (words[i] == "--log-format=json" ||
        (words[i] == "--log-format" && !is_last && words[i + 1] == "json")) {
      log::set_form(log::Form::json);
    }
    if (words[i] == "--no-color" || words[i] == "--color=never" ||
        (words[i] == "--color" && !is_last && words[i + 1] == "never")) {
      globals.color = Color::never;
    }
    if (words[i] == "--color=always" ||
        (words[i] == "--color" && !is_last && words[i + 1] == "always")) {
      globals.color = Color::always;
    }
  }
  return globals;
}

// read_command_line() answers the first three, before CLI11 sees anything.
void add_globals(CLI::App& app, Description& program, Globals& globals) {
  const auto say = [&](const std::string& names, const std::string& help,
                       const std::string& type = {}) {
    program.options.push_back(option_entry(names, type, help, Presence::optional, Times::once));
  };
  say("-h,--help", "show this help, and do nothing");
  say("--help-all", "show the help of the commands below it as well");
  say("-V,--version", "print the version");
  say("--json", "print one JSON document instead of text");
  say("-q,--quiet", "no progress and no warnings");
  say("-v,--verbose", "say what is being done");
  say("--color", "auto (the default), always or never", "WHEN");
  say("--no-color", "the same as --color never");
  say("--log-format", "of progress, warnings and errors: text (the default) or json", "FORM");
  app.add_flag("--json", globals.json);
  app.add_flag_callback("-q,--quiet", [&globals] { globals.level = log::Level::quiet; });
  app.add_flag_callback("-v,--verbose", [&globals] { globals.level = log::Level::verbose; });
  app.add_option_function<std::string>(
      "--color", [&globals](const std::string& when) { globals.color = color_of(when); });
  app.add_option_function<std::string>(
      "--log-format", [](const std::string& form) { log::set_form(log_form_of(form)); });
  app.add_flag_callback("--no-color", [&globals] { globals.color = Color::never; });
}

int fail(const std::string& program, const Globals& globals, const Error& error) {
  print_error(program, globals, error);
  return exit_status(error.code());
}

// Its failures change nothing of what the command has done.
void run_afterwards(const Session& session) {
  if (!session.afterwards) return;
  try {
    session.afterwards();
  } catch (...) {
    log::warning(current_error().message());
  }
}

int run_command(const Program& program, const Globals& globals,
                const std::vector<std::string>& typed, const std::function<void(Session&)>& work) {
  log::open(program.name, globals.level);
  Output out(globals);
  const SystemClock clock;
  ScreenProgress progress(screen_of_standard_error(globals.level));
  const Ticker ticker(progress);
  Session session{.globals = globals, .out = out, .progress = progress, .clock = clock};
  int status = 0;
  try {
    work(session);
    progress.clear();
    out.finish();
    status = session.status;
  } catch (...) {
    progress.clear();
    const Error error = about_typed_file(current_error(), typed);
    status = session.status;
    if (session.effect == Effect::none) {
      status = fail(program.name, globals, error);
    } else {
      log::warning(format("it was done, but: {}", error.message()));
    }
  }
  run_afterwards(session);
  return status;
}

Meaning status_line(Errc code) {
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
  return {std::to_string(exit_status(code)), kMeanings.at(code)};
}

}  // namespace

Command& Command::argument(const std::string& name, std::string& value, const std::string& help,
                           Presence presence) {
  parser_->description().arguments.push_back({name, help, presence, Times::once});
  require(parser_->app().add_option(name, value), presence);
  return *this;
}

Command& Command::arguments(const std::string& name, std::vector<std::string>& values,
                            const std::string& help, Presence presence) {
  parser_->description().arguments.push_back({name, help, presence, Times::several});
  require(parser_->app().add_option(name, values), presence);
  return *this;
}

Command& Command::option(const std::string& names, std::string& value, const std::string& type,
                         const std::string& help, Presence presence) {
  const Option& option = parser_->add(option_entry(names, type, help, presence, Times::once));
  require(parser_->app().add_option(spellings(option), value), presence);
  return *this;
}

Command& Command::option(const std::string& names, std::optional<int>& value,
                         const std::string& type, const std::string& help) {
  const Option& option =
      parser_->add(option_entry(names, type, help, Presence::optional, Times::once));
  parser_->app().add_option_function<int>(spellings(option),
                                          [&value](const int& number) { value = number; });
  return *this;
}

Command& Command::options(const std::string& names, std::vector<std::string>& values,
                          const std::string& type, const std::string& help, Presence presence) {
  const Option& option = parser_->add(option_entry(names, type, help, presence, Times::several));
  require(parser_->app().add_option(spellings(option), values)->allow_extra_args(false), presence);
  return *this;
}

Command& Command::flag(const std::string& names, bool& value, const std::string& help) {
  const Option& option =
      parser_->add(option_entry(names, {}, help, Presence::optional, Times::once));
  parser_->app().add_flag(spellings(option), value);
  return *this;
}

Command& Command::group(const std::string& heading) {
  parser_->group = heading;
  return *this;
}

Command Command::sub(const std::string& name, const std::string& purpose, const std::string& more) {
  CLI::App* app = parser_->app().add_subcommand(name, purpose);
  app->set_help_flag();
  app->fallthrough();
  Description& description = parser_->description().commands.emplace_back();
  description.name = name;
  description.purpose = purpose;
  description.more = more;
  description.group = parser_->group;
  return Command(std::make_shared<Parser>(*app, description, parser_->work()));
}

Command& Command::example(const std::string& line, const std::string& meaning) {
  parser_->description().examples.push_back({line, meaning});
  return *this;
}

Command& Command::reads(const std::string& variable, const std::string& meaning) {
  parser_->description().variables.push_back({variable, meaning});
  return *this;
}

Command& Command::fails_with(const std::vector<Errc>& codes, const std::vector<Meaning>& more) {
  std::vector<Meaning>& statuses = parser_->description().statuses;
  statuses = {{"0", "done"}, status_line(Errc::internal), status_line(Errc::usage)};
  for (const Errc code : codes) statuses.push_back(status_line(code));
  for (const Meaning& each : more) {
    const auto same = std::find_if(statuses.begin(), statuses.end(),
                                   [&](const Meaning& status) { return status.word == each.word; });
    if (same == statuses.end()) {
      statuses.push_back(each);
    } else {
      same->meaning += "; " + each.meaning;
    }
  }
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

constexpr const char* kOwnCommands = "This program";

void add_own_commands(Command& root, const std::string& program, const Description& description,
                      std::string& shell) {
  root.group(kOwnCommands);
  root.sub(kHelpCommand, "show the help of a command, as --help does")
      .example(format("{} help completion", program), "what `completion` does")
      .fails_with({});
  root.sub("version", "print the version and the formats that this program reads")
      .example(format("{} version --json", program), "the same for a program")
      .fails_with({})
      .runs([program](Session& session) { show_version(program, session); });
  root.sub("completion", "print a completion script for bash, zsh or fish")
      .argument("SHELL", shell, "bash, zsh or fish", Presence::required)
      .example(format("{0} completion bash > /etc/bash_completion.d/{0}", program),
               "for every user of bash")
      .example(format("{0} completion fish | source", program), "for fish, until it ends")
      .fails_with({})
      .runs([&](Session& session) { session.out.line(completion_script(description, shell)); });
}

// Nothing but the answer of a question about the command line.
int answer(const Invocation& invocation, const std::string& program, const Globals& globals) {
  Output out(globals);
  if (invocation.asked == Asked::version) {
    out.line(format("{} {}", program, SEALIFT_VERSION));
    out.json({{"program", program}, {"version", SEALIFT_VERSION}});
  } else {
    out.text(invocation.asked == Asked::help ? help_of(invocation.route)
                                             : help_of_all(invocation.route));
    out.json(to_json(*invocation.route.back()));
  }
  out.finish();
  return 0;
}

int parse_and_run(int argc, char** argv, const Program& program) {
  Globals globals;
  CLI::App app(program.purpose, program.name);
  app.set_help_flag();
  app.require_subcommand(1);
  std::function<void(Session&)> work;
  Description description;
  description.name = program.name;
  description.purpose = program.purpose;
  Command root(std::make_shared<Command::Parser>(app, description, work));
  root.reads("NO_COLOR", "set: no colours");
  root.reads("CLICOLOR_FORCE", "set: colours also where the output is no terminal");
  root.reads("TMPDIR", "where files of a moment are written");
  program.describe(root);
  add_globals(app, description, globals);
  std::string shell;
  add_own_commands(root, program.name, description, shell);
  root.fails_with({}, {{"", "Every command lists its own statuses: run it with --help."}});

  const std::vector<std::string> typed(argv + 1, argv + argc);
  const Invocation invocation = read_command_line(description, typed);
  if (invocation.asked != Asked::run) {
    return answer(invocation, program.name, form_of_answers(argc, argv));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    throw Error(Errc::usage, error.what(), format("see: {} --help", path_of(invocation.route)));
  }
  return run_command(program, globals, typed, work);
}

}  // namespace

int run_main(int argc, char** argv, const Program& program) try {
  std::set_terminate(end_where_memory_ended);
  prepare_process();
  return parse_and_run(argc, argv, program);
} catch (...) {
  return fail(program.name, form_of_answers(argc, argv), current_error());
}

bool is_with_person() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
}

bool confirm(const std::string& question, Usual usual) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open()) {
    throw Error(Errc::usage, "a confirmation is needed and there is no terminal to ask on",
                "give --yes");
  }
  FdSink(terminal.get(), "/dev/tty")
      .write(question + (usual == Usual::yes ? " [Y/n] " : " [y/N] "));
  FdSource source(terminal.get(), "/dev/tty");
  std::string answer(64, '\0');
  answer.resize(source.read(answer));
  if (usual == Usual::yes) return answer != "n\n" && answer != "no\n";
  return answer == "y\n" || answer == "yes\n";
}

}  // namespace sealift::cli
