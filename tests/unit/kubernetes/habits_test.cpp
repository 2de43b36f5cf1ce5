// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/habits.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "kubernetes/config_marks.hpp"

namespace sealift::kubernetes::habits_test {

namespace {

const std::string kGood =
    "{name: app, image: a, resources: {requests: {cpu: 1, memory: 1Mi}, limits: {memory: 1Mi}},"
    " readinessProbe: {tcpSocket: {port: 1}}, securityContext: {allowPrivilegeEscalation: false}}";

std::string workload(const std::string& kind, const std::string& container,
                     const std::string& replicas = "1") {
  return "apiVersion: apps/v1\nkind: " + kind +
         "\nmetadata: {name: web}\nspec:\n  replicas: " + replicas +
         "\n  template:\n    metadata: {labels: {app: web, tier: a}}\n    spec:\n"
         "      securityContext: {runAsNonRoot: true}\n      containers: [" +
         container + "]\n";
}

std::vector<std::string> rules_in(const std::string& text) {
  Problems problems;
  std::vector<std::string> rules;
  for (const Finding& each : read_manifests({{"a.yaml", text}}, problems).findings) {
    rules.push_back(each.rule);
  }
  CHECK(problems.empty());
  return rules;
}

std::vector<std::string> rules_of(const std::string& container, const std::string& kind) {
  return rules_in(workload(kind, container));
}

using Rules = std::vector<std::string>;

std::string without(const std::string& part) {
  std::string text = kGood;
  replace_all(text, part, "x: 1");
  REQUIRE(text != kGood);
  return text;
}

const std::string kBudgetOf =
    "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\n"
    "spec: {minAvailable: 1, selector: {matchLabels: {app: ";

}  // namespace

TEST_CASE("habits: a workload that leaves nothing out is no finding") {
  CHECK(rules_of(kGood, "Deployment").empty());
}

TEST_CASE("habits: what a container leaves out is found by its rule") {
  CHECK(rules_of(without("limits: {memory: 1Mi}"), "Deployment") == Rules{kResources});
  CHECK(rules_of(without("cpu: 1"), "Deployment") == Rules{kResources});
  CHECK(rules_of(without("readinessProbe: {tcpSocket: {port: 1}}"), "StatefulSet") ==
        Rules{kReadiness});
  CHECK(rules_of(without("readinessProbe: {tcpSocket: {port: 1}}"), "Job").empty());
  CHECK(rules_of(without("allowPrivilegeEscalation: false"), "Job") == Rules{kSecurity});
  std::string rooted = kGood;
  replace_all(rooted, "allowPrivilegeEscalation: false",
              "allowPrivilegeEscalation: false, runAsNonRoot: false");
  CHECK(rules_of(rooted, "DaemonSet") == Rules{kSecurity});
}

TEST_CASE("habits: several replicas want a budget for disruptions that selects them") {
  const std::string two = workload("Deployment", kGood, "2");
  CHECK(rules_in(two) == Rules{kBudget});
  CHECK(rules_in(two + kBudgetOf + "web}}}\n").empty());
  CHECK(rules_in(two + kBudgetOf + "other}}}\n") == Rules{kBudget});
  std::string scaled = workload("Deployment", kGood);
  replace_all(scaled, "  replicas: 1\n", "");
  CHECK(rules_in(scaled).empty());
  scaled +=
      "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
      "spec: {scaleTargetRef: {kind: Deployment, name: web}, maxReplicas: 3}\n";
  CHECK(rules_in(scaled) == Rules{kBudget});
}

TEST_CASE("habits: a port without a protocol is told, and is no mistake") {
  Problems problems;
  const Manifests found = read_manifests(
      {{"a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 1}]}\n"}},
      problems);
  REQUIRE(found.findings.size() == 1);
  CHECK(found.findings.front().rule == kProtocol);
  CHECK(found.findings.front().weight == Finding::Weight::note);
}

TEST_CASE("config marks: pods are replaced when a ConfigMap or Secret that they use changes") {
  const auto mark_of = [](const std::string& use, const std::string& value,
                          const std::string& kind = "Deployment") {
    const Json pods = {{"spec", {{"containers", Json::Array{Json::parse(use)}}}}};
    std::vector<Json> bodies = {{{"apiVersion", "v1"},
                                 {"kind", "ConfigMap"},
                                 {"metadata", {{"name", "c"}}},
                                 {"data", {{"a", value}}}},
                                {{"apiVersion", "v1"},
                                 {"kind", "Secret"},
                                 {"metadata", {{"name", "s"}}},
                                 {"data", {{"a", value}}}},
                                {{"apiVersion", "apps/v1"},
                                 {"kind", kind},
                                 {"metadata", {{"name", "w"}}},
                                 {"spec", {{"template", pods}}}}};
    add_config_marks(bodies);
    const Json& metadata =
        object_at(object_at(object_at(bodies[2], "spec"), "template"), "metadata");
    return text_at(object_at(metadata, "annotations"), kConfigMark);
  };
  for (const char* use :
       {R"({"env":[{"valueFrom":{"configMapKeyRef":{"name":"c"}}}]})",
        R"({"envFrom":[{"secretRef":{"name":"s"}}]})",
        R"({"volumes":[{"secret":{"secretName":"s"}}]})",
        R"({"volumes":[{"projected":{"sources":[{"configMap":{"name":"c"}}]}}]})"}) {
    CAPTURE(use);
    CHECK(!mark_of(use, "1").empty());
    CHECK(mark_of(use, "1") != mark_of(use, "2"));
    CHECK(mark_of(use, "1") == mark_of(use, "1"));
    CHECK(mark_of(use, "1", "Job").empty());
  }
  CHECK(mark_of(R"({"envFrom":[{"secretRef":{"name":"theirs"}}]})", "1").empty());
}

}  // namespace sealift::kubernetes::habits_test
