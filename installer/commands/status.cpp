// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/files/shared_data.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/operations/damage.hpp"
#include "installer/operations/standing.hpp"
#include "installer/records/flags.hpp"
#include "installer/rescue/backup_copies.hpp"
#include "installer/session/approvers.hpp"
#include "installer/session/asked_health.hpp"
#include "installer/session/changing.hpp"
#include "installer/session/past.hpp"
#include "installer/session/unfinished.hpp"
#include "installer/site/maintenance.hpp"
#include "installer/site/site_key.hpp"

namespace sealift::installer {

namespace {

// What was found last, where it is about the release that stands.
std::optional<LastHealth> health_of(const Revision* now, const Layout& layout) {
  std::optional<LastHealth> last = last_health(layout);
  if (now == nullptr || !last || last->revision != now->number) return std::nullopt;
  return last;
}

std::vector<Damage> damage_of(const SiteWork& work, const State& state, const Clock& clock) {
  std::vector<Damage> all = damage_of_state(work.installation().layout, clock);
  for (Damage& each : damage_of_releases(work.tools(), state)) all.push_back(std::move(each));
  for (Damage& each : damage_of_copies(work, clock.now())) all.push_back(std::move(each));
  return all;
}

Json show_damage(const std::vector<Damage>& damage, cli::Output& out) {
  Json list = Json::array();
  for (const Damage& each : damage) {
    out.line();
    out.line(format("DAMAGED      {}: {}", each.what, each.found));
    out.line(format("      {}", each.mend));
    list.push_back({{"what", each.what}, {"found", each.found}, {"mend", each.mend}});
  }
  return list;
}

const PastTransaction* past(const State& state, std::uint64_t number) {
  for (const PastTransaction& each : state.history) {
    if (each.number == number) return &each;
  }
  return nullptr;
}

// How the current release came: since when, by whom, how long it took, who approved it.
void show_coming(const SiteWork& work, const State& state, cli::Output& out, Json& value) {
  const Revision* now = state.current();
  const PastTransaction* came = now == nullptr ? nullptr : past(state, now->number);
  if (came == nullptr || !came->ended) return;
  const std::chrono::seconds took = duration_of(*came);
  out.line(format("since        {}, {} by {} in {}{}", to_local_text(*came->ended),
                  name(came->purpose), printable(came->actor), cli::duration_text(took),
                  came->reason.empty() ? "" : ": " + printable(came->reason, 160)));
  const std::vector<std::string> approved = Approvers(work.tools()).of(*now);
  if (!approved.empty()) out.line(format("approved by  {}", printable(joined(approved))));
  value["since"] = to_text(*came->ended);
  value["appliedBy"] = came->actor;
  value["reason"] = came->reason;
  value["seconds"] = took.count();
  value["approvers"] = approved;
}

void show_last_failure(const State& state, cli::Output& out, Json& value) {
  for (auto each = state.history.rbegin(); each != state.history.rend(); ++each) {
    if (each->ending != Event::abort) continue;
    out.line(format("last failure {}, {} {}: {}", to_local_text(each->begun), name(each->purpose),
                    each->outcome.title(), printable(each->why, 400)));
    value["lastFailure"] = {{"revision", each->number},
                            {"time", to_text(each->begun)},
                            {"purpose", name(each->purpose)},
                            {"version", each->outcome.version},
                            {"why", each->why}};
    return;
  }
}

std::string text(const LastHealth& health, const cli::Output& out) {
  const auto bad = static_cast<std::size_t>(
      std::count_if(health.results.begin(), health.results.end(),
                    [](const CheckResult& each) { return each.verdict != Verdict::healthy; }));
  const std::string count = cli::count_text(health.results.size(), "check");
  return format("{} at {}",
                bad == 0 ? out.in(cli::Tone::good, format("{} healthy", count))
                         : out.in(cli::Tone::bad, format("{} of {} not healthy", bad, count)),
                to_local_text(health.time));
}

// At a glance: `drift` looks at every file, and reads it.
void show_drift_of(const SiteWork& work, const Revision& now, cli::Output& out, Json& value) {
  Json list = Json::array();
  std::vector<std::string> not_looked_at;
  const std::vector<Standing> all = standing_of(work.tools(), now, Thoroughness::at_a_glance);
  for (const Standing& each : all) {
    if (!each.is_sound()) list.push_back(to_json(each));
    if (each.files_skipped) not_looked_at.push_back(each.placement.component);
  }
  if (!list.empty()) {
    out.line(
        format("drift        {}",
               out.in(cli::Tone::bad, format("{} not as installed, see: sealift-installer drift",
                                             cli::count_text(list.size(), "component")))));
  } else if (not_looked_at.size() < all.size()) {
    out.line(format("drift        {}", out.in(cli::Tone::good, "none")));
  }
  if (!not_looked_at.empty()) {
    out.line(
        format("drift        not looked at, more than {} files: {}; see: sealift-installer drift",
               kManyFiles, printable(joined(not_looked_at))));
  }
  value["drift"] = std::move(list);
  value["notLookedAt"] = not_looked_at;
}

std::string release_line(const State& state) {
  if (const Revision* now = state.current()) {
    return format("{} {}, revision {}", now->release, now->title(), now->number);
  }
  if (!state.is_uninstalled) return "none yet";
  return format("none: {} was uninstalled", state.last()->title());
}

// The release that is installed, and where one could go from here.
void show_release(const SiteWork& work, const State& state, const std::vector<SiteChange>& changes,
                  cli::Session& session, Json& value) {
  cli::Output& out = session.out;
  const Revision* now = state.current();
  out.line(format("release      {}", release_line(state)));
  if (now != nullptr) out.line(format("environment  {}", printable(now->environment)));
  show_coming(work, state, out, value);
  show_last_failure(state, out, value);
  for (const SiteChange& change : changes) {
    out.line(format("site.yaml    {}: put it back; {}", text(change), kChangeEnvironment));
  }
  if (const Revision* previous = state.previous()) {
    out.line(format("rollback to  {}, revision {}", previous->title(), previous->number));
  }
  if (state.staged) out.line(format("staged       {}", state.staged->title()));
  const Placement* flags = now == nullptr ? nullptr : now->flags_placement();
  if (const std::size_t count = flags == nullptr ? 0 : flags_of(*flags).changes.size(); count > 0) {
    out.line(format("flags        {} changed on this site, see: sealift-installer flags list",
                    cli::count_text(count, "flag")));
  }
  if (is_fence_closed(work.installation().layout)) {
    out.line("fence        closed: users are kept out");
  }
}

// Where its components and their data are.
void show_places(const Revision& now, cli::Output& out) {
  out.line();
  std::vector<std::vector<std::string>> rows = {{"COMPONENT", "TARGET", "FILES", "SIZE", "PLACE"}};
  for (const Placement& placement : now.placements) {
    rows.push_back({placement.component, placement.target, std::to_string(placement.files),
                    cli::size_text(placement.bytes), place_of(placement)});
  }
  out.table(rows);
  for (const Placement& placement : now.placements) {
    for (const auto& [folder, unused] : placement.persist) {
      out.line(
          format("data         {}: {}", placement.component, shared_place(placement.path, folder)));
    }
  }
}

// Transactions that have ended, without all that follows their end.
Json show_left_undone(const State& state, cli::Output& out) {
  Json left_undone = Json::array();
  for (const fs::path& journal : state.unclosed) {
    out.line();
    out.line(
        format("left undone  {}: its transaction has ended, and what follows (the audit log, "
               "clean-up) has not been done; the next command that changes the site does it",
               journal.stem().string()));
    left_undone.push_back(journal.stem().string());
  }
  return left_undone;
}

// Whose signature its checkpoints carry, for whoever notes it elsewhere. That it is lost is damage.
void show_key(const Layout& layout, cli::Output& out, Json& value) {
  if (!has_site_key(layout)) return;
  try {
    const std::string id = site_public_key(layout).id();
    out.line(format("key          {}", id));
    value["key"] = id;
  } catch (const Error& error) {
    log::warning(error.message());
  }
}

void run_status(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Installation& installation = work.installation();
  const State state = work.state();
  const Revision* now = state.current();
  cli::Output& out = session.out;
  out.line(format("site         {} ({})", installation.id, installation.site.environment));
  Json value = {{"site", installation.id},
                {"environment", installation.site.environment},
                {"unfinished", state.unfinished.has_value()},
                {"uninstalled", state.is_uninstalled},
                {"fenced", is_fence_closed(installation.layout)}};
  show_key(installation.layout, out, value);
  const std::vector<SiteChange> changes = site_changes(now, installation.site);
  show_release(work, state, changes, session, value);
  const auto maintenance = maintenance_of(installation, session.clock);
  if (maintenance) out.line(format("window       {}", text(*maintenance)));
  const std::optional<LastHealth> health = health_of(now, installation.layout);
  if (health) out.line(format("health       {}", text(*health, out)));
  if (now != nullptr && !state.unfinished) show_drift_of(work, *now, out, value);
  if (now != nullptr) show_places(*now, out);
  if (health) {
    out.line();
    out.line(format("health at {}", to_local_text(health->time)));
    show_results(health->results, out);
  }
  if (now != nullptr) value["current"] = to_json(*now);
  if (const Revision* previous = state.previous()) value["previous"] = to_json(*previous);
  if (state.staged) value["staged"] = to_json(*state.staged);
  if (health) value["health"] = to_json(*health);
  if (maintenance) value["window"] = to_json(*maintenance);
  if (!state.unclosed.empty()) value["leftUndone"] = show_left_undone(state, out);
  value["siteChanges"] = to_json(changes);
  value["damage"] = show_damage(damage_of(work, state, session.clock), out);
  if (state.unfinished) {
    out.line();
    value["transaction"] = show_unfinished(work, state, site, session);
  }
  out.json(value);
}

}  // namespace

void add_status(cli::Command& program, const std::string& site) {
  program
      .sub("status", "show what is installed on this site, and whether a transaction was cut off")
      .example("sealift-installer status", "the release, and what happened last")
      .example("sealift-installer status --json", "for monitoring")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io, Errc::needs_operator})
      .runs([&site](cli::Session& session) { run_status(site, session); });
}

}  // namespace sealift::installer
