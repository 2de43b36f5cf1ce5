// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the user of a kubeconfig has to be allowed in a namespace so that a release can be applied,
// watched and taken back there, and no more: as a Role (rbac.authorization.k8s.io/v1), and against
// what a server says that he may.

#include <string>
#include <vector>

#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

struct Right {
  std::string group;     // "apps"; empty: the core group
  std::string resource;  // "deployments", "pods/log"
  std::vector<std::string> verbs;

  // "deployments.apps".
  std::string name() const;
  friend bool operator==(const Right&, const Right&) = default;
};

// By kinds: what each object needs, and what tells whether it runs. Sorted, each resource once. The
// resource of a kind that Kubernetes does not have itself is guessed by the rules of its plural.
std::vector<Right> rights_for(const std::vector<Reference>& members);

// Those of `wanted` that the rules do not give, each with the verbs that are missing. `status` is
// that of a SelfSubjectRulesReview.
std::vector<Right> missing_rights(const std::vector<Right>& wanted, const Json& status);

// Whom a Role is bound to.
struct Subject {
  std::string kind;  // "User", "ServiceAccount"
  std::string name;
};
// A Role and its RoleBinding, as YAML for kubectl apply.
std::string role_text(const std::vector<Right>& rights, const std::string& name,
                      const std::string& name_space, const Subject& subject);

}  // namespace sealift::kubernetes
