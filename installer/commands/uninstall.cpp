// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/planner.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kWhatStays =
    "data stays: databases, folders and volumes that are kept, backups, and what a rollback needs";

void run_uninstall(const ChangeOptions& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock_and_settle("uninstall", options);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  const Revision* now = state.current();
  if (now == nullptr) {
    session.out.line(format("{} is installed here; nothing was changed", kNoRelease));
    session.out.json({{"result", "unchanged"}});
    return;
  }
  SiteContent content = content_of(tools, *now);
  const Draft draft = plan_uninstall(content, work.installation(), state, tools.drivers,
                                     work.request(Purpose::uninstall, options));
  const Forecast forecast = work.forecast(draft, state);
  show(draft, forecast, "", session);
  session.out.line();
  session.out.line(kWhatStays);
  if (options.dry_run) session.out.json(to_json(draft, forecast));
  if (!work.agreed(options, "uninstall it?")) return;
  carry_out(tools, draft, content, content.values(), {});
  session.effect = cli::Effect::changed;
  session.out.line();
  session.out.line(
      format("uninstalled {} {} (transaction {}); back with: sealift-installer rollback",
             now->release, now->title(), draft.plan.number));
  session.out.json({{"result", "uninstalled"},
                    {"release", now->release},
                    {"version", now->version},
                    {"transaction", draft.plan.number}});
}

}  // namespace

void add_uninstall(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<ChangeOptions>();
  cli::Command command =
      program.sub("uninstall", "take the release off its targets as one transaction; data stays",
                  "Nothing of it runs, and users see nothing of it. Databases, folders and volumes "
                  "that are kept, "
                  "backups and the release itself stay: rollback needs no bundle.");
  add_change_options(command, options);
  command.example("sealift-installer uninstall --dry-run", "what would go")
      .example("sealift-installer uninstall --yes --reason \"CHG-1077: moved to Lyon\"",
               "without a question, from a script")
      .reads("DOCKER_HOST", "where the engine of containers is")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::busy, Errc::io, Errc::target_failed,
                   Errc::needs_operator, Errc::interrupted})
      .runs([&](cli::Session& session) { run_uninstall(options, site, session); });
}

}  // namespace sealift::installer
