// SPDX-License-Identifier: Apache-2.0
#include "builder/build/judging.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "release/site_file/allowance.hpp"

namespace sealift::builder {

std::optional<RenderedFiles> rendered_files(const BuiltComponent& built,
                                            bool (*is_read)(std::string_view path),
                                            const release::Values& values) {
  RenderedFiles rendered;
  try {
    for (const release::Template& each : built.templates) {
      if (is_read(each.where())) rendered[each.where()] = each.render(values);
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  return rendered;
}

std::vector<Problem> by_environment(const std::string& component, const release::Release& release,
                                    const FoundIn& found) {
  std::vector<Problem> all;
  std::set<std::string> told;
  for (const auto& [unused, problem] : found) {
    if (!told.insert(problem.message).second) continue;
    std::vector<std::string> environments;
    for (const auto& [environment, other] : found) {
      if (other.message == problem.message) environments.push_back(environment);
    }
    const std::string whose = environments.size() == release.environments.size()
                                  ? ""
                                  : format(" (in {})", joined(environments));
    all.push_back({format("components.{}: {}{}", component, problem.message, whose), problem.hint});
  }
  return all;
}

void judge_component(const std::string& component, const release::Release& release,
                     const std::function<Verdict(const release::Environment&)>& verdict_of,
                     Problems& problems) {
  FoundIn mistakes;
  FoundIn findings;
  for (const release::Environment& environment : release.environments) {
    Verdict verdict = verdict_of(environment);
    for (Problem& mistake : verdict.mistakes) {
      mistakes.emplace_back(environment.name, std::move(mistake));
    }
    for (Problem& finding : verdict.findings) {
      findings.emplace_back(environment.name, std::move(finding));
    }
  }
  for (const Problem& mistake : by_environment(component, release, mistakes)) {
    problems.add(mistake.message, mistake.hint);
  }
  for (const Problem& finding : by_environment(component, release, findings)) {
    log::warning(format("{}; {}", finding.message, finding.hint));
  }
}

void add_site_mistakes(const release::ComponentRow& row, const Verdict& general, const Verdict& own,
                       const release::Site& site, const fs::path& file, Problems& problems) {
  for (const Problem& mistake : own.mistakes) {
    const bool is_said =
        std::any_of(general.mistakes.begin(), general.mistakes.end(),
                    [&](const Problem& other) { return other.message == mistake.message; });
    if (is_said) continue;
    problems.add(format("{}: components.{}: {}", file.string(), row.name, mistake.message),
                 mistake.hint);
  }
  const auto target = site.targets.find(row.target);
  release::check_allowed({.who = format("{}: component {}", file.string(), row.name),
                          .name = row.name,
                          .own = target == site.targets.end() ? "" : target->second.path},
                         own.claims, site.allow, problems);
}

}  // namespace sealift::builder
