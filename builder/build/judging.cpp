// SPDX-License-Identifier: Apache-2.0
#include "builder/build/judging.hpp"

#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace sealift::builder {

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

}  // namespace sealift::builder
