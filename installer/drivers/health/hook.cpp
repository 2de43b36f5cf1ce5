// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/health/hook.hpp"

#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/driver/step_driver.hpp"
#include "installer/drivers/health/health_step.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer {

namespace {

using release::Moment;

class HookDriver : public StepDriver {
 public:
  explicit HookDriver(const Layout& layout) : layout_(layout) {}

  Json apply(const Step& step, StepIo& io) override {
    const HookStep hook = hook_step_from_json(step);
    const release::HealthCheck& check = hook.run.check;
    io.progress.wait_for(format("the hook {}", check.name),
                         std::chrono::ceil<std::chrono::seconds>(check.timeout));
    run_hook(hook.run, layout_, hook.revision);
    return nullptr;
  }

  // A command of the release cannot be taken back by us; what it did stays.
  void undo(const Step&, const std::optional<Json>&, StepIo&) override {}

 private:
  Layout layout_;
};

// Nothing after the commit. A hook is in the phase that it stands before or behind; its place among
// the steps says which.
std::optional<Phase> phase_of(Moment moment) {
  switch (moment) {
    case Moment::before_stage:
    case Moment::after_stage:
      return Phase::stage;
    case Moment::before_check:
    case Moment::after_check:
      return Phase::check;
    case Moment::after_commit:
      break;
  }
  return std::nullopt;
}

bool is_before(Moment moment) {
  return moment == Moment::before_stage || moment == Moment::before_check;
}

}  // namespace

std::unique_ptr<Driver> hook_driver(const Layout& layout) {
  return std::make_unique<HookDriver>(layout);
}

// Steps are sorted by phase later, and keep their order within one: so those before a phase go to
// the front, those behind it to the end.
void add_hooks(const std::vector<RenderedHook>& hooks, std::uint64_t revision,
               std::vector<Step>& steps) {
  std::vector<Step> first;
  for (const RenderedHook& hook : hooks) {
    const std::optional<Phase> phase = phase_of(hook.moment);
    if (!phase) continue;
    (is_before(hook.moment) ? first : steps)
        .push_back({.id = format("hook:{}", hook.run.check.name),
                    .phase = *phase,
                    .component = "",
                    .target = "",
                    .driver = "hook",
                    .action = "run",
                    .data = to_json(HookStep{.revision = revision, .run = hook.run}),
                    .summary = summary(hook)});
  }
  steps.insert(steps.begin(), std::make_move_iterator(first.begin()),
               std::make_move_iterator(first.end()));
}

void run_hook(const RenderedCheck& hook, const Layout& layout, std::uint64_t revision) {
  const std::string where = format("hook {}", hook.check.name);
  const Finding finding = blame(Errc::target_failed, where, [&] {
    return exec_probe(hook, scripts_folder(layout, revision), Privileges::keep);
  });
  if (finding.verdict == Finding::Verdict::holds) return;
  throw Error(Errc::target_failed, format("{}: {}", where, finding.found));
}

std::string summary(const RenderedHook& hook) {
  return format("run the hook {}: {}", hook.run.check.name,
                printable(joined(hook.run.check.command, " "), 200));
}

}  // namespace sealift::installer
