// SPDX-License-Identifier: Apache-2.0
#include "installer/session/release.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/intake.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/operations/standing.hpp"
#include "installer/planning/planner.hpp"
#include "installer/records/overrides.hpp"
#include "installer/site/maintenance.hpp"

namespace sealift::installer {

namespace {

// `apply` without a name takes the bundle that `stage` has put into the store.
std::vector<std::string> bundle_of(const ReleaseOptions& options, const SiteWork& work,
                                   const State& state) {
  if (!options.bundle.empty()) return options.bundle;
  if (!state.staged) {
    throw Error(Errc::usage, "no bundle is named and none was staged",
                "give the bundle file: sealift-installer apply BUNDLE");
  }
  return {(work.installation().layout.store() / state.staged->bundle).string()};
}

// One line of the audit log: the evidence, and every rule that a person has waived.
Json acceptance(const Accepted& accepted, const ReleaseOptions& options,
                const release::Values& set) {
  Json value = evidence(accepted.verified.judgement());
  value["bundle"] = accepted.name;
  value["reason"] = printable(options.change.reason, 1024);
  if (options.trust.accept_expired) value["acceptExpired"] = true;
  if (options.trust.below_floor) value["belowFloor"] = true;
  if (!set.empty()) value["set"] = set;
  return value;
}

// What an acceptance says of the time: the one that it was judged by, for a clock that has jumped
// since was not compared with any root. A clock that lies behind the root's expiry may be wrong:
// who goes on nevertheless does not bind the site to it.
Time seen_by(const Accepted& accepted, const ReleaseOptions& options) {
  const Time created = accepted.verified.statement().created;
  return options.trust.accept_expired ? created : std::max(accepted.judged, created);
}

// What binds `apply` binds no dry run: it changes nothing.
bool is_bound(Purpose purpose, const ReleaseOptions& options) {
  return purpose == Purpose::apply && !options.change.dry_run && !options.now;
}

Json report(const Plan& plan, const std::string& word, cli::Session& session) {
  const Revision& outcome = plan.outcome;
  session.out.line();
  session.out.line(
      format("{} {} {} (revision {})", word, outcome.release, outcome.title(), outcome.number));
  return {{"result", word},
          {"release", outcome.release},
          {"version", outcome.version},
          {"digest", outcome.digest->str()},
          {"revision", outcome.number}};
}

// What is said of a release that is applied already. A bundle that the store had lost is kept.
Json report_unchanged(const Accepted& accepted, const Revision& now, const Draft& draft,
                      cli::Session& session) {
  show_drift(draft);
  session.out.line(
      format("{} {} is already applied; nothing was changed", now.release, now.title()));
  if (!accepted.was_there) session.out.line("its bundle was missing in the store and is back");
  return {{"result", "unchanged"},
          {"digest", accepted.verified.contents().digest().str()},
          {"drift", draft.drift}};
}

// A release on its way to the site, from its bundle to the end of its transaction.
struct Arrival {
  Purpose purpose;
  const ReleaseOptions& options;
  SiteWork& work;
  const State& state;
  const Accepted& accepted;

