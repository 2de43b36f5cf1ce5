// SPDX-License-Identifier: Apache-2.0
#pragma once

// Objects of a release as they are given to a site's server: in its namespace, with the images that
// were delivered there, and with labels that say whose they are. The same files and settings always
// give the same objects, so that the release before is given back as it was.

#include <string>
#include <vector>

#include "installer/driver/runtime_question.hpp"
#include "installer/drivers/kubectl/kubernetes_settings.hpp"
#include "kubernetes/object.hpp"

namespace sealift::installer {

// Of what one component has made: on objects, by the specification of kubectl's ApplySets; a label
// of ours on pods too, which must not have that one, or kubectl would take them for objects of the
// set.
inline constexpr const char* kApplySetPart = "applyset.kubernetes.io/part-of";
inline constexpr const char* kApplySetId = "applyset.kubernetes.io/id";
inline constexpr const char* kPartOfLabel = "org.sealift.part-of";
inline constexpr const char* kKubernetesSite = "org.sealift.site";

// The id of an ApplySet whose parent is this ConfigMap.
std::string apply_set_id(const std::string& inventory, const std::string& name_space);

// What stands for a component in its namespace; `groups` are those of its objects' kinds.
Json inventory_object(const KubernetesSettings& settings,
                      const std::vector<kubernetes::Reference>& members);

// Everything about a component that is going to a target. Error{incompatible} with all that keeps
// it from going there.
KubernetesSettings kubernetes_settings_for(const RuntimeQuestion& question,
                                           const std::vector<std::string>& kubectl);

// The objects that a component of a release brings to this site. Error{incompatible} with all
// mistakes.
std::vector<kubernetes::Reference> members_in(Content& content, const std::string& component);

// What its pods ask of their nodes.
std::vector<release::Claim> kubernetes_claims(const RuntimeQuestion& question);

// The objects of what is installed, in their order, with references in the places of secrets.
// Error{corrupt} where the files are no longer what the settings were made from.
std::vector<Json> delivered_objects(const Deployment& deployment,
                                    const KubernetesSettings& settings);

}  // namespace sealift::installer
