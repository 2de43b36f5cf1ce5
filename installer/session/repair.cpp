// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/intake.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/planner.hpp"
#include "installer/session/release.hpp"

namespace sealift::installer {

namespace {

// What can be repaired: a release that came in a bundle and whose values were kept.
const Revision& repairable(const State& state, const Layout& layout) {
  const Revision* now = state.current();
  if (now == nullptr) {
    throw Error(Errc::incompatible, "no release is installed, so there is nothing to repair",
                "apply a bundle: sealift-installer apply BUNDLE");
  }
  if (!now->digest) {
    throw Error(Errc::incompatible,
                format("revision {} was adopted: no bundle has its files", now->number),
                "apply a bundle: sealift-installer apply BUNDLE");
  }
  if (!is_retained(layout, *now)) {
    throw Error(Errc::corrupt,
                format("{}/{}: is missing, it has the values that {} was applied with",
                       layout.revisions().string(), now->number, now->title()),
                "restore it from a backup of the state folder, or apply the next release");
  }
  return *now;
}

void refuse_other_options(const ReleaseOptions& options) {
  if (options.set.empty() && !options.change_environment && !options.trust.below_floor) return;
  throw Error(
      Errc::usage,
      "--repair with --set, --change-environment or --below-floor, expected none of them: a "
      "repair changes no release and no value",
      "repair first, then apply the change");
}

// The bundle that a person brings must be that of the installed release.
void check_same(const Accepted& accepted, const Revision& now) {
  const bundle::Contents& contents = accepted.verified.contents();
  if (contents.digest() == now.digest) return;
  throw Error(Errc::incompatible,
              format("the bundle holds {} {} ({}), expected the installed release {} {}",
                     contents.document.name, contents.document.version,
                     contents.digest().short_hex(), now.release, now.title()),
              "carry the bundle of the installed release; to apply another one leave --repair out");
}

// Brings the bundle into the store; nothing where none is named and the store has it.
std::optional<Accepted> accept_same(const ReleaseOptions& options, const Tools& tools,
                                    const Revision& now) {
  if (options.bundle.empty()) {
    const fs::path kept = tools.installation.layout.store() / now.bundle;
    if (path_exists(kept)) return std::nullopt;
    throw Error(Errc::corrupt,
                format("{}: is missing, it is the bundle of {}", kept.string(), now.title()),
                "give the same bundle again: sealift-installer apply BUNDLE --repair");
  }
  Accepted accepted = accept(tools, options.bundle, bundle::Expiry::accepted);
  try {
    check_same(accepted, now);
  } catch (const Error& error) {
    forget(tools, accepted);
    Json known = evidence(accepted.verified.judgement());
    known["code"] = name(error.code());
    known["message"] = error.message();
    tools.audit().append("refused", std::move(known));
    throw;
  }
  return accepted;
}

}  // namespace

Json repair(const ReleaseOptions& options, const std::string& site, cli::Session& session) {
  refuse_other_options(options);
  SiteWork work(session, site);
  work.lock_and_settle("apply --repair", options.change);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  const Revision& now = repairable(state, work.installation().layout);
  refuse_site_changes(now, work.installation().site, kChangeEnvironment);
  const std::optional<Accepted> accepted = accept_same(options, tools, now);
  SiteContent content = content_of(tools, now);
  const Drivers& drivers = tools.drivers;
  const Draft draft = plan_repair(content, work.installation(), state, drivers,
                                  work.request(Purpose::repair, options.change));
  if (draft.plan.steps.empty()) {
    session.out.line(
        format("{} {} is as it was installed; nothing was changed", now.release, now.title()));
    return {{"result", "unchanged"}, {"digest", now.digest->str()}};
  }
  const Forecast forecast = work.forecast(draft, state);
  show(draft, forecast, "", session);
  if (!work.agreed(options.change, "repair it?")) {
    if (accepted) forget(tools, *accepted);
    return options.change.dry_run ? to_json(draft, forecast) : Json();
  }
  carry_out(tools, draft, content, content.values(), {});
  session.out.line();
  session.out.line(
      format("repaired {} {} (revision {})", now.release, now.title(), draft.plan.number));
  return {{"result", "repaired"},
          {"release", now.release},
          {"version", now.version},
          {"digest", now.digest->str()},
          {"revision", draft.plan.number}};
}

}  // namespace sealift::installer