  const bundle::Contents& contents() const { return accepted.verified.contents(); }
  const release::Site& site() const { return work.installation().site; }
  bool is_applied() const { return state.stands(contents().digest()); }
};

// What would be done; nothing is changed.
Draft plan(const Arrival& arrival, const Request& request, SiteContent& content) {
  const Tools& tools = arrival.work.tools();
  const State& state = arrival.state;
  Draft draft = plan_release(arrival.contents(), arrival.accepted.name, content,
                             arrival.work.installation(), state, tools.drivers, request);
  if (arrival.purpose == Purpose::stage) {
    std::erase_if(draft.plan.steps, [](const Step& step) { return step.phase > Phase::stage; });
  }
  draft.site_changes = site_changes(state.current(), arrival.site());
  if (!draft.site_changes.empty()) draft.evidence["siteChanges"] = to_json(draft.site_changes);
  if (arrival.is_applied()) draft.drift = drift_of(tools, *state.current(), draft.plan);
  return draft;
}

std::string word_for(const Arrival& arrival) {
  if (arrival.options.ends == Ends::taken_back) return "rehearsed";
  return arrival.purpose == Purpose::stage ? "staged" : "applied";
}

// Writes down who took which bundle on whose approvals, before anything of it is applied.
void record_acceptance(const Arrival& arrival, const Draft& draft, const Request& request,
                       const Clock& clock) {
  const Installation& installation = arrival.work.installation();
  Json details = acceptance(arrival.accepted, arrival.options, request.set);
  details["environment"] = arrival.site().environment;
  if (!draft.site_changes.empty()) details["siteChanges"] = to_json(draft.site_changes);
  const auto maintenance = maintenance_of(installation, clock);
  if (arrival.purpose == Purpose::apply && maintenance && !maintenance->is_open) {
    details["outsideWindow"] = true;
  }
  arrival.work.tools().audit().append("accepted", std::move(details));
  remember_time(installation.layout, seen_by(arrival.accepted, arrival.options));
}

// From an accepted bundle on. `draft` is filled in as soon as there is one, for who records a
// failure.
Json bring_in(const Arrival& arrival, std::optional<Draft>& draft, cli::Session& session) {
  const ReleaseOptions& options = arrival.options;
  const Installation& installation = arrival.work.installation();
  const bundle::Contents& contents = arrival.contents();
  check_requirements(contents, installation, arrival.state, options.trust.floor());
  if (arrival.state.current() != nullptr && !options.change_environment) {
    refuse_site_changes(*arrival.state.current(), arrival.site(), kChangeEnvironment);
  }
  Request request = arrival.work.request(arrival.purpose, options.change);
  request.set = parse_overrides(options.set, contents, arrival.site().environment);
  if (options.brought) {
    request.set.insert(options.brought->set.begin(), options.brought->set.end());
    request.flags = options.brought->flags;
  }
  request.without_checks = options.without_checks;
  SiteContent content = arrival.accepted.content(arrival.work.tools(), request.set);
  draft = plan(arrival, request, content);
  draft->ends = options.ends;
  if (options.planned) check_plan(*options.planned, *draft, installation.id);
  if (draft->plan.steps.empty() && draft->site_changes.empty() && arrival.is_applied()) {
    return report_unchanged(arrival.accepted, *arrival.state.current(), *draft, session);
  }
  const Forecast forecast = arrival.work.forecast(*draft, arrival.state);
  show(*draft, forecast, contents.notes, session);
  if (!arrival.work.agreed(options.change, format("{} it?", name(arrival.purpose)))) {
    return options.change.dry_run ? to_json(*draft, forecast) : Json();
  }
  // Once more: it may have closed while a large bundle was verified, or a person thought.
  if (is_bound(arrival.purpose, options)) check_window(installation, session.clock);
  record_acceptance(arrival, *draft, request, session.clock);
  carry_out(arrival.work.tools(), *draft, content, content.values(),
            arrival.accepted.verified.judgement().newer);
  session.effect = cli::Effect::changed;
  return report(draft->plan, word_for(arrival), session);
}

void demand_reasons(const ReleaseOptions& options) {
  if (!options.change.reason.empty()) return;
  for (const auto& [is_asked, option] :
       {std::pair(options.trust.below_floor, "--below-floor"), {options.now, "--now"}}) {
    if (is_asked) {
      throw Error(Errc::usage, format("{} without --reason", option), "say why: --reason TEXT");
    }
  }
}

}  // namespace

Json bring(Purpose purpose, const ReleaseOptions& options, const std::string& site,
           cli::Session& session) {
  if (options.repair) return repair(options, site, session);
  SiteWork work(session, site);
  work.lock_and_settle(std::string(name(purpose)), options.change);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  demand_reasons(options);
  if (is_bound(purpose, options)) check_window(work.installation(), session.clock);
  const Accepted accepted = accept(tools, bundle_of(options, work, state), options.trust.expiry());
  std::optional<Draft> draft;
  Json said;
  try {
    said = bring_in({purpose, options, work, state, accepted}, draft, session);
  } catch (...) {
    const Error error = current_error();
    // Where others have the site now, the bundle stays until it is pruned.
    if (work.is_locked()) refuse(tools, accepted, draft ? &*draft : nullptr, error);
    throw error;
  }
  forget(tools, accepted);
  return said;
}

}  // namespace sealift::installer
