// SPDX-License-Identifier: Apache-2.0
#include "installer/session/asked_health.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace sealift::installer {

bool is_healthy(const LastHealth& last) {
  return std::all_of(last.results.begin(), last.results.end(),
                     [](const CheckResult& each) { return each.verdict == Verdict::healthy; });
}

std::optional<LastHealth> ask_health(const SiteWork& work, Asking asking, cli::Session& session) {
  const SignalGuard signals;
  const StopFlag stop;
  const Layout& layout = work.installation().layout;
  const State state = work.state();
  const Revision* now = state.current();
  const Health health = now == nullptr ? Health{} : kept_health(layout, now->number);
  if (health.checks.empty()) {
    session.out.line(now == nullptr ? "no release is installed, so there is nothing to check"
                                    : format("{} has no health checks", now->title()));
    return std::nullopt;
  }
  session.progress.begin("check health", 0);
  const std::vector<CheckResult> results =
      run_rendered(health.checks, layout, now->number, asking,
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
  return last;
}

void show_results(const std::vector<CheckResult>& results, cli::Output& out) {
  std::vector<std::vector<std::string>> rows = {{"CHECK", "RESULT", "TOOK", "ATTEMPTS", "FOUND"}};
  for (const CheckResult& each : results) {
    rows.push_back({each.name, std::string(name(each.verdict)), format("{} ms", each.took.count()),
                    std::to_string(each.attempts), each.found});
  }
  out.table(rows);
}

}  // namespace sealift::installer
