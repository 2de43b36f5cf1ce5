// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/rights.hpp"

#include <catch2/catch.hpp>

namespace sealift::kubernetes::rights_test {

namespace {

using Verbs = std::vector<std::string>;

const Verbs kAll = {"get", "list", "watch", "create", "patch", "delete"};

Verbs verbs_of(const std::vector<Right>& rights, const std::string& name) {
  for (const Right& each : rights) {
    if (each.name() == name) return each.verbs;
  }
  return {};
}

Json rule(const Json& groups, const Json& resources, const Json& verbs) {
  return {{"apiGroups", groups}, {"resources", resources}, {"verbs", verbs}};
}

}  // namespace

TEST_CASE("rights: each kind of the release by its plural, and what watches over pods") {
  const auto rights = rights_for({{"apps/v1", "Deployment", "a"},
                                  {"networking.k8s.io/v1", "NetworkPolicy", "a"},
                                  {"networking.k8s.io/v1", "Ingress", "a"},
                                  {"v1", "PersistentVolumeClaim", "a"},
                                  {"v1", "Pod", "a"},
                                  {"example.com/v1", "Gateway", "a"}});
  CHECK(verbs_of(rights, "deployments.apps") == kAll);
  CHECK(verbs_of(rights, "networkpolicies.networking.k8s.io") == kAll);
  CHECK(verbs_of(rights, "ingresses.networking.k8s.io") == kAll);
  CHECK(verbs_of(rights, "gateways.example.com") == kAll);
  CHECK(verbs_of(rights, "configmaps") == kAll);
  CHECK(verbs_of(rights, "pods") == kAll);
  CHECK(verbs_of(rights, "pods/log") == Verbs{"get"});
  CHECK(verbs_of(rights, "replicasets.apps") == Verbs{"get", "list"});
  CHECK(verbs_of(rights, "persistentvolumeclaims") ==
        Verbs{"get", "list", "watch", "create", "patch"});
  CHECK(verbs_of(rights, "secrets").empty());
}

TEST_CASE("rights: pods of a StatefulSet may be deleted, and no others") {
  const auto of_pods = [](const char* kind) {
    return verbs_of(rights_for({{.api_version = "apps/v1", .kind = kind, .name = "a"}}), "pods");
  };
  CHECK(of_pods("StatefulSet") == std::vector<std::string>{"get", "list", "delete"});
  CHECK(of_pods("Deployment") == std::vector<std::string>{"get", "list"});
}

TEST_CASE("rights: what rules do not give is named with its verbs") {
  const std::vector<Right> wanted = {{"", "pods", {"get", "list"}},
                                     {"apps", "deployments", {"get", "create"}}};
  const auto missing = [&](const Json& rules) {
    return missing_rights(wanted, {{"resourceRules", rules}});
  };
  CHECK(missing(Json::Array{rule({"*"}, {"*"}, {"*"})}).empty());
  CHECK(missing(Json::Array{rule({""}, {"pods"}, {"get"}), rule({""}, {"pods"}, {"list"}),
                            rule({"apps"}, {"deployments"}, {"get"})}) ==
        std::vector<Right>{{"apps", "deployments", {"create"}}});
  Json named = rule({"apps", ""}, {"deployments", "pods"}, {"*"});
  named["resourceNames"] = Json::Array{Json("web")};
  CHECK(missing(Json::Array{named}) == wanted);
  CHECK(missing(Json::array()) == wanted);
}

TEST_CASE("rights: a Role and whom it is bound to") {
  CHECK(
      role_text({{"", "pods", {"get"}}, {"", "events", {"get"}}, {"apps", "deployments", {"list"}}},
                "sealift", "shop", {"ServiceAccount", "site"}) ==
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n"
      "metadata: {name: sealift, namespace: shop}\nrules:\n"
      "  - {apiGroups: [\"\"], resources: [pods, events], verbs: [get]}\n"
      "  - {apiGroups: [apps], resources: [deployments], verbs: [list]}\n"
      "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
      "metadata: {name: sealift, namespace: shop}\n"
      "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sealift}\n"
      "subjects: [{kind: ServiceAccount, name: site, namespace: shop}]\n");
}

}  // namespace sealift::kubernetes::rights_test
