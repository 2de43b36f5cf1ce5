// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "base/format.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/compose/containers.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer {

// The settings of a placement of Compose say which engine and project, and what the service is
// like. One look; how long it must hold is the runner's to ask.
Finding container_probe(const RenderedCheck& rendered) {
  const std::string name = rendered.check.at.substr(rendered.check.at.find('/') + 1);
  const ComposeSettings settings = compose_settings_from_json(
      rendered.container, format("health check {}", rendered.check.name));
  std::vector<Container> own;
  for (Container& each : Engine(settings.engine).containers(settings.project)) {
    if (each.service == name) own.push_back(std::move(each));
  }
  // What was restarted long ago says nothing of now.
  for (Container& each : own) each.restarts = 0;
  const auto found = settings.services.find(name);
  const ServiceSettings service =
      found == settings.services.end() ? ServiceSettings() : found->second;
  const Complaint complaint =
      judge(own, service.replicas, service.job ? Ending::expected : Ending::never);
  if (!complaint.found.empty()) {
    return {.verdict = Finding::Verdict::fails, .found = complaint.found};
  }
  return {.verdict = Finding::Verdict::holds, .found = format("{} running", own.size())};
}

}  // namespace sealift::installer
