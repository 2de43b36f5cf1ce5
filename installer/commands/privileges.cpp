// SPDX-License-Identifier: Apache-2.0
// What a plain user who runs the installer of this site needs beyond his own files: the commands
// that site.yaml has run by sudo, as lines of sudoers(5), and what no such line can give. A command
// is granted with its arguments, units by their names: nothing that this site does not do.
#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/text.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/runtime/workload_step.hpp"
#include "installer/drivers/workloads/systemctl.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "installer/session/changing.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;

constexpr const char* kSearched = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// One line of sudoers. A program by its absolute path: sudo looks nowhere else.
struct Grant {
  std::string what;  // that needs it
  std::string as;    // whom it is run as
  std::string program;
  std::string arguments;  // as sudoers has them; never empty: that would be any
};

struct NeededRights {
  std::vector<Grant> grants;
  std::vector<std::string> notes;  // what needs a right that no line gives, or is not granted
};

// A command without its sudo.
struct SudoCommand {
  std::string as;
  Words words;
};

// Nothing where it is not run by sudo. Error{invalid_input} for options that change more than the
// user: nobody could tell what a line for them gives away.
std::optional<SudoCommand> sudo_command(const Words& words, const std::string& what) {
  if (words.empty() || fs::path(words.front()).filename() != "sudo") return std::nullopt;
  SudoCommand found{.as = "root", .words = {}};
  std::size_t at = 1;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    if (words[at] == "-n" || words[at] == "--non-interactive") continue;
    if (words[at] == "-u" && at + 1 < words.size()) {
      found.as = words[++at];
      continue;
    }
    throw Error(Errc::invalid_input,
                format("{}: found sudo {}, expected at most -n and -u USER", what,
                       printable(words[at], 80)),
                "write the command of site.yaml with these alone");
  }
  found.words.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  if (!found.words.empty()) return found;
  throw Error(Errc::invalid_input, format("{}: found sudo without a command", what));
}

// sudoers(5) "Other special characters"; quotes for what is empty. An asterisk would be a pattern.
std::string escaped(const std::string& word) {
  if (word.empty()) return "\"\"";
  std::string text;
  for (const char each : word) {
    if (std::string_view(",:=\\ *?[]!#\"").find(each) != std::string_view::npos) text += '\\';
    text += each;
  }
  return text;
}

// For a regular expression between ^ and $, which sudo knows since 1.9.10.
std::string literal(const std::string& word) {
  std::string text;
  for (const char each : word) {
    if (std::string_view(".\\+*?()[]{}|^$").find(each) != std::string_view::npos) text += '\\';
    text += each;
  }
  return text;
}

std::string program_of(const std::string& name, const std::string& what) {
  if (name.starts_with('/')) return name;
  const fs::path found = find_program(name, kSearched);
  if (!found.empty()) return found.string();
  throw Error(Errc::invalid_input, format("{}: found no program {}", what, printable(name, 80)),
              "install it, or write its absolute path in site.yaml");
}

// The command as it stands; a line without arguments would allow any, so none is "".
void grant_command(const std::string& what, const Words& words, NeededRights& all) {
  const auto command = sudo_command(words, what);
  if (!command) return;
  Words arguments;
  std::transform(command->words.begin() + 1, command->words.end(), std::back_inserter(arguments),
                 escaped);
  all.grants.push_back({.what = what,
                        .as = command->as,
                        .program = program_of(command->words.front(), what),
                        .arguments = arguments.empty() ? "\"\"" : joined(arguments, " ")});
}

// Units of this target, of every release that could be returned to and of the staged one.
std::set<std::string> units_of(const std::string& target, const Layout& layout,
                               const State& state) {
  std::vector<Placement> placements = retained_placements(layout, state);
  if (state.staged) {
    const std::vector<Placement>& staged = state.staged->placements;
    placements.insert(placements.end(), staged.begin(), staged.end());
  }
  std::set<std::string> units;
  for (const Placement& placement : placements) {
    if (placement.target != target || placement.driver != release::kSystemd) continue;
    for (const auto& [unit, unused] : systemd_settings_of(deployment_of(placement)).units) {
      units.insert(unit);
    }
  }
  return units;
}

