// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/diagnosis.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/sandbox.hpp"
#include "base/text.hpp"
#include "bundle/report.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/drivers/services/service.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/rescue/backup_copies.hpp"
#include "installer/site/tls.hpp"
#include "installer/site_archive/kept_archives.hpp"
#include "installer/transaction/transaction.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

std::vector<Diagnosis> examine_targets(const release::Site& site) {
  std::vector<Diagnosis> findings;
  for (const auto& [name, target] : site.targets) {
    if (target.path.empty()) continue;
    const fs::path place = existing_part(target.path);
    const Space space = free_space(place);
    const bool writable = ::access(place.c_str(), W_OK) == 0;
    findings.push_back(
        {format("target {}", name), format("{}, {} free", target.path, cli::size_text(space.bytes)),
         writable ? "" : format("{} is not writable for this user", place.string())});
    if (target.driver == release::kExec && is_noexec(place)) {
      findings.push_back({format("target {}", name),
                          format("{} lies on a file system that is mounted noexec", target.path),
                          "no command of a release starts from there: mount it without noexec, or "
                          "give the target another path"});
    }
  }
  return findings;
}

// The folders of data that the installed release shares with others.
std::vector<Diagnosis> examine_data(const State& state) {
  std::vector<Diagnosis> findings;
  if (state.current() == nullptr) return findings;
  for (const Placement& placement : state.current()->placements) {
    const std::string what = format("data of {}", placement.component);
    const std::vector<Difference> differences = shared_differences(placement);
    for (const Difference& each : differences) {
      findings.push_back({what, format("{}: {}", each.path, each.found),
                          "put the data back there; an empty folder is made by: sealift-installer "
                          "apply --repair"});
    }
    if (!differences.empty()) continue;
    for (const auto& [folder, unused] : placement.persist) {
      findings.push_back({what, shared_place(placement.path, folder), ""});
    }
  }
  return findings;
}

// What an act that was cut off may have left under names of ours, and whether stores answer at all.
std::vector<Diagnosis> examine_stores(const Installation& installation, const State& state,
                                      const Tools& tools) {
  const Layout& layout = installation.layout;
  const std::vector<Placement> known = retained_placements(layout, state);
  const Drivers& drivers = tools.drivers;
  open_target_keys(tools, state);
  std::vector<Diagnosis> findings;
  for (const auto& [name, target] : installation.site.targets) {
    const std::string what = format("target {}", name);
    try {
      std::vector<std::string> left =
          drivers.named(target.driver).leftovers(target, installation.id, known);
      // What an installer is working on now is no leftover.
      if (lock_holder(layout)) left.clear();
      for (const std::string& each : left) {
        findings.push_back({what, each,
                            state.unfinished ? "a transaction is open and may need it: end that "
                                               "first, see: sealift-installer status"
                            : target.path.empty() ? "no release needs it: sealift-installer prune"
                                                  : "no release needs it: it may be removed"});
      }
      if (target.path.empty() && left.empty()) findings.push_back({what, target.driver, ""});
    } catch (const Error& error) {
      findings.push_back(
          {what, error.message(), error.hint().empty() ? "look at this store" : error.hint()});
    }
  }
  return findings;
}

// Where the scripts of hooks and health checks are started from.
Diagnosis examine_scripts(const Layout& layout) {
  if (!is_noexec(layout.state)) return {"scripts", "can be started", ""};
  return {"scripts",
          format("{} lies on a file system that is mounted noexec", layout.state.string()),
          "no script of a hook or health check starts from there: mount it without noexec, or move "
          "the site's folder"};
}

// A file of SQLite that is gone is no database that has never been.
bool is_lost(const std::string& name, databases::Database& database, const State& state) {
  const Revision* now = state.current();
  return now != nullptr && !database.exists() &&
         std::any_of(now->placements.begin(), now->placements.end(), [&](const Placement& each) {
           return is_of_database(each) && each.target == name;
         });
}

