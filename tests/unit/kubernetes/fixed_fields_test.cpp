// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/fixed_fields.hpp"

#include <catch2/catch.hpp>

namespace sealift::kubernetes::fixed_fields_test {

namespace {

Json marked(const std::string& kind, const Json& mark, Json spec = Json::object()) {
  return {{"apiVersion", "v1"},
          {"kind", kind},
          {"metadata", {{"name", "a"}, {"annotations", {{kReplaceMark, mark}}}}},
          {"spec", std::move(spec)}};
}

std::string mistake_of(const Json& body) {
  Problems problems;
  check_replace_mark({.reference = reference_of(body), .body = body, .place = "a.yaml:1"},
                     problems);
  return problems.empty() ? "" : problems.all().front().message;
}

Json workload(const std::string& kind, Json spec) {
  return {{"kind", kind}, {"spec", std::move(spec)}};
}

}  // namespace

TEST_CASE("kubernetes: a mark that lets an object be replaced says true, in quotes") {
  CHECK(may_be_replaced(marked("Job", "true")));
  CHECK(mistake_of(marked("Job", "true")).empty());
  CHECK(mistake_of({{"kind", "Job"}, {"metadata", {{"name", "a"}}}}).empty());
  for (const Json& other : {Json(true), Json("yes"), Json("false"), Json("")}) {
    INFO(other.dump());
    CHECK(!may_be_replaced(marked("Job", other)));
    CHECK(mistake_of(marked("Job", other)) ==
          "a.yaml:1: Job a: metadata.annotations.org.sealift.replace: found " + other.dump() +
              ", expected \"true\"");
  }
}

TEST_CASE("kubernetes: nothing that holds data is replaced") {
  CHECK(mistake_of(marked("PersistentVolumeClaim", "true")).find("holds data") !=
        std::string::npos);
  const auto keeping = [](const char* word) {
    return marked("StatefulSet", "true",
                  {{"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", word}}}});
  };
  CHECK(gives_up_claims(keeping("Delete")));
  CHECK(mistake_of(keeping("Delete")).find("would delete the claims") != std::string::npos);
  CHECK(!gives_up_claims(keeping("Retain")));
  CHECK(mistake_of(keeping("Retain")).empty());
  CHECK(!gives_up_claims(marked("StatefulSet", "true")));
}

TEST_CASE("kubernetes: which change needs another object is told by kind") {
  const auto differ = [](const std::string& kind, const Json& was, const Json& is) {
    return fixed_digest(workload(kind, was)) != fixed_digest(workload(kind, is));
  };
  const Json spec = {{"selector", {{"matchLabels", {{"app", "a"}}}}}, {"replicas", 1}};
  Json scaled = spec;
  scaled["replicas"] = 2;
  Json other = spec;
  other["selector"]["matchLabels"]["app"] = "b";
  for (const char* kind : {"Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"}) {
    INFO(kind);
    CHECK(!differ(kind, spec, scaled));
    CHECK(differ(kind, spec, other));
  }
  CHECK(differ("StatefulSet", spec, {{"selector", spec["selector"]}, {"serviceName", "x"}}));
  CHECK(differ("Job", {{"template", {{"spec", 1}}}}, {{"template", {{"spec", 2}}}}));
  CHECK(!differ("Job", {{"parallelism", 1}}, {{"parallelism", 2}}));
  CHECK(differ("Service", {{"clusterIP", "None"}}, {{"clusterIP", "10.0.0.1"}}));
  CHECK(differ("Pod", {{"nodeName", "a"}}, {{"nodeName", "b"}}));
  CHECK(fixed_digest(workload("Ingress", spec)).empty());
  CHECK(fixed_digest(workload("Rollout", spec)).empty());
}

TEST_CASE("kubernetes: content is fixed where it says so") {
  const Json plain = {{"kind", "ConfigMap"}, {"data", {{"a", "b"}}}};
  Json fixed = plain;
  fixed["immutable"] = true;
  Json changed = fixed;
  changed["data"]["a"] = "c";
  CHECK(fixed_digest(plain).empty());
  CHECK(!fixed_digest(fixed).empty());
  CHECK(fixed_digest(fixed) != fixed_digest(changed));
  CHECK(!fixed_digest({{"kind", "Secret"}, {"type", "Opaque"}}).empty());
  CHECK(!fixed_digest({{"kind", "RoleBinding"}, {"roleRef", {{"name", "a"}}}}).empty());
}

TEST_CASE("kubernetes: what servers say of a fixed field") {
  for (const char* words :
       {"The Job \"a\" is invalid: spec.template: Invalid value: x: field is immutable",
        "StatefulSet.apps \"db\" is invalid: spec: Forbidden: updates to statefulset spec for "
        "fields other than 'replicas', 'template', and 'updateStrategy' are forbidden",
        "Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: []string{\"None\"}: may "
        "not "
        "change once set",
        "The RoleBinding \"a\" is invalid: roleRef: Invalid value: x: cannot change roleRef"}) {
    INFO(words);
    CHECK(tells_of_fixed_field(words));
  }
  CHECK(!tells_of_fixed_field("conflict with \"somebody\": .data.colour"));
  CHECK(!tells_of_fixed_field("spec.replicas: Invalid value: \"x\""));
}

}  // namespace sealift::kubernetes::fixed_fields_test
