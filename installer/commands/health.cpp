// SPDX-License-Identifier: Apache-2.0
#include "installer/commands/health.hpp"
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

struct HealthOptions {
  bool wait = false;
};

bool is_healthy(const std::vector<CheckResult>& results) {
  for (const CheckResult& each : results) {
    if (each.verdict != Verdict::healthy) return false;
  }
  return true;
}

void run_health(const HealthOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const SignalGuard signals;
  const StopFlag stop;
  const Layout& layout = work.installation().layout;
  const State state = work.state();
  const Revision* now = state.current();
  const Health health = now == nullptr ? Health{} : kept_health(layout, now->number);
  if (health.checks.empty()) {
    session.out.line(now == nullptr ? "nothing was applied yet, so there is nothing to check"
                                    : format("{} has no health checks", now->title()));
    session.out.json({{"healthy", true}, {"results", Json::array()}});
    return;
  }
  session.progress.begin("check health", 0);
  const std::vector<CheckResult> results = run_rendered(
      health.checks, layout, now->number, options.wait ? Asking::until_stable : Asking::once,
      {.stop = [&stop] { return stop.is_set(); },
       .waiting =
           [&](const std::string& checks, std::chrono::seconds at_most) {
             session.progress.wait_for(checks, at_most);
           }});
  session.progress.end();
  stop.throw_if_set();
  const LastHealth last{.time = session.clock.now(), .revision = now->number, .results = results};
  keep_last_health(layout, last);
  session.out.line(format("{} {}, revision {}", now->release, now->title(), now->number));
  session.out.line();
  show_results(results, session.out);
  Json value = to_json(last);
  value["healthy"] = is_healthy(results);
  session.out.json(value);
  if (!is_healthy(results)) session.status = cli::kDiffers;
}

}  // namespace

void show_results(const std::vector<CheckResult>& results, cli::Output& out) {
  std::vector<std::vector<std::string>> rows = {{"CHECK", "RESULT", "TOOK", "ATTEMPTS", "FOUND"}};
  for (const CheckResult& each : results) {
    rows.push_back({each.name, std::string(name(each.verdict)), format("{} ms", each.took.count()),
                    std::to_string(each.attempts), each.found});
  }
  out.table(rows);
}

void add_health(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<HealthOptions>();
  program.sub("health", "ask the health checks of the installed release; changes nothing")
      .flag("--wait", options.wait,
            "give each check the time that the release gives it, and ask for latency too")
      .example("sealift-installer health", "each check once")
      .example("sealift-installer health --wait", "with the patience that the release has")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io, Errc::interrupted},
          {{"20", "a check does not hold"}})
      .runs([&](cli::Session& session) { run_health(options, site, session); });
}

}  // namespace sealift::installer
