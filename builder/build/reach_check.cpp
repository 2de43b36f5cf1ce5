// SPDX-License-Identifier: Apache-2.0
#include "builder/build/reach_check.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "builder/build/known_values.hpp"
#include "release/documents/unit_file.hpp"
#include "release/documents/workload.hpp"
#include "release/site_file/allowance.hpp"

namespace sealift::builder {

namespace {

using Units = std::map<std::string, release::UnitFile>;

// Nothing where the values at hand make no file of the templates: check_values() says why. A unit's
// name is how the paths of its drop-ins begin, so in their order it comes first.
Units units_in(const BuiltComponent& built, const release::Values& values) {
  std::map<std::string, const release::Template*> files;  // a unit before its drop-ins
  for (const release::Template& each : built.templates) files.emplace(each.where(), &each);
  Units units;
  for (const auto& [path, file] : files) {
    const std::string unit = release::unit_of(path);
    if (unit.empty()) continue;
    try {
      units[unit].add(file->render(values));
    } catch (const Error&) {
      return {};
    }
  }
  return units;
}

// Those that are asked for whatever the site's secrets and own values are.
std::vector<release::Claim> unit_claims(const release::Release& release,
                                        const std::vector<BuiltComponent>& all,
                                        const BuiltComponent& built,
                                        const release::Environment& environment,
                                        const release::Site& site,
                                        const std::vector<std::string>& command) {
  const auto claims_with = [&](StandIns round) {
    const release::Values values =
        release::merge(stand_ins_in(release, environment, round), site.values);
    return release::claims_of(
        units_in(built, release::resolve(release::merge(known_to_all(all), values))), command);
  };
  std::vector<release::Claim> claims = claims_with(StandIns::first);
  keep_common(claims, claims_with(StandIns::second), &release::Claim::found);
  return claims;
}

}  // namespace

void check_reach_at(const release::Release& release, const std::vector<BuiltComponent>& built,
                    const release::Environment& environment, const release::Site& site,
                    const fs::path& file, Problems& problems) {
  for (const BuiltComponent& each : built) {
    const release::ComponentRow& row = each.component.row;
    const auto& workload = each.component.document.workload;
    const auto target = site.targets.find(row.target);
    if (!workload || target == site.targets.end() || (row.optional && !site.takes(row.name))) {
      continue;
    }
    std::vector<release::Claim> claims;
    if (workload->runtime == release::kExec) claims = {release::command_claim()};
    if (workload->runtime == release::kSystemd) {
      try {
        claims = unit_claims(release, built, each, environment, site, target->second.command);
      } catch (const Error&) {  // check_values() says it
      }
    }
    release::check_allowed({.who = format("{}: component {}", file.string(), row.name),
                            .name = row.name,
                            .own = target->second.path},
                           claims, site.allow, problems);
  }
  release::check_commands_allowed(release.hooks, release.health, file.string() + ": ", site.allow,
                                  problems);
}

}  // namespace sealift::builder
