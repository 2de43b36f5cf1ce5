// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/allowance.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

// Where links of the host lead, for an engine follows them too; nothing where that cannot be known.
std::optional<fs::path> real_place(const std::string& folder) {
  if (!folder.starts_with('/')) return std::nullopt;
  const std::optional<fs::path> place = followed_path(folder);
  return !place || place->has_filename() ? place : place->parent_path();
}

bool is_at_or_below(const fs::path& place, const fs::path& folder) {
  const auto [unused, rest] =
      std::mismatch(place.begin(), place.end(), folder.begin(), folder.end());
  return rest == folder.end();
}

bool is_listed(const Claim& claim, const Claimant& claimant,
               const std::vector<std::string>& listed) {
  if (claim.reach != Reach::host_paths) {
    return std::find(listed.begin(), listed.end(), claimant.name) != listed.end();
  }
  const std::optional<fs::path> place = real_place(claim.folder);
  const auto holds = [&](const std::string& folder) {
    const std::optional<fs::path> outer = real_place(folder);
    return place && outer && is_at_or_below(*place, *outer);
  };
  return holds(claimant.own) || std::any_of(listed.begin(), listed.end(), holds);
}

std::string hint_for(const Claim& claim, const Claimant& claimant) {
  const bool is_path = claim.reach == Reach::host_paths;
  if (is_path && (!claim.folder.starts_with('/') || claim.folder.find('$') != std::string::npos)) {
    return "write an absolute path without variables in the release";
  }
  const auto key = name(claim.reach);
  return format(
      "if this host shall permit it, add {} to {} of allow in site.yaml: "
      "allow: {{{}: [{}]}}",
      is_path ? printable(claim.folder, 200) : claimant.name, key, key,
      is_path ? printable(claim.folder, 200) : claimant.name);
}

}  // namespace

void check_allowed(const Claimant& claimant, const std::vector<Claim>& claims,
                   const std::optional<Allow>& allow, Problems& problems) {
  if (!allow) return;
  for (const Claim& claim : claims) {
    const auto listed = allow->find(claim.reach);
    if (is_listed(claim, claimant,
                  listed == allow->end() ? std::vector<std::string>{} : listed->second)) {
      continue;
    }
    problems.add(format("{}: {}, which {} of allow in site.yaml does not list", claimant.who,
                        claim.found, name(claim.reach)),
                 hint_for(claim, claimant));
  }
}

void check_commands_allowed(const std::vector<Hook>& hooks, const std::vector<HealthCheck>& checks,
                            const std::string& where, const std::optional<Allow>& allow,
                            Problems& problems) {
  const std::vector<Claim> claims = {{Reach::commands, "runs a command of the release"}};
  const auto judge = [&](const char* sort, const HealthCheck& check) {
    if (check.probe != Probe::exec) return;
    check_allowed({.who = format("{}{} {}", where, sort, check.name), .name = check.name}, claims,
                  allow, problems);
  };
  for (const Hook& hook : hooks) judge("hook", hook.run);
  for (const HealthCheck& check : checks) judge("health check", check);
}

}  // namespace sealift::release
