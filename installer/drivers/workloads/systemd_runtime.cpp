// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/systemd_runtime.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/runtime/parts.hpp"
#include "installer/drivers/runtime/runtime.hpp"
#include "installer/drivers/workloads/systemctl.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"
#include "installer/drivers/workloads/unit_changes.hpp"
#include "installer/drivers/workloads/unit_links.hpp"
#include "installer/drivers/workloads/unit_verification.hpp"
#include "release/documents/unit_file.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxUnits = 256;
constexpr const char* kUsualFolder = "/etc/systemd/system";

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

UnitLinks links(const SystemdSettings& settings) {
  return {settings.folder, settings.path};
}

Systemctl systemctl(const SystemdSettings& settings) {
  return {settings.command, std::chrono::seconds(settings.timeout)};
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
    const UnitChanges change = changes_between(was, units_of(now));
    Words fresh;
    std::copy_if(change.start.begin(), change.start.end(), std::back_inserter(fresh),
                 [&](const std::string& name) { return !was.contains(name); });
    return changes_text({{"start", fresh},
                         {"restart", change.restart},
                         {"restart", change.take_up, " where it runs"},
                         {"stop and remove", change.gone}});
  }

  void validate(const Deployment& staged, StepIo&) const override {
    verify_units(staged, systemctl(systemd_settings_of(staged)), scratch_);
  }

  // What goes is stopped and disabled before its links are removed. Only after the new links are in
  // place and systemd has read them is anything enabled or started.
  void bring_up(const Deployment& now, const Deployment* before, StepIo& io) const override {
    const SystemdSettings settings = systemd_settings_of(now);
    const Systemctl systemd = systemctl(settings);
    const UnitChanges change = changes_between(units_of(before), settings.units);
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

  // Units that only had a drop-in of ours run on without it. A failed unit that is gone would stay
  // in systemd's list until it is reset.
  void take_down(const Deployment& deployment, StepIo&) const override {
    const SystemdSettings settings = systemd_settings_of(deployment);
    const Systemctl systemd = systemctl(settings);
    const UnitChanges change = changes_between(settings.units, {});
    stop(systemd, change.gone);
    systemd.call("disable", change.disable);
    lay(settings, {});
    systemd.reload();
    systemd.call("try-restart", change.take_up);
    systemd.call("reset-failed", change.gone);
  }

  std::vector<Difference> differences(const Deployment& deployment, Content&) const override {
    const SystemdSettings settings = systemd_settings_of(deployment);
    std::vector<Difference> found;
    for (const std::string& name : links_of(settings)) {
      if (links(settings).stands(name)) continue;
      const std::string place = format("{}/{}", settings.folder, name);
      found.push_back({place, "does not lead to the release"});
    }
    const Systemctl systemd = systemctl(settings);
    const Words installed = changes_between({}, settings.units).installed;
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
  // A unit of the same name that is not our link belongs to the host: it is never overwritten.
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

  // Links of these names, and no others of this target's.
  static void lay(const SystemdSettings& settings, const std::set<std::string>& names) {
    const UnitLinks all = links(settings);
    all.remove(all.others(names));
    all.put(names);
  }

  static void stop(const Systemctl& systemd, const Words& units) {
    for (const Words& each : sockets_first(units)) systemd.call("stop", each);
    // One that systemd never got to know does not run either.
    for (const UnitState& unit : systemd.show(plain_names(units))) {
      if (unit.active == "inactive" || unit.active == "failed") continue;
      throw Error(Errc::target_failed,
                  format("unit {} is {}, expected it to be stopped", unit.name, unit.active),
                  "stop it by hand");
    }
  }

  // A job that has ended well is not run again because something else has changed.
  static Words without_done(const Systemctl& systemd, const UnitChanges& change) {
    Words units;
    for (const UnitState& unit : systemd.show(change.start)) {
      const bool is_done = unit.type == "oneshot" && unit.result == "success" && unit.has_run;
      if (!is_done) units.push_back(unit.name);
    }
    return units;
  }

  // Of what is restarted where it runs, one that has failed was meant to run; and systemd refuses
  // to restart a socket while its service runs.
  static UnitChanges with_those_that_ran(const Systemctl& systemd, UnitChanges change) {
    std::map<std::string, std::string> bound;
    for (const std::string& unit : change.restart) bound[service_of(unit)] = unit;
    for (const UnitState& unit :
         systemd.show(joined_words(change.restart, plain_names(change.take_up)))) {
      const bool is_bound = bound.contains(unit.name) && unit.active != "inactive";
      if (is_bound) change.stop.insert(change.stop.end(), {unit.name, bound.at(unit.name)});
      const auto place = std::find(change.take_up.begin(), change.take_up.end(), unit.name);
      if (place == change.take_up.end() || (unit.active != "failed" && !is_bound)) continue;
      change.take_up.erase(place);
      change.restart.push_back(unit.name);
    }
    return change;
  }

  // One unit that does not start keeps no other from being tried. The time runs from before the
  // first call.
  void start(const Systemctl& systemd, const UnitChanges& wanted, StepIo& io,
             unsigned timeout) const {
    const auto end = Clock::now() + std::chrono::seconds(timeout);
    const UnitChanges change = with_those_that_ran(systemd, wanted);
    const Words watched = joined_words(change.installed, plain_names(wanted.take_up));
    systemd.call("reset-failed", watched);
    Problems problems;
    const auto attempt = [&](const char* verb, const Words& units) {
      if (!units.empty()) {
        io.progress.wait_for(format("systemctl {} {}", verb, joined(units, " ")),
                             std::chrono::seconds(timeout));
      }
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
    wait(systemd, {watched, {change.installed.begin(), change.installed.end()}}, io,
         {.end = end, .at_most = std::chrono::seconds(timeout)});
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

  struct Patience {
    Clock::time_point end;
    std::chrono::seconds at_most;
  };

  // Until everything runs as it should at two looks in a row.
  void wait(const Systemctl& systemd, const Watched& watched, StepIo& io,
            const Patience& patience) const {
    std::map<std::string, unsigned> first;  // restarts by itself
    std::vector<unsigned> last;
    for (unsigned good = 0; good < 2;) {
      io.stop.throw_if_set();
      Words waiting;
      std::vector<unsigned> restarts;
      for (UnitState& unit : systemd.show(watched.units)) {
        restarts.push_back(unit.restarts);
        unit.restarts -=
            std::min(unit.restarts, first.emplace(unit.name, unit.restarts).first->second);
        const Complaint complaint = judge(unit);
        const bool counts = watched.run.contains(unit.name) || unit.active == "failed";
        if (complaint.found.empty() || !counts) continue;
        waiting.push_back(format("unit {} ({})", unit.name, complaint.found));
        if (complaint.is_final || Clock::now() > patience.end) fail(systemd, unit, complaint);
      }
      if (!waiting.empty()) io.progress.wait_for(joined(waiting), patience.at_most);
      good = waiting.empty() && (good == 0 || restarts == last) ? good + 1 : 0;
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

  fs::path scratch_;
  std::chrono::milliseconds between_;
};

}  // namespace

std::unique_ptr<Runtime> systemd_runtime(const Layout& layout, std::chrono::milliseconds between) {
  return std::make_unique<SystemdRuntime>(layout, between);
}

}  // namespace sealift::installer
