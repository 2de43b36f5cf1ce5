// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "bundle/verified.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/site_values.hpp"
#include "installer/operations/standing.hpp"
#include "installer/planning/planner.hpp"
#include "installer/planning/space.hpp"
#include "installer/records/overrides.hpp"
#include "installer/session/changing.hpp"
#include "installer/site/maintenance.hpp"

namespace sealift::installer {

namespace {

struct PlanOptions {
  std::string bundle;
  bool detailed = false;
  TrustOptions trust;
  std::vector<std::string> set;
  bool change_environment = false;
};

void run_plan(const PlanOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("plan", {});
  const Tools& tools = work.tools();
  const bundle::Trust trust = tools.trust(options.trust.expiry());
  const bundle::VerifiedBundle verified =
      bundle::verify_confined(options.bundle, trust, session.progress);
  const bundle::Contents& contents = verified.contents();
  const State state = work.state();
  check_requirements(contents, work.installation(), state, options.trust.floor());
  if (state.current() != nullptr && !options.change_environment) {
    refuse_site_changes(*state.current(), work.installation().site, kChangeEnvironment);
  }
  Request request = work.request(Purpose::apply, {});
  request.set = parse_overrides(options.set, contents, work.installation().site.environment);
  SiteContent content(work.installation().layout, options.bundle, contents.digest(),
                      values_for(contents, work.installation().site, request.set), tools.workers,
                      secret_files(work.installation().site));
  const Drivers& drivers = work.tools().drivers;
  Draft draft = plan_release(contents, "", content, work.installation(), state, drivers, request);
  draft.site_changes = site_changes(state.current(), work.installation().site);
  if (state.stands(contents.digest())) draft.drift = drift_of(tools, *state.current(), draft.plan);
  check_space(draft);
  show(draft, contents.notes, session);
  Json value = to_json(draft);
  if (const auto maintenance = maintenance_of(work.installation(), session.clock)) {
    session.out.line();
    session.out.line(format("maintenance window: {}{}", text(*maintenance),
                            maintenance->is_open ? "" : "; until then apply needs --now"));
    value["window"] = to_json(*maintenance);
  }
  session.out.json(value);
  if (options.detailed && !draft.plan.steps.empty()) session.status = cli::kDiffers;
}

}  // namespace

void add_plan(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<PlanOptions>();
  cli::Command command =
      program.sub("plan", "show what apply would do with a bundle; changes nothing");
  add_expiry_option(command, options.trust);
  add_floor_option(command, options.trust);
  add_set_option(command, options.set);
  add_environment_option(command, options.change_environment);
  command.argument("BUNDLE", options.bundle, "the bundle file", cli::Presence::required)
      .flag("--detailed-exitcode", options.detailed, "exit with 20 where something would change")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst",
               "every step that apply would take")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst --set PORT=8081",
               "with another value, this time only")
      .example("sealift-installer plan shop-1.1.0.bundle.tar.zst --json", "for a program")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io},
                  {{"20", "something would change (with --detailed-exitcode)"}})
      .runs([&](cli::Session& session) { run_plan(options, site, session); });
}

}  // namespace sealift::installer
