// SPDX-License-Identifier: Apache-2.0
// Units of systemd. They lie in the release's tree; links in systemd's folder of units lead to
// PATH/current, so the switch of the tree changes them all. Restarted is what is made otherwise
// than before: by its unit, its drop-ins, or a file of the release that these name.

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/workloads/parts.hpp"
#include "installer/drivers/workloads/runtime.hpp"
#include "installer/drivers/workloads/systemctl.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "installer/drivers/workloads/unit_links.hpp"
#include "release/documents/unit_file.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxUnitBytes = 1U << 20;
constexpr std::size_t kMaxUnits = 256;
constexpr const char* kUsualFolder = "/etc/systemd/system";
constexpr const char* kRefusing = "Refusing";  // a word of systemd-analyze

using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

// One unit, as the tree has it.
struct Making {
  std::vector<std::string> files;  // the unit's own first, then its drop-ins
  std::string text;                // of all of them
  release::UnitFile unit;          // what they say together
  bool is_ours = false;            // the unit itself is in the tree
};

std::map<std::string, Making> makings_in(TreeStream& tree) {
  std::map<std::string, Making> units;
  while (const auto entry = tree.next()) {
    const std::string& path = entry->path.str();
    const std::string unit = release::unit_of(path);
    if (unit.empty()) continue;
    Making& making = units[unit];
    making.is_ours = making.is_ours || path == unit;
    const std::string text = read_all(tree, *entry, kMaxUnitBytes);
    making.unit.add(text);
    making.text += text + "\n";
    making.files.push_back(path);
  }
  if (units.size() > kMaxUnits) {
    throw Error(Errc::incompatible,
                format("found {} units, expected at most {}", units.size(), kMaxUnits));
  }
  return units;
}

// The lines of a table that say what a unit is made of.
Json lines_of(const std::vector<release::FileEntry>& table, const Making& making,
              const std::string& root) {
  std::set<std::string> wanted = release::names_below(making.text, root);
  wanted.insert(making.files.begin(), making.files.end());
  return lines_at(table, wanted);
}

std::set<std::string> links_of(const SystemdSettings& settings) {
  std::set<std::string> names;
  for (const auto& [unused, unit] : settings.units) {
    names.insert(unit.files.begin(), unit.files.end());
  }
  return names;
}

UnitLinks links(const SystemdSettings& settings) {
  return {settings.folder, settings.path};
}

Systemctl systemctl(const SystemdSettings& settings) {
  return {settings.command, std::chrono::seconds(settings.timeout)};
}

// For commands that act on what is loaded.
std::string pattern(const std::string& unit) {
  if (!release::is_template_unit(unit)) return unit;
  const std::size_t at = unit.find("@.");
  return unit.substr(0, at + 1) + "*" + unit.substr(at + 1);
}

// Of units that run or shall run, what is to be done from one release to the other.
struct Change {
  Words gone;       // ours, to be stopped
  Words disable;    // what `enable` made of them is not wanted any more
  Words restart;    // started by us, and made otherwise
  Words take_up;    // made otherwise; restarted where they run
  Words start;      // shall run, and are made as before or new
  Words installed;  // shall run
  Words stop = {};  // before anything is restarted
};

bool is_started(const std::string& name, const UnitSettings& unit) {
  return unit.ours && !unit.install.empty() && !release::is_template_unit(name);
}

constexpr std::string_view kSocket = ".socket";

bool is_socket(const std::string& unit) {
  return unit.ends_with(kSocket);
}

// One after the other: a socket that is stopped with its service has it run again for a client that
// waits.
std::array<Words, 2> sockets_first(Words units) {
  const auto others = std::stable_partition(units.begin(), units.end(), is_socket);
  return {Words(units.begin(), others), Words(others, units.end())};
}

// What a socket starts, where it says nothing else.
std::string service_of(const std::string& unit) {
  return is_socket(unit) ? unit.substr(0, unit.size() - kSocket.size()) + ".service" : "";
}

std::set<std::string> changed(const UnitsSettings& was, const UnitsSettings& is) {
  std::set<std::string> names;
  for (const auto& [name, unit] : is) {
    const auto before = was.find(name);
    if (before == was.end() || before->second.inputs == unit.inputs) continue;
    names.insert(name);
    if (is.contains(service_of(name))) names.insert(service_of(name));
  }
  return names;
}