// Whether databases answer, and give what a migration needs.
std::vector<Diagnosis> examine_databases(const Installation& installation, const State& state) {
  std::vector<Diagnosis> findings;
  for (const auto& [name, unused] : installation.site.databases) {
    const std::string what = format("database {}", name);
    try {
      const auto database = open_database(database_settings(name, installation.site, {}),
                                          installation.layout.state, session_name(0));
      if (is_lost(name, *database, state)) {
        findings.push_back({what, "is missing, and the installed release has one",
                            format("restore its newest backup: sealift-installer backup list; "
                                   "sealift-installer backup restore {}-... --reason TEXT",
                                   name)});
        continue;
      }
      const databases::Facts facts = database->facts();
      findings.push_back({what, format("{}, {}", facts.server, cli::size_text(facts.bytes)), ""});
      for (const std::string& kept : database->kept()) {
        findings.push_back({what, format("a restore has left the database {}", kept),
                            format("when nobody needs it any more: sealift-installer backup kept "
                                   "{} --drop {}",
                                   name, kept)});
      }
      database->check_restorable(Json::object());
    } catch (const Error& error) {
      findings.push_back(
          {what, error.message(), error.hint().empty() ? "look at this database" : error.hint()});
    }
  }
  return findings;
}

// A timer that has stopped shows by what it does not make any more.
std::vector<Diagnosis> examine_exports(const Installation& installation, Time now) {
  constexpr std::int64_t kDay = 24L * 60 * 60;
  constexpr std::int64_t kOldest = 2;  // days
  const auto& exports = installation.site.exports;
  if (!exports || exports->to.empty()) return {};
  constexpr const char* kMake = "run: sealift-installer site export; see whether its timer runs";
  if (!dir_exists(exports->to)) {
    return {{"archives", format("{} is missing", exports->to), kMake}};
  }
  std::optional<Time> newest;
  for (const SiteArchive& each : archives_in(exports->to)) {
    if (each.manifest().site == installation.id) newest = each.manifest().made;
  }
  if (!newest) return {{"archives", format("{} has none of this site", exports->to), kMake}};
  return {{"archives", format("the newest is of {}", to_text(*newest)),
           now.seconds - newest->seconds > kOldest * kDay ? kMake : ""}};
}

std::vector<Diagnosis> examine_services(const release::Site& site) {
  std::vector<Diagnosis> findings;
  for (const auto& [name, service] : site.services) {
    const std::vector<std::string> missing = missing_programs(service);
    findings.push_back({format("service {}", name),
                        format("{}: {}", service.verb, printable(joined(service.command, " "))),
                        missing.empty() ? ""
                                        : format("this host has no program {}: correct services.{} "
                                                 "in site.yaml",
                                                 printable(joined(missing)), name)});
  }
  return findings;
}

std::vector<Diagnosis> examine_certificates(const release::Site& site, Time now) {
  std::vector<Diagnosis> findings;
  for (const auto& [name, entry] : site.tls) {
    const std::string what = format("certificate {}", name);
    const signing::CertificateVerdict verdict = judge_tls(name, entry, now);
    for (const std::string& mistake : verdict.mistakes) {
      findings.push_back(
          {what, mistake, format("correct tls.{} in site.yaml, or its files", name)});
    }
    for (const std::string& warning : verdict.warnings) {
      findings.push_back({what, warning, "have it renewed"});
    }
    if (verdict.mistakes.empty() && verdict.warnings.empty()) {
      findings.push_back({what, verdict.about, ""});
    }
  }
  return findings;
}

Diagnosis examine_trust(const Layout& layout, Time now) {
  try {
    const signing::Root root = trusted_root(layout);
    const bool soon = !bundle::expiry_warning(root, now).empty();
    return {"trust root",
            format("version {}, {}", root.version(), bundle::validity_text(root, now)),
            soon ? "ask the release owner for a bundle with a newer root" : ""};
  } catch (const Error& error) {
    return {"trust root", error.message(),
            error.hint().empty() ? "restore the site's state from its backup" : error.hint()};
  }
}

Diagnosis examine_transaction(const Layout& layout, const State& state, const Clock& clock) {
  if (!state.unfinished) return {"transaction", "none is open", ""};
  const Journal journal = Journal::read(*state.unfinished, clock);
  if (const auto holder = lock_holder(layout)) return {"transaction", *holder, ""};
  if (const std::optional<FailedUndo> failed = failed_undo(journal)) {
    return {"transaction",
            format("{} needs a person: {} could not be taken back", journal.plan().number,
                   failed->step),
            "see: sealift-installer status"};
  }
  return {"transaction", format("{} was cut off", journal.plan().number),
          "run: sealift-installer recover"};
}

