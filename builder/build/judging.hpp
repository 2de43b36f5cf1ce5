// SPDX-License-Identifier: Apache-2.0
#pragma once

// How files that are templates are judged in CI, before any site has said its values: rendered for
// every environment, twice each, and read with the reader of the installer.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "builder/build/known_values.hpp"
#include "release/documents/allow.hpp"
#include "release/project/release_file.hpp"
#include "release/site_file/site.hpp"
#include "release/templates/references.hpp"

namespace sealift::builder {

// Mistakes fail a build, findings are told; claims are what files ask of the host, for a site to
// allow.
struct Verdict {
  std::vector<Problem> mistakes;
  std::vector<Problem> findings;
  std::vector<release::Claim> claims = {};
};

using RenderedFiles = std::map<std::string, std::string>;  // texts by their paths

// The templates of a component that `is_read`. Nothing where the values at hand make no file of
// them: check_values() says why.
std::optional<RenderedFiles> rendered_files(const BuiltComponent& built,
                                            bool (*is_read)(std::string_view path),
                                            const release::Values& values);

// What both rounds of `judge` agree on is true whatever the site says. `chosen` are values that are
// known after all. A Judge has render(values), which gives nothing where the values make no file,
// and judge(what that gave).
template <typename Judge>
Verdict verdict_in(Judge& judge, const release::Release& release,
                   const release::Environment& environment, const release::Values& known,
                   const release::Values& chosen) {
  const auto rendered = [&](StandIns round) -> decltype(judge.render(known)) {
    try {
      const release::Values values = stand_ins_in(release, environment, round);
      return judge.render(release::resolve(release::merge(known, release::merge(values, chosen))));
    } catch (const Error&) {  // check_values() says it
      return std::nullopt;
    }
  };
  const auto first = rendered(StandIns::first);
  const auto second = rendered(StandIns::second);
  if (!first || !second) return {};
  Verdict verdict = judge.judge(*first);
  if (*first == *second) return verdict;
  const Verdict again = judge.judge(*second);
  keep_common(verdict.mistakes, again.mistakes, &Problem::message);
  keep_common(verdict.findings, again.findings, &Problem::message);
  keep_common(verdict.claims, again.claims, &release::Claim::found);
  return verdict;
}

// What was found of one component: each with its environment.
using FoundIn = std::vector<std::pair<std::string, Problem>>;

// Each problem once, with the environments that have it, where not all do.
std::vector<Problem> by_environment(const std::string& component, const release::Release& release,
                                    const FoundIn& found);

// Judges one component in every environment: mistakes are added to `problems`, findings to the log.
void judge_component(const std::string& component, const release::Release& release,
                     const std::function<Verdict(const release::Environment&)>& verdict_of,
                     Problems& problems);

// Of a component on one site, whose file site.yaml is `file`: mistakes that its values make and
// that are not `general`, those of its environment; and claims that its `allow` does not list.
void add_site_mistakes(const release::ComponentRow& row, const Verdict& general, const Verdict& own,
                       const release::Site& site, const fs::path& file, Problems& problems);

}  // namespace sealift::builder