Change change_between(const UnitsSettings& was, const UnitsSettings& is) {
  const std::set<std::string> other = changed(was, is);
  Change change;
  for (const auto& [name, unit] : was) {
    const auto next = is.find(name);
    const bool is_gone = next == is.end() || (unit.ours && !next->second.ours);
    if (is_gone) (unit.ours ? change.gone : change.take_up).push_back(pattern(name));
    if (!unit.install.empty() && (is_gone || next->second.install != unit.install)) {
      change.disable.push_back(name);
    }
  }
  for (const auto& [name, unit] : is) {
    if (is_started(name, unit)) {
      change.installed.push_back(name);
      (other.contains(name) ? change.restart : change.start).push_back(name);
    } else if (!unit.job && (other.contains(name) || (!was.contains(name) && !unit.ours))) {
      change.take_up.push_back(pattern(name));
    }
  }
  return change;
}

UnitSettings settings_of(const std::vector<release::FileEntry>& table, const Making& making,
                         const std::string& root) {
  const release::UnitFile& unit = making.unit;
  return {.files = making.files,
          .ours = making.is_ours,
          .job = unit.is_job,
          .install = unit.install.empty() ? "" : Digest::of(unit.install).hex(),
          .inputs = Digest::of(to_canonical(lines_of(table, making, root))).hex()};
}

// The units of a deployment; none where there is no deployment.
UnitsSettings units_of(const Deployment* deployment) {
  return deployment == nullptr ? UnitsSettings() : systemd_settings_of(*deployment).units;
}

class SystemdRuntime : public Runtime {
 public:
  SystemdRuntime(const Layout& layout, std::chrono::milliseconds between)
      : scratch_(layout.workloads() / "units"), between_(between) {}

  Json settings(const RuntimeQuestion& question) const override {
    const release::Target& target = question.target;
    const auto tree = question.content.tree(question.component.row.name);
    const std::vector<release::FileEntry> table =
        entries_of(*question.content.table(question.table));
    const Words usual = {"systemctl"};
    SystemdSettings settings{.command = target.command.empty() ? usual : target.command,
                             .folder = target.units.empty() ? kUsualFolder : target.units,
                             .path = target.path,
                             .timeout = target.timeout,
                             .units = {}};
    for (const auto& [name, making] : makings_in(*tree)) {
      settings.units[name] = settings_of(table, making, target.path + "/current");
    }
    refuse_strangers(settings);
    return to_json(settings);
  }

  std::vector<release::Claim> claims(const RuntimeQuestion& question) const override {
    const auto tree = question.content.tree(question.component.row.name);
    std::map<std::string, release::UnitFile> units;
    for (auto& [name, making] : makings_in(*tree)) units.emplace(name, std::move(making.unit));
    return release::claims_of(units, question.target.command);
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    const UnitsSettings was = units_of(before);
    const Change change = change_between(was, units_of(now));
    Words fresh;
    std::copy_if(change.start.begin(), change.start.end(), std::back_inserter(fresh),
                 [&](const std::string& name) { return !was.contains(name); });
    Words parts;
    const auto say = [&](const char* verb, const Words& units, const char* where = "") {
      if (!units.empty()) parts.push_back(format("{} {}{}", verb, joined(units), where));
    };
    say("start", fresh);
    say("restart", change.restart);
    say("restart", change.take_up, " where it runs");
    say("stop and remove", change.gone);
    return parts.empty() ? "nothing of it has changed" : joined(parts, "; ");
  }

  void validate(const Deployment& staged) const override {
    const Systemctl systemd = systemctl(systemd_settings_of(staged));
    const Words files = copies_of(staged);
    const std::optional<Outcome> outcome = systemd.verify(files);
    const bool is_useful = outcome && (outcome->status == 0 || can_verify(systemd));
    clear_scratch();
    if (!is_useful) {
      log::warning("systemd-analyze cannot look at units here: they are seen when they start");
    } else if (!outcome->error_output.empty()) {
      judge_verification(*outcome, staged);
    }
  }

  void bring_up(const Deployment& now, const Deployment* before, StepIo& io) const override {
    const SystemdSettings settings = systemd_settings_of(now);
    const Systemctl systemd = systemctl(settings);
    const Change change = change_between(units_of(before), settings.units);
    stop(systemd, change.gone);
    systemd.call("disable", change.disable);
    lay(settings, links_of(settings));
    systemd.reload();
    if (const Words left = systemd.not_enabled(change.installed); !left.empty()) {
      systemd.demand("enable", left);
    }
    links(settings).settle();
    start(systemd, change, io, settings.timeout);
  }

  void take_down(const Deployment& deployment, StepIo&) const override {
    const SystemdSettings settings = systemd_settings_of(deployment);
    const Systemctl systemd = systemctl(settings);
    const Change change = change_between(settings.units, {});
    stop(systemd, change.gone);
    systemd.call("disable", change.disable);
    lay(settings, {});
    systemd.reload();
    systemd.call("try-restart", change.take_up);
    systemd.call("reset-failed", change.gone);
  }

