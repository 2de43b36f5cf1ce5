// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/health.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/health/health_step.hpp"
#include "installer/drivers/health/runner.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kCheck = "check";
constexpr std::string_view kProve = "prove";

std::string names_of(const std::vector<RenderedCheck>& checks) {
  std::vector<std::string> names;
  names.reserve(checks.size());
  for (const RenderedCheck& each : checks) names.push_back(each.check.name);
  return joined(names);
}

std::string count_text(std::size_t count) {
  return format("{} {}", count, count == 1 ? "check holds" : "checks hold");
}

class HealthDriver : public StepDriver {
 public:
  explicit HealthDriver(const Layout& layout) : layout_(layout) {}

  // A stop that comes meanwhile is no verdict on the release: it is thrown as a stop.
  Json apply(const Step& step, StepIo& io) override {
    if (step.action == kProve) return look(step, io);
    const auto stop = [&io] { return io.stop.is_set(); };
    const HealthStep health = health_step_from_json(step);
    const std::vector<CheckResult> results =
        ask(health.checks, health.revision, Asking::until_stable, stop, io);
    io.stop.throw_if_set();
    if (const std::vector<std::string> found = complaints(results); !found.empty()) {
      throw Error(Errc::target_failed,
                  format("the new release is not healthy: {}", joined(found, "; ")));
    }
    return health_results_to_json(results);
  }

  // Nothing that users see was changed by a stage, so nothing has to be proved after it.
  void undo(const Step& step, const std::optional<Json>& result, StepIo& io) override {
    if (step.action != kProve || !io.furthest || *io.furthest <= Phase::stage) return;
    prove(step, result, io);
  }

 private:
  // What was found is kept for `status`, whatever becomes of the transaction.
  std::vector<CheckResult> ask(const std::vector<RenderedCheck>& checks, std::uint64_t revision,
                               Asking asking, const std::function<bool()>& stop, StepIo& io) const {
    const Watching watching{
        .stop = stop, .waiting = [&io](const std::string& names, std::chrono::seconds at_most) {
          io.progress.wait_for(names, at_most);
        }};
    std::vector<CheckResult> results = run_rendered(checks, layout_, revision, asking, watching);
    keep_last_health(layout_,
                     {.time = SystemClock().now(), .revision = revision, .results = results});
    return results;
  }

  // The release that stands, before anything changes: how healthy it is now.
  Json look(const Step& step, StepIo& io) const {
    const HealthStep health = health_step_from_json(step);
    const std::vector<CheckResult> results = ask(
        health.checks, health.revision, Asking::once, [&io] { return io.stop.is_set(); }, io);
    return health_results_to_json(results);
  }

  // A person who said stop wants the old release back, so nothing stops this.
  void prove(const Step& step, const std::optional<Json>& result, StepIo& io) const {
    HealthStep health = health_step_from_json(step);
    const std::string version = printable(health.version.value_or(""), 80);
    std::vector<RenderedCheck>& checks = health.checks;
    if (result && result->is_object()) {
      std::set<std::string> healthy;
      for (const CheckResult& each : health_results_from_json(*result, step.id)) {
        if (each.verdict == Verdict::healthy) healthy.insert(each.name);
      }
      std::erase_if(checks,
                    [&](const RenderedCheck& each) { return !healthy.contains(each.check.name); });
    }
    if (checks.empty()) {
      io.proved.push_back(format("release {} stands again; no check of it held before", version));
      return;
    }
    const std::vector<CheckResult> results = ask(
        checks, health.revision, Asking::until_stable, [] { return false; }, io);
    if (const std::vector<std::string> found = complaints(results); !found.empty()) {
      throw Error(
          Errc::target_failed,
          format("all else was undone and release {} stands again, but it is not healthy: {}",
                 version, joined(found, "; ")),
          "repair it, see: sealift-installer health");
    }
    io.proved.push_back(format("release {} serves again: {}", version, count_text(results.size())));
  }

  Layout layout_;
};

// How long it may take until all are healthy. They are asked side by side, so the longest decides.
std::chrono::seconds patience(const std::vector<RenderedCheck>& checks) {
  std::chrono::milliseconds longest{0};
  for (const RenderedCheck& each : checks) {
    longest = std::max(longest, each.check.within + each.check.stable);
  }
  return std::chrono::ceil<std::chrono::seconds>(longest);
}

}  // namespace

std::unique_ptr<Driver> health_driver(const Layout& layout) {
  return std::make_unique<HealthDriver>(layout);
}

// Steps carry their checks: after a crash they are asked as they were planned.
Step check_step(const Health& health, std::uint64_t revision) {
  return {.id = "health",
          .phase = Phase::check,
          .component = "health",
          .target = "health",
          .driver = "health",
          .action = std::string(kCheck),
          .data = to_json(HealthStep{.revision = revision, .checks = health.checks}),
          .summary = format("check health: {} (up to {} s)", names_of(health.checks),
                            patience(health.checks).count())};
}

Step prove_step(const Health& standing, const Revision& revision) {
  return {.id = "health:prove",
          .phase = Phase::preflight,
          .component = "health",
          .target = "health",
          .driver = "health",
          .action = std::string(kProve),
          .data = to_json(HealthStep{
              .revision = revision.number, .checks = standing.checks, .version = revision.version}),
          .summary = format("stand by to check release {} again, should this go back",
                            printable(revision.version, 80))};
}

}  // namespace sealift::installer