void grant_units(const std::string& name, const release::Target& target,
                 const std::set<std::string>& units, NeededRights& all) {
  const std::string what = format("target {}", name);
  const auto command = sudo_command(target.command, what);
  if (!command) {
    if (std::find(target.command.begin(), target.command.end(), "--user") == target.command.end()) {
      all.notes.push_back(
          format("{}: speaks to the system's systemd without sudo: write command: "
                 "[sudo, -n, systemctl], or [systemctl, --user] for units of the "
                 "user, which need no right",
                 what));
    }
    return;
  }
  const std::string program = program_of(command->words.front(), what);
  const auto grant = [&](const std::string& arguments) {
    all.grants.push_back(
        {.what = what, .as = command->as, .program = program, .arguments = arguments});
  };
  all.notes.push_back(
      format("{}: links in {} must be writable for the user; whoever may write units of the system "
             "is as good as root",
             what, target.units.empty() ? "/etc/systemd/system" : target.units));
  if (units.empty()) {
    all.notes.push_back(
        format("{}: no release is here yet, so its units are not known: stage one, "
               "then run this again",
               what));
    return;
  }
  Words names;
  std::transform(units.begin(), units.end(), std::back_inserter(names), literal);
  const std::string any = format("--( ({}))+$", joined(names, "|"));
  grant("daemon-reload");
  grant(format("^({}) {}", joined(Systemctl::verbs(), "|"), any));
  grant(format("^show -p {} {}", Systemctl::properties(), any));
}

// What is more than lines can say.
void note_target(const std::string& name, const release::Target& target, NeededRights& all) {
  if (!target.owner.empty()) {
    all.notes.push_back(
        format("target {}: gives its files to {}: CAP_CHOWN, such as "
               "AmbientCapabilities=CAP_CHOWN of a unit; without it leave out owner",
               name, target.owner));
  }
  if (target.driver == "docker" || target.driver == "compose") {
    all.notes.push_back(
        format("target {}: who may speak to Docker is as good as root: the group of "
               "/var/run/docker.sock, or an engine of the user (rootless) for none",
               name));
  }
}

NeededRights privileges_of(const SiteWork& work) {
  const release::Site& site = work.installation().site;
  const State state = work.state();
  NeededRights all;
  for (const auto& [name, service] : site.services) {
    grant_command(format("service {}: check", name), service.check, all);
    grant_command(format("service {}: {}", name, service.verb), service.command, all);
  }
  if (site.fence) {
    grant_command("fence: close", site.fence->close, all);
    grant_command("fence: open", site.fence->open, all);
  }
  for (const auto& [name, target] : site.targets) {
    if (target.driver == release::kSystemd) {
      grant_units(name, target, units_of(name, work.installation().layout, state), all);
    }
    note_target(name, target, all);
  }
  for (const auto& [name, database] : site.databases) {
    if (!sudo_command(database.tools, format("database {}", name))) continue;
    all.notes.push_back(
        format("database {}: tools with sudo would have to allow any program of "
               "PostgreSQL: give it password_file instead",
               name));
  }
  return all;
}

void show(const NeededRights& all, const std::string& user, cli::Output& out) {
  for (const Grant& each : all.grants) {
    out.line(format("# {}", each.what));
    out.line(format("{} ALL=({}) NOPASSWD: {} {}", user, each.as, each.program, each.arguments));
  }
  for (const std::string& note : all.notes) out.line(format("# NOTE {}", note));
  if (all.grants.empty()) out.line(format("# {} needs no line of sudoers for this site", user));
}

Json to_json(const NeededRights& all, const std::string& user) {
  Json grants = Json::array();
  for (const Grant& each : all.grants) {
    grants.push_back({{"what", each.what},
                      {"as", each.as},
                      {"program", each.program},
                      {"arguments", each.arguments}});
  }
  return {{"user", user}, {"grants", std::move(grants)}, {"notes", all.notes}};
}

// A user's name goes into a line as it is.
void check_user(const std::string& user) {
  const bool is_plain = !user.empty() && std::all_of(user.begin(), user.end(), [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-' ||
           each == '_';
  });
  if (is_plain) return;
  throw Error(Errc::usage,
              format("--user \"{}\", expected a name of a-z 0-9 - _", printable(user, 40)));
}

struct PrivilegesOptions {
  std::string user = "sealift";
};

void run_privileges(const PrivilegesOptions& options, const std::string& site,
                    cli::Session& session) {
  check_user(options.user);
  const SiteWork work(session, site);
  const NeededRights all = privileges_of(work);
  show(all, options.user, session.out);
  session.out.json(to_json(all, options.user));
}

}  // namespace

void add_privileges(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<PrivilegesOptions>();
  program
      .sub("privileges", "print the lines of sudoers that a plain user needs for this site",
           "Each command that site.yaml runs with sudo, with its arguments and no others; of "
           "systemd the units of the releases that are here.")
      .option("--user", options.user, "NAME", "who runs the installer (default: sealift)")
      .example("sealift-installer privileges > sealift.sudoers",
               "for /etc/sudoers.d, once `visudo -c -f sealift.sudoers` has read it")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&](cli::Session& session) { run_privileges(options, site, session); });
}

}  // namespace sealift::installer