  std::vector<Difference> differences(const Deployment& deployment) const override {
    const SystemdSettings settings = systemd_settings_of(deployment);
    std::vector<Difference> found;
    for (const std::string& name : links_of(settings)) {
      if (links(settings).stands(name)) continue;
      const std::string place = format("{}/{}", settings.folder, name);
      found.push_back({place, "does not lead to the release"});
    }
    const Systemctl systemd = systemctl(settings);
    const Words installed = change_between({}, settings.units).installed;
    for (const UnitState& unit : systemd.show(installed)) {
      if (const Complaint complaint = judge(without_past(unit)); !complaint.found.empty()) {
        found.push_back({format("unit {}", unit.name), complaint.found});
      }
    }
    for (const std::string& name : systemd.not_enabled(installed)) {
      found.push_back({format("unit {}", name), "is not enabled"});
    }
    return found;
  }

  std::vector<std::string> leftovers(const release::Target& target, const std::string&,
                                     const std::vector<Deployment>& known) const override {
    const std::string folder = target.units.empty() ? kUsualFolder : target.units;
    std::set<std::string> names;
    for (const Deployment& each : known) {
      const SystemdSettings settings = systemd_settings_of(each);
      if (settings.path != target.path || settings.folder != folder) continue;
      names.merge(links_of(settings));
    }
    std::vector<std::string> left;
    for (const std::string& name : UnitLinks(folder, target.path).others(names)) {
      left.push_back(format("the link {}/{}", folder, printable(name)));
    }
    return left;
  }

 private:
  static void refuse_strangers(const SystemdSettings& settings) {
    Problems problems;
    if (const std::string& program = settings.command.front(); !is_program(program)) {
      problems.add(format("the program {} was not found", printable(program)),
                   "install it, or correct command in site.yaml");
    }
    for (const std::string& name : links_of(settings)) {
      const std::string found = links(settings).stranger(name);
      if (!found.empty()) problems.add(found, "move it away, or name the unit otherwise");
    }
    problems.throw_if_any(Errc::incompatible);
  }

  // What was restarted long ago says nothing of now.
  static UnitState without_past(UnitState unit) {
    unit.restarts = 0;
    return unit;
  }

  static void lay(const SystemdSettings& settings, const std::set<std::string>& names) {
    const UnitLinks all = links(settings);
    all.remove(all.others(names));
    all.put(names);
  }

  static void stop(const Systemctl& systemd, const Words& units) {
    for (const Words& each : sockets_first(units)) systemd.call("stop", each);
    // One that systemd never got to know does not run either.
    for (const UnitState& unit : systemd.show(plain(units))) {
      if (unit.active == "inactive" || unit.active == "failed") continue;
      throw Error(Errc::target_failed,
                  format("unit {} is {}, expected it to be stopped", unit.name, unit.active),
                  "stop it by hand");
    }
  }

  static Words plain(Words units) {
    units.erase(std::remove_if(units.begin(), units.end(),
                               [](const std::string& name) { return name.find('*') != name.npos; }),
                units.end());
    return units;
  }

  // A job that has ended well is not run again because something else has changed.
  static Words without_done(const Systemctl& systemd, const Change& change) {
    Words units;
    for (const UnitState& unit : systemd.show(change.start)) {
      const bool is_done = unit.type == "oneshot" && unit.result == "success" && unit.has_run;
      if (!is_done) units.push_back(unit.name);
    }
    return units;
  }

  // Of what is restarted where it runs, one that has failed was meant to run; and systemd refuses
  // to restart a socket while its service runs.
  static Change with_those_that_ran(const Systemctl& systemd, Change change) {
    std::map<std::string, std::string> bound;
    for (const std::string& unit : change.restart) bound[service_of(unit)] = unit;
    for (const UnitState& unit :
         systemd.show(joined_words(change.restart, plain(change.take_up)))) {
      const bool is_bound = bound.contains(unit.name) && unit.active != "inactive";
      if (is_bound) change.stop.insert(change.stop.end(), {unit.name, bound.at(unit.name)});
      const auto place = std::find(change.take_up.begin(), change.take_up.end(), unit.name);
      if (place == change.take_up.end() || (unit.active != "failed" && !is_bound)) continue;
      change.take_up.erase(place);
      change.restart.push_back(unit.name);
    }
    return change;
  }

  void start(const Systemctl& systemd, const Change& wanted, StepIo& io, unsigned timeout) const {
    const auto end = Clock::now() + std::chrono::seconds(timeout);
    const Change change = with_those_that_ran(systemd, wanted);
    const Words watched = joined_words(change.installed, plain(wanted.take_up));
    systemd.call("reset-failed", watched);
    Problems problems;
    const auto attempt = [&](const char* verb, const Words& units) {
      try {
        systemd.demand(verb, units);
      } catch (const Error& error) {
        problems.add(error);
      }
    };
    for (const Words& units : sockets_first(change.stop)) attempt("stop", units);
    for (const Words& units : sockets_first(change.restart)) attempt("restart", units);
    attempt("try-restart", change.take_up);
    attempt("start", without_done(systemd, change));
    wait(systemd, {watched, {change.installed.begin(), change.installed.end()}}, io, end);
    problems.throw_if_any(Errc::target_failed);
  }

