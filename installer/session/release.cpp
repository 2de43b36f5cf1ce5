// SPDX-License-Identifier: Apache-2.0
#include "installer/session/release.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/content/site_values.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/intake.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/operations/standing.hpp"
#include "installer/planning/planner.hpp"
#include "installer/records/overrides.hpp"
#include "installer/site/maintenance.hpp"

namespace sealift::installer {

namespace {

fs::path bundle_of(const ReleaseOptions& options, const SiteWork& work, const State& state) {
  if (!options.bundle.empty()) return options.bundle;
  if (!state.staged) {
    throw Error(Errc::usage, "no bundle is named and none was staged",
                "give the bundle file: sealift-installer apply BUNDLE");
  }
  return work.installation().layout.store() / state.staged->bundle;
}

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

// What an acceptance says of the time. A clock that lies behind the root's expiry may be wrong: who
// goes on nevertheless does not bind the site to it.
Time seen_by(const Accepted& accepted, const ReleaseOptions& options, const Clock& clock) {
  const Time created = accepted.verified.statement().created;
  return options.trust.accept_expired ? created : std::max(clock.now(), created);
}

// What binds `apply` binds no dry run: it changes nothing.
bool is_bound(Purpose purpose, const ReleaseOptions& options) {
  return purpose == Purpose::apply && !options.change.dry_run && !options.now;
}

void report(const Plan& plan, const std::string& word, cli::Session& session) {
  const Revision& outcome = plan.outcome;
  session.out.line();
  session.out.line(
      format("{} {} {} (revision {})", word, outcome.release, outcome.title(), outcome.number));
  session.out.json({{"result", word},
                    {"release", outcome.release},
                    {"version", outcome.version},
                    {"digest", outcome.digest->str()},
                    {"revision", outcome.number}});
}

// What is said of a release that is applied already. A bundle that the store had lost is kept.
void report_unchanged(const Accepted& accepted, const Revision& now, const Draft& draft,
                      cli::Session& session) {
  show_drift(draft);
  session.out.line(
      format("{} {} is already applied; nothing was changed", now.release, now.title()));
  if (!accepted.was_there) session.out.line("its bundle was missing in the store and is back");
  session.out.json({{"result", "unchanged"},
                    {"digest", accepted.verified.contents().digest().str()},
                    {"drift", draft.drift}});
}

}  // namespace

void bring(Purpose purpose, const ReleaseOptions& options, const std::string& site,
           cli::Session& session) {
  if (options.repair) {
    repair(options, site, session);
    return;
  }
  SiteWork work(session, site);
  work.lock_and_settle(std::string(name(purpose)), options.change);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  if (options.trust.below_floor && options.change.reason.empty()) {
    throw Error(Errc::usage, "--below-floor without --reason", "say why: --reason TEXT");
  }
  if (options.now && options.change.reason.empty()) {
    throw Error(Errc::usage, "--now without --reason", "say why: --reason TEXT");
  }
  if (is_bound(purpose, options)) check_window(work.installation(), session.clock);
  const Accepted accepted = accept(tools, bundle_of(options, work, state), options.trust.expiry());
  const bundle::Contents& contents = accepted.verified.contents();
  std::optional<Draft> draft;
  try {
    check_requirements(contents, work.installation(), state, options.trust.floor());
    const release::Site& site_yaml = work.installation().site;
    if (state.current() != nullptr && !options.change_environment) {
      refuse_site_changes(*state.current(), site_yaml, kChangeEnvironment);
    }
    Request request = work.request(purpose, options.change);
    request.set = parse_overrides(options.set, contents, work.installation().site.environment);
    SiteContent content = accepted.content(tools, request.set);
    const Drivers& drivers = work.tools().drivers;
    draft = plan_release(contents, accepted.name, content, work.installation(), state, drivers,
                         request);
    if (purpose == Purpose::stage) {
      std::erase_if(draft->plan.steps, [](const Step& step) { return step.phase > Phase::stage; });
    }
    draft->site_changes = site_changes(state.current(), site_yaml);
    if (!draft->site_changes.empty()) draft->evidence["siteChanges"] = to_json(draft->site_changes);
    if (state.stands(contents.digest())) {
      draft->drift = drift_of(tools, *state.current(), draft->plan);
    }
    if (options.planned) check_plan(*options.planned, *draft, work.installation().id);
    if (draft->plan.steps.empty() && draft->site_changes.empty() &&
        state.stands(contents.digest())) {
      report_unchanged(accepted, *state.current(), *draft, session);
      return;
    }
    show(*draft, contents.notes, session);
    if (options.change.dry_run) session.out.json(to_json(*draft));
    if (agreed(options.change, format("{} it?", name(purpose)))) {
      // Once more: it may have closed while a large bundle was verified, or a person thought.
      if (is_bound(purpose, options)) check_window(work.installation(), session.clock);
      Json details = acceptance(accepted, options, request.set);
      details["environment"] = site_yaml.environment;
      if (!draft->site_changes.empty()) details["siteChanges"] = to_json(draft->site_changes);
      const auto maintenance = maintenance_of(work.installation(), session.clock);
      if (purpose == Purpose::apply && maintenance && !maintenance->is_open) {
        details["outsideWindow"] = true;
      }
      tools.audit().append("accepted", std::move(details));
      remember_time(work.installation().layout, seen_by(accepted, options, session.clock));
      carry_out(tools, *draft, content, values_for(contents, work.installation().site, request.set),
                accepted.verified.judgement().newer);
      session.effect = cli::Effect::changed;
      report(draft->plan, purpose == Purpose::stage ? "staged" : "applied", session);
    }
  } catch (...) {
    const Error error = current_error();
    refuse(tools, accepted, draft ? &*draft : nullptr, error);
    throw error;
  }
  forget(tools, accepted);
}

}  // namespace sealift::installer
