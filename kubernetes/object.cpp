// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/object.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"

namespace sealift::kubernetes {

namespace {

constexpr std::array<std::string_view, 26> kOfCluster = {"APIService",
                                                         "CSIDriver",
                                                         "CSINode",
                                                         "CertificateSigningRequest",
                                                         "ClusterRole",
                                                         "ClusterRoleBinding",
                                                         "ComponentStatus",
                                                         "CustomResourceDefinition",
                                                         "FlowSchema",
                                                         "IngressClass",
                                                         "MutatingAdmissionPolicy",
                                                         "MutatingAdmissionPolicyBinding",
                                                         "MutatingWebhookConfiguration",
                                                         "Namespace",
                                                         "Node",
                                                         "PersistentVolume",
                                                         "PodSecurityPolicy",
                                                         "PriorityClass",
                                                         "PriorityLevelConfiguration",
                                                         "RuntimeClass",
                                                         "StorageClass",
                                                         "ValidatingAdmissionPolicy",
                                                         "ValidatingAdmissionPolicyBinding",
                                                         "ValidatingWebhookConfiguration",
                                                         "VolumeAttachment",
                                                         "VolumeAttributesClass"};

constexpr std::array<std::string_view, 25> kOrder = {
    "ResourceQuota", "LimitRange", "ServiceAccount", "Role", "RoleBinding", "NetworkPolicy",
    "ConfigMap", "Secret", "PersistentVolumeClaim", "Service", "Endpoints", "EndpointSlice",
    "PodTemplate", "ControllerRevision",
    // Custom resources, which programs below read.
    "", "DaemonSet", "StatefulSet", "ReplicationController", "ReplicaSet", "Deployment", "Pod",
    "Job", "CronJob", "Ingress", "PodDisruptionBudget"};
constexpr std::string_view kLast = "HorizontalPodAutoscaler";

std::size_t rank(std::string_view kind) {
  if (kind == kLast) return kOrder.size();
  auto found = std::find(kOrder.begin(), kOrder.end(), kind);
  if (found == kOrder.end()) found = std::find(kOrder.begin(), kOrder.end(), "");
  return static_cast<std::size_t>(found - kOrder.begin());
}

}  // namespace

std::string Reference::str() const {
  return format("{} {}", kind, name);
}

std::string Reference::group() const {
  const std::size_t slash = api_version.find('/');
  return slash == api_version.npos ? "" : api_version.substr(0, slash);
}

std::string Reference::resource(Version version) const {
  const std::size_t slash = api_version.find('/');
  if (slash == api_version.npos) return kind;
  if (version == Version::preferred) return format("{}.{}", kind, group());
  return format("{}.{}.{}", kind, api_version.substr(slash + 1), group());
}

bool Reference::is_same(const Reference& other) const {
  return kind == other.kind && name == other.name && group() == other.group();
}

Reference reference_of(const Json& body) {
  return {.api_version = text_at(body, "apiVersion"),
          .kind = text_at(body, "kind"),
          .name = text_at(object_at(body, "metadata"), "name")};
}

bool is_of_cluster(std::string_view kind) {
  return std::find(kOfCluster.begin(), kOfCluster.end(), kind) != kOfCluster.end();
}

void put_in_order(std::vector<Object>& objects) {
  std::stable_sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) {
    return rank(a.reference.kind) < rank(b.reference.kind);
  });
}

}  // namespace sealift::kubernetes