  static Words joined_words(Words some, const Words& more) {
    some.insert(some.end(), more.begin(), more.end());
    return some;
  }

  struct Watched {
    Words units;                // which must not fail
    std::set<std::string> run;  // those of them that must run
  };

  // Until everything runs as it should at two looks in a row.
  void wait(const Systemctl& systemd, const Watched& watched, StepIo& io,
            Clock::time_point end) const {
    std::map<std::string, unsigned> first;  // restarts by itself
    std::vector<unsigned> last;
    for (unsigned good = 0; good < 2;) {
      io.stop.throw_if_set();
      bool is_good = true;
      std::vector<unsigned> restarts;
      for (UnitState& unit : systemd.show(watched.units)) {
        restarts.push_back(unit.restarts);
        unit.restarts -=
            std::min(unit.restarts, first.emplace(unit.name, unit.restarts).first->second);
        const Complaint complaint = judge(unit);
        const bool counts = watched.run.contains(unit.name) || unit.active == "failed";
        if (complaint.found.empty() || !counts) continue;
        is_good = false;
        if (complaint.is_final || Clock::now() > end) fail(systemd, unit, complaint);
      }
      good = is_good && (good == 0 || restarts == last) ? good + 1 : 0;
      last = std::move(restarts);
      if (good < 2) std::this_thread::sleep_for(between_);
    }
  }

  [[noreturn]] static void fail(const Systemctl& systemd, const UnitState& unit,
                                const Complaint& complaint) {
    const std::string words = systemd.last_words(unit.name);
    throw Error(Errc::target_failed,
                format("unit {} {}{}{}", unit.name, complaint.found,
                       words.empty() ? "" : "; it said: ", words),
                complaint.is_final ? "" : "if it only needs longer: timeout in site.yaml");
  }

  void clear_scratch() const {
    const fs::path above = scratch_.parent_path();
    if (dir_exists(above)) Dir::open(above).remove_tree(scratch_.filename().string());
  }

  // The units as they will be read, though PATH/current does not lead to them yet.
  Words copies_of(const Deployment& staged) const {
    clear_scratch();
    const std::string current = staged.path + "/current";
    Words units;
    for (const std::string& name : links_of(systemd_settings_of(staged))) {
      std::string text = read_file(staged.folder() / name, kMaxUnitBytes);
      const std::string folder = staged.folder().string();
      for (std::size_t at = text.find(current); at != text.npos;
           at = text.find(current, at + folder.size())) {
        text.replace(at, current.size(), folder);
      }
      make_dirs((scratch_ / name).parent_path());
      write_file(scratch_ / name, text, FileMode::secret);
      if (name.find('/') == name.npos) units.push_back((scratch_ / name).string());
    }
    return units;
  }

  // Whether a unit that has nothing wrong passes.
  bool can_verify(const Systemctl& systemd) const {
    clear_scratch();
    make_dirs(scratch_);
    const fs::path sound = scratch_ / "sealift-sound.service";
    write_file(sound, "[Service]\nType=oneshot\nExecStart=/bin/true\n", FileMode::secret);
    const auto outcome = systemd.verify({sound.string()});
    return outcome && outcome->status == 0;
  }

  // A program of another component may not be there yet; of this one it is.
  void judge_verification(const Outcome& outcome, const Deployment& staged) const {
    std::string text = outcome.error_output;
    const std::string prefix = scratch_.string() + "/";
    for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    const std::string words = said({outcome.status, {}, text});
    bool waits_for_others = false;
    bool is_refused = false;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const bool is_missing = line.find("is not executable") != line.npos;
      const bool is_ours = line.find(staged.folder().string()) != line.npos;
      waits_for_others = waits_for_others || (is_missing && !is_ours);
      is_refused = is_refused || (is_missing && is_ours) || line.find(kRefusing) != line.npos;
    }
    if (outcome.status != 0 && (is_refused || !waits_for_others)) {
      throw Error(Errc::target_failed, format("systemd does not take the units: {}", words),
                  "correct them in the release");
    }
    log::warning(format("systemd-analyze: {}", words));
  }

  fs::path scratch_;
  std::chrono::milliseconds between_;
};

}  // namespace

std::unique_ptr<Runtime> systemd_runtime(const Layout& layout, std::chrono::milliseconds between) {
  return std::make_unique<SystemdRuntime>(layout, between);
}

}  // namespace sealift::installer
