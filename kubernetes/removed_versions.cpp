// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/removed_versions.hpp"

#include <algorithm>
#include <array>

namespace sealift::kubernetes {

namespace {

// From Kubernetes' "Deprecated API Migration Guide", for kinds of namespaces.
constexpr std::array<RemovedVersion, 22> kRemoved = {
    {{"apps/v1beta1", "Deployment", "1.16", "apps/v1"},
     {"apps/v1beta1", "StatefulSet", "1.16", "apps/v1"},
     {"apps/v1beta2", "DaemonSet", "1.16", "apps/v1"},
     {"apps/v1beta2", "Deployment", "1.16", "apps/v1"},
     {"apps/v1beta2", "ReplicaSet", "1.16", "apps/v1"},
     {"apps/v1beta2", "StatefulSet", "1.16", "apps/v1"},
     {"autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25", "autoscaling/v2"},
     {"autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2"},
     {"batch/v1beta1", "CronJob", "1.25", "batch/v1"},
     {"batch/v2alpha1", "CronJob", "1.21", "batch/v1"},
     {"coordination.k8s.io/v1beta1", "Lease", "1.22", "coordination.k8s.io/v1"},
     {"discovery.k8s.io/v1beta1", "EndpointSlice", "1.25", "discovery.k8s.io/v1"},
     {"extensions/v1beta1", "DaemonSet", "1.16", "apps/v1"},
     {"extensions/v1beta1", "Deployment", "1.16", "apps/v1"},
     {"extensions/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"},
     {"extensions/v1beta1", "NetworkPolicy", "1.16", "networking.k8s.io/v1"},
     {"extensions/v1beta1", "ReplicaSet", "1.16", "apps/v1"},
     {"networking.k8s.io/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"},
     {"policy/v1beta1", "PodDisruptionBudget", "1.25", "policy/v1"},
     {"rbac.authorization.k8s.io/v1beta1", "Role", "1.22", "rbac.authorization.k8s.io/v1"},
     {"rbac.authorization.k8s.io/v1beta1", "RoleBinding", "1.22", "rbac.authorization.k8s.io/v1"},
     {"events.k8s.io/v1beta1", "Event", "1.25", "events.k8s.io/v1"}}};

}  // namespace

const RemovedVersion* removed_version(const Reference& reference) {
  const auto found =
      std::find_if(kRemoved.begin(), kRemoved.end(), [&](const RemovedVersion& each) {
        return each.api_version == reference.api_version && each.kind == reference.kind;
      });
  return found == kRemoved.end() ? nullptr : &*found;
}

}  // namespace sealift::kubernetes
