// SPDX-License-Identifier: Apache-2.0
#include "builder/build/health_components.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/nearest.hpp"

namespace sealift::builder {

void check_components_in_health(const release::Release& release, Problems& problems) {
  std::vector<std::string> names;
  for (const release::ComponentEntry& each : release.components) names.push_back(each.name);
  for (std::size_t i = 0; i < release.health.size(); ++i) {
    const release::HealthCheck& check = release.health[i];
    if (check.probe != release::Probe::container && check.probe != release::Probe::kubernetes) {
      continue;
    }
    const std::string component = check.at.substr(0, check.at.find('/'));
    if (std::find(names.begin(), names.end(), component) != names.end()) continue;
    const std::string near = nearest(component, names);
    problems.add(format("{}.{}: no component is named \"{}\"", release.health_places[i],
                        name(check.probe), component),
                 near.empty() ? "" : format("did you mean \"{}\"?", near));
  }
}

}  // namespace sealift::builder
