// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/workload.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/files/directory.hpp"
#include "installer/drivers/files/directory_steps.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kValidate = "validate";
constexpr std::string_view kWorkloadGuard = "guard";
constexpr std::string_view kUp = "up";
constexpr std::string_view kDown = "down";

std::string workload_step_id(std::string_view action, const std::string& component) {
  return format("{}:{}", action, component);
}

class WorkloadDriver : public Driver {
 public:
  WorkloadDriver(std::string name, const Layout& layout, std::unique_ptr<Runtime> runtime)
      : name_(std::move(name)), files_(directory_driver(layout)), runtime_(std::move(runtime)) {}

  bool accepts(std::string_view artifact_type) const override {
    return artifact_type ==
           (name_ == release::kDatadog ? media_type::kObservability : media_type::kManifests);
  }

  Json settings(const RuntimeQuestion& question) const override {
    return runtime_->settings(question);
  }

  std::vector<release::Claim> claims(const RuntimeQuestion& question) const override {
    return runtime_->claims(question);
  }

  std::map<std::string, std::string> data_folders(const RuntimeQuestion& question) const override {
    return runtime_->data_folders(question);
  }

  // Around the switch: guard, what goes down, data and switch, what comes up. On the way back the
  // guard is the last to be undone, when the old files stand again.
  std::vector<Step> plan(const Wish& wish) const override {
    std::vector<Step> steps;
    std::vector<Step> turn;  // data that releases share, and the switch
    std::vector<Step> of_files = files_->plan(wish);
    const std::string directory = unpacked_directory(of_files).value_or(wish.ready);
    for (Step& step : of_files) {
      if (step.phase == Phase::stage) {
        steps.push_back(std::move(step));
      } else {
        turn.push_back(std::move(step));
      }
    }
    std::optional<Deployment> before;
    if (wish.before) before = deployment_of(*wish.before);
    std::optional<Deployment> now;
    if (wish.table) now = Deployment{wish.path, directory, wish.settings};
    if (now) {
      steps.push_back(step_of(wish, Phase::stage, kValidate, {{}, now},
                              format("have {} checked by {}", wish.component, name_)));
    }
    steps.push_back(step_of(wish, Phase::activate, kWorkloadGuard, {before, now},
                            before ? format("stand by to bring {} back as it was", wish.component)
                                   : format("stand by to take {} down again", wish.component)));
    // What runs may have read damaged files; a runtime compares only what they should be. Pods and
    // services elsewhere read none of them.
    const bool is_laid_again = wish.purpose == Purpose::repair && wish.ready.empty() && before &&
                               now && name_ != release::kExec && name_ != release::kKubernetes &&
                               name_ != release::kDatadog;
    if (is_laid_again) {
      steps.push_back(
          step_of(wish, Phase::activate, kDown, {before, now},
                  format("take {} down, which may have read damaged files", wish.component)));
      before.reset();
    }
    const std::string outlook =
        runtime_->outlook(before ? &*before : nullptr, now ? &*now : nullptr);
    if (!now) {
      steps.push_back(step_of(wish, Phase::activate, kDown, {before, now},
                              format("take {} down: {}", wish.component, outlook)));
    }
    std::move(turn.begin(), turn.end(), std::back_inserter(steps));
    if (now) {
      steps.push_back(step_of(wish, Phase::activate, kUp, {before, now},
                              format("bring {} up: {}", wish.component, outlook)));
    }
    return steps;
  }

  // What a project had at its path before: only its data is taken over.
  void take_over(const Wish& wish) override { files_->take_over(wish); }
  void give_up(const Wish& wish) override { files_->give_up(wish); }
  std::optional<Step> data_step(const Wish& wish) const override { return files_->data_step(wish); }

  // How far a program came is not known: it is run again.
  StepState check(const Step&, StepIo&) const override { return StepState::not_applied; }

  Json apply(const Step& step, StepIo& io) override {
    const auto [before, now] = workload_step_from_json(step);
    if (step.action == kValidate) {
      runtime_->validate(now.value(), io);
    } else if (step.action == kUp) {
      runtime_->bring_up(now.value(), before ? &*before : nullptr, io);
    } else if (step.action == kDown) {
      runtime_->take_down(before.value(), io);
    }
    return Json::object();
  }

  // When what runs is taken back, the new files still stand: the guard waits for the old.
  void undo(const Step& step, const std::optional<Json>&, StepIo& io) override {
    if (step.action != kWorkloadGuard) return;
    const bool was_touched = io.begun.contains(workload_step_id(kUp, step.component)) ||
                             io.begun.contains(workload_step_id(kDown, step.component));
    if (!was_touched) return;
    const auto [before, now] = workload_step_from_json(step);
    if (before) {
      runtime_->bring_back(*before, now ? &*now : nullptr, io);
    } else {
      runtime_->take_back(now.value(), io);
    }
  }

  std::vector<Difference> inspect(const Placement& placement, Thoroughness thoroughness,
                                  Strangers strangers, Content& content) const override {
    return files_->inspect(placement, thoroughness, strangers, content);
  }

  std::vector<Difference> differences(const Placement& placement, Content& content) const override {
    return runtime_->differences(deployment_of(placement), content);
  }

  void open_keys(const Placement& placement, Content& content) const override {
    runtime_->open_keys(deployment_of(placement), content);
  }

  bool is_current(const Placement& placement) const override {
    return files_->is_current(placement);
  }

  // Of both: directories that no revision has, and what a runtime still has of them.
  std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                     const std::vector<Placement>& known) const override {
    std::vector<std::string> left = files_->leftovers(target, site, known);
    std::vector<Deployment> of_runtime;
    for (const Placement& placement : known) {
      if (placement.driver == name_) of_runtime.push_back(deployment_of(placement));
    }
    for (std::string& each : runtime_->leftovers(target, site, of_runtime)) {
      left.push_back(std::move(each));
    }
    return left;
  }

  void prune(const Placement& placement) override { files_->prune(placement); }

 private:
  Step step_of(const Wish& wish, Phase phase, std::string_view action, const WorkloadStep& data,
               std::string summary) const {
    return {.id = workload_step_id(action, wish.component),
            .phase = phase,
            .component = wish.component,
            .target = wish.target,
            .driver = name_,
            .action = std::string(action),
            .data = to_json(data),
            .summary = std::move(summary)};
  }

  std::string name_;
  std::unique_ptr<Driver> files_;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace

std::unique_ptr<Driver> workload_driver(const std::string& name, const Layout& layout,
                                        std::unique_ptr<Runtime> runtime) {
  return std::make_unique<WorkloadDriver>(name, layout, std::move(runtime));
}

}  // namespace sealift::installer
