// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/standing.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/operations/kept_revisions.hpp"

namespace sealift::installer {

// Content is opened for each placement, so that one bundle that is lost does not hide the rest.
std::vector<Standing> standing_of(const Tools& tools, const Revision& revision,
                                  Thoroughness thoroughness) {
  std::vector<Standing> all;
  const Drivers& drivers = tools.drivers;
  for (const Placement& placement : revision.placements) {
    Standing standing{.placement = placement,
                      .differences = {},
                      .unknown = {},
                      .files_skipped = !looks_at_files(placement, thoroughness)};
    try {
      SiteContent content = content_of(tools, revision);
      standing.differences =
          differences_of(drivers.named(placement.driver), placement, thoroughness, content);
    } catch (const Error& error) {
      standing.unknown = error.message();
    }
    all.push_back(std::move(standing));
  }
  return all;
}

// Databases are left out: that they are ahead is said where they are planned.
std::vector<std::string> drift_of(const Tools& tools, const Revision& revision, const Plan& plan) {
  std::vector<std::string> lines;
  for (const Standing& each : standing_of(tools, revision, Thoroughness::by_receipt)) {
    const bool is_planned =
        std::any_of(plan.steps.begin(), plan.steps.end(),
                    [&](const Step& step) { return step.component == each.placement.component; });
    if (each.is_sound() || is_planned || is_of_database(each.placement)) continue;
    lines.push_back(format("{}: {}", each.placement.component, text(each)));
  }
  return lines;
}

std::string place_of(const Placement& placement) {
  return placement.directory.empty() ? placement.path
                                     : format("{}/{}", placement.path, placement.directory);
}

std::string text(const Standing& standing) {
  if (!standing.unknown.empty()) return format("unknown: {}", printable(standing.unknown, 300));
  if (standing.differences.empty()) return "stands";
  const Difference& first = standing.differences.front();
  const bool is_only_elsewhere = standing.differences.size() == 1 &&
                                 !standing.placement.directory.empty() &&
                                 first.path == standing.placement.path;
  if (is_only_elsewhere) return "is not current; its files are as they were installed";
  const std::size_t more = standing.differences.size() - 1;
  return format("differs: {}: {}{}", printable(first.path, 200), printable(text(first), 200),
                more == 0 ? std::string() : format(", and {} more", more));
}

// `stands` is null where nobody knows, which a program must not take for no.
Json to_json(const Standing& standing) {
  Json differences = Json::array();
  for (const Difference& each : standing.differences) {
    differences.push_back({{"path", each.path}, {"found", each.found}});
    if (!each.expected.empty()) differences.back()["expected"] = each.expected;
  }
  Json value = {{"component", standing.placement.component},
                {"target", standing.placement.target},
                {"place", place_of(standing.placement)},
                {"stands", standing.is_sound()},
                {"differences", std::move(differences)}};
  if (!standing.unknown.empty()) {
    value["stands"] = nullptr;
    value["unknown"] = standing.unknown;
  }
  return value;
}

}  // namespace sealift::installer
