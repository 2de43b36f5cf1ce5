// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/health/probes.hpp"
#include "installer/drivers/kubernetes/kubernetes_watch.hpp"

namespace sealift::installer {

// The settings of a placement on Kubernetes say where its objects are. One look; how long it must
// hold is the runner's to ask.
Finding kubernetes_probe(const RenderedCheck& rendered) {
  const std::string& at = rendered.check.at;
  const std::size_t kind = at.find('/') + 1;
  const std::size_t name = at.find('/', kind) + 1;
  const KubernetesSettings settings = kubernetes_settings_from_json(
      rendered.container, format("health check {}", rendered.check.name));
  const auto found = std::find_if(
      settings.objects.begin(), settings.objects.end(), [&](const ObjectSettings& each) {
        return each.reference.kind == at.substr(kind, name - 1 - kind) &&
               each.reference.name == at.substr(name);
      });
  if (found == settings.objects.end()) {
    return {.verdict = Finding::Verdict::fails, .found = "is no object of the component"};
  }
  const References one = {found->reference};
  const Cluster cluster(settings);
  for (const Difference& each : unready(one, cluster.own_and_made(one))) {
    return {.verdict = Finding::Verdict::fails, .found = printable(each.found, 600)};
  }
  return {.verdict = Finding::Verdict::holds, .found = "is ready"};
}

}  // namespace sealift::installer
