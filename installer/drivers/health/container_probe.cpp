// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "base/format.hpp"
#include "installer/drivers/health/probes.hpp"
#include "installer/drivers/workloads/containers.hpp"

namespace sealift::installer {

// The settings of a placement of Compose say which engine and project, and what the service is
// like.
Finding container_probe(const RenderedCheck& rendered) {
  const std::string name = rendered.check.at.substr(rendered.check.at.find('/') + 1);
  const Json& settings = rendered.container;
  const Engine engine(settings.at("engine"));
  std::vector<Container> own;
  for (Container& each : engine.containers(settings.at("project"))) {
    if (each.service == name) own.push_back(std::move(each));
  }
  // What was restarted long ago says nothing of now.
  for (Container& each : own) each.restarts = 0;
  const Json service = settings.at("services").value(name, Json::object());
  const Complaint complaint = judge(own, service.value("replicas", 1U),
                                    service.value("job", false) ? Ending::expected : Ending::never);
  if (!complaint.found.empty()) {
    return {.verdict = Finding::Verdict::fails, .found = complaint.found};
  }
  return {.verdict = Finding::Verdict::holds, .found = format("{} running", own.size())};
}

}  // namespace sealift::installer
