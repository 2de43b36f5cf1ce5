// SPDX-License-Identifier: Apache-2.0
#include "builder/build/observability_check.hpp"

#include <map>

#include "base/format.hpp"
#include "base/path.hpp"
#include "builder/build/judging.hpp"
#include "builder/build/known_values.hpp"
#include "content/media_types.hpp"
#include "observability/documents.hpp"
#include "observability/objects.hpp"
#include "release/templates/references.hpp"

namespace sealift::builder {

namespace {

// The files of one component, asked for every environment and site.
class ObservabilityJudge {
 public:
  using Rendered = RenderedFiles;

  explicit ObservabilityJudge(const BuiltComponent& built) : built_(built) {}

  std::optional<Rendered> render(const release::Values& values) const {
    return rendered_files(built_, observability::is_document, values);
  }

  Verdict judge(const Rendered& rendered) {
    Problems problems;
    const observability::Objects found = observability::read_objects(rendered, problems);
    others_.clear();
    for (const observability::Object& each : found.objects) {
      if (!observability::is_of_datadog(each.family)) others_.push_back(each.file);
    }
    if (found.objects.empty() && problems.empty()) {
      problems.add("found no dashboard, monitor, SLO or file of rules",
                   "they end in .json, .yaml or .yml");
    }
    return {.mistakes = problems.all(), .findings = found.findings, .claims = {}};
  }

  // Files of the last rendering that are no objects of Datadog.
  const std::vector<std::string>& others() const { return others_; }

 private:
  const BuiltComponent& built_;
  std::vector<std::string> others_;
};

bool is_of_observability(const BuiltComponent& component) {
  return component.component.row.artifact_type == media_type::kObservability;
}

// Also through values that refer to a secret; each place is named once.
void check_secrets(const release::Release& release, const BuiltComponent& built,
                   Problems& problems) {
  std::set<std::string> reported;
  for (const release::Environment& environment : release.environments) {
    const std::set<std::string> secrets = secrets_in(release, environment);
    for (const ValueUse& use : built.uses) {
      for (const std::string& name : release::reached_from(use.name, environment.values)) {
        if (!secrets.contains(name) || !reported.insert(use.where + name).second) continue;
        problems.add(format("components.{}: {}: uses {}, which is a secret",
                            built.component.row.name, use.where, name),
                     "everybody who may see a dashboard or a monitor would read it: take it out");
      }
    }
  }
}

}  // namespace

void check_observability(const release::Release& release, const std::vector<BuiltComponent>& built,
                         Problems& problems) {
  const release::Values known = known_to_all(built);
  for (const BuiltComponent& each : built) {
    if (!is_of_observability(each)) continue;
    check_secrets(release, each, problems);
    ObservabilityJudge judge(each);
    judge_component(
        each.component.row.name, release,
        [&](const release::Environment& environment) {
          return verdict_in(judge, release, environment, known, {});
        },
        problems);
  }
}

void check_observability_at(const release::Release& release,
                            const std::vector<BuiltComponent>& built,
                            const release::Environment& environment, const release::Site& site,
                            const fs::path& file, Problems& problems) {
  const release::Values known = known_to_all(built);
  for (const BuiltComponent& each : built) {
    const release::ComponentRow& row = each.component.row;
    if (!is_of_observability(each) || (row.optional && !site.takes(row.name))) continue;
    ObservabilityJudge judge(each);
    const Verdict general = verdict_in(judge, release, environment, known, {});
    add_site_mistakes(row, general, verdict_in(judge, release, environment, known, site.values),
                      site, file, problems);
    const auto target = site.targets.find(row.target);
    if (target == site.targets.end() || !target->second.datadog || judge.others().empty()) continue;
    problems.add(
        format("{}: components.{}: {} is no object of Datadog, which the target {} is",
               file.string(), row.name, printable(judge.others().front(), 200), row.target),
        "put it into a component of its own, whose target is a directory");
  }
}

}  // namespace sealift::builder
