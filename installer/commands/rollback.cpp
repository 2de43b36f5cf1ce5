// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/planner.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

struct RollbackOptions {
  std::string to;
  bool verify = false;
  bool restore_database = false;
  bool down = false;
  std::vector<std::string> past;
  ChangeOptions change;
};

// A revision's number, or the version of the newest revision that had it; one that is still kept,
// where there is one.
const Revision& choose(const std::string& to, const State& state, const Layout& layout) {
  if (state.is_uninstalled && !to.empty()) {
    throw Error(Errc::usage,
                format("{} was uninstalled, and the way back leads to it before any other",
                       state.last()->title()),
                "run: sealift-installer rollback");
  }
  if (to.empty()) {
    if (const Revision* previous = state.previous()) return *previous;
    throw Error(Errc::incompatible, "nothing stood on this site before the current release",
                "see: sealift-installer history");
  }
  const Revision* chosen = nullptr;
  for (const Revision& each : state.revisions) {
    const bool is_meant = each.version == to || std::to_string(each.number) == to;
    if (is_meant && (chosen == nullptr || is_retained(layout, each))) chosen = &each;
  }
  if (chosen == nullptr) {
    throw Error(
        Errc::usage,
        format("no revision or version \"{}\" was installed on this site", printable(to, 80)),
        "see: sealift-installer history");
  }
  return *chosen;
}

// The releases after `target` that came with other migrations than stood then, by the paths of
// their placements; each once.
std::map<std::string, std::vector<Passed>> migrated_since(const Revision& target,
                                                          const State& state) {
  std::map<std::string, std::vector<Passed>> passed;
  std::map<std::string, const Placement*> standing;
  for (const Revision& each : state.revisions) {
    for (const Placement& placement : each.placements) {
      if (!is_of_database(placement)) continue;
      const Placement*& before = standing[placement.path];
      const bool same = before != nullptr && before->table == placement.table;
      before = &placement;
      if (same || each.number <= target.number || each.restores) continue;
      std::vector<Passed>& so_far = passed[placement.path];
      if (std::any_of(so_far.begin(), so_far.end(),
                      [&](const Passed& one) { return one.version == each.version; })) {
        continue;
      }
      so_far.push_back(
          {.version = each.version, .rollback = database_settings_of(placement).rollback});
    }
  }
  return passed;
}

// What was said of databases, and what is needed for it.
DataRequest data_request(const RollbackOptions& options, const Revision& target, const State& state,
                         const Tools& tools) {
  if (static_cast<int>(options.restore_database) + static_cast<int>(options.down) +
          static_cast<int>(!options.past.empty()) >
      1) {
    throw Error(Errc::usage, "found more than one of --restore-database, --down and --past");
  }
  DataRequest data{.way = options.restore_database ? WayBack::restore
                          : options.down           ? WayBack::down
                                                   : WayBack::leave,
                   .past = options.past,
                   .since = target.number,
                   .passed = migrated_since(target, state),
                   .standing = {}};
  if (data.way != WayBack::leave && options.change.reason.empty()) {
    throw Error(Errc::usage, "databases go back, and there is no --reason",
                "say why: --reason TEXT");
  }
  const Revision* current = state.current();
  if (data.way != WayBack::down || current == nullptr) return data;
  SiteContent content = content_of(tools, *current);
  for (const Placement& placement : current->placements) {
    if (!is_of_database(placement)) continue;
    data.standing[placement.path] = std::make_shared<const migrations::MigrationSet>(
        read_migrations(content, placement.component, database_settings_of(placement)));
  }
  return data;
}

void run_rollback(const RollbackOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock_and_settle("rollback", options.change);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  const Revision& target = choose(options.to, state, work.installation().layout);
  if (!is_retained(work.installation().layout, target)) {
    throw Error(Errc::incompatible,
                format("revision {}, {}, was pruned", target.number, target.title()),
                "raise retention in site.yaml for the future; apply its bundle where you have it");
  }
  refuse_site_changes(target, work.installation().site, {});
  SiteContent content = content_of(tools, target);
  const Drivers& drivers = work.tools().drivers;
  Request request = work.request(Purpose::rollback, options.change);
  request.data = data_request(options, target, state, tools);
  const Draft draft =
      plan_rollback(target, content, work.installation(), state, drivers,
                    options.verify ? Thoroughness::by_content : Thoroughness::by_receipt, request);
  if (draft.plan.steps.empty() && state.stands(target.digest)) {
    session.out.line(format("{} is installed already; nothing was changed", target.title()));
    session.out.json({{"result", "unchanged"}});
    return;
  }
  const Forecast forecast = work.forecast(draft, state);
  show(draft, forecast, "", session);
  if (options.change.dry_run) session.out.json(to_json(draft, forecast));
  if (!work.agreed(options.change, "roll back?")) return;
  carry_out(tools, draft, content, content.values(), {});
  session.effect = cli::Effect::changed;
  session.out.line();
  session.out.line(format("rolled back to {} {} (revision {})", target.release, target.title(),
                          draft.plan.number));
  session.out.json(
      {{"result", "rolled back"}, {"version", target.version}, {"revision", draft.plan.number}});
}

}  // namespace

void add_rollback(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<RollbackOptions>();
  cli::Command command = program.sub(
      "rollback", "return to a release that was installed here before; needs no bundle");
  command
      .argument("TO", options.to, "a version or revision (default: the one before the current)",
                cli::Presence::optional)
      .flag("--verify", options.verify, "hash every file of that release first")
      .flag("--restore-database", options.restore_database,
            "restore databases from the backups that were made then: everything written after them "
            "is lost")
      .flag("--down", options.down, "run the files that take migrations back")
      .options(
          "--past", options.past, "VERSION",
          "leave databases as they are, although this release says they keep it from going back");
  add_change_options(command, options.change);
  command.example("sealift-installer rollback", "the release before the current one")
      .example("sealift-installer rollback 1.0.0 --verify --yes",
               "a certain one, after its files were checked")
      .reads("DOCKER_HOST", "where the engine of containers is")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io,
                   Errc::target_failed, Errc::needs_operator, Errc::interrupted})
      .runs([&](cli::Session& session) { run_rollback(options, site, session); });
}

}  // namespace sealift::installer