Diagnosis examine_clock(const Layout& layout, const Clock& clock) {
  const Time now = clock.now();
  const Time latest = believed_now(layout, clock);
  return {"clock", to_text(now),
          now < latest
              ? format("it is behind what this site has seen, {}: set it, or, if that time was "
                       "wrong, remove {}",
                       to_text(latest), layout.latest_time().string())
              : ""};
}

// The environment that the installed release was applied with.
std::vector<Diagnosis> examine_environment(const Installation& installation, const State& state) {
  std::vector<Diagnosis> findings;
  for (const SiteChange& each : site_changes(state.current(), installation.site)) {
    findings.push_back({"site.yaml",
                        format("{} is {}, the installed release was applied with {}", each.key,
                               printable(each.wanted), printable(each.applied)),
                        format("put it back; {}", kChangeEnvironment)});
  }
  return findings;
}

// All that only the journals know.
std::vector<Diagnosis> examine_state(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  std::vector<Diagnosis> findings = {
      {"fence", is_fence_closed(layout) ? "closed: users are kept out" : "open",
       is_fence_closed(layout) && !state.unfinished && !lock_holder(layout)
           ? "run: sealift-installer recover"
           : ""},
      examine_transaction(layout, state, tools.clock)};
  for (std::vector<Diagnosis>& more :
       std::array{examine_environment(tools.installation, state),
                  diagnoses(damage_of_releases(tools, state)),
                  diagnoses(damage_of_audit_log(tools, state)),
                  examine_stores(tools.installation, state, tools), examine_data(state),
                  examine_databases(tools.installation, state)}) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

// Journals that cannot be read are a finding, and no reason to stop looking.
std::vector<Diagnosis> examine_journals(const SiteWork& work) {
  try {
    return examine_state(work.tools(), work.state());
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    return {{"journal", error.message(), error.hint()}};
  }
}

std::vector<Diagnosis> examine(const SiteWork& work, const Clock& clock) {
  const Layout& layout = work.installation().layout;
  struct utsname host {};
  ::uname(&host);
  std::vector<Diagnosis> findings = {
      {"host", format("{} {} {}", host.sysname, host.release, host.machine), ""},
      {"landlock",
       has_landlock() ? "verify gives up its rights before it reads a bundle"
                      : "this kernel has none: verify keeps its rights",
       ""},
      {"state",
       format("{}, {} free", layout.state.string(), cli::size_text(free_space(layout.state).bytes)),
       ::access(layout.state.c_str(), W_OK) == 0 ? "" : "it is not writable for this user"},
      examine_scripts(layout),
      examine_trust(layout, believed_now(layout, clock)),
      examine_clock(layout, clock)};
  for (std::vector<Diagnosis>& more : std::array{
           diagnoses(damage_of_state(layout, clock)), examine_journals(work),
           examine_targets(work.installation().site), examine_services(work.installation().site),
           examine_exports(work.installation(), clock.now()),
           diagnoses(damage_of_copies(work, clock.now())),
           examine_certificates(work.installation().site, believed_now(layout, clock))}) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace

std::vector<Diagnosis> diagnoses(std::vector<Damage> damages) {
  std::vector<Diagnosis> findings;
  findings.reserve(damages.size());
  for (Damage& each : damages) {
    findings.push_back({std::move(each.what), std::move(each.found), std::move(each.mend)});
  }
  return findings;
}

// What an installer does meanwhile looks like damage: a second look tells.
std::vector<Diagnosis> diagnose(const SiteWork& work, const Clock& clock) {
  constexpr int kMostLooks = 4;
  const Layout& layout = work.installation().layout;
  for (int look = 1;; ++look) {
    const std::string before = last_holder(layout);
    std::vector<Diagnosis> findings = examine(work, clock);
    if (look == kMostLooks || last_holder(layout) == before ||
        std::none_of(findings.begin(), findings.end(), std::mem_fn(&Diagnosis::needs_mending))) {
      return findings;
    }
  }
}

}  // namespace sealift::installer
